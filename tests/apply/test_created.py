"""An experiment of the same key that somebody else made is not taken for the one that was created."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.apply.world import Answer, Trouble, bench


def made_by(body: dict[str, Any], **edits: Any) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """While a creation is under way, somebody else makes an experiment of the same key; the creation gets no answer."""

    def react(request: httpx.Request, answer: Answer) -> httpx.Response:
        reply = answer(
            httpx.Request(
                "POST",
                request.url,
                headers={"content-type": "application/json"},
                content=json.dumps({"projectId": "1001", "key": "exp", **body}).encode(),
            )
        )
        if edits:
            id = reply.json()["id"]
            answer(
                httpx.Request(
                    "PATCH",
                    f"{request.url}/{id}",
                    headers={"content-type": "application/json"},
                    content=json.dumps(edits).encode(),
                )
            )
        raise httpx.ReadError("cut", request=request)

    return react


SENT = {
    "key": "exp",
    "name": "New",
    "rolloutPercentage": 5,
    "deployments": ["web"],
    "variants": [{"key": "a", "payload": {"x": 1}, "rolloutWeight": 2}, {"key": "b"}],
    "targetSegments": [{"name": "US", "percentage": 10}],
}
SAME: dict[str, Any] = {
    "name": "New",
    "deployments": ["101"],
    "variants": [{"key": "a", "payload": {"x": 1}}, {"key": "b"}],
    "rolloutWeights": {"a": 2, "b": 1},
    "targetSegments": [{"name": "US", "percentage": 10, "conditions": [], "rolloutWeights": {"a": 2, "b": 1}}],
}
OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another name": ({**SAME, "name": "By hand"}, {}, "name"),
    "another deployment": ({**SAME, "deployments": []}, {}, "deployments"),
    "other variants": (
        {**SAME, "variants": [{"key": "a"}], "rolloutWeights": {}, "targetSegments": []},
        {},
        "targetSegments, variants",
    ),
    "another payload": ({**SAME, "variants": [{"key": "a"}, {"key": "b"}]}, {}, "variants.a.payload"),
    "other weights": ({**SAME, "rolloutWeights": {"a": 2, "b": 3}}, {}, "variants.b.rolloutWeight"),
    "other segments": ({**SAME, "targetSegments": []}, {}, "targetSegments"),
    "enabled": (SAME, {"enabled": True}, "enabled"),
    "tagged": (SAME, {"tags": ["theirs"]}, "tags"),
    "rolled out": (SAME, {"rolloutPercentage": 7}, "rolloutPercentage"),
}


@pytest.mark.parametrize(("body", "edits", "other"), OTHERS.values(), ids=OTHERS)
def test_an_experiment_that_somebody_else_made_meanwhile_is_not_taken_for_ours(
    tmp_path: Path, body: dict[str, Any], edits: dict[str, Any], other: str
) -> None:
    with bench(tmp_path) as run:
        run.declare(SENT)
        plan = run.plan()
        run.wire.troubles = [Trouble("createExperiment", made_by(body, **edits))]
        (told,) = run.apply(plan).experiments

        assert (told.status, told.id, told.done) == ("failed", None, [])
        assert told.error.startswith(
            f"createExperiment: no answer says that it was created, and experiment {run.live('exp')['id']}, which has "
            f"the key now, is not what was sent (other: {other}"
        )
        assert told.hint == "run expsync plan again and look at what is different now"
        assert run.wire.writes == ["createExperiment"]


def test_one_that_is_just_what_was_sent_is_gone_on_with(tmp_path: Path) -> None:
    with bench(tmp_path) as run:
        run.declare(SENT)
        plan = run.plan()
        run.wire.troubles = [Trouble("createExperiment", made_by(SAME))]
        outcome = run.apply(plan)

        assert (outcome.exit_code, run.wire.writes) == (0, ["createExperiment", "editExperiment"])
