"""The exception tree, each branch with the exit code that it ends the program with.

    ExpsyncError (1)
    ├── ConfigError        bad files: carries every diagnostic at once
    ├── UsageError (64)    wrong use of the command line
    ├── ApiError           the API said no, or something that is not an answer
    │   ├── AccessError    401 or 403: the key, or its project
    │   ├── NotFoundError  404
    │   ├── RateLimitError 429, after all retries
    │   ├── RejectedError  400, 405, 409, 422 and other 4xx: sending it again changes nothing
    │   ├── UnclearError   a time-out, a cut connection, a 5xx: it may or may not have been done
    │   └── ReplyError     an answer that can't be read (not JSON, the wrong shape, a page that never ends)
    ├── RefusedError (3)   nothing was written: stale plan, mass change, no approval, damaged plan
    └── Interrupted (130)

No message ever holds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsync.diagnostics import Diagnostic


class ExpsyncError(Exception):
    """Anything that expsync can explain; `hint` is the next step, if there is one."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(ExpsyncError):
    """The files can't be used; `diagnostics` has every problem found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: d.order))
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class UsageError(ExpsyncError):
    """The command line asks for something that can't be."""

    exit_code = 64


class ApiError(ExpsyncError):
    """A call to the API did not succeed; `status` is the HTTP status, or None where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class AccessError(ApiError):
    """401 or 403."""


class NotFoundError(ApiError):
    """404."""


class RateLimitError(ApiError):
    """429 that did not go away."""


class RejectedError(ApiError):
    """The server understood and said no."""


class UnclearError(ApiError):
    """Neither yes nor no: what was asked for may have been done."""


class ReplyError(ApiError):
    """The answer can't be read."""


class RefusedError(ExpsyncError):
    """The tool itself said no; nothing was written."""

    exit_code = 3


class Interrupted(ExpsyncError):
    """A person, or the pipeline, asked to stop."""

    exit_code = 130
