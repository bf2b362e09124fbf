"""Many transports in one: each for one request at a time, taken again as soon as it is free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from expsync.api.lanes import Lanes

REQUEST = httpx.Request("GET", "https://x.example/")


class Lane(httpx.BaseTransport):
    """Answers with its number; fails where it is told to."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.fails: BaseException | None = None
        self.closed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.fails is not None:
            raise self.fails
        return httpx.Response(200, stream=httpx.ByteStream(str(self.number).encode()))

    def close(self) -> None:
        self.closed += 1


class Opened:
    """Lanes, and what was opened for them."""

    def __init__(self) -> None:
        self.made: list[Lane] = []
        self.lanes = Lanes(self.open)

    def open(self) -> Lane:
        self.made.append(Lane(len(self.made)))
        return self.made[-1]

    def ask(self) -> httpx.Response:
        return self.lanes.handle_request(REQUEST)


def number(response: httpx.Response) -> int:
    assert isinstance(response.stream, httpx.SyncByteStream)
    return int(b"".join(response.stream))


def test_one_lane_is_open_from_the_start_and_does_for_calls_one_by_one() -> None:
    opened = Opened()
    assert len(opened.made) == 1
    for _ in range(3):
        response = opened.ask()
        assert number(response) == 0
        response.close()
    assert len(opened.made) == 1


def test_a_lane_is_taken_until_its_answer_is_closed() -> None:
    opened = Opened()
    answers = [opened.ask() for _ in range(3)]
    assert [number(answer) for answer in answers] == [0, 1, 2]
    answers[1].close()
    answers[0].close()
    # Who was given back last comes first.
    assert [number(opened.ask()) for _ in range(3)] == [0, 1, 3]
    assert len(opened.made) == 4


@pytest.mark.parametrize("error", [httpx.ReadTimeout("t"), KeyboardInterrupt()])
def test_a_lane_that_fails_is_free_again(error: BaseException) -> None:
    opened = Opened()
    opened.made[0].fails = error
    with pytest.raises(type(error)):
        opened.ask()
    opened.made[0].fails = None
    assert number(opened.ask()) == 0


def test_a_lane_whose_answer_can_not_be_closed_is_free_again() -> None:
    class Stuck(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b""

        def close(self) -> None:
            raise httpx.ReadError("cut")

    class Once(Lane):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=Stuck())

    made: list[Once] = []

    def open_lane() -> Once:
        made.append(Once(0))
        return made[-1]

    lanes = Lanes(open_lane)
    for _ in range(2):
        with pytest.raises(httpx.ReadError):
            lanes.handle_request(REQUEST).close()
    assert len(made) == 1


def test_closing_closes_each_lane_once_be_it_free_or_taken() -> None:
    opened = Opened()
    taken, free = opened.ask(), opened.ask()
    free.close()
    opened.lanes.close()
    assert [lane.closed for lane in opened.made] == [1, 1]
    taken.close()


def test_many_threads_never_share_a_lane() -> None:
    busy = threading.Lock()
    using: set[int] = set()
    shared: list[int] = []

    class Watched(Lane):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            with busy:
                if id(self) in using:
                    shared.append(self.number)
                using.add(id(self))
            return super().handle_request(request)

    made: list[Watched] = []

    def open_lane() -> Watched:
        made.append(Watched(len(made)))
        return made[-1]

    lanes = Lanes(open_lane)

    def ask(_: int) -> None:
        response = lanes.handle_request(REQUEST)
        lane = made[number(response)]
        with busy:
            using.discard(id(lane))
        response.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(2000)))
    assert shared == []
    assert 1 <= len(made) <= 8
