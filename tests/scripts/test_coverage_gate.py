"""The gate opens only for folders that are tested enough."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GATE = Path(__file__).parents[2] / "scripts" / "coverage_gate.py"


def _entry(*, branches: int, lines: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "num_branches": 100,
            "covered_branches": branches,
            "num_statements": 200,
            "covered_lines": 2 * lines,
        }
    }


@pytest.mark.parametrize(
    ("weak", "code", "verdict"),
    [
        (_entry(branches=95, lines=95), 0, "95.0 % of branches, 95.0 % of lines: ok"),
        (_entry(branches=94, lines=100), 1, "94.0 % of branches, 100.0 % of lines: below 95 %"),
        (_entry(branches=100, lines=94), 1, "100.0 % of branches, 94.0 % of lines: below 95 %"),
        (None, 1, "0.0 % of branches, 0.0 % of lines: below 95 %"),
    ],
)
def test_the_gate(tmp_path: Path, weak: dict[str, dict[str, int]] | None, code: int, verdict: str) -> None:
    files = {f"expsync/{folder}/a.py": _entry(branches=99, lines=99) for folder in ("core", "config")}
    if weak is not None:
        files["expsync/apply/a.py"] = weak
    files["expsync/render/a.py"] = _entry(branches=0, lines=0)
    (tmp_path / "report.json").write_text(json.dumps({"files": files}), encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, GATE, tmp_path / "report.json"], capture_output=True, encoding="utf-8", check=False
    )

    assert (ran.returncode, ran.stderr) == (code, "")
    assert ran.stdout == (
        "coverage expsync/core: 99.0 % of branches, 99.0 % of lines: ok\n"
        "coverage expsync/config: 99.0 % of branches, 99.0 % of lines: ok\n"
        f"coverage expsync/apply: {verdict}\n"
    )
