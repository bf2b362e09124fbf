"""Ten plans in text, Markdown and HTML: whole outputs, and the three say the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache

import pytest

from tests.render.reading import Page
from tests.render.ten import SUFFIXES, TEN, shown, ten_plan
from tests.security.hostile import acts

Expected = Callable[[str, str], None]
WHOLE = 120_000
"""Characters up to which an output is kept whole; of a longer one the head, the tail and the digest of all."""
each = pytest.mark.parametrize("name", TEN)


def kept(output: str) -> str:
    if len(output) <= WHOLE:
        return output
    lines = [line if len(line) <= 400 else f"{line[:400]} [{len(line)} characters]" for line in output.splitlines()]
    digest = hashlib.sha256(output.encode()).hexdigest()
    told = f"[{len(output)} characters in {len(lines)} lines, sha256 {digest}]"
    return "\n".join([*lines[:80], told, *lines[-40:], ""])


def test_there_are_ten_from_empty_to_a_thousand() -> None:
    sizes = [len(ten_plan(name).experiments) for name in TEN]
    assert len(sizes) == 10
    assert (min(sizes), max(sizes)) == (0, 1_000)


@each
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_plan_as_it_is_shown(expected: Expected, name: str, suffix: str) -> None:
    output = shown(name, suffix)
    assert acts(output) == []
    if suffix == "html":
        # The style and the script are the same for all, and are files of their own.
        output = output.partition("<body>")[2].partition("<script>")[0].rstrip() + "\n"
    expected(f"plan-{name}.{suffix}", kept(output))


SUMMARY = re.compile(
    r"Plan: \d+ to create, \d+ to update, \d+ to archive, \d+ to unarchive, \d+ unchanged, \d+ blocked "
    r"\(\d+ operations?, \d+ requests?\)\."
)


@cache
def said(name: str, suffix: str) -> str:
    """The words of the output, without what makes them bold or a link."""
    output = shown(name, suffix)
    return " ".join(Page(output).said) if suffix == "html" else output.replace("**", "")


@each
def test_the_three_agree_on_the_counts(name: str) -> None:
    found = [SUMMARY.findall(said(name, suffix)) for suffix in SUFFIXES]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 1
    total = ten_plan(name).summary
    numbers = [int(number) for number in re.findall(r"\d+", found[0][0])]
    assert numbers == list(total.model_dump().values())


@each
def test_the_three_agree_on_the_verdict(name: str) -> None:
    """What stands in an apply's way: said in a sentence in two, and marked at each experiment in the text."""
    critical = blocked = conflicts = 0
    for line in shown(name, "txt").splitlines():
        critical += line.startswith("    ! critical ") and "(acknowledged)" not in line.partition(":")[0]
        blocked += line.startswith("! ") and "is blocked: nothing of it will be written" in line
        conflicts += "[conflict: changed by hand too]" in line
    for suffix in ("md", "html"):
        words = said(name, suffix)
        refused = re.search(r"An apply would be refused: (\d+) critical risks? that nobody has accepted", words)
        assert int(refused[1] if refused else 0) == critical
        kept_out = re.search(r"(\d+) experiments? (?:is|are) blocked and would not be written", words)
        assert int(kept_out[1] if kept_out else 0) == blocked
        assert ("the files and people changed the same thing in different ways" in words) == bool(conflicts)
    nothing = {suffix: "Nothing to do: live matches the files." in said(name, suffix) for suffix in SUFFIXES}
    assert set(nothing.values()) == {name == "empty"}
