"""Fails where a folder that must not be wrong is tested too little: reads the report of `coverage json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FOLDERS = ("expsync/core", "expsync/config", "expsync/apply")
LIMIT = 95.0


def shares(report: dict[str, dict[str, dict[str, dict[str, int]]]], folder: str) -> tuple[float, float]:
    """Per cent of the folder's branches that ran, and of its lines; a folder without files has 0 of both."""
    totals = dict.fromkeys(("num_branches", "covered_branches", "num_statements", "covered_lines"), 0)
    for file, entry in report["files"].items():
        if Path(file).as_posix().startswith(folder + "/"):
            for name in totals:
                totals[name] += entry["summary"][name]
    if not totals["num_statements"]:
        return 0.0, 0.0
    branches = 100 * totals["covered_branches"] / totals["num_branches"] if totals["num_branches"] else 100.0
    return branches, 100 * totals["covered_lines"] / totals["num_statements"]


def main(path: str) -> int:
    """1 where one folder is below the limit, in branches or in lines; prints a line a folder."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    failed = False
    for folder in FOLDERS:
        branches, lines = shares(report, folder)
        low = min(branches, lines) < LIMIT
        failed = failed or low
        verdict = f"below {LIMIT:g} %" if low else "ok"
        print(f"coverage {folder}: {branches:.1f} % of branches, {lines:.1f} % of lines: {verdict}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
