"""Create, Edit and the deployments of an experiment."""

from __future__ import annotations

import secrets
import string
from typing import Any

from pydantic import JsonValue

from expsync.sandbox.bodies import (
    AddDeployments,
    CreateExperiment,
    EditExperiment,
    NewVariant,
    segments_sent,
)
from expsync.sandbox.call import Call, check_deployments, check_editable, check_weights
from expsync.sandbox.messages import Refusal
from expsync.sandbox.parsing import parse_body
from expsync.sandbox.records import Experiment, Json, Variant
from expsync.sandbox.views import as_id, decorated

_SALT_LETTERS = string.ascii_letters + string.digits
_SAME_NAME = (
    "name",
    "description",
    "bucketingKey",
    "bucketingSalt",
    "bucketingUnit",
    "evaluationMode",
    "rolloutPercentage",
    "enabled",
    "experimentType",
    "stickyBucketing",
    "startDate",
    "endDate",
    "exposureEvent",
    "tags",
    "decision",
    "decisionReason",
    "rolledOutVariant",
)
"""The fields of Edit that stand in an experiment under their own name."""


def create_experiment(call: Call) -> JsonValue:
    """The new experiment's id and url."""
    body = parse_body(CreateExperiment, call.body, call.habits)
    project = body.projectId
    if not call.may_touch(project) or not call.tables.has_project(project):
        raise Refusal(403, f"the key has no access to project {project}")
    sent = body.sent()
    variants = _new_variants(body)
    segments = segments_sent(body)
    check_segments([variant.key for variant in variants], segments)
    deployments = check_deployments(call.tables, project, body.deployments)
    if call.tables.id_of_key(project, body.key) is not None:
        raise Refusal(409, f"project {project} already has an experiment of key `{body.key}`, perhaps an archived one")
    bucketing_key = body.bucketingKey or "amplitude_id"
    experiment = Experiment(
        id=call.tables.new_id(),
        projectId=project,
        key=body.key,
        name=sent.get("name", body.key),
        description=body.description,
        evaluationMode=body.evaluationMode,
        experimentType=body.experimentType or default_type(older=call.habits.older),
        bucketingKey=bucketing_key,
        bucketingSalt=new_salt(),
        deployments=deployments,
        variants=variants,
        targetSegments=_filled(call, segments, bucketing_key),
        createdBy=call.author,
        lastModifiedBy=call.author,
        createdAt=call.now,
        lastModifiedAt=call.now,
    )
    call.tables.add_experiment(experiment)
    url = f"http://experiment.amplitude.com/amplitude/{project}/config/{experiment.id}"
    return decorated({"id": as_id(experiment.id, call.habits), "url": url}, call.habits)


def edit_experiment(call: Call) -> None:
    """Nothing; what the body carries is changed."""
    experiment = call.experiment()
    check_editable(experiment, call.habits, call.body)
    body = parse_body(EditExperiment, call.body, call.habits)
    sent = body.sent()
    changes: dict[str, Any] = {name: sent[name] for name in _SAME_NAME if name in sent}
    if "archive" in sent:
        changes["archived"] = body.archive
    if "tags" in changes:
        changes["tags"] = list(dict.fromkeys(body.tags))
    if "targetSegments" in sent:
        segments = segments_sent(body)
        check_segments([variant.key for variant in experiment.variants], segments)
        changes["targetSegments"] = _filled(call, segments, changes.get("bucketingKey", experiment.bucketingKey))
    if body.rolledOutVariant is not None:
        check_weights([variant.key for variant in experiment.variants], {body.rolledOutVariant: 0}, "rolledOutVariant")
    call.keep(experiment, changes | _progress(experiment, changes))


def add_deployments(call: Call) -> None:
    """Nothing; the experiment is on these deployments too."""
    experiment = call.experiment()
    check_editable(experiment, call.habits, call.body)
    body = parse_body(AddDeployments, call.body, call.habits)
    added = check_deployments(call.tables, experiment.projectId, body.deployments)
    call.keep(experiment, {"deployments": list(dict.fromkeys([*experiment.deployments, *added]))})


def remove_deployment(call: Call) -> None:
    """Nothing; the experiment is no longer on the deployment."""
    experiment = call.experiment()
    check_editable(experiment, call.habits, call.body)
    identifier = call.values["deployment"]
    if identifier not in experiment.deployments:
        raise Refusal(404, f"experiment {experiment.id} is not on deployment {identifier}")
    call.keep(experiment, {"deployments": [other for other in experiment.deployments if other != identifier]})


def check_segments(keys: list[str], segments: list[Json]) -> None:
    """Nothing; Refusal (400) where a segment weighs a variant that isn't there."""
    for place, segment in enumerate(segments):
        weights = segment.get("rolloutWeights")
        check_weights(keys, weights if isinstance(weights, dict) else {}, f"targetSegments.{place}.rolloutWeights")


def new_salt() -> str:
    """Eight random letters and digits."""
    return "".join(secrets.choice(_SALT_LETTERS) for _ in range(8))


def default_type(*, older: bool) -> str:
    """The type of an experiment that is created without one."""
    return "hypothesis-testing" if older else "a-b-test"


def _new_variants(body: CreateExperiment) -> list[Variant]:
    asked = body.variants or [NewVariant(key="control"), NewVariant(key="treatment")]
    keys = [variant.key for variant in asked]
    for key in keys:
        if keys.count(key) > 1:
            raise Refusal(400, f"`variants`: `{key}` stands there twice")
    check_weights(keys, body.rolloutWeights, "rolloutWeights")
    # Where some weights are given, a variant without one gets nobody: that is how a missing weight is evaluated.
    given = "rolloutWeights" in body.model_fields_set
    weights = {key: body.rolloutWeights.get(key, 0) if given else 1 for key in keys}
    return [
        Variant(
            key=variant.key,
            name=variant.name,
            description=variant.description,
            payload=variant.payload,
            rolloutWeight=weights[variant.key],
        )
        for variant in asked
    ]


def _filled(call: Call, segments: list[Json], bucketing_key: str) -> list[Json]:
    if not call.habits.segment_bucketing_key:
        return segments
    return [{**segment, "bucketingKey": segment.get("bucketingKey", bucketing_key)} for segment in segments]


def _progress(experiment: Experiment, changes: dict[str, Any]) -> dict[str, Any]:
    """What the product changes by itself: it runs from the first time that it is enabled, until it is decided."""
    enables = changes.get("enabled") is True
    started = experiment.started or enables
    state = experiment.state
    if changes.get("decision") is not None:
        state = "decision-made"
    elif state == "decision-made" and "decision" in changes:
        state = "running" if started else "planning"
    elif state == "planning" and enables:
        state = "running"
    return {"started": started, "state": state}
