"""Replies of the API with mistakes in them: each is read, or is one clear error."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from expsync.api.client import Client
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import Session, open_session
from expsync.errors import ConfigError, ExpsyncError, ReplyError
from expsync.model.experiment import Declared
from expsync.model.plan_file import load_plan, plan_text
from expsync.render import html as html_renderer
from expsync.render import json as json_renderer
from expsync.render import markdown as markdown_renderer
from expsync.render import text as text_renderer
from tests.apply.world import WORKSPACE
from tests.fuzz.budget import explore, refused
from tests.fuzz.mutations import damaged, edited
from tests.security.world import DECLARED, READ_BY_PLAN, REPLIES, Liar, sparse_list
from tests.wire.test_replies import PARSERS

BYTES = {name: json.dumps(REPLIES[name], indent=1).encode() for name in PARSERS}


def parsed(endpoint: str, body: bytes) -> str:
    try:
        PARSERS[endpoint](body)
    except ReplyError as error:
        return refused(error.message, most=300)
    return "read"


def test_bytes_of_replies_with_mistakes_are_read_or_refused() -> None:
    cases = st.sampled_from(sorted(PARSERS)).flatmap(lambda name: st.tuples(st.just(name), damaged([BYTES[name]])))
    came = explore("bytes of replies", cases, lambda case: parsed(*case), examples=300)
    assert came["refused"]


def test_replies_with_odd_values_are_read_or_refused() -> None:
    cases = st.sampled_from(sorted(PARSERS)).flatmap(lambda name: st.tuples(st.just(name), edited([REPLIES[name]])))
    came = explore("replies", cases, lambda c: parsed(c[0], json.dumps(c[1]).encode()), examples=300)
    assert came["refused"]
    assert came["read"]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "a.yaml").write_text(json.dumps(DECLARED), encoding="utf-8")
    return open_session(Globals(config=tmp_path / "expsync.yaml", quiet=True))


def planned(session: Session, declared: Sequence[Declared], endpoint: str, reply: Any) -> str:
    replies = copy.deepcopy(REPLIES)
    if endpoint not in ("listExperiments", "listVariants"):
        replies["listExperiments"] = sparse_list()
    replies[endpoint] = reply
    with Client(
        base_url="sandbox",
        api_key=None,
        project_id="1001",
        environment="test",
        key_variable="EXPSYNC_API_KEY",
        transport=Liar(replies),
        sleep=lambda _: None,
    ) as client:
        try:
            plan = make_plan(session, Sides(declared, client), targets=(), prune=True)
        except ConfigError:
            return "contradicts the file"
        except ExpsyncError as error:
            return refused(error.message, most=400)
    assert text_renderer.render(plan, colour=False, width=100, verbose=True)
    assert markdown_renderer.render(plan)
    assert html_renderer.render(plan)
    assert load_plan(plan_text(plan)) == plan
    assert json.loads(json_renderer.render(plan)) == plan.model_dump(mode="json")
    return "planned"


def test_a_live_side_with_odd_values_is_planned_or_refused(session: Session) -> None:
    declared = session.declarations()
    assert planned(session, declared, "getInclusions", REPLIES["getInclusions"]) == "planned"
    cases = st.sampled_from(READ_BY_PLAN).flatmap(lambda name: st.tuples(st.just(name), edited([REPLIES[name]])))
    came = explore("live sides", cases, lambda case: planned(session, declared, *case), examples=150)
    assert came["planned"]
    assert came["refused"]
