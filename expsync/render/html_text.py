"""HTML that can't be made of a text from outside by mistake: `Html` comes only out of `text` and `tag`."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NewType

from expsync.render.safe import visible

Html = NewType("Html", str)
"""Markup, complete and balanced."""

NOTHING = Html("")
_EMPTY = frozenset({"meta", "input"})
"""Elements without an end."""


def text(value: str) -> Html:
    """The text as it is to be seen, with nothing in it that acts."""
    return Html(html.escape(visible(value)))


def tag(element: str, /, *inner: Html, **attributes: str | None) -> Html:
    """An element with its content; attributes are texts and made harmless here.

    A name of an attribute may end in `_` (`class_`) and has hyphens for its underlines; None leaves the attribute
    out, and an empty one stands without a value.
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{html.escape(visible(value))}"' if value else "")
        for key, value in attributes.items()
        if value is not None
    )
    if element in _EMPTY:
        return Html(f"<{element}{given}>")
    return Html(f"<{element}{given}>{''.join(inner)}</{element}>")


def named(value: str) -> Html:
    """A name as code; in quotes where nobody would see it, since a link or a heading has to say something."""
    return tag("code", text(value if value.strip() else f'"{value}"'))


def joined(parts: Iterable[Html], between: str = "") -> Html:
    """The parts one after the other, with a text of ours between them."""
    return Html(html.escape(between).join(parts))


def lines(*parts: Html) -> Html:
    """The parts, each on lines of its own; empty ones are left out."""
    return Html("\n".join(part for part in parts if part))
