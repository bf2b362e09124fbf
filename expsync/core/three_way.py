"""Where each change comes from: what the files said at a commit (the base), what they say now, and what is live.

For each place where the files and the live side differ, the base is a third value, and decides:

    base = live   the files changed it since: `file`
    base = files  people changed it on the live side: `live`
    neither       both did, and differently: `both`, a conflict

The base is laid over the live state just as the files are (see `target`), so that what it left out is as it is live,
and mere differences of shape are none. Values are compared at a change's own place: a member that one side takes away
as a whole while the other edits it differs from both, and so is a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from expsync.core.diff import located_changes, other_segment_order
from expsync.core.normalize import Desired, same
from expsync.core.paths import Path, path_text
from expsync.core.planner import Planned, needs_of
from expsync.core.target import Target, rekeyed, renames_of, target_of
from expsync.model.plan import Change, Origin, PlannedExperiment
from expsync.model.reads import Needs
from expsync.model.state import Fields, Leaf, SegmentState, State, VariantState
from expsync.model.workspace import Ownership


class _Nowhere(Enum):
    """The value at a place whose member is not there at all, which is like no value."""

    NOWHERE = "nowhere"


_Part = VariantState | SegmentState | frozenset[str] | Leaf | _Nowhere


@dataclass(frozen=True, slots=True)
class Departure:
    """One place where the live side is not as the files say; `change` is what a plan would do about it.

    `live_path` is its path with variants under the keys that they have on the live side.
    """

    change: Change
    live_path: str
    origin: Literal["live", "both"]


def with_origins(
    planned: Planned, desired: Desired, live: State | None, base: Desired | None, ownership: Ownership
) -> Planned:
    """What became of a declaration in a plan, with the origin of each of its changes.

    `base` is the declaration at the commit, None where there was none: then all is the files'. What the tool adds by
    itself, its tags, is the files' too.
    """
    if planned.experiment is None:
        return planned
    origins = [origin for _, _, origin in _differences(desired, live, base, ownership)]
    return planned._replace(experiment=_marked(planned.experiment, origins))


def from_files(planned: PlannedExperiment) -> PlannedExperiment:
    """The planned experiment with all its changes the files': they no longer declare it."""
    return _marked(planned, ["file"] * len(planned.changes))


def _marked(planned: PlannedExperiment, origins: Sequence[Origin]) -> PlannedExperiment:
    changes = [
        change.model_copy(update={"origin": origin}) for change, origin in zip(planned.changes, origins, strict=True)
    ]
    return planned.model_copy(update={"changes": changes})


def departures(desired: Desired, live: State, base: Desired | None, ownership: Ownership) -> list[Departure]:
    """Where the live side departs from the files by what people did there since the base.

    With the files' own declaration as the base, that is every difference. That the tool's tags are missing is none.
    """
    found = []
    live_keys = renames_of(desired, live)
    for path, change, origin in _differences(desired, live, base, ownership):
        if origin != "file":
            found.append(Departure(change, path_text(_path_in(path, live_keys)), origin))
    return found


def _path_in(path: Path, keys: Mapping[str, str]) -> Path:
    """The path with the variants that it names under other keys."""
    match path:
        case ("variants", key, "key"):
            return ("variants", keys.get(key, key))
        case ("variants", key, *rest):
            return ("variants", keys.get(key, key), *rest)
        case ("targetSegments", name, "rolloutWeights", key):
            return ("targetSegments", name, "rolloutWeights", keys.get(key, key))
    return path


def needs_since(desired: Desired, base: Desired | None) -> Needs:
    """What must be known of the live experiment to plan, and to tell where each change comes from.

    A variant that the files took away since the base is compared as a whole, and so must be known as far as the base
    declared it; what else the base declared and the files don't makes no change.
    """
    needs = needs_of(desired)
    if base is None or desired.state.variants is None:
        return needs
    kept = {*desired.state.variants, *desired.renames.values()}
    gone = {key: variant for key, variant in (base.state.variants or {}).items() if key not in kept}
    more = needs_of(replace(base, state=State(base.state.key, variants=gone)))
    if not gone:
        return needs
    return Needs(
        fields=needs.fields | more.fields,
        details=needs.details or more.details,
        inclusions={**more.inclusions, **needs.inclusions},
        cohorts={**more.cohorts, **needs.cohorts},
    )


