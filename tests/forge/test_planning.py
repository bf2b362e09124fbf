"""The step before a merge: what it keeps, says and puts out, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expsync.forge.notes import mark
from expsync.model.plan_file import read_plan
from tests.forge.steps import Pipeline
from tests.parts.forges import BOT
from tests.parts.world import FILE, KEY_VARIABLE, edited

MARK = mark("plan", "prod", "2002")


def test_it_keeps_a_plan_a_report_and_a_comment(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    edited(pipeline.git, "rolloutPercentage: 20", "rolloutPercentage: 30")
    base = pipeline.git.run("rev-parse", "HEAD")
    head = pipeline.on_pull_request()

    assert pipeline.step("plan") == 0

    plan = read_plan(pipeline.folder / "plan.json")
    assert (plan.summary.create, plan.base and plan.base.commit) == (1, base)
    assert sorted(path.name for path in pipeline.folder.iterdir()) == [
        "comment.md",
        "plan.html",
        "plan.json",
        "pull-request",
    ]
    assert pipeline.outputs == {
        "exitcode": "2",
        "pending": "true",
        "plan": str(pipeline.folder / "plan.json"),
        "report": str(pipeline.folder / "plan.html"),
        "digest": plan.digest,
        **{name: str(value) for name, value in plan.summary.model_dump().items()},
    }
    assert pipeline.comment.startswith(f"{MARK}\n### Plan for `prod`\n")
    assert pipeline.comment.endswith(
        f"\nCommit `{head[:12]}`, [this run](https://github.example/acme/flags/actions/runs/9).\n"
    )
    assert pipeline.summary == pipeline.comment + "\n"
    out, err = capsys.readouterr()
    assert "+ checkout-button will be created" in out
    assert "::" not in err


def test_nothing_to_change_is_no_failure_and_pending_is_false(pipeline: Pipeline) -> None:
    pipeline.on_pull_request()
    (pipeline.git.root / FILE).unlink()

    assert pipeline.step("plan") == 0

    assert (pipeline.outputs["exitcode"], pipeline.outputs["pending"]) == ("0", "false")
    assert "Nothing to do: live matches the files." in pipeline.comment


def test_files_with_problems_are_annotated_and_the_old_comment_is_out_of_date(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    head = pipeline.on_pull_request()
    assert pipeline.step("plan") == 0
    assert pipeline.step("comment") == 0
    edited(pipeline.git, "rolloutPercentage: 20", "rolloutPercentage: 120")
    capsys.readouterr()

    assert pipeline.step("plan") == 1

    assert capsys.readouterr().out.startswith(f"::error title=EXP104 checkout-button,file={FILE},line=3,col=")
    assert not (pipeline.folder / "plan.json").exists()
    assert pipeline.outputs["exitcode"] == "1"
    assert pipeline.summary.startswith("### No plan for `prod`\n\n**the files have problems, and nothing was planned**")
    assert pipeline.step("comment", "--whole", "https://github.example/a") == 0
    [comment] = pipeline.forge.comments.values()
    assert comment["body"] == (
        f"{MARK}\n### No plan for `prod`\n\n**the files have problems, and nothing was planned**\n\n"
        "The plan that stood here was for an earlier commit.\n\n"
        f"Commit `{head[:12]}`, [this run](https://github.example/acme/flags/actions/runs/9).\n"
    )


def test_a_key_that_is_not_accepted_fails_and_is_said_in_the_summary(pipeline: Pipeline) -> None:
    pipeline.on_pull_request(key="ampex_other")

    assert pipeline.step("plan") == 1

    assert "**the plan could not be made**\n\n`error: " in pipeline.summary
    assert "ampex_other" not in pipeline.summary
    assert pipeline.step("comment") == 0
    assert pipeline.forge.comments == {}


def test_a_fork_without_a_key_is_checked_and_no_more(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.on_pull_request(home="mallory/flags", key="")

    assert pipeline.step("plan") == 0
    assert pipeline.step("comment") == 0

    assert "::warning title=expsync::the files are valid; there is no plan, since a pull request from a fork" in (
        capsys.readouterr().out
    )
    assert pipeline.forge.asked == []
    assert not (pipeline.folder / "plan.json").exists()
    edited(pipeline.git, "rolloutPercentage: 20", "rolloutPercentage: 120")
    assert pipeline.step("plan") == 1


def test_without_a_key_nobody_elses_pull_request_passes(pipeline: Pipeline) -> None:
    pipeline.on_pull_request(key="")

    assert pipeline.step("plan") == 1
    assert f"set {KEY_VARIABLE}" in pipeline.summary


@pytest.mark.parametrize("trouble", ["permission", "token"])
def test_a_comment_that_may_not_be_written_is_a_warning(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    pipeline.on_pull_request()
    assert pipeline.step("plan") == 0
    if trouble == "permission":
        pipeline.forge.allowed.clear()
    else:
        pipeline.patch.setenv("GITHUB_TOKEN", "")
    capsys.readouterr()

    assert pipeline.step("comment") == 0

    [warning] = capsys.readouterr().out.splitlines()
    assert warning.startswith("::warning title=expsync::the comment can't be written: ")
    assert warning.endswith("what it would say is in the summary of the run")
    assert pipeline.outputs == {"comment": ""}
    assert pipeline.forge.comments == {}


def test_a_forge_in_trouble_fails_the_comment(pipeline: Pipeline) -> None:
    pipeline.on_pull_request()
    assert pipeline.step("plan") == 0
    pipeline.forge.url = "http://127.0.0.1:9"
    pipeline.patch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")

    assert pipeline.step("comment") == 1


def test_a_clone_without_the_base_is_warned_of_and_planned(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.on_pull_request()
    pipeline.git.run("checkout", "--quiet", "--orphan", "alone")
    pipeline.git.commit({"README.md": "Another beginning.\n"})
    pipeline.git.run("update-ref", "-d", "refs/heads/main")

    assert pipeline.step("plan") == 0

    assert "::warning title=expsync::the clone does not hold the commit that the pull request started from" in (
        capsys.readouterr().out
    )
    assert read_plan(pipeline.folder / "plan.json").base is None


@pytest.mark.parametrize(("base", "expected"), [("none", None), ("branch-12", "branch-12")])
def test_the_base_can_be_chosen(pipeline: Pipeline, base: str, expected: str | None) -> None:
    pipeline.on_pull_request()

    assert pipeline.step("plan", "--base", base) == 0

    plan = read_plan(pipeline.folder / "plan.json")
    assert (plan.base and plan.base.ref) == expected


def test_on_the_branch_itself_the_base_is_where_it_left(pipeline: Pipeline) -> None:
    base = pipeline.git.run("rev-parse", "HEAD")
    pipeline.on_pull_request()
    pipeline.git.run("switch", "--quiet", "branch-12")

    assert pipeline.step("plan") == 0

    plan = read_plan(pipeline.folder / "plan.json")
    assert (plan.base and plan.base.commit) == base


def test_targets_and_the_address_of_the_whole_are_passed_on(pipeline: Pipeline) -> None:
    pipeline.on_pull_request()

    assert pipeline.step("plan", "--targets", "\n checkout-*\n *-button\n", "--prune", "true") == 0
    assert pipeline.step("comment", "--whole", "https://github.example/artifact/1") == 0

    scope = read_plan(pipeline.folder / "plan.json").scope
    assert (scope.targets, scope.prune) == (["*-button", "checkout-*"], True)
    [comment] = pipeline.forge.comments.values()
    assert comment["user"]["login"] == BOT
    assert comment["body"].endswith("\n[The whole plan and its report](https://github.example/artifact/1).\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan"], "error: Missing option '--folder'"),
        (["plan", "--folder", "x", "--prune", "maybe"], "error: Invalid value for '--prune'"),
        (["aply"], "error: No such command 'aply'"),
        (["apply", "--folder", "x", "--artifact", "a", "--pull-request", "#1"], "error: --pull-request '#1' is not a"),
    ],
)
def test_wrong_usage_ends_with_64(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    from expsync.forge.__main__ import main

    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 64
    assert capsys.readouterr().err.startswith(said)


def test_an_event_that_is_none_is_said(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.on_pull_request()
    event = pipeline.temporary / "event.json"
    event.write_text("{", encoding="utf-8")
    assert pipeline.step("plan") == 1
    event.write_text(json.dumps({"pull_request": {"number": "x"}}), encoding="utf-8")
    assert pipeline.step("plan") == 1

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: the file in GITHUB_EVENT_PATH can't be read: ")
    assert second == "error: GitHub's description of the pull request can't be read"
