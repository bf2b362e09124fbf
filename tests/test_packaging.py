"""The wheel and the source archive: all that belongs in them, nothing else, and a program that works from them."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from expsync import __version__
from expsync.model.json_schema import schema_text

ROOT = Path(__file__).parent.parent
NEEDED = {
    "expsync/py.typed",
    "expsync/__main__.py",
    "expsync/render/report.css",
    "expsync/render/report.js",
    "expsync/authoring/templates/expsync.yaml",
    "expsync/authoring/templates/workflow.yaml",
    "expsync/authoring/templates/gitignore",
}
"""Some that the program reads when it runs, by name: if they are gone from the repository too, that shows here."""
IN_SDIST = ("expsync/", "schemas/", "examples/")
BESIDE = {".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}


def listed(*folders: str) -> set[str]:
    """The files of these folders, as git knows them or would take them in."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return {name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()}


def build(source: Path, target: Path, *kinds: str) -> list[Path]:
    """What the build backend makes of `source`, without a network: what pip would call."""
    wanted = [word for kind in kinds for word in ("-t", kind)]
    ran = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *wanted, "-d", target],
        cwd=source,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return sorted(target.iterdir())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source archive and the wheel."""
    wheel, sdist = build(ROOT, tmp_path_factory.mktemp("dist"), "sdist", "wheel")
    return sdist, wheel


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    _, wheel = built
    info = f"expsync-{__version__}.dist-info"
    about = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert wheel.name == f"expsync-{__version__}-py3-none-any.whl"
    assert names_in(wheel) == listed("expsync") | about
    assert names_in(wheel) >= NEEDED


def test_the_source_archive_has_what_it_takes_to_build_and_to_try_it(built: tuple[Path, Path]) -> None:
    sdist, _ = built
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert {member.name.partition("/")[0] for member in members} == {f"expsync-{__version__}"}
    assert {member.name.partition("/")[2] for member in members if member.isfile()} == listed(*IN_SDIST) | BESIDE
    assert all(member.isfile() or member.isdir() for member in members)


def test_the_source_archive_gives_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Byte for byte, so that whoever builds it can compare."""
    sdist, wheel = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (again,) = build(tmp_path / "source" / f"expsync-{__version__}", tmp_path / "dist", "wheel")
    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())


def test_the_wheel_says_what_it_is(built: tuple[Path, Path]) -> None:
    _, wheel = built
    info = f"expsync-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        entries = archive.read(f"{info}/entry_points.txt").decode()
    assert (metadata["Name"], metadata["Version"]) == ("expsync", __version__)
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("MIT", ">=3.11")
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert entries == "[console_scripts]\nexpsync = expsync.cli.process:program\n"


def test_the_program_works_from_the_wheel_alone(built: tuple[Path, Path], tmp_path: Path) -> None:
    """The files that are read when it runs are found: templates, schemas, and the parts of the report."""
    _, wheel = built
    installed, work = tmp_path / "installed", tmp_path / "work"
    work.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def expsync(*arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "expsync", *arguments],
            cwd=work,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert (ran.returncode, ran.stderr if ran.returncode else "") == (0, "")
        return ran.stdout

    told = [sys.executable, "-P", "-c", "import expsync; print(expsync.__file__)"]
    found = subprocess.run(told, cwd=work, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert Path(found.stdout.strip()) == installed / "expsync" / "__init__.py"
    assert __version__ in expsync("--version")
    expsync("init", "flags")
    work /= "flags"
    assert expsync("validate").endswith(": no problems.\n")
    assert "<style>" in expsync("plan", "--format", "html")
    assert expsync("schema", "plan") == schema_text("plan")
