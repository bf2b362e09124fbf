"""Risks that stop `expsync apply` until somebody accepts them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]


def risky(key: str, **fields: Any) -> dict[str, Any]:
    """Users of an experiment that serves them would jump arms."""
    return {"key": key, "variants": [{"key": "control", "rolloutWeight": 3}, {"key": "treatment"}], **fields}


@pytest.fixture
def serving(workspace: Workspace) -> Workspace:
    workspace.sow(*(live(key, enabled=True, deployments=["101"], rolloutPercentage=50) for key in ("a", "b", "c")))
    workspace.declare(risky("a"), {"key": "b", "name": "New"}, risky("c"))
    return workspace


REFUSED = (
    "error: risks that nobody has accepted; nothing was written\n"
    "  a: variant-weights\n"
    "  c: variant-weights\n"
    "  hint: accept a risk under `acknowledge:` in the file, or this once with --allow KEY:RISK; "
    "--skip-refused applies the rest\n"
)


def statuses(out: str) -> list[list[str]]:
    return [line.split()[:2] for line in out.splitlines() if line.startswith(("  done ", "  refused "))]


def test_a_critical_risk_refuses_everything_with_nothing_written(run: Run, serving: Workspace) -> None:
    planned = run("plan", "--out", "plan.json")
    fresh, saved = run("apply", "--yes"), run("apply", "plan.json", "--yes")

    assert (planned.code, "critical variant-weights" in planned.out) == (0, True)
    assert (fresh.code, saved.code, fresh.err, saved.err) == (3, 3, REFUSED, REFUSED)
    assert serving.writes == []


@pytest.mark.parametrize(
    "allowed", [["a:variant-weights", "c:variant-weights"], ["*:variant-*"], ["?:*"], ["[ac]:variant-weights"]]
)
def test_what_is_allowed_this_once_is_applied(run: Run, serving: Workspace, allowed: list[str]) -> None:
    ran = run("apply", "--yes", *(part for pair in allowed for part in ("--allow", pair)))

    assert (ran.code, statuses(ran.out)) == (0, [["done", key] for key in "abc"])


@pytest.mark.parametrize("allowed", ["a:variant-weights", "a:*", "*:payload", "b:variant-weights"])
def test_what_is_not_allowed_still_refuses(run: Run, serving: Workspace, allowed: str) -> None:
    ran = run("apply", "--yes", "--allow", allowed)

    assert (ran.code, serving.writes) == (3, [])
    assert "\n  c: variant-weights\n" in ran.err


def test_the_rest_is_applied_where_the_refused_are_skipped(run: Run, serving: Workspace) -> None:
    ran = run("apply", "--yes", "--skip-refused", "--allow", "a:variant-weights")

    assert (ran.code, ran.err) == (4, "")
    assert statuses(ran.out) == [["done", "a"], ["done", "b"], ["refused", "c"]]
    assert [variant["rolloutWeight"] for variant in serving.live("c")["variants"]] == [1, 1]


def test_where_all_is_refused_there_is_nothing_to_skip_to(run: Run, serving: Workspace) -> None:
    ran = run("apply", "--yes", "--skip-refused", "-t", "[ac]")

    assert (ran.code, ran.err, serving.writes) == (3, REFUSED, [])


def test_an_acknowledged_risk_is_applied(run: Run, serving: Workspace) -> None:
    accepted = {"acknowledge": [{"risk": "variant-weights", "reason": "a restart"}]}
    serving.declare(risky("a", **accepted), risky("c", **accepted))

    ran = run("apply", "--yes")

    assert (ran.code, statuses(ran.out)) == (0, [["done", "a"], ["done", "c"]])


@pytest.mark.parametrize(("policy", "code"), [("never", 0), ("critical", 3), ("high", 3)])
def test_the_workspace_says_how_bad_a_risk_must_be(run: Run, serving: Workspace, policy: str, code: int) -> None:
    serving.configure(f"policy: {{refuse: {policy}}}\n")

    assert run("apply", "--yes").code == code


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("variant-weights", "is not of the form KEY:RISK"),
        (":variant-weights", "is not of the form KEY:RISK"),
        ("a:", "is not of the form KEY:RISK"),
        ("a:variant-wieghts", "no risk is called 'variant-wieghts'"),
    ],
)
def test_an_allowance_that_means_nothing_is_wrong_usage(run: Run, serving: Workspace, allowed: str, said: str) -> None:
    ran = run("apply", "--yes", "--allow", allowed)

    assert (ran.code, ran.out, serving.asked) == (64, "", [])
    assert ran.err.startswith(f"error: --allow {allowed!r}")
    assert said in ran.err
