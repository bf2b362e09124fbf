"""What is measured and can be counted: requests, and how the work grows. Never a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.apart import ROOT, apart
from benchmarks.worlds import PAGE, write_new_experiments, write_seed, write_workspace

EXPSYNC = str(Path(sys.executable).with_name("expsync"))
NOTHING = "Nothing to do: live matches the files."
SLACK = 1.01
"""Threads that wait for each other take a turn more or less."""


def ran(folder: Path, *command: str, url: str = "") -> tuple[str, str]:
    """What a run in this folder printed on stdout and on stderr."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BENCHMARK_KEY": "key", "EXPSYNC_BASE_URL": url},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    return done.stdout, done.stderr


def instructions(folder: Path, *arguments: str, url: str = "", said: str) -> int:
    """The instructions of a run that says this."""
    out, err = ran(folder, sys.executable, "-m", "tests.benchmarks.instructions", *arguments, url=url)
    assert said in out
    return int(err.splitlines()[-1])


def grows_no_faster(few: int, twice: int, four_times: int) -> bool:
    """Whether the step from two to four is at most twice that from one to two."""
    assert few < twice < four_times
    return four_times - twice <= SLACK * 2 * (twice - few)


def test_work_that_grows_with_the_square_would_be_seen() -> None:
    assert grows_no_faster(1000 + 10, 1000 + 20, 1000 + 40)
    assert not grows_no_faster(1000 + 10 + 1, 1000 + 20 + 4, 1000 + 40 + 16)


def calls(trace: str) -> list[str]:
    """The requests that `-v` tells of, without those for pages of the list."""
    asked = [line.split()[:2] for line in trace.splitlines() if line.startswith(("GET ", "POST ", "PATCH ", "DELETE "))]
    return [f"{method} {path}" for method, path in asked if path != "/api/1/experiments" or method != "GET"]


def test_an_unchanged_plan_takes_the_pages_of_the_list(tmp_path: Path) -> None:
    count = PAGE + 1
    write_workspace(tmp_path, count)
    with apart("benchmarks.served", str(count)) as url:
        out, err = ran(tmp_path, EXPSYNC, "plan", "-v", url=url)
    assert NOTHING in out
    pages = [line for line in err.splitlines() if line.startswith("GET /api/1/experiments ")]
    assert (len(pages), calls(err)) == (2, [])


def test_an_apply_that_changes_one_of_many_takes_a_handful_of_requests(tmp_path: Path) -> None:
    write_workspace(tmp_path, 300, changed=1)
    write_seed(tmp_path / "seed", 300)
    with apart("benchmarks.emulated", str(tmp_path / "seed")) as url:
        _, err = ran(tmp_path, EXPSYNC, "apply", "--yes", "-v", url=url)
    one = "/api/1/experiments/100000"
    assert calls(err) == [f"GET {one}", f"GET {one}/variants", f"PATCH {one}", f"GET {one}"]


def test_a_creation_takes_four_requests(tmp_path: Path) -> None:
    count = 25
    write_workspace(tmp_path, 0)
    write_new_experiments(tmp_path, count)
    write_seed(tmp_path / "seed", 0)
    with apart("benchmarks.emulated", str(tmp_path / "seed")) as url:
        out, err = ran(tmp_path, EXPSYNC, "apply", "--yes", "-v", url=url)
    assert f"{count} done" in out
    assert len(calls(err)) == 4 * count


@pytest.mark.parametrize("first", [40])
def test_an_unchanged_plan_grows_with_its_experiments_and_no_faster(tmp_path: Path, first: int) -> None:
    counts = []
    for count in (first, 2 * first, 4 * first):
        folder = tmp_path / str(count)
        write_workspace(folder, count)
        with apart("benchmarks.served", str(count)) as url:
            counts.append(instructions(folder, "plan", url=url, said=NOTHING))
    assert grows_no_faster(*counts)


@pytest.mark.parametrize("first", [40])
def test_validating_grows_with_the_files_and_no_faster(tmp_path: Path, first: int) -> None:
    counts = []
    for count in (first, 2 * first, 4 * first):
        folder = tmp_path / str(count)
        write_workspace(folder, count)
        counts.append(instructions(folder, "validate", said=f"{count} experiments"))
    assert grows_no_faster(*counts)


@pytest.mark.parametrize("first", [25])
def test_a_plan_of_creations_grows_with_them_and_no_faster(tmp_path: Path, first: int) -> None:
    counts = []
    with apart("benchmarks.served", "0") as url:
        for count in (first, 2 * first, 4 * first):
            folder = tmp_path / str(count)
            write_workspace(folder, 0)
            write_new_experiments(folder, count)
            counts.append(instructions(folder, "plan", url=url, said=f"Plan: {count} to create"))
    assert grows_no_faster(*counts)
