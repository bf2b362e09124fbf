"""Plan files with mistakes in them: each is the plan that was saved, or is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from expsync.core.guard import mass_change
from expsync.core.refusal import refused_findings
from expsync.errors import RefusedError
from expsync.model.plan import Plan, digest_of
from expsync.model.plan_file import load_plan, plan_text, read_plan
from expsync.model.workspace import Policy
from expsync.render import html as html_renderer
from expsync.render import json as json_renderer
from expsync.render import markdown as markdown_renderer
from expsync.render import text as text_renderer
from tests.fuzz.budget import explore, refused
from tests.fuzz.mutations import damaged, edited
from tests.render.plans import plan, rich_plan, split_plan
from tests.render.reading import Page

PLANS = [rich_plan(), plan(), split_plan()]
BYTES = [plan_text(one).encode() for one in PLANS]
DOCUMENTS = [json.loads(content) for content in BYTES]


def shown(found: Plan) -> None:
    """Nothing; what the commands do with a plan that was read can be done."""
    text_renderer.render(found, colour=True, width=80, verbose=True)
    comment = markdown_renderer.render(found)
    assert len(comment) <= markdown_renderer.LIMIT
    page = Page(html_renderer.render(found))
    assert (page.unbalanced, page.open) == ([], [])
    assert json.loads(json_renderer.render(found)) == found.model_dump(mode="json")
    refused_findings(found, Policy(), ())
    mass_change(found, Policy().massChange)


def read(content: bytes, path: Path) -> str:
    path.write_bytes(content)
    try:
        found = read_plan(path)
    except RefusedError as error:
        return refused(error.message, most=600)
    assert found.model_copy(update={"createdAt": ""}) in [p.model_copy(update={"createdAt": ""}) for p in PLANS]
    shown(found)
    return "the plan that was saved"


def test_bytes_of_plans_with_mistakes_are_refused(tmp_path: Path) -> None:
    came = explore("bytes of plans", damaged(BYTES), lambda c: read(c, tmp_path / "plan.json"), examples=200)
    assert came["refused"]


def forged(document: Any) -> str:
    """What comes of a document whose digest fits: somebody changed it on purpose."""
    if isinstance(document, dict) and not isinstance(document.get("digest"), dict):
        document["digest"] = digest_of(document)
    try:
        found = load_plan(json.dumps(document))
    except RefusedError as error:
        return refused(error.message, most=600)
    shown(found)
    return "taken for a plan"


NUMBERS = ["1e999", "-1e999", "1e-999", "1" + "0" * 400, "-0", "1" + "0" * 4299, "NaN", "0x10"]
"""Found by hand, and by a long run: what was read as infinity could not be written again, nor a huge one divided."""


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("at", ["after", "switch", "line", "requests"])
def test_odd_numbers_with_a_digest_that_fits_are_refused_or_can_be_shown(at: str, number: str) -> None:
    text = re.sub(rf'("{at}": )[-0-9.e]+', rf"\g<1>{number}", plan_text(rich_plan()))
    document = json.loads(text) if number != "0x10" else {}
    if isinstance(document.get("digest"), str):
        text = text.replace(document["digest"], digest_of(document))
    try:
        found = load_plan(text)
    except RefusedError as error:
        refused(error.message, most=600)
    else:
        shown(found)


def test_a_name_that_stands_twice_among_many_is_found_at_once() -> None:
    names = [f'"{number}": 1' for number in range(100_000)]
    with pytest.raises(RefusedError, match=r"the name '7' stands twice in one object$"):
        load_plan("{" + ", ".join([*names, '"7": 2']) + "}")


def test_long_names_are_cut_where_they_are_quoted() -> None:
    long = "x" * 100_000
    for text in (f'{{"{long}": 1, "{long}": 2}}', f'{{"a": 1e{"9" * 1000}}}'):
        with pytest.raises(RefusedError) as caught:
            load_plan(text)
        assert refused(caught.value.message, most=250)


def test_edited_plans_with_a_digest_that_fits_are_refused_or_can_be_shown() -> None:
    came = explore("edited plans", edited(DOCUMENTS), forged, examples=300)
    assert came["refused"]
    assert came["taken for a plan"]


def test_any_bytes_are_no_plan(tmp_path: Path) -> None:
    came = explore("any bytes", st.binary(max_size=300), lambda c: read(c, tmp_path / "plan.json"), examples=100)
    assert set(came) == {"refused"}
