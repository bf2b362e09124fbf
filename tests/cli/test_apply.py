"""`expsync apply`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from expsync.model.plan_file import read_plan
from expsync.render import text
from tests.apply.world import Answer, Trouble
from tests.cli.conftest import Ran, Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

NEW = {"key": "checkout", "name": "Checkout", "deployments": ["web"], "enabled": True}


def summary(out: str) -> str:
    return out.splitlines()[-1]


def test_plan_apply_plan(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)
    planned = run("plan")

    applied = run("apply", "--yes")
    after = run("plan", "--detailed-exitcode")

    assert (applied.code, applied.err) == (0, "")
    assert applied.out == (
        planned.out + "\n"
        "  done       checkout  created (2 calls)\n"
        "\n"
        "Read again: what was written is live, and nothing of it is left to do.\n"
        "Apply: 1 done, 0 failed, 0 stopped, 0 not tried, 0 refused, 0 blocked (4 requests).\n"
    )
    assert (after.code, after.err) == (0, "")
    assert "Nothing to do: live matches the files.\n" in after.out
    assert workspace.live("checkout")["tags"] == ["managed-by-expsync"]


def test_a_saved_plan_is_carried_out_without_the_files(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)
    run("plan", "--out", "plan.json")
    workspace.declare({"key": "another"})
    workspace.forget()

    applied = run("apply", "plan.json", "--yes")

    shown = text.render(read_plan(Path("plan.json")), colour=False, width=120)
    assert (applied.code, applied.err, applied.out.startswith(shown)) == (0, "", True)
    assert len(workspace.asked) == read_plan(Path("plan.json")).summary.requests == 4
    assert run("apply", "plan.json", "--yes").code == 3


def test_nothing_to_do_is_said_and_asks_nobody(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("exp"))
    workspace.declare({"key": "exp"})

    ran = run("apply")

    assert (ran.code, ran.err, workspace.writes) == (0, "", [])
    assert "Nothing to do: live matches the files.\n" in ran.out


def test_json_is_the_outcome_alone(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("apply", "--yes", "--format", "json")

    outcome = json.loads(ran.out)
    assert (ran.code, outcome["exitCode"]) == (0, 0)
    assert outcome["summary"] == {
        "done": 1,
        "failed": 0,
        "stopped": 0,
        "not-tried": 0,
        "refused": 0,
        "blocked": 0,
        "left": 0,
        "requests": 4,
    }
    (experiment,) = outcome["experiments"]
    assert (experiment["key"], experiment["status"], experiment["left"]) == ("checkout", "done", [])
    assert [call["op"] for call in experiment["done"]] == ["createExperiment", "editExperiment"]
    assert ran.err.startswith("Environment test, project 1001, the embedded sandbox\n")


def test_json_of_nothing_to_do_is_an_outcome_too(run: Run, workspace: Workspace) -> None:
    ran = run("apply", "--format", "json", "--quiet")

    outcome = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (outcome["experiments"], outcome["exitCode"], outcome["interrupted"]) == ([], 0, False)


def test_quiet_json_has_a_silent_stderr(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("-q", "apply", "--yes", "--format", "json")

    assert (ran.code, ran.err, json.loads(ran.out)["summary"]["done"]) == (0, "", 1)


def test_targets_and_prune_are_those_of_plan(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a-old"), live("b-old"))
    workspace.declare({"key": "a-new"}, {"key": "b-new"})

    ran = run("apply", "--yes", "-t", "a-*", "-t", "nothing-*", "--prune")

    assert (ran.code, ran.err) == (0, "warning: nothing matches the target 'nothing-*'\n")
    assert summary(ran.out).startswith("Apply: 2 done, 0 failed")
    assert "  done       a-new  created (2 calls)\n  done       a-old  archived (1 call)\n" in ran.out
    assert {e["key"]: e["archived"] for e in workspace.world()["experiments"]} == {
        "a-old": True,
        "b-old": False,
        "a-new": False,
    }


@pytest.mark.parametrize("parallelism", ["1", "4"])
def test_many_are_applied_side_by_side(run: Run, workspace: Workspace, parallelism: str) -> None:
    workspace.declare(*({"key": f"exp-{number:02}"} for number in range(12)))

    ran = run("apply", "--auto-approve", "--parallelism", parallelism)

    assert ran.code == 0
    assert [line.split()[1] for line in ran.out.splitlines() if line.startswith("  done ")] == [
        f"exp-{number:02}" for number in range(12)
    ]


# --- refused, nothing written ---


def refused(ran: Ran, workspace: Workspace, message: str) -> None:
    assert (ran.code, workspace.writes) == (3, [])
    assert ran.err == message


def test_without_a_terminal_and_without_yes_it_refuses(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    refused(
        run("apply"),
        workspace,
        "error: nobody is there to approve the plan; nothing was written\n  hint: add --yes to apply without asking\n",
    )


def test_a_plan_that_is_stale_is_refused(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("a"), live("b"))
    workspace.declare({"key": "a", "name": "A"}, {"key": "b", "name": "B"})
    run("plan", "--out", "plan.json")
    workspace.edit("b", description="by hand")

    ran = run("apply", "plan.json", "--yes")

    refused(
        ran,
        workspace,
        "error: the plan is stale: changed since it was made: b; nothing was written\n"
        "  hint: run expsync plan again and look at what is different now\n",
    )
    assert workspace.live("a")["name"] == "a"


def test_nothing_but_what_is_blocked_is_refused(run: Run, workspace: Workspace) -> None:
    cohort = {"name": "Beta", "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}]}
    workspace.sow(live("exp", targetSegments=[cohort]))
    workspace.declare({"key": "exp", "targetSegments": []})

    ran = run("apply", "--yes")

    refused(ran, workspace, "error: there is nothing to do but what is blocked; nothing was written\n")
    assert "! exp is blocked" in ran.out


@pytest.fixture
def mass(workspace: Workspace) -> Workspace:
    """Ten that we manage, four of which the files stop."""
    workspace.sow(*(live(f"exp-{number}", enabled=True) for number in range(10)))
    workspace.declare(
        *({"key": f"exp-{number}", "enabled": number > 1} for number in range(8)),
    )
    return workspace


def test_a_mass_change_needs_a_word(run: Run, mass: Workspace) -> None:
    said = "4 of 10 managed experiments would be archived or disabled at once, more than 30 % (policy.massChange)"

    refused(
        run("apply", "--yes", "--prune"),
        mass,
        f"error: {said}; nothing was written\n  hint: if that is meant, add --allow-mass-change\n",
    )
    allowed = run("apply", "--yes", "--prune", "--allow-mass-change")
    assert (allowed.code, allowed.err) == (0, "")
    assert summary(allowed.out).startswith("Apply: 4 done, 0 failed")


def test_a_saved_plan_is_guarded_too(run: Run, mass: Workspace) -> None:
    planned = run("plan", "--prune", "--out", "plan.json")
    assert planned.err.startswith("warning: 4 of 10 managed experiments")

    assert run("apply", "plan.json", "--yes").code == 3
    assert mass.writes == []
    assert run("apply", "plan.json", "--yes", "--allow-mass-change").code == 0


def test_less_than_a_mass_needs_no_word(run: Run, mass: Workspace) -> None:
    assert run("apply", "--yes", "--prune", "-t", "exp-[0-7]").code == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "differing"),
    [
        (["-e", "other"], {}, "environment 'test', not 'other'; project '1001', not '2002'"),
        ([], {"EXPSYNC_BASE_URL": "https://example.com"}, "base URL 'sandbox', not 'https://example.com'"),
    ],
)
def test_a_plan_of_another_place_is_refused_before_any_request(
    run: Run,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    differing: str,
) -> None:
    workspace.declare(NEW)
    run("plan", "--out", "plan.json")
    workspace.forget()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run("apply", "plan.json", "--yes", *arguments)

    refused(
        ran,
        workspace,
        f"error: the plan was made for another place: {differing}; nothing was written\n"
        "  hint: choose that environment, or plan again for this one\n",
    )
    assert (ran.out, workspace.wires) == ("", [])


def test_a_plan_knows_its_environment(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "exp"})
    run("plan", "-e", "other", "--out", "plan.json")

    assert run("apply", "plan.json", "--yes").code == 0
    with workspace.engine() as engine:
        assert [e["key"] for e in engine.export("2002")["experiments"]] == ["exp"]  # type: ignore[index, union-attr]


def test_the_environment_variable_asks_for_an_environment_too(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.declare({"key": "exp"})
    run("plan", "--out", "plan.json")
    monkeypatch.setenv("EXPSYNC_ENV", "other")

    ran = run("apply", "plan.json", "--yes")
    assert (ran.code, "made for another place" in ran.err, workspace.writes) == (3, True, [])


def test_another_project_is_another_place(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "exp"})
    run("plan", "--out", "plan.json")
    path = workspace.root / "expsync.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("1001", "1002").replace("10", "30"), encoding="utf-8")

    ran = run("apply", "plan.json", "--yes")
    assert (ran.code, "made for another place: project '1001', not '3002'" in ran.err) == (3, True)


AGAIN = "  hint: make a new plan with `expsync plan --out FILE`\n"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "error: plan.json: the plan is damaged: it can't be read as JSON: "),
        (
            lambda text: text.replace('"Checkout"', '"Chequeout"'),
            "error: plan.json: the plan does not match its digest: it was changed after it was saved, or damaged on "
            "the way\n" + AGAIN,
        ),
        (
            lambda text: text.replace('"formatVersion": "1.0"', '"formatVersion": "2.0"'),
            "error: plan.json: the plan has format version '2.0', and this expsync reads 1.0\n",
        ),
        (lambda _: "[]", "error: plan.json: the file is not a plan: it does not hold a JSON object\n" + AGAIN),
    ],
    ids=["half", "edited", "another format", "no plan"],
)
def test_a_damaged_plan_is_refused_before_any_request(
    run: Run, workspace: Workspace, damage: Callable[[str], str], message: str
) -> None:
    workspace.declare(NEW)
    run("plan", "--out", "plan.json")
    workspace.forget()
    path = Path("plan.json")
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")

    ran = run("apply", "plan.json", "--yes")

    assert (ran.code, ran.out, workspace.wires) == (3, "", [])
    assert ran.err.startswith(message)


def test_bad_files_end_it_before_any_request(run: Run, workspace: Workspace) -> None:
    workspace.path("bad").write_text("key: bad\nrolloutPercentage: 130\n", encoding="utf-8")

    ran = run("apply", "--yes")

    assert (ran.code, ran.out, workspace.asked) == (1, "", [])
    assert "experiments/bad.yaml:2:20" in ran.err


def test_a_plan_file_that_is_not_there_is_a_failure(run: Run, workspace: Workspace) -> None:
    ran = run("apply", "none.json", "--yes")

    assert (ran.code, ran.out, workspace.wires) == (1, "", [])
    assert ran.err == "error: none.json: the plan can't be read: No such file or directory\n"


def test_a_check_that_cannot_be_made_is_a_failure(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("exp"))
    workspace.declare({"key": "exp", "name": "New", "tags": []})
    workspace.troubles.append(Trouble("getExperiment", "503", first=2, times=99))

    ran = run("apply", "--yes")

    assert (ran.code, workspace.writes) == (1, [])
    assert ran.err == "error: getExperiment: the server failed (503): overloaded\n"


# --- in part ---


def test_what_was_done_failed_and_not_tried_is_listed(run: Run, workspace: Workspace) -> None:
    cohort = {"name": "Beta", "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}]}
    workspace.sow(live("a"), live("b"), live("c", targetSegments=[cohort]), live("d"))
    arms = [{"key": "control", "rolloutWeight": 2}, {"key": "treatment", "rolloutWeight": 3}]
    workspace.declare(
        {"key": "a", "name": "New"},
        {"key": "b", "name": "New", "variants": arms},
        {"key": "c", "targetSegments": []},
        {"key": "d", "name": "New"},
    )
    planned = json.loads(run("plan", "--format", "json").out)["experiments"]
    blocked = planned[2]["findings"][0]["message"]
    workspace.troubles.append(Trouble("editVariant", "400"))

    ran = run("apply", "--yes", "--parallelism", "1")

    id = workspace.live("b")["id"]
    assert ran.code == 4
    outcome = ran.out[ran.out.index("  done       a") :]
    assert outcome == (
        "  done       a  updated (1 call)\n"
        "  failed     b  editVariant: the server refused it (400): no\n"
        f"             done:      PATCH /api/1/experiments/{id} (name b -> New)\n"
        f"             failed:    PATCH /api/1/experiments/{id}/variants/control (rolloutWeight 1 -> 2)\n"
        f"             not tried: PATCH /api/1/experiments/{id}/variants/treatment (rolloutWeight 1 -> 3)\n"
        f"  blocked    c  cohort-lost: {blocked}\n"
        "  done       d  updated (1 call)\n"
        "\n"
        "Read again: what was written is live, and nothing of it is left to do.\n"
        "Apply: 2 done, 1 failed, 0 stopped, 0 not tried, 0 refused, 1 blocked (9 requests).\n"
    )
    assert run("apply", "--yes", "-t", "[abd]").code == 0


def test_what_is_left_at_the_end_is_said(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("exp"))
    workspace.declare({"key": "exp", "name": "New"})
    workspace.troubles.append(Trouble("editExperiment", "ignored"))

    ran = run("apply", "--yes")

    assert ran.code == 4
    assert ran.out[ran.out.index("  done       exp") :] == (
        "  done       exp  updated (1 call)\n"
        '             left:      name  "exp" → "New"\n'
        "\n"
        "Read again: not everything is as it was to be; run expsync plan to see what is left.\n"
        "Apply: 1 done, 0 failed, 0 stopped, 0 not tried, 0 refused, 0 blocked (7 requests).\n"
    )


# --- the log ---


def test_each_call_is_logged(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPSYNC_API_KEY", "ampex_3f9d0c1b2a7e4d5c6b8a")
    workspace.declare(NEW)

    assert run("apply", "--yes", "--log", "audit.log").code == 0
    workspace.declare({**NEW, "name": "Newer"})
    assert run("apply", "--yes", "--log", "audit.log").code == 0

    content = Path("audit.log").read_text(encoding="utf-8")
    told = [json.loads(line) for line in content.splitlines()]
    assert [(line["event"], line["op"]) for line in told] == [
        ("intent", "createExperiment"),
        ("outcome", "createExperiment"),
        *[("intent", "editExperiment"), ("outcome", "editExperiment")] * 2,
    ]
    assert Path("audit.log").stat().st_mode & 0o777 == 0o600
    assert "ampex" not in content


def test_a_log_that_cannot_be_written_ends_it_before_any_write(run: Run, workspace: Workspace) -> None:
    workspace.declare(NEW)

    ran = run("apply", "--yes", "--log", "none/audit.log")

    assert (ran.code, workspace.writes) == (1, [])
    assert ran.err == "error: the log none/audit.log can't be written: No such file or directory\n"


# --- usage ---


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan.json", "-t", "a"],
        ["plan.json", "--prune"],
        ["plan.json", "more.json"],
        ["--parallelism", "0"],
        ["--parallelism", "many"],
        ["--format", "html"],
        ["--log", "."],
        ["--yess"],
    ],
)
def test_wrong_usage_is_64(run: Run, workspace: Workspace, arguments: list[str]) -> None:
    ran = run("apply", *arguments)

    assert (ran.code, ran.out, workspace.wires) == (64, "", [])
    assert ran.err.startswith("error: ")


# --- the prompt, on a pseudo-terminal ---


@contextmanager
def typed(monkeypatch: pytest.MonkeyPatch, answer: str) -> Iterator[None]:
    """A terminal as stdin, at which somebody has typed this already."""
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, answer.encode())
        with os.fdopen(terminal, encoding="utf-8") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            yield
    finally:
        os.close(keyboard)


PROMPT = "Apply this to test (project 1001)? Only 'yes' will do: "


@pytest.mark.parametrize("answer", ["yes\n", "  yes  \n"])
def test_yes_applies(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    workspace.declare(NEW)
    with typed(monkeypatch, answer):
        ran = run("apply")

    assert (ran.code, ran.err) == (0, PROMPT)
    assert workspace.writes == ["createExperiment", "editExperiment"]


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", "\n", "yes please\n", "no\n", "\x04"])
def test_any_other_answer_refuses(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    workspace.declare(NEW)
    with typed(monkeypatch, answer):
        ran = run("apply")

    # The terminal itself shows the line break that is typed.
    shown = PROMPT if answer.endswith("\n") else f"{PROMPT}\n"
    refused(ran, workspace, f"{shown}error: not approved; nothing was written\n")


def test_a_saved_plan_is_asked_about_too(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.declare(NEW)
    run("plan", "--out", "plan.json")
    with typed(monkeypatch, "yes\n"):
        assert run("apply", "plan.json").code == 0


def test_in_ci_nobody_is_asked(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    workspace.declare(NEW)
    with typed(monkeypatch, "yes\n"):
        ran = run("apply")

    assert (ran.code, workspace.writes, PROMPT in ran.err) == (3, [], False)


# --- interrupted ---


def interrupting(number: int, times: int = 1) -> Callable[[httpx.Request, Answer], httpx.Response]:
    def interrupt(request: httpx.Request, answer: Answer) -> httpx.Response:
        for _ in range(times):
            os.kill(os.getpid(), number)
        return answer(request)

    return interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_before_the_first_write_ends_it_at_once(run: Run, workspace: Workspace, number: int) -> None:
    workspace.declare(NEW)
    workspace.troubles.append(Trouble("listExperiments", interrupting(number)))

    ran = run("apply", "--yes")

    assert (ran.code, ran.out, ran.err, workspace.writes) == (130, "", "interrupted\n", [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_at_the_prompt_is_an_interruption(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    class Keyboard:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            os.kill(os.getpid(), number)
            return "yes\n"

    workspace.declare(NEW)
    monkeypatch.setattr("sys.stdin", Keyboard())

    ran = run("apply")

    assert (ran.code, workspace.writes) == (130, [])
    assert ran.err == f"{PROMPT}\ninterrupted\n"
