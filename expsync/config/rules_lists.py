"""Rules about lists: what may stand in them once, and what their members must name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from expsync.config.parsed import Path
from expsync.config.problem import Problem
from expsync.config.wording import nearest, quote
from expsync.model.experiment import Experiment, InclusionsFile
from expsync.model.words import MAX_INCLUSIONS


def _repeated(code: str, what: str, names: Sequence[str], prefix: Path, suffix: Path = ()) -> Iterator[Problem]:
    if len(set(names)) == len(names):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Problem(
                code,
                (*prefix, index, *suffix),
                f"the {what} {quote(name)} stands here twice",
                f"first as number {first[name] + 1} of the list",
                "delete one of the two",
            )


def repeated_variants(experiment: Experiment) -> Iterator[Problem]:
    """Variants with one key."""
    return _repeated("EXP202", "variant", [v.key for v in experiment.variants], ("variants",), ("key",))


def repeated_segments(experiment: Experiment) -> Iterator[Problem]:
    """Segments with one name."""
    names = [segment.name for segment in experiment.targetSegments]
    return _repeated("EXP203", "segment", names, ("targetSegments",), ("name",))


def repeated_tags(experiment: Experiment) -> Iterator[Problem]:
    """Tags listed twice."""
    return _repeated("EXP204", "tag", experiment.tags, ("tags",))


def repeated_inclusions(experiment: Experiment) -> Iterator[Problem]:
    """Users or cohorts listed twice for one variant."""
    for index, variant in enumerate(experiment.variants):
        if isinstance(variant.inclusions, list) and variant.inclusions:
            yield from _repeated("EXP206", "user", variant.inclusions, ("variants", index, "inclusions"))
        if variant.cohortInclusions:
            cohorts = variant.cohortInclusions
            yield from _repeated("EXP206", "cohort", cohorts, ("variants", index, "cohortInclusions"))


def no_variants(experiment: Experiment) -> Iterator[Problem]:
    """An empty list of variants."""
    if "variants" in experiment.model_fields_set and not experiment.variants:
        yield Problem(
            "EXP207",
            ("variants",),
            "an experiment needs a variant",
            "an empty list would remove all that are live",
            "declare one, or leave `variants` out to leave the live ones alone",
        )


def reserved_variant(experiment: Experiment) -> Iterator[Problem]:
    """A variant with the key that the API keeps for itself."""
    for index, variant in enumerate(experiment.variants):
        if variant.key == "off":
            yield Problem(
                "EXP208",
                ("variants", index, "key"),
                'the variant key "off" is reserved',
                "Amplitude gives it to users without a variant",
                'choose another, such as "control"',
            )


def unknown_weights(experiment: Experiment) -> Iterator[Problem]:
    """Segment weights for a variant that the experiment does not have."""
    if not experiment.variants:
        return
    keys = {variant.key for variant in experiment.variants}
    for index, segment in enumerate(experiment.targetSegments):
        if segment.rolloutWeights.keys() <= keys:
            continue
        renamed = {variant.renamedFrom: variant.key for variant in experiment.variants if variant.renamedFrom}
        for name in segment.rolloutWeights.keys() - keys:
            near = renamed.get(name) or nearest(name, sorted(keys))
            yield Problem(
                "EXP209",
                ("targetSegments", index, "rolloutWeights", name),
                f"the segment {quote(segment.name)} names an unknown variant {quote(name)}",
                f"the variants are: {', '.join(variant.key for variant in experiment.variants)}",
                f'did you mean "{near}"?' if near else "",
                at="key",
            )


def user_in_two_variants(experiment: Experiment) -> Iterator[Problem]:
    """A user who is included in two variants."""
    first: dict[str, str] = {}
    for index, variant in enumerate(experiment.variants):
        if isinstance(variant.inclusions, InclusionsFile):
            continue
        for place, user in enumerate(variant.inclusions):
            other = first.setdefault(user, variant.key)
            if other != variant.key:
                yield Problem(
                    "EXP210",
                    ("variants", index, "inclusions", place),
                    f"the user {quote(user)} is included in two variants",
                    f"{quote(other)} and {quote(variant.key)}; which one counts is not defined",
                    "keep the user in one of them",
                )


def too_many_inclusions(experiment: Experiment) -> Iterator[Problem]:
    """More users than the API takes for a variant."""
    for index, variant in enumerate(experiment.variants):
        if isinstance(variant.inclusions, list) and len(variant.inclusions) > MAX_INCLUSIONS:
            yield Problem(
                "EXP211",
                ("variants", index, "inclusions"),
                f"the variant {quote(variant.key)} includes too many users",
                f"{len(variant.inclusions):,}; the API takes {MAX_INCLUSIONS:,} for a variant",
                "target a cohort or a segment instead",
            )


def blank_inclusions(experiment: Experiment) -> Iterator[Problem]:
    """Users with white space around them, who would never match anyone."""
    for index, variant in enumerate(experiment.variants):
        if isinstance(variant.inclusions, list):
            for place, user in enumerate(variant.inclusions):
                if user != user.strip():
                    yield Problem(
                        "EXP222",
                        ("variants", index, "inclusions", place),
                        f"the user {quote(user)} has white space at an end",
                        "such an id matches nobody",
                        "delete the white space" if user.strip() else "delete the entry",
                    )


def no_values(experiment: Experiment) -> Iterator[Problem]:
    """Conditions and filters without values, which nobody meets."""
    for index, segment in enumerate(experiment.targetSegments):
        for place, condition in enumerate(segment.conditions):
            if not condition.values:
                yield _no_values(("targetSegments", index, "conditions", place, "values"))
    for place, item in enumerate(experiment.exposureEvent.filters if experiment.exposureEvent else ()):
        if not item.subprop_value:
            yield _no_values(("exposureEvent", "filters", place, "subprop_value"))


def _no_values(path: Path) -> Problem:
    return Problem(
        "EXP223",
        path,
        "there is no value to compare with",
        "an empty list is met by nobody",
        'give a value; ["(none)"] stands for users who have none',
    )


def zero_weights(experiment: Experiment) -> Iterator[Problem]:
    """Weights that are all 0, which the API takes for an even split."""
    variants = experiment.variants
    if variants and all(v.rolloutWeight == 0 and "rolloutWeight" in v.model_fields_set for v in variants):
        yield _zero(("variants", 0, "rolloutWeight"), "all variants have the weight 0")
    for index, segment in enumerate(experiment.targetSegments):
        if segment.rolloutWeights and not any(segment.rolloutWeights.values()):
            where = ("targetSegments", index, "rolloutWeights")
            yield _zero(where, f"all weights of the segment {quote(segment.name)} are 0")


def _zero(path: Path, message: str) -> Problem:
    return Problem(
        "EXP401",
        path,
        message,
        "Amplitude then splits evenly; nobody is kept out by it",
        "write equal weights if that is meant, or a percentage of 0 to keep users out",
    )


def few_variants(experiment: Experiment) -> Iterator[Problem]:
    """An experiment with one variant, which compares nothing."""
    if len(experiment.variants) == 1:
        yield Problem(
            "EXP402",
            ("variants",),
            "there is one variant alone",
            "there is nothing to compare it with",
            "add a control, or set EXP402 to off under `rules:`",
        )
