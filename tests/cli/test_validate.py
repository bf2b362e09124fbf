"""`expsync validate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

WORKSPACE = """\
version: 1
environments:
  dev: {baseUrl: sandbox, projectId: "1", deployments: {web: "101"}}
  prod: {baseUrl: sandbox, projectId: "2"}
"""
GOOD = "key: good\nvariants:\n  - key: control\n  - key: treatment\n"
OUT_OF_RANGE = "key: far-out\nrolloutPercentage: 130\n"
# `web` is an alias in dev alone.
BAD_IN_PROD = "key: web-only\ndeployments: [web]\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "good.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _add(workspace: Path, name: str, text: str) -> Path:
    path = workspace / "experiments" / name
    path.write_text(text, encoding="utf-8")
    return path


def test_good_files_have_no_problems(run: Run, workspace: Path) -> None:
    ran = run("validate")

    assert (ran.code, ran.out, ran.err) == (0, "1 file, 1 experiment: no problems.\n", "")


def test_every_problem_is_listed_by_place_and_counted(run: Run, workspace: Path) -> None:
    _add(workspace, "z.yaml", OUT_OF_RANGE)
    _add(workspace, "a.yaml", "key: a\nnaem: A\n")

    ran = run("validate")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (1, "")
    assert [line for line in lines if line.startswith("  experiments/")] == [
        "  experiments/a.yaml:2:1  a",
        "  experiments/z.yaml:2:20  far-out",
    ]
    assert lines[-1].endswith(": 2 errors.")


def test_json_has_every_problem_and_the_counts(run: Run, workspace: Path) -> None:
    _add(workspace, "z.yaml", OUT_OF_RANGE)

    ran = run("validate", "--format", "json")
    document = json.loads(ran.out)
    [problem] = document["problems"]
    assert (ran.code, ran.err) == (1, "")
    assert (problem["file"], problem["line"], problem["column"]) == ("experiments/z.yaml", 2, 20)
    assert (problem["severity"], problem["subject"]) == ("error", "far-out")
    assert list(problem) == ["code", "severity", "file", "line", "column", "message", "detail", "hint", "subject"]
    assert document["summary"] == {"files": 2, "experiments": 2, "errors": 1, "warnings": 0}


def test_paths_narrow_what_is_checked(run: Run, workspace: Path) -> None:
    bad = _add(workspace, "z.yaml", OUT_OF_RANGE)

    assert run("validate", workspace / "experiments" / "good.yaml").out == "1 file, 1 experiment: no problems.\n"
    assert run("validate", bad).code == 1


def test_a_path_that_is_no_file_of_the_workspace_is_a_problem(run: Run, workspace: Path) -> None:
    assert run("validate", "none.yaml").code == 1


def test_every_environment_is_checked_unless_one_is_named(run: Run, workspace: Path) -> None:
    _add(workspace, "web.yaml", BAD_IN_PROD)

    assert run("validate").code == 1
    assert run("validate", "-e", "prod").code == 1
    assert run("-e", "dev", "validate").code == 0
    assert run("validate", "-e", "none").code == 1


def test_no_workspace_is_a_problem_like_any_other(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    ran = run("validate", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, ran.err) == (1, "")
    assert [problem["code"] for problem in document["problems"]] == ["EXP301"]
    assert document["summary"] == {"files": 0, "experiments": 0, "errors": 1, "warnings": 0}


def test_a_workspace_elsewhere_is_named_with_config(
    run: Run, workspace: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert run("validate", "-c", workspace / "expsync.yaml").out == "1 file, 1 experiment: no problems.\n"


def test_warnings_fail_only_when_strict(run: Run, workspace: Path) -> None:
    _add(
        workspace,
        "old.yaml",
        "key: old\nacknowledge:\n  - {risk: payload, reason: looked at it, until: 2020-01-01}\n",
    )

    lenient, strict = run("validate"), run("validate", "--strict")

    assert (lenient.code, strict.code) == (0, 1)
    assert lenient.out == strict.out
    assert lenient.out.splitlines()[-1] == "2 files, 2 experiments: 1 warning."


@pytest.mark.parametrize("name", ["quickstart", "many-environments"])
def test_the_examples_are_good(run: Run, name: str) -> None:
    example = Path(__file__).parents[2] / "examples" / name

    ran = run("validate", "--strict", "-c", example / "expsync.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "3 files, 3 experiments: no problems.\n", "")


@pytest.mark.parametrize(
    ("form", "shown"),
    [("github", "::error title=EXP104 a,file=w/experiments/a.yaml,line=2,col=20::"), ("sarif", '"2.1.0"')],
)
def test_problems_for_machines_have_places_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, form: str, shown: str
) -> None:
    (tmp_path / "w" / "experiments").mkdir(parents=True)
    (tmp_path / "w" / "expsync.yaml").write_text("version: 1\nenvironments: {s: {baseUrl: sandbox, projectId: '1'}}\n")
    (tmp_path / "w" / "experiments" / "a.yaml").write_text("key: a\nrolloutPercentage: 130\n")
    monkeypatch.chdir(tmp_path)
    ran = run("-c", "w/expsync.yaml", "validate", "--format", form)
    assert (ran.code, ran.err) == (1, "")
    assert shown in ran.out


def test_a_bad_workspace_file_is_annotated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    (tmp_path / "expsync.yaml").write_text("version: 2\n")
    monkeypatch.chdir(tmp_path)
    ran = run("validate", "--format", "github")
    assert ran.code == 1
    assert ran.out.startswith("::error title=EXP")
    assert "file=expsync.yaml,line=1" in ran.out
