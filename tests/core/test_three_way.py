"""Where each change comes from: tables of base, file and live, written out, and the doubtful spots one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsync.core.normalize import Desired, desired_state, live_state
from expsync.core.planner import needs_of, plan_declared, plan_pruned
from expsync.core.target import target_of
from expsync.core.three_way import departures, from_files, needs_since, with_origins
from expsync.model.experiment import Declared, Experiment
from expsync.model.plan import Change
from expsync.model.state import State
from expsync.model.workspace import Environment, Ownership
from expsync.wire.schema import WireExperiment
from tests.worlds import EXPERIMENT_KEYS, declaration, live_experiment

OWNERSHIP = Ownership()
OWN = OWNERSHIP.tag
ENVIRONMENT = Environment(projectId="1001", deployments={"web": "101"})
TODAY = date(2026, 6, 1)
EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "25"))

# base, file, live: each the same as at the beginning (S), or changed to A or to B. `-` is no change at all.
ORIGINS = """
S S S -      A S S -      B S S -
S S A live   A S A file   B S A both
S S B live   A S B both   B S B file
S A S file   A A S live   B A S both
S A A -      A A A -      B A A -
S A B both   A A B live   B A B file
S B S file   A B S both   B B S live
S B A both   A B A file   B B A live
S B B -      A B B -      B B B -
"""
# The same for a list of members: S is none of them, A is `a` alone, B is `b` alone. + is what a plan would add.
MEMBERS = """
S S S -                 A S S -                 B S S -
S S A -a:live           A S A -a:file           B S A -a:live
S S B -b:live           A S B -b:live           B S B -b:file
S A S +a:file           A A S +a:live           B A S +a:file
S A A -                 A A A -                 B A A -
S A B +a:file,-b:live   A A B +a:live,-b:live   B A B +a:file,-b:file
S B S +b:file           A B S +b:file           B B S +b:live
S B A -a:live,+b:file   A B A -a:file,+b:file   B B A -a:live,+b:live
S B B -                 A B B -                 B B B -
"""
Row = tuple[str, str, str, str]


def rows(table: str) -> list[Row]:
    words = table.split()
    return [(words[at], words[at + 1], words[at + 2], words[at + 3]) for at in range(0, len(words), 4)]


def test_the_tables_have_each_of_the_27_cases_once() -> None:
    for table in (ORIGINS, MEMBERS):
        cases = [row[:3] for row in rows(table)]
        assert len(cases) == len(set(cases)) == 27
        assert {letter for case in cases for letter in case} == set("SAB")


def desired(**fields: Any) -> Desired:
    return desired_state(Declared(Experiment.model_validate({"key": "exp", **fields}), "exp.yaml", 1), ENVIRONMENT)


def live(**fields: Any) -> State:
    """What the server says: a whole body, the variants' details read, and users where the variant has some here."""
    variants = fields.get("variants", [{"key": "control"}, {"key": "treatment"}])
    body = {"id": "1", "key": "exp", "tags": [OWN], **fields, "variants": variants}
    body["rolloutWeights"] = {v["key"]: v.get("rolloutWeight", 1) for v in variants}
    wire = WireExperiment.model_validate(body)
    members = {name: {v["key"]: v[name] for v in variants if name in v} for name in ("inclusions", "cohortInclusions")}
    return live_state(
        wire,
        archived=fields.get("archived", False),
        whole=True,
        variants=wire.variants,
        inclusions=members["inclusions"],
        cohorts=members["cohortInclusions"],
    )


def changes_of(file: Desired, there: State | None, base: Desired | None) -> list[Change]:
    """The plan's changes with their origins; without them they are what they are without a base."""
    plain = plan_declared(file, there, OWNERSHIP, "1001", today=TODAY)
    found = with_origins(plain, file, there, base, OWNERSHIP)
    if plain.experiment is None or found.experiment is None:
        assert plain is found
        return []
    stripped = [change.model_copy(update={"origin": None}) for change in found.experiment.changes]
    assert found.experiment.model_copy(update={"changes": stripped}) == plain.experiment
    return found.experiment.changes


