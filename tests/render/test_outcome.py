"""What came of an apply, for people and for programs."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from expsync.model.outcome import ApplyOutcome, ExperimentOutcome, Status
from expsync.model.plan import Action, Change, Operation
from expsync.render.outcome import render_json, render_text, summary_line
from tests.render.plans import HOSTILE


def call(op: str = "editExperiment", reason: str = "name a -> b") -> Operation:
    return Operation(op=op, method="PATCH", path="/api/1/experiments/7", body={"name": "b"}, reason=reason)


def one(key: str, status: Status, **parts: Any) -> ExperimentOutcome:
    return ExperimentOutcome(**{"key": key, "id": "7", "action": "update", "status": status, **parts})


def outcome(*experiments: ExperimentOutcome, **parts: Any) -> ApplyOutcome:
    given = {"environment": "prod", "digest": "sha256:0", "interrupted": False, "requests": 3}
    return ApplyOutcome(**{**given, "experiments": list(experiments), **parts})


EVERYTHING = outcome(
    one("created", "done", action="create", done=[call(), call()]),
    one("archived", "done", action="archive", done=[call()]),
    one("back", "done", action="unarchive", done=[call()]),
    one(
        "left",
        "done",
        done=[call()],
        left=[
            Change(path="name", kind="replace", before="a", after="b"),
            Change(path="tags.team", kind="add", before=None, after="team"),
            Change(path="variants.control.payload", kind="replace", before="x" * 60, after="y" * 60),
        ],
    ),
    one(
        "broken",
        "failed",
        done=[call(reason="first")],
        failed=call(reason="second"),
        pending=[call(reason="third")],
        error="editExperiment: the server refused it (400)",
        hint="look at it",
    ),
    one("stale", "failed", error="it changed", pending=[call()]),
    one("half", "stopped", done=[call()], pending=[call()]),
    one("later", "not-tried", pending=[call()]),
    one("risky", "refused", error="variant-weights: nobody accepted it", pending=[call()]),
    one("blocked", "blocked", error="cohort-lost: a cohort would be lost"),
    interrupted=True,
    requests=1,
)


def test_every_end_of_an_experiment_is_told() -> None:
    assert render_text(EVERYTHING) == (
        "  done       created  created (2 calls)\n"
        "  done       archived  archived (1 call)\n"
        "  done       back  unarchived (1 call)\n"
        "  done       left  updated (1 call)\n"
        '             left:      name  "a" → "b"\n'
        "             left:      tags.team\n"
        f'             left:      variants.control.payload  "{"x" * 60}"\n'
        f'                        → "{"y" * 60}"\n'
        "  failed     broken  editExperiment: the server refused it (400)\n"
        "             hint: look at it\n"
        "             done:      PATCH /api/1/experiments/7 (first)\n"
        "             failed:    PATCH /api/1/experiments/7 (second)\n"
        "             not tried: PATCH /api/1/experiments/7 (third)\n"
        "  failed     stale  it changed\n"
        "             not tried: PATCH /api/1/experiments/7 (name a -> b)\n"
        "  stopped    half  interrupted after 1 call\n"
        "             done:      PATCH /api/1/experiments/7 (name a -> b)\n"
        "             not tried: PATCH /api/1/experiments/7 (name a -> b)\n"
        "  not tried  later  interrupted before its first call\n"
        "  refused    risky  variant-weights: nobody accepted it\n"
        "  blocked    blocked  cohort-lost: a cohort would be lost\n"
        "\n"
        "Read again: not everything is as it was to be; run expsync plan to see what is left.\n"
        "Interrupted: run expsync apply again to do the rest.\n"
        "Apply: 4 done, 2 failed, 1 stopped, 1 not tried, 1 refused, 1 blocked (1 request).\n"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            outcome(one("a", "done", done=[call()])),
            "Read again: what was written is live, and nothing of it is left to do.\n",
        ),
        (
            outcome(one("a", "done", done=[call()]), unverified="a: no network"),
            "What was written could not be read again: a: no network\n",
        ),
        (outcome(one("a", "failed", error="no")), ""),
        (
            outcome(one("a", "done", done=[call()]), interrupted=True),
            "Interrupted: run expsync apply again to do the rest.\n",
        ),
    ],
)
def test_what_the_last_read_found_is_told(found: ApplyOutcome, said: str) -> None:
    text = render_text(found)

    assert text.partition("\n\n")[2] == f"{said}{summary_line(found)}\n"


def test_nothing_done_is_one_line() -> None:
    assert (
        render_text(outcome())
        == "Apply: 0 done, 0 failed, 0 stopped, 0 not tried, 0 refused, 0 blocked (3 requests).\n"
    )


def test_colour_only_adds_colour() -> None:
    import re

    coloured = render_text(EVERYTHING, colour=True)

    assert coloured != render_text(EVERYTHING)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render_text(EVERYTHING)


def test_what_comes_from_outside_cannot_act_on_a_terminal_or_a_log() -> None:
    hostile = outcome(
        one(
            HOSTILE,
            "failed",
            error=HOSTILE,
            hint=HOSTILE,
            failed=call(reason=HOSTILE),
            left=[Change(path=HOSTILE, kind="replace", before=HOSTILE, after=HOSTILE)],
        ),
        one("blocked", "blocked", error=HOSTILE),
        unverified=HOSTILE,
    )

    text = render_text(hostile)

    for line in text.split("\n"):
        assert line.isprintable()
        assert "##[" not in line
        assert "##vso[" not in line
        assert not line.lstrip().startswith("::")


def test_json_is_the_whole_outcome_with_its_counts() -> None:
    document = json.loads(render_json(EVERYTHING))

    assert (
        ApplyOutcome.model_validate({k: v for k, v in document.items() if k not in ("summary", "exitCode")})
        == EVERYTHING
    )
    assert document["exitCode"] == 130
    assert document["summary"] == {
        "done": 4,
        "failed": 2,
        "stopped": 1,
        "not-tried": 1,
        "refused": 1,
        "blocked": 1,
        "left": 1,
        "requests": 1,
    }


def test_json_is_safe_to_print() -> None:
    text = render_json(outcome(one(HOSTILE, "blocked", error=HOSTILE)))

    assert all(line.isprintable() for line in text.split("\n"))
    assert json.loads(text)["experiments"][0]["error"] == HOSTILE


CHANGE = Change(path="name", kind="replace", before="a", after="b")


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (outcome(), 0),
        (outcome(one("a", "done")), 0),
        (outcome(one("a", "done", left=[CHANGE])), 4),
        (outcome(one("a", "done"), unverified="why"), 4),
        *[(outcome(one("a", "done"), one("b", status)), 4) for status in get_args(Status) if status != "done"],
        (outcome(one("a", "failed"), interrupted=True), 130),
        (outcome(one("a", "done"), interrupted=True), 130),
    ],
)
def test_the_exit_code_follows_from_the_outcome(found: ApplyOutcome, code: int) -> None:
    assert found.exit_code == code


@pytest.mark.parametrize("action", get_args(Action))
def test_every_action_has_its_word(action: Action) -> None:
    word = {"create": "created", "update": "updated", "archive": "archived", "unarchive": "unarchived"}

    text = render_text(outcome(one("a", "done", action=action)))

    assert text.startswith(f"  done       a  {word.get(action, 'blocked')} (0 calls)\n")
