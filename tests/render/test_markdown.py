"""The plan as Markdown: whole outputs, tables that hold, and the bound of a comment."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from functools import cache
from typing import get_args

import pytest

from expsync.model.plan import Base, Change, Finding, Plan, Scope, Summary
from expsync.model.words import RiskSeverity
from expsync.render import markdown
from expsync.render.markdown_parts import TABLE_HEAD
from expsync.render.markdown_text import code
from expsync.render.outline import by_weight, removals_of, risks_of, short
from expsync.render.safe import visible
from tests.render.gfm import MARKER, Comment, broken
from tests.render.large import RISKS, many
from tests.render.plans import experiment, plan
from tests.render.ten import TEN, ten_plan
from tests.security.hostile import acts

Expected = Callable[[str, str], None]


@cache
def plans() -> dict[str, Plan]:
    return {
        **{name: ten_plan(name) for name in TEN},
        "many-100-hostile": many(100, hostile=True),
        "many-1000-payloads": many(1_000, hostile=True, payload=5_000),
        "many-1000-longest": many(1_000, longest=True),
        "many-10000": many(10_000),
        "many-10000-longest-hostile": many(10_000, hostile=True, longest=True, payload=50),
    }


LARGE = ["many-100-hostile", "many-1000-payloads", "many-1000-longest", "many-10000", "many-10000-longest-hostile"]
each = pytest.mark.parametrize("name", [*TEN, *LARGE])


@cache
def shown(name: str) -> str:
    return markdown.render(plans()[name])


@pytest.mark.parametrize("name", LARGE)
def test_of_a_large_plan_the_head_is_kept_and_the_rest_by_its_digest(expected: Expected, name: str) -> None:
    text = shown(name)
    head = [line if len(line) <= 200 else f"{line[:200]} [{len(line)} characters]" for line in text.splitlines()[:30]]
    digest = hashlib.sha256(text.encode()).hexdigest()
    expected(f"plan-{name}.md", "\n".join([*head, f"[{len(text)} characters, sha256 {digest}]", ""]))


@each
def test_the_bound_holds_and_nothing_acts(name: str) -> None:
    assert len(shown(name)) <= 60_000
    # What GitHub's database takes of a comment, beside its bound on characters.
    assert len(shown(name).encode()) <= 262_144
    assert acts(shown(name)) == []


@each
def test_github_shows_what_was_meant(name: str) -> None:
    """Tables hold, folds are balanced and not nested, HTML is ours alone, and no name is a link or tells anybody."""
    assert broken(shown(name)) == []
    comment = Comment(shown(name))
    assert len(comment.comments) == 1
    for table in comment.tables:
        assert tuple(table.rows[0]) in HEADS


HEADS = {
    ("Experiment", "Action", "Changes", "Worst risk", "Users who switch"),
    ("Field", "Old → new"),
    ("Of all who reach", "switch", "enter", "leave", "stay", "switch on the way"),
    ("Call", "Where", "What", "Why"),
}


@each
def test_the_table_has_the_experiments_in_their_order_with_names_to_the_letter(name: str) -> None:
    ordered = by_weight(plans()[name])
    rows = [row for table in Comment(shown(name)).tables for row in table.rows[1:] if table.rows[0][0] == "Experiment"]
    left_out = re.search(r"the (?:([\d,]+) least risky rows|least risky row) of the table left out", shown(name))
    missing = int((left_out[1] or "1").replace(",", "")) if left_out else 0
    assert len(rows) == len(ordered) - missing
    for row, planned in zip(rows, ordered, strict=False):
        # White space at either end of a cell is nothing that a page shows.
        assert row[0].strip() in {short(visible(planned.key), width).strip() for width in (40, 120)}
        assert row[1] == planned.action


@each
def test_the_details_have_the_experiments_that_had_room(name: str) -> None:
    summaries = re.findall(r"^<details><summary><code>(.*?)</code> ", shown(name), re.MULTILINE)
    wanted = [html.escape(short(visible(planned.key), 120)) for planned in by_weight(plans()[name])]
    later = iter(wanted)
    assert all(summary in later for summary in summaries)
    left_out = re.search(r"the details of ([\d,]+) experiments? left out", shown(name))
    assert len(summaries) == len(wanted) - int(left_out[1].replace(",", "") if left_out else 0)


ROW = "| `b` | update | ~ `name` `1`&#124;`2` |  |  |"
WHOLE = f"<!-- expsync plan: a 1 -->\n### x\n\n{TABLE_HEAD}\n| `a` | update |  |  |  |\n{ROW}\n\ntext\n"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("&#124;", "|", ["cells: | `b` | update | ~ `name` `1`|`2` |  |  |"]),
        ("`1`&#124;`2`", "`1|2`", ["cells: | `b` | update | ~ `name` `1|2` |  |  |"]),
        ("`1`&#124;`2`", "`1\n2`", ["rows outside of a table", "cells: | `b` | update | ~ `name` `1"]),
        ("\n| `b`", "\n\n| `b`", ["rows outside of a table", "a table that is two, or none"]),
        ("|---|\n", "|\n", ["rows outside of a table", "a table that is two, or none", "cells: |---|---|---|---|"]),
        ("text", "<details><summary>x</summary>\n\ny", ["details is not closed"]),
        ("text", "</details>", ["details is closed out of turn"]),
        ("text", "a <b>b</b>", ["<b>"]),
        ("text", "<!-- x -->", ["<!-- x -->"]),
        ("text", "www.evil.example", ["<a>", "<a href>", "acts: www.evil.example"]),
        ("text", "[x](y)", ["<a>", "<a href>"]),
        ("text", "![x](y)", ["<img>", "<img alt>", "<img src>"]),
        ("text", "hello @team", ["acts: hello @team"]),
        ("text", "as in #12", ["acts: as in #12"]),
        ("text", "`@team`", []),
        ("text", "`@team", ["acts: `@team"]),
        ("text", "# text", ["<h1>"]),
        ("text", "~~text~~", ["<del>"]),
    ],
)
def test_what_is_broken_is_found(old: str, new: str, found: list[str]) -> None:
    """The reading that the tests above rely on."""
    assert broken(WHOLE) == []
    assert WHOLE.count(old) == 1
    assert broken(WHOLE.replace(old, new)) == found


@each
def test_every_risk_and_every_removal_is_named_or_at_the_least_counted(name: str) -> None:
    groups = [*risks_of(plans()[name]), *removals_of(plans()[name])]
    lines = [line for line in shown(name).split("\n| Experiment |")[0].splitlines() if line.startswith("- ")]
    assert len(lines) == len(groups)
    for line, group in zip(lines, groups, strict=True):
        label, _, names = line.partition(": ")
        assert group.label in label.replace("\\", "")
        several = re.search(r", (\d+) \w+$", label)
        assert (int(several[1]) if several else 1) == len(group.names)
        assert _names_in(names) == len(group.names)


def _names_in(text: str) -> int:
    """How many names stand there, or are counted there."""
    comment = Comment(text)
    words = "".join(comment.outside)
    counted = re.findall(r"(?:^|and )([\d,]+) (?:more|named above)\b", words)
    listed = words.count(", ") + 1 if comment.codes else 0
    return listed + sum(int(number.replace(",", "")) for number in counted)


def test_of_a_thousand_changes_every_removal_and_every_risk_is_named() -> None:
    """Not one is only counted: each stands there by its name, whole or shortened the same way for all."""
    given, text = plans()["many-1000-payloads"], shown("many-1000-payloads")
    assert " more" not in text.split("\n| Experiment |")[0]
    widths = [width for width in (255, 80, 40, 20, 12) if code(short(visible(given.experiments[3].key), width)) in text]
    for group in removals_of(given):
        assert all(code(short(visible(name), widths[0])) in text for name in group.names)
    for planned in given.experiments:
        if planned.findings:
            assert code(short(visible(planned.key), widths[0])) in text


def test_detail_gives_way_in_its_order() -> None:
    """Calls first, then who moves, then the fields of the least risky, then rows; what was cut is said."""
    said = {number: cut(markdown.render(many(number))) for number in (10, 40, 60, 200, 500)}

    assert said[10] == ""
    assert re.fullmatch(r"the calls of \d+ experiments left out", said[40])
    assert "who moves in" in said[60]
    assert "the details of" in said[200]
    assert re.match(r"the \d+ least risky rows of the table left out, the others shortened; ", said[500])
    assert cut(shown("many-1000-payloads")).startswith("names in the lists of risks and removals are shortened; ")


def cut(text: str) -> str:
    found = re.search(r"^_Cut to fit into a comment: (.*)\. Nothing is missing in (.*)\._$", text, re.MULTILINE)
    return found[1] if found else ""


def test_where_the_whole_is_is_said_only_if_something_is_missing() -> None:
    assert "`all.json`" not in markdown.render(many(5), where_whole="`all.json`")
    assert "Nothing is missing in `all.json`._" in markdown.render(many(50), where_whole="`all.json`")


def test_one_experiment_that_is_too_big_shows_some_of_its_changes() -> None:
    changes = [Change(path=f"tags.{at}", kind="add", before=None, after="x" * 150) for at in range(2_000)]
    text = markdown.render(plan(experiment("big", "update", changes=changes)))

    assert cut(text) == "some of the changes of 1 experiment left out"
    assert "And 1,985 more of its changes." in text


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ("prod", "<!-- expsync plan: prod 2002 -->"),
        ("a b", "<!-- expsync plan: a%20b 2002 -->"),
        ("x --><script>", "<!-- expsync plan: x%20--%3E%3Cscript%3E 2002 -->"),
        ("\n", "<!-- expsync plan: %0A 2002 -->"),
        ("\ud800", "<!-- expsync plan: %ED%A0%80 2002 -->"),
        ("e" * 101, f"<!-- expsync plan: {hashlib.sha256(b'e' * 101).hexdigest()} 2002 -->"),
    ],
)
def test_the_marker_is_the_first_line_and_cannot_be_closed(environment: str, line: str) -> None:
    text = markdown.render(plan(environment=environment))
    assert text.splitlines()[0] == line
    comment = Comment(text)
    assert comment.comments == [line.removeprefix("<!--").removesuffix("-->")]
    assert MARKER.fullmatch(comment.comments[0])
    assert "script" not in comment.elements


def test_equal_plans_give_equal_bytes() -> None:
    assert markdown.render(many(100, hostile=True)) == shown("many-100-hostile")


def test_the_bound_holds_for_a_plan_that_was_made_up() -> None:
    """Every risk at every weight, and texts and numbers that no real plan has, where nothing may be left out."""
    findings = [
        Finding(risk=risk, severity=severity, acknowledged=acknowledged, message="|" * 5_000, impact=[])
        for risk in RISKS
        for severity in get_args(RiskSeverity)
        for acknowledged in (False, True)
    ]
    wide = "|`<" * 3_000
    changes = [Change(path=f"variants.{wide}", kind="remove", before={"key": wide}, after=None, origin="both")]
    made_up = plan(
        *(experiment(f"{wide}{at}", "update", findings=findings, changes=changes, line=10**4_000) for at in range(50)),
        environment=wide,
        projectId=wide,
        baseUrl=wide,
        base=Base(ref=wide, commit=wide),
        scope=Scope(targets=[wide] * 50, prune=True),
        summary=Summary(**dict.fromkeys(Summary.model_fields, 10**4_000)),
    )
    text = markdown.render(made_up)
    assert len(text) <= 60_000
    assert broken(text) == []
    assert text.count("50 experiments: ") == len(findings) + 1
