"""Problems for GitHub: the right line, and nothing that a file says can act."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from expsync.diagnostics import Diagnostic, Place, Severity
from expsync.render.github import MOST_SHOWN, render_annotations, unshown
from expsync.render.safe import visible
from tests.security.hostile import HALVES, HOSTILE

WRONG = Diagnostic(
    "EXP104",
    "error",
    Place("experiments/a.yaml", 14, 20),
    "rolloutPercentage is out of range",
    "130 is not between 0 and 100",
    "write a percentage",
    "checkout",
)
NOWHERE = Diagnostic("EXP404", "warning", None, "nothing matched")


def test_an_annotation_stands_on_its_line() -> None:
    assert render_annotations([WRONG, NOWHERE], folder=".") == (
        "::error title=EXP104 checkout,file=experiments/a.yaml,line=14,col=20::rolloutPercentage is out of range"
        "%0A130 is not between 0 and 100%0Ahint: write a percentage\n"
        "::warning title=EXP404::nothing matched\n"
    )


def test_the_place_is_told_from_the_root_of_the_repository() -> None:
    assert "file=infra/experiments/a.yaml," in render_annotations([WRONG], folder="infra")
    assert "file=infra/experiments/a.yaml," in render_annotations([WRONG], folder="infra/x y/..")


def test_what_a_file_says_cannot_make_a_command() -> None:
    hostile = "a\n::error::b\r%0A,x=y:z\x1b[31m"
    problem = Diagnostic("EXP1", "error", Place(hostile, 1), hostile, hostile, hostile, hostile)
    text = render_annotations([problem], folder=".")
    assert text.count("\n") == 1
    assert text.replace("\n", "").isprintable()
    properties = text.split("::", 2)[1]
    assert [part.split("=")[0] for part in properties.removeprefix("error ").split(",")] == ["title", "file", "line"]


@pytest.mark.parametrize("text", [*HOSTILE.values(), *HALVES.values(), "100%", "%25", "a,b=c:d::e", "%0A", "é ü"])
def test_github_reads_what_was_meant(text: str) -> None:
    """Read as the runner reads a command: properties up to `::`, split at commas, with its few escapes undone."""
    problem = Diagnostic("EXP1", "warning", Place(f"x{text}", 3, 4), f"m{text}", subject=text)
    (line,) = render_annotations([problem], folder="a").splitlines()
    command, _, rest = line.removeprefix("::").partition(" ")
    listed, _, message = rest.partition("::")
    read = {name: unquote(value) for name, value in (part.split("=", 1) for part in listed.split(","))}
    # The title's end has no space of its own, and a path within a folder has no step that leads nowhere.
    assert read.pop("title") == visible(f"EXP1 {text}".strip())
    assert read.pop("file").startswith("a/x") or "../" in text
    assert (command, read) == ("warning", {"line": "3", "col": "4"})
    shown = "\n".join(visible(said) for said in f"m{text}".splitlines())
    assert message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == shown


def test_a_place_without_a_line_has_none() -> None:
    problem = Diagnostic("EXP1", "error", Place("a.yaml"), "m")
    assert render_annotations([problem], folder=".") == "::error title=EXP1,file=a.yaml::m\n"


def test_what_github_drops_is_past_the_tenth_of_each_severity() -> None:
    kinds: list[Severity] = ["error", "warning", "warning"]
    problems = [Diagnostic(f"EXP{at}", kinds[at % 3], None, "m") for at in range(33)]
    assert MOST_SHOWN == 10
    # Of 11 errors the last one, and of 22 warnings those after the tenth.
    assert [problem.code for problem in unshown(problems)] == [
        f"EXP{at}" for at in range(33) if at == 30 or (at % 3 and at > 14)
    ]
    assert unshown(problems[:15]) == []
