"""What a change does to the users of an experiment: a closed set of risks, each with its judge.

A change that stops an experiment moves nobody but by that, so what else it changes is no risk of its own.

Source: the vendor's public pages on sample ratio mismatch, sticky bucketing and changing a running experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from expsync.core import judge_serving, judge_split
from expsync.core.case import Case, listed, place_name
from expsync.core.judge_serving import MANY_INCLUSIONS
from expsync.core.target import Target
from expsync.model.experiment import Acknowledgement
from expsync.model.plan import SETTLE, Change, Finding, Impact
from expsync.model.words import SEVERITIES, RiskName, RiskSeverity


@dataclass(frozen=True, slots=True)
class Risk:
    """One of the closed set: `when` it counts, `why` it matters, how to `settle` it.

    `judge` says what will happen to whom, or None where the risk does not apply. `moves` tells whether the shares of
    users who move belong to it.
    """

    name: RiskName
    severity: RiskSeverity
    when: str
    why: str
    settle: str
    judge: Callable[[Case], str | None]
    moves: bool = False


def findings_of(
    target: Target,
    changes: Sequence[Change],
    impact: Sequence[Impact],
    acknowledged: Sequence[Acknowledgement],
    today: date,
) -> list[Finding]:
    """The risks of a change, worst first; those that the file acknowledges, up to their day, are marked."""
    live = target.live
    if live is None:
        # Nobody is there to be moved; who will be caught can be said already.
        said = judge_serving.said_of_catching(target.state, except_for=[])
        judged = [(risk, said) for risk in RISKS if risk.name == "segment-catches-all"]
    else:
        case = Case.of(live, target, changes, impact)
        judged = [(risk, risk.judge(case)) for risk in RISKS]
    accepted = {note.risk for note in acknowledged if not note.until or today <= date.fromisoformat(note.until)}
    found = [
        _finding(risk, said, impact if risk.moves else (), acknowledged=risk.name in accepted)
        for risk, said in judged
        if said is not None
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def cohort_lost(segments: Iterable[str]) -> Finding:
    """The finding that blocks a change which would replace these segments: each holds a cohort.

    Nothing acknowledges it: the API can't do it.
    """
    risk = next(risk for risk in RISKS if risk.name == "cohort-lost")
    said = f"the cohort in {listed(map(place_name, segments))} would be lost: the API can't write it back"
    return _finding(risk, said, (), acknowledged=False)


def _finding(risk: Risk, said: str, impact: Iterable[Impact], *, acknowledged: bool) -> Finding:
    return Finding(
        risk=risk.name,
        severity=risk.severity,
        acknowledged=acknowledged,
        message=said + SETTLE + risk.settle,
        impact=list(impact),
    )


def _found_elsewhere(_: Case) -> None:
    """None: a lost cohort blocks the experiment before anything else of it is judged (see `core.planner`)."""


_NEW_ONE = "start again with a new experiment"

RISKS: tuple[Risk, ...] = (
    Risk(
        "variant-weights",
        "critical",
        "LIVE, and the ratio of the weights changes, in the end or on the way",
        "users who jump between arms spoil both, and the sizes of the arms no longer fit (sample ratio mismatch, SRM)",
        f"change the percentage and not the ratio, or {_NEW_ONE}",
        judge_split.variant_weights,
        moves=True,
    ),
    Risk(
        "variant-added",
        "critical",
        "LIVE, and the new variant has a positive weight",
        "the new arm takes users out of the arms that they are measured in",
        f"add it with weight 0, or {_NEW_ONE}",
        judge_split.variant_added,
        moves=True,
    ),
    Risk(
        "variant-removed",
        "critical",
        "LIVE, and the variant had a positive weight",
        "its users are spread over the other arms and spoil their results",
        f"end the experiment and roll out the winner, or {_NEW_ONE}",
        judge_split.variant_removed,
        moves=True,
    ),
    Risk(
        "variant-renamed",
        "critical",
        "LIVE",
        "applications and the analysis know a variant by its key",
        "change its name and leave its key, or make the applications ready for both keys",
        judge_split.variant_renamed,
    ),
    Risk(
        "variant-order",
        "low",
        "LIVE, and the file lists the variants in another order than the server",
        "the order decides who gets what, and the API can't change it",
        "list the variants in the server's order",
        judge_split.variant_order,
    ),
    Risk(
        "bucketing-salt",
        "critical",
        "LIVE",
        "the salt is half of what a user's place is drawn from",
        f"leave the salt as it is, or {_NEW_ONE}",
        judge_split.bucketing_salt,
        moves=True,
    ),
    Risk(
        "bucketing-key",
        "critical",
        "LIVE, for the experiment or for a segment",
        "the property is half of what a user's place is drawn from",
        f"leave the key as it is, or {_NEW_ONE}",
        judge_split.bucketing_key,
        moves=True,
    ),
    Risk(
        "bucketing-unit",
        "critical",
        "LIVE",
        "the unit is what is drawn, and what the analysis counts",
        f"leave the unit as it is, or {_NEW_ONE}",
        judge_split.bucketing_unit,
        moves=True,
    ),
    Risk(
        "evaluation-mode",
        "critical",
        "enabled, whether or not anybody is served yet",
        "remote and local evaluation know different things of a user, and bucket by different rules",
        "disable the experiment in a change of its own, and then change the mode",
        judge_split.evaluation_mode,
    ),
    Risk(
        "sticky-bucketing",
        "high",
        "LIVE, when it is turned on or off, or when the split or the segments change while it is on",
        "old and new users are split by different weights: a sample ratio mismatch that no analysis can undo",
        f"leave the split as it is, or {_NEW_ONE}",
        judge_split.sticky_bucketing,
        moves=True,
    ),
    Risk(
        "segments",
        "high",
        "LIVE, when one is added, removed or moved, or has other conditions",
        "the first segment that matches decides, so one that changes moves users of all that are below it",
        f"choose the segments before it is enabled, or {_NEW_ONE}",
        judge_split.segments,
        moves=True,
    ),
    Risk(
        "segment-catches-all",
        "high",
        "always, when a segment is without conditions that was not",
        "the first segment that matches decides, and one without conditions matches everybody",
        "give it conditions, or delete it and use rolloutPercentage",
        judge_serving.segment_catches_all,
    ),
    Risk(
        "uneven-segments",
        "medium",
        "LIVE, when a split or a percentage changes",
        "an arm with more of one kind of users looks better or worse than it is (Simpson's paradox)",
        "use the same weights everywhere, and percentages to let more or fewer users in",
        judge_serving.uneven_segments,
    ),
    Risk(
        "percentage-up",
        "medium",
        "LIVE",
        "users who come later differ from those who came first, and were exposed for a shorter time",
        "if it is a planned ramp, let the analysis begin when it is over",
        judge_serving.percentage_up,
        moves=True,
    ),
    Risk(
        "percentage-down",
        "high",
        "LIVE, without sticky bucketing",
        "users who are measured see the change undone, and drop out of the results",
        "leave the percentage, or disable the experiment if it must stop",
        judge_serving.percentage_down,
        moves=True,
    ),
    Risk(
        "disabled",
        "high",
        "LIVE",
        "every application falls back to what it does without a variant",
        "be sure that the experiment is over and its winner is rolled out",
        judge_serving.disabled,
        moves=True,
    ),
    Risk(
        "archived",
        "high",
        "LIVE",
        "every application falls back to what it does without a variant, and the experiment is harder to find",
        "disable it first, and archive it once nothing is missed",
        judge_serving.archived,
        moves=True,
    ),
    Risk(
        "deployment-removed",
        "high",
        "LIVE",
        "a whole application falls back, and its users drop out of the results",
        "be sure that the application no longer asks for the experiment",
        judge_serving.deployment_removed,
    ),
    Risk(
        "exposure-event",
        "high",
        "RUNNING",
        "results from before and after are not of the same users",
        f"leave the event as it is, or {_NEW_ONE}",
        judge_serving.exposure_event,
    ),
    Risk(
        "bandit-weights",
        "high",
        "RUNNING, a multi-arm bandit",
        "declared weights count when it is created; to set them later would undo what it has learnt",
        "leave the weights out of the file, or list them under lifecycle.ignoreChanges",
        judge_serving.bandit_weights,
    ),
    Risk(
        "payload",
        "medium",
        "LIVE",
        "the results are those of two things under one name",
        f"leave the payload as it is, or {_NEW_ONE}",
        judge_serving.payload,
    ),
    Risk(
        "inclusions-many",
        "medium",
        f"LIVE, when the list changes and has more than {MANY_INCLUSIONS} users",
        "users who were not drawn by chance may be of one kind",
        "keep the list for testers, and use a segment for the others",
        judge_serving.inclusions_many,
    ),
    Risk(
        "analysis-window",
        "low",
        "RUNNING",
        "results that were looked at before may not come out again",
        "be sure that the new days are meant",
        judge_serving.analysis_window,
    ),
    Risk(
        "cohort-lost",
        "blocked",
        "always, when the list of segments would be replaced and a live one holds a cohort",
        "the API shows a cohort in a segment, and does not take it back",
        "take the cohort out of the segment in Amplitude first, or leave targetSegments, and the variants that they "
        "weigh, as they are",
        _found_elsewhere,
    ),
)
"""Every risk there is."""
