"""Measures the goals, and the peers in the same run; prints one table and writes RESULTS.md.

    python -m benchmarks.run [--runs N] [--quick] [ROW ...]

Each figure is the median of N runs (5), the runs of what is compared taken in turns. Peers that take minutes run once.
`--quick` leaves those out. ROWs are names from the table's first column.
"""

from __future__ import annotations

import compileall
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import peers
from benchmarks.apart import apart
from benchmarks.measure import Figures, Run, figures, run_once
from benchmarks.worlds import write_new_experiments, write_seed, write_workspace

ROOT = Path(__file__).parent.parent
EXPSYNC = str(Path(sys.executable).with_name("expsync"))
RESULTS = Path(__file__).with_name("RESULTS.md")
KEY = {"BENCHMARK_KEY": "benchmark-key"}
PLAN = [EXPSYNC, "plan"]
NOTHING = "Nothing to do: live matches the files."


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, what came, what was to be reached, and whether it was."""

    name: str
    what: str
    seen: str
    goal: str
    reached: bool | None


@dataclass(slots=True)
class Bench:
    """One run of the benchmarks."""

    folder: Path
    runs: int
    quick: bool
    rows: list[Row] = field(default_factory=list)

    def tell(self, name: str, what: str, seen: str, goal: str, *, reached: bool | None) -> None:
        """Add a row, and show it."""
        self.rows.append(Row(name, what, seen, goal, reached))
        mark = {True: "reached", False: "NOT REACHED", None: ""}[reached]
        print(f"{name:12}  {what}: {seen}  (goal: {goal}) {mark}", flush=True)

    def interleaved(self, *commands: Callable[[], Run]) -> list[Figures]:
        """The figures of several commands that are run in turns, so that all meet the same machine."""
        found: list[list[Run]] = [[] for _ in commands]
        for _ in range(self.runs):
            for runs, command in zip(found, commands, strict=True):
                runs.append(command())
        return [figures(runs) for runs in found]

    @contextmanager
    def unchanged(self, count: int) -> Iterator[tuple[Path, str]]:
        """A workspace of `count` experiments that are live as the files say, served by a process apart."""
        folder = self.folder / f"unchanged-{count}"
        with apart("benchmarks.served", str(count)) as url:
            if not folder.exists():
                write_workspace(folder, count, url="https://experiment.invalid")
            yield folder, url


def start(bench: Bench) -> None:
    """`--version` and `--help` beside the import of click alone."""

    def click() -> Run:
        return run_once([sys.executable, "-c", "import click"], bench.folder)

    def version() -> Run:
        return run_once([EXPSYNC, "--version"], bench.folder)

    def help_() -> Run:
        return run_once([EXPSYNC, "--help"], bench.folder)

    bare, *ours = bench.interleaved(click, version, help_)
    for option, found in zip(("--version", "--help"), ours, strict=True):
        ratio = found.wall / bare.wall
        bench.tell(
            "start",
            f"`expsync {option}`",
            f"{found.wall * 1000:.0f} ms, {ratio:.2f} times `import click` ({bare.wall * 1000:.0f} ms)",
            "1.3 times at most",
            reached=ratio <= 1.3,
        )


def plan(bench: Bench) -> None:
    """Plans of unchanged projects, beside terraform, octoDNS and a naive tool."""
    each: dict[int, float] = {}
    for count, seconds, times, megabytes in ((1000, 0.6, 15, None), (10_000, 2.5, 40, 300)):
        with bench.unchanged(count) as (folder, url):
            env = {**KEY, "EXPSYNC_BASE_URL": url}
            (found,) = bench.interleaved(partial(run_once, PLAN, folder, env=env))
            assert NOTHING in found.last.out, found.last.out
            each[count] = found.wall / count
            name = f"`plan`, {count:,} unchanged"
            bench.tell(
                "plan",
                name,
                f"{found.wall:.2f} s ({found.least:.2f} to {found.most:.2f}), {found.cpu:.2f} s of CPU, "
                f"{found.memory:.0f} MB",
                f"{seconds} s" + (f", {megabytes} MB" if megabytes else ""),
                reached=found.wall <= seconds and (megabytes is None or found.memory <= megabytes),
            )
            if count > 1000:
                bench.tell(
                    "plan",
                    "seconds an experiment, 10,000 beside 1,000",
                    f"{each[count] * 1e6:.0f} µs beside {each[1000] * 1e6:.0f} µs",
                    "no more",
                    reached=each[count] <= each[1000],
                )
            _against_terraform(bench, count, found, times)
            _against_octodns(bench, count, found)
            _against_naive(bench, count, found, folder, url)


def _slow_peer(bench: Bench, count: int, run: Callable[[], Run]) -> Figures | None:
    """A peer's figures: of a few runs at 1,000, of one at 10,000, of none in a quick run."""
    if bench.quick and count > 1000:
        return None
    return figures([run() for _ in range(1 if count > 1000 else min(bench.runs, 3))])


