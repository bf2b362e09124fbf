"""Runs the program and counts the bytecode instructions of all its threads.

    python -m tests.benchmarks.instructions ARGUMENT...

prints the count as the last line of stderr. What happens in C (parsing JSON, validating by pydantic's core) counts as
the one instruction that calls it. The same run gives the same count, whatever the machine does meanwhile, but for a
few where one thread waits for another.
"""

from __future__ import annotations

import itertools
import sys
import threading
from types import FrameType
from typing import Any

from expsync.cli.process import program


def main() -> int:
    """The program's exit code."""
    tick = itertools.count().__next__

    def entered(frame: FrameType, _event: str, _argument: Any) -> Any:
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return step

    def step(_frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode":
            tick()
        return step

    threading.settrace(entered)
    sys.settrace(entered)
    try:
        code = program()
    finally:
        sys.settrace(None)
        threading.settrace(None)
    print(tick(), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
