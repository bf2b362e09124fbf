"""A page, run: each thing that happens on it, in order, and what is wrong with what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.page import Command, Fence, Page
from tests.docs.shell import Shell
from tests.docs.shown import is_shown
from tests.docs.worlds import World, open_world

_QUESTION = "will do: "
_ASKS = ("echo $?",)


@dataclass(frozen=True)
class Result:
    """A command of the page, what it printed in the page's words, and its exit code."""

    command: Command
    printed: Sequence[str]
    code: int
    told: bool
    """Whether the page asks for the exit code right after it."""

    @property
    def is_right(self) -> bool:
        return not self.command.shown or is_shown(self.command.shown, self.printed)


def run_page(page: Page, scratch: Path) -> Iterator[Result]:
    """What each command came to, in order."""
    with open_world(page.world, scratch) as world, Shell(world.folder, world.environment, scratch) as shell:
        for at, event in enumerate(page.events):
            match event:
                case Command():
                    yield _run(world, shell, event, page.events[at + 1 : at + 2])
                case Fence():
                    _put(world, event, shell.folder)
                case _:
                    world.edit(event, shell.folder)


def _run(world: World, shell: Shell, command: Command, after: Sequence[object]) -> Result:
    def enough(lines: list[str]) -> bool:
        return is_shown(command.shown, [world.as_written(line) for line in lines])

    stays = command.text.rstrip().endswith("&") and bool(command.shown)
    ran = shell.run(
        world.as_run(command.text),
        answer=_answer(command.shown),
        enough=enough if stays and command.shown != ("?",) else None,
    )
    told = any(isinstance(event, Command) and event.text.startswith(_ASKS) for event in after)
    return Result(command, [world.as_written(line) for line in ran.lines], ran.code, told)


def _answer(shown: Sequence[str]) -> str:
    asked = [line for line in shown if _QUESTION in line]
    return asked[0].partition(_QUESTION)[2] if asked else "yes"


def _put(world: World, fence: Fence, folder: Path) -> None:
    """Nothing; the file is as the fence says."""
    file = folder / fence.title
    if fence.language != "diff":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(world.as_run(fence.text), encoding="utf-8")
        return
    before = world.as_run("".join(f"{line[1:]}\n" for line in fence.lines if line[:1] in ("-", " ", "")))
    after = world.as_run("".join(f"{line[1:]}\n" for line in fence.lines if line[:1] in ("+", " ", "")))
    assert file.is_file(), f"line {fence.line}: there is no {fence.title} to edit"
    text = file.read_text(encoding="utf-8")
    found = f"\n{text}".count(f"\n{before}")
    assert found == 1, f"line {fence.line}: what is to be edited stands {found} times in {fence.title}:\n{before}"
    file.write_text(f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:], encoding="utf-8")