def _differences(
    desired: Desired, live: State | None, base: Desired | None, ownership: Ownership
) -> list[tuple[Path, Change, Origin]]:
    target = target_of(desired, live, ownership)
    changes = located_changes(target.live, target.state, target.renamed)
    if live is None or base is None:
        return [(path, change, "file") for path, change in changes]
    comparison = _Comparison.of(desired, live, base, target, ownership)
    return [(path, change, comparison.origin(path)) for path, change in changes]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The three states of one experiment, their variants under the keys that the files give them."""

    target: Target
    live: State
    base: Target
    earlier: State
    moved: frozenset[str]
    """Variants that had another key in the base."""
    own_tags: frozenset[str]
    """The tool's tags, where the files don't list them themselves."""

    @classmethod
    def of(cls, desired: Desired, live: State, base: Desired, target: Target, ownership: Ownership) -> _Comparison:
        assert target.live is not None
        before = target_of(base, live, ownership)
        tags = frozenset((ownership.tag, ownership.protectedTag))
        new_keys = _new_keys(desired, target, before)
        return cls(
            target=target,
            live=target.live,
            base=before,
            earlier=rekeyed(before.state, new_keys),
            moved=frozenset(new_keys.values()),
            own_tags=tags - (desired.state.tags or frozenset()),
        )

    def origin(self, path: Path) -> Origin:
        """Where the change at this path comes from."""
        match path:
            case ("targetSegments",):
                return _decided(
                    as_live=not other_segment_order(self.live, self.earlier),
                    as_files=not other_segment_order(self.earlier, self.target.state),
                )
            case ("variants", new, "key"):
                old = self.target.renamed[new]
                return _decided(
                    as_live=old in (self.base.state.variants or {}), as_files=self.base.renamed.get(new) == old
                )
            case ("tags", tag) if tag in self.own_tags:
                return "file"
        earlier, live = _part(self.earlier, path), _part(self.live, path)
        return _decided(
            as_live=_alike(path[-1], _as_far_as_known(earlier, live), live),
            # A variant that the files gave another key is not what it was, whatever else it holds.
            as_files=not (len(path) == 2 and path[0] == "variants" and path[1] in self.moved)
            and _alike(path[-1], earlier, _part(self.target.state, path)),
        )


def _decided(*, as_live: bool, as_files: bool) -> Origin:
    if as_live:
        return "file"
    return "live" if as_files else "both"


def _new_keys(desired: Desired, target: Target, before: Target) -> dict[str, str]:
    """The base's keys of variants that go by another key now: the files renamed them, or took a rename back."""
    live = target.live.variants if target.live is not None else None
    present = {*(live or ()), *(target.state.variants or ())}
    known = before.state.variants or {}
    keys = {
        old: new
        for new, old in desired.renames.items()
        if new in present and new not in known and old in known and old not in present
    }
    key_now = {old: new for new, old in target.renamed.items()}
    for new, old in before.renamed.items():
        if new not in present and new not in keys and key_now.get(old, old) not in known:
            keys[new] = key_now.get(old, old)
    return keys


def _part(state: State, path: Path) -> _Part:
    """What stands at a path, in the state's own terms."""
    match path:
        case ("tags" | "deployments" as name, member):
            return member in (getattr(state, name) or ())
        case ("variants", key, *rest):
            variant = (state.variants or {}).get(key)
            if variant is None:
                return _Nowhere.NOWHERE if rest else None
            match rest:
                case []:
                    return variant
                case ["inclusions"]:
                    return variant.inclusions
                case ["cohortInclusions"]:
                    return variant.cohortInclusions
            return variant.fields.get(rest[0])
        case ("targetSegments", name, *rest):
            segment = (state.targetSegments or {}).get(name)
            if segment is None:
                return _Nowhere.NOWHERE if rest else None
            match rest:
                case []:
                    return segment
                case ["rolloutWeights", key]:
                    return (segment.rolloutWeights or {}).get(key)
            return segment.fields.get(rest[0])
    return state.fields.get(path[0])


def _as_far_as_known(earlier: _Part, live: _Part) -> _Part:
    """What the base says of a variant, as far as the live side was read: what is not known was not seen to differ."""
    if not isinstance(earlier, VariantState) or not isinstance(live, VariantState):
        return earlier
    return VariantState(
        fields={name: leaf for name, leaf in earlier.fields.items() if name in live.fields},
        inclusions=None if live.inclusions is None else earlier.inclusions,
        cohortInclusions=None if live.cohortInclusions is None else earlier.cohortInclusions,
    )


def _alike(name: str, one: _Part, other: _Part) -> bool:
    """Whether two parts mean the same; `name` is the field's."""
    if isinstance(one, _Nowhere) or isinstance(other, _Nowhere):
        return False
    if isinstance(one, VariantState) and isinstance(other, VariantState):
        return (
            _same_fields(one.fields, other.fields)
            and (one.inclusions or frozenset()) == (other.inclusions or frozenset())
            and (one.cohortInclusions or frozenset()) == (other.cohortInclusions or frozenset())
        )
    if isinstance(one, VariantState | SegmentState | frozenset) or isinstance(
        other, VariantState | SegmentState | frozenset
    ):
        return one == other
    return _same_leaf(name, one, other)


def _same_fields(one: Fields, other: Fields) -> bool:
    return one.keys() == other.keys() and all(_same_leaf(name, leaf, other[name]) for name, leaf in one.items())


def _same_leaf(name: str, one: Leaf, other: Leaf) -> bool:
    # Both ways: a text that holds JSON is taken for that JSON only where a server gives it back.
    return same(name, one, other) and same(name, other, one)