def origins(file: Desired, there: State | None, base: Desired | None) -> dict[str, str | None]:
    return {change.path: change.origin for change in changes_of(file, there, base)}


# --- one value ---


@dataclass(frozen=True)
class Field:
    """One place of an experiment: how a file and the server say each of three values, and the path of a change."""

    path: str
    in_file: Callable[[Any], dict[str, Any]]
    on_server: Callable[[Any], dict[str, Any]]
    base: Sequence[Any]
    file: Sequence[Any]
    live: Sequence[Any]


def plain(name: str, *values: Any) -> Field:
    def put(value: Any) -> dict[str, Any]:
        return {name: value}

    return Field(name, put, put, values, values, values)


def shapes(name: str, base: Sequence[Any], file: Sequence[Any], live: Sequence[Any]) -> Field:
    return replace(plain(name), base=base, file=file, live=live)


def of_variant(name: str, *values: Any, live: Sequence[Any] | None = None) -> Field:
    def put(value: Any) -> dict[str, Any]:
        return {"variants": [{"key": "control"}, {"key": "treatment", name: value}]}

    return Field(f"variants.treatment.{name}", put, put, values, values, live or values)


def of_segment(name: str, *values: Any) -> Field:
    def put(value: Any) -> dict[str, Any]:
        whole = {"name": "v1.2", "percentage": 5, "rolloutWeights": {"control": 1}, "conditions": []}
        return {"targetSegments": [{**whole, name: value}]}

    return Field(f"targetSegments.v1.2.{name}", put, put, values, values, values)


def condition(value: str) -> list[dict[str, Any]]:
    return [{"prop": "country", "op": "is", "values": [value]}]


def event(name: str) -> dict[str, Any]:
    return {"event_type": name, "filters": []}


FIELDS = [
    plain("description", "", "by file: ä", "null"),
    shapes("description", ["", "a", "b"], ["", "a", "b"], [None, "a", "b"]),
    plain("rolloutPercentage", 0, 12.5, 100),
    shapes("rolloutPercentage", [0, 1, 2], [0.0, 1.0, 2.0], ["0", "1.0", 2]),
    plain("evaluationMode", "remote", "local", "remote"),
    shapes(
        "startDate",
        [None, "2026-02-01T00:00:00Z", "2026-03-01"],
        [None, "2026-02-01", "2026-03-01T00:00:00.000Z"],
        ["", "2026-02-01T00:00:00.000Z", "2026-03-01"],
    ),
    shapes(
        "endDate",
        ["2026-02-01T12:00:00+02:00", "2026-02-01T12:00:00Z", "2026-03-01"],
        ["2026-02-01T10:00:00Z", "2026-02-01T14:00:00+02:00", "2026-03-01"],
        ["2026-02-01T10:00:00.000Z", "2026-02-01T12:00:00.000000Z", "2026-03-01T00:00:00.000Z"],
    ),
    plain("exposureEvent", None, event("a"), event("b")),
    plain("decision", None, "rollout", "rollback"),
    of_variant("name", "", "Green", "Blue"),
    of_variant("payload", None, {"a": 1, "b": [1, 2]}, "text", live=[{}, {"b": [1.0, 2], "a": 1.0}, "text"]),
    of_variant("payload", {"a": 1}, [], "b", live=['{"a": 1}', "[]", "b"]),
    of_variant("rolloutWeight", 1, 2, 0),
    of_variant("inclusions", [], ["a", "x"], ["b", "x"], live=[[], ["x", "a"], ["x", "b"]]),
    of_variant("cohortInclusions", [], ["1"], ["2"]),
    of_segment("percentage", 0, 50, 12.5),
    of_segment("conditions", [], condition("US"), condition("CA")),
    of_segment("bucketingKey", "user_id", "device_id", "amplitude_id"),
    replace(
        of_segment("rolloutWeights", {"control": 1}, {"control": 1, "treatment": 1}, {"control": 1, "treatment": 2}),
        path="targetSegments.v1.2.rolloutWeights.treatment",
    ),
]
# Three values are needed for three letters; evaluationMode has two, so it stands for those whose S and B are the same.
TWO_VALUES = [field for field in FIELDS if field.base[0] == field.base[2]]
THREE_VALUES = [field for field in FIELDS if field not in TWO_VALUES]
by_path = [f"{place}-{field.path}" for place, field in enumerate(THREE_VALUES)]


