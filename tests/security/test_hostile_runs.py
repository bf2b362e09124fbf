"""Whole runs with hostile texts in the files, on the live side and in what the server says: nothing acts anywhere."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Ran, Run
from tests.cli.workspace import Workspace
from tests.security.conftest import Lied
from tests.security.hostile import HOSTILE, acts
from tests.security.world import EXPERIMENT, REPLIES, STRANGER, VARIANTS

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def harmless(*runs: Ran) -> None:
    """Nothing; neither stream of any of the runs acts, and none is a traceback or our own mistake."""
    for ran in runs:
        assert acts(ran.out) == []
        assert acts(ran.err) == []
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err


def declared_with(key: str, text: str) -> dict[str, Any]:
    return {
        "key": key,
        "name": text,
        "description": text,
        "tags": [text, f"x{text}"],
        "rolloutPercentage": 10,
        "decision": "rollout",
        "decisionReason": text,
        "exposureEvent": {"event_type": text, "filters": []},
        "variants": [
            {"key": "control", "name": text, "description": text, "payload": {text[:300]: [text, {"deep": text}]}},
            {"key": "treatment", "payload": text, "inclusions": [text], "cohortInclusions": [text]},
        ],
        "targetSegments": [
            {
                "name": text,
                "percentage": 50,
                "rolloutWeights": {"control": 1},
                "conditions": [{"prop": f"gp:{text}", "op": "is", "values": [text]}],
            }
        ],
        "acknowledge": [{"risk": "segments", "reason": text}],
        "lifecycle": {"ignoreChanges": [f"variants.{text}.name"]},
    }


def declare(workspace: Workspace, texts: Mapping[str, str]) -> None:
    """Nothing; the files declare these experiments. What JSON writes as two halves is one escape in YAML."""
    for path in (workspace.root / "experiments").glob("*.yaml"):
        path.unlink()
    for key, text in texts.items():
        content = re.sub(
            r"\\ud[89ab]..\\ud[c-f]..",
            lambda found: f"\\U{ord(json.loads(chr(34) + found[0] + chr(34))):08x}",
            json.dumps(declared_with(key, text)),
        )
        workspace.path(key).write_text(content, encoding="utf-8")


def test_texts_in_files_act_nowhere_and_come_back_to_the_letter(workspace: Workspace, run: Run) -> None:
    workspace.configure("policy: {refuse: never}\n")
    declared = {f"e{place:02}": text for place, text in enumerate(HOSTILE.values())}
    declare(workspace, declared)
    harmless(checked := run("validate", "--format", "json"), run("validate"), run("plan"))
    bad = {problem["subject"] for problem in json.loads(checked.out)["problems"] if problem["severity"] == "error"}
    good = {key: text for key, text in declared.items() if key not in bad}
    assert len(good) >= 10
    declare(workspace, good)

    planned = run("plan", "--format", "json", "--out", "plan.json", "-v")
    shown = run("show", "plan.json", "-v")
    applied = run("apply", "plan.json", "--yes", "-v", "--log", "log.jsonl")
    again = run("plan", "-v")
    harmless(planned, shown, applied, again)
    assert (planned.code, applied.code, again.code) == (0, 0, 0), planned.err[:3000]
    assert "Nothing to do" in again.out
    plan = json.loads(planned.out)
    assert (workspace.root / "plan.json").read_text(encoding="utf-8") == planned.out
    for experiment in plan["experiments"]:
        text = declared[experiment["key"]]
        (creation, *_) = experiment["operations"]
        assert (creation["body"]["name"], creation["body"]["description"]) == (text, text)
    for key, text in good.items():
        live = workspace.live(key)
        assert (live["name"], live["variants"][1]["payload"]) == (text, text)
    log = (workspace.root / "log.jsonl").read_text(encoding="utf-8")
    assert len(list(map(json.loads, log.splitlines()))) > len(good)


def poisoned(value: Any, text: str, kept: tuple[str, ...]) -> Any:
    """The JSON value with the text in the place of every text, and in every name, but for members that are `kept`."""
    match value:
        case str():
            return text
        case list():
            return [poisoned(member, text, kept) for member in value]
        case Mapping():
            return {name: member if name in kept else poisoned(member, text, kept) for name, member in value.items()}
        case _:
            return value


def live_with(text: str) -> dict[str, Any]:
    """Replies of a live side that has the text wherever it can be and the file's experiment still be recognised."""
    kept = ("id", "projectId", "key", "enabled", "type")
    shell = poisoned(EXPERIMENT, text, ("variants", "rolloutWeights", "startDate", "endDate", *kept))
    shell["targetSegments"][0]["rolloutWeights"] = {"control": 1}
    strangers = [{**STRANGER, "key": text, "id": f"{text}{n}", "tags": [text]} for n in range(2)]
    more = {"key": f"{text}", "name": text, "description": text, "payload": {text: text}, "rolloutWeight": 1}
    whole = {**shell, "variants": [{"key": "control"}, {"key": text}], "rolloutWeights": {"control": 1, text: 1}}
    return {
        "listExperiments": {"experiments": [whole, *strangers], "nextCursor": None},
        "getExperiment": whole,
        "listVariants": [VARIANTS[0], more],
        "getInclusions": [text, f"{text}2"],
        "getCohortInclusions": [text],
    }


