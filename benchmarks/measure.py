"""One command as a whole process: its time, its own CPU, its memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds on the clock and of CPU, and megabytes at most; and what it printed."""

    wall: float
    cpu: float
    memory: float
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of several runs, and how far apart they were."""

    wall: float
    cpu: float
    memory: float
    least: float
    most: float
    runs: int
    last: Run


def run_once(
    command: Sequence[str | Path],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> Run:
    """One run; RuntimeError where it ends with another code than these."""
    began = time.perf_counter()
    with subprocess.Popen(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        out, err = _both(process)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise RuntimeError(f"{command} ended with {process.returncode}: {err[-2000:] or out[-2000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out, err)


def _both(process: subprocess.Popen[str]) -> tuple[str, str]:
    """All that the process prints. `communicate` would also take its exit status, and with that what it used."""
    parts: dict[str, str] = {}

    def drain(name: str) -> None:
        stream = getattr(process, name)
        parts[name] = stream.read()

    threads = [Thread(target=drain, args=(name,)) for name in ("stdout", "stderr")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return parts["stdout"], parts["stderr"]


def figures(runs: Sequence[Run]) -> Figures:
    """The medians of these runs."""
    walls = [run.wall for run in runs]
    return Figures(
        wall=median(walls),
        cpu=median(run.cpu for run in runs),
        memory=median(run.memory for run in runs),
        least=min(walls),
        most=max(walls),
        runs=len(runs),
        last=runs[-1],
    )
