"""Acknowledgements of risks that what a file declares can't raise."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from expsync.config.rules_risks import POSSIBLE
from expsync.model.experiment import Experiment
from expsync.model.words import RiskName
from tests.config.world import WORKSPACE, brief, load_one
from tests.core.test_risk import TABLE, Row

VARIANTS = [{"key": "a"}, {"key": "b"}]
SEGMENT = {"name": "s", "conditions": [{"prop": "p", "op": "is", "values": ["x"]}]}
# fmt: off
NEAR_MISSES: list[tuple[RiskName, dict[str, Any], str]] = [
    # risk, what does not raise it,                                       why
    ("variant-weights", {"variants": VARIANTS}, "no weights are declared"),
    ("variant-added", {"rolloutPercentage": 5}, "no variants are declared"),
    ("variant-removed", {"rolloutPercentage": 5}, "no variants are declared"),
    ("variant-renamed", {"variants": VARIANTS}, "no variant declares renamedFrom"),
    ("variant-order", {"rolloutPercentage": 5}, "no variants are declared"),
    ("bucketing-salt", {"bucketingKey": "k"}, "bucketingSalt is not declared"),
    ("bucketing-key", {"bucketingSalt": "s"}, "bucketingKey is not declared"),
    ("bucketing-unit", {"bucketingKey": "k"}, "bucketingUnit is not declared"),
    ("evaluation-mode", {"experimentType": "a-b-test"}, "evaluationMode is not declared"),
    ("sticky-bucketing", {"rolloutPercentage": 5}, "neither stickyBucketing nor a split is declared"),
    ("segments", {"variants": VARIANTS}, "targetSegments is not declared"),
    ("segment-catches-all", {"targetSegments": [SEGMENT]}, "no segment without conditions is declared"),
    ("uneven-segments", {"enabled": True}, "neither a split nor a percentage is declared"),
    ("percentage-up", {"rolloutPercentage": 0}, "no percentage above 0 is declared"),
    ("percentage-down", {"rolloutPercentage": 100}, "no percentage below 100 is declared"),
    ("disabled", {"enabled": True}, "enabled: false is not declared"),
    ("archived", {"archived": False}, "archived: true is not declared"),
    ("deployment-removed", {"enabled": True}, "deployments are not declared"),
    ("exposure-event", {"enabled": True}, "exposureEvent is not declared"),
    ("bandit-weights", {"variants": VARIANTS}, "no variant declares a weight"),
    ("payload", {"variants": [{"key": "a", "name": "A"}]}, "no variant declares a payload"),
    ("inclusions-many", {"variants": [{"key": "a", "inclusions": [f"u{n}" for n in range(100)]}]},
     "no variant declares more than 100 users"),
    ("analysis-window", {"enabled": True}, "neither startDate nor endDate is declared"),
    ("cohort-lost", {"targetSegments": []}, "the API can't write a cohort, and nothing accepts its loss"),
]
# fmt: on


@pytest.mark.parametrize("row", [row for row in TABLE if row.risk != "cohort-lost"], ids=lambda row: row.risk)
def test_what_raises_a_risk_is_what_may_raise_it(row: Row) -> None:
    experiment = Experiment.model_validate({"key": "exp", **row.wanted})
    assert POSSIBLE[row.risk][0](experiment)


@pytest.mark.parametrize(("risk", "declared", "why"), NEAR_MISSES, ids=[risk for risk, _, _ in NEAR_MISSES])
def test_what_can_not_raise_a_risk_is_told(risk: RiskName, declared: dict[str, Any], why: str) -> None:
    possible, said = POSSIBLE[risk]
    assert (possible(Experiment.model_validate({"key": "exp", **declared})), said) == (False, why)


def test_every_risk_is_looked_for() -> None:
    assert tuple(POSSIBLE) == get_args(RiskName) == tuple(risk for risk, _, _ in NEAR_MISSES)


ACCEPTED = "acknowledge:\n  - {risk: disabled, reason: r}\n"
IDLE = "warning EXP406 3:5 the acknowledgement of disabled accepts nothing"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", [IDLE]),
        ("enabled: false\n", []),
        ("environments:\n  prod: {enabled: false}\n", []),
        ("environments:\n  prod: {enabled: true}\n", [IDLE]),
        ("environments:\n  prod: {enabled: false, skip: true}\n", [IDLE]),
        (
            "enabled: false\nenvironments:\n  prod: {enabled: true, acknowledge: [{risk: disabled, reason: r}]}\n",
            ["warning EXP406 6:39 the acknowledgement of disabled accepts nothing"],
        ),
    ],
)
def test_an_acknowledgement_is_needed_if_any_environment_that_it_holds_for_may_need_it(
    tmp_path: Path, rest: str, expected: list[str]
) -> None:
    assert [brief(d) for d in load_one(tmp_path, f"key: a\n{ACCEPTED}{rest}").diagnostics] == expected


def test_nothing_is_said_of_an_experiment_that_can_not_be_read_whole(tmp_path: Path) -> None:
    told = load_one(tmp_path, f"key: a\n{ACCEPTED}enabled: no\n").diagnostics
    assert [brief(d) for d in told] == ["EXP103 4:10 enabled is of the wrong kind"]


def test_one_that_has_ended_is_told_once(tmp_path: Path) -> None:
    text = "key: a\nacknowledge:\n  - {risk: disabled, reason: r, until: 2026-01-31}\n"
    told = load_one(tmp_path, text).diagnostics
    assert [brief(d) for d in told] == ["warning EXP403 3:40 the acknowledgement of disabled has ended"]


def test_the_whole_message_says_what_to_do(tmp_path: Path) -> None:
    assert [str(d) for d in load_one(tmp_path, f"key: a\n{ACCEPTED}").diagnostics] == [
        "warning[EXP406]: the acknowledgement of disabled accepts nothing\n"
        "  experiments/a.yaml:3:5  a\n"
        "  enabled: false is not declared\n"
        "  hint: delete it, and write it again with the change that needs it"
    ]


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, f"key: a\n{ACCEPTED}", workspace=WORKSPACE + "rules: {EXP406: off}\n")
    assert loaded.diagnostics == ()
