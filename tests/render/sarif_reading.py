"""What a code scanning service would find wrong with a SARIF document."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema import Draft4Validator

_SCHEMA = Path(__file__).parent / "schema" / "sarif-schema-2.1.0.json"
_SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
# A relative reference of RFC 3986 that is a path within the repository.
_URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+")
_LONGEST_TEXT = 1_024
_LONGEST_NAME = 255


@cache
def _validator() -> Draft4Validator:
    content = _SCHEMA.read_bytes()
    assert hashlib.sha256(content).hexdigest() == _SHA256, "not the document that OASIS has published"
    schema = json.loads(content)
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


def against_the_schema(document: Any) -> list[str]:
    """What the standard's schema has against it."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(document)]


def against_github(document: Any) -> list[str]:
    """What GitHub's page on SARIF asks for beyond the schema, and is not so."""
    found = []
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        texts = [rule[kind]["text"] for kind in ("shortDescription", "fullDescription", "help")]
        if not all(0 < len(text) <= _LONGEST_TEXT for text in texts) or len(rule.get("name", "")) > _LONGEST_NAME:
            found.append(f"texts of {rule['id']}")
    if len({rule["id"] for rule in rules}) != len(rules):
        found.append("a rule twice")
    if len(run["results"]) > 25_000:
        found.append("too many results")
    prints = [tuple(result["partialFingerprints"].values()) for result in run["results"]]
    if len(set(prints)) != len(prints) or not all(prints):
        found.append("fingerprints that are the same")
    for number, result in enumerate(run["results"]):
        found += [f"{what} of result {number}" for what in _against(result, rules)]
    return found


def _against(result: Any, rules: list[Any]) -> list[str]:
    (location,) = result["locations"]
    where = location["physicalLocation"]
    uri, region = where["artifactLocation"]["uri"], where["region"]
    return [
        what
        for what, good in {
            "rule": rules[result["ruleIndex"]]["id"] == result["ruleId"],
            "level": result["level"] in ("error", "warning"),
            "message": result["message"]["text"] and "](" not in result["message"]["text"],
            "uri": _URI.fullmatch(uri) and not uri.startswith("/") and ".." not in uri.split("/"),
            "lines": 1 <= region["startLine"] <= region["endLine"],
            "column": region.get("startColumn", 1) >= 1,
        }.items()
        if not good
    ]


def places(document: Any) -> list[tuple[bytes, int, int | None]]:
    """File, line and column of each result."""
    found = []
    for result in document["runs"][0]["results"]:
        where = result["locations"][0]["physicalLocation"]
        region = where["region"]
        found.append(
            (unquote_to_bytes(where["artifactLocation"]["uri"]), region["startLine"], region.get("startColumn"))
        )
    return found
