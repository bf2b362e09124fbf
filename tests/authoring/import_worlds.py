"""Random live projects as teams leave them behind, with everything that is awkward to write into a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from expsync.sandbox.habits import Habits
from tests.worlds import (
    DAYS,
    DEPLOYMENTS,
    LATER_DAYS,
    PERCENTAGES,
    WEIGHTS,
    condition,
    exposure_event,
    live_experiment,
    server_habits,
)

KEYS = ["alpha", "beta-2", "gamma_3", "012", "1e3", "null", "on", "x.y"]
OWN_TAGS = ["managed-by-expsync", "protected-by-expsync"]
AWKWARD = [
    "",
    "on",
    "No",
    "012",
    "1_000",
    "1e3",
    "12:30:45",
    "2026-02-01",
    "null",
    "~",
    "<<",
    "=",
    " padded ",
    "trailing ",
    "\ttab",
    "key: value",
    "# no comment",
    "text # with a mark",
    "- item",
    "? question",
    "[a, b]",
    "{a: b}",
    "*alias",
    "&anchor",
    "!tag",
    "%directive",
    "---",
    "--- text",
    "...",
    'it\'s "quoted" \\ twice',
    "line\nbreak",
    "line\n\n\n  indented\nend\n",
    "\n  leading break",
    "ends with breaks\n\n\n",
    "windows\r\nbreak",
    "blank at end \nof a line",
    "tab\tinside\nand\ta break",
    "🩺 and 𝕏",
    "e\u0301 n\u0303",
    "right\u202eleft\u200bzero",
    "\x00\x07\x1b[31m\x7f\x85\x9f",
    "\u2028\u2029\ufeff\ufffe\uffff\U0001fffe",
    "\ue000 private \U000f0000",
    "x" * 300,
    "word " * 60,
    "${HOME} {{ jinja }} <% erb %>",
]
TEXTS = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("ab:#-? \n\t'\"[]{},&*!|>%@`", max_size=12),
)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.5, 2.0, 1e16]),
)
PAYLOADS = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
USERS = st.one_of(
    st.sampled_from(
        ["qa@example.com", "device-7", "012", "on", "a #b", "#c", "x y", "it's", "🩺", "null", "a: b", "-"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
)


@dataclass(frozen=True)
class Project:
    """A server with its habits, a live project, the aliases of the workspace, and whether all fields are wanted."""

    habits: Habits
    world: list[dict[str, Any]]
    aliases: dict[str, str]
    all_fields: bool


@st.composite
def projects(draw: st.DrawFn) -> Project:
    habits = draw(server_habits())
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1, max_size=3))
    world = [draw(experiment_left_behind(key, place, older=habits.older)) for place, key in enumerate(keys, start=1)]
    known = draw(st.lists(st.sampled_from(sorted(DEPLOYMENTS)), unique=True))
    return Project(habits, world, {DEPLOYMENTS[id]: id for id in known}, draw(st.booleans()))


@st.composite
def experiment_left_behind(draw: st.DrawFn, key: str, id: int, *, older: bool) -> dict[str, Any]:
    found: dict[str, Any] = draw(live_experiment(key, id, older=older))
    found["name"] = draw(st.just(key) | TEXTS)
    found["description"] = draw(st.just("") | TEXTS)
    found["bucketingUnit"] = draw(st.sampled_from(["User", "org id", "012"]))
    found["startDate"], found["endDate"] = draw(st.none() | DAYS), draw(st.none() | LATER_DAYS)
    found["tags"] = draw(st.lists(st.sampled_from(OWN_TAGS) | TEXTS.filter(bool), unique=True, max_size=4))
    if draw(st.booleans()):
        found["exposureEvent"] = {"filters": [], **draw(exposure_event())}
    if draw(st.booleans()):
        found["decision"] = draw(st.sampled_from(["rollout", "rollback", "continue-running"]))
    found["decisionReason"] = draw(st.none() | TEXTS)
    everyone = draw(st.lists(USERS, unique=True, max_size=8))
    for place, variant in enumerate(found["variants"]):
        variant["name"], variant["description"] = draw(TEXTS), draw(TEXTS)
        variant["payload"] = draw(PAYLOADS)
        variant["inclusions"] = everyone[place :: len(found["variants"])]
        if draw(st.sampled_from([False] * 5 + [True])):
            variant["inclusions"] = [*variant["inclusions"], *(f"{key}-{place}-{n}" for n in range(25))]
        if not older and draw(st.booleans()):
            variant["cohortInclusions"] = draw(st.lists(st.sampled_from(["c1", "012", "Kø"]), unique=True))
    found["targetSegments"] = draw(segments_left_behind([v["key"] for v in found["variants"]], older=older))
    return found


@st.composite
def segments_left_behind(draw: st.DrawFn, keys: list[str], *, older: bool) -> list[dict[str, Any]]:
    """Segments made by hand: without names, with names that others have too, and now and then with a cohort."""
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 3))):
        conditions = draw(st.lists(condition(older=older), max_size=2))
        for one in conditions:
            one["values"] = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
        if draw(st.sampled_from([False] * 7 + [True])):
            conditions.append({"type": "cohort", "prop": "userdata_cohort", "op": "set contains", "values": ["c1"]})
        found.append(
            {
                "name": draw(st.sampled_from(["", "US", "segment 1", "v1.2: on", "Ärzte 🩺"]) | TEXTS),
                "percentage": draw(PERCENTAGES),
                "rolloutWeights": {k: draw(WEIGHTS) for k in draw(st.lists(st.sampled_from(keys), unique=True))},
                "conditions": conditions,
                **(
                    {"bucketingKey": draw(st.sampled_from(["device_id", "amplitude_id"]))}
                    if draw(st.booleans())
                    else {}
                ),
            }
        )
    return found
