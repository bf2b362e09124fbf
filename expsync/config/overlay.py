"""What one environment says otherwise, merged over what holds everywhere; on raw values, before they are validated."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from expsync.config.parsed import Path

Raw = dict[str, JsonValue]


def merge(experiment: Mapping[str, JsonValue], overlay: Mapping[str, JsonValue]) -> Raw:
    """A new mapping: `experiment` with `overlay` over it; neither is changed.

    Mappings merge, other values and lists replace, an explicit null too. `variants` merge by key: those of the base
    keep their order, those that only the overlay has go to the end; a variant's `payload` replaces whole.
    """
    merged = dict(experiment)
    for name, value in overlay.items():
        before = merged.get(name)
        if name == "variants" and isinstance(before, list) and isinstance(value, list):
            merged[name] = _merge_variants(before, value)
        else:
            merged[name] = _merge_value(before, value)
    return merged


def _merge_value(before: JsonValue, after: JsonValue) -> JsonValue:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    merged = dict(before)
    for name, value in after.items():
        merged[name] = _merge_value(merged.get(name), value)
    return merged


def _merge_variants(before: list[JsonValue], after: list[JsonValue]) -> list[JsonValue]:
    merged = list(before)
    for source, target in enumerate(_targets(before, after)):
        if target >= len(merged):
            merged.append(after[source])
            continue
        base, over = merged[target], after[source]
        if isinstance(base, dict) and isinstance(over, dict):
            variant = dict(base)
            for name, value in over.items():
                variant[name] = value if name == "payload" else _merge_value(base.get(name), value)
            merged[target] = variant
    return merged


def _targets(before: list[JsonValue], after: list[JsonValue]) -> list[int]:
    """For each variant of the overlay its index in the merged list.

    A second variant of the overlay with the same key is not merged but appended, so that the duplicate is reported.
    """
    places: dict[JsonValue, int] = {}
    for index, variant in enumerate(before):
        key = _key(variant)
        if key is not None:
            places.setdefault(key, index)
    targets: list[int] = []
    end = len(before)
    for variant in after:
        target = places.pop(_key(variant), None)
        if target is None:
            target, end = end, end + 1
        targets.append(target)
    return targets


def _key(variant: JsonValue) -> str | None:
    key = variant.get("key") if isinstance(variant, dict) else None
    return key if isinstance(key, str) else None


_Node = tuple[JsonValue, Path]


def origin(experiment: Raw, environment: str, overlay: Raw, path: Path) -> Path:
    """The path in the file of a path in the merged form: in the overlay where that has the value, else in the base."""
    if not path:
        return ()
    base: _Node | None = (experiment, ())
    over: _Node | None = (overlay, ("environments", environment))
    for depth, step in enumerate(path):
        base_step, over_step = step, step
        last = over or base
        if base is not None and over is not None:
            if path[:depth] == ("variants",) and isinstance(base[0], list) and isinstance(over[0], list):
                targets = _targets(base[0], over[0])
                over_step = targets.index(step) if isinstance(step, int) and step in targets else -1
            elif not _merges(path[:depth], base[0], over[0]):
                base = None
        base, over = _enter(base, base_step), _enter(over, over_step)
        if base is None and over is None:
            return (*last[1], *path[depth:]) if last else path
    return over[1] if over is not None else base[1] if base is not None else path


def _merges(path: Path, base: JsonValue, over: JsonValue) -> bool:
    is_payload = len(path) == 3 and path[0] == "variants" and path[2] == "payload"
    return isinstance(base, dict) and isinstance(over, dict) and not is_payload


def _enter(node: _Node | None, step: str | int) -> _Node | None:
    if node is None:
        return None
    value, path = node
    if isinstance(value, dict) and step in value:
        return value[str(step)], (*path, step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step], (*path, step)
    return None
