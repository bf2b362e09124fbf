"""Problems as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import join, normpath
from urllib.parse import quote

from pydantic import JsonValue

from expsync.diagnostics import Diagnostic, Place
from expsync.model.json_text import indented_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(problems: Sequence[Diagnostic], *, folder: str, version: str, rules: Mapping[str, str]) -> str:
    """One run with a result a problem; `folder` is the workspace's, and `rules` says of each code what it is about."""
    used = sorted({problem.code for problem in problems})
    driver: dict[str, JsonValue] = {
        "name": "expsync",
        "version": version,
        "rules": [{"id": code, "shortDescription": {"text": rules.get(code, code)}} for code in used],
    }
    results: list[JsonValue] = [_result(problem, folder, used.index(problem.code)) for problem in problems]
    run: dict[str, JsonValue] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return indented_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(problem: Diagnostic, folder: str, rule: int) -> dict[str, JsonValue]:
    text = ". ".join(part for part in (problem.message, problem.detail, problem.hint) if part)
    result: dict[str, JsonValue] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": text},
    }
    if problem.place is not None:
        result["locations"] = [{"physicalLocation": _location(problem.place, folder)}]
    return result


def _location(place: Place, folder: str) -> dict[str, JsonValue]:
    location: dict[str, JsonValue] = {"artifactLocation": {"uri": quote(normpath(join(folder, place.file)))}}
    if place.line:
        region: dict[str, JsonValue] = {"startLine": place.line}
        if place.column:
            region["startColumn"] = place.column
        location["region"] = region
    return location
