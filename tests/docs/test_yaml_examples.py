"""Every YAML example of the documents that is a file of expsync's, or some fields of one, is a good one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from expsync.config.load import load_declarations, load_workspace
from expsync.errors import ConfigError
from expsync.model.json_schema import schema_of
from expsync.model.workspace import WorkspaceFile
from tests.docs.page import Fence, fences
from tests.docs.test_shown_commands import PAGES
from tests.docs.worlds import ROOT

_TOP = re.compile(r"^([\w.-]+):", re.MULTILINE)
_ENVIRONMENTS = "".join(
    f"  {name}: {{baseUrl: sandbox, projectId: '{number}', deployments: {{web: '{number}1', ios: '{number}2'}}}}\n"
    for number, name in enumerate(("sandbox", "dev", "staging", "prod"), 1)
)
_WORKSPACE = f"version: 1\nenvironments:\n{_ENVIRONMENTS}"
_AT_ANY_DEPTH = re.compile(r"^[ -]*([\w.-]+):", re.MULTILINE)
_OTHERS = {
    "image", "include", "inputs", "jobs", "on", "repos", "runs", "services", "stages", "steps", "strategy", "uses",
    "variables", "when", "with",
}  # fmt: skip
"""One of these stands in files of other programs, and in none of ours."""


def _examples() -> Iterator[tuple[Path, Fence]]:
    for page in PAGES:
        for fence in fences(page.read_text(encoding="utf-8")):
            if fence.language in ("yaml", "yml") and not _OTHERS & set(_AT_ANY_DEPTH.findall(fence.text)):
                yield page, fence


def _name(value: object) -> str:
    return value.name if isinstance(value, Path) else f"line-{value.line}" if isinstance(value, Fence) else ""


@pytest.mark.parametrize(("page", "fence"), list(_examples()), ids=_name)
def test_the_example_is_a_good_one(page: Path, fence: Fence, tmp_path: Path) -> None:
    errors = _errors(fence.text, tmp_path)

    if fence.is_wrong:
        assert errors
    else:
        assert errors == []


def test_what_tells_files_of_other_programs_is_no_field_of_ours() -> None:
    """Else an example of ours would be checked by nobody."""
    schemas = [schema_of("experiment"), schema_of("workspace")]
    ours = {name for schema in schemas for name in re.findall(r'"(\w+)": \{', json.dumps(schema))}

    assert {"key", "rolloutWeights", "massChange"} <= ours
    assert not _OTHERS & ours


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("key: a\nrolloutPercentage: 101\n", "EXP104"),
        ("rolloutPercentage: 101\n", "EXP104"),
        ("policy: {refuse: always}\n", "EXP105"),
        ("environments: {prod: {projectId: '1', deployment: {}}}\n", "EXP101"),
        ("environments: {prod: {rolloutPercentages: 5}}\n", "EXP101"),
        ("varients: []\n", "EXP101"),
    ],
)
def test_a_bad_example_would_be_found(text: str, code: str, tmp_path: Path) -> None:
    assert _errors(text, tmp_path) == [code]


def _errors(text: str, folder: Path) -> list[str]:
    """The codes of the errors of an example, completed to a file."""
    (folder / "users").mkdir()
    for file in (ROOT / "examples").glob("*/users/*"):
        (folder / "users" / file.name).write_bytes(file.read_bytes())
    (folder / "experiments").mkdir()
    given = set(_TOP.findall(text))
    if _is_workspace(given, text):
        first = "" if "version" in given else "version: 1\n"
        last = "" if "environments" in given else f"environments:\n{_ENVIRONMENTS}"
        (folder / "expsync.yaml").write_text(f"{first}{text}{last}", encoding="utf-8")
    else:
        (folder / "expsync.yaml").write_text(_WORKSPACE, encoding="utf-8")
        key = "" if "key" in given else "key: example\n"
        (folder / "experiments" / "example.yaml").write_text(f"{key}{text}", encoding="utf-8")
    try:
        workspace = load_workspace(folder / "expsync.yaml", cwd=folder, environ={})
    except ConfigError as error:
        return [problem.code for problem in error.diagnostics]
    problems = load_declarations(workspace, None).diagnostics
    return [problem.code for problem in problems if problem.severity == "error"]


def _is_workspace(given: set[str], text: str) -> bool:
    if given == {"environments"}:
        return "projectId" in text
    return given <= set(WorkspaceFile.model_fields)
