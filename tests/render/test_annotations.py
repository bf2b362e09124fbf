"""Problems for GitHub and for code scanning: the right line, and nothing that a file says can act."""

from __future__ import annotations

import json

from expsync.diagnostics import Diagnostic, Place
from expsync.render.github import render_annotations
from expsync.render.sarif import render_sarif

WRONG = Diagnostic(
    "EXP104",
    "error",
    Place("experiments/a.yaml", 14, 20),
    "rolloutPercentage is out of range",
    "130 is not between 0 and 100",
    "write a percentage",
    "checkout",
)
NOWHERE = Diagnostic("EXP404", "warning", None, "nothing matched")


def test_an_annotation_stands_on_its_line() -> None:
    assert render_annotations([WRONG, NOWHERE], folder=".") == (
        "::error title=EXP104 checkout,file=experiments/a.yaml,line=14,col=20::rolloutPercentage is out of range"
        "%0A130 is not between 0 and 100%0Ahint: write a percentage\n"
        "::warning title=EXP404::nothing matched\n"
    )


def test_the_place_is_told_from_the_root_of_the_repository() -> None:
    assert "file=infra/experiments/a.yaml," in render_annotations([WRONG], folder="infra")
    document = json.loads(render_sarif([WRONG], folder="infra/x y/..", version="1", rules={}))
    location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "infra/experiments/a.yaml"}


def test_what_a_file_says_cannot_make_a_command() -> None:
    hostile = "a\n::error::b\r%0A,x=y:z\x1b[31m"
    problem = Diagnostic("EXP1", "error", Place(hostile, 1), hostile, hostile, hostile, hostile)
    text = render_annotations([problem], folder=".")
    assert text.count("\n") == 1
    assert text.replace("\n", "").isprintable()
    properties = text.split("::", 2)[1]
    assert [part.split("=")[0] for part in properties.removeprefix("error ").split(",")] == ["title", "file", "line"]


def test_the_sarif_document_has_a_result_a_problem_and_a_rule_a_code() -> None:
    text = render_sarif(
        [WRONG, NOWHERE, NOWHERE], folder=".", version="1.2.3", rules={"EXP104": "a number out of range"}
    )
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert run["tool"]["driver"] == {
        "name": "expsync",
        "version": "1.2.3",
        "rules": [
            {"id": "EXP104", "shortDescription": {"text": "a number out of range"}},
            {"id": "EXP404", "shortDescription": {"text": "EXP404"}},
        ],
    }
    assert run["results"][0] == {
        "ruleId": "EXP104",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "rolloutPercentage is out of range. 130 is not between 0 and 100. write a percentage"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "experiments/a.yaml"},
                    "region": {"startLine": 14, "startColumn": 20},
                }
            }
        ],
    }
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 1]
    assert "locations" not in run["results"][1]


def test_a_place_without_a_line_has_no_region() -> None:
    problem = Diagnostic("EXP1", "error", Place("a.yaml"), "m")
    document = json.loads(render_sarif([problem], folder=".", version="1", rules={}))
    assert document["runs"][0]["results"][0]["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "a.yaml"}}}
    ]
    assert render_annotations([problem], folder=".") == "::error title=EXP1,file=a.yaml::m\n"
