"""What a change does to the users of an experiment: one function a risk, out of a closed set.

LIVE means that users are being served: enabled, not archived, on a deployment, with some percentage above zero. A
change that stops an experiment first moves nobody under it, so what else it changes is no risk of its own. RUNNING is
the product's word for an experiment whose results are being collected.

Source: the vendor's public pages on sample ratio mismatch, sticky bucketing and changing a running experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from expsync.core.target import BANDIT, Target
from expsync.model.experiment import Acknowledgement
from expsync.model.plan import Change, Finding, Impact
from expsync.model.state import SegmentState, State
from expsync.model.words import RiskName, RiskSeverity

MANY_INCLUSIONS = 100
"""Users of one variant past which they are many: by then they weigh in the analysis."""


@dataclass(frozen=True, slots=True)
class Case:
    """A change of an existing experiment, ready to be judged; variants stand under the keys that they will have."""

    before: State
    after: State
    changes: Sequence[Change]
    renamed: Mapping[str, str]
    other_order: bool
    bandit_weights: tuple[str, ...]

    @property
    def was_live(self) -> bool:
        """Whether users were being served."""
        return is_live(self.before)

    @property
    def stays_live(self) -> bool:
        """Whether users are served before, and by what the change leaves behind."""
        return (
            self.was_live
            and self.after.flag("enabled", unknown=True)
            and not self.after.flag("archived", unknown=False)
        )

    @property
    def running(self) -> bool:
        """Whether the product collects results."""
        return self.before.running

    @property
    def sticky(self) -> bool:
        """Whether users keep the variant that they had."""
        return self.before.flag("stickyBucketing", unknown=False) and self.after.flag("stickyBucketing", unknown=False)

    def changed(self, *names: str) -> bool:
        """Whether one of these fields of the experiment changes."""
        return any(change.path in names for change in self.changes)

    def variants(self, kind: str) -> list[str]:
        """The variants that are added, or removed, with a positive weight, for all users or in a segment."""
        members = [
            c.path.split(".", 1)[1]
            for c in self.changes
            if c.kind == kind and c.path.count(".") == 1 and c.path.startswith("variants.")
        ]
        state = self.after if kind == "add" else self.before
        return [key for key in members if _weighs(state, key)]


@dataclass(frozen=True, slots=True)
class Risk:
    """One of the closed set: `when` it counts, `why` it matters, how to `settle` it.

    `judge` says what will happen to whom, or None where it does not apply.
    """

    name: RiskName
    severity: RiskSeverity
    when: str
    why: str
    settle: str
    judge: Callable[[Case], str | None]
    moves: bool = True
    """Whether the shares of users who move belong to it."""


def is_live(state: State) -> bool:
    """Whether users are being served; what is not known counts as yes."""
    percentages = [state.fields.get("rolloutPercentage", 100)]
    percentages += [segment.fields.get("percentage", 100) for segment in (state.targetSegments or {}).values()]
    return (
        state.flag("enabled", unknown=True)
        and not state.flag("archived", unknown=False)
        and state.deployments != frozenset()
        and any(percentages)
    )


def findings_of(
    target: Target,
    changes: Sequence[Change],
    impact: Sequence[Impact],
    acknowledged: Sequence[Acknowledgement],
    today: date,
) -> list[Finding]:
    """The risks of a change, worst first; those that the file acknowledges, up to their day, are marked."""
    if target.live is None:
        said = _said_of_all(_catching_all(target.state))
        catching = (risk for risk in RISKS if risk.name == "segment-catches-all")
        return [_finding(risk, said, (), acknowledged, today) for risk in catching if said is not None]
    case = Case(
        before=target.live,
        after=target.state,
        changes=changes,
        renamed=target.renamed,
        other_order=target.order is not None,
        bandit_weights=target.bandit_weights,
    )
    found = [
        _finding(risk, said, impact if risk.moves else (), acknowledged, today)
        for risk in RISKS
        if (said := risk.judge(case)) is not None
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


SEVERITIES: tuple[RiskSeverity, ...] = ("blocked", "critical", "high", "medium", "low")
"""From the worst down."""


def _finding(
    risk: Risk, said: str, impact: Iterable[Impact], acknowledged: Sequence[Acknowledgement], today: date
) -> Finding:
    return Finding(
        risk=risk.name,
        severity=risk.severity,
        acknowledged=any(_counts(note, risk.name, today) for note in acknowledged),
        message=f"{said}; {risk.settle}",
        impact=list(impact),
    )


def _counts(note: Acknowledgement, risk: RiskName, today: date) -> bool:
    return note.risk == risk and (not note.until or today <= date.fromisoformat(note.until))


def _weights(state: State) -> dict[str, Fraction]:
    """Each variant's weight for all other users as a share of their sum; even where none is positive."""
    weights = {key: _fraction(v.fields.get("rolloutWeight", 0)) for key, v in (state.variants or {}).items()}
    return _shares(weights)


