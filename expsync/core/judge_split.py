"""Risks of a change of who gets which variant: weights, variants, and what users are drawn by.

Each judge gives the sentence that says what will happen to whom, or None where its risk does not apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expsync.core.case import Case, Spot, listed, place_name, sticks


def variant_weights(case: Case) -> str | None:
    """Users who jump between variants that stay."""
    if not case.stays_live:
        return None
    places = [name for name, old, new in case.served_places() if _ratio_changes(old.ratio, new.ratio)]
    if places:
        return f"some users move to another variant, and the arms can't be compared any more (SRM): {listed(places)}"
    others = [impact for impact in case.impact if impact.segment is None and not impact.switch]
    passing = max((impact.transientSwitch for impact in others), default=0.0)
    if passing and _weights_change(case):
        # 1:1 to 50:50 splits as before in the end, and passes through 50:1 since each weight is a call of its own.
        return f"the split stays the same, but on the way {passing:.1%} of all other users change variant and back"
    return None


def _weights_change(case: Case) -> bool:
    return any(c.path.startswith("variants.") and c.path.endswith(".rolloutWeight") for c in case.changes)


def variant_added(case: Case) -> str | None:
    """Users whom a new variant takes from the others."""
    members = case.members("add") if case.stays_live else []
    added = [key for key in members if _has_users(key, case.spots_after, case.spots_before)]
    if not added:
        return None
    return f"some users of the other variants move to {listed(added)}"


def variant_removed(case: Case) -> str | None:
    """Users who lose their variant to the others."""
    members = case.members("remove") if case.stays_live else []
    removed = [key for key in members if _has_users(key, case.spots_before, case.spots_after)]
    if not removed:
        return None
    return f"the users of {listed(removed)} move to other variants"


def variant_renamed(case: Case) -> str | None:
    """Users whose application asks for a key that is gone."""
    if not (case.stays_live and case.renamed):
        return None
    pairs = [f"{old} (now {new})" for new, old in case.renamed.items()]
    return f"applications that ask for {listed(pairs)} don't find it, and the analysis takes it for another variant"


def variant_order(case: Case) -> str | None:
    """Users who are split in another order than the file's."""
    if not (case.stays_live and case.other_order):
        return None
    return "users are split in the server's order of the variants, and not in the file's"


def bucketing_salt(case: Case) -> str | None:
    """Everyone, drawn anew."""
    if not (case.stays_live and case.changed("bucketingSalt")):
        return None
    return "every user is drawn anew, and may get any variant or none"


def bucketing_key(case: Case) -> str | None:
    """Those who are drawn by another property."""
    if not case.stays_live:
        return None
    places = [name for name, old, new in case.served_places() if old.bucketing_key != new.bucketing_key]
    if not places:
        return None
    return f"users are drawn anew by another property, and may get any variant or none: {listed(places)}"


def bucketing_unit(case: Case) -> str | None:
    """Everyone, drawn anew and counted otherwise."""
    if not (case.stays_live and case.changed("bucketingUnit")):
        return None
    return "everyone is drawn anew and counted by another unit, and may get any variant or none"


def evaluation_mode(case: Case) -> str | None:
    """Users who are evaluated in another place, whether or not anybody is served yet."""
    enabled = case.before.flag("enabled", unknown=True) and case.after.flag("enabled", unknown=True)
    archived = case.before.flag("archived", unknown=False)
    if not (enabled and not archived and case.changed("evaluationMode")):
        return None
    old, new = (state.fields.get("evaluationMode") for state in (case.before, case.after))
    return f"users are evaluated in another place ({old} to {new}), where they may get another variant or none"


def sticky_bucketing(case: Case) -> str | None:
    """Users seen before and users never seen, split by different rules."""
    if not case.stays_live:
        return None
    was, is_ = sticks(case.before), sticks(case.after)
    if case.changed("stickyBucketing") and was != is_:
        if is_:
            return "users who come from now on keep their first variant, whatever becomes of the split"
        return "users who kept an earlier variant fall back to the split, and switch where it gives them another one"
    judges = (variant_weights, variant_added, variant_removed, segments)
    if not (case.sticky and any(judge(case) for judge in judges)):
        return None
    said = "users already seen keep their variant, users never seen are split anew, and the two splits mix"
    return "; ".join((said, *_both_figures(case)))


def segments(case: Case) -> str | None:
    """Users who fall into another segment."""
    before, after = case.before.targetSegments or {}, case.after.targetSegments or {}
    shape = [[(name, s.fields.get("conditions")) for name, s in state.items()] for state in (before, after)]
    # Only their names differ: everybody falls where they fell.
    renamed = [(s.fields, s.rolloutWeights) for s in before.values()] == [
        (s.fields, s.rolloutWeights) for s in after.values()
    ]
    if not case.stays_live or shape[0] == shape[1] or renamed:
        return None
    return "the first segment that matches decides, so that some users fall under another split, or out of it"


def _both_figures(case: Case) -> Iterator[str]:
    """For each place where somebody moves: the share of users never seen, and of all users if nobody kept theirs."""
    for impact in case.impact:
        moved = impact.switch + impact.enter + impact.leave
        if moved:
            share = f"{'' if impact.exact else 'at most '}{moved * 100:.1f} %"
            yield (
                f"{place_name(impact.segment)}: {share} of users never seen get something else than before "
                f"({share} of all without stickiness)"
            )


def _ratio_changes(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Whether users move among the variants that are there before and after."""
    common = [key for key in before if key in after]
    had, have = sum(before[key] for key in common), sum(after[key] for key in common)
    if not had:
        # Nobody was in them: those who come are the users of variants that go.
        return False
    return any(before[key] * have != after[key] * had for key in common) or not have


def _has_users(key: str, here: Mapping[str | None, Spot], there: Mapping[str | None, Spot]) -> bool:
    """Whether a variant gets users in a place of this state who have, or had, a variant in the other one.

    A place that is in one state only takes its users from others, or gives them up to others.
    """
    return any(
        spot.serves and bool(spot.ratio.get(key)) and (name not in there or there[name].serves)
        for name, spot in here.items()
    )
