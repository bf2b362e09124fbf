"""`expsync plan`."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.model.plan_file import load_plan, read_plan
from expsync.render import text
from tests.apply.world import Answer, Trouble
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

NEW = {"key": "checkout", "name": "Checkout", "deployments": ["web"]}


def summary(out: str) -> str:
    return out.splitlines()[-1]


def test_a_plan_is_the_only_thing_on_stdout(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("plan", "--out", "plan.json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == text.render(read_plan(Path("plan.json")), colour=False, width=120)
    assert summary(ran.out).startswith("Plan: 1 to create, 0 to update, 0 to archive, 0 to unarchive, 0 unchanged")
    assert workspace.writes == []


def test_a_saved_plan_shows_as_it_did(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)
    shown = run("plan", "--out", "plan.json").out
    workspace.forget()

    assert run("show", "plan.json").out == shown
    assert workspace.asked == []


def test_json_is_the_document_that_is_saved(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("plan", "--format", "json", "--out", "plan.json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == Path("plan.json").read_text(encoding="utf-8")
    document = json.loads(ran.out)
    assert (document["environment"], document["projectId"], document["baseUrl"]) == ("test", "1001", "sandbox")
    assert load_plan(ran.out).experiments[0].key == "checkout"


def test_equal_inputs_give_equal_bytes_but_for_the_time(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("b", deployments=["102", "101"]), live("a"), live("z"))
    workspace.declare(NEW, {"key": "a", "name": "A"}, {"key": "b", "deployments": [], "tags": ["y", "x"]})

    first, second = (run("plan", "--format", "json").out for _ in range(2))

    time = re.compile(r'"createdAt": "[^"]*Z"')
    assert len(time.findall(first)) == 1
    assert time.sub("", first) == time.sub("", second)
    assert json.loads(first)["digest"] == json.loads(second)["digest"]


def test_the_order_of_files_and_targets_does_not_matter(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "a"}, {"key": "b"})
    first = json.loads(run("plan", "--format", "json", "-t", "a", "-t", "b", "-t", "a").out)
    workspace.declare({"key": "b"}, {"key": "a"})
    second = json.loads(run("plan", "--format", "json", "-t", "b", "-t", "a").out)

    assert first["scope"] == {"targets": ["a", "b"], "prune": False}
    assert first["digest"] == second["digest"]


# --- the exit code ---


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({"key": "exp"}, 0),
        ({"key": "exp", "name": "New"}, 2),
        ({"key": "exp", "archived": True}, 2),
        ({"key": "new"}, 2),
    ],
)
def test_the_detailed_exit_code_tells_whether_changes_are_pending(
    run: Run, workspace: Workspace, declared: dict[str, Any], code: int
) -> None:
    workspace.sow(live("exp"))
    workspace.declare(declared)

    assert run("plan", "--detailed-exitcode").code == code
    assert run("plan").code == 0


def test_a_blocked_change_is_pending_too(run: Run, workspace: Workspace) -> None:
    cohort = {"name": "Beta", "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}]}
    workspace.sow(live("exp", targetSegments=[cohort]))
    workspace.declare({"key": "exp", "targetSegments": []})

    ran = run("plan", "--detailed-exitcode")
    assert (ran.code, "blocked cohort-lost" in ran.out) == (2, True)


# --- targets ---


@pytest.mark.parametrize(
    ("targets", "keys"),
    [
        (["checkout-*"], ["checkout-a", "checkout-b"]),
        (["checkout-a", "search"], ["checkout-a", "search"]),
        (["*-b", "sear??"], ["checkout-b", "search"]),
        (["checkout-[!a]"], ["checkout-b"]),
        (["*"], ["checkout-a", "checkout-b", "search"]),
    ],
)
def test_targets_choose_among_the_keys(run: Run, workspace: Workspace, targets: list[str], keys: list[str]) -> None:
    workspace.declare({"key": "checkout-a"}, {"key": "checkout-b"}, {"key": "search"})

    ran = run("plan", "--format", "json", *(part for target in targets for part in ("-t", target)))

    assert (ran.code, ran.err) == (0, "")
    assert [planned["key"] for planned in json.loads(ran.out)["experiments"]] == keys


def test_what_is_not_a_target_is_neither_read_nor_listed(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a"), live("b"), live("stray"), live("a-stray"))
    workspace.declare({"key": "a", "tags": ["managed-by-expsync"]}, {"key": "b", "tags": []})

    document = json.loads(run("plan", "--format", "json", "--target", "a*").out)

    assert document["experiments"] == []
    assert document["summary"]["unchanged"] == 1
    assert [entry["key"] for entry in document["unmanaged"]] == ["a-stray"]
    assert workspace.asked == ["listExperiments", "getExperiment"]


def test_a_glob_that_matches_nothing_is_a_warning(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "checkout"})

    ran = run("plan", "-t", "checkuot-*", "-t", "checkout")

    assert (ran.code, ran.err) == (0, "warning: nothing matches the target 'checkuot-*'\n")
    assert "+ checkout will be created" in ran.out


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("checkuot", "did you mean 'checkout'?"),
        ("stary", "did you mean 'stray'?"),
        ("zzz", "-t takes keys, or globs such as 'checkout-*'"),
        ("", "-t takes keys, or globs such as 'checkout-*'"),
    ],
)
def test_a_key_that_is_nowhere_is_an_error(run: Run, workspace: Workspace, target: str, hint: str) -> None:
    workspace.sow(live("stray"))
    workspace.declare({"key": "checkout"})

    ran = run("plan", "-t", target)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error: no experiment is called {target!r}, neither in the files nor live\n  hint: {hint}\n"


def test_a_live_key_may_be_a_target(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("stray"))

    ran = run("plan", "-t", "stray", "--prune", "--format", "json")

    assert [planned["action"] for planned in json.loads(ran.out)["experiments"]] == ["archive"]


# --- prune ---


def test_only_what_is_owned_and_not_protected_is_pruned(run: Run, workspace: Workspace) -> None:
    workspace.sow(
        live("ours"),
        live("theirs", tags=["team"]),
        live("protected", tags=["managed-by-expsync", "protected-by-expsync"]),
        live("declared"),
    )
    workspace.declare({"key": "declared"})

    without = json.loads(run("plan", "--format", "json").out)
    pruning = json.loads(run("plan", "--format", "json", "--prune").out)

    assert (without["experiments"], without["scope"]["prune"]) == ([], False)
    assert [(e["key"], e["action"], e["file"]) for e in pruning["experiments"]] == [("ours", "archive", None)]
    assert [(u["key"], u["owned"]) for u in pruning["unmanaged"]] == [("protected", True), ("theirs", False)]
    assert {u["owned"] for u in without["unmanaged"]} == {None}


# --- guards and warnings ---


def test_a_mass_change_is_warned_of(run: Run, workspace: Workspace) -> None:
    workspace.configure("policy: {massChange: {percent: 30, atLeast: 3}}\n")
    workspace.sow(live("a"), live("b"), live("c"))
    workspace.declare({"key": "a"}, {"key": "b"})

    ran = run("plan", "--prune")

    assert ran.code == 0
    assert ran.err == (
        "warning: 1 of 3 managed experiments would be archived or disabled at once, more than 30 % "
        "(policy.massChange): apply will refuse it without --allow-mass-change\n"
    )
    assert run("plan", "--prune", "-q").err == ""


def test_verbose_tells_each_request_on_stderr(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("plan", "-v")

    lines = [re.sub(r"\d+ ms", "N ms", line) for line in ran.err.splitlines()]
    assert lines == ["GET /api/1/experiments 200 N ms"] * 2
    assert "createExperiment  POST /api/1/experiments" in ran.out


def test_that_there_are_warnings_about_the_files_goes_to_stderr(run: Run, workspace: Workspace) -> None:
    nobody = [{"key": "control", "rolloutWeight": 0}, {"key": "treatment", "rolloutWeight": 0}]
    workspace.declare({**NEW, "variants": nobody})
    loud, quiet = run("plan"), run("plan", "--quiet")

    assert (loud.code, quiet.code, quiet.err) == (0, 0, "")
    assert loud.out == quiet.out
    assert loud.err == "a warning about the files: `expsync validate` shows it\n"


# --- what fails ---


def test_bad_files_end_it_before_any_request(run: Run, workspace: Workspace) -> None:
    workspace.path("bad").write_text("key: bad\nrolloutPercentage: 130\nenabeld: true\n", encoding="utf-8")

    ran = run("plan", "--out", "plan.json")

    assert (ran.code, ran.out) == (1, "")
    assert "experiments/bad.yaml:2:20" in ran.err
    assert "experiments/bad.yaml:3:1" in ran.err
    assert ran.err.splitlines()[-1].startswith("2 errors")
    assert "Traceback" not in ran.err
    assert (workspace.asked, Path("plan.json").exists()) == ([], False)


def test_without_a_workspace_there_is_nothing_to_plan(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.root / "expsync.yaml").unlink()

    ran = run("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[EXP301]: there is no expsync.yaml\n")


def test_a_list_that_breaks_off_is_no_plan(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)
    workspace.troubles.append(Trouble("listExperiments", "503", times=99))

    ran = run("plan", "--out", "plan.json", "--format", "json")

    assert (ran.code, ran.out, ran.err) == (
        1,
        "",
        "error: listExperiments: the server failed (503): overloaded\n",
    )
    assert not Path("plan.json").exists()


def test_a_plan_that_cannot_be_saved_is_a_failure(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("plan", "--out", "none/plan.json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: none/plan.json: the plan can't be saved: No such file or directory\n"


def test_without_a_key_no_server_is_asked(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPSYNC_BASE_URL", "http://127.0.0.1:9")
    workspace.declare(NEW)

    ran = run("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: no key for environment 'test'\n  hint: set EXPSYNC_API_KEY to a management API key of its project\n"
    )


def test_a_server_that_is_not_there_is_a_failure(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPSYNC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("EXPSYNC_API_KEY", "ampex_not-a-real-one")
    workspace.declare(NEW)

    ran = run("plan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: listExperiments: no connection to 127.0.0.1: ")
    assert "ampex" not in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_at_once(run: Run, workspace: Workspace, number: int) -> None:
    def interrupt(request: httpx.Request, answer: Answer) -> httpx.Response:
        os.kill(os.getpid(), number)
        return answer(request)

    before = signal.getsignal(number)
    workspace.declare(NEW)
    workspace.troubles.append(Trouble("listExperiments", interrupt))

    ran = run("plan", "--out", "plan.json")

    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted\n")
    assert not Path("plan.json").exists()
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    "arguments",
    [["--frmat", "json"], ["extra"], ["--format", "yaml"], ["-t"], ["--out"], ["--out", "."]],
)
def test_wrong_usage_is_64(run: Run, workspace: Workspace, arguments: list[str]) -> None:
    ran = run("plan", *arguments)

    assert (ran.code, ran.out, workspace.wires) == (64, "", [])
    assert ran.err.startswith("error: ")
