"""The step on a schedule, and texts that have a bound."""

from __future__ import annotations

import pytest

from expsync.forge.notes import LIMIT, mark
from expsync.forge.texts import DRIFT_LIMIT, drift_text, no_plan, outcome_text
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.render.markdown import render
from tests.forge.steps import Pipeline
from tests.render.large import many

HOSTILE = "@ann #1 <!-- ``` | ::error::x \u202e\x1b[31m $x$ "


@pytest.fixture
def live(pipeline: Pipeline) -> Pipeline:
    pipeline.live.sow()
    pipeline.on_main()
    return pipeline


def test_drift_is_an_issue_until_nothing_is_left(live: Pipeline) -> None:
    live.live.edit("checkout-button", rolloutPercentage=25)
    assert live.step("drift") == 0
    assert live.outputs == {"exitcode": "2", "pending": "true"}
    assert live.step("issue") == 0
    [issue] = live.forge.issues.values()
    assert live.outputs == {"issue": issue["html_url"]}
    assert issue["body"].startswith(f"{mark('drift', 'prod', '2002')}\n**Drift: 1 of 1 experiment, 1 difference; ")
    assert live.summary == ""

    live.live.edit("checkout-button", rolloutPercentage=20)
    assert live.step("drift") == 0
    assert live.outputs == {"exitcode": "0", "pending": "false"}
    assert live.step("issue") == 0
    assert (issue["state"], len(live.forge.issues)) == ("closed", 1)
    assert live.step("issue") == 0
    assert live.outputs == {"issue": ""}


def test_the_step_fails_for_drift_only_where_it_is_to(live: Pipeline) -> None:
    live.live.edit("checkout-button", rolloutPercentage=25)

    assert live.step("drift", "--fail", "true") == 2
    assert live.step("drift", "--fail", "true", "--targets", "check*", "--base", "none") == 2
    assert live.summary.startswith("**Drift: 1 of 1 experiment")


def test_a_look_that_fails_touches_no_issue(live: Pipeline) -> None:
    live.live.edit("checkout-button", rolloutPercentage=25)
    assert live.step("drift") == 0
    assert live.step("issue") == 0
    live.patch.setenv("AMPLITUDE_PROD_KEY", "ampex_other")

    assert live.step("drift") == 1
    assert live.outputs == {"exitcode": "1", "pending": ""}
    assert live.step("issue") == 0
    assert [issue["state"] for issue in live.forge.issues.values()] == ["open"]


def test_an_issue_that_may_not_be_written_is_a_warning(live: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    live.live.edit("checkout-button", rolloutPercentage=25)
    assert live.step("drift") == 0
    live.forge.allowed.clear()
    capsys.readouterr()

    assert live.step("issue") == 0
    assert capsys.readouterr().out.startswith("::warning title=expsync::the issue can't be written: POST ")


def test_a_long_drift_is_cut_between_two_lines_and_says_so() -> None:
    lines = [f"| `field-{number}` | `1 → 2` | not recorded |" for number in range(5000)]

    text = drift_text("\n".join(lines) + "\n", environment="prod", project="2002")

    assert len(text) <= DRIFT_LIMIT
    shown = text.splitlines()
    cut = next(at for at, line in enumerate(shown) if line.startswith("_Cut: "))
    assert shown[1 : cut - 1] == lines[: cut - 2]
    assert shown[cut] == f"_Cut: {5000 - (cut - 2):,} more lines; the whole is in the summary of the run._"
    short = drift_text("one\n", environment="prod", project="2002")
    assert short.startswith(f"{mark('drift', 'prod', '2002')}\none\n\n`expsync pull` takes what is live")


@pytest.mark.parametrize("failed", [1, 10, 500])
def test_the_text_after_an_apply_keeps_within_the_bound_whatever_it_tells(failed: int) -> None:
    plan = many(200)
    experiments = [
        ExperimentOutcome(key=HOSTILE * 9, id="1", action="update", status="failed", error=HOSTILE * 40)
        for _ in range(failed)
    ]
    outcome = ApplyOutcome(environment="prod", digest="d", experiments=experiments, interrupted=False, requests=1)
    names = [HOSTILE * 20] * 400

    text = outcome_text(
        plan,
        environment=HOSTILE,
        project="2002",
        exit_code=4,
        outcome=outcome,
        unreviewed=names,
        left=names,
        plan_text=render(plan),
    )

    assert len(text) < LIMIT - 500
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert ("more: the log of the run has them all" in text) == (failed > 10)


def test_what_was_said_stands_to_the_letter_and_not_all_of_it() -> None:
    text = no_plan("prod", why="it failed", said="\n".join(f"error: @ann <b> {number}" for number in range(15)))

    assert text.splitlines()[4] == "`error: @ann <b> 0`<br>"
    assert "_3 more lines in the log of the run_" in text
