"""The plan as text: whole outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import pytest

from expsync.model.plan import Base, Change, Finding, Impact, Plan
from expsync.render import text
from tests.render.plans import experiment, hostile_plan, plan, rich_plan, summary

Expected = Callable[[str, str], None]


def test_verbose_lists_every_call(expected: Expected) -> None:
    expected("rich-verbose.txt", text.render(rich_plan(), colour=False, width=120, verbose=True))


def test_a_narrow_terminal_cuts_long_values(expected: Expected) -> None:
    expected("rich-narrow.txt", text.render(rich_plan(), colour=False, width=70))


def test_colour_is_all_that_colour_adds(expected: Expected) -> None:
    coloured = text.render(rich_plan(), colour=True, width=120)

    expected("rich-colour.txt", coloured)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text.render(rich_plan(), colour=False, width=120)


def based(*origins: Literal["file", "live", "both"]) -> Plan:
    """A plan with a base, and the changes of these origins."""
    changes = [
        Change(path=f"tags.{place}", kind="add", before=None, after=str(place), origin=origin)
        for place, origin in enumerate(origins)
    ]
    long = Change(path="description", kind="replace", before="a" * 90, after="b" * 90, origin="both")
    base = Base(ref="origin/main", commit="3c556ce0a1b2c3d4e5f60718293a4b5c6d7e8f90")
    parts = [long] if "both" in origins else []
    return plan(experiment("a", "update", changes=[*changes, *parts]), base=base)


def test_with_a_base_what_people_did_stands_out(expected: Expected) -> None:
    shown = based("file", "live", "both", "live")

    expected("based.txt", text.render(shown, colour=False, width=120))
    expected("based-colour.txt", text.render(shown, colour=True, width=70))


@pytest.mark.parametrize("origins", [(), ("file",), ("file", "live")])
def test_without_a_conflict_nothing_about_the_base_is_red(origins: tuple[Literal["file", "live"], ...]) -> None:
    counts = f"{origins.count('file')} change{'' if 'file' in origins else 's'} from the files"
    line = next(
        line
        for line in text.render(based(*origins), colour=True, width=120).splitlines()
        if "Since origin/main" in line
    )
    assert line == (
        f"\x1b[1mSince origin/main (3c556ce0a1b2): {counts}, "
        f"{origins.count('live')} that would undo changes by hand, 0 conflicts.\x1b[0m"
    )


def test_nothing_to_do_is_said() -> None:
    assert text.render(plan(summary=summary(unchanged=3, requests=1)), colour=False, width=120) == (
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


def moves(segment: str | None, *, exact: bool = True, **shares: float) -> Impact:
    given = {"switch": 0, "enter": 0, "leave": 0, "stay": 0, "transientSwitch": 0, **shares}
    return Impact(segment=segment, exact=exact, **given)


def risky(risk: Any, severity: Any, message: str, *impact: Impact, acknowledged: bool = False) -> Finding:
    return Finding(risk=risk, severity=severity, acknowledged=acknowledged, message=message, impact=list(impact))


SPLIT = (moves("日本", switch=0.1, stay=0.9, transientSwitch=0.48), moves(None, exact=False, leave=1))
FINDINGS = [
    risky(
        "variant-weights",
        "critical",
        "some users move to another variant, and the arms can't be compared any more (SRM): all other users; "
        "to settle it: change the percentage and not the ratio, or start again with a new experiment",
        *SPLIT,
    ),
    risky("disabled", "high", "all lose it; to settle it: be sure", *SPLIT, acknowledged=True),
    risky("payload", "medium", "users get something else; to settle that: this is no way to settle it"),
]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            120,
            [
                "    ! critical variant-weights:",
                "      some users move to another variant, and the arms can't be compared any more (SRM): "
                "all other users",
                "      settle: change the percentage and not the ratio, or start again with a new experiment",
                "    ! high disabled (acknowledged): all lose it",
                "      settle: be sure",
                "    ! medium payload: users get something else; to settle that: this is no way to settle it",
                '    > segment "日本"   switch 10.0 %  enter 0 %  leave 0 %  (on the way 48.0 %)',
                "    > all other users  switch 0 %  enter 0 %  leave 100 %  (on the way 0 %)  at worst",
            ],
        ),
        (
            80,
            [
                "    ! critical variant-weights:",
                "      some users move to another variant, and the arms can't be compared any",
                "      more (SRM): all other users",
                "      settle: change the percentage and not the ratio, or start again with a new",
                "      experiment",
                "    ! high disabled (acknowledged): all lose it",
                "      settle: be sure",
                "    ! medium payload:",
                "      users get something else; to settle that: this is no way to settle it",
                '    > segment "日本"',
                "        switch 10.0 %  enter 0 %  leave 0 %  (on the way 48.0 %)",
                "    > all other users",
                "        switch 0 %  enter 0 %  leave 100 %  (on the way 0 %)  at worst",
            ],
        ),
    ],
)
def test_findings_say_what_and_how_to_settle_it_and_then_once_who_moves(width: int, lines: list[str]) -> None:
    shown = text.render(plan(experiment("a", "update", findings=FINDINGS)), colour=False, width=width)

    plan_lines = -3 if width < 120 else -2
    assert shown.splitlines()[3:plan_lines] == lines


def test_only_what_is_critical_and_not_accepted_is_red() -> None:
    findings = [
        risky("variant-weights", "critical", "a"),
        risky("variant-added", "critical", "b", acknowledged=True),
        risky("disabled", "high", "c"),
        risky("cohort-lost", "blocked", "d"),
    ]
    shown = text.render(plan(experiment("a", "update", findings=findings)), colour=True, width=120)

    assert shown.splitlines()[3:-2] == [
        "    ! \x1b[31mcritical variant-weights\x1b[0m: a",
        "    ! \x1b[33mcritical variant-added (acknowledged)\x1b[0m: b",
        "    ! \x1b[33mhigh disabled\x1b[0m: c",
        "    ! \x1b[31mblocked cohort-lost\x1b[0m: d",
    ]


def test_a_line_that_is_broken_cannot_begin_with_a_command() -> None:
    findings = [risky("segments", "high", f"{'x' * 60} ::error::owned")]
    shown = text.render(plan(experiment("a", "update", findings=findings)), colour=False, width=70)

    assert shown.splitlines()[4:6] == [f"      {'x' * 60}", "      \\u003a:error::owned"]


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
    shown = text.render(plan(unmanaged=unmanaged, scope=Scope(targets=[], prune=prune)), colour=False, width=120)

    assert shown.splitlines()[-4] == f"    {hint}"


@pytest.mark.parametrize(("requests", "said"), [(10_000, False), (10_001, True)])
def test_a_plan_that_uses_much_of_the_day_says_so(requests: int, said: bool) -> None:
    shown = text.render(plan(summary=summary(requests=requests)), colour=False, width=120)
    line = "Applying it takes 10,001 of the 100,000 requests that the project has a day (10%).\n"
    assert (line in shown) == said
