"""What was read of the live side, as values, and what a body tells of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from expsync.errors import ReplyError
from expsync.model.fields import VARIANT_DETAILS
from expsync.model.reads import EVERY_FIELD, UNSEEN, KeyChecks, ListShape
from expsync.wire.endpoints import LIST_LIMIT
from expsync.wire.schema import WireExperiment, WirePage, WireVariant


class Sighting(NamedTuple):
    """All that was read of one live experiment: its bodies, the newest last, and the lists of its variants.

    `archived` is None where neither the lists nor the bodies tell.
    """

    body: WireExperiment
    archived: bool | None
    whole: bool = False
    variants: Sequence[WireVariant] | None = None
    inclusions: Mapping[str, Sequence[str]] | None = None
    cohorts: Mapping[str, Sequence[str]] | None = None


class Listing(NamedTuple):
    """A whole list: the body of each experiment that it shows, by key, and how many requests that took."""

    bodies: Mapping[str, WireExperiment]
    pages: int
    page_size: int = LIST_LIMIT
    """The most experiments that one request brings."""

    @property
    def shape(self) -> ListShape:
        """What the list is like."""
        bodies = self.bodies.values()
        carried = [body.model_fields_set for body in bodies]
        return ListShape(
            keys=frozenset(self.bodies),
            fields=EVERY_FIELD.intersection(*carried) if carried else UNSEEN,
            details=all(carries_details(body) for body in bodies),
            page_size=self.page_size,
        )


class Snapshot(NamedTuple):
    """The live side: what was read for each key that was asked for, and the bodies of all others that are not archived.

    `keys` tells what it takes to know that keys are free.
    """

    asked: Mapping[str, Sighting]
    others: Mapping[str, WireExperiment]
    keys: KeyChecks


def whole_list(pages: Iterator[WirePage]) -> Listing:
    """The list that these pages are."""
    found: dict[str, WireExperiment] = {}
    sizes: list[int] = []
    for page in pages:
        sizes.append(len(page.experiments))
        # What shows on two pages counts as the later page has it.
        found |= {body.key: body for body in page.experiments}
    if not sizes:
        # An empty project has a page too. Without any, these pages were taken before, or broke off.
        raise ReplyError("listExperiments: no answer is left to read")
    # The only page, or the last, says nothing of how many would fit.
    return Listing(found, len(sizes), max(sizes[:-1], default=LIST_LIMIT) or LIST_LIMIT)


def told_archived(body: WireExperiment) -> bool | None:
    """Whether a body says that it is archived; None where it says nothing."""
    told = [flag for flag in (body.archived, body.deleted) if flag is not None]
    return any(told) if told else None


def is_archived(body: WireExperiment) -> bool:
    """Whether an experiment of the default list is archived: only if it says so."""
    return bool(told_archived(body))


def carries(body: WireExperiment, names: Iterable[str]) -> bool:
    """Whether a body holds all of these fields."""
    return all(body.carries(name) for name in names)


def carries_details(body: WireExperiment) -> bool:
    """Whether the variants of a body hold their names, descriptions and payloads."""
    return bool(body.variants) and all(v.carries(name) for v in body.variants for name in VARIANT_DETAILS)


def laid_over(under: WireExperiment, over: WireExperiment) -> WireExperiment:
    """One body that carries what either carries; where both do, the second counts."""
    carried = {name: getattr(over, name) for name in over.model_fields_set}
    return under.model_copy(update=carried)
