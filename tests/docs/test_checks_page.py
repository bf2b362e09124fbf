"""docs/checks.md shows the files of examples/checks, and says of Open Policy Agent what holds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.docs.page import fences
from tests.docs.test_checks import CHECKS, HOUSE, PAGE, interpreter

TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = {fence.title: fence for fence in fences(TEXT) if fence.title.startswith("checks/")}
OPA = [line for fence in fences(TEXT) for line in fence.lines if line.startswith("opa eval ")]
EMPTY: dict[str, Any] = {
    "formatVersion": "1.0",
    "environment": HOUSE["environment"],
    "projectId": HOUSE["projectId"],
    "base": {"ref": "main", "commit": "0"},
    "experiments": [],
}
DATA = {"house": HOUSE, "context": {"today": "2026-11-01", "labels": []}}


def test_every_file_is_shown_to_the_letter() -> None:
    files = {f"checks/{file.relative_to(CHECKS).as_posix()}": file for file in CHECKS.rglob("*") if file.is_file()}

    assert {name: fence.text for name, fence in SHOWN.items()} == {
        name: file.read_text(encoding="utf-8") for name, file in files.items()
    }


def test_what_the_command_lines_name_is_there() -> None:
    named = set(re.findall(r"\bchecks/[\w./-]*[\w-]", TEXT))

    assert {name for name in named if not (CHECKS.parent / name).exists()} == set()


def results(query: str, *, document: Any, policy: bool = True) -> list[Any]:
    """What a query is, which is what the exit code of `opa eval` hangs on: none where it is undefined."""
    said = str(interpreter(document, DATA, policy=policy).query(query))
    expressions: list[Any] = [] if said == "undefined" else json.loads(said)["expressions"]
    return expressions


def queries() -> dict[str, str]:
    found = {}
    for line in OPA:
        options = re.fullmatch(r"opa eval (--[a-z-]+) .*--input plan\.json '([^']+)'", line)
        assert options is not None, line
        found[options[1]] = options[2]
    return found


def test_the_queries_of_the_page_are_defined_where_it_says() -> None:
    asked = queries()
    denied = {**EMPTY, "environment": "another"}

    assert sorted(asked) == ["--fail", "--fail-defined"]
    assert results(asked["--fail"], document=EMPTY) == [[]]
    assert results(asked["--fail-defined"], document=EMPTY) == []
    assert "the plan is for another environment or project" in results(asked["--fail-defined"], document=denied)


@pytest.mark.parametrize("option", ["--fail", "--fail-defined"])
def test_without_the_policy_both_are_undefined(option: str) -> None:
    assert results(queries()[option], document=EMPTY, policy=False) == []
