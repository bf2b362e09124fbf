"""Loading a workspace: which files, which experiments, in which order, and which settings of the rules hold."""

from __future__ import annotations

import gc
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expsync.config.load import Loaded, load_declarations
from expsync.model.experiment import Fields, Segment, Variant
from tests.config.world import WORKSPACE, brief, load_one, placed, workspace_in

FULL = """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
key: checkout-button
name: Checkout button
description: Green against blue.
enabled: true
archived: false
evaluationMode: remote
experimentType: a-b-test
bucketingKey: amplitude_id
bucketingSalt: 28fWNw1M
bucketingUnit: User
stickyBucketing: false
rolloutPercentage: 50
startDate: 2026-02-01
endDate: null
tags: [checkout, team-growth]
deployments: [web, "9302", 17]
exposureEvent:
  event_type: checkout_viewed
  filters: []
variants:
  - key: control
    rolloutWeight: 1
  - key: treatment
    name: Green
    description: The green button
    payload: {color: "#0a0"}
    rolloutWeight: 1
    renamedFrom: green
    inclusions: [qa@example.com, device-7]
    cohortInclusions: [c1]
targetSegments:
  - name: US on iOS
    percentage: 100
    bucketingKey: amplitude_id
    rolloutWeights: {control: 1.5, treatment: 1.5}
    conditions:
      - {prop: country, op: is, values: [United States]}
decision: rollout
decisionReason: it won
rolledOutVariant: treatment
lifecycle:
  ignoreChanges: [rolloutPercentage, "variants.*.rolloutWeight", "*"]
  preventArchive: true
acknowledge:
  - {risk: variant-weights, reason: restarting after the logging bug, until: 2026-12-31}
environments:
  sandbox: {rolloutPercentage: 5, enabled: false}
  prod: {skip: true}
"""


def say(loaded: Loaded) -> list[str]:
    return [placed(diagnostic) for diagnostic in loaded.diagnostics]


def test_every_field_of_the_contract_is_read(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, FULL, "sandbox")
    assert loaded.diagnostics == ()
    (declared,) = loaded.declared
    assert repr(declared) == "Declared('checkout-button', experiments/a.yaml:2)"
    assert declared.experiment.declared() == {
        "key": "checkout-button",
        "name": "Checkout button",
        "description": "Green against blue.",
        "enabled": False,
        "archived": False,
        "evaluationMode": "remote",
        "experimentType": "a-b-test",
        "bucketingKey": "amplitude_id",
        "bucketingSalt": "28fWNw1M",
        "bucketingUnit": "User",
        "stickyBucketing": False,
        "rolloutPercentage": 5,
        "startDate": "2026-02-01",
        "endDate": None,
        "tags": ["checkout", "team-growth"],
        "deployments": ["web", "9302", 17],
        "exposureEvent": {"event_type": "checkout_viewed", "filters": []},
        "variants": [
            {"key": "control", "rolloutWeight": 1},
            {
                "key": "treatment",
                "name": "Green",
                "description": "The green button",
                "payload": {"color": "#0a0"},
                "rolloutWeight": 1,
                "renamedFrom": "green",
                "inclusions": ["qa@example.com", "device-7"],
                "cohortInclusions": ["c1"],
            },
        ],
        "targetSegments": [
            {
                "name": "US on iOS",
                "percentage": 100,
                "bucketingKey": "amplitude_id",
                "rolloutWeights": {"control": 1.5, "treatment": 1.5},
                "conditions": [{"prop": "country", "op": "is", "values": ["United States"]}],
            }
        ],
        "decision": "rollout",
        "decisionReason": "it won",
        "rolledOutVariant": "treatment",
        "lifecycle": {
            "ignoreChanges": ["rolloutPercentage", "variants.*.rolloutWeight", "*"],
            "preventArchive": True,
        },
        "acknowledge": [
            {"risk": "variant-weights", "reason": "restarting after the logging bug", "until": "2026-12-31"}
        ],
    }


