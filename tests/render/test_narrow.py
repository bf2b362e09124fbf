"""Text for people at narrow terminals: nothing runs over, values stand under their column, wide characters count."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from expsync.diagnostics import Diagnostic, Place
from expsync.model.plan import Plan
from expsync.render import drift as drift_renderer
from expsync.render import history as history_renderer
from expsync.render import outcome as outcome_renderer
from expsync.render import pulled, text
from expsync.render.problems import problem_text
from expsync.render.view import LEAST, cells, hanging, wrapped
from tests.render.drifts import rich_drift
from tests.render.plans import based_plan, experiment, hostile_plan, plan, rich_plan, split_plan
from tests.render.test_history import rich_diff, rich_history
from tests.render.test_outcome import EVERYTHING

Expected = Callable[[str, str], None]
WIDTHS = (40, 60, 80)
PROBLEM = Diagnostic(
    "EXP104",
    "error",
    Place("experiments/checkout-button.yaml", 14, 20),
    "rolloutPercentage is out of range, and this message is longer than a narrow terminal",
    "130 is not between 0 and 100, which are the bounds that the API has for it\nand a second line",
    "write a number between 0 and 100, or leave the field out to leave it alone",
    "checkout-button",
)


def wide_plan() -> Plan:
    """A plan whose names and values are of wide characters, of emoji, and of letters with marks."""
    from expsync.model.plan import Change, SplitChange

    name = "日本語の実験を試すための長い名前です" * 3
    changes = [
        Change(path="name", kind="replace", before="é" * 30, after=name),
        Change(path="description", kind="add", before=None, after="🎉 " * 30),
        Change(path="variants.実験群.payload", kind="replace", before={"色": "赤" * 20}, after={"色": "青" * 20}),
    ]
    split = SplitChange(
        segment="日本のユーザー", before={"対照": 0.5, "実験群": 0.5}, after={"対照": 0.25, "実験群": 0.75}
    )
    return plan(experiment("チェックアウト" * 4, "update", changes=changes, splits=[split]))


PLANS = {
    "rich": rich_plan,
    "based": based_plan,
    "splits": split_plan,
    "hostile": hostile_plan,
    "wide": wide_plan,
}


def too_wide(shown: str, width: int) -> list[str]:
    return [line for line in shown.splitlines() if cell_len(line) > width]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PLANS)
def test_a_plan_fits(name: str, width: int) -> None:
    assert too_wide(text.render(PLANS[name](), colour=False, width=width, verbose=True), width) == []


@pytest.mark.parametrize("width", [40, 60])
@pytest.mark.parametrize("name", ["rich", "splits", "wide"])
def test_a_plan_in_a_narrow_terminal(expected: Expected, name: str, width: int) -> None:
    expected(f"narrow-{name}-{width}.txt", text.render(PLANS[name](), colour=False, width=width))


@pytest.mark.parametrize("width", [40, 60])
def test_a_drift_in_a_narrow_terminal(expected: Expected, width: int) -> None:
    shown = drift_renderer.render_text(rich_drift(), colour=False, width=width)

    expected(f"narrow-drift-{width}.txt", shown)
    assert too_wide(shown, width) == []


@pytest.mark.parametrize("width", [40, 60])
def test_a_history_in_a_narrow_terminal(expected: Expected, width: int) -> None:
    shown = history_renderer.render_text(rich_history(), colour=False, width=width)
    shown += "\n" + history_renderer.render_diff_text(rich_diff(), colour=False, width=width)

    expected(f"narrow-history-{width}.txt", shown)
    assert too_wide(shown, width) == []


@pytest.mark.parametrize("width", [40, 60])
def test_an_outcome_in_a_narrow_terminal(expected: Expected, width: int) -> None:
    shown = outcome_renderer.render_text(EVERYTHING, width=width)

    expected(f"narrow-outcome-{width}.txt", shown)
    assert too_wide(shown, width) == []


@pytest.mark.parametrize("width", [40, 60])
def test_what_was_pulled_fits(width: int) -> None:
    from expsync.model.taken import Taken

    changes = rich_plan().experiments[1].changes
    shown = pulled.render(
        [Taken("search-ranking", files=("experiments/search-ranking.yaml",), changes=tuple(changes))],
        colour=False,
        width=width,
    )
    assert too_wide(shown, width) == []


def test_a_problem_is_wrapped_under_its_own_lines() -> None:
    assert problem_text(PROBLEM, colour=False, width=40).splitlines() == [
        "error[EXP104]: rolloutPercentage is out",
        "  of range, and this message is longer",
        "  than a narrow terminal",
        "  experiments/checkout-button.yaml:14:20",
        "  checkout-button",
        "  130 is not between 0 and 100, which",
        "  are the bounds that the API has for it",
        "  and a second line",
        "  hint: write a number between 0 and",
        "    100, or leave the field out to leave",
        "    it alone",
    ]


def test_without_a_width_each_part_of_a_problem_is_one_line() -> None:
    shown = problem_text(PROBLEM, colour=False)

    assert len(shown.splitlines()) == 5
    assert shown == str(PROBLEM)


def test_a_problem_names_its_file_as_it_is_called_here() -> None:
    shown = problem_text(PROBLEM._replace(detail="", hint=""), colour=False, named=lambda file: f"../{file}")

    assert shown.splitlines()[1] == "  ../experiments/checkout-button.yaml:14:20  checkout-button"


@pytest.mark.parametrize("colour", [False, True])
def test_the_widest_plan_is_the_same_at_any_greater_width(colour: bool) -> None:
    assert text.render(split_plan(), colour=colour, width=400) == text.render(split_plan(), colour=colour, width=500)


# --- cells ---


@pytest.mark.parametrize(
    "shown",
    ["plain", "é", "e\u0301", "日本", "🎉", "한국어", "ｆｕｌｌ", "½", "…→━·", "\U0001f1e9\U0001f1ea", "ไทย", "หนึ่ง"],
)
def test_columns_are_counted_as_terminals_do(shown: str) -> None:
    assert cells(shown) == cell_len(shown)


words = st.lists(st.text("ab日é\u0301🎉", max_size=30), max_size=12).map(" ".join)


@given(words, st.integers(LEAST, 60), st.integers(0, 15))
def test_wrapped_text_fits_and_loses_nothing(said: str, width: int, first: int) -> None:
    lines = wrapped(said, width, first=first)

    assert all(cells(line) <= width - (first if place == 0 else 0) for place, line in enumerate(lines))
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")


@given(words, st.integers(LEAST + 6, 60), st.integers(0, 6), st.integers(0, 6))
def test_hanging_text_fits_and_loses_nothing(said: str, width: int, indent: int, first: int) -> None:
    lines = hanging(said, width, indent=indent, first=first)

    assert first + cells(lines[0]) <= width or first + cells(said) <= width
    assert all(cells(line) <= width and line.startswith(" " * indent) for line in lines[1:])
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")


def test_a_line_break_makes_no_command_of_a_ci_system() -> None:
    def commands(lines: Sequence[str]) -> list[str]:
        return [line for line in lines if line.lstrip().startswith("::")]

    assert commands(wrapped("a" * 20 + "::error::x", 20)) == []
    assert commands(hanging("a " * 9 + "::error::x", 20, indent=2)) == []
