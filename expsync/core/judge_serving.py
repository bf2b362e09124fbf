"""Risks of a change of who gets a variant at all, of what the arms hold, and of what the results are made of.

Each judge gives the sentence that says what will happen to whom, or None where its risk does not apply.
"""

from __future__ import annotations

from collections.abc import Iterator

from expsync.core.case import ALL, Case, catches_all, is_live, listed, place_name
from expsync.core.target import BANDIT
from expsync.model.state import State

MANY_INCLUSIONS = 100
"""Users of one variant past which they are many: by then they weigh in the analysis."""


def segment_catches_all(case: Case) -> str | None:
    """Segments that come to have no conditions."""
    before = case.before.targetSegments or {}
    known = [name for name, segment in before.items() if catches_all(segment)]
    return said_of_catching(case.after, except_for=known)


def said_of_catching(state: State, *, except_for: list[str]) -> str | None:
    """What segments without conditions do; None where there are none but those that are known."""
    found = [
        place_name(name)
        for name, segment in (state.targetSegments or {}).items()
        if catches_all(segment) and name not in except_for
    ]
    if not found:
        return None
    takes = "has no conditions: it takes" if len(found) == 1 else "have no conditions: they take"
    return f"{listed(found)} {takes} every user, and nobody gets to what is below"


def uneven_segments(case: Case) -> str | None:
    """Places that split users by different ratios, where the change touches a split or lets other users in."""
    splits = {tuple(sorted(spot.ratio.items())) for spot in case.spots_after.values() if spot.serves}
    if not (case.stays_live and len(splits) > 1 and any(_of_the_split(change.path) for change in case.changes)):
        return None
    return "users are split by other weights in one segment than in another: the arms differ in who is in them"


def _of_the_split(path: str) -> bool:
    head, _, rest = path.partition(".")
    return head in ("rolloutPercentage", "targetSegments") or (
        head == "variants" and ("." not in rest or rest.endswith(".rolloutWeight"))
    )


def percentage_up(case: Case) -> str | None:
    """Users who come in."""
    places = [text for text, rise in _percentages(case) if rise > 0] if case.stays_live else []
    return f"more users get a variant: {listed(places)}" if places else None


def percentage_down(case: Case) -> str | None:
    """Users who drop out."""
    places = [text for text, rise in _percentages(case) if rise < 0] if case.stays_on and not case.sticky else []
    return f"some users lose their variant: {listed(places)}" if places else None


def _percentages(case: Case) -> Iterator[tuple[str, int | float]]:
    """Each place whose percentage changes, and by how much."""
    for name, old, new in case.kept_places():
        if old.percentage != new.percentage and new.percentage is not None:
            was = "unknown" if old.percentage is None else f"{old.percentage:g} %"
            rise = new.percentage - (ALL if old.percentage is None else old.percentage)
            yield f"{name} ({was} to {new.percentage:g} %)", rise


def disabled(case: Case) -> str | None:
    """Everybody, at once."""
    stops = is_live(case.before) and case.changed("enabled") and not case.after.flag("enabled", unknown=True)
    return "all users lose their variant at once" if stops else None


def archived(case: Case) -> str | None:
    """Everybody, at once, and the experiment is out of sight."""
    stops = is_live(case.before) and case.changed("archived") and case.after.flag("archived", unknown=False)
    return "all users lose their variant at once, and the experiment leaves the lists" if stops else None


def deployment_removed(case: Case) -> str | None:
    """The users of an application."""
    gone = sorted((case.before.deployments or frozenset()) - (case.after.deployments or frozenset()))
    if not (case.stays_on and gone):
        return None
    return f"all users of deployment{'s' if len(gone) > 1 else ''} {listed(gone)} lose their variant at once"


def exposure_event(case: Case) -> str | None:
    """Users counted before, and users counted from now on."""
    if not (case.running and case.changed("exposureEvent")):
        return None
    return "from now on users count as exposed by another event, and the results mix both"


def bandit_weights(case: Case) -> str | None:
    """Declared weights that stay unwritten."""
    bandit = case.before.fields.get("experimentType") == BANDIT
    if not (case.running and bandit and case.bandit_weights):
        return None
    keys = listed(case.bandit_weights)
    return f"the product sets the weights of {keys} itself as it learns, so the file's are not written"


def payload(case: Case) -> str | None:
    """Users of a variant that becomes another thing."""
    keys = [
        change.path.split(".")[1]
        for change in case.changes
        if change.path.startswith("variants.") and change.path.endswith(".payload") and change.path.count(".") == 2
    ]
    if not (case.stays_live and keys):
        return None
    return f"users of {listed(keys)} get something else than those who were measured before them"


def inclusions_many(case: Case) -> str | None:
    """Users who are in a variant by name."""
    many = [
        f"{key} ({len(variant.inclusions):,} users)"
        for key, variant in (case.after.variants or {}).items()
        if variant.inclusions is not None and len(variant.inclusions) > MANY_INCLUSIONS and _members_change(case, key)
    ]
    if not (case.stays_live and many):
        return None
    return f"users who were chosen by name, and not by chance, weigh in the results of {listed(many)}"


def _members_change(case: Case, key: str) -> bool:
    before = (case.before.variants or {}).get(key)
    return before is None or before.inclusions != (case.after.variants or {})[key].inclusions


def analysis_window(case: Case) -> str | None:
    """Users of other days."""
    if not (case.running and case.changed("startDate", "endDate")):
        return None
    return "the results are computed over other days, and so over other users"
