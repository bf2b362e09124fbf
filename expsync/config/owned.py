"""Documents whose comments and blank lines have owners: found by `attach`, put in order, and written."""

from __future__ import annotations

from dataclasses import dataclass, field

from expsync.config.yaml_tree import Node

Layout = list[str]
"""Comments, each without indentation, and an empty text for a blank line."""


@dataclass(slots=True, eq=False)
class Value:
    """A value with the comments inside it. For an alias, `target` is what it stands for."""

    node: Node
    entries: list[Entry] = field(default_factory=list)
    heading: Layout = field(default_factory=list)
    closing: Layout = field(default_factory=list)
    is_remarked: bool = False
    """Whether a comment stands behind its opening bracket; the comment itself is beside the entry."""
    target: Value | None = None
    name: str = ""
    """Its anchor in the text to be written; chosen when things are arranged."""

    @property
    def has_comments(self) -> bool:
        """Whether comments stand between its first and its last character."""
        if self.is_remarked or any(self.heading) or any(self.closing):
            return True
        return any(
            any(entry.above) or entry.beside or entry.below or entry.value.has_comments for entry in self.entries
        )


@dataclass(slots=True, eq=False)
class Entry:
    """A member of a mapping, an item of a sequence (without a key), or the root of a document.

    `above` is what stands above it, `beside` the comments on its lines from the key on, in order, and `below` what is
    indented under a value that is no block.
    """

    key: str | None
    value: Value
    above: Layout = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    below: Layout = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Page:
    """A document: what stands before its `---`, its directive if it has one, what is behind the `---`, and its root."""

    preface: Layout
    directive: str
    marker: list[str]
    root: Entry
