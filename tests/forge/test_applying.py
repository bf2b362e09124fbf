"""The step after a merge: the reviewed plan is carried out as it is, or refused, and what came of it is told."""

from __future__ import annotations

import json

import pytest

from expsync.forge.notes import mark
from expsync.model.plan import Plan
from expsync.model.plan_file import load_plan, plan_text
from tests.forge.steps import Pipeline
from tests.parts.world import EXPERIMENT, edited

MARK = mark("plan", "prod", "2002")
OTHER = EXPERIMENT.replace("checkout-button", "other")


@pytest.fixture
def reviewed(pipeline: Pipeline) -> Pipeline:
    """A pull request that takes the percentage of a live experiment from 20 to 30 was planned, reviewed and merged."""
    pipeline.live.sow()
    edited(pipeline.git, "rolloutPercentage: 20", "rolloutPercentage: 30")
    pipeline.on_pull_request()
    assert pipeline.step("plan") == 0
    assert pipeline.step("comment") == 0
    pipeline.keep_plan()
    pipeline.merged()
    return pipeline


def rollout(pipeline: Pipeline) -> object:
    return pipeline.live.experiment("checkout-button")["rolloutPercentage"]


def test_the_reviewed_plan_is_carried_out_and_the_comment_says_so(reviewed: Pipeline) -> None:
    assert reviewed.apply() == 0
    assert reviewed.step("comment") == 0

    assert rollout(reviewed) == 30
    [comment] = reviewed.forge.comments.values()
    text = comment["body"]
    start = f"{MARK}\n### Applied to `prod`\n\n**Apply: 1 done, 0 failed, 0 stopped, 0 not tried, 0 refused, 0 blocked "
    assert text.startswith(start)
    assert "\n\nPlanned again afterwards: live is as the files say.\n" in text
    assert "<details><summary>The plan</summary>\n\n### Plan for `prod`\n" in text
    log = (reviewed.folder / "apply.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in log] == ["intent", "outcome"]
    assert sorted(path.name for path in reviewed.folder.iterdir()) == [
        "apply.jsonl",
        "comment.md",
        "outcome.json",
        "plan.html",
        "plan.json",
        "pull-request",
    ]


def test_a_second_run_finds_it_done(reviewed: Pipeline) -> None:
    assert reviewed.apply() == 0
    assert reviewed.apply() == 0

    assert "### Nothing to apply to `prod`\n\nWhat the reviewed plan was to do is live already." in reviewed.comment
    assert reviewed.outputs["exitcode"] == "0"


def test_a_live_side_that_has_moved_is_a_refusal_that_says_what_to_do(
    reviewed: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    reviewed.live.edit("checkout-button", rolloutPercentage=25)
    capsys.readouterr()

    assert reviewed.apply() == 3
    assert reviewed.step("comment") == 0

    assert rollout(reviewed) == 25
    said = "error: the reviewed plan is out of date; nothing was written\n  checkout-button: planned otherwise now: "
    assert f"{said}rolloutPercentage\n" in capsys.readouterr().err
    [comment] = reviewed.forge.comments.values()
    assert comment["body"].startswith(f"{MARK}\n### Refused, nothing written to `prod`\n\n`error: the reviewed plan is")
    assert "run the apply by hand with `plan: fresh`" in comment["body"]
    assert reviewed.apply("--plan", "fresh") == 0
    assert rollout(reviewed) == 30


def test_files_that_were_merged_otherwise_than_reviewed_are_a_refusal(reviewed: Pipeline) -> None:
    edited(reviewed.git, "rolloutPercentage: 30", "rolloutPercentage: 31")

    assert reviewed.apply() == 3
    assert rollout(reviewed) == 20


def test_what_nobody_reviewed_is_left_and_named(reviewed: Pipeline) -> None:
    reviewed.git.write({"experiments/other.yaml": OTHER})

    assert reviewed.apply() == 0

    assert rollout(reviewed) == 30
    assert "\nNot in the reviewed plan, and so not applied: `other`.\n" in reviewed.comment
    assert "\nPlanned again afterwards: still other than the files: `other`.\n" in reviewed.comment
    assert (reviewed.outputs["exitcode"], reviewed.outputs["pending"]) == ("0", "true")


@pytest.mark.parametrize("way", ["changed", "resealed", "text", "bytes"])
def test_a_plan_that_somebody_forged_writes_nothing(reviewed: Pipeline, way: str) -> None:
    plan = load_plan((reviewed.folder / "plan.json").read_text(encoding="utf-8"))
    forged = _forged(plan)
    content = {
        "changed": plan_text(forged).encode(),
        "resealed": plan_text(forged.sealed()).encode(),
        "text": b"[]",
        "bytes": b"\xff",
    }[way]
    reviewed.forge.artifact("expsync-plan", content, head=reviewed.forge.pulls[12]["head"]["sha"])

    assert reviewed.apply() == 3
    assert rollout(reviewed) == 20


def _forged(plan: Plan) -> Plan:
    """The plan, with a call that would do more than what its changes show."""
    document = json.loads(plan_text(plan))
    document["experiments"][0]["operations"][0]["body"] = {"rolloutPercentage": 100}
    return Plan.model_validate(document)


def test_another_scope_than_the_reviewed_one_is_a_refusal(reviewed: Pipeline) -> None:
    assert reviewed.apply("--prune", "true") == 3
    assert "prune: it was made for False, and this is True" in reviewed.comment


def test_a_pull_request_without_a_saved_plan_is_a_refusal(reviewed: Pipeline) -> None:
    reviewed.forge.artifacts.clear()

    assert reviewed.apply() == 3

    assert "`error: pull request #12 has no saved plan for its last commit" in reviewed.comment
    assert rollout(reviewed) == 20
    assert reviewed.apply("--plan", "auto") == 3


def test_a_commit_without_a_pull_request_is_refused_or_planned_as_is_asked(reviewed: Pipeline) -> None:
    reviewed.git.commit()
    reviewed.on_main()

    assert reviewed.apply() == 3
    assert "`error: no pull request was merged by commit" in reviewed.comment
    assert reviewed.step("comment") == 0
    assert rollout(reviewed) == 20
    assert reviewed.apply("--plan", "auto") == 0
    assert rollout(reviewed) == 30


def test_its_number_can_be_given(reviewed: Pipeline) -> None:
    reviewed.git.commit()
    reviewed.on_main()

    assert reviewed.apply("--pull-request", "12") == 0
    assert rollout(reviewed) == 30


def test_a_risk_that_nobody_accepts_is_refused_and_can_be_allowed(reviewed: Pipeline) -> None:
    edited(reviewed.git, "    rolloutWeight: 1\n  - key: treatment", "    rolloutWeight: 3\n  - key: treatment")
    reviewed.on_main()

    assert reviewed.apply("--plan", "fresh") == 3
    assert "### Refused, nothing written to `prod`" in reviewed.comment
    assert "variant-weights" in reviewed.comment
    assert reviewed.apply("--plan", "fresh", "--allow", "checkout-*:variant-weights") == 0


def test_a_part_that_failed_ends_with_4_and_is_told(reviewed: Pipeline) -> None:
    edited(reviewed.git, "    rolloutWeight: 1\n  - key: treatment", "    rolloutWeight: 3\n  - key: treatment")
    reviewed.git.write({"experiments/other.yaml": OTHER})

    assert reviewed.apply("--plan", "fresh", "--skip-refused", "true") == 4

    assert reviewed.comment.startswith(f"{MARK}\n### Applied in part to `prod`\n\n**Apply: 1 done, ")
    assert "\n- `checkout-button`: refused (0 calls done, " in reviewed.comment
    assert reviewed.outputs["exitcode"] == "4"


def test_broken_files_write_nothing_and_end_with_1(reviewed: Pipeline) -> None:
    edited(reviewed.git, "rolloutPercentage: 30", "rolloutPercentage: 300")

    assert reviewed.apply() == 1
    assert reviewed.comment.startswith(f"{MARK}\n### Failed to apply to `prod`\n\n`error[EXP104]: rolloutPercentage is")


def test_the_forge_out_of_reach_stops_a_reviewed_plan_and_no_fresh_one(
    reviewed: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    reviewed.patch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")

    assert reviewed.apply() == 1
    assert reviewed.apply("--plan", "auto") == 1
    assert rollout(reviewed) == 20
    assert reviewed.apply("--plan", "fresh") == 0
    assert rollout(reviewed) == 30
    assert "::warning title=expsync::the pull request of this commit can't be asked for: " in capsys.readouterr().out
