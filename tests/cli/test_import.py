"""`expsync import`: what is written."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.apply.world import Trouble
from tests.cli.conftest import Run
from tests.cli.importing import (
    COHORT,
    NEXT,
    NOTE,
    PROPERTY,
    changed_paths,
    experiment,
    files,
    reply_with,
    users,
)
from tests.cli.workspace import Workspace, workspace

__all__ = ["workspace"]


# --- what is written ---


def test_an_experiment_becomes_a_file_that_says_what_is_live(run: Run, workspace: Workspace) -> None:
    variants = [
        {"key": "control", "inclusions": ["qa@example.com", "012"]},
        {"key": "treatment", "name": "Green", "payload": {"color": "#0a0", "n": [1, 2.5, None]}, "rolloutWeight": 2},
    ]
    segment = {
        "name": "US",
        "percentage": 50,
        "bucketingKey": "device_id",
        "rolloutWeights": {"control": 1},
        "conditions": [PROPERTY],
    }
    workspace.sow(
        experiment(
            "checkout",
            name="Checkout: button",
            description="Two\nlines.\n",
            enabled=True,
            rolloutPercentage=12.5,
            startDate="2026-02-01",
            endDate="2026-03-01T10:00:00Z",
            tags=["managed-by-expsync", "protected-by-expsync", "team", "on"],
            deployments=["101"],
            decision="rollout",
            decisionReason="won",
            rolledOutVariant="treatment",
            variants=variants,
            targetSegments=[segment],
        )
    )

    ran = run("import", "checkout")

    assert (ran.code, ran.out) == (0, "experiments/checkout.yaml\n")
    assert ran.err == "imported 1 experiment from test; the files written:\n" + NOTE + NEXT
    assert files(workspace) == {
        "checkout.yaml": """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
key: checkout
name: "Checkout: button"
description: |
  Two
  lines.
enabled: true
bucketingKey: amplitude_id
bucketingSalt: aBcDeF12
rolloutPercentage: 12.5
startDate: 2026-02-01
endDate: 2026-03-01T10:00:00Z
tags: ["on", team]
deployments: [web]
decision: rollout
decisionReason: won
rolledOutVariant: treatment
variants:
  - key: control
    rolloutWeight: 1
    inclusions: ["012", qa@example.com]
  - key: treatment
    name: Green
    payload: {color: "#0a0", "n": [1, 2.5, null]}
    rolloutWeight: 2
targetSegments:
  - name: US
    percentage: 50
    bucketingKey: device_id
    rolloutWeights: {control: 1, treatment: 0}
    conditions:
      - {prop: country, op: is, values: [US]}
lifecycle:
  preventArchive: true
"""
    }
    assert run("validate").code == 0
    assert run("fmt", "--check").code == 0
    assert changed_paths(run) == []
    assert workspace.writes == []


def test_all_fields_are_written_with_defaults_and_empty_lists(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("exp", variants=[{"key": "control"}]))

    assert run("import", "--all", "--all-fields").code == 0

    assert (
        files(workspace)["exp.yaml"]
        == """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
key: exp
name: exp
description: ""
enabled: false
archived: false
evaluationMode: remote
experimentType: a-b-test
bucketingKey: amplitude_id
bucketingSalt: aBcDeF12
bucketingUnit: User
stickyBucketing: false
rolloutPercentage: 0
startDate: null
endDate: null
tags: []
deployments: []
decision: null
decisionReason: ""
rolledOutVariant: null
variants:
  - key: control
    name: ""
    description: ""
    payload: {}
    rolloutWeight: 1
    inclusions: []
    cohortInclusions: []
