"""Workspaces with odd files over live experiments, and the commands in them.

make_case(rng) -> Case            experiments, and a file in an odd style that declares some of what is live
bench(case, habits) -> Bench      the workspace in a folder, its sandbox in memory
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from random import Random

import pytest

from expsync.cli import embedded
from expsync.cli.main import main
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import open_session
from expsync.config.load import load_declarations
from expsync.errors import ConfigError
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from tests.authoring.hand_edits import DEPLOYMENTS, PROJECT, Record, live_experiment
from tests.config.odd_yaml import Odd, join, stream, write_oddly

WORKSPACE = """\
version: 1
defaultEnvironment: test
environments:
  test: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101", ios: "102", android: "103"}}
  other: {baseUrl: sandbox, projectId: "2002", deployments: {web: "201", ios: "202"}}
"""
ALIASES = {"web": "101", "ios": "102", "android": "103"}


@dataclass
class Case:
    """What is live, and the file that declares some of it; `users` are the texts of users' files by name."""

    live: list[Record]
    values: list[Record]
    odds: list[Odd]
    users: dict[str, str] = field(default_factory=dict)


def make_case(rng: Random) -> Case:
    live = [live_experiment(rng, key) for key in ["an-experiment", "another"][: rng.choice([1, 1, 1, 2])]]
    users: dict[str, str] = {}
    values = [split(declared(one, rng, users), rng) for one in live]
    odds = stream(rng, values) if len(values) > 1 else [write_oddly(values[0], rng)]
    return Case(live, values, odds, users)


def declared(live: Record, rng: Random, users: dict[str, str]) -> Record:
    """Some of what is live, in the words of a file."""
    value: Record = {"key": live["key"]}
    aliases = {"101": ["web", "101"], "102": ["ios"], "9303": ["9303"]}
    for name, said in {**live, "archived": False}.items():
        if name == "key" or rng.random() < 0.3:
            continue
        if name == "deployments":
            said = [rng.choice(aliases[id]) for id in said]
        if name == "variants":
            said = [declared_variant(variant, live["key"], rng, users) for variant in said]
        if name == "targetSegments":
            said = [declared_segment(segment, rng) for segment in said]
        if name in ("tags", "deployments"):
            said = rng.sample(said, len(said))
        value[name] = said
    if rng.random() < 0.2:
        value["lifecycle"] = {
            "ignoreChanges": rng.choice([["rolloutPercentage", "tags"], ["variants.*.rolloutWeight"]])
        }
    return value


def declared_variant(live: Record, key: str, rng: Random, users: dict[str, str]) -> Record:
    value = {name: said for name, said in live.items() if name == "key" or rng.random() < 0.6}
    if "inclusions" in value and rng.random() < 0.4:
        name = f"{key}-{live['key']}.txt"
        lines = ["# who  ", *(f"{user}  # {number}" for number, user in enumerate(live["inclusions"])), "", "#end"]
        users[name] = rng.choice(["\n", "\r\n"]).join(lines) + rng.choice(["", "\n"])
        value["inclusions"] = {"file": f"../users/{name}"}
    return value


def declared_segment(live: Record, rng: Random) -> Record:
    value = {name: said for name, said in live.items() if name == "name" or rng.random() < 0.8}
    if "conditions" in value:
        value["conditions"] = [
            {name: said for name, said in one.items() if name != "type" or rng.random() < 0.3}
            for one in rng.sample(value["conditions"], len(value["conditions"]))
        ]
    return value


def split(value: Record, rng: Random) -> Record:
    """The same experiment for the environment `test`, with some of it said by an overlay."""
    if rng.random() < 0.5:
        return value
    base: Record = {}
    overlay: Record = {}
    for name, said in value.items():
        chance = rng.random()
        if name in ("key", "lifecycle") or chance < 0.6:
            base[name] = said
        elif name == "variants" and chance < 0.9:
            base[name], overlay[name] = split_variants(said, rng)
        else:
            overlay[name] = said
            if name in OTHERS and chance < 0.8:
                base[name] = OTHERS[name]
    if overlay.get("variants") == []:
        del overlay["variants"]
    overlays = {"test": overlay, "other": rng.choice([{"skip": True}, {"description": "other"}])}
    return {**base, "environments": {name: over for name, over in overlays.items() if over}}


OTHERS = {"name": "a base", "enabled": False, "rolloutPercentage": 3, "tags": ["base"], "startDate": None,
          "stickyBucketing": False, "exposureEvent": {"event_type": "seen", "filters": []}}  # fmt: skip


def split_variants(variants: list[Record], rng: Random) -> tuple[list[Record], list[Record]]:
    base: list[Record] = []
    overlay: list[Record] = []
    for variant in variants:
        ours = {name: said for name, said in variant.items() if name == "key" or rng.random() < 0.5}
        theirs = {name: said for name, said in variant.items() if name == "key" or name not in ours}
        if "name" in theirs:
            ours["name"] = "another"
        base.append(ours)
        if len(theirs) > 1:
            overlay.append(theirs)
    return base, overlay


class Bench:
    """A workspace in a folder, its sandbox in memory, and the commands."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.root = root
        self.engine = engine

    def command(self, *arguments: str) -> tuple[int, str, str]:
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = main(["-c", str(self.root / "expsync.yaml"), *arguments])
        return code, out.getvalue(), err.getvalue()

    def pending(self) -> list[str]:
        """Every change of a plan but that of adopting."""
        session = open_session(Globals(config=self.root / "expsync.yaml", quiet=True))
        with session.client() as client:
            try:
                plan = make_plan(session, Sides(session.declarations(), client), targets=[], prune=False)
            except ConfigError as error:
                # Of a variant that is gone, a file that lists none may still say a segment's weight.
                return [str(error)]
        return [
            f"{planned.key}: {change.path}: {change.before!r} -> {change.after!r}"
            for planned in plan.experiments
            for change in planned.changes
            if (change.kind, change.path) != ("add", "tags.managed-by-expsync")
        ]

    def declared(self) -> dict[str, Record]:
        session = open_session(Globals(config=self.root / "expsync.yaml", quiet=True))
        loaded = load_declarations(session.workspace, "test")
        assert [str(problem) for problem in loaded.diagnostics if problem.severity == "error"] == []
        return {one.key: one.experiment.declared() for one in loaded.declared}


@contextmanager
def bench(case: Case, habits: Habits) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder, Store(None) as store, pytest.MonkeyPatch.context() as patch:
        root = Path(folder).resolve()
        (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
        for name in ("experiments", "users"):
            (root / name).mkdir()
        (root / "experiments" / "e.yaml").write_bytes(join(case.odds).encode())
        for name, content in case.users.items():
            (root / "users" / name).write_bytes(content.encode())
        engine = Engine(store, habits=habits)
        engine.import_world({"projectId": PROJECT, "deployments": DEPLOYMENTS, "experiments": case.live})

        @contextmanager
        def transport(*_: object) -> Iterator[EmbeddedTransport]:
            yield EmbeddedTransport(engine)

        patch.setattr(embedded, "sandbox_transport", transport)
        yield Bench(root, engine)


def some_habits(rng: Random) -> Habits:
    return Habits(
        ids=rng.choice(["text", "number"]),
        variants=rng.choice(["keys", "whole"]),
        tags_in_list=rng.random() < 0.5,
        numbers=rng.choice(["int", "float"]),
        tag_order=rng.choice(["kept", "sorted", "reversed"]),
        segment_bucketing_key=rng.random() < 0.3,
        exposure_event_read=rng.random() < 0.7,
        empty_payload=rng.choice(["object", "null"]),
        description_null=rng.random() < 0.5,
    )
