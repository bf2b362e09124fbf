"""No key in text that nobody wrote with care."""

from __future__ import annotations

import pytest

from expsync.cli.redact import without_secrets

ENVIRONMENT = {
    "EXPSYNC_API_KEY": "/abc/def=",
    "ANY_NAME": "s3cr3t-value",
    "LONGER": "s3cr3t-value-and-more",
    "SHORT": "short",
    "HOME": "/home/someone",
    "PATH": "bin:/usr/bin",
    "SITE": "https://example.com",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key /abc/def= here", "key [redacted] here"),
        ("s3cr3t-value-and-more", "[redacted]"),
        ("xs3cr3t-valuey", "x[redacted]y"),
        (
            "short /home/someone bin:/usr/bin https://example.com",
            "short /home/someone bin:/usr/bin https://example.com",
        ),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [redacted]"),
        ("{'authorization': 'Api-Key xyz'}", "{'authorization': 'Api-Key [redacted]'}"),
        ("ampex_1a2b-3c", "[redacted]"),
    ],
)
def test_what_may_be_a_key_is_taken_out(text: str, shown: str) -> None:
    assert without_secrets(text, ENVIRONMENT) == shown
