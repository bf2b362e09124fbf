"""The process that is this program alone, from its first line to its last."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def program() -> int:
    """The exit code of the process, with its command line; where it was interrupted, the process ends here."""
    word = ""
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
        code, word = INTERRUPTED, "interrupted\n"
    if code == INTERRUPTED:
        _leave_at_once(word)
    return code


def _leave_at_once(word: str) -> None:
    """Nothing, as the process ends, with what it said: nobody waits for threads that still wait for an answer."""
    import signal
    from contextlib import suppress

    for number in (signal.SIGINT, signal.SIGTERM):
        # Who signals once more is told no second time.
        signal.signal(number, signal.SIG_IGN)
    # Where nobody reads any more, there is nobody to be told.
    with suppress(OSError, ValueError):
        sys.stderr.write(word)
        sys.stderr.flush()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(INTERRUPTED)
