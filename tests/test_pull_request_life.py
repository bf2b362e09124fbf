"""The life of a pull request through the action: from `init` to a plan that is empty again.

The steps of action.yml are run by bash; the live side is the served sandbox, and GitHub's API is on the loopback too.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from expsync.cli.main import main
from tests.parts.forges import BOT, TOKEN, GitHubStub
from tests.parts.steps import KEY, Action, machine
from tests.parts.world import ENVIRONMENT, KEY_VARIABLE, edited, github_variables, pull_request_event, served
from tests.repository import new_repository

KEYS = {"GITHUB_TOKEN": TOKEN, KEY_VARIABLE: KEY}
FILE = "experiments/checkout-button.yaml"


def test_a_pull_request_from_its_plan_to_the_drift_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forge = GitHubStub()
    with served(forge) as live:
        git = new_repository(tmp_path / "flags", monkeypatch)
        monkeypatch.chdir(git.root)
        monkeypatch.setenv(KEY_VARIABLE, KEY)

        # A new repository, with an environment for the team's project, brought live as it is.
        assert main(["init"]) == 0
        edited(git, "  # A real project", ENVIRONMENT.format(url=live.url) + "  # A real project", file="expsync.yaml")
        base = git.commit()
        assert main(["apply", "-e", "prod", "--yes"]) == 0
        assert live.experiment("checkout-button")["rolloutPercentage"] == 20

        # A branch with an edit; the runner checks out what the merge would give.
        git.run("switch", "--quiet", "--create", "ramp")
        edited(git, "rolloutPercentage: 20", "rolloutPercentage: 40")
        head = git.commit()
        git.run("switch", "--quiet", "--detach", "main")
        git.run("merge", "--quiet", "--no-ff", "--message", "merge", "ramp")
        pull = forge.pull(12, head, base=base)
        temporary = tmp_path / "plan"
        environ = github_variables(forge, temporary, commit=git.run("rev-parse", "HEAD"))
        runner = machine(git.root, temporary, **environ, **pull_request_event(temporary, pull))
        action = Action(runner, command="plan", environment="prod", github_token=TOKEN)
        runner.outputs["prepare"] = {"python": "python3", "folder": str(temporary / "made")}
        planned = runner_step(action, "plan")
        assert "~ checkout-button will be updated" in planned
        outputs = runner.outputs["plan"]
        assert (outputs["exitcode"], outputs["pending"], outputs["update"]) == ("2", "true", "1")
        commented = runner_step(action, "comment")
        [comment] = forge.comments.values()
        assert commented == f"comment created: {comment['html_url']}\n"
        assert comment["body"].startswith("<!-- expsync plan: prod 2002 -->\n### Plan for `prod`\n")
        assert "`rolloutPercentage`" in comment["body"]
        assert f"`{base}`" in comment["body"]
        assert f"`{head[:12]}`" in comment["body"]

        # Merged, and the plan that was reviewed carried out.
        saved = Path(outputs["plan"]).read_bytes()
        forge.artifact("expsync-plan-prod", saved, head=head)
        git.run("switch", "--quiet", "main")
        git.run("merge", "--quiet", "--no-ff", "--message", "merge", "ramp")
        merged = git.run("rev-parse", "HEAD")
        forge.pull(12, head, base=base, merged=merged)
        temporary = tmp_path / "apply"
        environ = github_variables(forge, temporary, commit=merged)
        runner = machine(git.root, temporary, **environ, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main")
        action = Action(runner, command="apply", environment="prod", github_token=TOKEN)
        runner.outputs["prepare"] = {
            "python": "python3",
            "folder": str(temporary / "made"),
            "artifact": "expsync-plan-prod",
        }
        runner_step(action, "apply")
        outputs = runner.outputs["apply"]
        assert (outputs["exitcode"], outputs["pending"], outputs["done"]) == ("0", "false", "1")
        assert Path(outputs["plan"]).read_bytes() == saved
        assert live.experiment("checkout-button")["rolloutPercentage"] == 40
        assert runner_step(action, "comment") == f"comment updated: {comment['html_url']}\n"
        assert comment["body"].startswith("<!-- expsync plan: prod 2002 -->\n### Applied to `prod`\n")
        assert "Planned again afterwards: live is as the files say." in comment["body"]

        # Somebody edits by hand, and the schedule finds it.
        live.edit("checkout-button", rolloutPercentage=65)
        temporary = tmp_path / "drift"
        environ = github_variables(forge, temporary, commit=merged)
        runner = machine(git.root, temporary, **environ, GITHUB_EVENT_NAME="schedule", GITHUB_REF="refs/heads/main")
        action = Action(runner, command="drift", environment="prod", github_token=TOKEN)
        runner.outputs["prepare"] = {"python": "python3", "folder": str(temporary / "made")}
        runner_step(action, "drift")
        assert runner.outputs["drift"] == {"exitcode": "2", "pending": "true"}
        runner_step(action, "issue")
        [issue] = forge.issues.values()
        assert (issue["user"]["login"], issue["state"]) == (BOT, "open")
        assert issue["title"] == "Experiments were changed by hand: prod"
        assert re.search(r"changed `rolloutPercentage` \| .*40.*65", issue["body"])

        # What is live is taken into the files, and nothing is left to do.
        capsys.readouterr()
        assert main(["pull", "-e", "prod"]) == 0
        assert "rolloutPercentage: 65" in (git.root / FILE).read_text(encoding="utf-8")
        assert git.run("status", "--short") == f"M {FILE}"
        assert main(["plan", "-e", "prod", "--detailed-exitcode"]) == 0
        assert "Nothing to do: live matches the files.\n" in capsys.readouterr().out
        runner_step(action, "drift")
        runner_step(action, "issue")
        assert issue["state"] == "closed"


def runner_step(action: Action, id_: str) -> str:
    """What the step says, without the key and the token in it; it must succeed."""
    environ = action.runner.environ
    # A caller gives the key to the action's step as a variable.
    action.runner.environ = {**environ, KEY_VARIABLE: KEY}
    try:
        ran = action.step(id_)
    finally:
        action.runner.environ = environ
    assert ran.code == 0, ran.out + ran.err
    said = ran.out + ran.err + action.summary()
    assert KEY not in said
    assert TOKEN not in said
    return ran.out
