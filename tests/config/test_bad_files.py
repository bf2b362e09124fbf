"""Every kind of bad experiment file: the code, the place and the sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsync.config.codes import CODES
from expsync.config.lint import RULES
from expsync.config.load import load_declarations
from tests.config.bad_fields import FIELD_CASES
from tests.config.bad_meaning import DESIGN_CASES, INCLUSION_CASES, MEANING_CASES, OVERLAY_CASES
from tests.config.bad_yaml import YAML_CASES
from tests.config.world import Case, brief, load_one, placed, workspace_in

ALL = (*YAML_CASES, *FIELD_CASES, *MEANING_CASES, *OVERLAY_CASES, *INCLUSION_CASES, *DESIGN_CASES)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_bad_file_is_told_with_code_and_place(tmp_path: Path, case: Case) -> None:
    loaded = load_one(tmp_path, case.text)
    assert tuple(brief(diagnostic) for diagnostic in loaded.diagnostics) == case.expected


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_is_said_fits_a_terminal_and_holds_no_key(tmp_path: Path, case: Case) -> None:
    for diagnostic in load_one(tmp_path, case.text).diagnostics:
        text = str(diagnostic)
        assert text.replace("\n", "").isprintable()
        assert "ampex_0" not in text
        assert diagnostic.code in CODES or diagnostic.code in {rule.code for rule in RULES}
        assert "Input should" not in text


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_an_experiment_with_an_error_is_not_declared(tmp_path: Path, case: Case) -> None:
    loaded = load_one(tmp_path, case.text, "sandbox")
    if any(diagnostic.severity == "error" for diagnostic in loaded.diagnostics):
        assert loaded.declared == ()


def test_a_whole_message_says_where_what_why_and_how(tmp_path: Path) -> None:
    loaded = load_one(tmp_path, "key: checkout\nrolloutPercentage: 130\nrollout_percentage: 1\ntags: [1.10]\n")
    assert [str(diagnostic) for diagnostic in loaded.diagnostics] == [
        "error[EXP104]: rolloutPercentage is out of range\n"
        "  experiments/a.yaml:2:20  checkout\n"
        "  130 is not between 0 and 100",
        'error[EXP101]: unknown field "rollout_percentage"\n'
        "  experiments/a.yaml:3:1  checkout\n"
        '  hint: did you mean "rolloutPercentage"?',
        "error[EXP103]: tags[0] is of the wrong kind\n"
        "  experiments/a.yaml:4:8  checkout\n"
        "  1.1 is a number; text is wanted\n"
        '  hint: write "1.10"',
    ]


def test_all_problems_of_all_files_come_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    workspace = workspace_in(
        tmp_path,
        {
            "experiments/b.yaml": "key: b\nenabled: 1\nenabled: 2\nname: 3\n---\nkey: c\nvariants: []\n",
            "experiments/a.yaml": "key: a\ntags: [x\n",
            "experiments/c.yaml": "key: c\nstartDate: soon\nrolloutPercentage: 101\n"
            "---\nkey: d\nfoo: 1\n---\nname: !x\n",
        },
    )
    assert [placed(d) for d in load_declarations(workspace, None).diagnostics] == [
        'EXP005 experiments/a.yaml:2:9 a "," or "]" is missing',
        "EXP103 experiments/b.yaml:2:10 enabled is of the wrong kind",
        'EXP006 experiments/b.yaml:3:1 the key "enabled" stands here twice',
        "EXP103 experiments/b.yaml:4:7 name is of the wrong kind",
        "EXP207 experiments/b.yaml:7:11 an experiment needs a variant",
        'EXP201 experiments/c.yaml:1:6 the key "c" is declared twice',
        "EXP213 experiments/c.yaml:2:12 startDate is not a date",
        "EXP104 experiments/c.yaml:3:20 rolloutPercentage is out of range",
        'EXP101 experiments/c.yaml:6:1 unknown field "foo"',
        "EXP007 experiments/c.yaml:8:7 the tag !x is not allowed",
    ]
