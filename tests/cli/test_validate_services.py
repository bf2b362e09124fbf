"""`expsync validate` for code scanning and for annotations: whatever is wrong with files, and wherever they lie."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from expsync.config.codes import CODES
from expsync.config.lint import RULES
from tests.cli.conftest import Ran, Run
from tests.config.test_bad_files import ALL
from tests.render.sarif_reading import against_github, against_the_schema, places

WORKSPACE = """\
version: 1
experiments: [experiments/**/*.yaml, none/*.yaml, ../x]
environments:
  sandbox: {baseUrl: sandbox, projectId: 1001, deployments: {web: "101", ios: "102"}}
  prod: {region: us, projectId: "2002", deployments: {web: "9301", ios: "9302"}}
"""
SOUND = WORKSPACE.replace(", ../x", "")
NAMES = ["a b", "é🩺", "100%", "x#1", "%41", "q?", "[a]", "a:b", "c,d", "e=f", "'g'", "sub/dir/h", "~i", "-j", "k&l"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a workspace in a folder of it, and every bad file of these tests, oddly named."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "infra x"
    write(folder / "expsync.yaml", SOUND)
    for number, case in enumerate(ALL):
        write(folder / "experiments" / f"{NAMES[number % len(NAMES)]} {number}.yaml", case.text)
    monkeypatch.chdir(folder)
    return tmp_path


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def read(ran: Ran) -> Any:
    document = json.loads(ran.out)
    assert against_the_schema(document) == []
    assert against_github(document) == []
    return document


def test_every_kind_of_problem_is_valid_and_lies_where_json_says(repository: Path, run: Run) -> None:
    ran, plain = run("validate", "--format", "sarif"), run("validate", "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    problems = json.loads(plain.out)["problems"]
    assert places(read(ran)) == [
        (os.fsencode(f"infra x/{problem['file']}"), problem["line"] or 1, problem["column"]) for problem in problems
    ]
    assert all((repository / os.fsdecode(file)).exists() for file, _, _ in places(json.loads(ran.out)))
    codes = {problem["code"] for problem in problems}
    missing = {*CODES, *(rule.code for rule in RULES)} - codes
    # Those that are about the workspace file, or about what no file of an experiment can have alone.
    assert sorted(missing - {code for code in CODES if code.startswith("EXP3")}) == [
        *("EXP001", "EXP002", "EXP009", "EXP016", "EXP017", "EXP019", "EXP107"),
    ]


def test_annotations_lie_where_json_says(repository: Path, run: Run) -> None:
    ran, plain = run("validate", "--format", "github"), run("validate", "--format", "json")
    problems = json.loads(plain.out)["problems"]
    lines = ran.out.splitlines()
    found = []
    for line in lines:
        properties = re.fullmatch(r"::(?:error|warning) ([^:]*)::[^\r\n]+", line)
        assert properties is not None, line
        named = dict(part.split("=", 1) for part in properties[1].split(","))
        found.append((unquote(named["file"]), int(named.get("line", 0)), int(named.get("col", 0))))
    assert found == [
        (f"infra x/{problem['file']}", problem["line"] or 0, problem["column"] or 0) for problem in problems
    ]


def test_what_github_drops_of_the_annotations_is_told_in_the_log(repository: Path, run: Run) -> None:
    ran, text = run("validate", "--format", "github"), run("validate")
    first, *rest = ran.err.splitlines()
    problems = json.loads(run("validate", "--format", "json").out)["problems"]
    left = []
    for severity in ("error", "warning"):
        left += [problem for problem in problems if problem["severity"] == severity][10:]
    assert first == f"GitHub shows the first 10 errors and the first 10 warnings of a step; {len(left)} more:"
    assert len([line for line in rest if re.match(r"(?:error|warning)\[EXP\d+\]: ", line)]) == len(left)
    # Each as the text says it.
    assert "\n".join(rest[-3:]) in text.out


def test_a_few_problems_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    write(tmp_path / "expsync.yaml", SOUND.replace(", none/*.yaml", ""))
    write(tmp_path / "experiments" / "a.yaml", "key: a\nrolloutPercentage: 130\n")
    monkeypatch.chdir(tmp_path)
    assert run("validate", "--format", "github").err == ""


@pytest.mark.parametrize(
    ("text", "arguments", "place"),
    [
        (WORKSPACE, [], (b"infra/expsync.yaml", 2, 51)),
        ("version: 2\n", [], (b"infra/expsync.yaml", 1, 1)),
        ("version: 1\nversion: 1\n", [], (b"infra/expsync.yaml", 2, 1)),
        (b"version: \xff\n", [], (b"infra/expsync.yaml", 1, 10)),
        (SOUND, ["-e", "dev"], (b"infra/expsync.yaml", 1, None)),
    ],
)
def test_a_workspace_file_that_cannot_be_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    text: str | bytes,
    arguments: list[str],
    place: tuple[bytes, int, int | None],
) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    write(tmp_path / "infra" / "expsync.yaml", text)
    (tmp_path / "infra" / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "infra" / "sub")
    ran = run("validate", *arguments, "--format", "sarif", "-c", "../expsync.yaml")
    assert (ran.code, ran.err) == (1, "")
    assert places(read(ran))[0] == place


def test_no_workspace_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("validate", "--format", "sarif")
    assert (ran.code, places(read(ran))) == (1, [(b"expsync.yaml", 1, None)])


def test_no_problem_is_an_empty_list_of_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    write(tmp_path / "expsync.yaml", SOUND.replace(", none/*.yaml", ""))
    write(tmp_path / "experiments" / "a.yaml", "key: a\n")
    monkeypatch.chdir(tmp_path)
    ran = run("validate", "--format", "sarif")
    assert (ran.code, places(read(ran)), ran.err) == (0, [], "")
    assert {rule["id"] for rule in json.loads(ran.out)["runs"][0]["tool"]["driver"]["rules"]} == {
        *CODES,
        *(rule.code for rule in RULES),
    }
    assert run("validate", "--format", "github").out == ""
