"""Times of the server in a reader's zone, the zone always named."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from expsync.model.history import History, HistoryEntry, Subject
from expsync.render import history
from expsync.render.times import clock_text, moment, offset_text, time_text

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone", "shown"),
    [
        ("2026-02-01T10:26:00.996Z", UTC, "2026-02-01 10:26:00 UTC"),
        ("2026-02-01T10:26:00", UTC, "2026-02-01 10:26:00 UTC"),
        ("2026-02-01T10:26:00.996Z", BERLIN, "2026-02-01 11:26:00 +01:00"),
        # Not the zone's offset of today, but that of the moment.
        ("2026-07-01T10:26:00Z", BERLIN, "2026-07-01 12:26:00 +02:00"),
        ("2026-02-01T23:26:00Z", ZoneInfo("Asia/Kathmandu"), "2026-02-02 05:11:00 +05:45"),
        ("2026-02-01T01:26:00+02:00", ZoneInfo("America/St_Johns"), "2026-01-31 19:56:00 -03:30"),
        ("2026-02-01T10:26:00Z", ZoneInfo("Europe/London"), "2026-02-01 10:26:00 UTC"),
        ("0001-01-01T00:00:00Z", timezone(timedelta(hours=-5)), "0001-01-01 00:00:00 UTC"),
        ("9999-12-31T23:59:59Z", timezone(timedelta(hours=5)), "9999-12-31 23:59:59 UTC"),
        ("last Tuesday", BERLIN, "<last Tuesday>"),
    ],
)
def test_a_time_is_shown_with_its_zone(text: str, zone: tzinfo, shown: str) -> None:
    assert time_text(text, lambda found: f"<{found}>", zone) == shown


def test_without_a_zone_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    found = moment("2026-02-01T10:26:00Z")
    assert found is not None
    assert (clock_text(found, None), offset_text(found, None)) == ("2026-02-01 10:26:00", "UTC")


@pytest.mark.parametrize(
    ("months", "lines"),
    [
        (
            ("07", "08"),
            ["VERSION  WHEN (+02:00)        BY   CHANGES", "2026-08-01 12:00:00  ann", "2026-07-01 12:00:00  ann"],
        ),
        (
            ("02", "07"),
            [
                "VERSION  WHEN                        BY   CHANGES",
                "2026-07-01 12:00:00 +02:00",
                "2026-02-01 11:00:00 +01:00",
            ],
        ),
    ],
    ids=["one offset", "two offsets"],
)
def test_a_table_of_times_names_the_offset_once_or_each_time(months: tuple[str, str], lines: list[str]) -> None:
    entries = [
        HistoryEntry(version=number, createdAt=f"2026-{month}-01T10:00:00Z", createdBy="ann", config={}, changes=[])
        for number, month in ((2, months[1]), (1, months[0]))
    ]
    shown = history.render_text(History(Subject("exp", "prod", "1"), entries, []), colour=False, width=100, zone=BERLIN)

    assert all(line in found for line, found in zip(lines, shown.splitlines()[2:], strict=True))
