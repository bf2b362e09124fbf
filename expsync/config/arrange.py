"""Entries of a collection in another order, with some gone and some new: which text goes where."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from expsync.config.layout import Entry, Layout, Page
from expsync.config.splice import Piece, Splice

Plan = Sequence[int | str]
"""The new order: the index of a kept entry, or the text of a new one, without the indentation of its first line."""

_BREAK = re.compile(r"\r\n|\r|\n")
_BLANK_LINES = re.compile(r"\A(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))+")
_KEEPS = re.compile(r"[|>][0-9-]*\+")
_COMMENTED_COMMA = re.compile(r"#[^\r\n]*|,")


def arrange(page: Page, layout: Layout, plan: Plan) -> Splice:
    """The change from the first entry's top to the last one's bottom; `plan` is not empty."""
    work = _Lines(page, layout, plan) if layout.in_lines else _Inline(page, layout, plan)
    return Splice(layout.entries[0].top, layout.entries[-1].bottom, tuple(work.pieces()))


class _Arrangement(ABC):
    """What lines and brackets have in common: what stands between two entries, and what becomes of it."""

    def __init__(self, page: Page, layout: Layout, plan: Plan) -> None:
        self.page = page
        self.entries = layout.entries
        self.layout = layout
        self.plan = plan
        pairs = zip(self.entries, self.entries[1:], strict=False)
        self.gaps = [page.text[one.bottom : other.top] for one, other in pairs]
        self.separator = ""

    def pieces(self) -> list[Piece]:
        kept = [item for item in self.plan if isinstance(item, int)]
        if kept != sorted(kept):
            return self._moved()
        pieces: list[Piece] = []
        last: int | None = None
        for place, item in enumerate(self.plan):
            if isinstance(item, str):
                pieces.append(self.between(place - 1, self.separator) if place else "")
            else:
                first = 0 if last is None else last
                dropped = self.gaps[first:item]
                if not place:
                    pieces.append(self.rescued_before(dropped))
                elif last is None:
                    pieces += [self.between(place - 1, self.separator), self.rescued_before(dropped)]
                else:
                    pieces.append(self.between(place - 1, self.joined(dropped)))
                last = item
            pieces += self.block(place)
        dropped = self.gaps[0 if last is None else last :]
        return [*pieces, self.rescued_after(dropped)]

    def _moved(self) -> list[Piece]:
        """Entries change places; what stands between them stays where it is."""
        pieces: list[Piece] = []
        for place in range(len(self.plan)):
            if place:
                gap = self.gaps[place - 1] if place <= len(self.gaps) else self.separator
                pieces.append(self.between(place - 1, gap))
            pieces += self.block(place)
        return [*pieces, self.rescued_after(self.gaps[len(self.plan) - 1 :])]

    def joined(self, gaps: Sequence[str]) -> str:
        """One gap for several, since what was between is gone: no comment is lost, and the widest is kept."""
        spoken = [gap for gap in gaps if "#" in gap]
        if not spoken:
            return max(gaps, key=_breaks)
        return self.chained(spoken)

    def between(self, place: int, gap: str) -> str:
        """The gap behind the entry at a place of the plan, without blank lines if that entry would take them in."""
        item = self.plan[place]
        keeps = _keeps(self.page, self.entries[item]) if isinstance(item, int) else item.endswith(("\n", "\r"))
        return _BLANK_LINES.sub(lambda _: self.page.newline, gap) if keeps else gap

    @abstractmethod
    def block(self, place: int) -> list[Piece]:
        """The text of the entry at a place of the plan."""

    @abstractmethod
    def chained(self, gaps: Sequence[str]) -> str:
        """Several gaps with comments as one."""

    @abstractmethod
    def rescued_before(self, gaps: Sequence[str]) -> str:
        """The comments among gaps that go, for the place before an entry."""

    @abstractmethod
    def rescued_after(self, gaps: Sequence[str]) -> str:
        """The comments among gaps that go, for the place behind the last entry."""


class _Lines(_Arrangement):
    """Entries with lines of their own; in brackets with commas at the ends of their values."""

    def __init__(self, page: Page, layout: Layout, plan: Plan) -> None:
        super().__init__(page, layout, plan)
        start = self.entries[0].start
        indent = page.text[page.line_start(start) : start] if page.is_first_on_line(start) else " " * layout.column
        self.line = page.newline + indent
        even = len(set(self.gaps)) == 1 and not self.gaps[0].strip()
        self.separator = self.gaps[0] if even else self.line

    def block(self, place: int) -> list[Piece]:
        item, last = self.plan[place], place == len(self.plan) - 1
        trailing = self.entries[-1].comma is not None
        if isinstance(item, str):
            return [item, "," if self.layout.node.is_flow and (trailing or not last) else ""]
        entry = self.entries[item]
        if entry.comma is None and self.layout.node.is_flow and not last:
            return [(entry.top, entry.end), ",", (entry.end, entry.bottom)]
        return [(entry.top, entry.bottom)]

    def chained(self, gaps: Sequence[str]) -> str:
        return "".join(gap.rstrip() for gap in gaps[:-1]) + gaps[-1]

    def rescued_before(self, gaps: Sequence[str]) -> str:
        return "".join(gap.strip() + self.line for gap in gaps if "#" in gap)

    def rescued_after(self, gaps: Sequence[str]) -> str:
        rescued = "".join(gap.rstrip() for gap in gaps if "#" in gap)
        if not self.layout.node.is_flow:
            return rescued
        # A comment that comes to stand before the closing bracket must not swallow it.
        item = self.plan[-1]
        tail = self.page.text[self.entries[item].end : self.entries[item].bottom] if isinstance(item, int) else ""
        end = self.entries[-1].bottom
        closes_here = self.page.text[end : self.page.line_end(end)].strip(" \t")
        return rescued + (self.line if closes_here and "#" in tail + rescued else "")


class _Inline(_Arrangement):
    """Entries in brackets that share lines."""

    def __init__(self, page: Page, layout: Layout, plan: Plan) -> None:
        super().__init__(page, layout, plan)
        even = len(set(self.gaps)) == 1 and not _breaks(self.gaps[0])
        self.separator = self.gaps[0] if even else ", "

    def block(self, place: int) -> list[Piece]:
        item = self.plan[place]
        return [item] if isinstance(item, str) else [(self.entries[item].top, self.entries[item].bottom)]

    def chained(self, gaps: Sequence[str]) -> str:
        return gaps[0] + "".join(_without_comma(gap) for gap in gaps[1:])

    def rescued_before(self, gaps: Sequence[str]) -> str:
        return "".join(_without_comma(gap) for gap in gaps if "#" in gap)

    def rescued_after(self, gaps: Sequence[str]) -> str:
        return "".join(_without_comma(gap) for gap in gaps if "#" in gap)


def _breaks(gap: str) -> int:
    return len(_BREAK.findall(gap))


def _without_comma(gap: str) -> str:
    return _COMMENTED_COMMA.sub(lambda found: "" if found[0] == "," else found[0], gap)


def _keeps(page: Page, entry: Entry) -> bool:
    """Whether an entry ends with a block scalar that takes all blank lines after it for its own."""
    node = entry.node
    while node.members or node.items:
        node = node.items[-1] if node.items else node.members[-1][1]
    return node.style in ("literal", "folded") and _KEEPS.match(page.text, node.content) is not None