def test_only_declared_fields_are_declared(tmp_path: Path) -> None:
    (declared,) = load_one(tmp_path, "key: a\nvariants:\n  - key: b\n    payload: null\n  - key: c\n", "prod").declared
    assert declared.experiment.declared() == {"key": "a", "variants": [{"key": "b", "payload": None}, {"key": "c"}]}


def test_experiments_come_by_key_whatever_their_files_are_called(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "experiments/z.yaml": "key: b\n---\nkey: d\n",
        "experiments/deep/er/a.yml": "key: c\n",
        "experiments/a.yaml": "# first\n\nkey: a\n",
    }
    loaded = load_declarations(workspace_in(tmp_path, files), "prod")
    assert loaded.diagnostics == ()
    assert [(d.key, d.file, d.line) for d in loaded.declared] == [
        ("a", "experiments/a.yaml", 3),
        ("b", "experiments/z.yaml", 1),
        ("c", "experiments/deep/er/a.yml", 1),
        ("d", "experiments/z.yaml", 3),
    ]


def test_without_an_environment_nothing_is_declared(tmp_path: Path) -> None:
    assert load_one(tmp_path, "key: a\n---\nkey: b\n") == Loaded((), (), files=1, experiments=2)


def test_two_files_with_one_key_are_told_with_both_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "experiments/a.yaml": "key: x\n---\nkey: y\n",
        "experiments/b.yaml": "name: n\nkey: x\n",
        "experiments/c.yaml": "key: x\n",
    }
    loaded = load_declarations(workspace_in(tmp_path, files), "prod")
    assert [str(d) for d in loaded.diagnostics] == [
        'error[EXP201]: the key "x" is declared twice\n'
        f"  {place}  x\n"
        "  first in experiments/a.yaml:1:6\n"
        "  hint: delete one of the two, or give it another key"
        for place in ("experiments/b.yaml:2:6", "experiments/c.yaml:1:6")
    ]
    assert [d.key for d in loaded.declared] == ["y"]


def test_an_alias_for_a_key_still_has_a_place(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "experiments/a.yaml": "key: &k x\nname: *k\n",
        "experiments/b.yaml": "name: &k x\nkey: *k\n",
    }
    assert say(load_declarations(workspace_in(tmp_path, files), None)) == [
        'EXP201 experiments/b.yaml:2:6 the key "x" is declared twice'
    ]


def test_paths_limit_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {
        "experiments/a.yaml": "key: a\n",
        "experiments/b.yaml": "key: 1\n",
        "experiments/team/c.yaml": "key: c\n",
        "experiments/team2/d.yaml": "key: d\n",
        "README.md": "",
    }
    workspace = workspace_in(tmp_path, files)
    monkeypatch.chdir(tmp_path / "experiments")

    def load(*names: str) -> tuple[list[str], list[str]]:
        loaded = load_declarations(workspace, "prod", paths=[Path(name) for name in names])
        return [d.key for d in loaded.declared], say(loaded)

    assert load("a.yaml") == (["a"], [])
    assert load("a.yaml", "team", str(tmp_path / "experiments/team/c.yaml")) == (["a", "c"], [])
    assert load("..") == (["a", "c", "d"], ["EXP103 experiments/b.yaml:1:6 key is of the wrong kind"])
    assert load("b.yaml")[1] == ["EXP103 experiments/b.yaml:1:6 key is of the wrong kind"]
    assert load("none.yaml", "../README.md", "../../") == (
        [],
        [
            "EXP017 .. the folder has none of the workspace's files",
            "EXP017 README.md no file of the workspace",
            "EXP017 experiments/none.yaml there is no such file or folder",
        ],
    )


def test_an_odd_file_among_the_paths_is_told(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {"experiments/a.yaml": "key: a\n"})
    (tmp_path / "experiments/b.yaml").symlink_to("nowhere")
    for path in ("experiments/b.yaml", "experiments"):
        loaded = load_declarations(workspace, "prod", paths=[tmp_path / path])
        assert say(loaded) == ["EXP001 experiments/b.yaml the file is a link to nothing"]


