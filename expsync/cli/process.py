"""The process that is this program alone, from its first line to its last."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def program() -> int:
    """The exit code of the process, with its command line; where it was interrupted, the process ends here."""
    try:
        # Imported here, as somebody may be impatient meanwhile.
        import signal

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from expsync.cli.main import main
        from expsync.cli.memory import keep_everything, leave_everything

        keep_everything()
        # Pydantic looks through every installed package for plug-ins, a fifth of the start of a plan; here are none.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        code = main()
        leave_everything()
    except KeyboardInterrupt:
        _ignore_signals()
        sys.stderr.write("interrupted\n")
        code = INTERRUPTED
    if code == INTERRUPTED:
        _ignore_signals()
        _leave_at_once(code)
    return code


def _ignore_signals() -> None:
    """Nothing; who signals once more is told no second time."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _leave_at_once(code: int) -> None:
    """Nothing, as the process ends, with what it said: nobody waits for threads that still wait for an answer."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more.
            continue
    os._exit(code)