def _against_terraform(bench: Bench, count: int, ours: Figures, times: int) -> None:
    if peers.terraform() is None:
        bench.tell("plan", f"terraform, {count:,}", "terraform is not installed", f"{times} times", reached=None)
        return
    folder = bench.folder / f"terraform-{count}"
    if bench.quick and count > 1000:
        return
    peers.prepare_terraform(folder, count)
    theirs = _slow_peer(bench, count, lambda: run_once(["terraform", "plan", "-no-color", "-input=false"], folder))
    if theirs is None:
        return
    assert "No changes" in theirs.last.out, theirs.last.out[-500:]
    ratio, memory = theirs.wall / ours.wall, theirs.memory / ours.memory
    fifth = count == 1000
    bench.tell(
        "plan",
        f"`terraform plan`, {count:,} `terraform_data`",
        f"{theirs.wall:.1f} s, {theirs.memory:.0f} MB: {ratio:.0f} times our time, {memory:.1f} times our memory",
        f"{times} times faster" + (", a fifth of the memory" if fifth else ""),
        reached=ratio >= times and (not fifth or memory >= 5),
    )


def _against_octodns(bench: Bench, count: int, ours: Figures) -> None:
    if bench.quick and count > 1000:
        return
    program = peers.octodns(bench.folder / "octodns")
    if program is None:
        bench.tell("plan", f"octoDNS, {count:,}", "octoDNS can't be installed", "none", reached=None)
        return
    folder = bench.folder / f"octodns-{count}"
    peers.write_octodns(folder, count)
    theirs = _slow_peer(bench, count, lambda: run_once([program, "--config-file=config.yaml"], folder))
    if theirs is not None:
        seen = f"{theirs.wall:.1f} s, {theirs.memory:.0f} MB: {theirs.wall / ours.wall:.0f} times our time"
        bench.tell("plan", f"`octodns-sync`, {count:,} zones of 8 records", seen, "none", reached=None)


def _against_naive(bench: Bench, count: int, ours: Figures, folder: Path, url: str) -> None:
    theirs = _slow_peer(bench, count, lambda: run_once(peers.naive(folder, url), folder))
    if theirs is not None:
        assert theirs.last.out == "0 changed\n", theirs.last.out
        seen = f"{theirs.wall:.1f} s, {theirs.memory:.0f} MB: {theirs.wall / ours.wall:.0f} times our time"
        bench.tell("plan", f"a naive tool, {count:,}", seen, "none", reached=None)


def validate(bench: Bench) -> None:
    """The offline check of ten thousand files, and of as many with a mistake in each."""
    with bench.unchanged(10_000) as (folder, _):
        (found,) = bench.interleaved(lambda: run_once([EXPSYNC, "validate"], folder))
    bench.tell(
        "validate",
        "`validate`, 10,000 in a file each",
        f"{found.wall:.2f} s ({found.least:.2f} to {found.most:.2f}), {found.memory:.0f} MB",
        "2 s",
        reached=found.wall <= 2,
    )
    bad = bench.folder / "bad"
    write_workspace(bad, 1000)
    for path in (bad / "experiments").iterdir():
        path.write_text(path.read_text().replace("rolloutPercentage: 50", "rolloutPercentage: 500"))
    ran = run_once([EXPSYNC, "validate", "--format", "json"], bad, codes=(1,))
    places = [(problem["line"], problem["column"]) for problem in json.loads(ran.out)["problems"]]
    whole = sum(place == (11, 20) for place in places)
    bench.tell(
        "validate",
        "1,000 files with a mistake each",
        f"{whole:,} of {len(places):,} problems with line and column, {ran.wall:.2f} s",
        "all of 1,000",
        reached=whole == len(places) == 1000,
    )


def requests(bench: Bench) -> None:
    """What a plan asks for, and an apply that changes one of ten thousand."""
    with bench.unchanged(10_000) as (folder, url):
        ran = run_once([*PLAN, "-v"], folder, env={**KEY, "EXPSYNC_BASE_URL": url})
    asked = _calls(ran.err)
    bench.tell(
        "requests",
        "`plan`, 10,000 unchanged",
        f"{len(asked)}, all of the list",
        "10 list pages",
        reached=len(asked) == 10,
    )
    with emulator(bench, 10_000) as (folder, url):
        _edit_one(folder)
        ran = run_once([EXPSYNC, "apply", "--yes", "-v"], folder, env={**KEY, "EXPSYNC_BASE_URL": url})
    asked = [
        call for call in _calls(ran.err) if not call.startswith(("GET /api/1/experiments?", "GET /api/1/experiments "))
    ]
    bench.tell(
        "requests",
        "`apply` that changes 1 of 10,000",
        f"{len(asked)} beside the list pages, {ran.wall:.2f} s",
        "8 beside the list pages",
        reached=len(asked) <= 8,
    )


