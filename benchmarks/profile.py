"""Where a plan of unchanged experiments spends its time, by sampling one run in this process.

    python -m benchmarks.profile [COUNT]

Every millisecond of processor time the place is noted where the program is, and counted to the first part of `PARTS`
that is on the way to it. That slows nothing down, as a tracing profiler does to what consists of many short calls.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from benchmarks.apart import apart
from benchmarks.worlds import write_workspace

INTERVAL = 0.001
"""Seconds of processor time between two samples."""
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


def profile(folder: Path, url: str) -> tuple[float, Counter[str]]:
    """The seconds of processor time that one plan takes, and its samples by part."""
    os.environ |= {"BENCHMARK_KEY": "key", "EXPSYNC_BASE_URL": url}
    os.chdir(folder)
    sys.argv = ["expsync", "plan"]
    samples: Counter[str] = Counter()

    def sample(_: int, frame: FrameType | None) -> None:
        samples[part_of(frame)] += 1

    signal.signal(signal.SIGPROF, sample)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    with contextlib.redirect_stdout(io.StringIO()):
        from expsync.cli.main import program

        code = program()
    signal.setitimer(signal.ITIMER_PROF, 0)
    assert code == 0
    return time.process_time() - began, samples


def main(count: int) -> int:
    """0, once the table is printed."""
    with tempfile.TemporaryDirectory(prefix="expsync-profile-") as name, apart("benchmarks.served", str(count)) as url:
        folder = Path(name)
        write_workspace(folder, count)
        seconds, samples = profile(folder, url)
        os.chdir("/")
    print(f"{count:,} experiments, {seconds:.2f} s of processor time, {samples.total():,} samples\n")
    print("| part | share | seconds | µs an experiment |\n|---|---|---|---|")
    for part, found in samples.most_common():
        share = found / samples.total()
        print(f"| {part} | {share:.0%} | {share * seconds:.2f} | {share * seconds / count * 1e6:.0f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
