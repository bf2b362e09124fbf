"""Diagnostics as text and as values."""

from __future__ import annotations

import pytest

from expsync.diagnostics import Diagnostic, Place, Severity
from expsync.render.problems import count_text, problem_document, problem_text
from tests.render.plans import HOSTILE

PROBLEM = Diagnostic(
    "EXP104",
    "error",
    Place("experiments/checkout.yaml", 14, 20),
    "rolloutPercentage is out of range",
    detail="130 is not between 0 and 100",
    hint="use a number from 0 to 100",
    subject="checkout-button",
)


def test_a_problem_has_its_place_and_the_way_out() -> None:
    assert problem_text(PROBLEM, colour=False) == (
        "error[EXP104]: rolloutPercentage is out of range\n"
        "  experiments/checkout.yaml:14:20  checkout-button\n"
        "  130 is not between 0 and 100\n"
        "  hint: use a number from 0 to 100"
    )


@pytest.mark.parametrize(("severity", "code"), [("error", 31), ("warning", 33)])
def test_colour_marks_the_severity(severity: Severity, code: int) -> None:
    problem = Diagnostic("EXP1", severity, None, "bad")

    assert problem_text(problem, colour=True) == f"\x1b[{code}m{severity}[EXP1]\x1b[0m: \x1b[1mbad\x1b[0m"


def test_a_problem_cannot_act() -> None:
    hostile = Diagnostic(
        "EXP1", "error", Place("::error::.yaml", 1, 1), HOSTILE, HOSTILE + "\n::warning::", HOSTILE, HOSTILE
    )

    lines = problem_text(hostile, colour=False).split("\n")
    assert len(lines) == 8
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in lines)


@pytest.mark.parametrize(
    ("errors", "warnings", "text"),
    [(0, 0, "no problems"), (1, 0, "1 error"), (0, 2, "2 warnings"), (2, 1, "2 errors, 1 warning")],
)
def test_problems_are_counted_by_severity(errors: int, warnings: int, text: str) -> None:
    problems = [Diagnostic("E", "error", None, "")] * errors + [Diagnostic("W", "warning", None, "")] * warnings

    assert count_text(problems) == text


def test_a_problem_as_values_has_null_for_an_unknown_place() -> None:
    assert problem_document(Diagnostic("EXP1", "warning", Place("a.yaml"), "m")) == {
        "code": "EXP1",
        "severity": "warning",
        "file": "a.yaml",
        "line": None,
        "column": None,
        "message": "m",
        "detail": "",
        "hint": "",
        "subject": "",
    }
    assert problem_document(Diagnostic("EXP1", "warning", None, "m"))["file"] is None
