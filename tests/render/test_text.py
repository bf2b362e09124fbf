"""The plan as text: whole outputs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from expsync.render import text
from tests.render.plans import experiment, hostile_plan, plan, rich_plan, summary

Expected = Callable[[str, str], None]


def test_a_plan_with_one_of_everything(expected: Expected) -> None:
    expected("rich.txt", text.render(rich_plan(), colour=False, width=120))


def test_verbose_lists_every_call(expected: Expected) -> None:
    expected("rich-verbose.txt", text.render(rich_plan(), colour=False, width=120, verbose=True))


def test_a_narrow_terminal_cuts_long_values(expected: Expected) -> None:
    expected("rich-narrow.txt", text.render(rich_plan(), colour=False, width=70))


def test_colour_is_all_that_colour_adds(expected: Expected) -> None:
    coloured = text.render(rich_plan(), colour=True, width=120)

    expected("rich-colour.txt", coloured)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render(rich_plan(), colour=False, width=120)


def test_nothing_to_do_is_said() -> None:
    assert text.render(plan(summary=summary(unchanged=3, requests=1)), colour=False, width=80) == (
        "Environment prod, project 2002, https://experiment.amplitude.com\n"
        "\n"
        "Nothing to do: live matches the files.\n"
        "Plan: 0 to create, 0 to update, 0 to archive, 0 to unarchive, 3 unchanged, 0 blocked "
        "(0 operations, 1 request).\n"
    )


def test_a_blocked_experiment_is_not_nothing_to_do() -> None:
    blocked = plan(experiment("a", "blocked"), summary=summary(blocked=1))

    assert "Nothing to do" not in text.render(blocked, colour=False, width=80)


def test_hostile_texts_are_shown_and_cannot_act(expected: Expected) -> None:
    shown = text.render(hostile_plan(), colour=False, width=120, verbose=True)

    expected("hostile.txt", shown)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert not re.search(r"^\s*::|##\w*\[", shown, re.MULTILINE)


@pytest.mark.parametrize("colour", [True, False])
def test_equal_plans_give_equal_bytes(*, colour: bool) -> None:
    assert text.render(rich_plan(), colour=colour, width=99) == text.render(rich_plan(), colour=colour, width=99)


@pytest.mark.parametrize(
    ("owned", "prune", "hint"),
    [
        ([True], False, "(--prune archives it)"),
        ([True, True], False, "(--prune archives them)"),
        ([True, False], False, "(--prune archives the 1 owned; the others are left alone)"),
        ([False, None], False, "(left alone: --prune archives only what is owned)"),
        ([False], True, "(left alone: --prune archives only what is owned)"),
    ],
)
def test_the_hint_says_what_prune_would_archive(owned: list[bool | None], prune: bool, hint: str) -> None:
    from expsync.model.plan import Scope, Unmanaged

    unmanaged = [Unmanaged(key=f"k{at}", id=str(at), owned=value) for at, value in enumerate(owned)]
    shown = text.render(plan(unmanaged=unmanaged, scope=Scope(targets=[], prune=prune)), colour=False, width=80)

    assert shown.splitlines()[-4] == f"    {hint}"
