"""A project as one JSON value: what a seed file holds, and what an export gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from expsync.sandbox.bodies import (
    MAX_INCLUSIONS,
    Body,
    Date,
    ExposureEvent,
    Percentage,
    Text,
    VariantKey,
    Weight,
    Weights,
)
from expsync.sandbox.experiments import default_type, new_salt
from expsync.sandbox.parsing import check_json, explain
from expsync.sandbox.records import Deployment, Experiment, Json, Kind, Variant
from expsync.sandbox.store import SandboxError
from expsync.sandbox.tables import Tables

_Id = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]


class SeedDeployment(Body):
    """A deployment of a seed."""

    id: Text
    label: Text
    key: Text = ""
    deleted: bool = False


class SeedVariant(Body):
    """A variant of a seed, with who is included in it; its weight may stand here or in `rolloutWeights`."""

    key: VariantKey
    name: str = ""
    description: str = ""
    payload: JsonValue = None
    rolloutWeight: Weight | None = None
    inclusions: Annotated[list[Text], Field(max_length=MAX_INCLUSIONS)] = Field(default_factory=list)
    cohortInclusions: list[Text] = Field(default_factory=list)


class SeedSegment(Body):
    """A segment of a seed; its conditions may be of any type, cohorts too."""

    name: str = ""
    conditions: list[Json]
    percentage: Percentage = 0
    bucketingKey: Text = ""
    rolloutWeights: Weights = Field(default_factory=dict)


class SeedExperiment(Body):
    """An experiment of a seed: what Get shows, and the rest of the truth."""

    id: _Id | None = None
    projectId: Text | None = None
    key: Text
    name: str | None = None
    description: str = ""
    kind: Kind = "experiment"
    enabled: bool = False
    archived: bool = False
    deleted: bool | None = None
    evaluationMode: Literal["remote", "local"] = "remote"
    experimentType: Literal["a-b-test", "multi-arm-bandit", "hypothesis-testing", "no-harm"] | None = None
    bucketingKey: Text = "amplitude_id"
    bucketingSalt: Text | None = None
    bucketingUnit: Text = "User"
    stickyBucketing: bool = False
    rolloutPercentage: Percentage = 0
    rolloutWeights: Weights | None = None
    startDate: Date | None = None
    endDate: Date | None = None
    tags: list[Text] = Field(default_factory=list)
    exposureEvent: ExposureEvent | None = None
    decision: Literal["rollout", "rollback", "continue-running"] | None = None
    decisionReason: str | None = None
    rolledOutVariant: str | None = None
    state: Literal["planning", "running", "analyzing", "decision-made"] | None = None
    parentDependencies: Json | None = None
    deployments: list[Text] = Field(default_factory=list)
    variants: Annotated[list[SeedVariant], Field(min_length=1)]
    targetSegments: list[SeedSegment] = Field(default_factory=list)
    createdBy: Text | None = None
    lastModifiedBy: Text | None = None
    createdAt: Text | None = None
    lastModifiedAt: Text | None = None


class World(Body):
    """A project; its experiments stand in the order of their creation."""

    model_config = ConfigDict(title="sandbox seed")

    projectId: Text
    deployments: list[SeedDeployment] = Field(default_factory=list)
    experiments: list[SeedExperiment] = Field(default_factory=list)


def keep_project(tables: Tables, project: str, deployments: Mapping[str, str]) -> None:
    """Nothing; the project and its deployments are there, and what was there is kept."""
    tables.add_project(project)
    for identifier, label in deployments.items():
        _keep_deployment(tables, _deployment(SeedDeployment(id=identifier, label=label), project))


def import_world(tables: Tables, world: Mapping[str, JsonValue], *, author: str, now: str, older: bool) -> None:
    """Nothing; the project is there as the seed says. SandboxError with the place of what is wrong."""
    try:
        check_json(dict(world))
        seed = World.model_validate(world)
    except ValidationError as error:
        raise SandboxError(f"the seed can't be used: {explain(error)}") from error
    except (ValueError, RecursionError) as error:
        raise SandboxError(f"the seed can't be used: {error}") from error
    tables.add_project(seed.projectId)
    for deployment in seed.deployments:
        _keep_deployment(tables, _deployment(deployment, seed.projectId))
    for sown in seed.experiments:
        _check(tables, seed.projectId, sown)
        experiment = _experiment(tables, seed.projectId, sown, author=author, now=now, older=older)
        tables.add_experiment(experiment)
        for variant in sown.variants:
            tables.set_members(experiment.id, variant.key, "users", list(dict.fromkeys(variant.inclusions)))
            tables.set_members(experiment.id, variant.key, "cohorts", list(dict.fromkeys(variant.cohortInclusions)))


def export_world(tables: Tables, project: str) -> Json:
    """The project in the shape of a seed; SandboxError where there is none of that id."""
    if not tables.has_project(project):
        raise SandboxError(f"the sandbox has no project {project}")
    deployments: list[JsonValue] = [
        deployment.model_dump(exclude={"projectId"}) for deployment in tables.deployments([project])
    ]
    experiments: list[JsonValue] = [_exported(tables, experiment) for experiment in tables.experiments(project)]
    return {"projectId": project, "deployments": deployments, "experiments": experiments}


def _keep_deployment(tables: Tables, deployment: Deployment) -> None:
    there = tables.deployment(deployment.id)
    if there is None:
        tables.add_deployment(deployment)
    elif there.projectId != deployment.projectId:
        raise SandboxError(
            f"deployment {there.id} belongs to project {there.projectId}, not to {deployment.projectId}; "
            "deployment ids are unique across projects, so give it another one"
        )


def _deployment(sown: SeedDeployment, project: str) -> Deployment:
    key = sown.key or f"sandbox-deployment-{sown.id}"
    return Deployment(id=sown.id, projectId=project, label=sown.label, key=key, deleted=sown.deleted)


def _check(tables: Tables, project: str, sown: SeedExperiment) -> None:
    """Nothing; SandboxError where the experiment contradicts itself or what is already there."""
    keys = [variant.key for variant in sown.variants]
    weighed = {key for segment in sown.targetSegments for key in segment.rolloutWeights} | set(
        sown.rolloutWeights or {}
    )
    problems = [
        *(f"variant `{key}` stands there twice" for key in dict.fromkeys(keys) if keys.count(key) > 1),
        *(f"a weight is for `{key}`, which is no variant" for key in sorted(weighed - set(keys))),
        *(f"the project has no deployment {one}" for one in sown.deployments if not _has(tables, project, one)),
    ]
    if sown.projectId not in (None, project):
        problems.append(f"projectId is {sown.projectId}, and the seed is of project {project}")
    if sown.deleted not in (None, sown.archived):
        problems.append("`deleted` and `archived` differ")
    if sown.rolledOutVariant is not None and sown.rolledOutVariant not in keys:
        problems.append(f"`rolledOutVariant` is `{sown.rolledOutVariant}`, which is no variant")
    for variant in sown.variants:
        weight = (sown.rolloutWeights or {}).get(variant.key)
        if variant.rolloutWeight is not None and sown.rolloutWeights is not None and weight != variant.rolloutWeight:
            problems.append(f"the two weights of `{variant.key}` differ")
    if tables.id_of_key(project, sown.key) is not None:
        problems.append("the project already has an experiment of this key")
    if sown.id is not None and tables.experiment(sown.id) is not None:
        problems.append(f"there is already an experiment of id {sown.id}")
    if problems:
        raise SandboxError(f"the seed can't be used: experiment `{sown.key}`: {'; '.join(problems)}")


def _has(tables: Tables, project: str, identifier: str) -> bool:
    deployment = tables.deployment(identifier)
    return deployment is not None and deployment.projectId == project


def _experiment(
    tables: Tables, project: str, sown: SeedExperiment, *, author: str, now: str, older: bool
) -> Experiment:
    decided = "decision-made" if sown.decision is not None else None
    state = sown.state or decided or ("running" if sown.enabled else "planning")
    return Experiment(
        **sown.model_dump(include=set(_SAME)),
        exposureEvent=None if sown.exposureEvent is None else sown.exposureEvent.sent(),
        id=sown.id or tables.new_id(),
        projectId=project,
        name=sown.key if sown.name is None else sown.name,
        experimentType=sown.experimentType or default_type(older=older),
        bucketingSalt=sown.bucketingSalt or new_salt(),
        state=state,
        started=sown.enabled or state != "planning",
        variants=[_variant(variant, sown.rolloutWeights) for variant in sown.variants],
        targetSegments=[segment.sent() for segment in sown.targetSegments],
        createdBy=sown.createdBy or author,
        lastModifiedBy=sown.lastModifiedBy or sown.createdBy or author,
        createdAt=sown.createdAt or now,
        lastModifiedAt=sown.lastModifiedAt or sown.createdAt or now,
    )


_SAME = frozenset(
    {
        "key",
        "description",
        "kind",
        "enabled",
        "archived",
        "evaluationMode",
        "bucketingKey",
        "bucketingUnit",
        "stickyBucketing",
        "rolloutPercentage",
        "startDate",
        "endDate",
        "tags",
        "decision",
        "decisionReason",
        "rolledOutVariant",
        "parentDependencies",
        "deployments",
    }
)
"""The fields of a seed that go into the truth as they are."""


def _variant(sown: SeedVariant, weights: Mapping[str, Any] | None) -> Variant:
    weight = sown.rolloutWeight
    if weight is None:
        weight = 1 if weights is None else weights.get(sown.key)
    return Variant(
        key=sown.key, name=sown.name, description=sown.description, payload=sown.payload, rolloutWeight=weight
    )


def _exported(tables: Tables, experiment: Experiment) -> Json:
    body: Json = experiment.model_dump(exclude={"started", "variants"})
    weights = {variant.key: variant.rolloutWeight for variant in experiment.variants}
    body["rolloutWeights"] = {key: weight for key, weight in weights.items() if weight is not None}
    body["variants"] = [
        {
            **variant.model_dump(),
            "inclusions": [*tables.members(experiment.id, variant.key, "users")],
            "cohortInclusions": [*tables.members(experiment.id, variant.key, "cohorts")],
        }
        for variant in experiment.variants
    ]
    return body
