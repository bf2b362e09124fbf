"""The pace: never too fast, never slower than it must be, in the order of asking."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
from collections import deque
from contextlib import AbstractContextManager

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


class Ideal:
    """The limit kept with no time lost: the next goes out the moment that the rule lets it."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self.sent: deque[float] = deque(maxlen=per_second)
        self.clock = clock

    def wait(self) -> None:
        if len(self.sent) == self.sent.maxlen:
            self.clock.now = max(self.clock.now, self.sent[0] + 1)
        self.sent.append(self.clock.now)


def surge(limiter: Limiter | Ideal, clock: Clock, *, requests: int, workers: int, seed: int) -> list[float]:
    """The times at which requests go out, for workers that pause between bursts, all of them together at times.

    Services take from nothing to seconds, most of them a twentieth of one; what is drawn depends on the request's
    number alone.
    """
    chance = random.Random(seed)
    services = [chance.choice([0.0, chance.expovariate(20), chance.expovariate(20), chance.expovariate(1)])
                for _ in range(requests)]  # fmt: skip
    together = {n: chance.uniform(0, 4) for n in range(0, requests, chance.randrange(150, 700))}
    free = [(clock.now, worker) for worker in range(workers)]
    sent = []
    for number in range(requests):
        if number in together:
            rested = max(at for at, _ in free) + together[number]
            free = [(rested, worker) for _, worker in free]
            heapq.heapify(free)
        at, worker = heapq.heappop(free)
        clock.now = max(clock.now, at)
        limiter.wait()
        sent.append(clock.now)
        heapq.heappush(free, (clock.now + services[number], worker))
    return sent


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("workers", [10, 40])
def test_5000_requests_in_bursts_keep_the_limit_and_take_little_longer_than_they_must(workers: int, seed: int) -> None:
    clock, ideal = Clock(), Clock()
    limiter = Limiter(90, clock=clock.read, sleep=clock.sleep)
    sent = surge(limiter, clock, requests=5000, workers=workers, seed=seed)
    least = surge(Ideal(90, ideal), ideal, requests=5000, workers=workers, seed=seed)
    assert busiest_second(sent) <= 90
    assert busiest_second(least) <= 90
    assert sent[-1] - sent[0] <= 1.05 * (least[-1] - least[0])


def counted_by_a_server(
    limiter: Limiter, clock: Clock, *, workers: int, seed: int, requests: int = 3000
) -> list[float]:
    """The times at which requests arrive, where some are held up on the way, and some answers on the way back."""
    chance = random.Random(seed)
    free = [clock.now] * workers
    turns: list[tuple[float, int, AbstractContextManager[None]]] = []
    arrived = []

    def pass_time(until: float) -> None:
        while turns and turns[0][0] <= until:
            clock.now, _, turn = heapq.heappop(turns)
            turn.__exit__(None, None, None)
            heapq.heappush(free, clock.now)
        clock.now = max(clock.now, until)

    limiter._sleep = lambda seconds: pass_time(clock.now + seconds)
    for number in range(requests):
        while not free:
            pass_time(turns[0][0])
        pass_time(max(clock.now, heapq.heappop(free)))
        turn = limiter.turn()
        turn.__enter__()
        there = chance.choice([0.001, 0.01, 0.05, 0.05, 0.3])
        arrived.append(clock.now + there)
        heapq.heappush(turns, (clock.now + there + chance.choice([0.001, 0.02, 0.1]), number, turn))
    return arrived


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("per_second", "workers", "allowed"), [(90, 10, 100), (90, 100, 100), (100, 60, 100), (9, 50, 10)]
)
def test_a_server_never_counts_more_in_a_second_whatever_is_held_up(
    per_second: int, workers: int, allowed: int, seed: int
) -> None:
    clock = Clock()
    requests = 300 if per_second < 20 else 3000
    limiter = Limiter(per_second, clock=clock.read)
    arrived = counted_by_a_server(limiter, clock, workers=workers, seed=seed, requests=requests)
    assert busiest_second(arrived) <= allowed
    assert max(arrived) - 1000 < 1.25 * requests / per_second


def test_the_bound_on_what_a_server_counts_costs_ten_workers_nothing() -> None:
    clock, plain = Clock(), Clock()
    bounded, unbounded = Limiter(90, clock=clock.read), Limiter(90, clock=plain.read)
    unbounded._seen_at_most = 10**9
    times = counted_by_a_server(bounded, clock, workers=10, seed=1)
    assert times == counted_by_a_server(unbounded, plain, workers=10, seed=1)


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


def test_who_is_ahead_is_the_next_of_those_that_wait() -> None:
    clock, order = Clock(), []

    def sleep(seconds: float) -> None:
        # Only who has the turn sleeps.
        order.append(threading.current_thread().name)
        clock.sleep(seconds)

    def ask(*, ahead: bool) -> None:
        with limiter.turn(ahead=ahead):
            pass

    limiter = Limiter(1, clock=clock.read, sleep=sleep)
    limiter.wait()
    limiter._enter()
    threads = []
    for place, (name, ahead) in enumerate([("first", False), ("second", False), ("ahead", True)], start=1):
        threads.append(threading.Thread(target=ask, kwargs={"ahead": ahead}, name=name))
        threads[-1].start()
        while len(limiter._queue) < place:
            threads[-1].join(0.001)
    limiter._leave()
    for thread in threads:
        thread.join(10)
    assert list(dict.fromkeys(order)) == ["ahead", "first", "second"]


@pytest.mark.parametrize("per_second", [0, -1, math.inf, math.nan])
def test_a_limit_that_is_none_is_refused(per_second: float) -> None:
    with pytest.raises(ValueError, match="a limit is a number above 0"):
        Limiter(per_second)
