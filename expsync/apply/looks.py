"""Looking at the live side before and after a plan is carried out: is it still as planned, and is it done?

Each experiment is read by itself, or, where the plan says so (`seenIn`), in the default list, read once for all of
them. A yes by the list is enough; for whatever it does not show as it should be, the experiment's own reads decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

from expsync.api.pool import reading
from expsync.api.reader import Reader
from expsync.api.sightings import Sighting
from expsync.apply.calls import AGAIN
from expsync.apply.sight import LONG_AGO, NEVER
from expsync.core.fingerprint import fingerprint_of
from expsync.core.normalize import live_state
from expsync.core.verify import unmet
from expsync.errors import ExpsyncError, Interrupted, NotFoundError, RefusedError, ReplyError
from expsync.model.outcome import ExperimentOutcome
from expsync.model.plan import Change, PlannedExperiment
from expsync.model.reads import Needs, Recipe, needs_after, needs_before, recipe_after, recipe_before
from expsync.model.state import State
from expsync.wire.schema import WireExperiment

Listed = Mapping[str, WireExperiment]
"""The bodies of the default list, by key."""

_LAGS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between the reads at the end, where one does not show what was written: servers may lag behind."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An experiment as it was planned: when it was last seen so, and how; None where it is not there, or not known."""

    since: float
    state: State | None = None


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


class Looks:
    """Looks through one reader, at several experiments at a time; nothing more once `stop` is set."""

    def __init__(
        self,
        reader: Reader,
        *,
        parallelism: int,
        stop: Event,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._reader = reader
        self._parallelism = parallelism
        self._stop = stop
        self._clock = clock
        self._sleep = sleep

    def state(self, id: str, recipe: Recipe) -> State:
        """An experiment as it is now."""
        return state_of(self._reader.again(id, recipe))

    def check(self, experiments: Sequence[PlannedExperiment]) -> Mapping[str, Seen]:
        """Each experiment as it was planned; RefusedError where one is not so any more."""
        # For the creations nothing is looked at again: of two with one key, the server lets only one be.
        seen = {planned.key: Seen(NEVER) for planned in experiments if planned.id is None}
        changed = self._reader.taken(list(seen))
        existing = [planned for planned in experiments if planned.id is not None]
        listed = self._reader.default_list().bodies if any(map(_is_listed, existing)) else {}

        def look(planned: PlannedExperiment) -> Seen | None:
            # Who is to stop reads nothing more: no call will follow.
            if self._stop.is_set():
                return Seen(0.0)
            return self._as_planned_in_list(planned, listed) or self.as_planned(planned)

        with reading(self._parallelism) as pool:
            for planned, found in zip(existing, pool.map(look, existing), strict=True):
                if found is None:
                    changed.add(planned.key)
                else:
                    seen[planned.key] = found
        if changed:
            raise RefusedError(
                f"the plan is stale: changed since it was made: {', '.join(sorted(changed))}; nothing was written",
                hint=AGAIN,
            )
        return seen

    def _as_planned_in_list(self, planned: PlannedExperiment, listed: Listed) -> Seen | None:
        """The experiment, if the list shows it as it was planned; it counts as seen long ago."""
        sighting = self._sighting(planned, listed, needs_before(planned))
        if sighting is None:
            return None
        state = state_of(sighting)
        if fingerprint_of(state, planned.observed, planned.key) != planned.fingerprint:
            return None
        # One list takes a while to read, and what comes first of it is older than what a look before a write may be.
        return Seen(LONG_AGO, state)

    def _sighting(self, planned: PlannedExperiment, listed: Listed, needs: Needs) -> Sighting | None:
        """The experiment as the list shows it, with the rest of what is needed; None where it can't be seen so."""
        body = listed.get(planned.key)
        if not _is_listed(planned) or body is None or planned.id not in (None, body.id):
            return None
        try:
            return self._reader.seen(body, needs)
        except ReplyError:
            # It went away since the list was read, or answers badly: its own reads tell.
            return None

    def as_planned(self, planned: PlannedExperiment) -> Seen | None:
        """The experiment, if it is as it was planned."""
        # The moment before the first read: what it shows is no older than that.
        since = self._clock()
        if planned.id is None:
            return None if self._reader.taken([planned.key]) else Seen(since)
        try:
            sighting = self._reader.again(planned.id, recipe_before(planned), planned.observed)
        except NotFoundError:
            return None
        state = state_of(sighting)
        if fingerprint_of(state, planned.observed, planned.key) != planned.fingerprint:
            # A body may say nothing true of archiving; the list does.
            state = state_of(self._reader.settled(sighting))
        same = fingerprint_of(state, planned.observed, planned.key) == planned.fingerprint
        return Seen(since, state) if same else None

    def verify(
        self, experiments: Sequence[PlannedExperiment], results: Sequence[ExperimentOutcome]
    ) -> list[tuple[ExperimentOutcome, str]]:
        """Each result with the changes that a fresh read does not show, and why there was no such read."""
        listed = self._listed(experiments, results)
        with reading(self._parallelism) as pool:
            return list(pool.map(lambda e, result: self._verified(e, result, listed), experiments, results))

    def _listed(self, experiments: Sequence[PlannedExperiment], results: Sequence[ExperimentOutcome]) -> Listed | None:
        """The default list after the writes; None where nothing is to be seen in it, or it can't be read."""
        done = {result.key for result in results if result.status == "done"}
        if self._stop.is_set() or not any(_is_listed(planned) for planned in experiments if planned.key in done):
            return None
        try:
            return self._reader.default_list().bodies
        except ExpsyncError:
            # Each experiment is read by itself then, and that tells what is wrong.
            return None

    def _verified(
        self, planned: PlannedExperiment, result: ExperimentOutcome, listed: Listed | None
    ) -> tuple[ExperimentOutcome, str]:
        """The result with the changes that a fresh read does not show, and why there was no such read."""
        if result.status != "done" or result.id is None or self._stop.is_set():
            return result, ""
        try:
            if listed is not None and self._is_shown(planned.model_copy(update={"id": result.id}), listed):
                return result, ""
            return result.model_copy(update={"left": self._left(result.id, planned)}), ""
        except Interrupted:
            return result, ""
        except ExpsyncError as error:
            return result, f"{planned.key}: {error.message}"

    def _is_shown(self, planned: PlannedExperiment, listed: Listed) -> bool:
        """Whether the list shows what was to change as changed."""
        if _is_listed(planned) and planned.action == "archive":
            return planned.key not in listed
        sighting = self._sighting(planned, listed, needs_after(planned))
        return sighting is not None and not unmet(planned.changes, state_of(sighting))

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


def _is_listed(planned: PlannedExperiment) -> bool:
    return planned.seenIn == "list"