@pytest.mark.parametrize(
    ("globs", "files", "expected"),
    [
        ("", {}, ['warning EXP404 1:1 no file matches "experiments/**/*.yaml"']),
        ("", {"experiments/a.yml": "key: a\n"}, []),
        ("experiments: [x/*.yaml, y/*.yaml, y/*.yml]\n", {"x/a.yaml": "key: a\n"},
         ['warning EXP404 5:25 no file matches "y/*.yaml"']),
        ("experiments: [x/*.yaml]\nrules: {EXP404: off}\n", {}, []),
        ("experiments: [x/*.yaml]\nrules: {EXP404: error}\n", {}, ['EXP404 5:15 no file matches "x/*.yaml"']),
    ],
)  # fmt: skip
def test_a_glob_that_matches_nothing_is_told(
    tmp_path: Path, globs: str, files: dict[str, str | bytes], expected: list[str]
) -> None:
    loaded = load_declarations(workspace_in(tmp_path, files, workspace=WORKSPACE + globs), "prod")
    assert [brief(d) for d in loaded.diagnostics] == expected


@pytest.mark.parametrize(
    ("level", "expected", "declared"),
    [
        ("off", [], ["a"]),
        ("warning", ["warning EXP402 2:11 there is one variant alone"], ["a"]),
        ("error", ["EXP402 2:11 there is one variant alone"], []),
    ],
)
def test_an_adjustable_rule_is_set_in_the_workspace(
    tmp_path: Path, level: str, expected: list[str], declared: list[str]
) -> None:
    text = "key: a\nvariants: [{key: b}]\n"
    loaded = load_one(tmp_path, text, "prod", workspace=WORKSPACE + f"rules: {{EXP402: {level}}}\n")
    assert [brief(d) for d in loaded.diagnostics] == expected
    assert [d.key for d in loaded.declared] == declared


@pytest.mark.parametrize(("today", "told"), [(None, 0), (date(2026, 2, 1), 0), (date(2026, 2, 2), 1)])
def test_an_acknowledgement_ends_after_its_day(tmp_path: Path, today: date | None, told: int) -> None:
    text = (
        "key: a\ntargetSegments: []\nbucketingUnit: User\n"
        "acknowledge: [{risk: bucketing-unit, reason: r, until: 2026-02-01}, {risk: segments, reason: r}]\n"
    )
    workspace = workspace_in(tmp_path, {"experiments/a.yaml": text})
    assert len(load_declarations(workspace, "prod", today=today).diagnostics) == told


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-01", "2026-02-01"),
        ("2026-02-01T10:00:00Z", "2026-02-01"),
        ("2026-02-01", "2026-02-01T00:00Z"),
        ("2026-02-01T10:00:00.123456789+05:30", "2026-02-01T04:30:01Z"),
        ("0001-01-01", "9999-12-31"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_dates_that_the_api_takes_are_taken(tmp_path: Path, start: str, end: str) -> None:
    assert load_one(tmp_path, f"key: a\nstartDate: {start}\nendDate: {end}\n").diagnostics == ()


@pytest.mark.parametrize("text", ["2026-2-1", "20260201", "2026-W05", "2026-02-01T25:00Z", "0000-01-01", "", "2026-02"])
def test_other_dates_are_not(tmp_path: Path, text: str) -> None:
    assert [d.code for d in load_one(tmp_path, f"key: a\nendDate: '{text}'\n").diagnostics] == ["EXP213"]


def test_the_same_files_load_the_same_however_often(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {"experiments/a.yaml": FULL, "experiments/b.yaml": "key: b\nx: 1\n"})
    first, second = load_declarations(workspace, "sandbox"), load_declarations(workspace, "sandbox")
    assert first.diagnostics == second.diagnostics
    assert [d.experiment for d in first.declared] == [d.experiment for d in second.declared]


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path, was_on: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if was_on else gc.disable)()
        load_one(tmp_path, "key: a\n")
        assert gc.isenabled() is was_on
    finally:
        (gc.enable if before else gc.disable)()


