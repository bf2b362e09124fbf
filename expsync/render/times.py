"""Times of the server as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def moment(text: str) -> datetime | None:
    """The moment in UTC that a server's text means, or None where it is no time."""
    try:
        found = datetime.fromisoformat(text)
        # The API's times are in UTC where they don't say another zone.
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_text(text: str, shown: Callable[[str], str]) -> str:
    """`2026-02-01 10:26:00 UTC`; what is no time is `shown`, which makes a text harmless where it will stand."""
    found = moment(text)
    return shown(text) if found is None else f"{found:%Y-%m-%d %H:%M:%S} UTC"
