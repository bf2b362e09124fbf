"""A real interactive shell at a terminal of its own, to press TAB in."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SECONDS = 60
"""No single answer of a shell takes so long, on the slowest machine."""
PROGRAM = Path(sys.executable).with_name("expsync")


def shell(name: str) -> str:
    """The path of a shell; where there is none, the test fails with the way to get it."""
    found = shutil.which(name)
    assert found, f"this test runs the real {name}, which is not here: `scripts/system_packages.sh {name}` installs it"
    return found


def environment(home: Path) -> dict[str, str]:
    """A person's environment, with the program on the path, and nothing that would change what it does."""
    return {
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Terminal:
    """A shell at a terminal. `press` types, `until` reads up to a text."""

    def __init__(self, control: int) -> None:
        self._control = control
        self._read = b""

    def press(self, keys: str) -> None:
        os.write(self._control, keys.encode())

    def until(self, text: str) -> str:
        """What was written up to this text, which is dropped with all before it."""
        end = time.monotonic() + SECONDS
        wanted = text.encode()
        while wanted not in self._read:
            ready, _, _ = select.select([self._control], [], [], max(end - time.monotonic(), 0))
            assert ready, f"waited for {text!r} in vain; there was: {self._read.decode(errors='replace')!r}"
            self._read += os.read(self._control, 65536)
        before, _, self._read = self._read.partition(wanted)
        return before.decode(errors="replace")


@contextlib.contextmanager
def at_terminal(command: list[str], *, folder: Path, home: Path) -> Iterator[Terminal]:
    """The shell, run with these arguments; it is ended whatever happens."""
    control, side = pty.openpty()
    started = subprocess.Popen(
        command, cwd=folder, env=environment(home), stdin=side, stdout=side, stderr=side, start_new_session=True
    )
    os.close(side)
    try:
        yield Terminal(control)
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        os.close(control)
