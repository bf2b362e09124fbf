"""What all renderers share: sentences, symbols, colours by meaning, and counts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from expsync.render.safe import visible

if TYPE_CHECKING:
    from expsync.model.plan import Action, ChangeKind, Finding, Impact, Plan, Unmanaged


@dataclass(frozen=True, slots=True)
class Paint:
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


def nothing_to_do(plan: Plan) -> bool:
    """Whether live is as the files say, so that not even a blocked change is left."""
    return not plan.experiments


def finding_label(finding: Finding) -> str:
    """`critical variant-weights`, and whether somebody accepted it."""
    return f"{finding.severity} {finding.risk}" + (" (acknowledged)" if finding.acknowledged else "")


def impact_text(impact: Impact) -> str:
    """Who is moved, in per cent of all users who reach the segment; parts of nobody are left out."""
    where = "all other users" if impact.segment is None else f"segment {visible(impact.segment)}"
    shares = (
        (impact.switch, "switch"),
        (impact.enter, "enter"),
        (impact.leave, "leave"),
        (impact.stay, "stay"),
    )
    parts = [f"{percent(share)} {verb}" for share, verb in shares if share > 0]
    if impact.transientSwitch > impact.switch:
        parts.append(f"{percent(impact.transientSwitch)} switch at some time on the way")
    return f"{where}: {'' if impact.exact else 'about '}{', '.join(parts)}"


def percent(share: float) -> str:
    """`16.67 %` of a share of 1; a share that rounds to nothing is `under 0.01 %`."""
    rounded = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return "under 0.01 %" if rounded == "0" and share > 0 else f"{rounded} %"


def unmanaged_text(entry: Unmanaged) -> str:
    """Whose the live experiment is, as far as its tags were read."""
    if entry.owned is None:
        return "tags not read"
    return "owned" if entry.owned else "not owned"


def cells(text: str) -> int:
    """The columns that `text` takes up in a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int) -> str:
    """`text` filled with spaces to `width` columns."""
    return text + " " * max(width - cells(text), 0)
