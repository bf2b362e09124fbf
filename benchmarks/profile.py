"""Where a plan of unchanged experiments spends its time, by sampling one run in this process.

    python -m benchmarks.profile [COUNT]

Every few milliseconds of processor time the place is noted where the program is, and the time since the last note is
counted to the first part of `PARTS` that is on the way to it. That slows nothing down, as a tracing profiler does to
what consists of many short calls.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType

from benchmarks.apart import ROOT, apart
from benchmarks.measure import run_once
from benchmarks.worlds import write_workspace

RUNS = 5
INTERVAL = 0.001
"""Seconds of processor time between two notes; the system may make more of it."""
PARTS: tuple[tuple[str, str, str], ...] = (
    ("imports, and models built for their first use", "importlib._bootstrap", ""),
    ("imports, and models built for their first use", "model_rebuild", ""),
    ("imports, and models built for their first use", "pydantic/_internal", ""),
    ("list: decode the pages", "expsync/wire/replies.py", "parse_page"),
    ("list: receive the pages", "expsync/api/transport.py", "send"),
    ("compare the declarations with the list", "expsync/core/unchanged.py", ""),
    ("files: find", "expsync/config/find.py", ""),
    ("files: read", "expsync/config/files.py", ""),
    ("files: parse", "expsync/config/yaml_lines.py", ""),
    ("files: parse", "expsync/config/yaml.py", ""),
    ("files: validate by the models", "expsync/config/forms.py", ""),
    ("files: validate by the models", "pydantic/", ""),
    ("files: check rules", "expsync/config/", ""),
)
"""A part, what stands in the file's name, and the function; the first that any frame on the way fits."""


def part_of(frame: FrameType | None) -> str:
    """The part that a sample counts to."""
    way: list[tuple[str, str]] = []
    while frame is not None:
        way.append((frame.f_code.co_filename, frame.f_code.co_name))
        frame = frame.f_back
    for part, file, function in PARTS:
        if any(file in name and function in ("", place) for name, place in way):
            return part
    return "the rest"


def profile(folder: Path, url: str) -> dict[str, float]:
    """The seconds of processor time that one plan takes, by part."""
    os.environ |= {"BENCHMARK_KEY": "key", "EXPSYNC_BASE_URL": url}
    os.chdir(folder)
    sys.argv = ["expsync", "plan"]
    seconds: defaultdict[str, float] = defaultdict(float)
    last = time.process_time()

    def sample(_: int, frame: FrameType | None) -> None:
        nonlocal last
        # A call into C is noted once, at its end, however long it took.
        now = time.process_time()
        seconds[part_of(frame)] += now - last
        last = now

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    with contextlib.redirect_stdout(io.StringIO()):
        from expsync.cli.process import program

        code = program()
    signal.setitimer(signal.ITIMER_PROF, 0)
    assert code == 0
    return seconds


def main(count: int) -> int:
    """0, once the table is printed: the means of several runs, each a process of its own."""
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="expsync-profile-") as name, apart("benchmarks.served", str(count)) as url:
        folder = Path(name)
        write_workspace(folder, count)
        for _ in range(RUNS):
            ran = run_once([sys.executable, "-m", "benchmarks.profile", "--one", str(folder), url], ROOT)
            for part, seconds in json.loads(ran.out).items():
                total[part] += seconds / RUNS
    whole = total.total()
    print(f"{count:,} experiments, {whole:.2f} s of processor time, the mean of {RUNS} runs\n")
    print("| part | share | seconds | µs an experiment |\n|---|---|---|---|")
    for part, seconds in total.most_common():
        print(f"| {part} | {seconds / whole:.0%} | {seconds:.2f} | {seconds / count * 1e6:.0f} |")
    return 0


def one(folder: Path, url: str) -> int:
    """0, once the parts of one run are printed as JSON."""
    print(json.dumps(profile(folder, url)))
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--one", folder, url]:
            raise SystemExit(one(Path(folder), url))
        case [count]:
            raise SystemExit(main(int(count)))
        case _:
            raise SystemExit(main(10_000))
