"""Shares are what counting every hash would give."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsync.core.bucketing import (
    COLUMNS,
    HASHES,
    NOBODY_MOVES,
    Shares,
    Split,
    columns_of,
    joint_cells,
    share_ever,
    share_moved,
)


def split(percentage: float, *weights: float, keys: str = "ctxyz", salt: str = "s", key: str = "id") -> Split:
    return Split(tuple(zip(keys, weights, strict=False)), percentage, salt, key, "User")


FULL = split(100, 1, 1)


@pytest.mark.parametrize(
    ("what", "before", "after", "switched", "left"),
    [
        ("rollout from 20 to 50 %", split(20, 1, 1), split(50, 1, 1), 0.0, 0.0),
        ("rollout from 50 to 20 %", split(50, 1, 1), split(20, 1, 1), 0.0, 0.6),
        ("1:1 to 60:40", FULL, split(100, 60, 40), 0.1, 0.0),
        ("an equal third arm at the end", FULL, split(100, 1, 1, 1), 0.5, 0.0),
        ("an equal third arm in the middle", FULL, split(100, 1, 1, 1, keys="cxt"), 0.3333, 0.0),
        ("a new salt", FULL, split(100, 1, 1, salt="t"), 0.5, 0.0),
        ("the two change places", FULL, split(100, 1, 1, keys="tc"), 1.0, 0.0),
        ("1:1 to 50:50", FULL, split(100, 50, 50), 0.0, 0.0),
    ],
)
def test_worked_shares_of_allocated_users(what: str, before: Split, after: Split, switched: float, left: float) -> None:
    shares = share_moved(before, after)
    allocated = before.rows / 100
    assert (round(shares.switch / allocated, 4), round(shares.leave / allocated, 4)) == (switched, left)


@pytest.mark.parametrize(
    ("what", "path", "ever_switched", "ever_wrong"),
    [
        ("control first, by 60:1", (FULL, split(100, 60, 1), split(100, 60, 40)), 0.4836, 0.3836),
        ("treatment first, by 1:40", (FULL, split(100, 1, 40), split(100, 60, 40)), 0.5756, 0.4756),
    ],
)
def test_worked_shares_on_the_way(what: str, path: Sequence[Split], ever_switched: float, ever_wrong: float) -> None:
    assert tuple(round(share, 4) for share in share_ever(path)) == (ever_switched, ever_wrong)


def test_percentages_up_and_down_are_entered_and_left() -> None:
    up = share_moved(split(20, 1, 1), split(50, 1, 1))
    assert up == Shares(0.0, 0.3000000002793968, 0.0, 0.6999999997206032)
    assert share_moved(split(50, 1, 1), split(20, 1, 1)) == Shares(0.0, 0.0, up.enter, up.stay)


@pytest.mark.parametrize("nothing", [None, split(0, 1, 1), Split((), 100, "s", "id", "User")])
def test_a_split_that_gives_nobody_a_variant(nothing: Split | None) -> None:
    assert share_moved(nothing, FULL) == Shares(0.0, 1.0, 0.0, 0.0)
    assert share_moved(FULL, nothing) == Shares(0.0, 0.0, 1.0, 0.0)
    assert share_moved(nothing, None) == NOBODY_MOVES
    assert share_ever([nothing, FULL, nothing]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("percentage", "rows"),
    [(0, 0), (0.5, 1), (1, 1), (12, 12), (12.5, 13), (99.5, 100), (100, 100), (120, 100), (-1, 0)],
)
def test_a_fraction_of_a_percentage_allocates_one_row_more(percentage: float, rows: int) -> None:
    there = split(percentage, 1, 1)
    assert there.rows == rows
    assert sum(there.arm(hash) is not None for hash in range(100)) == rows


@pytest.mark.parametrize("other", [split(100, 1, 1, salt="t"), split(100, 1, 1, key="device")])
def test_another_draw_is_independent(other: Split) -> None:
    assert share_moved(FULL, other).switch == pytest.approx(0.5, abs=1e-9)


def test_another_unit_is_independent() -> None:
    other = Split(FULL.variants, 100, "s", "id", "Company")
    assert share_moved(FULL, other).switch == pytest.approx(0.5, abs=1e-9)


def test_independent_draws_multiply_percentages() -> None:
    shares = share_moved(split(50, 1, 1), split(20, 1, 3, salt="t"))
    expected = (0.5 * 0.2 * 0.5, 0.5 * 0.2, 0.5 * 0.8)
    assert (shares.switch, shares.enter, shares.leave) == pytest.approx(expected, abs=1e-8)


def test_weights_are_the_decimal_numbers_that_are_written() -> None:
    assert share_moved(split(100, 0.1, 0.2), split(100, 1, 2)) == NOBODY_MOVES
    assert share_moved(split(100, 33.3, 33.3, 33.4), split(100, 333, 333, 334)) == NOBODY_MOVES
    assert share_moved(split(100, 1e-320, 1e-320), FULL) == NOBODY_MOVES


def test_all_zero_is_an_even_split() -> None:
    assert share_moved(split(100, 0, 0, 0), split(100, 7, 7, 7)) == NOBODY_MOVES


def test_a_variant_of_weight_zero_gets_nobody() -> None:
    for weights in [(0, 1, 1), (1, 0, 1), (1, 1, 0)]:
        there = split(100, *weights)
        assert {arms for _, arms in joint_cells([there])} == {
            (key,) for key, weight in zip("ctx", weights, strict=True) if weight
        }


WEIGHTS = st.lists(
    st.one_of(st.integers(0, 100), st.sampled_from([0.5, 33.3, 33.4, 1e-7, 1e9])), min_size=1, max_size=5
)
PERCENTAGES = st.one_of(st.integers(0, 100), st.sampled_from([0.1, 12.5, 99.9]))
SPLITS = st.builds(
    lambda weights, percentage, salt, turned: split(
        percentage, *weights, salt=salt, keys="ctxyz"[::-1] if turned else "ctxyz"
    ),
    WEIGHTS,
    PERCENTAGES,
    st.sampled_from("st"),
    st.booleans(),
)
ANY = st.one_of(st.none(), SPLITS)


@given(ANY, ANY)
def test_shares_add_up_to_one_and_turn_around(before: Split | None, after: Split | None) -> None:
    there, back = share_moved(before, after), share_moved(after, before)
    assert there.switch + there.enter + there.leave + there.stay == pytest.approx(1, abs=1e-15)
    assert back == Shares(there.switch, there.leave, there.enter, there.stay)


@given(ANY)
def test_what_does_not_change_moves_nobody(there: Split | None) -> None:
    assert share_moved(there, there) == NOBODY_MOVES
    assert share_ever([there, there]) == (0.0, 0.0)


@given(SPLITS, SPLITS)
def test_with_nothing_between_ever_switched_is_switched_and_nobody_is_wrong(before: Split, after: Split) -> None:
    assert share_ever([before, after]) == pytest.approx((share_moved(before, after).switch, 0.0), abs=1e-15)


@given(SPLITS, st.lists(ANY, max_size=3), SPLITS)
def test_more_states_on_the_way_never_make_it_better(before: Split, way: list[Split | None], after: Split) -> None:
    short, long = share_ever([before, after]), share_ever([before, *way, after])
    assert all(more >= less - 1e-15 for less, more in zip(short, long, strict=True))


def stated_arm(split: Split, hash: int) -> str | None:
    """The rule as it is stated: intervals that overlap, and the first match."""
    if not hash % 100 < split.percentage:
        return None
    weights = [Fraction(str(weight)) for _, weight in split.variants]
    weights = weights if any(weights) else [Fraction(1)] * len(weights)
    total, before = sum(weights), Fraction(0)
    for (key, _), weight in zip(split.variants, weights, strict=True):
        start = math.floor(before * 42949672 / total)
        if start <= hash // 100 < math.ceil((before + weight) * 42949673 / total):
            return key
        before += weight
    raise AssertionError(f"no interval holds {hash}")


@given(SPLITS, st.lists(st.integers(0, HASHES - 1), max_size=20))
def test_every_hash_has_the_arm_of_the_rule_at_the_borders_too(there: Split, hashes: list[int]) -> None:
    borders = [column for _, end in columns_of(there.variants) for column in (end - 2, end - 1, end, end + 1)]
    hashes += [column * 100 + row for column in borders for row in (0, 12, 50, 95, 99)]
    hashes += [0, 99, HASHES - 1, HASHES - 96, HASHES - 97]
    for hash in hashes:
        if 0 <= hash < HASHES:
            assert there.arm(hash) == stated_arm(there, hash)


@given(WEIGHTS.filter(any))
def test_reckoning_in_floats_moves_no_border_by_more_than_one_column(weights: list[float]) -> None:
    total, before = sum(weights), 0.0
    exact = dict(columns_of([(str(place), weight) for place, weight in enumerate(weights)]))
    for place, weight in enumerate(weights):
        before += weight
        if str(place) in exact:
            assert abs(math.ceil(before * 42949673 / total) - exact[str(place)]) <= 1


@given(SPLITS, SPLITS)
def test_cells_are_all_hashes_and_each_has_one_arm(one: Split, other: Split) -> None:
    cells = list(joint_cells([one, other]))
    assert sum(count for count, _ in cells) == HASHES
    for place, there in enumerate((one, other)):
        allocated = sum(count for count, arms in cells if arms[place] is not None)
        assert allocated == there.rows * (COLUMNS - 1) + min(there.rows, 96)


def sampled(splits: Sequence[Split | None], number: int, seed: int) -> tuple[Shares, tuple[float, float]]:
    """The shares among users with random hashes, one for each draw."""
    rng = random.Random(seed)
    counts = dict.fromkeys(("switch", "enter", "leave", "stay", "ever", "wrong"), 0)
    draws = list(dict.fromkeys(there.draw for there in splits if there is not None))
    for _ in range(number):
        hashes = {draw: rng.randrange(HASHES) for draw in draws}
        arms = [None if there is None else there.arm(hashes[there.draw]) for there in splits]
        old, new = arms[0], arms[-1]
        moved = "stay" if old == new else "enter" if old is None else "leave" if new is None else "switch"
        counts[moved] += 1
        counts["ever"] += old is not None and any(arm not in (None, old) for arm in arms)
        counts["wrong"] += any(arm not in (None, old, new) for arm in arms)
    found = {name: count / number for name, count in counts.items()}
    return Shares(*(found[name] for name in ("switch", "enter", "leave", "stay"))), (found["ever"], found["wrong"])


def within_errors(found: float, share: float, number: int) -> bool:
    return abs(found - share) <= 4 * math.sqrt(share * (1 - share) / number) + 1 / number


@settings(max_examples=40, derandomize=True)
@given(st.lists(ANY, min_size=2, max_size=4), st.integers(0, 2**32))
def test_a_sample_of_users_is_moved_as_reckoned(splits: list[Split | None], seed: int) -> None:
    number = 1000
    found, ever = sampled(splits, number, seed)
    reckoned = share_moved(splits[0], splits[-1])
    for name in ("switch", "enter", "leave", "stay"):
        assert within_errors(getattr(found, name), getattr(reckoned, name), number), name
    for one, other in zip(ever, share_ever(splits), strict=True):
        assert within_errors(one, other, number)


def test_users_drawn_anew_on_the_way_and_back_again() -> None:
    path = [FULL, split(100, 1, 1, salt="t"), FULL]
    assert share_ever(path) == pytest.approx((0.5, 0.5), abs=1e-8)


def test_users_drawn_anew_and_then_moved() -> None:
    path = [FULL, split(100, 1, 1, salt="t"), split(50, 3, 1, salt="t")]
    found = sampled(path, 40_000, 7)[1]
    assert all(within_errors(one, other, 40_000) for one, other in zip(found, share_ever(path), strict=True))
