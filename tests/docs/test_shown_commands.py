"""Every command of every page is run, and prints what the page shows. With --update-expected the page is made so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs.page import read_page
from tests.docs.run import Result, run_page
from tests.docs.shown import ANY_LINES
from tests.docs.worlds import ROOT

_ALIKE = 6
"""Characters by which a line is known again, if the rest of it changed."""
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_shows_what_happens(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = read_page(path)
    if not page.commands:
        return

    results: list[Result] = []
    try:
        for result in run_page(page, tmp_path):
            results.append(result)  # noqa: PERF402 - what was run before something goes wrong is worth keeping
    finally:
        if request.config.getoption("--update-expected"):
            update(path, results)
    complaints = "".join(complaint(path, result) for result in results)
    if complaints:
        # The whole of it, as the lines that it is.
        pytest.fail(complaints, pytrace=False)


def complaint(path: Path, result: Result) -> str:
    """What is wrong with what is shown of one command, or nothing."""
    place = f"\n{path.name}:{result.command.line}: $ {result.command.text}\n"
    if not result.is_right:
        shown, printed = "\n".join(result.command.shown), "\n".join(result.printed)
        return f"{place}--- shown\n{shown}\n--- printed\n{printed}\n"
    if result.code and not result.told:
        printed = "\n".join(result.printed)
        return f"{place}ended with {result.code}, and no `$ echo $?` follows:\n{printed}\n"
    return ""


def update(path: Path, results: Sequence[Result]) -> None:
    """Nothing; below each command that shows something else stands what it printed, to be reviewed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for result in reversed(results):
        if not result.is_right:
            command = result.command
            lines[command.first - 1 : command.last - 1] = [
                f"{command.indent}{line}".rstrip() for line in _shortened(command.shown, result.printed)
            ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _shortened(shown: Sequence[str], printed: Sequence[str]) -> Sequence[str]:
    """What was printed, with what the page leaves out left out again."""
    if ANY_LINES not in shown:
        return printed
    before = shown.index(ANY_LINES)
    after = shown[before + 1 :]
    # What follows begins where it did, if such a line is still there; else it is as long as it was.
    begins = [at for at, line in enumerate(printed) if after and at >= before and line[:_ALIKE] == after[0][:_ALIKE]]
    start = begins[-1] if begins else max(before, len(printed) - len(after))
    return [*printed[:before], ANY_LINES, *printed[start:]]
