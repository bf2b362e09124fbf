"""`expsync show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsync.model.plan_file import save_plan
from expsync.render import html, json, markdown, text
from tests.cli.conftest import Run
from tests.render.large import many
from tests.render.plans import rich_plan


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    save_plan(path, rich_plan())
    return path


def test_a_saved_plan_is_shown_as_it_was(run: Run, saved: Path) -> None:
    ran = run("show", saved)

    assert (ran.code, ran.out, ran.err) == (0, text.render(rich_plan(), colour=False, width=120), "")


def test_verbose_lists_the_calls(run: Run, saved: Path) -> None:
    assert run("show", saved, "-v").out == text.render(rich_plan(), colour=False, width=120, verbose=True)


def test_json_is_the_saved_document(run: Run, saved: Path) -> None:
    ran = run("show", "--format", "json", saved)

    assert ran.out == saved.read_text(encoding="utf-8") == json.render(rich_plan())


def test_markdown_and_html_are_what_their_renderers_make(run: Run, saved: Path) -> None:
    assert run("show", "--format", "markdown", saved).out == markdown.render(rich_plan())
    assert run("show", "--format", "html", saved).out == html.render(rich_plan())


def test_what_a_comment_leaves_out_is_in_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "all of it.json"
    save_plan(path, many(60).sealed())

    ran = run("show", path, "--format", "markdown")
    assert "Nothing is missing in `all of it.json` and its HTML report (`expsync show 'all of it.json'" in ran.out
    assert (ran.code, ran.err) == (0, "")


def test_a_changed_plan_is_refused(run: Run, saved: Path) -> None:
    saved.write_text(saved.read_text(encoding="utf-8").replace('"after": 50', '"after": 90'), encoding="utf-8")

    ran = run("show", saved)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"error: {saved}: the plan does not match its digest: "
        "it was changed after it was saved, or damaged on the way\n"
        "  hint: make a new plan with `expsync plan --out FILE`\n"
    )


def test_a_plan_that_is_not_there_is_a_failure(run: Run, tmp_path: Path) -> None:
    ran = run("show", tmp_path / "none.json")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error: {tmp_path / 'none.json'}: the plan can't be read: No such file or directory\n"
