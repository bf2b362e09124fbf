"""What came of changing files: to what is live, or back to a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from expsync.model.plan import Change


@dataclass(frozen=True, slots=True)
class Left:
    """A difference that stays, and why, in one line."""

    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking an experiment's live values: the files that changed, and changes from file to live.

    `problem` is why nothing was taken at all, or the empty text. `elsewhere` has the fields that changed in other
    environments too, by environment.
    """

    key: str
    files: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    left: tuple[Left, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What came of going back to a version.

    `left` are the differences from it that stay once the file is applied; they go from what will be to what was.
    `renamed` is a variant's key of now and the version's, where it is renamed back; `gone` and `come` are the keys of
    variants that are removed and made anew. `order` is the version's order of variants, where the server will have
    another. `unrecorded` are the fields that the version does not tell. `problem` is why nothing can be done at all.
    """

    key: str
    version: int
    left: tuple[Left, ...] = ()
    renamed: tuple[str, str] | None = None
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()
    order: tuple[str, ...] | None = None
    unrecorded: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: str = ""


def by_reason(left: Iterable[Left]) -> dict[str, list[Change]]:
    """The differences that stay, by the reason."""
    found: dict[str, list[Change]] = {}
    for one in left:
        found.setdefault(one.reason, []).append(one.change)
    return found
