"""Lists: followed to their end, which always comes."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from expsync.api import client as client_module
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
    monkeypatch.setattr(client_module, "MAX_PAGES", 7)
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
