"""The order of weight changes is the one in which the fewest users are ever in a wrong arm.

As a rule it is compared with all orders for every case of up to two variants and a sample of more. `EXPSYNC_SLOW=1`
takes every case of up to four variants and one in a hundred of five, `EXPSYNC_SLOW=all` all 9,765,625 of five as well,
on all cores: about an hour on two.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations, product
from multiprocessing import get_context

import pytest

from expsync.core import weights as module
from expsync.core.bucketing import Split, joint_cells, share_ever
from expsync.core.weights import EXHAUSTIVE, order_weights
from tests.core.weight_orders import Grid

WEIGHTS = (0, 1, 2, 10, 60)
# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
SLOW = os.environ.get("EXPSYNC_SLOW", "")
SAMPLE = {3: 0.2, 4: 0.01, 5: 0.0004}
SLOW_SAMPLE = {5: 0.01 if SLOW == "1" else 1.0}
Weights = Mapping[str, float]


def cost_of(before: Weights, after: Weights, order: Sequence[str], steps: Sequence[str]) -> tuple[float, float]:
    """The shares ever wrong and ever switched when the weights change in these steps, reckoned state by state."""
    weights = {key: before.get(key, 0) for key in order}
    states = [{key: before[key] for key in order if key in before}, weights]
    for key in steps:
        weights = {**weights, key: after[key]}
        states.append(weights)
    for gone in [key for key in order if key not in after]:
        weights = {key: weight for key, weight in weights.items() if key != gone}
        states.append(weights)
    ever_switched, ever_wrong = share_ever([Split(tuple(state.items()), 100) for state in states])
    return ever_wrong, ever_switched


def best_of_all(before: Weights, after: Weights, order: Sequence[str]) -> tuple[str, ...]:
    """The best order, found by trying all; the first of equal ones is the first by list order."""
    changed = [key for key in order if key in after and after[key] != before.get(key, 0)]
    return min(permutations(changed), key=lambda steps: cost_of(before, after, order, steps))


def best_of_all_at_once(before: Weights, after: Weights, order: Sequence[str]) -> tuple[str, ...]:
    """The same for variants that are there all the time, with each half-changed split reckoned only once."""
    changed = [key for key in order if after[key] != before[key]]
    done_sets = list(product((False, True), repeat=len(changed)))
    splits = []
    for done in done_sets:
        weights = {**before, **{key: after[key] for key, new in zip(changed, done, strict=True) if new}}
        splits.append(Split(tuple(weights.items()), 100))
    sizes, wrong, switched = [], dict.fromkeys(done_sets, 0), dict.fromkeys(done_sets, 0)
    for cell, (count, arms) in enumerate(joint_cells(splits)):
        sizes.append(count)
        for done, arm in zip(done_sets, arms, strict=True):
            switched[done] |= (arm != arms[0]) << cell
            wrong[done] |= (arm not in (arms[0], arms[-1])) << cell

    @cache
    def size(cells: int) -> int:
        return sum(count for cell, count in enumerate(sizes) if cells >> cell & 1)

    def cost(steps: tuple[int, ...]) -> tuple[int, int]:
        done, ever_wrong, ever_switched = [False] * len(changed), 0, 0
        for step in steps:
            done[step] = True
            ever_wrong |= wrong[tuple(done)]
            ever_switched |= switched[tuple(done)]
        return size(ever_wrong), size(ever_switched)

    return tuple(changed[step] for step in min(permutations(range(len(changed))), key=cost))


Places = tuple[int, ...]
"""Weights of variants, by their places in WEIGHTS."""


def weights_of(places: Places) -> Weights:
    """The weights of variants that are called a, b, and so on."""
    return {key: WEIGHTS[place] for key, place in zip("abcde", places, strict=False)}


def differences(size: int, part: int) -> tuple[int, list[tuple[Places, Places]]]:
    """How many cases were looked at that begin with one split of so many variants, and those with a better order."""
    splits = splits_of(size)
    share = (SLOW_SAMPLE if SLOW else SAMPLE).get(size, 1.0)
    before, afters = splits[part], splits
    if share < 1.0:
        afters = random.Random(part).sample(splits, max(1, round(share * len(splits))))
    found = []
    for after in afters:
        best = tuple("abcde"[place] for place in grid_of(size).best(before, after))
        if order_weights(weights_of(before), weights_of(after), "abcde"[:size]) != best:
            found.append((before, after))
    return len(afters), found


@cache
def splits_of(size: int) -> list[Places]:
    """All splits of so many variants."""
    return list(product(range(len(WEIGHTS)), repeat=size))


@cache
def grid_of(size: int) -> Grid:
    """The splits of so many variants, laid out once."""
    return Grid(WEIGHTS, size)


def outcomes(size: int) -> Iterator[tuple[int, list[tuple[Places, Places]]]]:
    """What `differences` says of every split to begin with; on all cores where it takes long."""
    parts = [(size, part) for part in range(len(splits_of(size)))]
    if not SLOW or size < 4:
        yield from (differences(*part) for part in parts)
        return
    with get_context("spawn").Pool() as pool:
        yield from pool.starmap(differences, parts, chunksize=5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_no_order_is_better(size: int) -> None:
    number, found = 0, []
    for looked_at, different in outcomes(size):
        number += looked_at
        found += different
    print(f"{number} cases of {size} variants, {len(found)} with a better order")
    assert found == []


def test_the_best_of_all_orders_is_the_same_when_it_is_reckoned_slowly() -> None:
    rng = random.Random(3)
    for size in (2, 3, 4, 5):
        for _ in range(30):
            before, after = (rng.choice(splits_of(size)) for _ in range(2))
            best = tuple("abcde"[place] for place in grid_of(size).best(before, after))
            assert best == best_of_all_at_once(weights_of(before), weights_of(after), "abcde"[:size]), (before, after)


def some_weights(rng: random.Random, order: str) -> dict[str, float]:
    return {key: rng.choice([*WEIGHTS, 33.3]) for key in order}


def test_no_order_is_better_state_by_state() -> None:
    rng = random.Random(1)
    for _ in range(60):
        before, after = some_weights(rng, "abcd"), some_weights(rng, "abcd")
        assert order_weights(before, after, "abcd") == best_of_all(before, after, "abcd")


def test_no_order_is_better_when_variants_come_and_go() -> None:
    rng = random.Random(2)
    for _ in range(60):
        before, after = (
            some_weights(rng, rng.choice(["ab", "abc", "bd"])),
            some_weights(rng, rng.choice(["acd", "bcd"])),
        )
        order = "".join(key for key in "abcd" if key in before or key in after)
        got = order_weights(before, after, order)
        assert got == best_of_all(before, after, order), (before, after)
        assert set(got) == {key for key in after if after[key] != before.get(key, 0)}


def test_the_worked_case_goes_the_cheaper_way() -> None:
    assert order_weights(
        {"control": 1, "treatment": 1}, {"control": 60, "treatment": 40}, ("control", "treatment")
    ) == (
        "control",
        "treatment",
    )


def test_all_weights_zero_on_the_way_is_an_even_split() -> None:
    before, after = {"a": 1, "b": 0, "c": 0}, {"a": 0, "b": 1, "c": 0}
    # By a first, all would be split in three on the way, and the last third given to nobody's arm.
    assert order_weights(before, after, "abc") == ("b", "a")
    assert cost_of(before, after, "abc", "ba") == (0.0, 1.0)
    assert round(cost_of(before, after, "abc", "ab")[0], 4) == 0.3333


def test_what_does_not_change_is_not_in_the_order() -> None:
    assert order_weights({"a": 1, "b": 1}, {"a": 1, "b": 1}, "ab") == ()
    assert order_weights({"a": 1, "b": 1, "c": 0}, {"a": 1, "b": 2, "c": 0}, "abc") == ("b",)
    assert order_weights({"a": 1, "b": 5}, {"a": 1}, "ab") == ()


def test_equal_orders_go_by_the_list() -> None:
    assert order_weights({"a": 1, "b": 1}, {"a": 2, "b": 2}, "ab") == ("a", "b")
    assert order_weights({"a": 1, "b": 1}, {"a": 2, "b": 2}, "ba") == ("b", "a")


@pytest.mark.parametrize("size", [6, EXHAUSTIVE])
def test_no_order_of_many_changes_is_better(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For so many changes all orders are too many to try in a test; those next to the one found must do."""
    rng = random.Random(size)
    order = "abcdefgh"[:size]
    for _ in range(3):
        before = {key: rng.randint(1, 60) for key in order}
        after = {key: before[key] + rng.randint(1, 60) for key in order}
        got = order_weights(before, after, order)
        with monkeypatch.context() as patched:
            patched.setattr(module, "EXHAUSTIVE", 0)
            searched = order_weights(before, after, order)
        cost = cost_of(before, after, order, got)
        others: list[Sequence[str]] = [searched, order]
        others += [(*got[:place], got[place + 1], got[place], *got[place + 2 :]) for place in range(size - 1)]
        assert cost <= min(cost_of(before, after, order, steps) for steps in others)


