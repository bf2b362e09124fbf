"""By what rules a declaration is given other values, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from expsync.config.overlay import Raw
from expsync.core.paths import Path, is_ignored
from expsync.model.state import State
from expsync.model.workspace import Environment, Ownership


@dataclass(frozen=True, slots=True)
class Terms:
    """What is left as it is, and what has to be known beside the wanted state.

    `ignore` are the patterns that are left to people, `held` the paths that stay as the file has them. `users` are the
    users of those variants whose inclusions stand in a file of their own. With `since`, the state that is to be left
    behind, a field that is not declared is declared now where the wanted state says otherwise. `renamed` maps keys of
    wanted variants to those that they are to be renamed from; `since` has them under the wanted ones.
    """

    environment: Environment
    ownership: Ownership
    ignore: tuple[str, ...] = ()
    held: frozenset[Path] = frozenset()
    users: Mapping[str, frozenset[str]] = field(default_factory=dict)
    since: State | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    def leaves(self, *path: str) -> bool:
        """Whether the field or the member at a path, or what it is a part of, stays as it is."""
        if self.held and any(path[:length] in self.held for length in range(1, len(path) + 1)):
            return True
        return is_ignored(self.ignore, path)

    def leaving(self, *patterns: str) -> Terms:
        """The same, with more that is left to others."""
        return replace(self, ignore=(*self.ignore, *patterns))

    @property
    def own_tags(self) -> frozenset[str]:
        """The tags that the tool itself puts on and takes off."""
        return frozenset({self.ownership.tag, self.ownership.protectedTag})


@dataclass(frozen=True, slots=True)
class Revision:
    """The new form of a declaration, the users of those variants whose own files must change, and what to tell."""

    raw: Raw
    users: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
