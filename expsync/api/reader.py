"""The live side, read in as few requests as can be.

    list pages ──▶ keys that are not there: archived, or free? ──▶ for each experiment what the list does not carry

An incomplete read is an error, never a shorter answer: what looks absent would be created, or left alone, by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from expsync.api.client import Client
from expsync.api.cohort_lists import CohortLists
from expsync.api.pages import ListAnswer, gathered
from expsync.api.pool import reading
from expsync.api.sightings import (
    Listing,
    Sighting,
    Snapshot,
    carries,
    carries_details,
    is_archived,
    laid_over,
    told_archived,
    whole_list,
)
from expsync.errors import NotFoundError, ReplyError
from expsync.model.reads import EVERY_FIELD, KEY_LOOKUPS, KeyChecks, Needs, Recipe
from expsync.model.words import UNFINISHED
from expsync.wire.schema import WireExperiment, WireVariant

T = TypeVar("T")
R = TypeVar("R")


class Reader:
    """Reads through one client, several experiments at a time."""

    def __init__(self, client: Client, *, parallelism: int, advance: Callable[[int, int], None] | None = None) -> None:
        self._client = client
        self._parallelism = parallelism
        self._advance = advance

    def default_list(self) -> Listing:
        """The whole default list."""
        return self._pages(include_archived=False)

    def begin_list(self, ahead: Callable[[Iterator[ListAnswer]], Iterator[ListAnswer]]) -> Callable[[], Listing]:
        """What gives the whole default list, to be called once; `ahead` may ask for its pages meanwhile."""
        pages = self._client.list_experiments(ahead=ahead)
        return lambda: whole_list(pages)

    def snapshot(self, needs: Mapping[str, Needs], *, own: Iterable[str], listing: Listing | None = None) -> Snapshot:
        """Everything that a plan needs; `own` are the keys that are declared, be they asked for or not.

        The default list is not asked for again where it was read already (`listing`).
        """
        listing = listing or self.default_list()
        active = listing.bodies
        known = {key: (body, is_archived(body)) for key, body in active.items()}
        absent, checks = self._absent(needs.keys() - known.keys())
        known |= {key: (body, True) for key, body in absent.items()}
        asked = [(key, *known[key]) for key in sorted(needs.keys() & known.keys())]
        sightings = self._each(lambda item: self._completed(item[1], item[2], needs[item[0]]), asked)
        declared = set(own)
        others = {key: body for key, body in active.items() if key not in declared and not is_archived(body)}
        return Snapshot({key: s for (key, _, _), s in zip(asked, sightings, strict=True)}, others, checks)

    def listed(self, keys: Iterable[str] = ()) -> dict[str, Sighting]:
        """What the lists show of every experiment that is not archived, and of those of `keys` that are."""
        active = self.default_list().bodies
        archived, _ = self._absent(set(keys) - active.keys())
        return {key: Sighting(body, is_archived(body)) for key, body in active.items()} | {
            key: Sighting(body, archived=True) for key, body in archived.items()
        }

    def everything(self, sightings: Mapping[str, Sighting], *, members: bool) -> dict[str, Sighting]:
        """The same sightings with all that can be declared of each experiment.

        `members` says whether users and cohorts of variants are wanted. What the first experiment's own body does not
        carry is not looked for in the others', and cohorts not where the server has no such list.
        """
        items = sorted(sightings.items())
        if not items:
            return {}
        key, first = items[0]
        if not carries(first.body, EVERY_FIELD):
            first = self._with_body(first)
            items[0] = (key, first)
        told = frozenset(name for name in EVERY_FIELD if first.body.carries(name))
        cohorts = CohortLists(self._client)

        def complete(item: tuple[str, Sighting]) -> Sighting:
            sighting = item[1] if carries(item[1].body, told) else self._with_body(item[1])
            return self._with_variants(sighting, cohorts if members else None)

        return dict(zip((key for key, _ in items), self._each(complete, items), strict=True))

    def sightings(self, bodies: Mapping[str, WireExperiment]) -> dict[str, Sighting]:
        """What the default list showed of these experiments."""
        return {key: Sighting(body, archived=False) for key, body in bodies.items()}

    def with_bodies(self, sightings: Mapping[str, Sighting]) -> dict[str, Sighting]:
        """The same sightings with each experiment's own body, which carries what lists may leave out."""
        items = sorted(sightings.items())
        return dict(zip((key for key, _ in items), self._each(lambda i: self._with_body(i[1]), items), strict=True))

    def look_up(self, key: str) -> WireExperiment | None:
        """The experiment with this key, archived or not, or None where there is none."""
        return self._look_up(key)[0]

    def taken(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys are taken, by an archived experiment or another."""
        if len(keys) <= KEY_LOOKUPS:
            return {key for key in keys if self.look_up(key) is not None}
        return self._pages(include_archived=True).bodies.keys() & set(keys)

    def again(self, id: str, recipe: Recipe, observed: Iterable[str] = ()) -> Sighting:
        """One existing experiment, read by the recipe.

        Where its own body leaves out what was `observed` before, or whether it is archived, the list is asked as well.
        NotFoundError where it is gone.
        """
        body = self._client.get_experiment(id)
        archived = told_archived(body)
        wanted = {name for name in observed if "." not in name and name != "archived"}
        if archived is None or not all(body.carries(name) for name in wanted):
            listed = self._client.list_all(key=body.key)
            archived = not listed if archived is None else archived
            if listed:
                body = laid_over(listed[0], body)
        return Sighting(
            body=body,
            archived=archived,
            whole=True,
            variants=self._client.list_variants(id) if recipe.details else None,
            inclusions={key: self._client.get_inclusions(id, key) for key in recipe.inclusions},
            cohorts={key: self._cohorts(id, key) for key in recipe.cohorts},
        )

    def seen(self, body: WireExperiment, needs: Needs) -> Sighting:
        """An experiment that the default list showed, with what is needed and was not in it."""
        return self._completed(body, is_archived(body), needs)

    def settled(self, sighting: Sighting) -> Sighting:
        """The same sighting, with what the default list tells of its being archived."""
        return sighting._replace(archived=not self._client.list_all(key=sighting.body.key))

    def _absent(self, keys: set[str]) -> tuple[dict[str, WireExperiment], KeyChecks]:
        """Those of these keys that only the whole list shows, and what it takes to know."""
        if len(keys) > KEY_LOOKUPS:
            everything = self._pages(include_archived=True)
            absent = {key: everything.bodies[key] for key in sorted(keys & everything.bodies.keys())}
            return absent, KeyChecks(everything.pages)
        looked_up = {key: self._look_up(key) for key in sorted(keys)}
        pages = max((pages for _, pages in looked_up.values()), default=1)
        return {key: body for key, (body, _) in looked_up.items() if body is not None}, KeyChecks(pages, pages)

    def _look_up(self, key: str) -> tuple[WireExperiment | None, int]:
        """The experiment with this key, archived or not, and how many requests it took to find it."""
        found, pages = gathered(self._client.list_experiments(key=key, include_archived=True))
        return found[0] if found else None, pages

    def _pages(self, *, include_archived: bool) -> Listing:
        return whole_list(self._client.list_experiments(include_archived=include_archived))

    def _completed(self, body: WireExperiment, archived: bool, needs: Needs) -> Sighting:
        if body.description == UNFINISHED and needs.unfinished is not None:
            needs = needs.unfinished
        sighting = Sighting(body, archived)
        if not carries(body, needs.fields):
            sighting = self._with_body(sighting)
        body, id = sighting.body, sighting.body.id
        with _still_there(body.key):
            variants: Sequence[WireVariant] | None = None
            if needs.details and not carries_details(body):
                variants = self._client.list_variants(id)
            keys = {variant.key for variant in variants or body.variants}
            inclusions = {key: self._client.get_inclusions(id, key) for key in _live_keys(needs.inclusions, keys)}
        return Sighting(
            body=body,
            archived=archived,
            whole=sighting.whole,
            variants=variants,
            inclusions=inclusions,
            cohorts={key: self._cohorts(id, key) for key in _live_keys(needs.cohorts, keys)},
        )

    def _with_variants(self, sighting: Sighting, cohorts: CohortLists | None) -> Sighting:
        """The sighting with its variants whole, and with who is included in each where `cohorts` are given."""
        body = sighting.body
        with _still_there(body.key):
            variants = None if carries_details(body) else self._client.list_variants(body.id)
            if cohorts is None:
                return sighting._replace(variants=variants)
            keys = [variant.key for variant in (body.variants if body.carries("variants") else variants or ())]
            inclusions = {key: self._client.get_inclusions(body.id, key) for key in keys}
            lists = {key: cohorts.read(body.id, key) for key in keys}
        return sighting._replace(
            variants=variants,
            inclusions=inclusions,
            cohorts={key: members for key, members in lists.items() if members is not None},
        )

    def _with_body(self, sighting: Sighting) -> Sighting:
        with _still_there(sighting.body.key):
            body = self._client.get_experiment(sighting.body.id)
        return sighting._replace(body=laid_over(sighting.body, body), whole=True)

    def _cohorts(self, id: str, variant: str) -> Sequence[str]:
        try:
            return self._client.get_cohort_inclusions(id, variant)
        except NotFoundError as error:
            raise ReplyError(
                f"the cohorts of variant {variant} of experiment {id} can't be read: the server has no such list (404)",
                hint="it may be too old for cohortInclusions: leave them out of the file",
            ) from error

    def _each(self, read: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """The results in the order of the items; the first error ends it."""
        results: list[R] = []
        with reading(self._parallelism) as pool:
            for result in pool.map(read, items):
                results.append(result)
                if self._advance is not None:
                    self._advance(len(results), len(items))
        return results


@contextmanager
def _still_there(key: str) -> Iterator[None]:
    """A ReplyError for a 404 within: what was in the list is not there any more."""
    try:
        yield
    except NotFoundError as error:
        raise ReplyError(f"experiment {key} went away while it was read", hint="run the command again") from error


def _live_keys(wanted: Mapping[str, str | None], there: set[str]) -> list[str]:
    """The live keys of the variants whose members are wanted, under the old key where a rename is still to be done."""
    found: list[str] = []
    for key, old in wanted.items():
        if key in there:
            found.append(key)
        elif old is not None and old in there:
            found.append(old)
    return found
