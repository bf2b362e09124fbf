"""What all renderers share: sentences, symbols, colours by meaning, and counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, assert_never

from expsync.render.safe import unaddressed, visible

if TYPE_CHECKING:
    from expsync.model.plan import Action, Base, ChangeKind, Finding, Impact, Origin, Plan, Unmanaged


class Paint(NamedTuple):
    """ANSI colours by meaning; each method returns the text, painted if `on`."""

    on: bool

    def strong(self, text: str) -> str:
        """Bold."""
        return self._code("1", text)

    def faint(self, text: str) -> str:
        """Dim, for what is there to be looked up."""
        return self._code("2", text)

    def good(self, text: str) -> str:
        """Green, for what comes."""
        return self._code("32", text)

    def changed(self, text: str) -> str:
        """Yellow, for what becomes something else."""
        return self._code("33", text)

    def bad(self, text: str) -> str:
        """Red, for what goes, fails or is refused."""
        return self._code("31", text)

    def _code(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def symbol(action: Action) -> str:
    """The one character for what happens to an experiment."""
    match action:
        case "create":
            return "+"
        case "update":
            return "~"
        case "archive":
            return "-"
        case "unarchive":
            return "^"
        case "blocked":
            return "!"
        case _:
            assert_never(action)


def change_symbol(kind: ChangeKind) -> str:
    """The one character for a change of a field."""
    match kind:
        case "add":
            return "+"
        case "remove":
            return "-"
        case "replace":
            return "~"
        case _:
            assert_never(kind)


def origin_label(origin: Origin | None) -> str:
    """Who else had a hand in a change than the files; empty where it is theirs alone, or nobody asked."""
    match origin:
        case None | "file":
            return ""
        case "live":
            return "[undoes a change by hand]"
        case "both":
            return "[conflict: changed by hand too]"
        case _:
            assert_never(origin)


def tailed(lines: Sequence[str], label: str, painted: Callable[[str], str], room: int) -> list[str]:
    """The lines with a label behind the last one, or under it where it does not fit into `room` columns."""
    if not label:
        return list(lines)
    *before, last = lines
    under = [painted(line) for line in wrapped(label, room)]
    if not last:
        return [*before, *under]
    fits = cells(last) + 2 + cells(label) <= room
    return [*before, f"{last}  {painted(label)}"] if fits else [*lines, *under]


def base_text(base: Base) -> str:
    """`main (3c556ce0a1b2)`, the commit of a base short enough to read; only its id where it was asked for by that."""
    short = base.commit[:12]
    return visible(short if base.commit.startswith(base.ref) else f"{base.ref} ({short})")


def origins_line(plan: Plan, base: Base) -> str:
    """How many of the plan's changes are whose, since its base."""
    origins = [change.origin for experiment in plan.experiments for change in experiment.changes]
    return (
        f"Since {base_text(base)}: {counted(origins.count('file'), 'change')} from the files, "
        f"{origins.count('live')} that would undo changes by hand, {counted(origins.count('both'), 'conflict')}."
    )


def has_conflicts(plan: Plan) -> bool:
    """Whether the files and people changed the same thing in different ways."""
    return any(change.origin == "both" for experiment in plan.experiments for change in experiment.changes)


def sentence(action: Action, *, in_file: bool) -> str:
    """What follows the experiment's key."""
    match action:
        case "create":
            return "will be created"
        case "update":
            return "will be updated"
        case "archive":
            return "will be archived" if in_file else "will be archived (no file declares it)"
        case "unarchive":
            return "will be unarchived"
        case "blocked":
            return "is blocked: nothing of it will be written"
        case _:
            assert_never(action)


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def summary_line(plan: Plan) -> str:
    """The last line of a plan, the same in form for every plan, so that it can be searched for."""
    total = plan.summary
    return (
        f"Plan: {total.create} to create, {total.update} to update, {total.archive} to archive, "
        f"{total.unarchive} to unarchive, {total.unchanged} unchanged, {total.blocked} blocked "
        f"({counted(total.operations, 'operation')}, {counted(total.requests, 'request')})."
    )


LEAST = 20
"""Columns that text is given at least, however narrow the terminal is."""
DAILY_REQUESTS = 100_000
"""What the API allows a project in a day, which ends at 00:00 UTC."""


def much_of_a_day(plan: Plan) -> bool:
    """Whether an apply takes so many requests that it should be known beforehand."""
    return plan.summary.requests > DAILY_REQUESTS // 10


