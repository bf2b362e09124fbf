"""The order of weight changes is the one in which the fewest users are ever in a wrong arm.

As a rule it is compared with all orders for every case of up to two variants and a sample of more. `EXPSYNC_SLOW=1`
takes every case of up to four variants and one in a hundred of five, `EXPSYNC_SLOW=all` all 9,765,625 of five as well.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations, product

import pytest

from expsync.core.bucketing import Split, joint_cells, share_ever
from expsync.core.weights import EXHAUSTIVE, best_order, order_weights

WEIGHTS = (0, 1, 2, 10, 60)
# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
SLOW = os.environ.get("EXPSYNC_SLOW", "")
SAMPLE = {3: 0.1, 4: 0.002, 5: 0.00002}
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


def cases(size: int) -> Iterator[tuple[Weights, Weights, str]]:
    """Every pair of splits of so many variants, or a sample of them that is always the same."""
    order = "abcde"[:size]
    rng = random.Random(size)
    share = (SLOW_SAMPLE if SLOW else SAMPLE).get(size, 1.0)
    for weights in product(WEIGHTS, repeat=2 * size):
        if share == 1.0 or rng.random() < share:
            yield dict(zip(order, weights[:size], strict=True)), dict(zip(order, weights[size:], strict=True)), order


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_no_order_is_better(size: int) -> None:
    number = 0
    for before, after, order in cases(size):
        number += 1
        assert order_weights(before, after, order) == best_of_all_at_once(before, after, order), (before, after)
    print(f"{number} cases of {size} variants")


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


def test_a_beam_of_eight_wide_orders_is_nearly_as_good_as_trying_all() -> None:
    rng = random.Random(7)
    order = "abcdefg"
    missed, worst = 0, 0.0
    for _ in range(12):
        before, after = some_weights(rng, order), some_weights(rng, order)
        changed = [key for key in order if after[key] != before[key]]
        best, found = (
            cost_of(
                before, after, order, [changed[step] for step in best_order(before, after, order, changed, beam=beam)]
            )
            for beam in (None, 256)
        )
        missed += best != found
        worst = max(worst, found[0] - best[0])
    assert missed <= 1
    assert worst <= 0.01


def test_above_the_exhaustive_search_an_order_is_no_worse_than_the_lists_own_or_its_reverse() -> None:
    rng = random.Random(8)
    order = "abcdefghi"
    assert len(order) > EXHAUSTIVE
    for _ in range(3):
        before = {key: rng.randint(1, 60) for key in order}
        after = {key: before[key] + rng.randint(1, 60) for key in order}
        got = order_weights(before, after, order)
        assert sorted(got) == list(order)
        assert got == order_weights(before, after, order)
        other = min(cost_of(before, after, order, steps) for steps in (order, order[::-1]))
        assert cost_of(before, after, order, got) <= other
