"""A rule about acknowledgements that accept nothing: what a file must declare for a risk to come up at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from expsync.config.parsed import Path
from expsync.config.problem import Problem
from expsync.config.rules_design import MANY_INCLUSIONS
from expsync.model.experiment import Experiment
from expsync.model.words import RiskName

_Possible = Callable[[Experiment], bool]


def _declares(*names: str) -> _Possible:
    """Whether any of these fields is declared: what is not is left as it is."""
    return lambda experiment: not experiment.model_fields_set.isdisjoint(names)


def _in_variants(*names: str) -> _Possible:
    """Whether any variant declares one of these fields."""
    return lambda experiment: any(not v.model_fields_set.isdisjoint(names) for v in experiment.variants)


def _any(*several: _Possible) -> _Possible:
    return lambda experiment: any(possible(experiment) for possible in several)


def _many_users(experiment: Experiment) -> bool:
    """Whether a list of users is long; what is in a file that could not be read may be."""
    return any(
        not isinstance(variant.inclusions, list) or len(variant.inclusions) > MANY_INCLUSIONS
        for variant in experiment.variants
    )


# Wherever there are segments, what everybody else gets may be one of them: its split and its percentage are theirs.
_SEGMENTS = _declares("targetSegments")
_WEIGHTS = _any(_in_variants("rolloutWeight"), _SEGMENTS)

POSSIBLE: Mapping[RiskName, tuple[_Possible, str]] = {
    "variant-weights": (_WEIGHTS, "no weights are declared"),
    "variant-added": (_declares("variants"), "no variants are declared"),
    "variant-removed": (_declares("variants"), "no variants are declared"),
    "variant-renamed": (_in_variants("renamedFrom"), "no variant declares renamedFrom"),
    "variant-order": (_declares("variants"), "no variants are declared"),
    "bucketing-salt": (_declares("bucketingSalt"), "bucketingSalt is not declared"),
    "bucketing-key": (_any(_declares("bucketingKey"), _SEGMENTS), "bucketingKey is not declared"),
    "bucketing-unit": (_declares("bucketingUnit"), "bucketingUnit is not declared"),
    "evaluation-mode": (_declares("evaluationMode"), "evaluationMode is not declared"),
    "sticky-bucketing": (
        _declares("stickyBucketing", "variants", "targetSegments"),
        "neither stickyBucketing nor a split is declared",
    ),
    "segments": (_SEGMENTS, "targetSegments is not declared"),
    "segment-catches-all": (
        lambda experiment: any(not segment.conditions for segment in experiment.targetSegments),
        "no segment without conditions is declared",
    ),
    "uneven-segments": (
        _declares("rolloutPercentage", "variants", "targetSegments"),
        "neither a split nor a percentage is declared",
    ),
    "percentage-up": (
        _any(lambda experiment: experiment.rolloutPercentage > 0, _SEGMENTS),
        "no percentage above 0 is declared",
    ),
    "percentage-down": (
        _any(lambda e: "rolloutPercentage" in e.model_fields_set and e.rolloutPercentage < 100, _SEGMENTS),
        "no percentage below 100 is declared",
    ),
    "disabled": (
        lambda experiment: "enabled" in experiment.model_fields_set and not experiment.enabled,
        "enabled: false is not declared",
    ),
    "archived": (lambda experiment: experiment.archived, "archived: true is not declared"),
    "deployment-removed": (_declares("deployments"), "deployments are not declared"),
    "exposure-event": (_declares("exposureEvent"), "exposureEvent is not declared"),
    "bandit-weights": (_in_variants("rolloutWeight"), "no variant declares a weight"),
    "payload": (_in_variants("payload"), "no variant declares a payload"),
    "inclusions-many": (_many_users, f"no variant declares more than {MANY_INCLUSIONS} users"),
    "analysis-window": (_declares("startDate", "endDate"), "neither startDate nor endDate is declared"),
    "cohort-lost": (lambda _: False, "the API can't write a cohort, and nothing accepts its loss"),
}
"""For each risk whether what an experiment declares can raise it, whatever is live; and what to say if not."""


def idle_acknowledgements(forms: Iterable[tuple[Experiment, Callable[[Path], Path]]]) -> Iterator[Problem]:
    """Acknowledgements of risks that can come up in none of the environments that they hold for.

    `forms` are the environments' forms of one experiment, each with what tells where in the file something stands.
    The problems' paths are those of the file.
    """
    idle: dict[Path, RiskName] = {}
    needed: set[Path] = set()
    for experiment, in_file in forms:
        for place, acknowledgement in enumerate(experiment.acknowledge):
            path = in_file(("acknowledge", place))
            idle[path] = acknowledgement.risk
            if POSSIBLE[acknowledgement.risk][0](experiment):
                needed.add(path)
    for path, risk in idle.items():
        if path not in needed:
            yield Problem(
                "EXP406",
                path,
                f"the acknowledgement of {risk} accepts nothing",
                POSSIBLE[risk][1],
                "delete it, and write it again with the change that needs it",
            )
