"""One call at a time, carried out so that nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TypeVar

from expsync.api.client import Client
from expsync.apply.created import differences_of
from expsync.apply.indexed import IndexedRemoval
from expsync.apply.log import Log
from expsync.apply.postconditions import holds, recipe_of
from expsync.apply.sight import LiveSight, NotSentError
from expsync.errors import (
    ApiError,
    ExpsyncError,
    Interrupted,
    NotFoundError,
    RefusedError,
    RejectedError,
    ReplyError,
    UnclearError,
)
from expsync.model.plan import Operation
from expsync.model.reads import Recipe
from expsync.model.state import State
from expsync.wire.endpoints import BY_NAME
from expsync.wire.replies import parse_created

T = TypeVar("T")

WAITS = (0.5, 1.0, 2.0)
"""Seconds before it is asked whether a call without a clear answer was done; then it may be sent again."""
AGAIN = "run expsync plan again and look at what is different now"
_DONE = "ok: a read shows that it was done"


class Calls:
    """Carries out operations of plans; `read` gives the state of an experiment, read by a recipe."""

    def __init__(
        self,
        client: Client,
        read: Callable[[str, Recipe], State],
        log: Log,
        *,
        stop: Event,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._read = read
        self._log = log
        self._stop = stop
        self._clock = clock
        self._sleep = sleep
        self._no_bulk = Event()

    def carry_out(self, key: str, id: str | None, operation: Operation, *, sight: LiveSight | None) -> str:
        """The experiment's id, once the operation is done; ApiError where it is not, or where nobody can say.

        `sight` is what it rests on, looked at again where time has passed; NotSentError where that keeps it from being
        sent, and RefusedError where it keeps it from being sent again after an answer that was unclear.
        """
        if operation.op == "createExperiment":
            return self._create(key, operation, sight)
        assert id is not None, "an experiment is created before it is edited"
        placed = placed_at(operation, id)
        if placed.op == "bulkRemoveUsers":
            self._remove_users(key, id, placed, sight)
        else:
            self._make_sure(key, placed, lambda: holds(placed, self._read(id, recipe_of(placed))), sight)
        return id

    def _create(self, key: str, operation: Operation, sight: LiveSight | None) -> str:
        answer = self._make_sure(key, operation, lambda: self._id_of(key) is not None, sight)
        if answer is not None:
            with suppress(ReplyError):
                return parse_created(answer).id
        # It is there, but no answer says under which id; the list may lag behind.
        trouble = UnclearError("createExperiment: it was created, and the list does not show it, nor its id")
        for wait in (0.0, *WAITS):
            if wait:
                self._sleep(wait)
            found = self._told(lambda: self._id_of(key), trouble)
            if found is not None:
                self._check_ours(operation, found, trouble)
                return found
        raise trouble

    def _check_ours(self, operation: Operation, id: str, trouble: UnclearError) -> None:
        """RefusedError where the experiment that has the key now is not what this run sent: nothing of it is edited."""
        live = self._told(lambda: self._read(id, Recipe(details=True, inclusions=(), cohorts=())), trouble)
        different = differences_of(operation, live)
        if different:
            raise RefusedError(
                f"createExperiment: no answer says that it was created, and experiment {id}, which has the key now, is "
                f"not what was sent (other: {', '.join(different)}): somebody else has made or edited it; "
                "it was not touched",
                hint=AGAIN,
            )

    def _id_of(self, key: str) -> str | None:
        found = self._client.list_all(key=key, include_archived=True)
        return found[0].id if found else None

    def _make_sure(
        self, key: str, operation: Operation, is_done: Callable[[], bool], sight: LiveSight | None
    ) -> bytes | None:
        """The answer to the call, or None where it got no clear one and a read shows that it was done."""
        attempt = 0
        trouble: ApiError | None = None
        while True:
            try:
                return self._send(key, operation, sight)
            except NotSentError as error:
                if trouble is None:
                    raise
                self._check_done(key, operation, is_done, trouble, error.why)
                return None
            except Interrupted:
                if trouble is None:
                    raise
                raise trouble from None
            except UnclearError as error:
                trouble = error
            except (RejectedError, NotFoundError) as error:
                if attempt == 0:
                    raise
                # The one before it, without an answer, may have arrived late and made this one a mistake.
                trouble = error
            # Asked twice, since a read may lag behind a write.
            wait = WAITS[min(attempt, len(WAITS) - 1)]
            for pause in (wait, 2 * wait):
                self._sleep(pause)
                if self._told(is_done, trouble):
                    self._log.outcome(key, operation, _DONE)
                    return None
            if self._stop.is_set() or not isinstance(trouble, UnclearError) or attempt == len(WAITS):
                raise trouble
            if sight is not None:
                sight.expire()
            attempt += 1

    def _check_done(
        self, key: str, operation: Operation, is_done: Callable[[], bool], trouble: ApiError, why: ExpsyncError
    ) -> None:
        """Nothing, where a call that was held back has been done after all: it was this very call, arriving late."""
        if isinstance(why, Interrupted):
            raise trouble from None
        if self._told(is_done, trouble):
            self._log.outcome(key, operation, _DONE)
            return
        if isinstance(why, RefusedError):
            reason = "the experiment has changed since, so the call was not sent again"
            raise RefusedError(f"{trouble.message}; {reason}", hint=AGAIN) from trouble
        raise UnclearError(f"{trouble.message}; it can't be looked at since: {why.message}") from trouble

    def _told(self, read: Callable[[], T], trouble: ApiError) -> T:
        """What a read tells; the trouble that made it necessary, where an interruption ends the read."""
        try:
            return read()
        except Interrupted:
            # Not "between two calls": one was sent, and what came of it is not known.
            raise trouble from None

    def _send(self, key: str, operation: Operation, sight: LiveSight | None) -> bytes:
        self._log.intent(key, operation)
        try:
            answer = self._client.perform(operation.method, operation.path, operation.body, sight=sight)
        except ExpsyncError as error:
            self._log.outcome(key, operation, f"{type(error).__name__}: {error.message}")
            raise
        self._log.outcome(key, operation, "ok")
        return answer

    def _remove_users(self, key: str, id: str, operation: Operation, sight: LiveSight | None) -> None:
        """Removes users in bulk, or one by one where the server is too old for that.

        How old it is shows only here, so that the requests of the second way are in no plan's count.
        """
        if not self._no_bulk.is_set():
            try:
                self._make_sure(key, operation, lambda: holds(operation, self._read(id, recipe_of(operation))), sight)
                return
            except (NotFoundError, RejectedError) as error:
                if error.status not in (404, 405):
                    raise
        IndexedRemoval(
            self._client,
            lambda step, over: self._send(key, step, over),
            id=id,
            operation=operation,
            sight=sight,
            stop=self._stop,
            clock=self._clock,
            sleep=self._sleep,
            waits=WAITS,
        ).carry_out()
        self._no_bulk.set()


def placed_at(operation: Operation, id: str) -> Operation:
    """The operation with the experiment's id where that was left open."""
    one = BY_NAME["getExperiment"]
    return operation.model_copy(update={"path": operation.path.replace(one.template, one.path(id=id), 1)})
