"""Whatever goes wrong at whichever request: run again, and live is as declared, nothing was done twice, nobody lost.

Each of `ENDINGS` at each request of each scenario, reads included, none sampled; then the program once more, from
reading on, with nothing that goes wrong. A new run knows nothing but the files and what is live, so that from equal
books it is the same run: it is made once for each state in which a first run left them.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest

from expsync.errors import ExpsyncError
from expsync.model.outcome import ExperimentOutcome
from expsync.model.plan import Operation
from tests.faults.bench import ENDINGS, Bench, Call, Declarations, Ending, Killed, Planned, Run, bench, comparable, load
from tests.faults.scenarios import SCENARIOS, Json
from tests.test_convergence import differences

DEADLY: tuple[Ending, ...] = ("kill before", "kill after")
FINAL: tuple[Ending, ...] = ("401", "outage")
"""After these there is no going on; all others are got over within the run."""


@dataclass(frozen=True)
class Undisturbed:
    """A scenario's files, and what comes of a run where nothing goes wrong."""

    declarations: Declarations
    run: Run
    planned: Planned
    world: dict[str, Json]
    again: dict[str, Run] = field(default_factory=dict)
    """The runs that followed, by the books that they found."""


@pytest.fixture(scope="module", params=SCENARIOS)
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    declarations = load(tmp_path_factory.mktemp(request.param), SCENARIOS[request.param])
    with bench(declarations) as trial:
        run = trial.run()
        assert run.plan is not None
        assert run.outcome is not None
        planned = Planned(run.plan, run.wire.count - run.outcome.requests)
        return Undisturbed(declarations, run, planned, trial.world())


def test_the_matrix_has_this_many_fields() -> None:
    assert {name: scenario.requests * len(ENDINGS) for name, scenario in SCENARIOS.items()} == {
        "current": 660,
        "older": 484,
    }


