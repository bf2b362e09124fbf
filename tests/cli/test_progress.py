"""How far something is: a bar at a terminal once it takes long, a line in a log now and then."""

from __future__ import annotations

import io
import re

import pytest

from expsync.cli.options import Globals
from expsync.cli.progress import Progress

SECONDS = 60
"""The bar's own thread is up long before."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch,
    globals_: Globals,
    stream: io.StringIO | None = None,
    *,
    steps: int = 1,
    then: str = "",
    width: int = 80,
) -> str:
    """All that was written while a bar was there from the start, seen to be there, and taken away."""
    stream = stream or Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", str(width))
    with Progress(globals_, "applying", 4, then=then, bar_after=0) as progress:
        assert progress.shown.wait(SECONDS)
        for _ in range(steps):
            progress.step("a")
    return stream.getvalue()


def frames(text: str) -> list[str]:
    """What stood on the line, one time after the other, without colours."""
    lines = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))
    return [line for line in lines if line.strip()]


def test_a_person_at_a_terminal_sees_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Globals(), steps=3)

    assert re.fullmatch(r"applying ━+.* 3/4 0:00:00", frames(text)[-1].rstrip())
    # The last thing is to erase the line, and to show the cursor again.
    assert text.endswith("\x1b[2K")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_what_is_done_before_the_bar_is_there_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(Globals(), "reading", bar_after=0) as progress:
        progress.update(7, 9)
        assert progress.shown.wait(SECONDS)

    assert "7/9" in frames(stream.getvalue())[-1]


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(Globals(), "reading", 4, bar_after=SECONDS) as progress:
        progress.update(4, 4)

    assert stream.getvalue() == ""


def test_after_the_last_step_it_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert frames(shown(monkeypatch, Globals(), steps=4, then="reading it again"))[-1].startswith("reading it again ")


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "applying ━{40} 0/4 0:00:00"),
        (60, "applying ━{28} 0/4 0:00:00"),
        (40, "applying ━{8} 0/4 0:00:00"),
        (34, "applying 0/4 0:00:00"),
        (24, "0/4 0:00:00"),
    ],
)
def test_the_bar_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int, line: str) -> None:
    found = frames(shown(monkeypatch, Globals(), steps=0, width=width))

    assert all(re.fullmatch(line, frame.strip()) for frame in found), found
    assert max(map(len, found)) <= width


def test_a_bar_has_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[3" in shown(monkeypatch, Globals())
    assert "\x1b[3" not in shown(monkeypatch, Globals(no_color=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(monkeypatch, Globals())


def test_what_is_printed_meanwhile_stands_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(Globals(), "reading", 4, bar_after=0) as progress:
        assert progress.shown.wait(SECONDS)
        click.echo("warning: look here", err=True)

    assert "warning: look here" in frames(stream.getvalue())


@pytest.mark.parametrize(
    ("stream", "variables"), [(io.StringIO, {}), (Terminal, {"CI": "1"}), (Terminal, {"TERM": "dumb"})]
)
def test_a_log_gets_a_line_every_so_often(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    log = stream()
    monkeypatch.setattr("sys.stderr", log)
    with Progress(Globals(), "applying", 2_000, then="reading it again", line_every=0.001) as progress:
        progress.update(1_200, 2_000)
        progress.shown.clear()
        assert progress.shown.wait(SECONDS)
        progress.update(2_000, 2_000)
        progress.shown.clear()
        assert progress.shown.wait(SECONDS)
        progress.shown.clear()
        assert progress.shown.wait(SECONDS)

    lines = log.getvalue().splitlines()
    assert "applying: 1,200 of 2,000, after 0:00" in lines
    assert lines[-1] == "reading it again, after 0:00"
    assert "\x1b" not in log.getvalue()


def test_before_anything_is_known_a_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    with Progress(Globals(), "reading files", line_every=0.001) as progress:
        assert progress.shown.wait(SECONDS)

    assert log.getvalue().splitlines()[0] == "reading files: 0, after 0:00"


@pytest.mark.parametrize(
    ("stream", "globals_", "ci"),
    [(io.StringIO, Globals(), ""), (Terminal, Globals(quiet=True), ""), (Terminal, Globals(), "true")],
    ids=["no terminal", "quiet", "CI"],
)
def test_a_short_run_that_nobody_watches_says_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], globals_: Globals, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    written = stream()
    monkeypatch.setattr("sys.stderr", written)
    with Progress(globals_, "applying", 4, bar_after=0) as progress:
        progress.step("a")

    assert written.getvalue() == ""


def test_a_failure_takes_the_bar_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)

    def stop(progress: Progress) -> None:
        assert progress.shown.wait(SECONDS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Progress(Globals(), "applying", 4, bar_after=0) as progress:
        stop(progress)

    assert stream.getvalue().endswith("\x1b[2K")