targetSegments: []
"""
    )
    assert run("fmt", "--check").code == 0
    assert changed_paths(run) == []


def test_without_inclusions_they_are_neither_read_nor_declared(run: Run, workspace: Workspace) -> None:
    variants = [{"key": "control", "inclusions": ["u"], "cohortInclusions": ["c"]}]
    workspace.sow(experiment("exp", variants=variants))

    assert run("import", "exp", "--no-inclusions", "--all-fields").code == 0

    assert "nclusions" not in files(workspace)["exp.yaml"]
    assert Counter(workspace.asked) == {"listExperiments": 1, "getExperiment": 1, "listVariants": 1}


def test_what_is_awkward_is_left_out_and_named(run: Run, workspace: Workspace) -> None:
    segments = [
        {"name": "Beta\x1b[31m", "percentage": 5, "rolloutWeights": {}, "conditions": [PROPERTY, COHORT]},
        {"name": "US", "percentage": 5, "rolloutWeights": {}, "conditions": [PROPERTY]},
    ]
    users = [{"key": "control", "inclusions": ["a", " b"]}, {"key": "treatment", "inclusions": ["a"]}]
    key = "ampex_0123456789abcdef"
    workspace.sow(
        experiment(
            "exp",
            targetSegments=segments,
            variants=users,
            description=key,
            startDate="2026-02-01",
            endDate="2026-01-01",
        )
    )
    workspace.troubles.append(Trouble("getExperiment", reply_with({"experimentType": "web", "evaluationMode": "edge"})))

    ran = run("import", "exp")

    reasons = [
        'targetSegments: "Beta[31m" has a condition of type cohort, which the API shows and does not take back',
        "description: it holds what looks like an API key",
        'evaluationMode: evaluationMode can\'t be "edge": one of: remote, local',
        'experimentType: experimentType can\'t be "web": one of: '
        "a-b-test, multi-arm-bandit, hypothesis-testing, no-harm",
        'endDate: endDate is before startDate: "2026-01-01" is before "2026-02-01"',
        'variants.control.inclusions: the user " b" has white space at an end: such an id matches nobody',
        'variants.treatment.inclusions: the user "a" is included in two variants: "control" and "treatment"; '
        "which one counts is not defined",
    ]
    text = files(workspace)["exp.yaml"]
    head, _, body = text.partition("key: exp\n")
    assert head.splitlines() == [
        "# yaml-language-server: $schema=../schemas/experiment.schema.json",
        "# Left out, and so left alone:",
        *(f"# - {reason}" for reason in reasons),
    ]
    assert body.startswith("enabled: false\nbucketingKey: amplitude_id\n")
    assert "".join(f"  experiments/exp.yaml: {reason}\n" for reason in reasons) in ran.err
    assert ran.code == 0
    assert key not in ran.out + ran.err + text
    assert run("validate").code == 0
    assert changed_paths(run) == []


def test_a_rule_of_the_house_holds_for_imported_files_too(run: Run, workspace: Workspace) -> None:
    workspace.configure("rules: {EXP410: error}\n")
    segment = {"name": "All", "percentage": 5, "rolloutWeights": {}, "conditions": []}
    workspace.sow(experiment("exp", targetSegments=[segment]))

    assert run("import", "exp").code == 0

    text = files(workspace)["exp.yaml"]
    assert '# - targetSegments "All": conditions: segment "All" has no conditions' in text
    assert run("validate").code == 0
    assert changed_paths(run) == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**64, "it has more than 64 bits"),
        (
            [
                [
                    [
                        [
                            [
                                [
                                    [
                                        [
                                            [
                                                [
                                                    [
                                                        [
                                                            [
                                                                [
                                                                    [
                                                                        [
                                                                            [
                                                                                [
                                                                                    [
                                                                                        [
                                                                                            [
                                                                                                [
                                                                                                    [
                                                                                                        [
                                                                                                            [
                                                                                                                [
                                                                                                                    [
                                                                                                                        [
                                                                                                                            [
                                                                                                                                [
                                                                                                                                    [
                                                                                                                                        [
                                                                                                                                            [
                                                                                                                                                [
                                                                                                                                                    [
                                                                                                                                                        [
                                                                                                                                                            [
                                                                                                                                                                [
                                                                                                                                                                    [
                                                                                                                                                                        [
                                                                                                                                                                            [
                                                                                                                                                                                [
                                                                                                                                                                                    [
                                                                                                                                                                                        [
                                                                                                                                                                                            [
                                                                                                                                                                                                [
                                                                                                                                                                                                    [
                                                                                                                                                                                                        [
                                                                                                                                                                                                            [
                                                                                                                                                                                                                [
                                                                                                                                                                                                                    [
                                                                                                                                                                                                                        [
                                                                                                                                                                                                                            [
                                                                                                                                                                                                                                [
                                                                                                                                                                                                                                    0
                                                                                                                                                                                                                                ]
                                                                                                                                                                                                                            ]
                                                                                                                                                                                                                        ]
                                                                                                                                                                                                                    ]
                                                                                                                                                                                                                ]
                                                                                                                                                                                                            ]
                                                                                                                                                                                                        ]
                                                                                                                                                                                                    ]
                                                                                                                                                                                                ]
                                                                                                                                                                                            ]
                                                                                                                                                                                        ]
                                                                                                                                                                                    ]
                                                                                                                                                                                ]
                                                                                                                                                                            ]
                                                                                                                                                                        ]
                                                                                                                                                                    ]
                                                                                                                                                                ]
                                                                                                                                                            ]
                                                                                                                                                        ]
                                                                                                                                                    ]
                                                                                                                                                ]
                                                                                                                                            ]
                                                                                                                                        ]
                                                                                                                                    ]
                                                                                                                                ]
                                                                                                                            ]
                                                                                                                        ]
                                                                                                                    ]
                                                                                                                ]
                                                                                                            ]
                                                                                                        ]
                                                                                                    ]
                                                                                                ]
                                                                                            ]
                                                                                        ]
                                                                                    ]
                                                                                ]
                                                                            ]
                                                                        ]
                                                                    ]
                                                                ]
                                                            ]
                                                        ]
                                                    ]
                                                ]
                                            ]
                                        ]
                                    ]
                                ]
                            ]
                        ]
                    ]
                ]
            ],
            "deep",
        ),
    ],
)
def test_a_payload_that_no_file_can_hold_is_left_alone(run: Run, workspace: Workspace, value: Any, why: str) -> None:
    variants = [{"key": "control", "payload": {"v": value}}, {"key": "treatment", "payload": {"v": 1}}]
    workspace.sow(experiment("exp", variants=variants))

    assert run("import", "exp").code == 0

    text = files(workspace)["exp.yaml"]
    (line,) = [line for line in text.splitlines() if line.startswith("# - ")]
    assert line.startswith("# - variants.control.payload: ")
    assert why in line
    assert "payload: {v: 1}" in text
    assert run("validate").code == 0
    assert changed_paths(run) == []


# --- users ---


def test_many_users_go_into_a_file_of_their_own(run: Run, workspace: Workspace) -> None:
    workspace.sow(experiment("exp", variants=users(21)))

    ran = run("import", "exp")

    assert ran.out == "experiments/exp.control.users.txt\nexperiments/exp.yaml\n"
    found = files(workspace)
    assert "    inclusions: {file: exp.control.users.txt}\n" in found["exp.yaml"]
    lines = ["# Users who always get control of exp, one id a line.", *(f"user-{n:02}" for n in range(21))]
    assert found["exp.control.users.txt"].splitlines() == lines
    assert run("fmt", "--check").code == 0
    assert changed_paths(run) == []


@pytest.mark.parametrize(
    ("count", "odd", "globs"),
    [
        (20, "z", ""),
        (21, "a #b", ""),
        (21, "#c", ""),
        (21, "a\nb", ""),
        (21, "a\u200bb", ""),
        (21, "z", "experiments: ['experiments/**']\n"),
    ],
)
def test_users_whom_a_file_of_their_own_could_not_hold_stay_in_the_experiment(
    run: Run, workspace: Workspace, count: int, odd: str, globs: str
) -> None:
    workspace.configure(globs)
    workspace.sow(experiment("exp", variants=users(count - 1, odd)))

    assert run("import", "exp").code == 0

    assert list(files(workspace)) == ["exp.yaml"]
    assert run("validate").code == 0
    assert changed_paths(run) == []
