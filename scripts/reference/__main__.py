"""Writes the pages of the reference into `docs/`, or says which of them are not as the program is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.reference import commands, fields, plan_document, rules

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "fields.md": fields.page,
    "rules.md": rules.page,
    "plan-document.md": plan_document.page,
}


def stale(folder: Path) -> list[str]:
    """The names of the pages in `folder` that are missing or not as the program is now."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != page()
    ]


def write(folder: Path) -> None:
    """Nothing; the pages in `folder` are as the program is now. Those that were so are not touched."""
    for name in stale(folder):
        (folder / name).write_text(PAGES[name](), encoding="utf-8", newline="\n")


def main(mode: str) -> int:
    """0 where the pages are true (`--check`) or have been made so (`--write`), 1 where they are not."""
    if mode == "--write":
        write(DOCS)
        return 0
    found = stale(DOCS)
    for name in found:
        print(f"docs/{name} is not as the program is; run `make docs`")
    return int(bool(found))


if __name__ == "__main__":
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit("usage: python -m scripts.reference --check | --write")
    sys.exit(main(sys.argv[1]))
