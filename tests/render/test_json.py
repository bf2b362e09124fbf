"""The plan as JSON is the document."""

from __future__ import annotations

import json
from collections.abc import Callable

from expsync.model.plan import digest_of
from expsync.render.json import render
from expsync.render.safe import visible
from tests.render.plans import hostile_plan, rich_plan


def test_the_document_in_the_order_of_the_model(expected: Callable[[str, str], None]) -> None:
    expected("rich.json", render(rich_plan()))


def test_hostile_texts_survive_and_cannot_act() -> None:
    plan = hostile_plan()
    text = render(plan)

    assert json.loads(text) == plan.model_dump(mode="json")
    assert all(visible(line) == line for line in text.split("\n"))
    assert digest_of(json.loads(text)) == plan.digest
