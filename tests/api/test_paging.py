"""Lists: followed to their end, which always comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from expsync.api import pages as pages_module
from expsync.api.pages import ListAnswer
from expsync.errors import ApiError, ReplyError
from tests.api.world import Server, client_of, reply, serve


def page(*ids: int, cursor: object = None) -> Callable[[httpx.Request], httpx.Response]:
    experiments = [{"id": id, "key": f"k{id}", "projectId": "2002"} for id in ids]
    return reply(200, json.dumps({"experiments": experiments, "nextCursor": cursor}))


def cursors(server: Server) -> list[str | None]:
    return [request.url.params.get("cursor") for request in server.requests]


@pytest.mark.parametrize("end", [None, ""])
def test_pages_are_followed_by_their_cursor_to_the_end(end: str | None) -> None:
    server = serve(page(1, 2, cursor=2), page(3, cursor="a+b/c="), page(4, cursor=end))
    with client_of(server) as client:
        assert [found.id for found in client.list_all()] == ["1", "2", "3", "4"]
        assert client.requests_sent == 3
    assert cursors(server) == [None, "2", "a+b/c="]
    assert {request.url.params["projectId"] for request in server.requests} == {"2002"}


def test_a_page_is_asked_for_only_when_it_is_wanted() -> None:
    server = serve(page(1, cursor=1), page(2))
    with client_of(server) as client:
        pages = client.list_experiments()
        assert server.requests == []
        assert [found.id for found in next(pages).experiments] == ["1"]
        assert len(server.requests) == 1


def test_an_empty_project_is_an_empty_list() -> None:
    with client_of(serve(page())) as client:
        assert client.list_all() == []


def test_what_shows_on_two_pages_counts_once_as_it_is_later() -> None:
    moved = reply(200, '{"experiments": [{"id": 2, "key": "k2", "name": "newer"}, {"id": 3, "key": "k3"}]}')
    with client_of(serve(page(1, 2, cursor=2), moved)) as client:
        assert [(found.id, found.name) for found in client.list_all()] == [("1", ""), ("2", "newer"), ("3", "")]


TRAPS: dict[str, tuple[list[Callable[[httpx.Request], httpx.Response]], int]] = {
    "the same cursor": ([page(1, cursor=5), page(2, cursor=5)], 2),
    "a circle of cursors": ([page(1, cursor=5), page(2, cursor=6), page(3, cursor=5)], 3),
    "the same page under new cursors": ([page(1, cursor=5), page(1, cursor=6)], 2),
    "empty pages under new cursors": ([page(1, cursor=5), page(cursor=6)], 2),
    "an empty first page with a cursor": ([page(cursor=6)], 1),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_list_that_would_not_end_is_an_error(name: str) -> None:
    pages, requests = TRAPS[name]
    server = serve(*pages)
    with client_of(server) as client, pytest.raises(ReplyError) as caught:
        client.list_all()
    assert str(caught.value) == "listExperiments: the list does not end: a page brought nothing new"
    assert len(server.requests) == requests


def test_a_list_of_too_many_pages_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "MAX_PAGES", 7)
    numbers = iter(range(1, 100))

    def endless(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        return page(number, cursor=number)(request)

    server = serve(endless)
    with client_of(server) as client, pytest.raises(ReplyError, match="more than 7 pages"):
        client.list_all()
    assert len(server.requests) == 7


def test_a_list_that_breaks_off_is_an_error_and_not_a_shorter_list() -> None:
    for broken in (reply(500), reply(200, '{"experiments": [{"id": 2'), reply(404)):
        with client_of(serve(page(1, cursor=1), broken)) as client, pytest.raises(ApiError):
            client.list_all()


def test_filters_are_sent_as_they_are_asked_for() -> None:
    server = serve(page())
    with client_of(server) as client:
        client.list_all(key="a&b", include_archived=True)
        list(client.list_experiments(project_id="7", limit=5))
    assert server.asked == [
        "GET /api/1/experiments?projectId=2002&limit=1000&key=a%26b&includeArchived=true",
        "GET /api/1/experiments?projectId=7&limit=5",
    ]


def test_what_an_older_server_does_not_filter_is_filtered_here() -> None:
    body = {
        "experiments": [
            {"id": 1, "key": "a", "projectId": 2002},
            {"id": 2, "key": "a", "projectId": 999},
            {"id": 3, "key": "b", "projectId": "2002"},
            {"id": 4, "key": "a"},
        ]
    }
    with client_of(serve(reply(200, json.dumps(body)))) as client:
        assert [found.id for found in client.list_all()] == ["1", "3", "4"]
        assert [found.id for found in client.list_all(key="a")] == ["1", "4"]
        assert [found.id for found in client.list_all(project_id="999")] == ["2", "4"]


def eager(asked: list[int]) -> Callable[[Iterator[ListAnswer]], Iterator[ListAnswer]]:
    """All answers at once, before any is decoded; how many they were is noted."""

    def ahead(answers: Iterator[ListAnswer]) -> Iterator[ListAnswer]:
        found = list(answers)
        asked.append(len(found))
        return iter(found)

    return ahead


def test_answers_that_end_with_a_cursor_can_be_asked_for_before_any_is_decoded() -> None:
    server = serve(page(1, 2, cursor=2), page(3, cursor="a+b/c="), page(4))
    asked: list[int] = []
    with client_of(server) as client:
        pages = client.list_experiments(ahead=eager(asked))
        assert asked == [3]
        assert [found.id for page in pages for found in page.experiments] == ["1", "2", "3", "4"]
    assert cursors(server) == [None, "2", "a+b/c="]


def test_a_cursor_at_the_start_of_an_answer_is_followed_too() -> None:
    first = reply(200, '{"nextCursor": 7, "experiments": [{"id": 1, "key": "k1"}]}')
    server = serve(first, page(2))
    with client_of(server) as client:
        assert [found.id for found in client.list_all()] == ["1", "2"]
    assert cursors(server) == [None, "7"]


@pytest.mark.parametrize(
    "body",
    [
        '{"nextCursor": 6, "experiments": [{"id": 1, "key": "k1"}], "nextCursor": 5}',
        '{"experiments": [{"id": 1, "key": "k1"}, "x"], "nextCursor": 5}',
        '{"experiments": [{"id": 1, "key": "k1"}], "a", "nextCursor": 5}',
    ],
)
def test_a_page_whose_end_told_a_cursor_is_still_read_as_a_whole(body: str) -> None:
    """Either the cursor that was followed is the page's own, or the page is an error."""
    server = serve(reply(200, body), page(2))
    with client_of(server) as client:
        try:
            found = client.list_all()
        except ReplyError:
            return
    assert [one.id for one in found] == ["1", "2"]
    assert json.loads(body)["nextCursor"] == 5
    assert cursors(server) == [None, "5"]


@pytest.mark.parametrize("name", TRAPS)
def test_a_list_that_would_not_end_is_an_error_when_asked_for_ahead(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "MAX_PAGES", 7)
    pages, _ = TRAPS[name]
    with client_of(serve(*pages, page(9, cursor=99))) as client, pytest.raises(ReplyError, match="does not end"):
        list(client.list_experiments(ahead=eager([])))
