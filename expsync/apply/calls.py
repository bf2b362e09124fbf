"""One call at a time, carried out so that nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TypeVar

from expsync.api.client import Client
from expsync.apply.log import Log
from expsync.apply.postconditions import holds, recipe_of
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
from expsync.wire.endpoints import BY_NAME, endpoint_of
from expsync.wire.replies import parse_created

T = TypeVar("T")

WAITS = (0.5, 1.0, 2.0)
"""Seconds before it is asked whether a call without a clear answer was done; then it may be sent again."""


class Calls:
    """Carries out operations of plans; `read` gives the state of an experiment, read by a recipe."""

    def __init__(
        self,
        client: Client,
        read: Callable[[str, Recipe], State],
        log: Log,
        *,
        stop: Event,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._read = read
        self._log = log
        self._stop = stop
        self._sleep = sleep
        self._no_bulk = Event()

    def carry_out(self, key: str, id: str | None, operation: Operation, *, still: Callable[[], bool]) -> str:
        """The experiment's id, once the operation is done; ApiError where it is not, or where nobody can say.

        `still` tells whether the experiment may be written to as it is: asked again before a call is sent again, since
        time has passed; RefusedError where it may not.
        """
        if operation.op == "createExperiment":
            return self._create(key, operation)
        assert id is not None, "an experiment is created before it is edited"
        placed = operation.model_copy(update={"path": _placed(operation.path, id)})
        if placed.op == "bulkRemoveUsers":
            self._remove_users(key, id, placed, still)
        else:
            self._make_sure(key, placed, lambda: holds(placed, self._read(id, recipe_of(placed))), still)
        return id

    def _create(self, key: str, operation: Operation) -> str:
        # Whether the key is still free is what is asked anyway.
        answer = self._make_sure(key, operation, lambda: self._id_of(key) is not None, lambda: True)
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
                return found
        raise trouble

    def _id_of(self, key: str) -> str | None:
        found = self._client.list_all(key=key, include_archived=True)
        return found[0].id if found else None

    def _make_sure(
        self, key: str, operation: Operation, is_done: Callable[[], bool], still: Callable[[], bool]
    ) -> bytes | None:
        """The answer to the call, or None where it got no clear one and a read shows that it was done."""
        attempt = 0
        while True:
            try:
                return self._send(key, operation)
            except UnclearError as error:
                trouble: ApiError = error
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
                    self._log.outcome(key, operation, "ok: a read shows that it was done")
                    return None
            if self._stop.is_set() or not isinstance(trouble, UnclearError) or attempt == len(WAITS):
                raise trouble
            if not self._told(still, trouble):
                # It may have been this very call, arriving late.
                if self._told(is_done, trouble):
                    self._log.outcome(key, operation, "ok: a read shows that it was done")
                    return None
                raise RefusedError(
                    f"{trouble.message}; the experiment has changed since, so the call was not sent again",
                    hint="run expsync plan again and look at what is different now",
                ) from trouble
            attempt += 1

    def _told(self, read: Callable[[], T], trouble: ApiError | None) -> T:
        """What a read tells; the trouble that made it necessary, where an interruption ends the read."""
        try:
            return read()
        except Interrupted:
            if trouble is None:
                raise
            # Not "between two calls": one was sent, and what came of it is not known.
            raise trouble from None

    def _send(self, key: str, operation: Operation) -> bytes:
        self._log.intent(key, operation)
        try:
            answer = self._client.perform(operation.method, operation.path, operation.body)
        except ExpsyncError as error:
            self._log.outcome(key, operation, f"{type(error).__name__}: {error.message}")
            raise
        self._log.outcome(key, operation, "ok")
        return answer

    def _remove_users(self, key: str, id: str, operation: Operation, still: Callable[[], bool]) -> None:
        """Removes users in bulk, or one by one where the server is too old for that."""
        if not self._no_bulk.is_set():
            try:
                self._make_sure(key, operation, lambda: holds(operation, self._read(id, recipe_of(operation))), still)
                return
            except (NotFoundError, RejectedError) as error:
                if error.status not in (404, 405):
                    raise
        self._remove_by_index(key, id, operation)
        self._no_bulk.set()

    def _remove_by_index(self, key: str, id: str, operation: Operation) -> None:
        """Removes each user by its index, the highest first; the list is read anew before each.

        An index means another user as soon as anybody is removed before it, so none is sent twice, and none is taken
        from a list that still shows who was removed last: it lags behind.
        """
        found = endpoint_of(operation.method, operation.path)
        body = operation.body
        assert found is not None
        assert isinstance(body, dict)
        assert isinstance(body["users"], list)
        variant, gone = found[1]["variant"], set(body["users"])
        users = self._client.get_inclusions(id, variant)
        unclear = 0
        while places := [place for place, user in enumerate(users) if user in gone]:
            if self._stop.is_set():
                raise Interrupted("stopped between two users")
            endpoint = BY_NAME["removeUser"]
            step = Operation(
                op="removeUser",
                method=endpoint.method,
                path=endpoint.path(id=id, variant=variant, index=str(places[-1])),
                body=None,
                reason="remove one user: the server has no bulk removal",
            )
            user = users[places[-1]]
            trouble: UnclearError | None = None
            try:
                self._send(key, step)
            except UnclearError as error:
                trouble = error
            for wait in (0.0, *WAITS) if trouble is None else (WAITS[0], 2 * WAITS[0]):
                if wait:
                    self._sleep(wait)
                users = self._told(lambda: self._client.get_inclusions(id, variant), trouble)
                if user not in users:
                    break
            else:
                unclear += 1
                if trouble is None:
                    raise UnclearError("removeUser: the server confirmed it, and still lists the user")
                if unclear > len(WAITS):
                    raise trouble


def _placed(path: str, id: str) -> str:
    """The path with the experiment's id where it was left open."""
    one = BY_NAME["getExperiment"]
    return path.replace(one.template, one.path(id=id), 1)
