"""Removing users one by one, on servers that know no other way.

An index means another user as soon as anybody is removed before it, and the API has no way to say whom one means. So
the list is read right before each removal and right after it: an index is never sent twice, nor on a list that may have
changed since, and never taken from one that still shows who was removed last (it lags behind). What is left is the time
that the request is under way. If somebody removes a user by hand in just that time, another goes than was meant; the
read after it shows who, and they are put back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event

from expsync.api.client import Client
from expsync.apply.postconditions import body_of, parts_of
from expsync.apply.sight import LiveSight, NotSentError
from expsync.errors import ApiError, ExpsyncError, Interrupted, RefusedError, UnclearError
from expsync.model.plan import Operation
from expsync.wire.endpoints import BY_NAME

_FRESH = 1.0
"""Seconds for which a list need not be read again before an index into it is sent."""


class _MovedError(RefusedError):
    """The list is another one than the index was taken from."""


class IndexedRemoval:
    """Does by indexes what a bulk removal asks for; `send` logs a call and sends it, given what it rests on."""

    def __init__(
        self,
        client: Client,
        send: Callable[[Operation, LiveSight | None], bytes],
        *,
        id: str,
        operation: Operation,
        sight: LiveSight | None,
        stop: Event,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        waits: Sequence[float],
    ) -> None:
        users = body_of(operation)["users"]
        assert isinstance(users, list)
        self._client = client
        self._send = send
        self._id = id
        self._variant = parts_of(operation)["variant"]
        self._gone = {str(user) for user in users}
        # What the removal as a whole rests on, until something of it may be done.
        self._whole = sight
        self._stop = stop
        self._clock = clock
        self._sleep = sleep
        self._waits = waits
        self._read_at = 0.0

    def carry_out(self) -> None:
        """Nothing, once all of them are gone; the highest index goes first."""
        users = self._read()
        failures = 0
        while True:
            if self._whole is not None and not self._whole.is_fresh():
                self._whole.look()
                users = self._read()
            places = [place for place, user in enumerate(users) if user in self._gone]
            if not places:
                return
            if self._stop.is_set():
                raise Interrupted("stopped between two users")
            trouble: ExpsyncError | None = None
            before, user = users, users[places[-1]]
            try:
                self._send(self._removal(places[-1]), self._sight(before))
            except NotSentError as error:
                if not isinstance(error.why, _MovedError):
                    raise error.why from None
                trouble, users = error.why, self._read()
            except UnclearError as error:
                self._whole = None
                users = self._read_back(before, user, error)
                if _went(before, users)[user] == 0:
                    trouble = error
            else:
                self._whole = None
                users = self._read_back(before, user, None)
            failures += trouble is not None
            if trouble is not None and failures > len(self._waits):
                raise trouble

    def _removal(self, index: int) -> Operation:
        endpoint = BY_NAME["removeUser"]
        return Operation(
            op=endpoint.name,
            method=endpoint.method,
            path=endpoint.path(id=self._id, variant=self._variant, index=str(index)),
            body=None,
            reason="remove one user: the server has no bulk removal",
        )

    def _sight(self, users: list[str]) -> LiveSight:
        def check() -> None:
            if self._client.get_inclusions(self._id, self._variant) != users:
                raise _MovedError(f"removeUser: the users of variant {self._variant} change all the time")

        return LiveSight(check, since=self._read_at, clock=self._clock, fresh=_FRESH)

    def _read(self) -> list[str]:
        self._read_at = self._clock()
        return self._client.get_inclusions(self._id, self._variant)

    def _read_back(self, before: list[str], user: str, trouble: UnclearError | None) -> list[str]:
        """The list as it is after the removal; without a clear answer (`trouble`) it may be as it was."""
        after = before
        for wait in (0.0, *self._waits) if trouble is None else (self._waits[0], 2 * self._waits[0]):
            if wait:
                self._sleep(wait)
            try:
                after = self._read()
            except Interrupted:
                if trouble is None:
                    raise
                # Not "between two users": a call was sent, and what came of it is not known.
                raise trouble from None
            went = _went(before, after)
            others = sorted(other for other in went if other not in self._gone)
            if others:
                self._put_back(others, user)
            if went[user]:
                return after
        if trouble is None:
            raise UnclearError("removeUser: the server confirmed it, and still lists the user")
        return after

    def _put_back(self, others: list[str], user: str) -> None:
        """Raises what has happened, once those who went and were to stay are there again."""
        endpoint = BY_NAME["addUsers"]
        step = Operation(
            op=endpoint.name,
            method=endpoint.method,
            path=endpoint.path(id=self._id, variant=self._variant),
            body={"inclusions": list(others)},
            reason="put back who went though another user was meant",
        )
        names = ", ".join(others)
        said = (
            f"removeUser: the users of variant {self._variant} were edited by somebody else while {user} was removed, "
            f"and {names} went"
        )
        failure: ExpsyncError | None = None
        # To add somebody who is there already does nothing, so this may be sent as often as need be.
        for wait in (0.0, *self._waits):
            if wait:
                self._sleep(wait)
            try:
                self._send(step, None)
            except UnclearError as error:
                failure = error
            except ExpsyncError as error:
                failure = error
                break
            else:
                raise ApiError(f"{said}; put back", hint="run expsync plan again and look at the users of the variant")
        assert failure is not None
        raise ApiError(
            f"{said}; they could not be put back: {failure.message}", hint=f"add to variant {self._variant}: {names}"
        ) from failure


def _went(before: Sequence[str], after: Sequence[str]) -> Counter[str]:
    """Who is in the list no more, or not as often."""
    return Counter(before) - Counter(after)
