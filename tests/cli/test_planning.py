"""The live side is asked for while the files are read; what is wrong in the files is told first all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from expsync.api.client import Client
from expsync.cli import session as session_module
from expsync.cli.interrupt import Interruption
from expsync.cli.options import Globals
from expsync.cli.planning import both_sides, make_plan
from expsync.cli.session import Session, open_session
from expsync.errors import ApiError, ConfigError, ExpsyncError
from expsync.wire import replies

SOON = 10
"""Seconds after which a test that waits in vain fails."""
EMPTY = httpx.Response(200, json={"experiments": []})


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A workspace of one file, on a server that is not there."""
    (tmp_path / "expsync.yaml").write_text(
        "version: 1\nenvironments:\n  prod: {baseUrl: 'https://experiment.invalid', projectId: '1', apiKeyEnv: K}\n",
        encoding="utf-8",
    )
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "a.yaml").write_text("key: a\n", encoding="utf-8")
    return open_session(Globals(config=tmp_path / "expsync.yaml", quiet=True))


def answered(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    """Let the session's client be answered by a function."""

    @contextmanager
    def client(_: Session, **__: Any) -> Iterator[Client]:
        with Client(
            base_url="https://experiment.invalid",
            api_key="key",
            project_id="1",
            environment="prod",
            key_variable="K",
            transport=httpx.MockTransport(answer),
            sleep=lambda _: None,
        ) as found:
            yield found

    monkeypatch.setattr(Session, "client", client)


def test_the_list_is_asked_for_before_the_files_are_read(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, read = Event(), Event()

    def answer(_: httpx.Request) -> httpx.Response:
        asked.set()
        assert read.wait(SOON)
        return EMPTY

    load = session_module.load_declarations

    def load_when_asked(*arguments: Any, **options: Any) -> Any:
        assert asked.wait(SOON)
        loaded = load(*arguments, **options)
        read.set()
        return loaded

    answered(monkeypatch, answer)
    monkeypatch.setattr(session_module, "load_declarations", load_when_asked)
    with both_sides(session, Interruption()) as sides:
        plan = make_plan(session, sides, targets=(), prune=False)
    assert [(planned.key, planned.action) for planned in plan.experiments] == [("a", "create")]


def test_bad_files_are_told_of_without_waiting_for_the_list(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    over, answers, closed = Event(), Event(), Event()

    def answer(_: httpx.Request) -> httpx.Response:
        assert over.wait(SOON)
        answers.set()
        return EMPTY

    def close(_: Client) -> None:
        assert answers.is_set()
        closed.set()

    monkeypatch.setattr(Client, "close", close)
    answered(monkeypatch, answer)
    (session.workspace.root / "experiments" / "a.yaml").write_text("key: a\nrolloutPercentage: 130\n", encoding="utf-8")
    with pytest.raises(ConfigError), both_sides(session, Interruption()):
        pass
    assert not answers.is_set()
    over.set()
    assert closed.wait(SOON)


def test_a_list_that_can_not_be_read_is_an_error_of_the_plan(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, lambda _: httpx.Response(403, text="no"))
    with both_sides(session, Interruption()) as sides, pytest.raises(ApiError):
        make_plan(session, sides, targets=(), prune=False)


def paged(number: int, *, cursor: int | None) -> httpx.Response:
    text = f'{{"experiments": [{{"id": {number}, "key": "k{number}"}}]'
    return httpx.Response(200, text=text + ("}" if cursor is None else f', "nextCursor": {cursor}}}'))


def test_the_next_page_is_asked_for_before_one_is_decoded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    all_asked = Event()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("cursor"))
        if len(asked) < 3:
            return paged(len(asked), cursor=len(asked))
        all_asked.set()
        return paged(3, cursor=None)

    decoded = []
    parse = replies.parse_page

    def parse_when_asked(body: Any) -> Any:
        # None is decoded until all were asked for: who decodes first, and asks then, waits in vain.
        decoded.append(all_asked.wait(SOON))
        return parse(body)

    answered(monkeypatch, answer)
    monkeypatch.setattr(replies, "parse_page", parse_when_asked)
    with both_sides(session, Interruption()) as sides:
        listing = sides.listed()
        with pytest.raises(ApiError, match="no answer is left"):
            sides.listed()
    assert (asked, decoded) == ([None, "1", "2"], [True] * 3)
    assert (list(listing.bodies), listing.pages) == (["k1", "k2", "k3"], 3)


@pytest.mark.parametrize("broken", ["the first page", "the next page", "the next page's bytes"])
def test_a_list_that_broke_off_is_never_a_shorter_list(
    broken: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {
        "the first page": [httpx.Response(200, text='{"experiments": [{]}, "nextCursor": 1}'), paged(2, cursor=None)],
        "the next page": [paged(1, cursor=1), httpx.Response(404)],
        "the next page's bytes": [paged(1, cursor=1), httpx.Response(200, text='{"experiments": [{"id": 2')],
    }
    answers = iter(bad[broken])
    answered(monkeypatch, lambda _: next(answers))
    with both_sides(session, Interruption()) as sides:
        for _ in range(2):
            with pytest.raises(ApiError):
                sides.listed()
        with pytest.raises(ApiError):
            make_plan(session, sides, targets=(), prune=False)


def test_bad_files_are_told_of_before_a_missing_key(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("K", raising=False)
    with pytest.raises(ExpsyncError, match="no key"), both_sides(session, Interruption()):
        pass
    (session.workspace.root / "experiments" / "a.yaml").write_text("key: a\nrolloutPercentage: 130\n", encoding="utf-8")
    with pytest.raises(ConfigError), both_sides(session, Interruption()):
        pass
