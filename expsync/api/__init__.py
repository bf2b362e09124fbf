"""The client, its transport, and the reader of live state."""

from __future__ import annotations

import sys

_NOT_NEEDED = ("anyio", "httpx._main", "trio")


def _import_httpx() -> None:
    """Import httpx without what it only tries to have: its own command line, and the libraries of its async half.

    They take two thirds of its time to import, and so a sixth of that of a plan of a thousand experiments. Whoever
    needs them imports them for himself afterwards, as the sandbox's server does.
    """
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    # None is the import system's own word for a module that can't be imported.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import httpx as httpx
    finally:
        for name in hidden:
            del sys.modules[name]


_import_httpx()
