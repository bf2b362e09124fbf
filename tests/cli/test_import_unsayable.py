"""`expsync import`: what a server may say and no file can hold is left out by name, and so left alone."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.apply.world import Trouble
from tests.cli.conftest import Run
from tests.cli.importing import PROPERTY, changed_paths, experiment, files, reply_with, reply_with_each
from tests.cli.workspace import Workspace, workspace

__all__ = ["workspace"]


def segment(**fields: Any) -> dict[str, Any]:
    return {"targetSegments": [{"name": "S", **fields}]}


# What a server may say that no file can, and how the comment begins.
UNSAYABLE: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"rolloutPercentage": 130},
        ["rolloutPercentage: rolloutPercentage is out of range: 130 is not"],
    ),
    ({"rolloutPercentage": -1}, ["rolloutPercentage: "]),
    ({"rolloutWeights": {"control": -1, "treatment": 1}}, ["variants.control.rolloutWeight: "]),
    ({"evaluationMode": "edge"}, ["evaluationMode: "]),
    ({"experimentType": "web"}, ["experimentType: "]),
    ({"startDate": "soon"}, ["startDate: startDate is not a date: "]),
    ({"decision": "maybe"}, ["decision: "]),
    ({"decision": "continue-running", "rolledOutVariant": "control"}, ["rolledOutVariant: "]),
    ({"rolledOutVariant": "gone"}, ['rolledOutVariant: rolledOutVariant "gone" is no variant']),
    ({"tags": ["a", ""]}, ["tags: "]),
    ({"variants": [{"key": "Bad Key"}, {"key": "treatment"}]}, ["variants: "]),
    ({"variants": [{"key": "off"}, {"key": "treatment"}]}, ["variants: "]),
    ({"exposureEvent": {"event_type": None}}, ["exposureEvent: "]),
    ({"exposureEvent": {"event_type": "e", "filters": [{"subprop_op": "near"}]}}, ["exposureEvent: "]),
    (segment(percentage=200), ['targetSegments "S": percentage: ']),
    (
        segment(conditions=[{**PROPERTY, "op": "near"}]),
        ['targetSegments "S": conditions: '],
    ),
    (
        segment(conditions=[{**PROPERTY, "prop": ""}]),
        ['targetSegments "S": conditions: '],
    ),
    (
        segment(conditions=[{**PROPERTY, "values": []}]),
        ['targetSegments "S": conditions: there is no value to compare with: an empty list is met by nobody'],
    ),
    ({"deployments": ["101", "an-id"]}, []),
    ({"bucketingKey": "", "bucketingUnit": None, "enabled": None}, []),
    ({"name": None, "description": None, "tags": None, "deployments": None, "targetSegments": None}, []),
]


@pytest.mark.parametrize("all_fields", [False, True])
@pytest.mark.parametrize(("said", "reasons"), UNSAYABLE, ids=[json.dumps(said) for said, _ in UNSAYABLE])
def test_what_no_file_can_say_is_left_alone_by_name(
    run: Run, workspace: Workspace, said: dict[str, Any], reasons: list[str], all_fields: bool
) -> None:
    workspace.sow(experiment("exp"))
    workspace.troubles.append(Trouble("getExperiment", reply_with(said), times=99))
    workspace.troubles.append(Trouble("listExperiments", reply_with_each(said), times=99))

    ran = run("import", "exp", "--no-inclusions", *(["--all-fields"] if all_fields else []))

    assert ran.code == 0, ran.err
    lines = [line[4:] for line in files(workspace)["exp.yaml"].splitlines() if line.startswith("# - ")]
    assert [line[: len(reason)] for line, reason in zip(lines, reasons, strict=True)] == reasons
    assert run("validate").code == 0
    assert run("fmt", "--check").code == 0
    assert set(changed_paths(run)) <= {"exp: tags.managed-by-expsync"}


def test_a_weight_that_outlived_its_variant_is_left_out_since_it_gives_nobody_anything(
    run: Run, workspace: Workspace
) -> None:
    workspace.sow(experiment("exp"))
    odd = segment(rolloutWeights={"gone": 1, "control": 1}, percentage=5)
    workspace.troubles.append(Trouble("getExperiment", reply_with(odd)))

    assert run("import", "exp").code == 0

    text = files(workspace)["exp.yaml"]
    weights = "    rolloutWeights: {control: 1, treatment: 0}\n"
    assert f"targetSegments:\n  - name: S\n    percentage: 5\n{weights}    conditions: []\n" in text
    assert run("validate").code == 0


def test_more_users_than_a_variant_may_have_are_left_alone(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("exp"))
    everyone = [f"user-{n}" for n in range(2001)]
    workspace.troubles.append(Trouble("getInclusions", lambda *_: httpx.Response(200, json=everyone)))

    assert run("import", "exp").code == 0

    text = files(workspace)["exp.yaml"]
    assert '# - variants.control.inclusions: the variant "control" includes too many users: 2,001; the API' in text
    assert "user-" not in text
