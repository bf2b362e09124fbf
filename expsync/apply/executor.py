"""Carrying out a plan: it decides nothing, it only makes sure.

re-read what the plan touches ── differs? ──▶ refused, nothing written
  └─▶ experiments side by side, the calls of each in order; one's failure stops that one alone
        └─▶ no clear answer? read back, and ask whether it was done, before it is sent again
              └─▶ re-read what was written: is anything left to do?
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from expsync.api.client import Client
from expsync.api.reader import Reader, Sighting
from expsync.apply.calls import Calls
from expsync.apply.log import Log, NoLog
from expsync.core.fingerprint import fingerprint_of
from expsync.core.normalize import live_state
from expsync.core.verify import unmet
from expsync.errors import ExpsyncError, Interrupted, NotFoundError, RefusedError
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import Change, Finding, Plan, PlannedExperiment
from expsync.model.reads import Recipe, recipe_after, recipe_before, written
from expsync.model.state import State
from expsync.wire.endpoints import endpoint_of

FRESH = 2.0
"""Seconds for which a read of an experiment need not be repeated before its first write."""
_LAGS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between the reads at the end, where one does not show what was written: servers may lag behind."""
_AGAIN = "run expsync plan again and look at what is different now"


def state_of(sighting: Sighting) -> State:
    """What was read of an experiment, as a state."""
    return live_state(
        sighting.body,
        archived=sighting.archived,
        whole=sighting.whole,
        variants=sighting.variants,
        inclusions=sighting.inclusions,
        cohorts=sighting.cohorts,
    )


