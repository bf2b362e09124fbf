"""An experiment as the flag that the vendor's SDKs evaluate: the JSON of `GET /sdk/v2/flags`.

The shape is the one that the vendor's open-source engines read; what stands in it is from the description of
evaluation. Four things are this emulator's own, since nobody outside the vendor can do them:

- `amplitude_id` is made by the vendor out of both ids of a user. Here the user id stands in for it, or the device id
  of a user without one, so a user may be in another arm than in production; the shares are the same.
- An experiment of `evaluationMode: remote` has all its segments, so that an SDK that evaluates by itself can be tried
  on it; the vendor's own endpoint gives such an SDK `off`.
- Users are in every cohort that they say they are in (`cohort_ids`), and in no other.
- Nobody's earlier variant is remembered (`stickyBucketing`), and a mutex or holdout (`parentDependencies`) keeps nobody
  out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from pydantic import JsonValue

from expsync.sandbox.records import Experiment, Json, Number

OFF = "off"
"""The variant of those who get none."""
AMPLITUDE_ID = "amplitude_id"
_LAST_LOW = 42949672
_LAST_HIGH = 42949673
"""The draw is a number below this; where two arms meet, their ranges overlap by one and the first wins."""
_CUSTOM = "gp:"
_GLOBS = {"glob match": "regex match", "glob does not match": "regex does not match"}
"""The engines have no globs: a server rewrites them."""
_WILD = {"*": r"[\s\S]*", "?": r"[\s\S]"}
_SPECIAL = frozenset(r".^$+(){}[]|\/")
_USER_ID = ["context", "user", "user_id"]
_DEVICE_ID = ["context", "user", "device_id"]
_COHORTS = ["context", "user", "cohort_ids"]
_NOBODY: Json = {"selector": [], "op": "is", "values": []}
"""A condition that no user meets."""


def flag_of(
    experiment: Experiment,
    *,
    users: Mapping[str, Sequence[str]],
    cohorts: Mapping[str, Sequence[str]],
    version: int = 1,
) -> Json:
    """The flag; `users` and `cohorts` are the members of each variant that has some.

    One that is disabled or archived gives everyone `off`. A condition that can't be told from its words (a seed may
    hold any) is met by nobody.
    """
    serves = experiment.enabled and not experiment.archived
    segments: list[JsonValue] = []
    if serves:
        for variant in experiment.variants:
            segments += _inclusions(variant.key, users.get(variant.key, ()), cohorts.get(variant.key, ()))
        for segment in experiment.targetSegments:
            segments += _targeted(experiment, segment)
        weights = {variant.key: variant.rolloutWeight for variant in experiment.variants}
        segments += _bucketed(
            experiment, "All Other Users", [], experiment.bucketingKey, experiment.rolloutPercentage, weights
        )
    else:
        segments.append({"metadata": {"segmentName": "default"}, "variant": OFF})
    return {
        "key": experiment.key,
        "metadata": {
            "deployed": True,
            "evaluationMode": experiment.evaluationMode,
            "experimentKey": "exp-1",
            "flagType": "experiment",
            "flagVersion": version,
        },
        "segments": segments,
        "variants": _variants(experiment),
    }


def _variants(experiment: Experiment) -> Json:
    variants: Json = {OFF: {"key": OFF, "metadata": {"default": True}}}
    for variant in experiment.variants:
        payload: Json = {} if variant.payload is None else {"payload": variant.payload}
        variants[variant.key] = {"key": variant.key, "value": variant.key, **payload}
    return variants


def _inclusions(variant: str, users: Sequence[str], cohorts: Sequence[str]) -> list[JsonValue]:
    """The segment of the users who always get the variant, found by either id; none where there are none."""
    ways: list[JsonValue] = []
    if users:
        ways += [[_condition(_USER_ID, "is", users)], [_condition(_DEVICE_ID, "is", users)]]
    if cohorts:
        ways.append([_condition(_COHORTS, "set contains any", cohorts)])
    if not ways:
        return []
    return [{"conditions": ways, "metadata": {"segmentName": "individual-inclusions"}, "variant": variant}]


def _targeted(experiment: Experiment, segment: Json) -> list[JsonValue]:
    given, percentage, own = (segment.get(name) for name in ("conditions", "percentage", "rolloutWeights"))
    conditions = [_translated(one) for one in given] if isinstance(given, list) else []
    weights = own if isinstance(own, dict) else {}
    key = segment.get("bucketingKey")
    return _bucketed(
        experiment,
        str(segment.get("name", "")),
        conditions,
        key if isinstance(key, str) and key else experiment.bucketingKey,
        _number(percentage),
        # In the order of the variants, which decides who gets what.
        {variant.key: _number(weights.get(variant.key)) for variant in experiment.variants},
    )


def _bucketed(
    experiment: Experiment,
    name: str,
    conditions: list[Json],
    key: str,
    percentage: Number,
    weights: Mapping[str, Number | None],
) -> list[JsonValue]:
    """The segment, or two of them where the id to draw by depends on the user.

    A user who is in it and not allocated gets its variant, `off`, and is not tried on the next one.
    """
    allocation: Json = {"range": [0, percentage], "distributions": _distributions(weights)}

    def by(selector: list[str], *further: Json) -> Json:
        bucket: Json = {"selector": [*selector], "salt": experiment.bucketingSalt, "allocations": [allocation]}
        met: list[JsonValue] = [*conditions, *further]
        asked: Json = {"conditions": [met]} if met else {}
        return {**asked, "bucket": bucket, "metadata": {"segmentName": name}, "variant": OFF}

    if experiment.bucketingUnit != "User":
        return [by(["context", "groups", experiment.bucketingUnit, "group_name"])]
    if key == AMPLITUDE_ID:
        return [by(_USER_ID, _condition(_USER_ID, "is not", ["(none)"])), by(_DEVICE_ID)]
    return [by(_selector(key))]


def _distributions(weights: Mapping[str, Number | None]) -> list[JsonValue]:
    shares = {key: Fraction(weight or 0) for key, weight in weights.items()}
    if not any(shares.values()):
        shares = dict.fromkeys(shares, Fraction(1))
    total, before = sum(shares.values()), Fraction(0)
    distributions: list[JsonValue] = []
    for key, share in shares.items():
        start, before = before, before + share
        if share:
            ends: list[JsonValue] = [math.floor(start * _LAST_LOW / total), math.ceil(before * _LAST_HIGH / total)]
            distributions.append({"variant": key, "range": ends})
    return distributions


def _translated(condition: JsonValue) -> Json:
    if not isinstance(condition, dict):
        return _NOBODY
    kind, prop, op = condition.get("type", "property"), condition.get("prop"), condition.get("op")
    values = condition.get("values")
    if not isinstance(op, str) or not isinstance(values, list):
        return _NOBODY
    texts = [value if isinstance(value, str) else str(value) for value in values]
    if kind == "cohort":
        return _condition(_COHORTS, "set does not contain any" if "not" in op else "set contains any", texts)
    if kind != "property" or not isinstance(prop, str):
        return _NOBODY
    if op in _GLOBS:
        return _condition(_selector(prop), _GLOBS[op], [_regex(text) for text in texts])
    return _condition(_selector(prop), op, texts)


def _selector(prop: str) -> list[str]:
    """Where a user's context holds the property; custom ones have a place of their own."""
    if prop.startswith(_CUSTOM):
        return ["context", "user", "user_properties", prop.removeprefix(_CUSTOM)]
    return ["context", "user", prop]


def _regex(glob: str) -> str:
    """The glob as a regular expression that Python and JavaScript read alike, for the whole text."""
    inner = "".join(_WILD.get(char) or (f"\\{char}" if char in _SPECIAL else char) for char in glob)
    return rf"^{inner}(?![\s\S])"


def _condition(selector: Sequence[str], op: str, values: Iterable[str]) -> Json:
    return {"selector": [*selector], "op": op, "values": [*values]}


def _number(value: JsonValue) -> Number:
    return value if isinstance(value, int | float) else 0
