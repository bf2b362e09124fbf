"""Versions as text, Markdown and JSON: whole outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from expsync.model.history import History, HistoryEntry, Subject, VersionDiff
from expsync.model.plan import Change
from expsync.render import history as renderer

Expected = Callable[[str, str], None]
SUBJECT = Subject("checkout-button", "prod", "2002")
SEGMENT = {
    "name": "US | iOS",
    "conditions": [{"type": "property", "prop": "country", "op": "is", "values": ["Chad", "Mali"]}],
    "percentage": 20,
    "rolloutWeights": {"control": 1},
}
CHANGES = [
    Change(path="name", kind="replace", before="Checkout", after="Checkout of the whole shop, " + "on and on, " * 12),
    Change(path="enabled", kind="replace", before=False, after=True),
    Change(path="tags.team-growth", kind="add", before=None, after="team-growth"),
    Change(path="deployments.101", kind="remove", before="101", after=None),
    Change(path="variants.treatment.payload", kind="replace", before={"color": "red"}, after={"color": "blue"}),
    Change(path="variants.treatment.rolloutWeight", kind="replace", before=1, after=2.5),
    Change(path="targetSegments.US | iOS", kind="add", before=None, after=SEGMENT),
    Change(path="targetSegments", kind="replace", before=["a", "US | iOS"], after=["US | iOS", "a"]),
]


def entry(version: int, changes: Sequence[Change] | None, **fields: Any) -> HistoryEntry:
    given = {"createdAt": f"2026-02-0{version}T10:26:00.996Z", "createdBy": "ann@example.com", "config": {}, **fields}
    return HistoryEntry(version=version, changes=changes, **given)


def rich_history() -> History:
    entries = [
        entry(7, CHANGES, createdAt="2026-02-07T01:30:00+02:00", config={"id": 7, "name": None, "next": [1.0]}),
        entry(6, CHANGES[:3], createdBy="somebody-with-a-very-long-address@example.com", createdAt="2026-02-06"),
        entry(5, [], createdAt=None, createdBy=None),
        entry(4, CHANGES[5:6], createdAt="last Tuesday, at noon, or a little later"),
        entry(2, CHANGES[1:2], createdAt="0001-01-01T00:00:00+14:00", createdBy=""),
        entry(1, None),
    ]
    return History(SUBJECT, entries, ["rolloutPercentage", "tags", "variants.*.inclusions"])


def rich_diff() -> VersionDiff:
    return VersionDiff(SUBJECT, 7, 2, CHANGES, ["rolloutPercentage", "tags", "variants.*.inclusions"])


def test_a_history_with_one_of_everything(expected: Expected) -> None:
    expected("history.txt", renderer.render_text(rich_history(), colour=False, width=120))


def test_verbose_shows_all_changes_in_full(expected: Expected) -> None:
    shown = renderer.render_text(rich_history(), colour=False, width=120, verbose=True)

    expected("history-verbose.txt", shown)
    assert "…" not in shown


def test_a_narrow_terminal_cuts_values(expected: Expected) -> None:
    shown = renderer.render_text(rich_history(), colour=False, width=80)

    expected("history-narrow.txt", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_colour_is_all_that_colour_adds() -> None:
    for verbose in (False, True):
        coloured = renderer.render_text(rich_history(), colour=True, width=100, verbose=verbose)
        plain = renderer.render_text(rich_history(), colour=False, width=100, verbose=verbose)
        assert re.sub(r"\x1b\[\d+m", "", coloured) == plain != coloured
    assert re.sub(r"\x1b\[\d+m", "", renderer.render_diff_text(rich_diff(), colour=True, width=99)) == (
        renderer.render_diff_text(rich_diff(), colour=False, width=99)
    )


def test_a_history_as_markdown(expected: Expected) -> None:
    expected("history.md", renderer.render_markdown(rich_history()))


def test_a_whole_history_as_markdown(expected: Expected) -> None:
    expected("history-verbose.md", renderer.render_markdown(rich_history(), verbose=True))


def test_a_difference_as_text(expected: Expected) -> None:
    shown = renderer.render_diff_text(rich_diff(), colour=False, width=100)

    expected("history-diff.txt", shown)
    assert "…" not in shown


def test_a_difference_as_markdown(expected: Expected) -> None:
    expected("history-diff.md", renderer.render_diff_markdown(rich_diff()))


def test_a_history_as_json_is_what_the_server_gave() -> None:
    assert json.loads(renderer.render_json(rich_history()))[:2] == [
        {
            "version": 7,
            "createdAt": "2026-02-07T01:30:00+02:00",
            "createdBy": "ann@example.com",
            "config": {"id": 7, "name": None, "next": [1.0]},
        },
        {
            "version": 6,
            "createdAt": "2026-02-06",
            "createdBy": "somebody-with-a-very-long-address@example.com",
            "config": {},
        },
    ]


def test_a_difference_as_json_has_the_changes_as_a_plan_has_them() -> None:
    assert json.loads(renderer.render_diff_json(rich_diff())) == {
        "key": "checkout-button",
        "from": 7,
        "to": 2,
        "changes": [{"path": c.path, "kind": c.kind, "before": c.before, "after": c.after} for c in CHANGES],
    }


@pytest.mark.parametrize(
    ("diff", "said"),
    [
        (VersionDiff(SUBJECT, 3, 3, [], ["tags"]), "Nothing changed: it is the same version."),
        (VersionDiff(SUBJECT, 3, 4, [], []), "Nothing changed in what both versions record."),
    ],
)
def test_no_difference_is_said(diff: VersionDiff, said: str) -> None:
    head = f"checkout-button (environment prod, project 2002): version 3 → version {diff.after}"
    assert renderer.render_diff_text(diff, colour=False, width=80) == f"{head}\n\n{said}\n"
    assert renderer.render_diff_markdown(diff) == (
        f"### `checkout-button`: version 3 → version {diff.after}\n\nEnvironment `prod`, project `2002`.\n\n{said}\n"
    )


def test_no_versions_are_said() -> None:
    history = History(SUBJECT, [], [])

    assert renderer.render_text(history, colour=False, width=80) == (
        "checkout-button (environment prod, project 2002): 0 versions\n\nThe server lists no version.\n"
    )
    assert renderer.render_markdown(history) == (
        "### History of `checkout-button`\n\nEnvironment `prod`, project `2002`.\n\nThe server lists no version.\n"
    )
    assert renderer.render_json(history) == "[]\n"


def test_a_list_that_begins_later_does_not_claim_a_creation() -> None:
    history = History(SUBJECT, [entry(4, None)], [])

    assert renderer.render_text(history, colour=False, width=80).splitlines()[-1] == (
        "      4  2026-02-04 10:26:00  ann@example.com  the oldest that the server lists"
    )
