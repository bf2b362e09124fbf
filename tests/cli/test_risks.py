"""Risks on the command line: `plan` warns of what `apply` will refuse, fresh or saved, and says how to go on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from expsync.cli.session import today
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

LATER = "9999-12-31"
HINT = (
    "  hint: accept a risk under `acknowledge:` in the file, or this once with --allow KEY:RISK; "
    "--skip-refused applies the rest\n"
)
WARNING = f"warning: apply will refuse risks that nobody has accepted\n  salt: bucketing-salt\n{HINT}"
REFUSAL = f"error: risks that nobody has accepted; nothing was written\n  salt: bucketing-salt\n{HINT}"


@pytest.fixture
def serving(workspace: Workspace) -> Workspace:
    """Three experiments that serve users: one is drawn anew, one loses users, one gets another name."""
    keys = ("salt", "less", "name")
    workspace.sow(*(live(key, enabled=True, deployments=["101"], rolloutPercentage=50) for key in keys))
    workspace.declare(salted(), {"key": "less", "rolloutPercentage": 20}, {"key": "name", "name": "New"})
    return workspace


def salted(**fields: Any) -> dict[str, Any]:
    return {"key": "salt", "bucketingSalt": "another", **fields}


def statuses(out: str) -> dict[str, str]:
    return {done["key"]: done["status"] for done in json.loads(out)["experiments"]}


@pytest.mark.parametrize("form", ["text", "json"])
def test_plan_warns_of_what_apply_will_refuse(run: Run, serving: Workspace, form: str) -> None:
    loud, quiet = run("plan", "--format", form), run("plan", "--format", form, "-q")

    assert (loud.code, loud.err) == (0, WARNING)
    assert (quiet.code, quiet.err) == (0, "")
    assert ("warning" in loud.out, serving.writes) == (False, [])


def test_plan_shows_the_risk_how_to_settle_it_and_who_moves(run: Run, serving: Workspace) -> None:
    shown = run("plan", "-t", "salt").out

    assert (
        shown.partition("salt will be updated")[2].splitlines()[1:-2]
        == [
            '    ~ bucketingSalt  "salt-1" → "another"',
            "    ! critical bucketing-salt: every user is drawn anew, and may get any variant or none",
            "      settle: leave the salt as it is, or start again with a new experiment",
            "    > all other users  switch 12.5 %  enter 25.0 %  leave 25.0 %  (on the way 12.5 %)",
            "    1 call",
        ]
        or shown
    )


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        ("never", []),
        ("critical", ["  salt: bucketing-salt"]),
        ("high", ["  less: percentage-down", "  salt: bucketing-salt"]),
        ("medium", ["  less: percentage-down", "  salt: bucketing-salt"]),
    ],
)
def test_plan_and_apply_agree_on_what_is_refused(run: Run, serving: Workspace, policy: str, named: list[str]) -> None:
    serving.configure(f"policy: {{refuse: {policy}}}\n")

    planned, applied = run("plan"), run("apply", "--yes")

    assert applied.code == (3 if named else 0)
    for said in (planned.err, applied.err):
        assert [line for line in said.splitlines() if line.startswith("  ") and "hint" not in line] == named


def test_a_mass_change_and_a_risk_are_both_warned_of(run: Run, serving: Workspace) -> None:
    serving.configure("policy: {massChange: {percent: 0, atLeast: 1}}\n")
    serving.declare(salted(), {"key": "less", "enabled": False})

    assert run("plan").err == (
        "warning: 1 of 2 managed experiments would be archived or disabled at once, more than 0 % (policy.massChange): "
        f"apply will refuse it without --allow-mass-change\n{WARNING}"
    )


@pytest.mark.parametrize("days", [-1, 0, 1, None])
def test_a_risk_that_the_file_accepts_is_refused_after_its_day(run: Run, serving: Workspace, days: int | None) -> None:
    until = {} if days is None else {"until": (today() + timedelta(days=days)).isoformat()}
    serving.declare(salted(acknowledge=[{"risk": "bucketing-salt", "reason": "a restart", **until}]))

    planned, applied = run("plan", "-q"), run("apply", "--yes", "-q")

    if days == -1:
        assert ("critical bucketing-salt: " in planned.out, applied.code, applied.err) == (True, 3, REFUSAL)
    else:
        assert ("critical bucketing-salt (acknowledged): " in planned.out, applied.code) == (True, 0)


def test_a_saved_plan_is_refused_allowed_and_skipped_as_a_fresh_one(run: Run, serving: Workspace) -> None:
    run("plan", "--out", "plan.json")

    refused = run("apply", "plan.json", "--yes")
    skipped = run("apply", "plan.json", "--yes", "--skip-refused", "--format", "json", "-q")
    run("plan", "--out", "rest.json")
    allowed = run("apply", "rest.json", "--yes", "--allow", "s*:bucketing-*", "--format", "json", "-q")

    assert (refused.code, refused.err) == (3, REFUSAL)
    assert (skipped.code, statuses(skipped.out)) == (4, {"less": "done", "name": "done", "salt": "refused"})
    assert (allowed.code, statuses(allowed.out)) == (0, {"salt": "done"})
    assert serving.live("salt")["bucketingSalt"] == "another"


def test_what_a_saved_plan_accepted_is_for_the_day_of_the_plan(run: Run, serving: Workspace) -> None:
    serving.declare(salted(acknowledge=[{"risk": "bucketing-salt", "reason": "a restart"}]))
    run("plan", "--out", "plan.json")
    serving.declare(salted())

    assert (run("apply", "plan.json", "--yes").code, serving.live("salt")["bucketingSalt"]) == (0, "another")


def test_what_was_left_out_is_listed_with_why(run: Run, serving: Workspace) -> None:
    ran = run("apply", "--yes", "--skip-refused", "--format", "json", "-q")

    left = next(done for done in json.loads(ran.out)["experiments"] if done["key"] == "salt")
    assert (ran.code, left["status"], left["error"]) == (
        4,
        "refused",
        "bucketing-salt: every user is drawn anew, and may get any variant or none; "
        "to settle it: leave the salt as it is, or start again with a new experiment",
    )


def test_with_nothing_but_refused_there_is_nothing_to_skip_to(run: Run, serving: Workspace) -> None:
    ran = run("apply", "--yes", "--skip-refused", "-t", "salt")

    assert (ran.code, ran.err, serving.writes) == (3, REFUSAL, [])


def accepted(*risks: str, **more: str) -> list[dict[str, str]]:
    return [{"risk": risk, "reason": "looked at", **more} for risk in risks]


def test_what_is_accepted_for_good_and_not_needed_is_told_in_a_line(run: Run, serving: Workspace) -> None:
    serving.declare(salted(acknowledge=accepted("bucketing-salt")))
    assert run("plan").err == ""
    run("apply", "--yes", "-q")

    after = run("plan", "--detailed-exitcode")

    assert (after.code, after.err) == (
        0,
        "note: an acknowledgement without `until` accepts nothing in test (salt: bucketing-salt); "
        "delete it once no environment needs it\n",
    )
    assert "acknowledge" not in after.out
    assert run("plan", "-q").err == ""
    assert run("plan", "-t", "less").err == ""


def test_one_that_ends_by_itself_may_be_meant_for_later(run: Run, serving: Workspace) -> None:
    serving.declare({"key": "name", "bucketingSalt": "salt-3", "acknowledge": accepted("bucketing-salt", until=LATER)})
    assert run("plan").err == ""


def test_many_of_them_are_told_in_a_line_too(run: Run, serving: Workspace) -> None:
    serving.declare(
        salted(rolloutPercentage=50, acknowledge=accepted("bucketing-salt", "percentage-up", "percentage-down")),
        *({"key": key, "enabled": True, "acknowledge": accepted("disabled")} for key in ("less", "name")),
    )
    assert run("plan").err == (
        "2 warnings about the files: `expsync validate` shows them\n"
        "note: 4 acknowledgements without `until` accept nothing in test "
        "(less: disabled; name: disabled; salt: percentage-up, percentage-down); "
        "delete them once no environment needs them\n"
    )
