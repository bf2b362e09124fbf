"""Whatever a text looks like, a changed value is written into it, and nothing else in it moves."""

from __future__ import annotations

import os
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from expsync.config.rewrite import rewrite_checked
from expsync.config.same import same
from expsync.config.yaml import parse
from tests.config.odd_experiments import edit, odd_experiment
from tests.config.odd_yaml import join, lost, stream

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "300"))


@given(st.integers(0, 2**63))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_change_is_written_and_all_else_stays(seed: int) -> None:
    rng = Random(seed)
    odds = stream(rng, [odd_experiment(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))])
    mark = rng.choice([""] * 9 + ["\ufeff"])
    text = mark + join(odds)
    wanted = [odd.value for odd in odds]
    assert same([document.value for document in parse(text)], wanted), "the writer of odd texts is wrong"

    index = rng.randrange(len(odds))
    edited = edit(odds[index].value, rng, rng.choice([1, 1, 2, 4]))
    wanted[index] = edited.value
    rewritten = rewrite_checked(text, index, edited.value)

    assert same([document.value for document in parse(rewritten.text)], wanted)
    assert rewritten.text.startswith(mark + join(odds[:index]))
    assert rewritten.text.endswith(join(odds[index + 1 :]))
    assert lost(odds[index], edited, rewritten.text) == []
    event("a part was written anew as a whole" if rewritten.widened else "the smallest change did")


@given(st.integers(0, 2**63))
@settings(max_examples=max(EXAMPLES // 5, 1), deadline=None)
def test_the_same_value_changes_no_byte(seed: int) -> None:
    rng = Random(seed)
    odds = stream(rng, [odd_experiment(rng) for _ in range(rng.choice([1, 2]))])
    for index, odd in enumerate(odds):
        assert rewrite_checked(join(odds), index, odd.value).text == join(odds)


@given(st.integers(0, 2**63))
@settings(max_examples=max(EXAMPLES // 5, 1), deadline=None)
def test_there_and_back_means_the_same(seed: int) -> None:
    """A second rewriting works on what the first one wrote."""
    rng = Random(seed)
    (odd,) = stream(rng, [odd_experiment(rng)])
    changed = rewrite_checked(odd.text, 0, edit(odd.value, rng, 3).value).text
    assert same(parse(rewrite_checked(changed, 0, odd.value).text)[0].value, odd.value)
