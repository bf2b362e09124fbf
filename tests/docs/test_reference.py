"""The pages of the reference are what the program says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from expsync.cli.main import group
from expsync.config.codes import CODES
from expsync.config.lint import RULES
from scripts.reference.__main__ import DOCS, PAGES, main, stale, write
from scripts.reference.exits import ALWAYS, MEANINGS, OF_COMMANDS
from tests.docs.worlds import ROOT


def test_the_pages_are_as_the_program_is(capsys: pytest.CaptureFixture[str]) -> None:
    """`make docs` makes them so."""
    assert (main("--check"), capsys.readouterr().out) == (0, "")


def test_a_page_that_is_not_so_is_named_and_mended(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "rules.md").write_text("old", encoding="utf-8")
    (tmp_path / "fields.md").unlink()

    assert stale(tmp_path) == ["fields.md", "rules.md"]
    write(tmp_path)
    assert stale(tmp_path) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_the_same_each_time(name: str) -> None:
    assert PAGES[name]() == PAGES[name]()


def test_every_command_and_each_of_its_options_is_on_the_page() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    missing = [
        f"{path}: {option}"
        for path, command in _commands(group, "")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if not re.search(rf"`[^`\n]*(?<![\w-]){re.escape(option)}(?![\w-])", page)
    ]

    assert missing == []
    assert [path for path, _ in _commands(group, "") if f"# {path}\n" not in page] == []


def test_every_rule_and_every_code_is_on_the_page() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")

    assert [rule.code for rule in RULES if f"### {rule.code}: {rule.name} " not in page] == []
    assert [code for code in CODES if f"| `{code}` |" not in page] == []


def test_every_exit_code_that_a_command_has_is_among_the_exit_codes() -> None:
    known = dict(_commands(group, ""))

    assert set(OF_COMMANDS) <= set(known)
    assert {code for codes in OF_COMMANDS.values() for code in codes} | set(ALWAYS) == set(MEANINGS)


def test_the_readme_has_the_same_exit_codes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Exit codes")[2].partition("\n## ")[0]

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(MEANINGS)


def _commands(command: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    with command.make_context("expsync", [], resilient_parsing=True) as ctx:
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield f"{above}{name}", inner
            if isinstance(inner, click.Group):
                yield from _commands(inner, f"{above}{name} ")
