"""Rules about the design of an experiment: what is allowed, and seldom what was wanted. Each can be turned off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from expsync.config.parsed import Path
from expsync.config.problem import Problem
from expsync.config.wording import quote
from expsync.model.experiment import Experiment
from expsync.model.words import MAX_INCLUSIONS

if TYPE_CHECKING:
    from fractions import Fraction

MANY_INCLUSIONS = 100
"""Users of one variant past which they weigh in the analysis."""
_AMPLITUDE_ID = "amplitude_id"
"""The id that the vendor makes of a user's other ids when it evaluates by itself; no SDK has it."""


def catch_all_segments(experiment: Experiment) -> Iterator[Problem]:
    """Segments that say that they have no conditions."""
    for place, segment in enumerate(experiment.targetSegments):
        if "conditions" in segment.model_fields_set and not segment.conditions:
            yield Problem(
                "EXP410",
                ("targetSegments", place, "conditions"),
                f"segment {quote(segment.name)} has no conditions",
                "it takes everyone who gets to it, so that nothing below it is ever reached",
                "give it conditions, or use rolloutPercentage for all other users",
            )


def uneven_segments(experiment: Experiment) -> Iterator[Problem]:
    """Segments whose split is another one than that of all other users, or of the first segment."""
    weights = {v.key: v.rolloutWeight for v in experiment.variants if "rolloutWeight" in v.model_fields_set}
    first: Mapping[str, int | float] | None = weights or None
    for place, segment in enumerate(experiment.targetSegments):
        if "rolloutWeights" not in segment.model_fields_set:
            continue
        own = segment.rolloutWeights
        # Equality first: it is the custom, and exact shares take long.
        if first is not None and own != first and _shares(own) != _shares(first):
            yield Problem(
                "EXP411",
                ("targetSegments", place, "rolloutWeights"),
                f"segment {quote(segment.name)} splits its users by other weights",
                "the arms then differ in who is in them, and not only in what they get (Simpson's paradox)",
                "use the same weights everywhere, and percentages to let more or fewer users in",
            )
        first = first or own


def many_inclusions(experiment: Experiment) -> Iterator[Problem]:
    """Variants with so many users chosen by hand that they weigh in the analysis."""
    for place, variant in enumerate(experiment.variants):
        # Past the API's own limit it is an error, and that is said already.
        if isinstance(variant.inclusions, list) and MANY_INCLUSIONS < len(variant.inclusions) <= MAX_INCLUSIONS:
            yield Problem(
                "EXP412",
                ("variants", place, "inclusions"),
                f"{len(variant.inclusions)} users are included by hand",
                "users who were not drawn by chance weigh in the results",
                "keep the list for testers, and use a segment for the rest",
            )


def sticky_and_local(experiment: Experiment) -> Iterator[Problem]:
    """Sticky bucketing where it can't work."""
    if experiment.stickyBucketing and experiment.evaluationMode == "local" and _declares(experiment, "evaluationMode"):
        yield Problem(
            "EXP413",
            ("stickyBucketing",),
            "sticky bucketing does nothing with local evaluation",
            "only remote evaluation remembers what a user had",
            "use evaluationMode: remote, or leave sticky bucketing off",
        )


def amplitude_id_and_local(experiment: Experiment) -> Iterator[Problem]:
    """Users drawn by an id that nobody has where the application evaluates."""
    if experiment.evaluationMode != "local" or not _declares(experiment, "evaluationMode"):
        return
    keyed: list[tuple[Path, str]] = [((), experiment.bucketingKey)]
    keyed += [(("targetSegments", at), segment.bucketingKey) for at, segment in enumerate(experiment.targetSegments)]
    for path, key in keyed:
        if key == _AMPLITUDE_ID:
            yield Problem(
                "EXP417",
                (*path, "bucketingKey"),
                "local evaluation can't draw users by amplitude_id",
                "only remote evaluation looks the Amplitude ID up; without it nobody is drawn into a variant",
                "use bucketingKey: user_id or device_id, or evaluationMode: remote",
            )


def one_sided_weights(experiment: Experiment) -> Iterator[Problem]:
    """All the weight on one variant, where there are others."""
    declared = [v for v in experiment.variants if "rolloutWeight" in v.model_fields_set]
    positive = [v for v in declared if v.rolloutWeight > 0]
    if len(declared) > 1 and len(declared) == len(experiment.variants) and len(positive) == 1:
        place = experiment.variants.index(positive[0])
        yield Problem(
            "EXP414",
            ("variants", place, "rolloutWeight"),
            f"all users get {quote(positive[0].key)}",
            "the other variants have no weight, so that nothing is compared",
            "give the others a weight, or roll the winner out with `decision: rollout`",
        )


def enabled_nowhere(experiment: Experiment) -> Iterator[Problem]:
    """Enabled, and on no deployment."""
    if experiment.enabled and _declares(experiment, "deployments") and not experiment.deployments:
        yield Problem(
            "EXP415",
            ("deployments",),
            "it is enabled and on no deployment",
            "no application asks for it, so that nobody gets a variant",
            "add a deployment, or set enabled: false",
        )


def fractional_percentages(experiment: Experiment) -> Iterator[Problem]:
    """Percentages with a fraction, which the vendor's evaluation engine rounds up and its Python SDK cuts off."""
    if not _is_whole(experiment.rolloutPercentage):
        yield _fraction(("rolloutPercentage",), "rolloutPercentage", experiment.rolloutPercentage)
    for place, segment in enumerate(experiment.targetSegments):
        if not _is_whole(segment.percentage):
            what = f"the percentage of segment {quote(segment.name)}"
            yield _fraction(("targetSegments", place, "percentage"), what, segment.percentage)


def _is_whole(percentage: int | float) -> bool:
    return percentage == int(percentage)


def _fraction(path: Path, what: str, percentage: int | float) -> Problem:
    below = int(percentage)
    return Problem(
        "EXP416",
        path,
        f"{what} is no whole number",
        f"users fall into 100 equal parts: with {percentage:g} some SDKs serve {below} of them, others {below + 1}",
        f"write {below} or {below + 1}",
    )


def _declares(experiment: Experiment, name: str) -> bool:
    return name in experiment.model_fields_set


def _shares(weights: Mapping[str, int | float]) -> dict[str, Fraction]:
    """Each positive weight as a share of their sum."""
    from fractions import Fraction

    exact = {key: Fraction(str(weight)) for key, weight in weights.items() if weight}
    total = sum(exact.values(), Fraction(0))
    return {key: weight / total for key, weight in exact.items()}
