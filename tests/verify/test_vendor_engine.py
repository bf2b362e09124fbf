"""Every share against the vendor's own evaluation engine, with random changes and random users.

As a rule 20 changes with 20,000 users each; `EXPSYNC_VERIFY=full` makes it 200 with 100,000. A share that is called
exact must be within four standard errors (and one user) of what the engine does to the users; one that is called a
bound must not be passed by more.
"""

from __future__ import annotations

import math
import os
import random
from collections import Counter
from dataclasses import replace
from functools import lru_cache

import pytest
from amplitude_experiment.evaluation.engine import EvaluationEngine
from amplitude_experiment.evaluation.types import EvaluationFlag

from expsync.core.impact import Move, moves_of
from tests.verify.changes import RandomChange, random_change, random_user
from tests.verify.flags import NO_VARIANT, flag_of, load_flag, reach_flag

# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
CHANGES, USERS = (200, 100_000) if os.environ.get("EXPSYNC_VERIFY") == "full" else (20, 20_000)


class Engine(EvaluationEngine):
    """The vendor's engine, which hashes the same text but once for all states that one user meets."""

    def __init__(self) -> None:
        super().__init__()
        self.get_hash = lru_cache(maxsize=16)(super().get_hash)


def seen_by_engine(change: RandomChange, users: int, seed: int) -> Counter[tuple[str, tuple[str | None, ...]]]:
    """How many users reach which segment in the end, with the arms that they have in each state."""
    rng = random.Random(f"users {seed}")
    flags = [flag_of(state, str(number)) for number, state in enumerate(change.states)]
    flags.append(reach_flag(change.states[-1], "reach"))
    loaded = [load_flag(flag) for flag in flags]
    engine, now = Engine(), {old: new for new, old in change.renamed.items()}
    seen: Counter[tuple[str, tuple[str | None, ...]]] = Counter()
    for _ in range(users):
        got = engine.evaluate(random_user(rng), loaded)
        keys = [got[flag.key].key if flag.key in got else NO_VARIANT for flag in loaded[:-1]]
        seen[got["reach"].key, tuple(None if key == NO_VARIANT else now.get(key, key) for key in keys)] += 1
    return seen


def observed(seen: Counter[tuple[str, tuple[str | None, ...]]], place: int) -> tuple[int, dict[str, int]]:
    """How many users reach the segment at that place, and how many of them move in which way."""
    total, counts = 0, dict.fromkeys(("switch", "leave", "enter", "ever switched", "ever wrong"), 0)
    for (reached, arms), number in seen.items():
        if reached == str(place):
            old, new = arms[0], arms[-1]
            total += number
            counts["switch"] += number * (old != new and None not in (old, new))
            counts["leave"] += number * (old is not None and new is None)
            counts["enter"] += number * (old is None and new is not None)
            counts["ever switched"] += number * (old is not None and any(arm not in (None, old) for arm in arms))
            counts["ever wrong"] += number * any(arm not in (None, old, new) for arm in arms)
    return total, counts


def compared(move: Move, counts: dict[str, int]) -> list[tuple[str, float, int]]:
    """What is claimed of a move, and how many users it was; a bound is of the first, the first two, and all three."""
    shares = move.shares
    names, claims = ["switch", "leave", "enter"], [shares.switch, shares.leave, shares.enter]
    found = [counts[name] for name in names]
    if not move.exact:
        claims = [sum(claims[: n + 1]) for n in range(3)]
        found = [sum(found[: n + 1]) for n in range(3)]
    rest = [("ever switched", move.ever_switched), ("ever wrong", move.ever_wrong)]
    return [*zip(names, claims, found, strict=True), *((name, share, counts[name]) for name, share in rest)]


@pytest.mark.parametrize("number", range(CHANGES))
def test_shares_are_those_of_the_vendors_engine(number: int) -> None:
    change = random_change(number)
    seen = seen_by_engine(change, USERS, number)
    places = [*(change.states[-1].targetSegments or {}), None]
    moves = {move.segment: move for move in moves_of(change.states, renamed=change.renamed)}
    checks, worst = 0, 0.0
    for place, segment in enumerate(places):
        total, counts = observed(seen, place)
        if segment not in moves or not total:
            assert total == 0
            continue
        move = moves[segment]
        for name, share, count in compared(move, counts):
            error = math.sqrt(max(0.0, share * (1 - share)) / total)
            off = count / total - share
            off = abs(off) if move.exact else max(0.0, off)
            checks += 1
            worst = max(worst, off / error if error and move.exact else 0.0)
            # Where all or nobody is claimed, there is no error to allow for.
            allowed = 4 * error + 1 / total if error else 0.0
            assert off <= allowed, f"{change.kind}, {segment}: {name} is {count / total}, reckoned {share}"
    print(
        f"change {number:3} {change.kind:22} states {len(change.states)} moves {len(moves)} users {USERS} "
        f"shares {checks:2} worst {worst:.2f} standard errors"
    )


def test_a_fraction_of_a_percentage_counts_in_the_engine_and_is_cut_off_by_the_loader_of_its_python_sdk() -> None:
    start = random_change(1).states[0]
    state = replace(start, targetSegments={}, fields={**start.fields, "rolloutPercentage": 12.5})
    flag, rng = flag_of(state, "flag"), random.Random(1)
    whole, cut = load_flag(flag), EvaluationFlag.from_dict(flag)
    rows = {row: [0, 0] for row in range(100)}
    for _ in range(5_000):
        user = random_user(rng)
        row = Engine().get_hash(f"{state.fields['bucketingSalt']}/{user['user']['user_id']}") % 100
        for place, loaded in enumerate((whole, cut)):
            rows[row][place] += Engine().evaluate(user, [loaded])["flag"].key != NO_VARIANT
    assert [row for row in rows if rows[row][0]] == list(range(13))
    assert [row for row in rows if rows[row][1]] == list(range(12))
