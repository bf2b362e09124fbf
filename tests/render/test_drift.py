"""The drift as text, as JSON and as Markdown: whole outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from expsync.model.drift import Drift
from expsync.model.plan import Base
from expsync.render import drift as renderer
from expsync.render.safe import visible
from expsync.render.times import time_text
from tests.render.drifts import COMMIT, drift, rich_drift
from tests.render.gfm import Comment, broken

Expected = Callable[[str, str], None]


def test_a_drift_with_one_of_everything(expected: Expected) -> None:
    expected("drift.txt", renderer.render_text(rich_drift(), colour=False, width=120))


def test_a_narrow_terminal_cuts_long_values(expected: Expected) -> None:
    expected("drift-narrow.txt", renderer.render_text(rich_drift(), colour=False, width=70))


def test_colour_is_all_that_colour_adds(expected: Expected) -> None:
    coloured = renderer.render_text(rich_drift(), colour=True, width=120)

    expected("drift-colour.txt", coloured)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == renderer.render_text(rich_drift(), colour=False, width=120)


def test_markdown_is_for_a_comment(expected: Expected) -> None:
    expected("drift.md", renderer.render_markdown(rich_drift()))


def test_json_is_the_document(expected: Expected) -> None:
    shown = renderer.render_json(rich_drift())

    expected("drift.json", shown)
    assert Drift.model_validate(json.loads(shown)) == rich_drift()


def test_the_markdown_has_a_row_of_three_cells_for_each_change() -> None:
    shown = renderer.render_markdown(rich_drift())
    assert broken(shown) == []
    tables = Comment(shown).tables
    assert [len(table.rows) - 1 for table in tables] == [
        len(experiment.changes) for experiment in rich_drift().experiments if experiment.changes
    ]
    assert {len(row) for table in tables for row in table.rows} == {3}


def test_no_drift_is_said() -> None:
    summary = "Drift: 0 of 43 experiments, 0 differences; 0 live in no file, 0 not live."
    where = "Environment prod, project 2002, https://experiment.amplitude.com\n\n"
    assert renderer.render_text(drift(), colour=False, width=80) == (
        f"{where}No drift: live is as the files say.\n{summary}\n"
    )
    based = drift(base=Base(ref="v1", commit=COMMIT))
    assert renderer.render_text(based, colour=False, width=120) == (
        f"{where}No drift: nobody changed what the files say.\n"
        "Drift since v1 (3c556ce0a1b2): 0 of 43 experiments, 0 differences, 0 conflicts; "
        "0 live in no file, 0 not live.\n"
    )
    assert renderer.render_markdown(drift()) == f"**{summary}**\n\nEnvironment `prod`, project `2002`.\n"


def test_a_commit_that_was_asked_for_by_its_id_is_not_said_twice() -> None:
    shown = renderer.render_text(drift(base=Base(ref=COMMIT[:7], commit=COMMIT)), colour=False, width=80)
    assert "Drift since 3c556ce0a1b2: 0 of" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-02-01T10:26:00.996Z", "2026-02-01 10:26:00 UTC"),
        ("2026-02-01T10:26:00+02:00", "2026-02-01 08:26:00 UTC"),
        ("2026-02-01T10:26:00", "2026-02-01 10:26:00 UTC"),
        ("2026-02-01", "2026-02-01 00:00:00 UTC"),
        ("0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00+02:00"),
        ("1769000000000", "1769000000000"),
        ("yesterday\x1b[31m", "yesterday\\x1b[31m"),
        ("", ""),
    ],
)
def test_times_are_in_utc(text: str, shown: str) -> None:
    assert time_text(text, visible) == shown
