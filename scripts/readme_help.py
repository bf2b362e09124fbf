"""Keeps what README.md quotes from the program true: help texts and output between markers.

    <!-- expsync validate --help -->   ...   <!-- end -->

holds what that command prints, run in a fresh copy of examples/quickstart with 80 columns and no settings.
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
MARKED = re.compile(r"(<!-- expsync (?P<arguments>[^\n]*?) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def printed(arguments: list[str]) -> str:
    """What `expsync` prints on stdout when it is run with `arguments` in a copy of the quick start."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("EXPSYNC_")}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "quickstart"
        shutil.copytree(ROOT / "examples" / "quickstart", copy, ignore=shutil.ignore_patterns(".expsync"))
        ran = subprocess.run(
            [sys.executable, "-m", "expsync", *arguments],
            cwd=copy,
            env={**settings, "COLUMNS": "80", "NO_COLOR": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    if ran.returncode != 0:
        raise SystemExit(f"expsync {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout


def renewed(text: str) -> str:
    """The text with everything between its markers as the program prints it now."""
    return MARKED.sub(lambda found: f"{found[1]}```text\n{printed(found['arguments'].split())}```\n", text)


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
