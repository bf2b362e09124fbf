"""Live experiments and declarations for tests of risks, the whole way from bodies and files to findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from expsync.core.normalize import desired_state, live_state
from expsync.core.planner import Planned, plan_declared
from expsync.model.experiment import Declared, Experiment
from expsync.model.plan import Finding
from expsync.model.state import State
from expsync.model.workspace import Environment, Ownership
from expsync.wire.schema import WireExperiment

TODAY = date(2026, 5, 1)
BODY: Mapping[str, Any] = {
    "id": "1",
    "key": "exp",
    "name": "Exp",
    "enabled": True,
    "deployments": ["101"],
    "rolloutPercentage": 50,
    "evaluationMode": "remote",
    "experimentType": "a-b-test",
    "bucketingKey": "amplitude_id",
    "bucketingSalt": "salt",
    "bucketingUnit": "User",
    "stickyBucketing": False,
    "startDate": None,
    "endDate": None,
    "exposureEvent": None,
    "tags": ["managed-by-expsync"],
    "state": "planning",
    "createdBy": "somebody",
    "variants": [{"key": "control"}, {"key": "treatment"}],
    "rolloutWeights": {"control": 1, "treatment": 1},
    "targetSegments": [],
}
"""Users are being served, half and half."""

WORLDS: Mapping[str, Mapping[str, Any]] = {
    "live": {},
    "running": {"state": "running"},
    "disabled": {"enabled": False},
    "draft": {"enabled": False, "deployments": [], "rolloutPercentage": 0},
}


def variants(**weights: float | None) -> list[dict[str, Any]]:
    """Declared variants; None is a weight that the file leaves out."""
    return [{"key": key, **({} if weight is None else {"rolloutWeight": weight})} for key, weight in weights.items()]


def held(**weights: float) -> dict[str, Any]:
    """The fields of a body with these variants and weights."""
    return {"variants": [{"key": key} for key in weights], "rolloutWeights": weights}


def segment(name: str, countries: Sequence[str] = ("US",), **fields: Any) -> dict[str, Any]:
    """A segment of users in these countries, all of them, half and half; of everybody where there are none."""
    conditions = [{"prop": "country", "op": "is", "values": list(countries)}] if countries else []
    usual = {"percentage": 100, "rolloutWeights": {"control": 1, "treatment": 1}}
    return {"name": name, "conditions": conditions, **usual, **fields}


def live_of(body: Mapping[str, Any], **lists: Any) -> State:
    """What a body says; a None among `body` takes a field of BODY out of it."""
    fields = {**BODY, **body}
    wire = WireExperiment.model_validate({k: v for k, v in fields.items() if k not in body.get("without", ())})
    return live_state(wire, archived=fields.get("archived", False), whole=True, **lists)


def planned(live: State | None, declared: Mapping[str, Any], *, today: date = TODAY) -> Planned:
    """What a declaration makes of a live experiment, or of none."""
    experiment = Experiment.model_validate({"key": "exp", **declared})
    desired = desired_state(Declared(experiment, "exp.yaml", 1), Environment(projectId="1", baseUrl="sandbox"))
    return plan_declared(desired, live, Ownership(), "1", today=today)


def findings(live: State | None, declared: Mapping[str, Any], *, today: date = TODAY) -> list[Finding]:
    """The findings of that; none where it changes nothing."""
    made = planned(live, declared, today=today).experiment
    return [] if made is None else made.findings


def risks(body: Mapping[str, Any], declared: Mapping[str, Any]) -> list[str]:
    """`critical variant-weights`, for each finding of a change of the experiment with that body."""
    return [f"{finding.severity} {finding.risk}" for finding in findings(live_of(body), declared)]
