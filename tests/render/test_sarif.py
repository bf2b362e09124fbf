"""Problems for code scanning: valid by the standard's schema, and as GitHub wants them."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from expsync.diagnostics import Diagnostic, Place
from expsync.render import sarif
from expsync.render.sarif import RuleText, render_sarif
from tests.render.sarif_reading import against_github, against_the_schema
from tests.render.test_annotations import NOWHERE, WRONG
from tests.security.hostile import HALVES, HOSTILE, acts

RULES = {
    "EXP104": RuleText("A number out of range", "A number out of range.", "See the message."),
    "EXP404": RuleText("Nothing matched", "Often a mistyped folder.", "Correct it.", "warning", "nothing-matched"),
}


def document(*problems: Diagnostic, folder: str = ".") -> Any:
    return json.loads(render_sarif(problems, folder=folder, about="expsync.yaml", version="1.2.3", rules=RULES))


def results(*problems: Diagnostic, folder: str = ".") -> list[Any]:
    found = document(*problems, folder=folder)
    assert against_the_schema(found) == against_github(found) == []
    listed: list[Any] = found["runs"][0]["results"]
    return listed


def test_a_document_with_a_problem() -> None:
    assert document(WRONG) == {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "expsync",
                        "version": "1.2.3",
                        "rules": [
                            {
                                "id": "EXP104",
                                "shortDescription": {"text": "A number out of range"},
                                "fullDescription": {"text": "A number out of range."},
                                "help": {"text": "See the message."},
                                "defaultConfiguration": {"level": "error"},
                                "properties": {"precision": "very-high", "problem.severity": "error"},
                            },
                            {
                                "id": "EXP404",
                                "name": "nothing-matched",
                                "shortDescription": {"text": "Nothing matched"},
                                "fullDescription": {"text": "Often a mistyped folder."},
                                "help": {"text": "Correct it."},
                                "defaultConfiguration": {"level": "warning"},
                                "properties": {"precision": "very-high", "problem.severity": "warning"},
                            },
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": "EXP104",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {
                            "text": "rolloutPercentage is out of range. 130 is not between 0 and 100. "
                            "hint: write a percentage"
                        },
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "experiments/a.yaml"},
                                    "region": {"startLine": 14, "startColumn": 20, "endLine": 14},
                                },
                                "logicalLocations": [{"name": "checkout", "kind": "experiment"}],
                            }
                        ],
                        "partialFingerprints": {"expsyncProblem/v1": "79e30def6ed9085c41056ef00c0a9ea6"},
                    }
                ],
            }
        ],
    }


def test_without_a_problem_the_rules_are_there_all_the_same() -> None:
    """So GitHub closes what it had found before, and still has the texts for it."""
    found = document()
    assert against_the_schema(found) == against_github(found) == []
    (run,) = found["runs"]
    assert (run["results"], len(run["tool"]["driver"]["rules"])) == ([], 2)


def test_a_problem_without_a_place_is_shown_at_the_workspace_file() -> None:
    """GitHub refuses a file with a result that has no location."""
    (found,) = results(NOWHERE, folder="infra")
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "infra/expsync.yaml"},
                "region": {"startLine": 1, "endLine": 1},
            }
        }
    ]


@pytest.mark.parametrize(
    ("folder", "file", "uri"),
    [
        ("infra", "experiments/a.yaml", "infra/experiments/a.yaml"),
        ("infra/x y/..", "a.yaml", "infra/a.yaml"),
        (".", "a b#c%20d?.yaml", "a%20b%23c%2520d%3F.yaml"),
        (".", "a:b/[c]é🩺.yaml", "a%3Ab/%5Bc%5D%C3%A9%F0%9F%A9%BA.yaml"),
        (".", "\\x\n\u202e.yaml", "%5Cx%0A%E2%80%AE.yaml"),
        (".", os.fsdecode(b"caf\xe9.yaml"), "caf%E9.yaml"),
    ],
)
def test_a_path_is_told_from_the_root_of_the_repository_as_a_uri(folder: str, file: str, uri: str) -> None:
    (found,) = results(Diagnostic("EXP104", "error", Place(file, 1, 1), "m"), folder=folder)
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("text", [*HOSTILE.values(), *HALVES.values()], ids=[*HOSTILE, *HALVES])
def test_what_a_file_says_does_nothing(text: str) -> None:
    problem = Diagnostic("EXP104", "error", Place("a.yaml", 1, 1), text, text, text, text)
    (found,) = results(problem)
    assert acts(found["message"]["text"]) == []
    assert acts(found["locations"][0]["logicalLocations"][0]["name"]) == []
    assert acts(render_sarif([problem], folder=".", about="expsync.yaml", version="1", rules=RULES)) == []


def test_a_fingerprint_stays_when_lines_move_and_is_another_for_each_problem() -> None:
    def prints(*problems: Diagnostic) -> list[str]:
        return [result["partialFingerprints"]["expsyncProblem/v1"] for result in results(*problems)]

    def wrong(line: int = 1, file: str = "a.yaml", message: str = "m", subject: str = "s") -> Diagnostic:
        return Diagnostic("EXP104", "error", Place(file, line, line), message, subject=subject)

    assert prints(wrong(1)) == prints(wrong(7))
    assert prints(wrong(1), wrong(2)) == prints(wrong(3), wrong(4))
    others = [wrong(), wrong(), wrong(file="b.yaml"), wrong(message="n"), wrong(subject="t"), NOWHERE]
    assert len(set(prints(*others))) == len(others)
    assert prints(wrong(message="sm", subject="")) != prints(wrong(message="m", subject="s"))


def test_of_too_many_problems_warnings_give_way_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif.MOST_RESULTS == 25_000
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    assert [found["level"] for found in results(NOWHERE, WRONG, NOWHERE, WRONG)] == ["error", "error", "warning"]
    assert [found["level"] for found in results(NOWHERE, WRONG, NOWHERE)] == ["warning", "error", "warning"]


def test_a_document_that_is_wrong_is_found_out() -> None:
    """The two readings that the other tests rely on."""

    def broken(change: Any) -> tuple[list[str], list[str]]:
        found = document(WRONG)
        change(found["runs"][0]["results"][0])
        return against_the_schema(found), against_github(found)

    def with_region(**region: int) -> Any:
        return lambda result: result["locations"][0]["physicalLocation"].update(region=region)

    assert broken(lambda result: None) == ([], [])
    assert broken(lambda result: result.update(level="fatal"))[0] == [
        "$.runs[0].results[0].level: 'fatal' is not one of ['none', 'note', 'warning', 'error']"
    ]
    assert broken(lambda result: result.update(place=1)) == (
        ["$.runs[0].results[0]: Additional properties are not allowed ('place' was unexpected)"],
        [],
    )
    schema, github = broken(with_region(startLine=0, endLine=0))
    assert (len(schema), github) == (2, ["lines of result 0"])
    assert broken(with_region(startLine=2, endLine=1)) == ([], ["lines of result 0"])
    assert broken(lambda result: result.update(ruleIndex=1)) == ([], ["rule of result 0"])
