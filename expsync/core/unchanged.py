"""What the list alone shows to be as it is declared: most of a project on most days.

Equality comes first: here a declaration and a body are compared as they are, without being made into states. The
answer yes is certain, and saves all further work, reading included. The answer no means nothing: whatever is not
plainly equal (another shape of the same value, something that the list does not carry, a field that has a meaning of
its own) is looked at by `plan_declared`, which alone decides what a difference is.

Each experiment comes by here in each plan, so lists are walked by place: generators, and a `zip` that checks lengths,
take longer to set up than what they are for takes here.
"""

from __future__ import annotations

from collections.abc import Sequence

from expsync.model.experiment import Declared, Experiment, Variant
from expsync.model.fields import SCALAR_FIELDS
from expsync.model.words import SHIELD, UNFINISHED
from expsync.model.workspace import Environment, Ownership
from expsync.wire.schema import WireExperiment

_SCALARS = frozenset(SCALAR_FIELDS)
_LOOKED_AT = _SCALARS | {"key", "environments", "acknowledge", "lifecycle", "tags", "deployments", "variants"}
_LOOKED_AT |= {"targetSegments"}
_IN_LISTS_OF_THEIR_OWN = frozenset({"inclusions", "cohortInclusions"})


def is_plainly_unchanged(
    declared: Declared, listed: WireExperiment, environment: Environment, ownership: Ownership
) -> bool:
    """Whether a body of the default list holds all that is declared, and equal, so that there is nothing to plan.

    False where it can't be told so simply.
    """
    experiment = declared.experiment
    wanted = experiment.model_fields_set
    carried = listed.model_fields_set
    if listed.archived or listed.deleted or listed.description == UNFINISHED or not wanted <= _LOOKED_AT:
        return False
    if "exposureEvent" in wanted or experiment.archived or experiment.lifecycle.ignoreChanges:
        return False
    scalars = wanted & _SCALARS
    scalars.discard("archived")
    if not scalars <= carried:
        return False
    left, right = experiment.__dict__, listed.__dict__
    for name in scalars:
        if left[name] != right[name]:
            return False
    return (
        _same_tags(experiment, listed, ownership)
        and (
            "deployments" not in wanted
            or (
                "deployments" in carried
                and set(map(environment.deployment_id, experiment.deployments)) == set(listed.deployments)
            )
        )
        and ("variants" not in wanted or ("variants" in carried and _same_variants(experiment.variants, listed)))
        and _same_segments(experiment, listed)
    )


def _same_tags(experiment: Experiment, listed: WireExperiment, ownership: Ownership) -> bool:
    """Whether the live tags are those that are declared and those that the tool puts on."""
    declares = "tags" in experiment.model_fields_set
    if "tags" not in listed.model_fields_set:
        return not declares
    prevents = experiment.lifecycle.preventArchive
    own = {ownership.tag, ownership.protectedTag} if prevents else {ownership.tag}
    live = set(listed.tags)
    if declares:
        return live == own.union(experiment.tags)
    lifted = not prevents and "preventArchive" in experiment.lifecycle.model_fields_set
    return own <= live and not (lifted and ownership.protectedTag in live)


def _same_variants(variants: Sequence[Variant], listed: WireExperiment) -> bool:
    """Whether the same variants are there in the same order, each with all that is declared of it."""
    if len(variants) != len(listed.variants):
        return False
    weights = listed.rolloutWeights if "rolloutWeights" in listed.model_fields_set else None
    for place, variant in enumerate(variants):
        live = listed.variants[place]
        wanted = variant.model_fields_set
        if variant.key != live.key or not wanted.isdisjoint(_IN_LISTS_OF_THEIR_OWN):
            return False
        if "rolloutWeight" in wanted and (weights is None or (weights.get(live.key) or 0) != variant.rolloutWeight):
            return False
        carried = live.model_fields_set
        if "name" in wanted and ("name" not in carried or variant.name != live.name):
            return False
        if "description" in wanted and ("description" not in carried or variant.description != live.description):
            return False
        # As texts, since True == 1 and 1 == 1.0; the order of members makes no difference that this would miss.
        if "payload" in wanted and ("payload" not in carried or repr(variant.payload) != repr(live.payload)):
            return False
    return True


def _same_segments(experiment: Experiment, listed: WireExperiment) -> bool:
    """Whether the same segments are there in the same order, with all that is declared of them."""
    segments = listed.targetSegments
    if "targetSegments" not in experiment.model_fields_set:
        return all(segment.name != SHIELD for segment in segments)
    if "targetSegments" not in listed.model_fields_set or len(segments) != len(experiment.targetSegments):
        return False
    there = {variant.key for variant in listed.variants} if "variants" in listed.model_fields_set else set[str]()
    for place, segment in enumerate(experiment.targetSegments):
        wanted, live = segment.model_fields_set, segments[place]
        if segment.name != live.name:
            return False
        if "percentage" in wanted and segment.percentage != live.percentage:
            return False
        if "bucketingKey" in wanted and segment.bucketingKey != live.bucketingKey:
            return False
        if "rolloutWeights" in wanted and (
            segment.rolloutWeights != live.rolloutWeights or not segment.rolloutWeights.keys() <= there
        ):
            return False
        # A condition has the same fields on both sides; what a server says besides is not among them.
        if "conditions" in wanted and list(map(vars, segment.conditions)) != list(map(vars, live.conditions)):
            return False
    return True