def test_without_a_fault_everything_is_done_in_one_run(undisturbed: Undisturbed) -> None:
    scenario, run = undisturbed.declarations.scenario, undisturbed.run
    assert run.error is None
    assert run.outcome is not None
    assert run.plan is not None
    assert (run.outcome.exit_code, run.wire.count) == (0, scenario.requests)
    assert real_refusals(run) == []
    assert run.wire.lost == []
    check_as_declared(undisturbed, undisturbed.world)
    if not scenario.habits.older:
        assert run.outcome.requests == run.plan.summary.requests
    kinds = {operation.op for planned in run.plan.experiments for operation in planned.operations}
    sent = {method for method, _, _ in run.wire.done}
    assert sent == {"POST", "PATCH", "DELETE"}
    assert kinds >= {
        "createExperiment",
        "createVariant",
        "editVariant",
        "removeVariant",
        "addUsers",
        "bulkRemoveUsers",
        "addDeployments",
        "removeDeployment",
        "editExperiment",
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_after_any_ending_of_any_request_a_new_run_completes_the_work(undisturbed: Undisturbed, ending: Ending) -> None:
    done = 0
    for number in range(1, undisturbed.run.wire.count + 1):
        check_field(undisturbed, ending, number)
        done += 1
    assert done == undisturbed.declarations.scenario.requests


def check_field(undisturbed: Undisturbed, ending: Ending, number: int) -> None:
    """One field of the matrix."""
    with bench(undisturbed.declarations) as trial:
        # What is made of the live side before anything goes wrong is always the same plan.
        planned = undisturbed.planned if number > undisturbed.planned.requests else None
        first = trial.run({number: ending}, planned=planned)
        try:
            check_first(undisturbed, trial, first, ending)
            found = json.dumps(trial.world(), sort_keys=True)
            if found not in undisturbed.again:
                undisturbed.again[found] = complete(undisturbed, trial)
            assert repeated([*first.wire.done, *undisturbed.again[found].wire.done]) == []
        except AssertionError as error:
            error.add_note(f"{ending} at request {number}: {' '.join(undisturbed.run.wire.sent[number - 1])[:300]}")
            raise


def check_first(undisturbed: Undisturbed, trial: Bench, run: Run, ending: Ending) -> None:
    """The run in which it happens: over at once, or over it, or told as it is."""
    assert run.wire.lost == []
    assert real_refusals(run) == []
    assert repeated(run.wire.done) == []
    if ending in DEADLY:
        assert isinstance(run.error, Killed)
        return
    if ending not in FINAL:
        assert run.error is None
        assert run.outcome is not None
        assert (run.outcome.exit_code, run.outcome.unverified) == (0, "")
        assert comparable(trial.world()) == comparable(undisturbed.world)
        assert list(dict.fromkeys(run.wire.done)) == undisturbed.run.wire.done
        return
    if run.outcome is None:
        # Planning, or the check before the first write: nothing was written.
        assert isinstance(run.error, ExpsyncError)
        assert run.wire.done == []
        return
    assert run.outcome.exit_code == 4
    for experiment in run.outcome.experiments:
        check_report(experiment, run, trial)
    assert len(told_done(run)) == len(run.wire.done)


def check_report(told: ExperimentOutcome, run: Run, trial: Bench) -> None:
    """What is told of one experiment: done is what was done, pending what was never sent."""
    sent = [call for call in run.wire.sent if call[0] != "GET"]
    older = trial.declarations.scenario.habits.older
    for operation in told.done:
        if call_of(operation, told) not in run.wire.done:
            check_removed_one_by_one(operation, told, trial)
    assert not [operation for operation in told.pending if call_of(operation, told) in sent]
    if told.failed is not None:
        assert call_of(told.failed, told) in sent or (older and told.failed.op == "bulkRemoveUsers")
        assert told.error
        # An answer of 401, or none since nothing gets there: it was not done.
        assert call_of(told.failed, told) not in run.wire.done
    assert run.plan is not None
    (planned,) = (experiment for experiment in run.plan.experiments if experiment.key == told.key)
    assert [*told.done, *([told.failed] if told.failed else []), *told.pending] == planned.operations
    assert (told.status == "done") == (told.failed is None and not told.pending)


def check_removed_one_by_one(operation: Operation, told: ExperimentOutcome, trial: Bench) -> None:
    """A bulk removal that the server does not know was done in another way."""
    assert operation.op == "bulkRemoveUsers"
    assert trial.declarations.scenario.habits.older
    variant = operation.path.split("/")[-2]
    (there,) = (v["inclusions"] for v in trial.world()[told.key]["variants"] if v["key"] == variant)
    assert isinstance(operation.body, dict)
    assert isinstance(operation.body["users"], list)
    assert set(there).isdisjoint(map(str, operation.body["users"]))


def told_done(run: Run) -> list[Call]:
    """The writes that the report speaks of, those within a removal one by one included."""
    assert run.outcome is not None
    told = {call_of(operation, e) for e in run.outcome.experiments for operation in e.done}
    return [call for call in run.wire.done if call in told or by_index(call)]


def complete(undisturbed: Undisturbed, trial: Bench) -> Run:
    """The next run: it completes the work, is refused nothing, and leaves nothing to do."""
    again = trial.run()
    if again.error is not None:
        raise again.error
    assert again.outcome is not None
    assert again.plan is not None
    assert again.outcome.exit_code == 0
    assert again.wire.lost == []
    assert real_refusals(again) == []
    world = trial.world()
    assert comparable(world) == comparable(undisturbed.world)
    check_as_declared(undisturbed, world)
    if again.plan.experiments:
        last = trial.run()
        assert last.plan is not None
        assert last.plan.experiments == []
        assert last.wire.done == []
    return again


def check_as_declared(undisturbed: Undisturbed, world: dict[str, Json]) -> None:
    scenario = undisturbed.declarations.scenario
    before = scenario.starting
    for wanted in scenario.declared:
        assert differences(wanted, world[wanted["key"]], whole(before.get(wanted["key"])), days=False) == []


def whole(live: Json | None) -> Json | None:
    return None if live is None else {"experimentType": "a-b-test", "archived": False, **live}


def repeated(done: list[Call]) -> list[Call]:
    """The writes that were done more than once.

    Not counted: an index, which means another user each time; and an edit with the exposure event, of which a read
    can't tell whether it was done, and which does no harm if it is done again.
    """
    counted = Counter(call for call in done if not by_index(call) and "exposureEvent" not in call[2])
    return [call for call, times in counted.items() if times > 1]


def by_index(call: Call) -> bool:
    return call[0] == "DELETE" and call[1].rpartition("/users/")[2].isdecimal()


def real_refusals(run: Run) -> list[str]:
    """What the server said no to, but for the one call by which it is found out how old it is."""
    return [text for text in run.wire.refused if not text.endswith("/bulk-delete-users")]


def call_of(operation: Operation, told: ExperimentOutcome) -> Call:
    path = operation.path if told.id is None else operation.path.replace("{id}", told.id, 1)
    body = "" if operation.body is None else json.dumps(operation.body, separators=(",", ":"))
    return operation.method, path, body
