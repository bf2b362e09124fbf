"""Variants that got another key: told from those that came and went, and carried through a document.

With the key everything else stays: comments, users, and what other environments say of the variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.overlay import Raw
from expsync.config.parsed import Path
from expsync.core.normalize import same
from expsync.model.state import VariantState

_DETAILS = ("name", "description", "payload", "rolloutWeight")


@dataclass(frozen=True, slots=True)
class Renaming:
    """One variant's old and new key; `was` is what its `renamedFrom` is to say (None: as it is, empty: nothing)."""

    old: str
    new: str
    was: str | None = None

    def continues(self, path: Path, item: Mapping[str, JsonValue]) -> str | None:
        """The old key of an item of a list of variants that has the new one."""
        return self.old if path[-1:] == ("variants",) and item.get("key") == self.new else None

    def pattern(self, pattern: str) -> str:
        """A pattern of `lifecycle.ignoreChanges` with the new key, where it names the variant."""
        head = f"variants.{self.old}"
        if pattern == head or pattern.startswith(f"{head}."):
            return f"variants.{self.new}{pattern.removeprefix(head)}"
        return pattern


def renamed_pair(
    before: Mapping[str, VariantState] | None, after: Mapping[str, VariantState] | None
) -> tuple[str, str] | None:
    """The old and the new key, if exactly one variant went, exactly one came, and they are alike in what is known."""
    if before is None or after is None:
        return None
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    if len(gone) != 1 or len(come) != 1:
        return None
    old, new = before[gone[0]].fields, after[come[0]].fields
    known = [name for name in _DETAILS if name in old and name in new]
    if not known or not all(same(name, old[name], new[name]) for name in known):
        return None
    return gone[0], come[0]


def with_renaming(document: Raw, environment: str, renaming: Renaming) -> Raw:
    """The document with the variant under its new key, wherever it names that variant.

    Where the base has it, that is the base and every overlay; else the environment's own overlay alone.
    """
    overlays = document.get("environments")
    forms = overlays if isinstance(overlays, dict) else {}
    in_base = renaming.old in _keys(document.get("variants"))
    changed: Raw = {}
    for name, overlay in forms.items():
        if isinstance(overlay, dict) and (in_base or name == environment):
            changed[name] = _renamed(overlay, renaming, leads=not in_base)
        else:
            changed[name] = overlay
    if not in_base:
        return {**document, "environments": changed} if forms else document
    base = _renamed({name: value for name, value in document.items() if name != "environments"}, renaming, leads=True)
    return base if "environments" not in document else {**base, "environments": changed if forms else overlays}


def _renamed(form: Raw, renaming: Renaming, *, leads: bool) -> Raw:
    """One form; `renamedFrom` is said where the variant is declared first (`leads`), and not again in overlays."""
    changed = dict(form)
    variants = form.get("variants")
    if isinstance(variants, list):
        changed["variants"] = [_renamed_variant(variant, renaming, leads=leads) for variant in variants]
    segments = form.get("targetSegments")
    if isinstance(segments, list):
        changed["targetSegments"] = [_reweighed(segment, renaming) for segment in segments]
    if form.get("rolledOutVariant") == renaming.old:
        changed["rolledOutVariant"] = renaming.new
    lifecycle = form.get("lifecycle")
    patterns = lifecycle.get("ignoreChanges") if isinstance(lifecycle, dict) else None
    if isinstance(lifecycle, dict) and isinstance(patterns, list):
        repointed = [renaming.pattern(one) if isinstance(one, str) else one for one in patterns]
        changed["lifecycle"] = {**lifecycle, "ignoreChanges": repointed}
    return changed


def _renamed_variant(variant: JsonValue, renaming: Renaming, *, leads: bool) -> JsonValue:
    if not isinstance(variant, dict) or variant.get("key") != renaming.old:
        return variant
    changed = {**variant, "key": renaming.new}
    if renaming.was and leads:
        changed["renamedFrom"] = renaming.was
    elif renaming.was == "" or changed.get("renamedFrom") == renaming.new:
        changed.pop("renamedFrom", None)
    return changed


def _reweighed(segment: JsonValue, renaming: Renaming) -> JsonValue:
    weights = segment.get("rolloutWeights") if isinstance(segment, dict) else None
    if not isinstance(segment, dict) or not isinstance(weights, dict) or renaming.old not in weights:
        return segment
    renamed = {renaming.new if key == renaming.old else key: weight for key, weight in weights.items()}
    return {**segment, "rolloutWeights": renamed}


def _keys(variants: JsonValue) -> list[str]:
    found = variants if isinstance(variants, list) else []
    return [str(variant["key"]) for variant in found if isinstance(variant, dict) and "key" in variant]
