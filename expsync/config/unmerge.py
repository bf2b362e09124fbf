"""The way back through an overlay: where the values of a merged form belong in the file."""

from __future__ import annotations

from pydantic import JsonValue

from expsync.config.overlay import Raw


class _Absent:
    """Stands for a value that is not there, since null is one."""


_ABSENT = _Absent()
_Value = JsonValue | _Absent


def unmerge(base: Raw, overlay: Raw, merged: Raw) -> tuple[Raw, Raw]:
    """A base and an overlay that merge into `merged`, as like to the given ones as can be; none of them is changed.

    What the overlay said is said by the overlay, all else by the base. What neither had goes into the base, but a new
    variant into the overlay where that lists variants and no segment of the base gives it a weight. What is not in
    `merged` any more is in neither. The order of variants is that of the base, then of the overlay.
    """
    weighed = frozenset[str]() if "targetSegments" in overlay else _weighed(merged)
    return _part_members(base, overlay, merged, weighed=weighed)


def _part_members(
    base: Raw, overlay: Raw, merged: Raw, *, weighed: frozenset[str] | None = None, whole: str = ""
) -> tuple[Raw, Raw]:
    """Both sides of a mapping; the member `whole` is replaced by an overlay and never merged.

    `weighed` is given for the experiment itself, whose variants merge by key.
    """
    new_base: Raw = {}
    new_overlay: Raw = {}
    for name in dict.fromkeys((*base, *overlay, *merged)):
        sides: tuple[_Value, _Value, _Value] = (
            base.get(name, _ABSENT),
            overlay.get(name, _ABSENT),
            merged.get(name, _ABSENT),
        )
        ours, theirs = _part(*sides, weighed=weighed if name == "variants" else None, replaced=name == whole)
        if not isinstance(ours, _Absent):
            new_base[name] = ours
        if not isinstance(theirs, _Absent):
            new_overlay[name] = theirs
    return new_base, new_overlay


def _part(
    base: _Value, overlay: _Value, merged: _Value, *, weighed: frozenset[str] | None, replaced: bool
) -> tuple[_Value, _Value]:
    if isinstance(merged, _Absent):
        return _ABSENT, _ABSENT
    if isinstance(overlay, _Absent):
        return merged, _ABSENT
    if isinstance(base, _Absent):
        return _ABSENT, merged
    if weighed is not None and isinstance(base, list) and isinstance(overlay, list) and isinstance(merged, list):
        return _part_variants(base, overlay, merged, weighed)
    if isinstance(base, dict) and isinstance(merged, dict) and not replaced:
        # An overlay that was no mapping becomes one, which the base now shows through.
        return _part_members(base, overlay if isinstance(overlay, dict) else merged, merged)
    return base, merged


def _part_variants(
    base: list[JsonValue], overlay: list[JsonValue], merged: list[JsonValue], weighed: frozenset[str]
) -> tuple[list[JsonValue], _Value]:
    ours, theirs, wanted = _by_key(base), _by_key(overlay), _by_key(merged)
    parted = {
        key: _part_members(ours[key], theirs[key], wanted[key], whole="payload")
        for key in wanted
        if key in ours and key in theirs
    }
    new = [key for key in wanted if key not in ours and key not in theirs]
    shared = [key for key in new if key in weighed]
    new_base: list[JsonValue] = [
        parted[key][0] if key in parted else wanted[key] for key in (*ours, *shared) if key in wanted
    ]
    added = [key for key in new if key not in weighed]
    new_overlay: list[JsonValue] = [
        parted[key][1] if key in parted else wanted[key] for key in (*theirs, *added) if key in wanted
    ]
    return new_base, new_overlay if new_overlay or not overlay else _ABSENT


def _by_key(variants: list[JsonValue]) -> dict[str, Raw]:
    return {str(variant["key"]): variant for variant in variants if isinstance(variant, dict) and "key" in variant}


def _weighed(form: Raw) -> frozenset[str]:
    """The variants that segments give a weight."""
    segments = form.get("targetSegments")
    listed = segments if isinstance(segments, list) else []
    weights = [segment.get("rolloutWeights") for segment in listed if isinstance(segment, dict)]
    return frozenset(key for one in weights if isinstance(one, dict) for key in one)