def _shares(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    total = sum(weights.values(), Fraction(0))
    if not total:
        return {key: Fraction(1, len(weights)) for key in weights}
    return {key: weight / total for key, weight in weights.items()}


def _fraction(value: object) -> Fraction:
    return Fraction(str(value)) if isinstance(value, int | float) else Fraction(0)


def _segment_shares(segment: SegmentState, state: State) -> dict[str, Fraction]:
    weights = segment.rolloutWeights or {}
    return _shares({key: _fraction(weights.get(key, 0)) for key in state.variants or weights})


def _ratio_changes(before: Mapping[str, Fraction], after: Mapping[str, Fraction]) -> bool:
    """Whether the ratio among the variants that are there before and after is another one."""
    common = [key for key in before if key in after]
    return _shares({key: before[key] for key in common}) != _shares({key: after[key] for key in common})


def _weighs(state: State, key: str) -> bool:
    """Whether a variant gets users anywhere: some weight where some percentage lets users in."""
    if state.fields.get("rolloutPercentage", 100) and _weights(state).get(key):
        return True
    return any(
        segment.fields.get("percentage", 100) and (segment.rolloutWeights or {}).get(key)
        for segment in (state.targetSegments or {}).values()
    )


def _kept_segments(case: Case) -> list[tuple[str, SegmentState, SegmentState]]:
    """Segments that are there before and after, by name."""
    after = case.after.targetSegments or {}
    return [
        (name, segment, after[name]) for name, segment in (case.before.targetSegments or {}).items() if name in after
    ]


def _variant_weights(case: Case) -> str | None:
    if not case.stays_live:
        return None
    places: list[str] = []
    served = all(state.fields.get("rolloutPercentage", 100) for state in (case.before, case.after))
    if served and _ratio_changes(_weights(case.before), _weights(case.after)):
        places.append("all other users")
    places += [
        f'users of segment "{name}"'
        for name, old, new in _kept_segments(case)
        if old.fields.get("percentage", 100)
        and new.fields.get("percentage", 100)
        and _ratio_changes(_segment_shares(old, case.before), _segment_shares(new, case.after))
    ]
    if not places:
        return None
    return f"{_listed(places)}: some change to another variant while they are measured (sample ratio mismatch)"


def _variant_added(case: Case) -> str | None:
    added = case.variants("add") if case.stays_live else []
    return f"users move to {_listed(added)} from the variants that they have" if added else None


def _variant_removed(case: Case) -> str | None:
    removed = case.variants("remove") if case.stays_live else []
    return f"users of {_listed(removed)} move to other variants" if removed else None


def _variant_renamed(case: Case) -> str | None:
    if not (case.stays_live and case.renamed):
        return None
    pairs = [f"{old} (now {new})" for new, old in case.renamed.items()]
    return f"applications that ask for {_listed(pairs)} stop finding it, and the analysis counts it as another variant"


def _variant_order(case: Case) -> str | None:
    if not (case.stays_live and case.other_order):
        return None
    return "the server keeps its own order of variants, and splits users by that order, not by the file's"


def _bucketing_salt(case: Case) -> str | None:
    return "every user is drawn again" if case.stays_live and case.changed("bucketingSalt") else None


def _bucketing_key(case: Case) -> str | None:
    if not case.stays_live:
        return None
    if case.changed("bucketingKey"):
        return "every user is drawn again, by another property"
    names = [
        f'"{name}"'
        for name, old, new in _kept_segments(case)
        if old.fields.get("bucketingKey") != new.fields.get("bucketingKey")
    ]
    return f"every user of segment {_listed(names)} is drawn again, by another property" if names else None


def _bucketing_unit(case: Case) -> str | None:
    return "everyone is drawn again, by another unit" if case.stays_live and case.changed("bucketingUnit") else None


def _evaluation_mode(case: Case) -> str | None:
    enabled = case.before.flag("enabled", unknown=True) and case.after.flag("enabled", unknown=True)
    if not (enabled and case.changed("evaluationMode")):
        return None
    return "users are bucketed in another place, by other rules, while the experiment is enabled"


def _sticky_bucketing(case: Case) -> str | None:
    if not case.stays_live:
        return None
    if case.changed("stickyBucketing"):
        return "users who have a variant and those who come are split by different rules, and the two mix"
    moved = _variant_weights(case) or _variant_added(case) or _variant_removed(case) or _segments(case)
    if case.sticky and moved:
        return "users who were seen keep their variant while those who come are split anew: the two splits mix"
    return None


def _segments(case: Case) -> str | None:
    before, after = case.before.targetSegments or {}, case.after.targetSegments or {}
    shape = [[(name, s.fields.get("conditions")) for name, s in segments.items()] for segments in (before, after)]
    if not case.stays_live or shape[0] == shape[1]:
        return None
    return "the first segment that matches decides: other users fall into other segments, and may change variant"


def _catching_all(state: State, only: Iterable[str] | None = None) -> list[str]:
    chosen = None if only is None else set(only)
    return [
        f'"{name}"'
        for name, segment in (state.targetSegments or {}).items()
        if (chosen is None or name in chosen) and not _conditions(segment)
    ]


def _conditions(segment: SegmentState) -> bool:
    leaf = segment.fields.get("conditions")
    return leaf is not None and getattr(leaf, "value", None) != []


def _said_of_all(names: Sequence[str]) -> str | None:
    return f"segment {_listed(names)} has no conditions: it takes everyone who gets to it" if names else None


def _segment_catches_all(case: Case) -> str | None:
    before = case.before.targetSegments or {}
    new = [
        name
        for name, segment in (case.after.targetSegments or {}).items()
        if name not in before or _conditions(before[name]) != _conditions(segment)
    ]
    return _said_of_all(_catching_all(case.after, new))


def _uneven_segments(case: Case) -> str | None:
    splits = {tuple(sorted(_weights(case.after).items()))} if case.after.fields.get("rolloutPercentage", 100) else set()
    splits |= {
        tuple(sorted(_segment_shares(segment, case.after).items()))
        for segment in (case.after.targetSegments or {}).values()
        if segment.fields.get("percentage", 100)
    }
    touched = any(
        c.path.startswith(("targetSegments", "variants.")) or c.path == "rolloutPercentage" for c in case.changes
    )
    if not (case.stays_live and touched and len(splits) > 1):
        return None
    return "segments split users by different weights, so that the arms differ in who is in them (Simpson's paradox)"


def _percentages(case: Case, *, down: bool) -> list[str]:
    pairs = [
        ("all other users", case.before.fields.get("rolloutPercentage"), case.after.fields.get("rolloutPercentage"))
    ]
    pairs += [
        (f'segment "{name}"', old.fields.get("percentage"), new.fields.get("percentage"))
        for name, old, new in _kept_segments(case)
    ]
    return [
        f"{where} ({old:g} % to {new:g} %)"
        for where, old, new in pairs
        if isinstance(old, int | float) and isinstance(new, int | float) and (new < old if down else new > old)
    ]


def _percentage_up(case: Case) -> str | None:
    places = _percentages(case, down=False) if case.stays_live else []
    return f"more users get a variant: {_listed(places)}" if places else None


def _percentage_down(case: Case) -> str | None:
    places = _percentages(case, down=True) if case.stays_live and not case.sticky else []
    return f"users lose the variant that they have: {_listed(places)}" if places else None


def _disabled(case: Case) -> str | None:
    stops = case.was_live and case.changed("enabled") and not case.after.flag("enabled", unknown=True)
    return "users stop getting a variant" if stops else None


def _archived(case: Case) -> str | None:
    stops = case.was_live and case.changed("archived") and case.after.flag("archived", unknown=False)
    return "users stop getting a variant" if stops else None


def _deployment_removed(case: Case) -> str | None:
    gone = sorted((case.before.deployments or frozenset()) - (case.after.deployments or frozenset()))
    if not (case.was_live and gone):
        return None
    return f"users of deployment {_listed(gone)} stop getting a variant"


def _exposure_event(case: Case) -> str | None:
    if not (case.running and case.changed("exposureEvent")):
        return None
    return "exposures are counted by another event from now on, in the middle of the run"


def _bandit_weights(case: Case) -> str | None:
    bandit = case.before.fields.get("experimentType") == BANDIT
    if not (case.running and bandit and case.bandit_weights):
        return None
    return f"the product sets the weights of {_listed(case.bandit_weights)} itself; the declared ones are left out"


def _payload(case: Case) -> str | None:
    keys = [
        c.path.split(".")[1] for c in case.changes if c.path.startswith("variants.") and c.path.endswith(".payload")
    ]
    if not (case.stays_live and keys):
        return None
    return f"users of {_listed(keys)} get something else than those who were measured before"


def _inclusions_many(case: Case) -> str | None:
    many = [
        f"{key} ({len(variant.inclusions)} users)"
        for key, variant in (case.after.variants or {}).items()
        if variant.inclusions is not None and len(variant.inclusions) > MANY_INCLUSIONS and _members_change(case, key)
    ]
    return (
        f"users who were chosen by hand weigh in the results of {_listed(many)}" if case.stays_live and many else None
    )


def _members_change(case: Case, key: str) -> bool:
    before = (case.before.variants or {}).get(key)
    return before is None or before.inclusions != (case.after.variants or {})[key].inclusions


def _analysis_window(case: Case) -> str | None:
    if not (case.running and case.changed("startDate", "endDate")):
        return None
    return "the analysis looks at other days than before"


def _never(_: Case) -> str | None:
    # A lost cohort blocks the experiment before anything of it is judged: see core.planner.
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


RISKS: tuple[Risk, ...] = (
    Risk(
        "variant-weights",
        "critical",
        "LIVE, and the ratio of the weights changes",
        "users jump between arms, and the results no longer tell the arms apart",
        "change the percentage instead, or start again with a new experiment",
        _variant_weights,
    ),
    Risk(
        "variant-added",
        "critical",
        "LIVE, with a positive weight",
        "the new arm takes users from those that they were measured in",
        "add it with weight 0, or start again with a new experiment",
        _variant_added,
    ),
    Risk(
        "variant-removed",
        "critical",
        "LIVE, with a positive weight",
        "its users are spread over the other arms and spoil their results",
        "roll out the winner instead, or start again with a new experiment",
        _variant_removed,
    ),
    Risk(
        "variant-renamed",
        "critical",
        "LIVE",
        "applications and the analysis know a variant by its key",
        "change its name and leave the key, or rename it before it is enabled",
        _variant_renamed,
    ),
    Risk(
        "variant-order",
        "low",
        "LIVE, and the file lists the variants in another order than the server",
        "the order decides who gets what; the API can't change it",
        "put the variants in the server's order",
        _variant_order,
        moves=False,
    ),
    Risk(
        "bucketing-salt",
        "critical",
        "LIVE",
        "the salt is what a user's place is drawn from",
        "start again with a new experiment",
        _bucketing_salt,
    ),
    Risk(
        "bucketing-key",
        "critical",
        "LIVE, of the experiment or of a segment",
        "the key is what a user's place is drawn from",
        "start again with a new experiment",
        _bucketing_key,
    ),
    Risk(
        "bucketing-unit",
        "critical",
        "LIVE",
        "the unit is what is bucketed and analysed",
        "start again with a new experiment",
        _bucketing_unit,
    ),
    Risk(
        "evaluation-mode",
        "critical",
        "enabled",
        "remote and local evaluation bucket by different rules",
        "disable the experiment first, and change the mode in a change of its own",
        _evaluation_mode,
    ),
    Risk(
        "sticky-bucketing",
        "high",
        "LIVE, when it is toggled, or when the split or the targeting changes while it is on",
        "old and new users are split differently, a sample ratio mismatch that no analysis can undo",
        "start again with a new experiment",
        _sticky_bucketing,
    ),
    Risk(
        "segments",
        "high",
        "LIVE, when one is added, removed, moved, or has other conditions",
        "the first segment that matches decides, so a change of one moves users of all below it",
        "change the targeting before it is enabled, or start again with a new experiment",
        _segments,
    ),
    Risk(
        "segment-catches-all",
        "high",
        "always",
        "nobody gets past a segment without conditions, neither to the segments below it nor to all other users",
        "give it conditions, or use rolloutPercentage",
        _segment_catches_all,
        moves=False,
    ),
    Risk(
        "uneven-segments",
        "medium",
        "LIVE",
        "an arm that holds more of one kind of users looks better or worse than it is",
        "use the same weights everywhere, and percentages to let more or fewer users in",
        _uneven_segments,
    ),
    Risk(
        "percentage-up",
        "medium",
        "LIVE",
        "users who come later differ from those who came first",
        "read the results by cohort of entry, or wait until the ramp is over",
        _percentage_up,
    ),
    Risk(
        "percentage-down",
        "high",
        "LIVE, without sticky bucketing",
        "users who were measured drop out, and see the change undone",
        "leave the percentage and end the experiment instead",
        _percentage_down,
    ),
    Risk(
        "disabled",
        "high",
        "LIVE",
        "everybody loses the variant at once",
        "be sure that the experiment is over",
        _disabled,
    ),
    Risk(
        "archived",
        "high",
        "LIVE",
        "everybody loses the variant at once",
        "disable it first, and archive it when nothing is missed",
        _archived,
    ),
    Risk(
        "deployment-removed",
        "high",
        "LIVE",
        "the users of a whole application drop out of the results",
        "be sure that the application no longer takes part",
        _deployment_removed,
        moves=False,
    ),
    Risk(
        "exposure-event",
        "high",
        "RUNNING",
        "results before and after count different users",
        "start again with a new experiment",
        _exposure_event,
        moves=False,
    ),
    Risk(
        "bandit-weights",
        "high",
        "RUNNING, a multi-arm bandit",
        "the product moves the weights as it learns; setting them would undo that",
        "leave the weights out of the file, or list them under lifecycle.ignoreChanges",
        _bandit_weights,
        moves=False,
    ),
    Risk(
        "payload",
        "medium",
        "LIVE",
        "what is measured is no longer what was measured",
        "give the new payload to a new variant of a new experiment",
        _payload,
        moves=False,
    ),
    Risk(
        "inclusions-many",
        "medium",
        f"LIVE, and more than {MANY_INCLUSIONS} users of a variant",
        "included users are not drawn by chance",
        "use a segment of its own, or keep the list for testers",
        _inclusions_many,
        moves=False,
    ),
    Risk(
        "analysis-window",
        "low",
        "RUNNING",
        "the results are of another span of time",
        "be sure that the new days are meant",
        _analysis_window,
        moves=False,
    ),
    Risk(
        "cohort-lost",
        "blocked",
        "always, where the list of segments would be replaced and one of them holds a cohort",
        "the API can show a cohort in a segment, and can't take it back",
        "leave targetSegments out of the file, or take the cohort out of the segment in Amplitude first",
        _never,
        moves=False,
    ),
)
