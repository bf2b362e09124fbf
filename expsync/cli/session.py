"""The parts, put together: the workspace and one environment of it, its client, and a plan made of both sides."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync import __version__
from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import state_of
from expsync.cli.options import Globals
from expsync.cli.progress import Progress
from expsync.config.load import collector_paused, load_declarations
from expsync.config.workspace import Workspace, load_workspace
from expsync.core.normalize import Desired, desired_state, live_state
from expsync.core.planner import (
    Destination,
    Planned,
    assemble_plan,
    is_owned,
    may_be_pruned,
    plan_declared,
    plan_pruned,
    waits_for_tags,
)
from expsync.core.three_way import from_files, needs_since, with_origins
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.plan import Base, Plan, Scope, Unmanaged
from expsync.model.workspace import SANDBOX, Environment
from expsync.render.safe import visible

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision

STATE_FOLDER = ".expsync"
"""Where the embedded sandbox keeps its state, beside the workspace file."""


@dataclass(frozen=True, slots=True)
class Session:
    """One environment of a workspace, for one command."""

    globals: Globals
    workspace: Workspace
    name: str
    environment: Environment

    @contextmanager
    def client(self, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Client]:
        """The environment's client; for `baseUrl: sandbox` it talks to the emulator inside this process."""
        limits = self.workspace.file.limits
        trace = _say_trace if self.globals.verbose else None
        with ExitStack() as stack:
            transport = None
            if self.environment.url == SANDBOX:
                from expsync.cli.embedded import sandbox_transport

                transport = stack.enter_context(
                    sandbox_transport(self.workspace.root / STATE_FOLDER / "sandbox.db", self.environment)
                )
            key = None if transport is not None else os.environ.get(self.environment.apiKeyEnv)
            yield stack.enter_context(
                Client(
                    base_url=self.environment.url,
                    api_key=key,
                    project_id=self.environment.project,
                    environment=self.name,
                    key_variable=self.environment.apiKeyEnv,
                    requests_per_second=limits.requestsPerSecond,
                    timeout=limits.timeout,
                    transport=transport,
                    trace=trace,
                    sleep=sleep,
                )
            )

    def declared(self) -> list[Desired]:
        """What the files want here; ConfigError with every problem if there is an error among them."""
        return [desired for _, desired in self.declarations()]

    def declarations(self) -> list[tuple[Declared, Desired]]:
        """The same, each with the declaration that it was made of."""
        loaded = load_declarations(self.workspace, self.name, today=today())
        if any(problem.severity == "error" for problem in loaded.diagnostics):
            raise ConfigError(loaded.diagnostics)
        if loaded.diagnostics and not self.globals.quiet:
            count = len(loaded.diagnostics)
            said = "a warning" if count == 1 else f"{count} warnings"
            click.echo(f"{said} about the files: `expsync validate` shows {'it' if count == 1 else 'them'}", err=True)
        with collector_paused():
            return [(declared, desired_state(declared, self.environment)) for declared in loaded.declared]


def open_session(globals_: Globals, *, environment: str | None = None) -> Session:
    """The session for the environment that was asked for; ConfigError where the workspace can't be used."""
    workspace = load_workspace(globals_.config, cwd=Path.cwd(), environ=os.environ)
    name, chosen = workspace.environment(environment or globals_.environment, os.environ)
    return Session(globals_, workspace, name, chosen)


def make_plan(
    session: Session,
    client: Client,
    desired: Sequence[Desired],
    *,
    targets: Sequence[str],
    prune: bool,
    shield: bool = False,
    base: Revision | None = None,
) -> Plan:
    """The plan for what `targets` match (all, where there are none).

    With a `base`, each change says where it comes from since then.
    """
    with collector_paused():
        return _make_plan(session, client, desired, targets=targets, prune=prune, shield=shield, base=base)


