"""docs/risks.md says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from expsync.core.risk import RISKS
from expsync.render import text as plan_text
from tests.core.risk_worlds import live_of, planned, variants
from tests.render.plans import plan

PAGE = Path(__file__).parent.parent / "docs" / "risks.md"
BLOCK = re.compile(r"(?<=<!-- risks -->\n).*?(?=<!-- end -->)", re.DOTALL)


def every_risk() -> str:
    """The risks as the page has them."""
    return "".join(
        f"### {risk.name}: {risk.severity}\n\n"
        f"- When: {risk.when}.\n"
        f"- Why: {risk.why}.\n"
        f"- To settle it: {risk.settle}.\n"
        f"- The shares of users who move {'belong to it' if risk.moves else 'are not its own'}.\n\n"
        for risk in RISKS
    )


def test_the_page_has_every_risk_as_the_program_has_it(request: pytest.FixtureRequest) -> None:
    """With --update-expected it is made so."""
    text = PAGE.read_text(encoding="utf-8")
    made = BLOCK.sub(lambda _: f"\n{every_risk()}", text)
    if request.config.getoption("--update-expected"):
        PAGE.write_text(made, encoding="utf-8", newline="\n")
        text = made

    assert len(BLOCK.findall(text)) == 1
    assert text == made


def test_the_picture_of_a_plan_is_what_the_program_prints() -> None:
    live = live_of({"key": "checkout-button", "rolloutPercentage": 100})
    made = planned(live, {"key": "checkout-button", "variants": variants(control=60, treatment=40)}).experiment
    assert made is not None
    placed = made.model_copy(update={"file": "experiments/checkout-button.yaml", "line": 2})
    shown = plan_text.render(plan(placed), colour=False, width=120)

    assert "\n".join(shown.splitlines()[2:-2]) in PAGE.read_text(encoding="utf-8")
