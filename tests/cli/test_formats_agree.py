"""Whatever prints a plan, in whatever form, says the same of it; and `apply` does as the report had said."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.render.reading import Page

EXAMPLE = Path(__file__).parents[2] / "examples" / "quickstart"
SUMMARY = re.compile(r"Plan: \d+ to create, .*?\(\d+ operations?, \d+ requests?\)\.")
REFUSED = re.compile(r"An apply would be refused: (\d+) critical risks?")
NOTHING = "Nothing to do: live matches the files."


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def said(run: Run) -> dict[str, tuple[list[str], bool, list[str]]]:
    """For each command and format: the summaries, whether there is nothing to do, and the verdicts where it has one."""
    found = {}
    for command in ("plan", "show plan.json"):
        for form in ("text", "markdown", "html"):
            out = run(*command.split(), "--format", form, *(["--out", "plan.json"] if command == "plan" else [])).out
            words = " ".join(Page(out).said) if form == "html" else out
            found[f"{command} {form}"] = (SUMMARY.findall(words), NOTHING in words, REFUSED.findall(words))
    return found


@pytest.mark.parametrize("saved", [True, False])
def test_plan_show_and_apply_agree(world: Path, run: Run, *, saved: bool) -> None:
    file = world / "experiments" / "checkout-button.yaml"
    first = file.read_text(encoding="utf-8")
    uneven = first.replace("rolloutWeight: 1\n", "rolloutWeight: 3\n", 1)
    assert uneven != first
    for text, code, nothing, refused in (
        (first, 0, False, []),
        (uneven, 3, False, ["1"]),
        (first, 0, True, []),
    ):
        file.write_text(text, encoding="utf-8")
        shown = said(run)
        summaries, *_ = shown["plan text"]
        assert len(summaries) == 1
        for name, (found, nothing_found, verdicts) in shown.items():
            assert (name, found, nothing_found) == (name, summaries, nothing)
            assert verdicts == ([] if name.endswith("text") else refused)
        applied = run("apply", *(["plan.json"] if saved else []), "--yes", "--format", "text")
        assert (applied.code, SUMMARY.findall(applied.out), NOTHING in applied.out) == (code, summaries, nothing)