def _make_plan(
    session: Session,
    client: Client,
    desired: Sequence[Desired],
    *,
    targets: Sequence[str],
    prune: bool,
    shield: bool,
    base: Revision | None,
) -> Plan:
    ownership = session.workspace.file.ownership
    project = session.environment.project
    chosen = [wanted for wanted in desired if is_targeted(wanted.state.key, targets)]
    then: Mapping[str, Desired] = {} if base is None else base.declared
    with Progress(session.globals, "reading") as progress:
        reader = Reader(client, parallelism=session.workspace.file.limits.parallelism, advance=progress.update)
        snapshot = reader.snapshot(
            {wanted.state.key: needs_since(wanted, then.get(wanted.state.key)) for wanted in chosen},
            own=[wanted.state.key for wanted in desired],
        )
        live = {key: state_of(sighting) for key, sighting in snapshot.asked.items()}
        day = today()

        def plan_one(wanted: Desired) -> Planned:
            key = wanted.state.key
            found = plan_declared(wanted, live.get(key), ownership, project, today=day, shield=shield)
            return found if base is None else with_origins(found, wanted, live.get(key), then.get(key), ownership)

        planned = {wanted.state.key: plan_one(wanted) for wanted in chosen}
        waiting = [
            wanted
            for wanted in chosen
            if waits_for_tags(planned[wanted.state.key], wanted, live.get(wanted.state.key), ownership)
        ]
        bodies = reader.with_bodies({wanted.state.key: snapshot.asked[wanted.state.key] for wanted in waiting})
        live |= {key: state_of(sighting) for key, sighting in bodies.items()}
        planned |= {wanted.state.key: plan_one(wanted) for wanted in waiting}
        others = {key: live_state(b, archived=False) for key, b in snapshot.others.items() if is_targeted(key, targets)}
        if prune:
            unread = {key: snapshot.others[key] for key, state in others.items() if state.tags is None}
            others |= {key: state_of(s) for key, s in reader.with_bodies(reader.sightings(unread)).items()}
    check_targets(targets, {*snapshot.others, *(wanted.state.key for wanted in desired)})
    problems = [problem for one in planned.values() for problem in one.problems]
    if problems:
        raise ConfigError(problems)
    pruned = [
        plan_pruned(state, project, today=day) for state in others.values() if prune and may_be_pruned(state, ownership)
    ]
    if base is not None:
        pruned = [from_files(one) for one in pruned]
    gone = {one.key for one in pruned}
    return assemble_plan(
        place=Destination(session.name, project, session.environment.url),
        scope=Scope(targets=sorted(set(targets)), prune=prune),
        version=__version__,
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        planned=planned.values(),
        pruned=pruned,
        unmanaged=[
            Unmanaged(key=state.key, id=state.id or "", owned=is_owned(state, ownership))
            for key, state in others.items()
            if key not in gone
        ],
        pages_with_archived=snapshot.pages_with_archived,
        base=None if base is None else Base(ref=base.ref, commit=base.commit),
    )


def today() -> date:
    """The day by which acknowledgements count, in UTC."""
    return datetime.now(UTC).date()


def is_targeted(key: str, targets: Sequence[str]) -> bool:
    """Whether a key is among what was asked for; no targets means all."""
    return not targets or any(fnmatchcase(key, target) for target in targets)


def check_targets(targets: Sequence[str], keys: set[str]) -> None:
    """ExpsyncError for a target that is neither declared nor live: most likely a slip of the pen."""
    for target in targets:
        if any(fnmatchcase(key, target) for key in keys):
            continue
        if not set(target) & set("*?["):
            from difflib import get_close_matches

            near = get_close_matches(target, sorted(keys), n=1)
            raise ExpsyncError(
                f"no experiment is called {target!r}, neither in the files nor live",
                hint=f"did you mean {near[0]!r}?" if near else "-t takes keys, or globs such as 'checkout-*'",
            )
        click.echo(f"warning: nothing matches the target '{visible(target)}'", err=True)


def _say_trace(line: str) -> None:
    click.echo(line, err=True)
