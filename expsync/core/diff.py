"""The differences between two states, each once, at the path of the field or of the member that differs.

deepdiff finds where two trees differ; which places are one change is decided here: a payload, the conditions of a
segment and the users of a variant are one field each, a member that comes or goes is one change with all that it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from expsync.core.paths import Path, path_text
from expsync.model.fields import SCALAR_FIELDS
from expsync.model.plan import Change, ChangeKind
from expsync.model.state import Fields, Opaque, State, VariantState, plain, segment_value, sorted_list, variant_value

Tree = dict[str, Any]
_SETS = ("tags", "deployments")
_MEMBER_SETS = ("inclusions", "cohortInclusions")


def diff_states(before: State | None, after: State, renamed: Mapping[str, str] | None = None) -> list[Change]:
    """The changes from `before` (None: nothing is there) to `after`, in the order of the fields.

    `renamed` maps new variant keys to the ones they had; `before` already has the new ones.
    """
    return [change for _, change in located_changes(before, after, renamed)]


def located_changes(
    before: State | None, after: State, renamed: Mapping[str, str] | None = None
) -> list[tuple[Path, Change]]:
    """The same changes, each behind its path in parts: the names of segments may hold dots, so texts don't tell."""
    found: list[tuple[Path, Change]] = []
    for new, old in (renamed or {}).items():
        path: Path = ("variants", new, "key")
        found.append((path, Change(path=path_text(path), kind="replace", before=old, after=new)))
    if before is None:
        return found + list(_all_of(after))
    if before != after:
        found += [(path, _change(path, before, after)) for path in _differing(_tree(before), _tree(after))]
    # Not within the condition: two states with their segments in another order are equal.
    if other_segment_order(before, after):
        names: list[list[JsonValue]] = [list(state.targetSegments or ()) for state in (before, after)]
        change = Change(path="targetSegments", kind="replace", before=names[0], after=names[1])
        found.append((("targetSegments",), change))
    return sorted(found, key=_order(before, after))


def other_segment_order(before: State, after: State) -> bool:
    """Whether the segments stand in another order, beyond what members that come (at the end) and go explain."""
    old, new = list(before.targetSegments or ()), list(after.targetSegments or ())
    return new != [name for name in old if name in new] + [name for name in new if name not in old]


def _all_of(state: State) -> Iterator[tuple[Path, Change]]:
    for name in SCALAR_FIELDS:
        if name in state.fields:
            yield _added((name,), plain(state.fields[name]))
    for set_name in ("deployments", "tags"):
        for member in sorted(getattr(state, set_name) or ()):
            yield _added((set_name, member), member)
    for key, variant in (state.variants or {}).items():
        yield _added(("variants", key), variant_value(key, variant))
    for name, segment in (state.targetSegments or {}).items():
        yield _added(("targetSegments", name), segment_value(name, segment))


def _added(path: Path, value: JsonValue) -> tuple[Path, Change]:
    return path, Change(path=path_text(path), kind="add", before=None, after=value)


def _tree(state: State) -> Tree:
    tree: Tree = _leaves(state.fields)
    for name in _SETS:
        tree[name] = dict.fromkeys(getattr(state, name) or (), True)
    tree["variants"] = {key: _variant_tree(variant) for key, variant in (state.variants or {}).items()}
    tree["targetSegments"] = {
        name: {**_leaves(segment.fields), "rolloutWeights": dict(segment.rolloutWeights or {})}
        for name, segment in (state.targetSegments or {}).items()
    }
    return tree


def _leaves(fields: Fields) -> Tree:
    return {name: leaf.canonical if isinstance(leaf, Opaque) else leaf for name, leaf in fields.items()}


def _variant_tree(variant: VariantState) -> Tree:
    tree = _leaves(variant.fields)
    for name in _MEMBER_SETS:
        # As one text: the users of a variant are one field, and two thousand of them need no path each.
        tree[name] = "\n".join(sorted(getattr(variant, name) or ()))
    return tree


def _differing(before: Tree, after: Tree) -> Iterator[Path]:
    # Imported where it is used: it costs more time than all the rest of a plan without changes.
    from deepdiff import DeepDiff

    # Without the threshold it would report two mappings that share few keys as one difference, not member by member.
    found = DeepDiff(before, after, view="tree", verbose_level=0, threshold_to_diff_deeper=0)
    paths = {tuple(str(step) for step in item.path(output_format="list")) for items in found.values() for item in items}
    yield from sorted(paths)


def _change(path: Path, before: State, after: State) -> Change:
    old, new = _value_at(before, path), _value_at(after, path)
    member = len(path) == 2 or "rolloutWeights" in path
    kind: ChangeKind = "replace"
    if member and old is None:
        kind = "add"
    elif member and new is None:
        kind = "remove"
    return Change(path=path_text(path), kind=kind, before=old, after=new)


def _value_at(state: State, path: Path) -> JsonValue:
    """The value at a path of the tree as plain JSON; None where there is nothing."""
    match path:
        case ("tags" | "deployments" as name, member):
            return member if member in (getattr(state, name) or ()) else None
        case ("variants", key):
            variant = (state.variants or {}).get(key)
            return None if variant is None else variant_value(key, variant)
        case ("variants", key, "inclusions" | "cohortInclusions" as name):
            return sorted_list(getattr((state.variants or {})[key], name) or ())
        case ("variants", key, name):
            return plain((state.variants or {})[key].fields.get(name))
        case ("targetSegments", key):
            segment = (state.targetSegments or {}).get(key)
            return None if segment is None else segment_value(key, segment)
        case ("targetSegments", key, "rolloutWeights", variant_key):
            return ((state.targetSegments or {})[key].rolloutWeights or {}).get(variant_key)
        case ("targetSegments", key, name):
            return plain((state.targetSegments or {})[key].fields.get(name))
        case (name,):
            return plain(state.fields.get(name))
    raise AssertionError(f"no such path: {path}")


_FIELD_ORDER = (
    *SCALAR_FIELDS,
    "deployments",
    "tags",
    "variants",
    "targetSegments",
    "key",
    "payload",
    "conditions",
    "percentage",
    "rolloutWeights",
    "rolloutWeight",
    "inclusions",
    "cohortInclusions",
)


def _order(before: State, after: State) -> Callable[[tuple[Path, Change]], tuple[int, int, int, str]]:
    """Sorts changes as the fields stand in the API's documents; members in the order that they have."""
    members = {
        kind: list(dict.fromkeys((*(getattr(before, kind) or ()), *(getattr(after, kind) or ()))))
        for kind in ("variants", "targetSegments")
    }

    def key(located: tuple[Path, Change]) -> tuple[int, int, int, str]:
        path, change = located
        head, member, field = (*path, "", "")[:3]
        place = members[head].index(member) if member and head in members else -1
        return _FIELD_ORDER.index(head), place, _FIELD_ORDER.index(field) if field else -1, change.path

    return key