@hostile
def test_texts_of_the_live_side_act_nowhere(lied: Lied, text: str) -> None:
    replies = live_with(text)
    planned = lied.run("plan", "--prune", "-v", "--out", "plan.json", replies=replies)
    as_json = lied.run("plan", "--prune", "--format", "json", replies=replies)
    applied = lied.run("apply", "--prune", "--yes", "-v", "--log", "log", "--allow-mass-change", replies=replies)
    applied_json = lied.run("apply", "--yes", "--format", "json", replies=replies)
    harmless(planned, as_json, applied, applied_json)
    assert planned.code == 0, planned.err
    assert acts((lied.root / "plan.json").read_text(encoding="utf-8")) == []
    assert applied.code == applied_json.code == 4, applied.err
    assert json.loads(applied_json.out)["exitCode"] == 4
    found = json.loads(as_json.out)
    removed = next(e for e in found["experiments"] if e["key"] == "checkout")["changes"]
    assert f"variants.{text}" in [change["path"] for change in removed]
    assert text in {change["before"] for change in removed if isinstance(change["before"], str)}


@hostile
def test_what_was_asked_for_acts_nowhere(lied: Lied, text: str) -> None:
    text = text.replace("\0", "")  # no argument can hold it
    # A glob that matches nothing is another case, below.
    targeted = [] if set(text) & set("*?[") else [lied.run("plan", "-t", text)]
    harmless(lied.run("plan", "-e", text), lied.run("show", text[:200]), *targeted)


@pytest.mark.parametrize("text", [HOSTILE[name] for name in ("github grouping", "azure command", "combining flood")])
def test_a_target_that_matches_nothing_acts_nowhere(lied: Lied, text: str) -> None:
    harmless(lied.run("plan", "-t", f"*{text}"))


SAID: dict[str, Any] = {
    "a refusal": lambda text: httpx.Response(400, text=text),
    "a failure": lambda text: httpx.Response(500, json={"error": text}),
    "a redirect": lambda text: httpx.Response(302, headers=[(b"Location", f"https://e.example/{text}".encode())]),
    "no JSON": lambda text: httpx.Response(200, text=text),
    "another shape": lambda text: httpx.Response(200, json={"experiments": [{text: text, "id": {text: 1}}]}),
    "a member that does not fit": lambda text: httpx.Response(
        200, json={"experiments": [{"id": 1, "key": "a", "rolloutWeights": {text: text}}]}
    ),
}


@hostile
def test_what_a_server_says_acts_nowhere(lied: Lied, text: str) -> None:
    for name, say in SAID.items():
        read = lied.run("plan", "-v", replies={"listExperiments": lambda _, say=say: say(text)})
        harmless(read)
        assert (name, read.code, read.out, len(read.err) < 3000) == (name, 1, "", True)
        assert read.err.count("error: ") == 1


@hostile
def test_what_a_server_says_of_writes_acts_nowhere(lied: Lied, text: str) -> None:
    replies = {
        "editVariant": lambda _: httpx.Response(400, text=text),
        "createVariant": lambda _: httpx.Response(403, text=text),
        "editExperiment": lambda _: httpx.Response(400, json={"error": text}),
    }
    written = lied.run("apply", "--yes", "-v", "--log", "log", replies=replies)
    harmless(written)
    assert written.code == 4
    for line in (lied.root / "log").read_text(encoding="utf-8").splitlines():
        json.loads(line)


def test_the_replies_of_these_tests_are_sound(lied: Lied) -> None:
    planned = lied.run("plan", replies=copy.deepcopy(REPLIES))
    assert planned.code == 0
    assert "1 to update" in planned.out
