"""Times of the server as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def time_text(text: str, shown: Callable[[str], str]) -> str:
    """`2026-02-01 10:26:00 UTC`; what is no time is `shown`, which makes a text harmless where it will stand."""
    try:
        found = datetime.fromisoformat(text)
        # The API's times are in UTC where they don't say another zone.
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return shown(text)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC"
