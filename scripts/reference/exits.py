"""Which exit codes there are, what they mean, and which command ends with which."""

from __future__ import annotations

from collections.abc import Mapping

from expsync.cli.main import FAILED, INTERRUPTED, WRONG_USAGE
from expsync.cli.plan import PENDING
from expsync.cli.pull import IN_PART
from expsync.errors import RefusedError

MEANINGS: Mapping[int, str] = {
    0: "done, or nothing to change",
    FAILED: "failed: bad files, no network, no access; what only reads has written nothing",
    PENDING: "changes are pending, where that was asked for",
    RefusedError.exit_code: "refused, and nothing written",
    IN_PART: "done in part: what was done, what failed and what was not tried is listed",
    WRONG_USAGE: "wrong usage of the command line",
    INTERRUPTED: "interrupted, by Ctrl-C or by the pipeline",
}

ALWAYS = (0, FAILED, WRONG_USAGE, INTERRUPTED)
"""The codes that any command may end with, and that mean the same for all."""

OF_COMMANDS: Mapping[str, Mapping[int, str]] = {
    "validate": {FAILED: "a file has an error, or, with `--strict`, a warning"},
    "fmt": {
        FAILED: "a file is no YAML",
        PENDING: "with `--check`: a file would change",
    },
    "plan": {PENDING: "with `--detailed-exitcode`: changes are pending"},
    "show": {RefusedError.exit_code: "the file is no plan, or was changed after it was made"},
    "apply": {
        RefusedError.exit_code: (
            "a risk nobody accepted, a stale or damaged plan, a plan for another place, a mass change, no approval, or "
            "nothing to do but what is blocked"
        ),
        IN_PART: "some experiments failed, or were left out as refused or blocked",
    },
    "drift": {PENDING: "with `--detailed-exitcode`: something drifted"},
    "import": {IN_PART: "some experiments could not be written as files"},
    "pull": {IN_PART: "some values could not be taken into the files"},
}
"""What else a command may end with, or what a code means for it."""
