"""What `expsync import` reads: the live experiments that were asked for, as files that could be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import click

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.api.sightings import Sighting
from expsync.apply.looks import state_of
from expsync.authoring.aliases import aliases_by_id, new_aliases, with_aliases
from expsync.authoring.drafts import Drafts
from expsync.authoring.importer import Imported, Wanted, files_for, refusals
from expsync.authoring.placing import names_in
from expsync.cli.memory import collect_again
from expsync.cli.progress import Progress
from expsync.cli.session import Session
from expsync.config.documents import RawDocument
from expsync.config.load import collector_paused
from expsync.config.workspace import Workspace
from expsync.errors import AccessError, ExpsyncError, NotFoundError, RejectedError, ReplyError
from expsync.model.state import State
from expsync.render.safe import visible

_WILD = frozenset("*?[")
_SHOWN = 20
"""Keys that one message lists at most."""


@dataclass(frozen=True, slots=True)
class Live:
    """The files to be written and what they are made from; `wanted` has the workspace with the new aliases.

    `drafts` holds the workspace file's new text, where it has one.
    """

    imported: Imported
    states: Mapping[str, State]
    wanted: Wanted
    drafts: Drafts


def read_live(
    session: Session,
    client: Client,
    wanted: Wanted,
    keys: Sequence[str],
    known: Mapping[str, RawDocument],
    *,
    members: bool,
) -> Live:
    """What could be written of the experiments that `keys` name (all, where there are none) and no file declares.

    `members` says whether users and cohorts of variants are read. ExpsyncError for a key that is not live.
    """
    collect_again()
    parallelism = session.workspace.file.limits.parallelism
    with Progress(session.globals, "listing what is live"):
        listed = Reader(client, parallelism=parallelism).listed(key for key in keys if not set(key) & _WILD)
    chosen = _choose(keys, listed, known)
    refused = refusals(chosen, wanted, names_in(wanted.folder))
    hopeless = {one.key for one in refused}
    readable = {key: sighting for key, sighting in chosen.items() if key not in hopeless}
    with Progress(session.globals, "reading what is live") as progress, collector_paused():
        reader = Reader(client, parallelism=parallelism, advance=progress.update)
        states = {key: state_of(s) for key, s in reader.everything(readable, members=members).items()}
    drafts = Drafts(wanted.workspace.root)
    if wanted.folder.inside is not None:
        wanted = replace(wanted, workspace=_with_aliases(session, client, states, drafts))
    imported = files_for(states, wanted)
    return Live(replace(imported, refused=[*refused, *imported.refused]), states, wanted, drafts)


def _choose(
    keys: Sequence[str], listed: Mapping[str, Sighting], known: Mapping[str, RawDocument]
) -> dict[str, Sighting]:
    """What was asked for of what is live and not declared; ExpsyncError for a key that is not live."""
    active = {key: sighting for key, sighting in listed.items() if not sighting.archived}
    free = {key: sighting for key, sighting in active.items() if key not in known}
    if not keys:
        return free
    chosen: dict[str, Sighting] = {}
    missing: list[str] = []
    for key in dict.fromkeys(keys):
        if key in listed:
            chosen[key] = listed[key]
        elif not set(key) & _WILD:
            missing.append(key)
        else:
            found = {name: sighting for name, sighting in free.items() if fnmatchcase(name, key)}
            if not found and not any(fnmatchcase(name, key) for name in active):
                click.echo(f"warning: nothing live matches '{visible(key)}'", err=True)
            chosen |= found
    if missing:
        raise _not_live(missing, listed)
    return chosen


def _not_live(missing: Sequence[str], listed: Iterable[str]) -> ExpsyncError:
    from difflib import get_close_matches

    names = ", ".join(repr(key) for key in missing[:_SHOWN])
    near = dict.fromkeys(match for key in missing for match in get_close_matches(key, list(listed), n=1))
    meant = f"did you mean {', '.join(repr(match) for match in near)}?" if near else ""
    return ExpsyncError(
        f"no live experiment is called {names}; nothing was written",
        hint=meant or "`expsync plan` lists what is live and in no file; globs such as 'checkout-*' work too",
    )


def _with_aliases(session: Session, client: Client, states: Mapping[str, State], drafts: Drafts) -> Workspace:
    """The workspace with aliases for all deployments that these experiments are on, as far as labels tell."""
    ids = {id for state in states.values() for id in state.deployments or ()} - aliases_by_id(
        session.environment
    ).keys()
    if not ids:
        return session.workspace
    aliases = new_aliases(ids, _labels(client), session.environment)
    return with_aliases(session.workspace, session.name, aliases, drafts) if aliases else session.workspace


def _labels(client: Client) -> dict[str, str]:
    """What people call the deployments, by id; none where the server is too old to tell, or does not tell this key."""
    try:
        deployments = client.list_project_deployments()
    except (NotFoundError, RejectedError, AccessError, ReplyError):
        return {}
    return {deployment.id: deployment.label or "" for deployment in deployments}
