"""The jobs of the GitLab template, each run by a shell: from the merge request to the drift after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forge.sites import gitlab_environ
from tests.parts.forges import GITLAB_TOKEN, PROJECT, GitLabStub
from tests.parts.steps import KEY, ROOT, Ran, Runner, loaded, machine
from tests.parts.world import KEY_VARIABLE, edited, repository, served

TEMPLATE = loaded(ROOT / "ci" / "gitlab.yml")


def job(runner: Runner, name: str, **environ: str) -> Ran:
    """One job as GitLab runs it: its variables, and both parts of its script in one shell."""
    base = TEMPLATE[".expsync"]
    variables = {**TEMPLATE["variables"], **base["variables"], "EXPSYNC_ENV": "prod"}
    script = "\n".join([*base["before_script"], *TEMPLATE[name]["script"]])
    ran = runner.bash(script, {**variables, **environ, "EXPSYNC_GITLAB_TOKEN": GITLAB_TOKEN, KEY_VARIABLE: KEY})
    assert KEY not in ran.out + ran.err
    assert GITLAB_TOKEN not in ran.out + ran.err
    return ran


def test_a_merge_request_from_its_plan_to_the_drift_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = GitLabStub()
    with served(forge) as live:
        git = repository(tmp_path / "flags", live, monkeypatch)
        base = git.run("rev-parse", "HEAD")
        git.run("switch", "--quiet", "--create", "ramp")
        edited(git, "rolloutPercentage: 20", "rolloutPercentage: 40")
        head = git.commit()
        home = {"CI_MERGE_REQUEST_PROJECT_ID": PROJECT, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": PROJECT}
        environ = gitlab_environ(
            forge, CI_COMMIT_SHA=head, CI_MERGE_REQUEST_IID="4", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **home
        )
        runner = machine(git.root, tmp_path / "runner", **environ)

        planned = job(runner, "expsync-plan")

        assert planned.code == 0, planned.err
        [note] = forge.notes.values()
        assert note["body"].startswith("<!-- expsync plan: prod 2002 -->\n### Plan for `prod`\n")
        assert note["body"].endswith("/-/jobs/8/artifacts/browse).\n")
        [kept] = TEMPLATE["expsync-plan"]["artifacts"]["paths"]
        made = sorted(path.relative_to(git.root).as_posix() for path in (git.root / kept).rglob("*.*"))
        assert made == [f"{kept}prod/{name}" for name in ("comment.md", "plan.html", "plan.json")]

        saved = (git.root / kept / "prod" / "plan.json").read_bytes()
        git.run("switch", "--quiet", "main")
        git.run("merge", "--quiet", "--no-ff", "--message", "merge", "ramp")
        merged = git.run("rev-parse", "HEAD")
        forge.requests[4] = {
            "iid": 4,
            "state": "merged",
            "sha": head,
            "merge_commit_sha": merged,
            "squash_commit_sha": None,
            "source_project_id": int(PROJECT),
            "head_pipeline": {"id": 60, "project_id": int(PROJECT)},
        }
        forge.jobs[60] = [{"id": 601, "name": "expsync-plan", "artifacts_file": {"filename": "artifacts.zip"}}]
        forge.files[601, f"{kept}prod/plan.json"] = saved
        runner = machine(git.root, tmp_path / "runner", **gitlab_environ(forge, CI_COMMIT_SHA=merged))

        applied = job(runner, "expsync-apply")

        assert applied.code == 0, applied.err
        assert live.experiment("checkout-button")["rolloutPercentage"] == 40
        assert note["body"].startswith("<!-- expsync plan: prod 2002 -->\n### Applied to `prod`\n")

        live.edit("checkout-button", rolloutPercentage=50)
        drifted = job(runner, "expsync-drift")
        assert drifted.code == 0, drifted.err
        [issue] = forge.issues.values()
        assert (issue["state"], issue["title"]) == ("opened", "Experiments were changed by hand: prod")


def test_a_job_that_fails_fails_after_its_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = GitLabStub()
    with served(forge) as live:
        git = repository(tmp_path / "flags", live, monkeypatch)
        runner = machine(git.root, tmp_path / "runner", **gitlab_environ(forge))

        refused = job(runner, "expsync-apply")

    assert refused.code == 3
    assert "error: no merge request was merged by commit" in refused.err
    assert forge.writes == []


def test_jobs_run_where_they_are_to() -> None:
    rules = {name: [rule["if"] for rule in one["rules"]] for name, one in TEMPLATE.items() if "rules" in one}

    assert rules == {
        "expsync-plan": ['$CI_PIPELINE_SOURCE == "merge_request_event"'],
        "expsync-apply": ['$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"'],
        "expsync-drift": ['$CI_PIPELINE_SOURCE == "schedule"'],
    }
    assert (TEMPLATE["expsync-apply"]["resource_group"], TEMPLATE["expsync-apply"]["interruptible"]) == (
        "expsync-apply",
        False,
    )
