"""Through a random life of twenty versions: going back to each of them, applied, makes live what it recorded.

Two things no file can bring back, and they are no part of "recorded" here: the order of variants, since the API has no
call for it (what it has not is a way to insert one), and what the command itself names on stderr as not brought back,
which must be exactly what is missing.
"""

from __future__ import annotations

import json
import os
import re
from random import Random
from typing import Any

import pytest

from expsync.render import pulled
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.habits import Habits
from tests.authoring.hand_edits import Record, edit_by_hand, live_experiment, meanings, record, whole
from tests.authoring.odd_workspaces import Bench, Case, bench, declared, split
from tests.config.odd_yaml import write_oddly
from tests.test_convergence import moment, shaped

LIVES = int(os.environ.get("EXPSYNC_LIVES", "2"))
VERSIONS = 20
KEY = "an-experiment"
POLICY = "policy: {refuse: never}\n"


def make_life(rng: Random) -> Case:
    live = live_experiment(rng, KEY)
    users: dict[str, str] = {}
    value = split(declared(live, rng, users), rng)
    return Case([live], [value], [write_oddly(value, rng)], users)


def versions(engine: Engine) -> dict[int, Record]:
    """The bodies of the versions as the server tells them, by number."""
    id = record(engine, KEY)["id"]
    reply = engine.answer(Request("GET", f"/api/1/experiments/{id}/versions", {}, {}, b""))
    assert reply.status == 200
    return {one["version"]: one["flagConfig"] for one in json.loads(reply.body)}


@pytest.mark.parametrize("seed", range(LIVES))
def test_going_back_to_each_version_makes_live_what_it_recorded(seed: int) -> None:
    check(seed)


def check(seed: int) -> None:
    rng = Random(seed)
    habits = Habits(
        variants=rng.choice(["keys", "whole"]),
        numbers=rng.choice(["int", "float"]),
        segment_bucketing_key=rng.random() < 0.5,
        exposure_event_read=rng.random() < 0.5,
        description_null=rng.random() < 0.5,
    )
    with bench(make_life(rng), habits) as found, pytest.MonkeyPatch.context() as patch:
        # All that is not brought back is compared, and not the first few.
        patch.setattr(pulled, "PATHS_SHOWN", 1000)
        with (found.root / "expsync.yaml").open("a", encoding="utf-8") as file:
            file.write(POLICY)
        kinds: list[str] = []
        while len(versions(found.engine)) < VERSIONS:
            kinds.append(edit_by_hand(found.engine, KEY, rng))
        then = versions(found.engine)
        for number in rng.sample(range(1, VERSIONS + 1), VERSIONS):
            wrong = go_back(found, number, then[number])
            assert {name: value for name, value in wrong.items() if value} == {}, (seed, number, kinds)


def go_back(found: Bench, number: int, version: Record) -> dict[str, Any]:
    """What is wrong once the version was restored and applied."""
    path = found.root / "experiments" / "e.yaml"
    before = path.read_bytes()
    command = ("rollback", KEY, "--to", str(number))
    shown = found.command(*command) if number % 4 == 0 else None
    untouched = path.read_bytes() == before
    code, diff, err = found.command(*command, "--write")
    assert code == 0, err
    code, out, apply_err = found.command("apply", "--yes")
    assert code == 0, (number, diff, err, out, apply_err)
    missing = unlike_version(version, record(found.engine, KEY))
    told = not_brought_back(err)
    return {
        "not told": [path for path in missing if not any(path.startswith(one) for one in told)],
        "told and not so": [one for one in told if not any(path.startswith(one) for path in missing)],
        "pending": found.pending(),
        "shown only": "" if shown is None or (untouched and shown[:2] == (0, diff)) else shown,
        "again": "" if number % 4 else found.command(*command)[1],
    }


def not_brought_back(err: str) -> list[str]:
    """The paths that the command says no file can bring back; the order of variants apart."""
    found: list[str] = []
    for line in err.splitlines():
        match = re.fullmatch(r"warning: not brought back: (.*): (a multi-arm|lifecycle|no file).*", line)
        if match:
            found += re.split(r", (?=variants\.|targetSegments\.)", match[1])
    return found


def unlike_version(version: Record, live: Record) -> list[str]:
    """The paths at which the sandbox's own books are not what a version recorded."""
    wrong: list[str] = []

    def check(path: str, one: Any, other: Any) -> None:
        if whole(one) != whole(other):
            wrong.append(path)

    for name in ("enabled", "bucketingKey", "stickyBucketing", "experimentType"):
        check(name, version[name], live[name])
    for name in ("name", "description"):
        check(name, version[name] or "", live[name])
    for name in ("startDate", "endDate"):
        check(name, str(moment(version[name])), str(moment(live[name])))
    check("deployments", sorted(version["deployments"]), sorted(live["deployments"]))
    there = {variant["key"]: variant for variant in live["variants"]}
    check("variants", sorted(v["key"] for v in version["variants"]), sorted(there))
    for variant in version["variants"]:
        other = there.get(variant["key"], {})
        path = f"variants.{variant['key']}"
        weight = live["rolloutWeights"].get(variant["key"], 0)
        check(f"{path}.rolloutWeight", version["rolloutWeights"].get(variant["key"], 0), weight)
        for name in ("name", "description"):
            if name in variant:
                check(f"{path}.{name}", variant[name] or "", other.get(name))
        if "payload" in variant:
            check(f"{path}.payload", shaped(variant["payload"]), shaped(other.get("payload")))
    names = [segment["name"] for segment in version["targetSegments"]]
    if names != [segment["name"] for segment in live["targetSegments"]]:
        return [*wrong, "targetSegments"]
    for segment, other in zip(version["targetSegments"], live["targetSegments"], strict=True):
        path = f"targetSegments.{segment['name']}"
        check(f"{path}.percentage", segment["percentage"], other["percentage"])
        if "bucketingKey" in segment:
            check(f"{path}.bucketingKey", segment["bucketingKey"], other.get("bucketingKey"))
        check(f"{path}.conditions", meanings(segment["conditions"]), meanings(other["conditions"]))
        one, two = ({k: w for k, w in side["rolloutWeights"].items() if w} for side in (segment, other))
        for key in {*one, *two}:
            check(f"{path}.rolloutWeights.{key}", one.get(key), two.get(key))
    return wrong
