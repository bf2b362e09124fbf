"""Keeps what README.md quotes from the program true: help texts and output between markers.

    <!-- expsync validate --help -->   ...   <!-- end -->

holds what that command prints, run in a fresh copy of examples/quickstart with 80 columns and no settings. With
`<!-- edited: expsync plan -->` the copy was applied and then edited before.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
MARKED = re.compile(r"(<!-- (?P<edited>edited: )?expsync (?P<arguments>[^\n]*?) -->\n).*?(?=<!-- end -->)", re.DOTALL)
EDITS = (
    ("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 40"),
    ("experiments/search-ranking.yaml", "boost: 2}", "boost: 3}"),
    ("users/search-team.txt", "linus@example.com\n", "alan@example.com\nedsger@example.com\n"),
    ("experiments/welcome-mail.yaml", "enabled: false", "enabled: true\nrolloutPercentage: 5\ndeployments: [ios]"),
    ("experiments/welcome-mail.yaml", "minutes: 2}", "minutes: 2}\n  - key: none"),
)


def printed(arguments: list[str], *, edited: bool) -> str:
    """What `expsync` prints on stdout when it is run with `arguments` in a copy of the quick start."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "quickstart"
        shutil.copytree(ROOT / "examples" / "quickstart", copy, ignore=shutil.ignore_patterns(".expsync"))
        if edited:
            _run(["apply", "--yes"], copy)
            for file, before, after in EDITS:
                _edit(copy / file, before, after)
        return _run(arguments, copy)


def _run(arguments: list[str], folder: Path) -> str:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("EXPSYNC_")}
    ran = subprocess.run(
        [sys.executable, "-m", "expsync", *arguments],
        cwd=folder,
        env={**settings, "COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if ran.returncode != 0:
        raise SystemExit(f"expsync {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    if before not in text:
        raise SystemExit(f"{file.name} has no {before!r} any more")
    file.write_text(text.replace(before, after), encoding="utf-8")


def renewed(text: str) -> str:
    """The text with everything between its markers as the program prints it now."""

    def quoted(found: re.Match[str]) -> str:
        output = printed(found["arguments"].split(), edited=found["edited"] is not None)
        return f"{found[1]}```text\n{output}```\n"

    return MARKED.sub(quoted, text)


def main(mode: str) -> int:
    """0 where the README is true (`--check`) or has been made so (`--write`), 1 where it is not."""
    before = README.read_text(encoding="utf-8")
    after = renewed(before)
    if mode == "--write":
        README.write_text(after, encoding="utf-8")
        return 0
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "README.md", "program"))
    if before != after:
        print("README.md no longer quotes the program; run `make readme`")
    return int(before != after)


if __name__ == "__main__":
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit("usage: readme_help.py --check | --write")
    sys.exit(main(sys.argv[1]))
