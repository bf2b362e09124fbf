"""Programs of the system that tests need: quick where they are there, plain words where they can't be had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "system_packages.sh"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with all that the script itself uses, the only one on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "env", "mktemp", "rm", "cat", "touch", "chmod"):
        found = next(path for part in os.defpath.split(os.pathsep) if (path := Path(part, name)).exists())
        (folder / name).symlink_to(found)
    return folder


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!{folder}/bash\n{body}\n")
    (folder / name).chmod(0o755)


def run(folder: Path, *names: str) -> tuple[int, str]:
    ran = subprocess.run(
        [folder / "bash", SCRIPT, *names],
        env={"PATH": str(folder)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.stdout == ""
    return ran.returncode, ran.stderr


INSTALL = 'echo "$*" >>"${0%/*}/asked"; for name; do [[ $name == -* || $name == install ]] || {\n'
INSTALL += 'touch "${0%/*}/$name"; chmod +x "${0%/*}/$name"; }; done'


def test_what_is_there_is_not_asked_for(programs: Path) -> None:
    program(programs, "apt-get", "exit 9")

    assert run(programs, "bash", "cat") == (0, "")
    assert run(programs) == (0, "")


def test_only_what_is_missing_is_installed(programs: Path) -> None:
    program(programs, "id", "echo 0")
    program(programs, "apt-get", INSTALL)

    assert run(programs, "cat", "zsh", "fish") == (0, "installing zsh fish\n")
    asked = (programs / "asked").read_text()
    assert asked == "install --yes --quiet --no-install-recommends zsh fish\n"
    assert run(programs, "cat", "zsh", "fish") == (0, "")
    assert (programs / "asked").read_text() == asked


def test_without_root_sudo_is_used_where_it_asks_nothing(programs: Path) -> None:
    program(programs, "id", "echo 1000")
    program(programs, "apt-get", INSTALL)
    code, said = run(programs, "zsh")
    assert (code, said) == (
        1,
        "missing: zsh: that needs root, or sudo without a password; install them, then run this again\n",
    )

    program(programs, "true", "")
    program(programs, "sudo", '[[ $1 == -n ]] || exit 1; shift; exec "$@"')
    assert run(programs, "zsh") == (0, "installing zsh\n")


def test_lists_of_packages_are_fetched_where_they_are_not_there(programs: Path) -> None:
    program(programs, "id", "echo 0")
    program(
        programs,
        "apt-get",
        f'[[ $1 == update ]] && {{ touch "${{0%/*}}/lists"; exit; }}\n[[ -e ${{0%/*}}/lists ]] || exit 100\n{INSTALL}',
    )

    assert run(programs, "zsh") == (0, "installing zsh\n")


@pytest.mark.parametrize(
    ("apt", "said"),
    [
        (None, "missing: zsh fish: there is no apt-get here; install them, then run this again\n"),
        (
            "echo no such package; exit 100",
            "installing zsh fish\nno such package\n"
            "missing: zsh fish: apt-get can't install them; install them, then run this again\n",
        ),
        (
            "exit 0",
            "installing zsh fish\nmissing: zsh fish: apt-get installed them, and there is still no program zsh; "
            "install them, then run this again\n",
        ),
    ],
)
def test_what_can_not_be_had_is_named(programs: Path, apt: str | None, said: str) -> None:
    program(programs, "id", "echo 0")
    if apt is not None:
        program(programs, "apt-get", apt)

    assert run(programs, "cat", "zsh", "fish") == (1, said)
