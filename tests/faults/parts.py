"""The parts of an experiment's books: what a person sets, what a fingerprint covers, what a declaration leaves alone.

None of this uses code of the planning side, so that the two can't share a mistake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.faults.scenarios import Json

_BY_ITSELF = (
    "id",
    "key",
    "projectId",
    "kind",
    "state",
    "createdBy",
    "createdAt",
    "lastModifiedBy",
    "lastModifiedAt",
    "rolloutWeights",
    "parentDependencies",
    "variants",
)
"""What the server keeps by itself, and what is looked at in another way."""
OWN_TAG = "managed-by-expsync"


def parts_of(experiment: Json) -> dict[str, Any]:
    """Everything that a person can set, each under a path of its own; sets are sorted."""
    parts = {name: value for name, value in experiment.items() if name not in _BY_ITSELF}
    for name in ("tags", "deployments"):
        parts[name] = sorted(parts[name])
    for variant in experiment["variants"]:
        path = f"variants.{variant['key']}"
        parts[path] = True
        for name in ("name", "description", "payload", "rolloutWeight"):
            parts[f"{path}.{name}"] = variant[name]
        parts[f"{path}.inclusions"] = sorted(variant["inclusions"])
    return parts


def aspects_of(experiment: Json) -> dict[str, str]:
    """What a fingerprint may cover, by the names that a plan uses for it."""
    parts = parts_of(experiment)
    variants = experiment["variants"]
    aspects = {name: value for name, value in parts.items() if not name.startswith("variants.")}
    aspects["variants"] = [[v["key"], v["rolloutWeight"]] for v in variants]
    aspects["variants.details"] = [[v["key"], v["name"], v["description"], v["payload"]] for v in variants]
    for variant in variants:
        aspects[f"variants.{variant['key']}.inclusions"] = sorted(variant["inclusions"])
    return {name: json.dumps(value, sort_keys=True) for name, value in aspects.items()}


def undeclared(parts: Mapping[str, Any], declared: Json | None, renamed: Mapping[str, str]) -> dict[str, Any]:
    """The parts that a declaration says nothing of; all, where there is none. `renamed` maps old keys to new ones."""
    if declared is None:
        return dict(parts)
    variants = {variant["key"]: variant for variant in declared.get("variants", ())}
    left: dict[str, Any] = {}
    for path, value in parts.items():
        head, _, rest = path.partition(".")
        if head != "variants":
            if path not in declared:
                left[path] = value
            continue
        key, _, name = rest.partition(".")
        if "variants" not in declared:
            left[path] = value
        elif name:
            variant = variants.get(renamed.get(key, key))
            # One that is not listed is to go, with all that is in it.
            if variant is not None and name not in variant:
                left[path] = value
    return left


def comparable_segments(segments: list[Json], renamed: Mapping[str, str], there: set[str]) -> list[Json]:
    """Segments without the shapes that don't matter, with the weights of the variants that are there."""
    found: list[Json] = []
    for segment in segments:
        weights = {renamed.get(k, k): weight for k, weight in (segment.get("rolloutWeights") or {}).items()}
        found.append(
            {
                "name": segment["name"],
                "percentage": segment.get("percentage"),
                "conditions": [[c["prop"], c["op"], sorted(c["values"])] for c in segment.get("conditions", ())],
                "rolloutWeights": {k: weight for k, weight in weights.items() if weight and k in there},
            }
        )
    return found
