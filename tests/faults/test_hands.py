"""People edit by hand, files change, calls fail, the program dies: nothing of theirs is lost, and in peace it settles.

What can be held, and is:

1. When a run first writes to an experiment, all that its plan rests on was read again since, by the same run, and
   was as it had been planned; the last of these reads is less than two seconds old. So an edit by hand is overlooked
   only in the gap between that last read and the write. The API has no conditional writes that could close it. A
   first write that is sent again, for whatever reason, is held to the same, however late the server asks for it.
2. A part that the files leave alone keeps what people made of it, in the gap and between any two calls, for no call
   carries it. There are three exceptions, where the API replaces a whole list, or is sent what it may drop: the tags,
   when the ownership tag is added; the segments, when a declared one or a rename rewrites them; the weight of a
   variant while it is renamed. What people do to these in the gap may be lost, and outside of it never; here it
   begins with the read that shows them, for an experiment may take several.
3. The server refuses no write of the program while nobody edits by hand.
4. A run that ends in 0 while nobody edits has made live what is declared.
5. Left in peace, one run settles everything, and the next plan is empty.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.apply.sight import FRESH
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import Session, open_session
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.outcome import ApplyOutcome
from expsync.model.plan import Plan
from expsync.sandbox.engine import Engine
from expsync.sandbox.store import Store
from tests.faults.bench import ENDINGS, NOW, PROJECT, WORKSPACE, Ending, Killed
from tests.faults.hands import Edit, books, edits
from tests.faults.parts import OWN_TAG, comparable_segments, parts_of, undeclared
from tests.faults.scenarios import Json
from tests.faults.watch import Seen, Watch
from tests.test_convergence import differences
from tests.worlds import DEPLOYMENTS, EXPERIMENT_KEYS, declaration, live_experiment, segments, server_habits

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "40"))
STEPS = 12
REQUESTS = st.integers(1, 24)
KEYS = st.lists(st.sampled_from(EXPERIMENT_KEYS), unique=True, min_size=2)


@dataclass(frozen=True)
class Saved:
    """A plan, what was seen of the live side for it, and the files that it was made from."""

    plan: Plan
    seen: Seen
    declared: dict[str, Json]


class Hands(RuleBasedStateMachine):
    """A workspace, its live side, and everybody who works on the two."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.root = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        (self.root / "expsync.yaml").write_text(json.dumps(WORKSPACE), encoding="utf-8")
        (self.root / "experiments").mkdir()
        self.session: Session = open_session(Globals(config=self.root / "expsync.yaml", quiet=True))
        self.declared: dict[str, Json] = {}
        self.wanted: Sequence[Declared] = []
        self.saved: Saved | None = None

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        found = data.draw(server_habits())
        # Where the weights in segments are lost and segments can't be edited, nobody could set them right.
        self.habits = replace(found, rename_keeps_weights=found.rename_keeps_weights or found.older)
        keys = data.draw(KEYS)
        older = found.older
        world = [data.draw(live_experiment(key, place, older=older)) for place, key in enumerate(keys, start=1)]
        store = self.stack.enter_context(Store(None))
        self.program = Engine(store, habits=self.habits, clock=lambda: NOW, author="program@example.com")
        self.people = Engine(store, clock=lambda: NOW, author="people@example.com")
        deployments = [{"id": id, "label": label} for id, label in DEPLOYMENTS.items()]
        seed: Json = {"projectId": PROJECT, "deployments": deployments, "experiments": world}
        self.people.import_world(seed)
        self.write(data, data.draw(KEYS))

    def teardown(self) -> None:
        try:
            if hasattr(self, "program"):
                self.settle()
        finally:
            self.stack.close()

    def watch(self, **named: Any) -> Watch:
        return Watch(self.program, self.people, older=self.habits.older, **named)

    # --- what people do ---

    @rule(data=st.data(), keys=KEYS)
    def change_files(self, data: st.DataObject, keys: list[str]) -> None:
        self.write(data, keys)

    def write(self, data: st.DataObject, keys: list[str]) -> None:
        for key in keys:
            self.declared[key] = data.draw(declaration(key, books(self.people).get(key), older=self.habits.older))
            self.make_reachable(data, self.declared[key])
            path = self.root / "experiments" / f"{key}.yaml"
            path.write_text(json.dumps(self.declared[key], ensure_ascii=False), encoding="utf-8")
        self.wanted = self.session.declarations()

    def make_reachable(self, data: st.DataObject, wanted: Json) -> None:
        """Nothing; what the server would not let anybody reach, from wherever a run may break off, is not declared."""
        if self.habits.older:
            # Its edit takes no segments, so that people's can't be undone; and it knows of no cohorts.
            wanted.pop("targetSegments", None)
            for variant in wanted.get("variants", ()):
                variant.pop("cohortInclusions", None)
        elif not self.habits.rename_keeps_weights and any("renamedFrom" in v for v in wanted.get("variants", ())):
            # Where the weights in the segments are lost, only a file that says them can bring them back.
            keys = [variant["key"] for variant in wanted["variants"]]
            wanted["targetSegments"] = data.draw(segments(keys, older=False))
        if not self.habits.edit_while_archived:
            wanted["archived"] = False

    @precondition(lambda self: self.declared)
    @rule(data=st.data())
    def remove_a_file(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.declared)))
        del self.declared[key]
        (self.root / "experiments" / f"{key}.yaml").unlink()
        self.wanted = self.session.declarations()

    @rule(edit=edits())
    def edit_by_hand(self, edit: Edit) -> None:
        self.watch().edit(edit)

    # --- what the program does ---

    @precondition(lambda self: self.declared)
    @rule()
    def plan_and_save(self) -> None:
        with suppress(ConfigError):
            self.run(self.watch(), None, keep=True)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def apply_the_saved_plan(self) -> None:
        assert self.saved is not None
        self.run(self.watch(), self.saved)

    @rule(
        data=st.data(),
        by_hand=st.dictionaries(REQUESTS, st.lists(edits(), min_size=1, max_size=2), max_size=6),
        at=st.dictionaries(REQUESTS, st.sampled_from(ENDINGS), max_size=2),
        latency=st.sampled_from([0.0, 0.05, 0.7, 3.0]),
        keys=st.just([]) | KEYS,
    )
    def apply_in_trouble(
        self,
        data: st.DataObject,
        by_hand: dict[int, list[Edit]],
        at: dict[int, Ending],
        latency: float,
        keys: list[str],
    ) -> None:
        """Perhaps with new files; and the plan may have been made and saved before."""
        self.write(data, keys)
        saved = None
        if self.saved is not None and not keys:
            saved = self.saved
        watch = self.watch(by_hand=by_hand, at=at, latency=latency)
        # The files may name what somebody has taken away.
        with suppress(ConfigError):
            self.run(watch, saved)

    @precondition(lambda self: self.declared)
    @rule()
    def settle(self) -> None:
        """In peace, one run does all that there is to do."""
        before = books(self.people)
        watch = self.watch()
        try:
            outcome = self.run(watch, None)
        except ConfigError:
            # The files name what is not there: a person's turn.
            return
        assert outcome is not None
        assert outcome.exit_code == 0, [(e.key, e.status, e.error, e.left) for e in outcome.experiments]
        assert watch.refused == []
        self.check_declared(before)
        with self.client(self.watch()) as client:
            assert make_plan(self.session, Sides(self.wanted, client), targets=[], prune=False).experiments == []

    # --- one run, and what must hold of it ---

    def run(self, watch: Watch, saved: Saved | None, *, keep: bool = False) -> ApplyOutcome | None:
        """The outcome of an apply, None where it died or ended before the first write; ConfigError where files are bad.

        With `keep` the plan is only made and saved.
        """
        before = books(self.people)
        outcome: ApplyOutcome | None = None
        ended: BaseException | None = None
        with self.client(watch) as client:
            try:
                if saved is None:
                    plan = make_plan(self.session, Sides(self.wanted, client), targets=[], prune=False)
                    saved = Saved(plan, watch.begin(), dict(self.declared))
                if keep:
                    self.saved = saved
                else:
                    executor = Executor(
                        client, Reader(client, parallelism=1), parallelism=1, clock=watch.clock, sleep=watch.sleep
                    )
                    outcome = executor.carry_out(saved.plan)
            except (Killed, ExpsyncError) as error:
                note(f"ended by {error!r}")
                ended = error
        if ended is not None and not isinstance(ended, Killed):
            assert watch.done == []
        if isinstance(ended, ConfigError):
            self.check_left_alone(watch, None)
            raise ended
        if saved is not None:
            self.check_first_writes(watch, saved)
        self.check_left_alone(watch, saved)
        if not watch.by_hand:
            assert watch.refused == []
            if outcome is not None and outcome.exit_code == 0 and saved is not None and not keep:
                self.check_declared(before, saved)
        return outcome

    def check_first_writes(self, watch: Watch, saved: Saved) -> None:
        """No write reaches what has changed since it was planned, but for what nobody could have seen any more."""
        planned = {experiment.key: experiment for experiment in saved.plan.experiments}
        for key, first in ((key, first) for key, firsts in watch.first_writes.items() for first in firsts):
            assert first.age < FRESH, (key, first.age)
            if planned[key].id is None:
                continue
            for name in planned[key].observed:
                then, now = saved.seen[key].get(name), first.seen.get(name)
                if then is not None:
                    assert now is not None, (key, name, "was not read again")
                    assert then & now, (key, name, then, now)

    def check_left_alone(self, watch: Watch, saved: Saved | None) -> None:
        """What the files leave alone is as it was, or as people have made it since."""
        planned = {e.key: e for e in saved.plan.experiments} if saved is not None else {}
        declared = saved.declared if saved is not None else {}
        for key, experiment in books(self.people).items():
            if key not in watch.shadow:
                assert planned[key].action == "create"
                continue
            parts, first = parts_of(experiment), watch.first_writes[key][-1] if key in watch.first_writes else None
            renamed = {}
            if first is not None:
                assert key in declared, f"{key} is nobody's business"
                paths = {c.path: str(c.before) for c in planned[key].changes}
                renamed = {before: path.split(".")[1] for path, before in paths.items() if path.endswith(".key")}
            wanted = declared.get(key) if first is not None else None
            there = {variant["key"] for variant in experiment["variants"]}
            # A variant that is to go loses its weights in the segments first.
            stay = there & {v["key"] for v in wanted["variants"]} if wanted and "variants" in wanted else there
            for path, value in undeclared(watch.shadow[key], wanted, renamed).items():
                in_gap = first is not None and watch.touched.get((key, path), 0) > first.checked
                found, expected = parts.get(path), value
                if path == "tags":
                    own = {OWN_TAG} if first is not None else set()
                    found, expected = set(parts["tags"]) - own, set(value) - own
                elif path == "targetSegments":
                    found = comparable_segments(parts[path], {}, stay)
                    expected = comparable_segments(value, renamed, stay)
                elif path.startswith("variants."):
                    _, old, *rest = path.split(".")
                    in_gap = in_gap and old in renamed and rest == ["rolloutWeight"]
                    if old in renamed and old not in there:
                        moved = ".".join(("variants", renamed[old], *rest))
                        if (key, moved) in watch.touched:
                            continue
                        found = parts.get(moved)
                elif in_gap:
                    in_gap = False
                assert found == expected or in_gap, (key, path, expected, found)

    def check_declared(self, before: dict[str, Json], saved: Saved | None = None) -> None:
        """What is declared is live; of a plan that was saved, where it had something to do."""
        live, wanted = books(self.people), self.declared
        if saved is not None:
            planned = {experiment.key for experiment in saved.plan.experiments}
            wanted = {key: declared for key, declared in saved.declared.items() if key in planned}
        for key, declared in wanted.items():
            days = self.habits.dates == "date"
            assert differences(declared, live[key], before.get(key), days=days) == [], key

    @contextmanager
    def client(self, watch: Watch) -> Iterator[Client]:
        with Client(
            base_url="sandbox",
            api_key=None,
            project_id=PROJECT,
            environment="test",
            key_variable="EXPSYNC_API_KEY",
            transport=watch,
            sleep=watch.sleep,
        ) as client:
            yield client


def test_whatever_people_do_meanwhile_nothing_of_theirs_is_lost_and_in_peace_it_settles() -> None:
    run_state_machine_as_test(
        Hands,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            report_multiple_bugs=False,
        ),
    )
