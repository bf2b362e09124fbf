"""The ready parts against what their platforms say that such files may hold, and against the tree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from expsync import __version__
from expsync.authoring.scaffold import contents
from tests.parts.steps import ROOT, loaded

WORKFLOW = ".github/workflows/expsync.yaml"
BIN = Path(sys.executable).parent


def _workflow() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(contents(__version__)[WORKFLOW].decode())
    return found


def _scripts() -> Iterator[tuple[str, str, str]]:
    """Name, shell and text of every shell step."""
    for path in sorted((ROOT / "ci").glob("*.sh")):
        yield path.name, "bash", path.read_text(encoding="utf-8")
    for step in loaded(ROOT / "action.yml")["runs"]["steps"]:
        if "run" in step:
            yield f"action.yml: {step['name']}", "bash", step["run"]
    for name, job in _workflow()["jobs"].items():
        for step in job["steps"]:
            if "run" in step:
                yield f"workflow.yaml: {name}: {step['name']}", "bash", step["run"]
    gitlab = loaded(ROOT / "ci" / "gitlab.yml")
    [before] = gitlab[".expsync"]["before_script"]
    for name, job in gitlab.items():
        if "script" in job:
            # One shell runs both.
            yield f"gitlab.yml: {name}", "sh", "\n".join([before, *job["script"]])


SCRIPTS = list(_scripts())


@pytest.mark.parametrize(
    ("schema", "name"),
    [("github-actions", "action.yml"), ("gitlab-ci", "ci/gitlab.yml"), ("github-workflows", WORKFLOW)],
)
def test_each_file_is_what_its_platform_takes(tmp_path: Path, schema: str, name: str) -> None:
    path = ROOT / name
    if name == WORKFLOW:
        path = tmp_path / "workflow.yaml"
        path.write_bytes(contents(__version__)[WORKFLOW])
    _clean("check-jsonschema", "--quiet", "--builtin-schema", f"vendor.{schema}", str(path))


def test_shellcheck_finds_nothing_in_any_step(tmp_path: Path) -> None:
    names = []
    for at, (_, shell, script) in enumerate(SCRIPTS):
        path = tmp_path / f"{at}.sh"
        path.write_text(script if script.startswith("#!") else f"#!/usr/bin/env {shell}\n{script}", encoding="utf-8")
        names.append(str(path))

    assert len(names) == 22
    _clean("shellcheck", "--severity=style", *names)


@pytest.mark.skipif(not (BIN / "hadolint").exists(), reason="hadolint is there for Linux alone")
def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    _clean("hadolint", "--failure-threshold", "info", str(ROOT / "Dockerfile"))


@pytest.mark.parametrize(("name", "script"), [(name, script) for name, _, script in SCRIPTS])
def test_no_shell_text_has_an_expression_in_it(name: str, script: str) -> None:
    # GitHub would put its value in as text of the shell, whoever wrote that value.
    assert "${{" not in script


def test_every_program_that_is_run_leaves_the_checkout_out_of_its_imports() -> None:
    for name, _, script in SCRIPTS:
        assert re.findall(r"python\S*\"? -m (?!pip|venv)", script) == [], name


def test_the_action_uses_nothing_but_githubs_own_by_major_version() -> None:
    steps = loaded(ROOT / "action.yml")["runs"]["steps"]

    assert {step["uses"] for step in steps if "uses" in step} == {
        "actions/setup-python@v6",
        "actions/upload-artifact@v6",
    }


def test_the_actions_inputs_and_outputs_are_used_and_told_of() -> None:
    document = loaded(ROOT / "action.yml")
    text = (ROOT / "action.yml").read_text(encoding="utf-8").partition("\nruns:")[2]
    page = (ROOT / "docs" / "ready-parts.md").read_text(encoding="utf-8")

    for name in document["inputs"]:
        assert f"inputs.{name} " in text, name
        assert f"`{name}`" in page, name
    for name in document["outputs"]:
        assert f"`{name}`" in page, name
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(document["inputs"])


def test_the_token_is_with_the_steps_that_need_it_alone() -> None:
    steps = loaded(ROOT / "action.yml")["runs"]["steps"]

    assert [step["name"] for step in steps if "github-token" in str(step)] == ["Apply", "Comment", "Issue"]


def test_a_hook_runs_a_command_on_the_whole_workspace() -> None:
    hooks: list[dict[str, Any]] = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert [(hook["id"], hook["entry"], hook["types"]) for hook in hooks] == [
        ("expsync-fmt", "expsync fmt", ["yaml"]),
        ("expsync-validate", "expsync validate", ["text"]),
    ]
    for hook in hooks:
        assert set(hook) == {
            "id",
            "name",
            "description",
            "entry",
            "language",
            "types",
            "pass_filenames",
            "require_serial",
        }
        assert (hook["language"], hook["pass_filenames"], hook["require_serial"]) == ("python", False, True)


@pytest.mark.parametrize(("broken", "codes"), [(False, [0, 0]), (True, [1, 1])])
def test_the_hooks_commands_check_files_that_no_commit_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, broken: bool, codes: list[int]
) -> None:
    from expsync.cli.main import main

    shutil.copytree(ROOT / "examples" / "quickstart", tmp_path / "flags", ignore=shutil.ignore_patterns(".expsync"))
    if broken:
        (tmp_path / "flags" / "experiments" / "broken.yaml").write_text("key: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    hooks: list[dict[str, Any]] = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    ended = [main([*hook["entry"].split()[1:], "-c", "flags/expsync.yaml"]) for hook in hooks]

    assert ended == codes


def test_the_image_is_built_of_what_is_there_and_of_nothing_else() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1] if "/" not in name}
    copied -= {"--from=build"}
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    admitted = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert copied == admitted
    assert [name for name in copied if not (ROOT / name).exists()] == []
    # What a wheel of it is built of.
    assert {project["project"]["readme"], *project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]} <= copied
    assert patterns[1] == "*"
    for secret in (".env", ".git/config", "examples/x", "expsync/__pycache__/x.pyc", "expsync/.expsync/sandbox.db"):
        assert not _in_the_context(secret, patterns), secret
    assert _in_the_context("expsync/cli/main.py", patterns)


def _in_the_context(name: str, patterns: list[str]) -> bool:
    """As Docker reads the patterns: the last that matches the name or a folder of it decides."""
    parents = ["/".join(name.split("/")[: depth + 1]) for depth in range(name.count("/") + 1)]
    kept = True
    for pattern in (line for line in patterns if line and not line.startswith("#")):
        bare = pattern.removeprefix("!")
        ways = [bare, bare.removeprefix("**/")]
        if any(fnmatch(parent, way) or fnmatch(parent.rpartition("/")[2], way) for parent in parents for way in ways):
            kept = pattern.startswith("!")
    return kept


def test_the_image_does_not_run_as_root_and_its_base_has_a_tag() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    python = {line for line in lines if line.startswith("FROM ")}

    assert python == {"FROM python:3.13-slim-trixie AS build", "FROM python:3.13-slim-trixie"}
    assert [line for line in lines if line.startswith(("USER", "ENTRYPOINT"))] == [
        "USER 10001",
        'ENTRYPOINT ["expsync"]',
    ]


def _clean(program: str, *arguments: str) -> None:
    """Nothing where the program is content."""
    ran = subprocess.run([BIN / program, *arguments], capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
