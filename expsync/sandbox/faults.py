"""What may go wrong between a client and the server, on request."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from expsync.sandbox.messages import Reply

Ending = Literal["answer", "cut", "silence", "half"]
"""How a call ends for the client: with an answer, a closed connection, no answer in time, or half of one."""

_KNOWN = (
    "429@3 (or another status from 400 on: the third request gets it, and nothing is done), 500-after@3 (it is done), "
    "cut-before@3, cut-after@3, timeout-before@3, timeout-after@3, garbage@3, half@3, or rate=100"
)
_AT = re.compile(r"(?P<what>[a-z0-9-]+)@(?P<number>[1-9][0-9]{0,8})")
_RATE = re.compile(r"rate=(?P<rate>[1-9][0-9]{0,8})")
_STATUS = re.compile(r"(?P<status>[45][0-9]{2})(?P<after>-after)?")
_GARBAGE = Reply(200, {"content-type": "text/html; charset=utf-8"}, b"<html><body>please log in</body></html>")


@dataclass(frozen=True)
class Fault:
    """What befalls one request: whether its work is done, how the call ends, and the answer that stands in."""

    works: bool
    ending: Ending = "answer"
    instead: Reply | None = None


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `reply` is the whole answer, of which `half` sends half and the others nothing."""

    ending: Ending
    reply: Reply


class Faults:
    """Counts requests from 1 and lets the faults happen to those they name; safe for use from several threads."""

    def __init__(
        self,
        faults: Mapping[int, Fault] | None = None,
        *,
        rate: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._faults = dict(faults or {})
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._recent: deque[float] = deque()

    @classmethod
    def parse(cls, texts: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> Self:
        """The faults that the texts ask for; ValueError where one isn't understood or two are for one request."""
        faults: dict[int, Fault] = {}
        rate: int | None = None
        for text in texts:
            if found := _RATE.fullmatch(text):
                if rate is not None:
                    raise ValueError(f"fault `{text}`: a rate was already given ({rate})")
                rate = int(found["rate"])
                continue
            at = _AT.fullmatch(text)
            fault = _fault(at["what"]) if at else None
            if at is None or fault is None:
                raise ValueError(f"fault `{text}` isn't known; write {_KNOWN}")
            number = int(at["number"])
            if number in faults:
                raise ValueError(f"fault `{text}`: request {number} already has one; name another request")
            faults[number] = fault
        return cls(faults, rate=rate, clock=clock)

    def run(self, work: Callable[[], Reply]) -> Outcome:
        """How the next call ends; `work` is done unless its fault comes before that."""
        fault = self._next()
        if fault is None:
            return Outcome("answer", work())
        reply = work() if fault.works else _refusal(503)
        return Outcome(fault.ending, fault.instead or reply)

    def _next(self) -> Fault | None:
        with self._lock:
            self._count += 1
            fault = self._faults.get(self._count)
            if fault is None and self._rate is not None and not self._has_room(self._rate):
                return Fault(works=False, instead=_refusal(429))
            return fault

    def _has_room(self, rate: int) -> bool:
        """Whether this call is within the rate; a refused one does not count against those after it."""
        now = self._clock()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= rate:
            return False
        self._recent.append(now)
        return True


def _fault(what: str) -> Fault | None:
    if status := _STATUS.fullmatch(what):
        return Fault(works=status["after"] is not None, instead=_refusal(int(status["status"])))
    match what:
        case "cut-before":
            return Fault(works=False, ending="cut")
        case "cut-after":
            return Fault(works=True, ending="cut")
        case "timeout-before":
            return Fault(works=False, ending="silence")
        case "timeout-after":
            return Fault(works=True, ending="silence")
        case "garbage":
            return Fault(works=True, instead=_GARBAGE)
        case "half":
            return Fault(works=True, ending="half")
        case _:
            return None


def _refusal(status: int) -> Reply:
    body = json.dumps({"error": {"message": f"status {status}, as asked of the sandbox"}}).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8"}, body)