def budget_line(plan: Plan) -> str:
    """How much of the project's day an apply would use up."""
    # In whole numbers: a plan that somebody made up may hold one that no float does.
    share = (200 * plan.summary.requests + DAILY_REQUESTS) // (2 * DAILY_REQUESTS)
    return (
        f"Applying it takes {plan.summary.requests:,} of the {DAILY_REQUESTS:,} requests that the project has a day "
        f"({share}%)."
    )


def nothing_to_do(plan: Plan) -> bool:
    """Whether live is as the files say, so that not even a blocked change is left."""
    return not plan.experiments


def finding_label(finding: Finding) -> str:
    """`critical variant-weights`, and whether somebody accepted it."""
    return f"{finding.severity} {finding.risk}" + (" (acknowledged)" if finding.acknowledged else "")


def impacts_of(findings: Sequence[Finding]) -> list[Impact]:
    """Who is moved by the change that has these findings, each place once."""
    impacts: list[Impact] = []
    for finding in findings:
        impacts += [impact for impact in finding.impact if impact not in impacts]
    return impacts


def place_text(segment: str | None) -> str:
    """The users who reach a segment, or all others."""
    return "all other users" if segment is None else f'segment "{visible(segment)}"'


def shares_text(impact: Impact) -> str:
    """Who is moved, in per cent of all users who reach the place; `at worst` where not all is known."""
    switch, enter, leave, way = map(percent, (impact.switch, impact.enter, impact.leave, impact.transientSwitch))
    said = f"switch {switch}  enter {enter}  leave {leave}  (on the way {way})"
    return said if impact.exact else f"{said}  at worst"


def percent(share: float) -> str:
    """`16.7 %` of a share of 1; only what is nobody is `0 %`, and only what is everybody is `100 %`."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    rounded = f"{share * 100:.1f} %"
    return {"0.0 %": "under 0.1 %", "100.0 %": "over 99.9 %"}.get(rounded, rounded)


def unmanaged_text(entry: Unmanaged) -> str:
    """Whose the live experiment is, as far as its tags were read."""
    if entry.owned is None:
        return "tags not read"
    return "owned" if entry.owned else "not owned"


def cells(text: str) -> int:
    """The columns that `text` takes up in a terminal."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    """0 for what is drawn over the character before it, 2 for the wide ones of East Asia and for emoji, else 1."""
    if unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, width: int) -> str:
    """`text` filled with spaces to `width` columns."""
    return text + " " * max(width - cells(text), 0)


# Not behind a sign: what it is about would stand alone on the next line.
_BREAK = r"(?<! [+−→])(?<!^[+−→]) "


def wrapped(text: str, width: int, *, first: int = 0) -> list[str]:
    """`text` in lines of at most `width` columns, broken at spaces; a longer word is broken where it must be.

    `first` columns of the first line are taken already; it is empty where not a word fits behind them.
    """
    if cells(text) <= width - first and not text.startswith(" "):
        return [unaddressed(text)]
    lines, room = [""], width - first
    for word in re.split(_BREAK, text):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(line) <= room:
            lines[-1] = line
            continue
        if cells(word) <= width:
            lines.append(word)
        else:
            # What fills more than a line begins on this one where half of it is left.
            start = f"{lines[-1]} " if lines[-1] else ""
            left = room - cells(start)
            pieces = _pieces(word, left if left * 2 >= width else 0, width)
            lines[-1:] = [start + pieces[0] if pieces[0] else lines[-1], *pieces[1:]]
        room = width
    return [unaddressed(line) for line in lines]


def _pieces(word: str, first: int, width: int) -> list[str]:
    """The word in parts of `width` columns, the first of `first`; what is drawn over a character stays with it."""
    pieces, room = [""], first
    for char in word:
        wide = _cells_of(char)
        if wide > room:
            pieces.append("")
            room = width
        pieces[-1] += char
        room -= wide
    return pieces


def hanging(text: str, width: int | None, *, indent: int, first: int = 0) -> list[str]:
    """`text` in lines of at most `width` columns (one line, where there is none), all but the first indented.

    `first` columns of the first line are taken already. Spaces at the start of the text stay.
    """
    if width is None or first + cells(text) <= width:
        return [text]
    said = text.lstrip(" ")
    start = text[: len(text) - len(said)]
    line, *rest = wrapped(said, max(width - indent, LEAST), first=first + len(start) - indent)
    return [(start + line).rstrip(" "), *(" " * indent + more for more in rest)]
