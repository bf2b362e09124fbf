"""For hand edits of every kind over files in every style: after a pull the plan is empty, and nothing else moved."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.authoring.changed_lines import moved, moved_users
from tests.authoring.hand_edits import edit_by_hand, record, unlike
from tests.authoring.odd_workspaces import ALIASES, bench, make_case, some_habits
from tests.config.odd_yaml import join

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "60"))
BATCH = 20


@pytest.mark.parametrize("first", range(0, EXAMPLES, BATCH))
def test_after_a_pull_the_plan_is_empty_and_only_lines_of_changed_fields_differ(first: int) -> None:
    for seed in range(first, min(first + BATCH, EXAMPLES)):
        check(seed)


def check(seed: int) -> None:
    rng = Random(seed)
    case, habits = make_case(rng), some_habits(rng)
    with bench(case, habits) as found:
        keys = [one["key"] for one in case.live]
        before = {key: record(found.engine, key) for key in keys}
        ready = found.pending()
        kinds = [edit_by_hand(found.engine, rng.choice(keys), rng) for _ in range(rng.randint(1, 4))]
        after = {key: record(found.engine, key) for key in keys}
        waiting = found.pending()

        code, out, err = found.command("pull")

        declared = found.declared()
        if not habits.exposure_event_read:
            declared = {key: {n: v for n, v in said.items() if n != "exposureEvent"} for key, said in declared.items()}
        text = (found.root / "experiments" / "e.yaml").read_bytes().decode()
        wrong = {
            "pending before": ready,
            "pending": found.pending(),
            "unlike live": [
                w for k, said in declared.items() if "lifecycle" not in said for w in unlike(said, after[k], ALIASES)
            ],
            "lines": moved(case, before, after, text),
            "users' lines": moved_users(case, found.root, before, after),
            "second pull": "" if seed % 4 else found.command("pull")[1],
            "said": "" if bool(out) == bool(waiting) else out,
            "code": "" if code == 0 else err,
        }
    assert {name: value for name, value in wrong.items() if value} == {}, (seed, kinds, waiting, out, text)


def test_the_check_of_lines_sees_a_line_that_should_have_stayed() -> None:
    rng = Random(5)
    case = make_case(rng)
    before = {one["key"]: {**one, "archived": False} for one in case.live}
    first = next(number for number, line in enumerate(case.odds[0].lines) if line.paths)
    newline = case.odds[0].newline
    lines = join(case.odds).split(newline)
    lines[first] += " "
    assert len(moved(case, before, before, newline.join(lines))) == 1