def test_a_search_that_does_not_look_at_every_order_is_nearly_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    order = "abcdefg"
    missed, worst = 0, 0.0
    for _ in range(20):
        before, after = some_weights(rng, order), some_weights(rng, order)
        best = cost_of(before, after, order, order_weights(before, after, order))
        with monkeypatch.context() as patched:
            patched.setattr(module, "EXHAUSTIVE", 0)
            found = cost_of(before, after, order, order_weights(before, after, order))
        missed += best != found
        worst = max(worst, found[0] - best[0])
    assert missed <= 2
    assert 0.0 <= worst <= 0.02


def test_that_search_also_takes_variants_that_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after, order = {"a": 1, "b": 1, "c": 5}, {"a": 3, "b": 0, "d": 10}, "abcd"
    best = order_weights(before, after, order)
    monkeypatch.setattr(module, "EXHAUSTIVE", 0)
    assert order_weights(before, after, order) == best == best_of_all(before, after, order)


def test_above_the_exhaustive_search_no_order_with_one_change_elsewhere_is_much_better() -> None:
    rng = random.Random(8)
    order = "abcdefghijkl"
    assert len(order) > EXHAUSTIVE
    before = {key: rng.randint(1, 60) for key in order}
    after = {key: before[key] + rng.randint(1, 60) for key in order}
    got = order_weights(before, after, order)
    assert sorted(got) == list(order)
    assert got == order_weights(before, after, order)
    wrong, _ = cost_of(before, after, order, got)
    others: list[Sequence[str]] = [order, order[::-1]]
    for place in range(0, len(order), 3):
        rest = got[:place] + got[place + 1 :]
        others += [(*rest[:other], got[place], *rest[other:]) for other in range(0, len(order), 4)]
    # The search takes borders roughly.
    assert wrong <= min(cost_of(before, after, order, steps)[0] for steps in others) + 0.005
