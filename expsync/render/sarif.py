"""Problems as SARIF 2.1.0, which code scanning services read; in the form that GitHub asks for beyond the standard.

GitHub wants of each rule a text of each kind, and of each result a place with a line, since one without is refused.
What stands in its docs as required and isn't here: `endColumn`, without which a region goes to the end of its line,
and `primaryLocationLineHash`, a hash of the file that GitHub's own upload step works out (and warns of any other).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import join, normpath
from urllib.parse import quote

from pydantic import JsonValue

from expsync.diagnostics import Diagnostic, Place, Severity
from expsync.model.json_text import indented_json
from expsync.render.safe import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
"""GitHub refuses a file with more."""
_FINGERPRINT = "expsyncProblem/v1"


@dataclass(frozen=True, slots=True)
class RuleText:
    """What is said of a code, whoever breaks it: in brief, why, and the way out; `name` is empty where it has none."""

    brief: str
    why: str
    settle: str
    severity: Severity = "error"
    name: str = ""


def render_sarif(
    problems: Sequence[Diagnostic], *, folder: str, about: str, version: str, rules: Mapping[str, RuleText]
) -> str:
    """One run with a result a problem, at most `MOST_RESULTS`, and every rule whether it is broken or not.

    `folder` is the workspace's, relative to the repository's root, and `about` the file in it that a problem without
    a place is shown at. Where there are too many problems, warnings give way before errors.
    """
    index = {code: place for place, code in enumerate(rules)}
    driver: dict[str, JsonValue] = {
        "name": "expsync",
        "version": version,
        "rules": [_rule(code, rule) for code, rule in rules.items()],
    }
    shown = problems
    if len(problems) > MOST_RESULTS:
        shown = sorted(problems, key=lambda problem: problem.severity != "error")[:MOST_RESULTS]
    run: dict[str, JsonValue] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(shown, folder, about, index)),
    }
    return indented_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, rule: RuleText) -> JsonValue:
    descriptor: dict[str, JsonValue] = {
        "id": code,
        "shortDescription": {"text": rule.brief},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.settle},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"precision": "very-high", "problem.severity": rule.severity},
    }
    if rule.name:
        descriptor["name"] = rule.name
    return descriptor


def _results(
    problems: Sequence[Diagnostic], folder: str, about: str, index: Mapping[str, int]
) -> Iterator[dict[str, JsonValue]]:
    seen: Counter[tuple[str, ...]] = Counter()
    for problem in problems:
        place = problem.place or Place(about)
        uri = quote(os.fsencode(normpath(join(folder, place.file))))
        same = (problem.code, uri, problem.subject, problem.message)
        seen[same] += 1
        yield {
            "ruleId": problem.code,
            "ruleIndex": index[problem.code],
            "level": problem.severity,
            "message": {"text": _message(problem)},
            "locations": [_location(uri, place, problem.subject)],
            "partialFingerprints": {_FINGERPRINT: _fingerprint(*same, str(seen[same]))},
        }


def _message(problem: Diagnostic) -> str:
    """What, why and the way out as sentences, of which GitHub shows the first alone where there is little room."""
    parts = (problem.message, *problem.detail.splitlines(), f"hint: {problem.hint}" if problem.hint else "")
    text = ". ".join(visible(part) for part in parts if part)
    # Otherwise `[words](target)` out of a file would be a link.
    return text.replace("](", "] (")


def _location(uri: str, place: Place, subject: str) -> dict[str, JsonValue]:
    region: dict[str, JsonValue] = {"startLine": place.line or 1, "endLine": place.line or 1}
    if place.column:
        region["startColumn"] = place.column
    location: dict[str, JsonValue] = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    if subject:
        location["logicalLocations"] = [{"name": visible(subject), "kind": "experiment"}]
    return location


def _fingerprint(*parts: str) -> str:
    """A text that stays when lines move: by it a problem is known again in the next run."""
    # Two problems must not look alike because a part of one ends where the other's begins.
    said = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()[:32]