def _check_calls(plan: Plan) -> None:
    """RefusedError where a plan holds a call that is none of the API's, or that is another experiment's."""
    for planned in plan.experiments:
        for operation in planned.operations:
            found = endpoint_of(operation.method, operation.path)
            mine = found is not None and found[1].get("id", "{id}") == (planned.id or "{id}")
            if found is None or not mine or found[0].name != operation.op:
                raise RefusedError(
                    f"the plan of {planned.key} holds a call that no plan makes ({operation.op}); nothing was written",
                    hint=_AGAIN,
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
        self._reader = reader
        self._parallelism = parallelism
        self._stop = stop if stop is not None else Event()
        self._advance = advance
        self._clock = clock
        self._sleep = sleep
        self._calls = Calls(client, self._state, log if log is not None else NoLog(), stop=self._stop, sleep=sleep)

    def carry_out(self, plan: Plan, *, refused: Mapping[str, Sequence[Finding]] | None = None) -> ApplyOutcome:
        """What came of it; RefusedError, with nothing written, where the live side is not as it was planned.

        Experiments with `refused` findings are left out.
        """
        _check_calls(plan)
        refused = refused or {}
        sent_before = self._client.requests_sent
        experiments = [planned for planned in written(plan) if planned.key not in refused]
        try:
            checked = self._check(experiments)
        except Interrupted:
            self._stop.set()
            checked = dict.fromkeys((planned.key for planned in experiments), 0.0)
        with ThreadPoolExecutor(max_workers=self._parallelism) as pool:
            results = list(pool.map(lambda e: self._run(e, checked[e.key]), experiments))
            verified = list(pool.map(self._verified, experiments, results))
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

    def _check(self, experiments: list[PlannedExperiment]) -> Mapping[str, float]:
        """When each experiment was last seen as it was planned; RefusedError where one is not so any more."""
        seen_at = {planned.key: self._clock() for planned in experiments if planned.id is None}
        changed = self._reader.taken(list(seen_at))

        def look(planned: PlannedExperiment) -> bool:
            seen_at[planned.key] = self._clock()
            # Who is to stop reads nothing more: no call will follow.
            return self._stop.is_set() or self._is_as_planned(planned)

        existing = [planned for planned in experiments if planned.id is not None]
        with ThreadPoolExecutor(max_workers=self._parallelism) as pool:
            seen = zip(existing, pool.map(look, existing), strict=True)
            changed |= {planned.key for planned, same in seen if not same}
        if changed:
            raise RefusedError(
                f"the plan is stale: changed since it was made: {', '.join(sorted(changed))}; nothing was written",
                hint=_AGAIN,
            )
        return seen_at

    def _is_as_planned(self, planned: PlannedExperiment) -> bool:
        if planned.id is None:
            return planned.key not in self._reader.taken([planned.key])
        try:
            sighting = self._reader.again(planned.id, recipe_before(planned), planned.observed)
        except NotFoundError:
            return False

        def same(seen: Sighting) -> bool:
            return fingerprint_of(state_of(seen), planned.observed, planned.key) == planned.fingerprint

        # A body may say nothing true of archiving; the list does.
        return same(sighting) or same(self._reader.settled(sighting))

    def _run(self, planned: PlannedExperiment, seen_at: float) -> ExperimentOutcome:
        try:
            return self._ended(planned, seen_at)
        finally:
            if self._advance is not None:
                self._advance(planned.key)

    def _ended(self, planned: PlannedExperiment, seen_at: float) -> ExperimentOutcome:
        """What came of one experiment, its calls sent in order until one fails or everything is to stop."""
        untouched = ExperimentOutcome(
            key=planned.key, id=planned.id, action=planned.action, status="not-tried", pending=planned.operations
        )
        try:
            if self._stop.is_set():
                return untouched
            if self._clock() - seen_at >= FRESH and not self._is_as_planned(planned):
                raise RefusedError("it changed after the plan was checked; nothing of it was written", hint=_AGAIN)
        except Interrupted:
            return untouched
        except ExpsyncError as error:
            return untouched.model_copy(update={"status": "failed", "error": error.message, "hint": error.hint})
        id = planned.id
        for place, operation in enumerate(planned.operations):
            done, rest = planned.operations[:place], planned.operations[place:]
            so_far: dict[str, object] = {"id": id, "done": done, "pending": rest}
            if self._stop.is_set():
                return untouched.model_copy(update={**so_far, "status": "stopped" if done else "not-tried"})
            try:
                # Once something of ours is written, it is not as it was planned any more.
                still = (lambda: True) if done else (lambda: self._is_as_planned(planned))
                id = self._calls.carry_out(planned.key, id, operation, still=still)
            except Interrupted:
                return untouched.model_copy(update={**so_far, "status": "stopped"})
            except ExpsyncError as error:
                failure = {"failed": operation, "pending": rest[1:], "error": error.message, "hint": error.hint}
                return untouched.model_copy(update={**so_far, "status": "failed", **failure})
        return untouched.model_copy(update={"id": id, "done": planned.operations, "status": "done", "pending": []})

    def _verified(self, planned: PlannedExperiment, result: ExperimentOutcome) -> tuple[ExperimentOutcome, str]:
        """The result with the changes that a fresh read does not show, and why there was no such read."""
        if result.status != "done" or result.id is None or self._stop.is_set():
            return result, ""
        try:
            return result.model_copy(update={"left": self._left(result.id, planned)}), ""
        except Interrupted:
            return result, ""
        except ExpsyncError as error:
            return result, f"{planned.key}: {error.message}"

    def _left(self, id: str, planned: PlannedExperiment) -> list[Change]:
        recipe = recipe_after(planned)
        left: list[Change] = []
        for lag in (0.0, *_LAGS):
            if lag:
                self._sleep(lag)
            sighting = self._reader.again(id, recipe)
            left = unmet(planned.changes, state_of(sighting))
            if any(change.path == "archived" for change in left):
                left = unmet(planned.changes, state_of(self._reader.settled(sighting)))
            if not left or self._stop.is_set():
                break
        return left

    def _state(self, id: str, recipe: Recipe) -> State:
        return state_of(self._reader.again(id, recipe))
