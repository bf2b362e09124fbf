"""Carrying out a plan: it decides nothing, it only makes sure.

re-read what the plan touches ── differs? ──▶ refused, nothing written
  └─▶ experiments side by side, the calls of each in order; one's failure stops that one alone
        ├─▶ seen too long ago when the call is to go out? look again first, and hold it back where it differs
        └─▶ no clear answer? read back, and ask whether it was done, before it is sent again
              └─▶ re-read what was written: is anything left to do?

What a call rests on (see `apply.sight`): until something of ours is written to an experiment, on its fingerprint, seen
less than two seconds ago. After that the fingerprint is another one by our own doing, and a further call goes out
without a look, as long as it follows on the one before it. Where it is sent again, after a wait, what it writes over
must still be as it was seen, or as this run has made it. An experiment that this run creates has been seen by nobody,
so its further calls rest on nothing; and its creation itself, on its key's being free, which the server sees to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.calls import AGAIN, Calls, placed_at
from expsync.apply.log import Log, NoLog
from expsync.apply.looks import Looks, Seen
from expsync.apply.postconditions import recipe_of
from expsync.apply.preconditions import is_untouched
from expsync.apply.sight import NEVER, LiveSight, NotSentError
from expsync.errors import ExpsyncError, Interrupted, RefusedError
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import Finding, Operation, Plan, PlannedExperiment
from expsync.model.reads import written
from expsync.model.state import State
from expsync.wire.endpoints import endpoint_of


def _check_calls(plan: Plan) -> None:
    """RefusedError where a plan holds a call that is none of the API's, or that is another experiment's."""
    for planned in plan.experiments:
        for operation in planned.operations:
            found = endpoint_of(operation.method, operation.path)
            mine = found is not None and found[1].get("id", "{id}") == (planned.id or "{id}")
            if found is None or not mine or found[0].name != operation.op:
                raise RefusedError(
                    f"the plan of {planned.key} holds a call that no plan makes ({operation.op}); nothing was written",
                    hint=AGAIN,
                )


class Executor:
    """Carries out one plan.

    `stop` ends it after the calls under way; `advance` is told the key of each experiment that ended.
    """

    def __init__(
        self,
        client: Client,
        reader: Reader,
        *,
        parallelism: int,
        log: Log | None = None,
        stop: Event | None = None,
        advance: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._parallelism = parallelism
        self._stop = stop if stop is not None else Event()
        self._advance = advance
        self._clock = clock
        self._looks = Looks(reader, parallelism=parallelism, stop=self._stop, clock=clock, sleep=sleep)
        self._calls = Calls(
            client, self._looks.state, log if log is not None else NoLog(), stop=self._stop, clock=clock, sleep=sleep
        )

    def carry_out(self, plan: Plan, *, refused: Mapping[str, Sequence[Finding]] | None = None) -> ApplyOutcome:
        """What came of it; RefusedError, with nothing written, where the live side is not as it was planned.

        Experiments with `refused` findings are left out.
        """
        _check_calls(plan)
        refused = refused or {}
        sent_before = self._client.requests_sent
        experiments = [planned for planned in written(plan) if planned.key not in refused]
        # What was looked at goes first, while the look is fresh.
        experiments.sort(key=lambda planned: planned.id is None)
        try:
            checked = self._looks.check(experiments)
        except Interrupted:
            self._stop.set()
            checked = {planned.key: Seen(0.0) for planned in experiments}
        with ThreadPoolExecutor(max_workers=self._parallelism) as pool:
            results = list(pool.map(lambda e: self._run(e, checked[e.key]), experiments))
        verified = self._looks.verify(experiments, results)
        outcomes = {result.key: result for result, _ in verified}
        for planned in plan.experiments:
            if planned.key not in outcomes:
                found = refused.get(planned.key) or [f for f in planned.findings if f.severity == "blocked"]
                outcomes[planned.key] = ExperimentOutcome(
                    key=planned.key,
                    id=planned.id,
                    action=planned.action,
                    status="refused" if planned.key in refused else "blocked",
                    pending=planned.operations,
                    error="; ".join(f"{finding.risk}: {finding.message}" for finding in found),
                )
        return ApplyOutcome(
            environment=plan.environment,
            digest=plan.digest,
            experiments=[outcomes[planned.key] for planned in plan.experiments],
            interrupted=self._stop.is_set(),
            requests=self._client.requests_sent - sent_before,
            unverified=next((why for _, why in verified if why), ""),
        )

    def _run(self, planned: PlannedExperiment, seen: Seen) -> ExperimentOutcome:
        try:
            return self._ended(planned, seen)
        finally:
            if self._advance is not None:
                self._advance(planned.key)

    def _ended(self, planned: PlannedExperiment, seen: Seen) -> ExperimentOutcome:
        """What came of one experiment, its calls sent in order until one fails or everything is to stop."""
        untouched = ExperimentOutcome(
            key=planned.key, id=planned.id, action=planned.action, status="not-tried", pending=planned.operations
        )
        if self._stop.is_set():
            return untouched
        id = planned.id
        for place, operation in enumerate(planned.operations):
            done, rest = planned.operations[:place], planned.operations[place:]
            so_far: dict[str, object] = {"id": id, "done": done, "pending": rest}
            stopped = untouched.model_copy(update={**so_far, "status": "stopped" if done else "not-tried"})
            if self._stop.is_set():
                return stopped
            sight = self._later(id, seen.state, operation, done) if done else self._first(planned, seen)
            try:
                id = self._calls.carry_out(planned.key, id, operation, sight=sight)
            except Interrupted:
                return stopped.model_copy(update={"status": "stopped"})
            except ExpsyncError as error:
                tried = not isinstance(error, NotSentError) or error.again
                if isinstance(error, NotSentError) and isinstance(error.why, Interrupted):
                    return stopped.model_copy(update={"status": "stopped"}) if tried else stopped
                failure: dict[str, object] = {"error": error.message, "hint": error.hint}
                if tried:
                    failure |= {"failed": operation, "pending": rest[1:]}
                return untouched.model_copy(update={**so_far, "status": "failed", **failure})
        return untouched.model_copy(update={"id": id, "done": planned.operations, "status": "done", "pending": []})

    def _first(self, planned: PlannedExperiment, seen: Seen) -> LiveSight:
        """What the first write to an experiment rests on: that it is as it was planned."""

        def check() -> None:
            if self._looks.as_planned(planned) is None:
                raise RefusedError("it changed after the plan was checked; nothing of it was written", hint=AGAIN)

        return LiveSight(check, since=seen.since, clock=self._clock)

    def _later(
        self, id: str | None, seen: State | None, operation: Operation, done: Sequence[Operation]
    ) -> LiveSight | None:
        """What a further write rests on, should it be sent again; nothing, where the experiment is our own creation."""
        if id is None or seen is None:
            return None
        placed, before = placed_at(operation, id), [placed_at(one, id) for one in done]

        def check() -> None:
            if not is_untouched(placed, seen=seen, done=before, live=self._looks.state(id, recipe_of(placed))):
                raise RefusedError(
                    f"{operation.op}: somebody has edited what it writes, so it was not sent again", hint=AGAIN
                )

        return LiveSight(check, since=NEVER, clock=self._clock)
