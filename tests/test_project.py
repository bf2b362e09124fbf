"""What is written in more than one place says the same in all of them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from expsync import __version__
from expsync.model.json_schema import schema_text

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines)


def _tracked() -> list[Path]:
    """Every file of the repository, as git knows it or would take it in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("kind", ["experiment", "workspace", "plan"])
def test_the_published_schemas_are_those_of_the_models(kind: Any) -> None:
    path = ROOT / "schemas" / f"{kind}.schema.json"

    assert path.read_text(encoding="utf-8") == schema_text(kind), "run `make schemas`"


def test_the_readme_quotes_the_program() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts" / "readme_help.py", "--check"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )

    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_every_constraint_is_one_exact_version_and_the_list_is_sorted() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line)] == []
    assert lines == sorted(lines, key=str.lower)


def test_every_dependency_is_pinned() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *(requirement for extra in extras for requirement in extra)]
    names = {_normal(re.split(r"[<>=!~ ;\[]", requirement)[0]) for requirement in wanted}

    # An extra may take in another one of the project's own.
    assert names - {"expsync"} <= {_normal(name) for name in _pins()}


def test_no_configuration_names_a_package_registry() -> None:
    # Put together here, so that this file does not name one either.
    hosts = ["py" + "pi.org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian"]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in _tracked()
        if path.suffix != ".md"
        for host in hosts
        if host.encode() in path.read_bytes()
    ]

    assert found == []


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(__version__)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)


def test_links_of_the_documents_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]

    assert broken == []


@pytest.mark.parametrize("name", ["experiment", "workspace"])
def test_every_example_names_the_schema_beside_it(name: str) -> None:
    pattern = "expsync.yaml" if name == "workspace" else "experiments/**/*.yaml"
    files = [path for example in (ROOT / "examples").iterdir() for path in example.glob(pattern)]

    assert files
    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve() == ROOT / "schemas" / f"{name}.schema.json"
