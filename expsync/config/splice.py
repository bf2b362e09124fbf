"""Changes of a text that are noted first and made together, so that every offset means the text as it was."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]
Piece = str | Span
"""New text, or a stretch of the old one, which takes the changes inside it along."""


@dataclass(frozen=True, slots=True)
class Splice:
    """What stands in place of the text from `start` to `end`."""

    start: int
    end: int
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Splices:
    """The changes noted so far. They may lie inside each other, but never cross.

    One inside another is made if a piece of the outer one holds it, and is void otherwise. Two insertions at one place
    come in the order in which they were noted.
    """

    noted: list[Splice] = field(default_factory=list)

    def add(self, start: int, end: int, *pieces: Piece) -> None:
        """Note a change."""
        self.noted.append(Splice(start, end, pieces))

    def pieces(self, length: int) -> list[Piece]:
        """The new text of a text of that length: what is new, and what is kept, in order."""
        return [piece for piece in _Walk(self.noted).walk(0, length) if piece]

    def made(self, text: str) -> str:
        """The text with all changes."""
        return "".join(piece if isinstance(piece, str) else text[slice(*piece)] for piece in self.pieces(len(text)))


class _Walk:
    """One way through the old text, in which every change is made once."""

    def __init__(self, noted: Iterable[Splice]) -> None:
        # At one place an insertion goes first, then the widest change.
        self._ordered = sorted(noted, key=lambda splice: (splice.start, splice.end > splice.start, -splice.end))
        self._starts = [splice.start for splice in self._ordered]
        self._made = [False] * len(self._ordered)

    def walk(self, start: int, end: int) -> Iterator[Piece]:
        at = start
        for index in range(bisect_left(self._starts, start), len(self._ordered)):
            splice = self._ordered[index]
            if splice.start > end:
                break
            if self._made[index] or splice.start < at or splice.end > end:
                continue
            self._made[index] = True
            if at < splice.start:
                yield at, splice.start
            for piece in splice.pieces:
                if isinstance(piece, str):
                    yield piece
                else:
                    yield from self.walk(*piece)
            at = splice.end
        if at < end:
            yield at, end


class Kept:
    """Where the characters of the old text stand in the new one."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        spans = [piece for piece in pieces if not isinstance(piece, str)]
        self._spans = sorted((start, end, rank) for rank, (start, end) in enumerate(spans))
        self._starts = [start for start, _, _ in self._spans]

    def rank(self, offset: int) -> tuple[int, int] | None:
        """What sorts by the order in the new text; None for a character that is gone."""
        index = bisect_left(self._starts, offset + 1) - 1
        if index < 0 or offset >= self._spans[index][1]:
            return None
        return self._spans[index][2], offset
