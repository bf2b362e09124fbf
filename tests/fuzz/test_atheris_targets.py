"""The targets for atheris, without it: each check takes the inputs that a run begins with, and odd ones."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.atheris_targets import TARGETS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_every_check_of_a_target_takes_its_seeds_and_odd_bytes(tmp_path: Path, name: str) -> None:
    checks, seeds = TARGETS[name](tmp_path)
    assert {seed[0] for seed in seeds} == set(range(len(checks)))
    for seed in seeds:
        checks[seed[0]](seed[1:])
    for check in checks:
        for odd in (b"", b"\x00", b"\xff\xfe", b"{", b"[" * 500, b'{"a": 1e999}', b"NaN", b'"\\ud800"'):
            check(odd)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 64, "which one: loader, plan, wire?\n"),
        (["other"], 64, "which one: loader, plan, wire?\n"),
        (["plan"], 1, "atheris is not installed here: pip install atheris\n"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], code: int, said: str) -> None:
    if arguments == ["plan"] and importlib.util.find_spec("atheris") is not None:
        pytest.skip("atheris is installed here")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.atheris_targets", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (code, said)