def found_for(field: Field, base: str, file: str, there: str) -> dict[str, str | None]:
    return origins(
        desired(**field.in_file(field.file["SAB".index(file)])),
        live(**field.on_server(field.live["SAB".index(there)])),
        desired(**field.in_file(field.base["SAB".index(base)])),
    )


def table_of(field: Field, *, among: str) -> dict[str, dict[str, str | None]]:
    """What is found for each of the cases that have these letters alone."""
    cases = [row[:3] for row in rows(ORIGINS) if {*row[:3]} <= set(among)]
    return {" ".join(letters): found_for(field, *letters) for letters in cases}


def expected_for(path: Callable[[Row], str], *, among: str = "SAB") -> dict[str, dict[str, str | None]]:
    """What the table says: one change at the path, or none."""
    return {
        " ".join(row[:3]): {} if row[3] == "-" else {path(row): row[3]}
        for row in rows(ORIGINS)
        if {*row[:3]} <= set(among)
    }


@pytest.mark.parametrize("field", THREE_VALUES, ids=by_path)
def test_the_base_decides_whose_change_of_a_value_it_is(field: Field) -> None:
    assert table_of(field, among="SAB") == expected_for(lambda _: field.path)


@pytest.mark.parametrize("field", TWO_VALUES, ids=lambda field: field.path)
def test_of_two_values_none_is_a_conflict(field: Field) -> None:
    assert table_of(field, among="SA") == expected_for(lambda _: field.path, among="SA")


# --- members of lists ---


def tags(names: Sequence[str]) -> dict[str, Any]:
    return {"tags": [OWN, *names]}


def deployments(names: Sequence[str]) -> dict[str, Any]:
    return {"deployments": ["101", *names]}


def variants(names: Sequence[str]) -> dict[str, Any]:
    # With a weight, since that is what a new variant has anyway: 0.
    return {"variants": [{"key": "control"}, *({"key": n, "name": n, "rolloutWeight": 0} for n in names)]}


def segments(names: Sequence[str]) -> dict[str, Any]:
    return {"targetSegments": [segment("first"), *(segment(name) for name in names)]}


def segment(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "percentage": 5, "rolloutWeights": {"control": 1}, "conditions": [], **fields}


LISTS = [(tags, "a", "b"), (deployments, "102", "103"), (variants, "a", "b"), (segments, "v1.2", "v1")]