def test_a_key_in_a_good_file_keeps_it_from_being_declared(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, "key: a\ndescription: see ampex_abc\nname: '\\ampex_'\n", "prod")
    assert say(loaded) == ["EXP020 experiments/a.yaml:2:18 an API key stands in the file"]
    assert loaded.declared == ()


def test_a_key_is_cut_out_of_messages(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, "key: a\nevaluationMode: ampex_abcdef\nampex_abcdef: 1\n")
    assert [d.code for d in loaded.diagnostics] == ["EXP020", "EXP105", "EXP020", "EXP101"]
    assert "abcdef" not in "".join(str(d) for d in loaded.diagnostics)


def test_hostile_text_is_cut_and_stripped_in_messages(tmp_path: Path) -> None:
    text = 'key: a\nevaluationMode: "\\e[31m' + "x" * 500 + '\\u202e\\n"\n'
    (diagnostic,) = load_one(tmp_path, text).diagnostics
    assert diagnostic.message == "evaluationMode can't be \"[31m" + "x" * 75 + '…"'


def refuse_to_read(path: str, limit: int) -> bytes:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = workspace_in(tmp_path, {"experiments/a.yaml": "key: a\n"})
    monkeypatch.setattr("expsync.config.load.read_bounded", refuse_to_read)
    assert [str(d) for d in load_declarations(workspace, "prod").diagnostics] == [
        "error[EXP001]: the file can't be read\n  experiments/a.yaml\n  Permission denied"
    ]


def test_a_file_that_is_gone_when_its_place_is_looked_up_is_told_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, str | bytes] = {"experiments/a.yaml": "key: a\n", "experiments/b.yaml": "# b\nkey: a\n"}
    workspace = workspace_in(tmp_path, files)
    monkeypatch.setattr("expsync.config.check.read_bounded", refuse_to_read)
    assert say(load_declarations(workspace, "prod")) == ['EXP201 experiments/b.yaml:2 the key "a" is declared twice']


def test_an_empty_document_beside_others_is_passed_over(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, "---\nkey: a\n---\n---\nkey: b\n", "prod")
    assert ([d.key for d in loaded.declared], say(loaded)) == (["a", "b"], [])


def test_a_workspace_file_that_is_gone_is_still_named(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {})
    workspace.path.unlink()
    assert say(load_declarations(workspace, "prod")) == ['EXP404 expsync.yaml no file matches "experiments/**/*.yaml"']


WORDS = st.sampled_from(
    [*Fields.model_fields, *Variant.model_fields, *Segment.model_fields, "environments", "prod", "skip", "file", "b"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 3000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=5)
    | st.sampled_from(["b", "web", "2026-02-01", "is", "remote", "rollout", "off", "payload"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.just("[key]"), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(WORDS, VALUES, max_size=6))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_says_is_answered_with_diagnostics(tmp_path: Path, fields: dict[str, object]) -> None:
    text = json.dumps({"key": "a", **fields})
    loaded = load_one(tmp_path, text)
    for diagnostic in loaded.diagnostics:
        assert diagnostic.place is not None
        assert str(diagnostic).replace("\n", "").isprintable()
    declared = load_one(tmp_path, text, "sandbox").declared
    assert not (declared and any(diagnostic.severity == "error" for diagnostic in loaded.diagnostics))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("key: a\n" + "".join(f"x{n}: 1\n" for n in range(300)), 200),
        ("key: a\n" * 300, 200),
        ("key: a\ntags: [" + "x, " * 300 + "]\n", 200),
        ("key: a\ndeployments: [" + "1, " * 300 + "]\n", 200),
        ("key: a\n" + "# ampex_1\n" * 300, 20),
        ("key: a\nenvironments:\n" + "".join(f"  x{n}: {{y: 1}}\n" for n in range(150)), 150 + 19),
    ],
)
def test_no_file_fills_the_screen_for_ever(tmp_path: Path, text: str, count: int) -> None:
    assert len(load_one(tmp_path, text).diagnostics) == count
