"""What could stand at the cursor, for the shells: names from the files at hand, never from the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from expsync.config.glance import Glance

_WILD = frozenset("*?[")
_GIT_SECONDS = 2

Items: TypeAlias = "list[CompletionItem[str]]"


def environments(ctx: click.Context, _: click.Parameter, incomplete: str) -> Items:
    """The workspace's environments."""
    found = _workspace(ctx)
    return _items(found.environments if found is not None else (), incomplete)


def keys(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The keys that the files declare, without those that stand on the line already.

    A glob is offered as it is where it matches one, so that the shell can put quotes around it.
    """
    given = ctx.params.get(parameter.name or "")
    taken = set(given) if isinstance(given, tuple) else set()
    return [_item(key) for key in _matching(ctx, incomplete) if key not in taken]


def allowances(ctx: click.Context, _: click.Parameter, incomplete: str) -> Items:
    """KEY:RISK: first the keys, each with its colon, and behind it the risks."""
    key, colon, start = incomplete.rpartition(":")
    if not colon:
        return [_item(f"{name}:", open=True) for name in _matching(ctx, incomplete)]
    from typing import get_args

    from expsync.model.words import RiskName

    return [_item(f"{key}:{risk}") for risk in get_args(RiskName) if risk.startswith(start)]


def revisions(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """The branches and tags of the repository around the working directory."""
    import subprocess

    places = ("refs/heads", "refs/remotes", "refs/tags")
    try:
        out = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname:short)", *places],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []  # no git, no repository, or none that answers soon: there are no names to give
    return _items(out.decode("utf-8", "replace").splitlines(), incomplete)


def files(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """The shell's own completion of files."""
    return [_item(incomplete, type="file")]


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """The shell's own completion of folders."""
    return [_item(incomplete, type="dir")]


def faults(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """The faults of the sandbox, up to where a number stands."""
    kinds = ("429@", "500-after@", "cut-before@", "timeout-after@", "half@", "garbage@", "rate=")
    return [_item(kind, open=True) for kind in kinds if kind.startswith(incomplete)]


def _item(word: str, **settings: Any) -> CompletionItem[str]:
    # Every command has an option with names to offer, and on most days nobody asks for them.
    from click.shell_completion import CompletionItem

    return CompletionItem(word, **settings)


def _items(names: Iterable[str], incomplete: str) -> Items:
    return [_item(name) for name in names if name.startswith(incomplete)]


def _matching(ctx: click.Context, incomplete: str) -> list[str]:
    found = _workspace(ctx)
    if found is None:
        return []
    if not set(incomplete) & _WILD:
        return sorted(found.keys(incomplete))
    from fnmatch import fnmatchcase

    return [incomplete] if any(fnmatchcase(key, incomplete) for key in found.keys()) else []  # noqa: SIM118


def _workspace(ctx: click.Context) -> Glance | None:
    """The workspace that the line means: by its --config, wherever that stands, or else by the working directory."""
    from pathlib import Path

    from expsync.config.glance import glance
    from expsync.config.nearest import nearest_workspace

    at: click.Context | None = ctx
    while at is not None:
        config = at.params.get("global_config")
        if isinstance(config, str):
            return glance(Path(config).expanduser())
        at = at.parent
    path = nearest_workspace(Path.cwd())
    return None if path is None else glance(path)
