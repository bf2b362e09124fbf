"""Compares the arms of the same users, one by one: the vendor's JavaScript engine, its Python engine, and ours.

Run by hand, since it installs a package of npm (into a directory that is gone afterwards):

    .venv/bin/python -m tests.verify.compare_core [changes] [users]

Prints how many evaluations differed, and ends with 1 where any did.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amplitude_experiment.evaluation.engine import EvaluationEngine
from amplitude_experiment.evaluation.murmur3 import hash32x86

from expsync.core.bucketing import Split
from expsync.core.impact import splits_of
from tests.verify.changes import RandomChange, random_change, random_user
from tests.verify.flags import NO_VARIANT, Json, flag_of, load_flag, reach_flag

PACKAGE = "@amplitude/experiment-core"
Rows = list[list[str | None]]


def flags_of(change: RandomChange) -> list[Json]:
    """A flag for each state, and one for each that tells the place of the segment that decides."""
    numbered = list(enumerate(change.states))
    return [flag_of(s, f"arm {n}") for n, s in numbered] + [reach_flag(s, f"reach {n}") for n, s in numbered]


def by_python(flags: Sequence[Json], users: Sequence[dict[str, Any]]) -> Rows:
    """What the vendor's Python engine gives each user."""
    engine, loaded = EvaluationEngine(), [load_flag(flag) for flag in flags]
    rows = []
    for user in users:
        got = engine.evaluate(user, loaded)
        rows.append([got[flag.key].key if flag.key in got else None for flag in loaded])
    return rows


def by_us(change: RandomChange, reached: Rows, users: Sequence[dict[str, Any]]) -> Rows:
    """What our splits give each user, with the segments that an engine found and the vendor's hash."""
    ladders = [list(splits_of(state).values()) for state in change.states]
    return [
        [arm(ladder[int(place or 0)], user) for ladder, place in zip(ladders, places, strict=True)]
        for user, places in zip(users, reached, strict=True)
    ]


def arm(split: Split | None, user: dict[str, Any]) -> str | None:
    """The user's variant, as the engines call it: none at all where nobody gets any, `off` where they do not."""
    if split is None:
        return None
    value = user["user"][split.key] if split.unit == "User" else user["groups"][split.unit]["group_name"]
    return split.arm(hash32x86(f"{split.salt}/{value}")) or NO_VARIANT


def main(changes: int = 200, number: int = 2_000) -> int:
    """1 where any evaluation differed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        print("npm and node are needed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", PACKAGE], cwd=folder, check=True)
        installed = json.loads((Path(folder) / "node_modules" / PACKAGE / "package.json").read_text(encoding="utf-8"))
        script = Path(__file__).with_suffix(".mjs")
        with subprocess.Popen(
            [node, str(script)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            evaluations = engines = ours = 0
            for seed in range(changes):
                change, rng = random_change(seed), random.Random(f"compare {seed}")
                flags, users = flags_of(change), [random_user(rng) for _ in range(number)]
                process.stdin.write(json.dumps({"flags": flags, "users": users}) + "\n")
                process.stdin.flush()
                python, states = by_python(flags, users), len(change.states)
                core: Rows = json.loads(process.stdout.readline())
                arms = by_us(change, [row[states:] for row in core], users)
                evaluations += number * states
                engines += sum(
                    a != b for one, other in zip(core, python, strict=True) for a, b in zip(one, other, strict=True)
                )
                ours += sum(
                    a != b
                    for one, other in zip(core, arms, strict=True)
                    for a, b in zip(one[:states], other, strict=True)
                )
    print(f"{PACKAGE} {installed['version']}: {changes} changes, {number} users each, {evaluations} evaluations")
    print(f"differences: {engines} between the two engines, {ours} between the engine and our splits")
    return int(bool(engines or ours))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
