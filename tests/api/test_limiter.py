"""The pace: never too fast, never slower than it must be, in the order of asking."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.api.limiter import Limiter
from tests.api.world import Clock


def busiest_second(times: list[float]) -> int:
    """The most of these times that lie within any span shorter than a second."""
    times = sorted(times)
    first = most = 0
    for last, time in enumerate(times):
        while time - times[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def simulate(limiter: Limiter, clock: Clock, *, requests: int, workers: int, seed: int) -> list[float]:
    """The times at which requests go out, for workers that each take a random while over one."""
    chance = random.Random(seed)
    free = [(clock.now, worker) for worker in range(workers)]
    sent = []
    for _ in range(requests):
        at, worker = heapq.heappop(free)
        clock.now = max(clock.now, at)
        limiter.wait()
        sent.append(clock.now)
        heapq.heappush(free, (clock.now + chance.expovariate(20), worker))
    return sent


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("per_second", [90, 100, 7])
def test_5000_requests_of_ten_workers_keep_the_limit_and_waste_no_time(per_second: int, seed: int) -> None:
    clock = Clock()
    limiter = Limiter(per_second, clock=clock.read, sleep=clock.sleep)
    sent = simulate(limiter, clock, requests=5000, workers=10, seed=seed)
    least = math.ceil(5000 / per_second) - 1
    assert busiest_second(sent) == per_second
    assert least <= sent[-1] - sent[0] <= least * 1.01 + 1


def test_sleeps_that_last_too_long_do_not_break_the_limit() -> None:
    clock = Clock()
    chance = random.Random(5)

    def oversleep(seconds: float) -> None:
        clock.now += seconds + chance.random() / 5

    sent = simulate(Limiter(20, clock=clock.read, sleep=oversleep), clock, requests=500, workers=10, seed=1)
    assert busiest_second(sent) == 20


def test_sleeps_that_end_too_soon_do_not_break_the_limit() -> None:
    clock = Clock()

    def undersleep(seconds: float) -> None:
        clock.now += max(seconds / 3, 0.0001)

    sent = simulate(Limiter(20, clock=clock.read, sleep=undersleep), clock, requests=500, workers=10, seed=1)
    assert busiest_second(sent) == 20


@given(per_second=st.floats(min_value=0.05, max_value=100), seed=st.integers(0, 1000))
def test_any_limit_holds_in_any_second(per_second: float, seed: int) -> None:
    clock = Clock()
    limiter = Limiter(per_second, clock=clock.read, sleep=clock.sleep)
    sent = simulate(limiter, clock, requests=150, workers=4, seed=seed)
    assert busiest_second(sent) <= max(1, per_second)
    if per_second < 1:
        assert min(b - a for a, b in itertools.pairwise(sent)) >= 1 / per_second


def test_below_the_limit_nobody_waits() -> None:
    clock = Clock()
    limiter = Limiter(3, clock=clock.read, sleep=clock.sleep)
    for _ in range(3):
        limiter.wait()
    assert clock.slept == []
    limiter.wait()
    assert clock.slept == [pytest.approx(1.001)]


def test_many_threads_at_once_keep_the_limit() -> None:
    mutex = threading.Lock()
    clock = Clock()
    sent: list[float] = []

    def sleep(seconds: float) -> None:
        with mutex:
            clock.now += seconds

    def read() -> float:
        with mutex:
            return clock.now

    limiter = Limiter(10, clock=read, sleep=sleep)

    def work() -> None:
        for _ in range(50):
            limiter.wait()
            sent.append(read())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sent) == 400
    assert clock.now - 1000 == pytest.approx(39 * 1.001)


class Turnstile:
    """A limiter of one a second whose sleeper waits until the test lets it go on."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.asleep = threading.Event()
        self.go_on = threading.Event()
        self.limiter = Limiter(1, clock=self.clock.read, sleep=self.sleep)
        self.order: list[int] = []
        self.limiter.wait()

    def sleep(self, seconds: float) -> None:
        self.asleep.set()
        assert self.go_on.wait(30)
        self.clock.now += seconds

    def ask(self, number: int) -> threading.Thread:
        """A thread that asks, once it stands in the queue (or sleeps at its head)."""
        before = len(self.limiter._queue)

        def wait() -> None:
            self.limiter.wait()
            self.order.append(number)

        thread = threading.Thread(target=wait)
        thread.start()
        if number == 0:
            assert self.asleep.wait(30)
        else:
            while len(self.limiter._queue) == before:
                threading.Event().wait(0.001)
        return thread


def test_turns_come_in_the_order_of_asking() -> None:
    turnstile = Turnstile()
    threads = [turnstile.ask(number) for number in range(6)]
    turnstile.go_on.set()
    for thread in threads:
        thread.join(30)
    assert turnstile.order == [0, 1, 2, 3, 4, 5]


def test_a_sleep_that_is_interrupted_passes_the_turn_on() -> None:
    clock = Clock()
    interrupts = [KeyboardInterrupt()]

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if interrupts:
            raise interrupts.pop()

    limiter = Limiter(1, clock=clock.read, sleep=sleep)
    limiter.wait()
    with pytest.raises(KeyboardInterrupt):
        limiter.wait()
    limiter.wait()
    assert clock.now == pytest.approx(1001.001)


class Interrupting:
    """A lock whose second acquisition is interrupted, after `meanwhile` ran."""

    def __init__(self, meanwhile: object) -> None:
        self.meanwhile = meanwhile
        self.acquired = 0
        self.released = 0

    def acquire(self) -> None:
        self.acquired += 1
        if self.acquired == 2:
            if callable(self.meanwhile):
                self.meanwhile()
            raise KeyboardInterrupt

    def release(self) -> None:
        self.released += 1


@pytest.mark.parametrize("turn_came", [False, True])
def test_an_interrupt_in_the_queue_leaves_no_gap(monkeypatch: pytest.MonkeyPatch, turn_came: bool) -> None:
    limiter = Limiter(5)
    limiter._enter()
    monkeypatch.setattr("expsync.api.limiter.Lock", lambda: Interrupting(limiter._leave if turn_came else None))
    with pytest.raises(KeyboardInterrupt):
        limiter._enter()
    monkeypatch.undo()
    if not turn_came:
        limiter._leave()
    assert (limiter._taken, list(limiter._queue)) == (False, [])
    limiter.wait()


@pytest.mark.parametrize("per_second", [0, -1, math.inf, math.nan])
def test_a_limit_that_is_none_is_refused(per_second: float) -> None:
    with pytest.raises(ValueError, match="a limit is a number above 0"):
        Limiter(per_second)
