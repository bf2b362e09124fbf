"""The canonical order: fields as the model has them, and every shared value written where it comes first."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from expsync.config.fields import model_at
from expsync.config.owned import Entry, Value
from expsync.config.parsed import Path

_FIRST = ("key", "skip")
"""What says which one it is, or that it is not there at all; the models have it behind what they inherit."""


def field_order(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model in the order in which they are written."""
    first = [name for name in _FIRST if name in model.model_fields]
    return (*first, *(name for name in model.model_fields if name not in first))


def put_in_order(root: Entry, model: type[BaseModel]) -> None:
    """Put the fields of a document in order, in place, and each shared value with its anchor where it is met first.

    Free data, lists and mappings by name keep their order; fields that the model does not have go to the end. An
    anchor keeps its name, unless another value of the document has the same one.
    """
    _Ordering(root).place(root, model, ())


class _Ordering:
    def __init__(self, root: Entry) -> None:
        values = list(_values(root))
        self.names = {value.node.anchor for value in values if value.node.anchor}
        self.counts: dict[int, int] = {}
        for value in values:
            meant = value.target or value
            self.counts[id(meant)] = self.counts.get(id(meant), 0) + 1
        self.defined = {id(value) for value in values if value.target is None}
        self.placed: set[int] = set()
        self.used: set[str] = set()
        self.orders: dict[type[BaseModel], dict[str, int]] = {}

    def place(self, entry: Entry, model: type[BaseModel], path: Path) -> None:
        """Settle what stands at an entry; `path` leads there from a mapping that `model` describes."""
        meant = entry.value.target or entry.value
        if id(meant) in self.placed:
            if entry.value.target is None:
                entry.value = Value(entry.value.node, target=meant)
            return
        self.placed.add(id(meant))
        entry.value = meant
        # A key can't be an alias, so that its anchor could stand behind one of its aliases: values alone have anchors.
        if meant.node.anchor and (id(meant) in self.defined or self.counts[id(meant)] > 1):
            meant.name = self.name(meant.node.anchor)
        described = model_at(model, path) if meant.node.kind == "mapping" else None
        if described is not None:
            rank = self.rank(described)
            meant.entries.sort(key=lambda member: rank.get(member.key or "", len(rank)))
            model, path = described, ()
        for index, member in enumerate(meant.entries):
            self.place(member, model, (*path, index if member.key is None else member.key))

    def name(self, wanted: str) -> str:
        """An anchor that no other value of the document has."""
        name, number = wanted, 1
        while name in self.used or (number > 1 and name in self.names):
            number += 1
            name = f"{wanted}{number}"
        self.used.add(name)
        return name

    def rank(self, model: type[BaseModel]) -> dict[str, int]:
        if model not in self.orders:
            self.orders[model] = {name: place for place, name in enumerate(field_order(model))}
        return self.orders[model]


def _values(entry: Entry) -> Iterator[Value]:
    yield entry.value
    for member in entry.value.entries:
        yield from _values(member)
