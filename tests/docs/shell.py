"""One bash at a terminal of its own, which is given one command after another, as a person would."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docs.shown import plain_lines

COLUMNS = 80
_LIMIT = 60.0
"""Seconds that one command may take."""
_ENDED = re.compile(r"\x1e(\d+) ([^\x1e]*)\x1e")
_QUESTION = "will do: "
# Commands come as files whose names are read from descriptor 9. What they need of the terminal is theirs alone.
_LOOP = """
__status=0
while IFS= read -r -u 9 __step; do
  (exit "$__status")
  . "$__step" 9<&-
  __status=$?
  printf '\\036%d %s\\036' "$__status" "$PWD"
done
"""


@dataclass(frozen=True)
class Ran:
    """What one command printed, line by line, and its exit code."""

    lines: list[str]
    code: int


class Shell:
    """A bash in `folder` with just this environment; everything that it started ends with it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], scratch: Path) -> None:
        self._scratch = scratch
        self.folder = folder
        """The working directory."""
        self._count = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        steps, self._steps = os.pipe()
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-c", f"exec 9<&{steps}\n{_LOOP}"],
            cwd=folder,
            env={**environment},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            pass_fds=(steps,),
            start_new_session=True,
        )
        os.close(inside)
        os.close(steps)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._steps)
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        os.close(self._terminal)

    def run(self, command: str, *, answer: str = "", enough: Callable[[list[str]], bool] | None = None) -> Ran:
        """What the command printed, and its exit code; AssertionError where it does not end.

        `answer` is typed at the question for it. A command that goes on in the background is read from until what it
        printed is `enough`.
        """
        self._count += 1
        step = self._scratch / f"step-{self._count}.sh"
        step.write_text(f"{command}\n", encoding="utf-8")
        os.write(self._steps, f"{step}\n".encode())
        printed = ""
        until = time.monotonic() + _LIMIT
        while (ended := _ENDED.search(printed)) is None or not (
            enough is None or enough(plain_lines(_ENDED.sub("", printed)))
        ):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                said = "printed what is shown" if ended else "ended"
                raise AssertionError(f"`{command}` has not {said} after {_LIMIT:.0f} seconds:\n{printed}")
            printed += self._decoder.decode(os.read(self._terminal, 65536))
            if answer and printed.endswith(_QUESTION):
                os.write(self._terminal, f"{answer}\n".encode())
                answer = ""
        self.folder = Path(ended[2])
        return Ran(plain_lines(_ENDED.sub("", printed)), int(ended[1]))