@pytest.mark.parametrize(("put", "a", "b"), LISTS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_members_come_and_go_each_for_itself(put: Callable[[Sequence[str]], dict[str, Any]], a: str, b: str) -> None:
    members: dict[str, list[str]] = {"S": [], "A": [a], "B": [b]}
    signs = {"add": "+", "remove": "-"}
    found, expected = {}, {}
    for *letters, said in rows(MEMBERS):
        base, file, there = (put(members[letter]) for letter in letters)
        head = next(iter(file))
        names = {f"{head}.{a}": "a", f"{head}.{b}": "b"}
        case = " ".join(letters)
        found[case] = {
            f"{signs[change.kind]}{names[change.path]}:{change.origin}"
            for change in changes_of(desired(**file), live(**there), desired(**base))
        }
        expected[case] = {*said.split(",")} - {"-"}
    assert found == expected


def whole(name: str) -> Callable[[str], dict[str, Any]]:
    """How a file and the server say that a member is not there (S), is there in one form (A), or in another (B)."""

    def variant(letter: str) -> dict[str, Any]:
        given = [] if letter == "S" else [{"key": "v", "name": letter, "rolloutWeight": 0}]
        return {"variants": [{"key": "control"}, *given]}

    def of_segments(letter: str) -> dict[str, Any]:
        return {"targetSegments": [] if letter == "S" else [segment("s.1", percentage=ord(letter))]}

    return variant if name == "variants" else of_segments


@pytest.mark.parametrize(
    ("name", "member", "field"),
    [("variants", "variants.v", "name"), ("targetSegments", "targetSegments.s.1", "percentage")],
)
def test_a_member_that_one_side_takes_away_and_the_other_edits_is_a_conflict(
    name: str, member: str, field: str
) -> None:
    put = whole(name)
    found = {
        " ".join(row[:3]): origins(desired(**put(row[1])), live(**put(row[2])), desired(**put(row[0])))
        for row in rows(ORIGINS)
    }
    assert found == expected_for(lambda row: member if "S" in row[1:3] else f"{member}.{field}")


# --- what a side does not say ---


def test_what_the_base_left_out_is_the_files() -> None:
    file = desired(description="new", tags=["x"], variants=[{"key": "control", "name": "C"}])

    assert origins(file, live(description="old"), desired(name="n")) == {
        "description": "file",
        "tags.x": "file",
        "variants.control.name": "file",
        "variants.treatment": "file",
    }


def test_what_the_base_left_to_people_is_the_files() -> None:
    base = desired(rolloutPercentage=5, lifecycle={"ignoreChanges": ["rolloutPercentage"]})
    assert origins(desired(rolloutPercentage=20), live(rolloutPercentage=10), base) == {"rolloutPercentage": "file"}


def test_an_experiment_that_was_not_declared_or_is_not_live_is_the_files() -> None:
    file = desired(description="new", variants=[{"key": "control"}])

    assert set(origins(file, live(description="old"), None).values()) == {"file"}
    assert set(origins(file, None, desired(description="old")).values()) == {"file"}


def test_what_no_file_declares_any_more_is_archived_by_the_files() -> None:
    planned = from_files(plan_pruned(live(), "1001", today=TODAY))
    assert [(change.path, change.origin) for change in planned.changes] == [("archived", "file")]


@pytest.mark.parametrize("base", [{}, {"tags": ["x"]}, {"tags": ["x", OWN]}, {"lifecycle": {"preventArchive": True}}])
def test_tags_that_the_tool_adds_by_itself_are_the_files(base: dict[str, Any]) -> None:
    file = desired(tags=["x"], lifecycle={"preventArchive": True})
    assert origins(file, live(tags=["x"]), desired(**base)) == {
        f"tags.{OWN}": "file",
        "tags.protected-by-expsync": "file",
    }


def test_the_tools_tag_that_a_file_lists_itself_is_like_any_other() -> None:
    file = desired(tags=[OWN])
    assert origins(file, live(tags=[]), file) == {f"tags.{OWN}": "live"}


def test_a_variant_is_compared_as_far_as_it_was_read() -> None:
    sparse = {"id": "1", "key": "exp", "tags": [OWN], "variants": [{"key": "control"}, {"key": "treatment"}]}
    there = live_state(WireExperiment.model_validate(sparse), archived=False)
    base = desired(
        variants=[{"key": "control"}, {"key": "treatment", "payload": 1, "inclusions": ["x"], "cohortInclusions": []}]
    )
    assert origins(desired(variants=[{"key": "control"}]), there, base) == {"variants.treatment": "file"}


def test_a_variant_that_the_files_took_away_is_read_as_far_as_the_base_declared_it() -> None:
    base = desired(
        variants=[{"key": "control", "inclusions": ["a"]}, {"key": "gone", "payload": 1, "inclusions": ["x"]}]
    )
    file = desired(variants=[{"key": "control"}])

    needs = needs_since(file, base)
    assert (needs.details, needs.inclusions, needs.cohorts) == (True, {"gone": None}, {})
    assert needs.fields >= needs_of(file).fields


@pytest.mark.parametrize(
    ("file", "base"),
    [
        ({"variants": [{"key": "a"}]}, None),
        ({"variants": [{"key": "a"}]}, {"variants": [{"key": "a", "payload": 1, "inclusions": []}]}),
        ({"variants": [{"key": "b", "renamedFrom": "a"}]}, {"variants": [{"key": "a", "payload": 1}]}),
        ({"name": "n"}, {"name": "o", "description": "d", "variants": [{"key": "a", "payload": 1}]}),
    ],
)
def test_nothing_else_is_read_for_a_base(file: dict[str, Any], base: dict[str, Any] | None) -> None:
    wanted = desired(**file)
    assert needs_since(wanted, None if base is None else desired(**base)) == needs_of(wanted)


# --- renamed variants ---

OLD: dict[str, Any] = {"variants": [{"key": "control"}, {"key": "old", "name": "N"}]}
NEW: dict[str, Any] = {"variants": [{"key": "control"}, {"key": "new", "name": "N", "renamedFrom": "old"}]}


@pytest.mark.parametrize(
    ("base", "file", "there", "expected"),
    [
        (OLD, NEW, OLD, {"variants.new.key": "file"}),
        (NEW, NEW, OLD, {"variants.new.key": "live"}),
        ({"name": "n"}, NEW, OLD, {"variants.new.key": "file"}),
        ({"variants": [{"key": "control"}]}, NEW, OLD, {"variants.new.key": "both"}),
        (OLD, NEW, NEW, {}),
        # Somebody renamed it on the live side: one that goes and one that comes.
        (OLD, OLD, NEW, {"variants.old": "live", "variants.new": "live"}),
        # Somebody took it away, or renamed it to something else, while the files renamed it.
        (OLD, NEW, {"variants": [{"key": "control"}]}, {"variants.new": "both"}),
        (
            OLD,
            NEW,
            {"variants": [{"key": "control"}, {"key": "third", "name": "N"}]},
            {"variants.new": "both", "variants.third": "live"},
        ),
        # The files take back a rename that was never done.
        (NEW, {"variants": [{"key": "control"}, {"key": "old", "name": "M"}]}, OLD, {"variants.old.name": "file"}),
    ],
)
def test_renames(base: dict[str, Any], file: dict[str, Any], there: dict[str, Any], expected: dict[str, str]) -> None:
    there = {"variants": [{k: v for k, v in variant.items() if k != "renamedFrom"} for variant in there["variants"]]}
    assert origins(desired(**file), live(**there), desired(**base)) == expected


@pytest.mark.parametrize(
    ("base", "there", "origin"),
    [("N", "N", "file"), ("M", "N", "live"), ("L", "N", "both"), ("L", "L", "file")],
)
def test_a_field_of_a_renamed_variant_is_compared_with_what_it_was(base: str, there: str, origin: str) -> None:
    file = desired(variants=[{"key": "control"}, {"key": "new", "name": "M", "renamedFrom": "old"}])
    found = origins(
        file,
        live(variants=[{"key": "control"}, {"key": "old", "name": there}]),
        desired(variants=[{"key": "control"}, {"key": "old", "name": base}]),
    )
    assert found == {"variants.new.key": "file", "variants.new.name": origin}


def test_weights_of_a_renamed_variant_within_a_segment() -> None:
    def all_of(key: str, weight: int, **more: Any) -> dict[str, Any]:
        weights = {"control": 1, key: weight}
        return {
            "variants": [{"key": "control"}, {"key": key, **more}],
            "targetSegments": [segment("s", rolloutWeights=weights)],
        }

    found = origins(
        desired(**all_of("new", 2, renamedFrom="old")), live(**all_of("old", 3)), desired(**all_of("old", 2))
    )
    assert found == {"variants.new.key": "file", "targetSegments.s.rolloutWeights.new": "live"}


# --- the order of segments ---


@pytest.mark.parametrize(
    ("base", "file", "there", "origin"),
    [
        ("xy", "yx", "xy", "file"),
        ("xy", "xy", "yx", "live"),
        ("xyz", "zxy", "yxz", "both"),
        ("xy", "nxy", "xy", "file"),
        ("xy", "xyn", "yx", "live"),
        ("xy", "nxy", "yx", "both"),
        ("xy", "xy", "nyx", "live"),
    ],
)
def test_the_order_of_segments(base: str, file: str, there: str, origin: str) -> None:
    def put(names: str) -> dict[str, Any]:
        return {"targetSegments": [segment(name) for name in names]}

    found = origins(desired(**put(file)), live(**put(there)), desired(**put(base)))
    assert found["targetSegments"] == origin


def test_a_segment_and_a_field_whose_paths_read_alike_are_told_apart() -> None:
    def put(percentage: int, other: int) -> dict[str, Any]:
        return {"targetSegments": [segment("s", percentage=percentage), *[segment("s.percentage")] * other]}

    changes = changes_of(desired(**put(2, 1)), live(**put(1, 0)), desired(**put(2, 0)))
    assert [(change.path, change.kind, change.origin) for change in changes] == [
        ("targetSegments.s.percentage", "replace", "live"),
        ("targetSegments.s.percentage", "add", "file"),
    ]


# --- drift ---


def test_with_the_files_as_the_base_every_difference_is_a_departure_but_for_the_tools_tags() -> None:
    file = desired(description="d", tags=["x"], variants=[{"key": "new", "renamedFrom": "treatment", "name": "N"}])
    there = live(description="e", tags=["y"])

    found = departures(file, there, file, OWNERSHIP)
    assert [(one.change.path, one.live_path, one.origin) for one in found] == [
        ("description", "description", "live"),
        ("tags.x", "tags.x", "live"),
        ("tags.y", "tags.y", "live"),
        ("variants.control", "variants.control", "live"),
        ("variants.new.name", "variants.treatment.name", "live"),
        ("variants.new.key", "variants.treatment", "live"),
    ]


def test_what_the_files_changed_is_no_departure() -> None:
    base, file = desired(description="d", name="n", rolloutPercentage=5), desired(description="e", name="o")
    there = live(description="d", name="p", rolloutPercentage=7)

    found = departures(file, there, base, OWNERSHIP)
    assert [(one.change.path, one.origin) for one in found] == [("name", "both")]
    assert departures(file, there, None, OWNERSHIP) == []


# --- for whatever is declared and live ---


@st.composite
def sides(draw: st.DrawFn) -> tuple[State, Desired, Desired]:
    world = draw(live_experiment(EXPERIMENT_KEYS[0], 1, older=False))
    file, base = (draw(declaration(EXPERIMENT_KEYS[0], world, older=False)) for _ in range(2))
    world = {name: value for name, value in world.items() if name != "key"}
    environment = Environment(projectId="1001", deployments={"web": "101", "ios": "102", "android": "103"})
    wanted = [
        desired_state(Declared(Experiment.model_validate(fields), "f.yaml", 1), environment) for fields in (file, base)
    ]
    there = live(**{**world, "key": EXPERIMENT_KEYS[0]})
    return there, wanted[0], wanted[1]


@given(sides())
@settings(max_examples=EXAMPLES)
def test_whoever_agrees_with_the_base_changed_nothing(drawn: tuple[State, Desired, Desired]) -> None:
    there, file, base = drawn
    tools = {f"tags.{tag}" for tag in (OWNERSHIP.tag, OWNERSHIP.protectedTag)}
    mixed = changes_of(file, there, base)

    # The files are still what they were: nothing is theirs.
    assert {c.origin for c in changes_of(file, there, file) if c.path not in tools} <= {"live"}
    # What is live is still what the base asked for: nothing is anybody else's.
    applied = target_of(base, there, OWNERSHIP).state
    assert {c.origin for c in changes_of(file, applied, base)} <= {"file"}
    assert {c.origin for c in mixed} <= {"file", "live", "both"}
