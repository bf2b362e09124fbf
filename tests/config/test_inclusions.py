"""Users from files: one id a line, inside the workspace, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsync.config.load import load_declarations
from expsync.model.experiment import Experiment
from tests.config.world import placed, workspace_in

YAML = "key: a\nvariants:\n  - key: b\n    inclusions: {file: ../users/qa.txt}\n  - key: c\n"


def load(folder: Path, users: str | bytes, yaml: str = YAML) -> tuple[list[str], list[Experiment]]:
    workspace = workspace_in(folder, {"experiments/a.yaml": yaml, "users/qa.txt": users})
    loaded = load_declarations(workspace, "sandbox")
    return [placed(d) for d in loaded.diagnostics], [d.experiment for d in loaded.declared]


def test_ids_stand_one_a_line_with_comments(tmp_path: Path) -> None:
    users = "\ufeff# the team\nqa@example.com\n\n  device-7  # a phone\r\na#b\nwith space\t# x\n   # y\nlast"
    problems, (experiment,) = load(tmp_path, users)
    assert problems == []
    assert experiment.declared()["variants"] == [
        {"key": "b", "inclusions": ["qa@example.com", "device-7", "a#b", "with space", "last"]},
        {"key": "c"},
    ]


def test_an_empty_file_is_an_empty_list(tmp_path: Path) -> None:
    problems, (experiment,) = load(tmp_path, "# nobody\n")
    assert (problems, experiment.variants[0].inclusions) == ([], [])


def test_a_user_twice_is_told_at_its_line(tmp_path: Path) -> None:
    assert load(tmp_path, "a\nb\n a\n") == (['EXP206 users/qa.txt:3:2 the user "a" stands here twice'], [])


def test_a_line_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    assert load(tmp_path, "a\u202eb\n") == (
        ["EXP019 users/qa.txt:1:1 the id has characters that can't be shown"],
        [],
    )


def test_an_api_key_in_the_file_is_told_and_not_shown(tmp_path: Path) -> None:
    problems, declared = load(tmp_path, "a\nampex_secret\n")
    assert (problems, declared) == (["EXP020 users/qa.txt:2:1 an API key stands in the file"], [])


@pytest.mark.parametrize(
    ("count", "problems"),
    [
        (2000, ["EXP412 experiments/a.yaml:4:17 2000 users are included by hand"]),
        (2001, ["EXP018 experiments/a.yaml:4:24 the inclusions file has too many users"]),
    ],
)
def test_two_thousand_users_are_the_limit(tmp_path: Path, count: int, problems: list[str]) -> None:
    found, _ = load(tmp_path, "".join(f"u{n}\n" for n in range(count)))
    assert found == problems


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"a\xff\n", "the inclusions file is not UTF-8"), (b"a" * 1_000_001, "the inclusions file is too large")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    assert load(tmp_path, content) == ([f"EXP018 experiments/a.yaml:4:24 {problem}"], [])


def test_a_link_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("u\n")
    root = tmp_path / "root"
    workspace = workspace_in(root, {"experiments/a.yaml": YAML})
    (root / "users").mkdir()
    (root / "users/qa.txt").symlink_to(outside)
    assert [placed(d) for d in load_declarations(workspace, None).diagnostics] == [
        "EXP018 experiments/a.yaml:4:24 the inclusions file is outside the workspace"
    ]


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, {"experiments/a.yaml": YAML})
    (tmp_path / "users").mkdir()
    (tmp_path / "users/qa.txt").symlink_to("qa.txt")
    assert [placed(d) for d in load_declarations(workspace, None).diagnostics] == [
        "EXP018 experiments/a.yaml:4:24 the inclusions file can't be read"
    ]


def test_a_file_of_several_experiments_is_told_once(tmp_path: Path) -> None:
    both = YAML + "---\n" + YAML.replace("key: a", "key: z")
    assert load(tmp_path, "u\nu\n", both) == (['EXP206 users/qa.txt:2:1 the user "u" stands here twice'], [])


def test_a_user_of_a_file_and_of_a_list_is_in_two_variants(tmp_path: Path) -> None:
    problems, _ = load(tmp_path, "u\nv\n", YAML.replace("- key: c", "- {key: c, inclusions: [v]}"))
    assert problems == ['EXP210 experiments/a.yaml:5:27 the user "v" is included in two variants']


def test_an_overlay_may_name_another_file(tmp_path: Path) -> None:
    yaml = YAML + "environments: {sandbox: {variants: [{key: b, inclusions: {file: none.txt}}]}}\n"
    problems, _ = load(tmp_path, "u\n", yaml)
    assert problems == ["EXP018 experiments/a.yaml:6:65 the inclusions file does not exist"]
