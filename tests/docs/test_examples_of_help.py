"""Every example of the help, which the page of the commands shows too, is run.

Here the shell is not: of `expsync rules | less` only what is expsync's, in this process, where it costs little.
"""

from __future__ import annotations

import io
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from expsync.cli.help import ExpsyncCommand, ExpsyncGroup
from expsync.cli.main import group, main
from expsync.sandbox import server
from tests.docs.page import Meanwhile
from tests.docs.worlds import ROOT, World
from tests.repository import new_repository

_PROD = """\
  prod:
    baseUrl: sandbox
    projectId: "2002"
    deployments: {web: "9301", ios: "9302"}
"""
_CONTROL = {"&&", "|", ">"}


class Typed(io.TextIOWrapper):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def _stdin(text: bytes) -> Typed:
    return Typed(io.BytesIO(text), encoding="utf-8")


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository that has all that the examples name, applied to two projects, and edited by hand since."""
    root = tmp_path / "flags"
    git = new_repository(root, monkeypatch)
    shutil.copytree(
        ROOT / "examples" / "quickstart", root, ignore=shutil.ignore_patterns(".expsync"), dirs_exist_ok=True
    )
    search = root / "experiments" / "search" / "ranking.yaml"
    search.parent.mkdir()
    text = (root / "experiments" / "search-ranking.yaml").read_text(encoding="utf-8")
    search.write_text(text.replace("../users/", "../../users/"), encoding="utf-8")
    (root / "experiments" / "search-ranking.yaml").unlink()
    with (root / "expsync.yaml").open("a", encoding="utf-8") as workspace:
        workspace.write(_PROD)
    (root / ".gitignore").write_text(".expsync/\n", encoding="utf-8")
    git.commit()
    monkeypatch.chdir(root)
    for environment in ("sandbox", "prod"):
        assert main(["apply", "-e", environment, "--yes", "--quiet"]) == 0
    world = World(tmp_path, root, {})
    for project in ("1001", "2002"):
        world.edit(Meanwhile("checkout-button", project, "", '{"description": "By hand"}'), root)
    return root


def test_every_example_is_run_and_does_it(
    flags: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[int] = []
    monkeypatch.setattr(server, "serve", _announced(served))
    failed = []
    count = 0
    for number, line in enumerate(_examples(group, click.Context(group))):
        new = flags.parent / f"new-{number}"
        new.mkdir()
        monkeypatch.chdir(new if " init " in line else flags)
        for (program, *arguments), given in _commands(line):
            if program == "cd":
                monkeypatch.chdir(Path.cwd() / arguments[0])
            if program != "expsync":
                continue
            monkeypatch.setattr(sys, "stdin", _stdin(b"yes\n" if given is None else (flags / given).read_bytes()))
            code = main(arguments)
            count += 1
            if code not in ((0, 2) if "--detailed-exitcode" in arguments else (0,)):
                failed.append(f"{line}: {code}: {capsys.readouterr()}")

    assert failed == []
    assert count > 30
    assert served == [8377, 8377, 8377]


def _announced(served: list[int]) -> Callable[..., None]:
    def serve(_: object, *, port: int, announce: Callable[[str], None], **__: Any) -> None:
        served.append(port)
        announce(f"http://127.0.0.1:{port}")

    return serve


def _examples(command: click.Command, ctx: click.Context) -> Iterator[str]:
    if isinstance(command, ExpsyncCommand | ExpsyncGroup):
        yield from (line for _, line in command.examples)
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from _examples(inner, click.Context(inner, parent=ctx))


def _commands(line: str) -> Iterator[tuple[list[str], str | None]]:
    """The words of each command in a line of a shell, and the file that it reads, if any."""
    plain = line.replace('eval "$(', "").replace(')"', "").replace("source <(", "").replace(")", " ")
    words = [*shlex.split(plain.replace("source <(", "")), "&&"]
    while words:
        end = next(at for at, word in enumerate(words) if word in _CONTROL)
        arguments, words = words[:end], words[end + 1 :]
        given = None
        if "<" in arguments:
            given = arguments.pop()
            arguments.pop()
        yield arguments, given
