"""Times of the server as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo


def moment(text: str) -> datetime | None:
    """The moment in UTC that a server's text means, or None where it is no time."""
    try:
        found = datetime.fromisoformat(text)
        # The API's times are in UTC where they don't say another zone.
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_text(text: str, shown: Callable[[str], str], zone: tzinfo | None = UTC) -> str:
    """`2026-02-01 10:26:00 UTC`, or `2026-02-01 11:26:00 +01:00` in a reader's zone; `zone` None is the machine's.

    What is no time is `shown`, which makes a text harmless where it will stand.
    """
    found = moment(text)
    return shown(text) if found is None else f"{clock_text(found, zone)} {offset_text(found, zone)}"


def clock_text(moment: datetime, zone: tzinfo | None) -> str:
    """`2026-02-01 11:26:00`, as the clocks of a zone show it."""
    return _in_zone(moment, zone).replace(tzinfo=None).isoformat(" ", "seconds")


def offset_text(moment: datetime, zone: tzinfo | None) -> str:
    """`UTC`, or how far ahead of it the clocks of a zone are at that moment: `+01:00`."""
    offset = _in_zone(moment, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """The moment in a zone; at the very ends of the calendar, where other zones have left it, in UTC."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return moment.astimezone(UTC)