def apply(bench: Bench) -> None:
    """A thousand creations with variants, segments, users, deployments, and enabled: a saved plan, carried out."""
    with emulator(bench, 0) as (folder, url):
        write_new_experiments(folder, 1000)
        env = {**KEY, "EXPSYNC_BASE_URL": url}
        run_once([*PLAN, "--out", "plan.json"], folder, env=env)
        ran = run_once([EXPSYNC, "apply", "plan.json", "--yes", "--format", "json"], folder, env=env)
        counted = json.loads((folder / "plan.json").read_text())["summary"]["requests"]
    sent = json.loads(ran.out)["requests"]
    assert sent == counted, f"the plan counts {counted} requests, and {sent} were sent"
    least = sent / 90
    bench.tell(
        "apply",
        "1,000 creations",
        f"{ran.wall:.1f} s for {sent:,} requests: {ran.wall / least:.2f} times requests ÷ 90",
        "1.1 times at most",
        reached=ran.wall <= 1.1 * least,
    )
    # Whether the keys are free, and what has become of them, is told by the list, once each.
    each = (sent - 2) / 1000
    bench.tell("apply", "requests an experiment", f"{each:.2f}, and 2 of the list", "4 at most", reached=each <= 4)
    with apart("benchmarks.served", "10") as url:
        bare = figures([run_once([sys.executable, "-m", "benchmarks.bare", url], ROOT) for _ in range(3)])
    bench.tell(
        "apply",
        "CPU a request",
        f"{ran.cpu / sent * 1000:.2f} ms, the start and all that is printed included; "
        f"a bare `httpx.Client` at that pace: {float(bare.last.out):.2f} ms",
        "0.8 ms",
        reached=ran.cpu / sent <= 0.0008,
    )


@contextmanager
def emulator(bench: Bench, count: int) -> Iterator[tuple[Path, str]]:
    """A workspace beside the emulator in a process apart, which holds as many experiments as the files declare."""
    folder = bench.folder / f"emulated-{count}"
    write_workspace(folder, count)
    write_seed(folder / "seed", count)
    with apart("benchmarks.emulated", str(folder / "seed")) as url:
        yield folder, url


def _edit_one(folder: Path) -> None:
    path = folder / "experiments" / "experiment-00500.yaml"
    path.write_text(path.read_text().replace("rolloutPercentage: 50", "rolloutPercentage: 51"))


def _calls(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if line.startswith(("GET ", "POST ", "PATCH ", "DELETE "))]


ROWS: dict[str, Callable[[Bench], None]] = {
    "start": start,
    "plan": plan,
    "validate": validate,
    "requests": requests,
    "apply": apply,
}


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    marks = {True: "yes", False: "**no**", None: "–"}
    lines = ["| what | seen | goal | reached |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.seen} | {row.goal} | {marks[row.reached]} |" for row in rows]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What the figures were taken on."""
    packages = ("httpx", "pydantic", "click", "ruamel.yaml")
    versions = [f"Python {platform.python_version()}", *(f"{package} {version(package)}" for package in packages)]
    if peers.terraform() is not None:
        said = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=False).stdout
        versions.append(f"terraform {json.loads(said)['terraform_version']}")
    versions += [pin.replace("==", " ") for pin in peers.OCTODNS]
    cpu = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    return f"{os.cpu_count()} cores ({cpu}), {platform.system()}; " + ", ".join(versions)


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def main(arguments: Sequence[str]) -> int:
    """0 where each goal that was measured was reached."""
    runs = int(arguments[arguments.index("--runs") + 1]) if "--runs" in arguments else 5
    names = [name for name in arguments if name in ROWS] or list(ROWS)
    # As pip does where it installs a package. Else, where the environment says that no bytecode is to be written, each
    # run would compile the modules that were edited last.
    compileall.compile_dir(ROOT / "expsync", quiet=1)
    with tempfile.TemporaryDirectory(prefix="expsync-bench-") as folder:
        bench = Bench(Path(folder), runs, "--quick" in arguments)
        for name in names:
            ROWS[name](bench)
    if names == list(ROWS) and not bench.quick:
        head, mark, _ = RESULTS.read_text().partition("<!-- measured -->\n") if RESULTS.exists() else ("", "", "")
        RESULTS.write_text(f"{head}<!-- measured -->\n\n{machine()}\n\n{table(bench.rows)}")
        del mark
    return int(any(row.reached is False for row in bench.rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
