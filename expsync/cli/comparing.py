"""The part of a plan that there is something to say of: what the list alone does not show to be as it is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.api.sightings import Listing
from expsync.apply.looks import state_of
from expsync.cli.planning import assembled
from expsync.cli.progress import Progress
from expsync.cli.session import Session, is_targeted, today
from expsync.config.load import collector_paused
from expsync.core.normalize import Desired, desired_state, live_state
from expsync.core.planner import Planned, is_owned, may_be_pruned, plan_declared, plan_pruned, waits_for_tags
from expsync.core.three_way import from_files, needs_since, with_origins
from expsync.errors import ConfigError
from expsync.model.experiment import Declared
from expsync.model.plan import Plan, Scope, Unmanaged
from expsync.model.reads import MANY

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision


def plan_desired(session: Session, client: Client, desired: Sequence[Desired]) -> Plan:
    """The plan for these alone, each looked at in full."""
    with collector_paused():
        return _plan(
            session,
            client,
            Reader(client, parallelism=1).default_list(),
            desired,
            unchanged=0,
            own=[wanted.state.key for wanted in desired],
            scope=Scope(targets=[], prune=False),
            shield=False,
            base=None,
        )


def plan_rest(
    session: Session,
    client: Client,
    listing: Listing,
    declared: Sequence[Declared],
    *,
    unchanged: int,
    own: Sequence[str],
    scope: Scope,
    shield: bool,
    base: Revision | None,
) -> Plan:
    """The plan for these declarations, and for what is live and in no file.

    `unchanged` more are as they are declared; `own` are the keys of all declarations.
    """
    desired = [desired_state(one, session.environment) for one in declared]
    return _plan(session, client, listing, desired, unchanged=unchanged, own=own, scope=scope, shield=shield, base=base)


def _plan(
    session: Session,
    client: Client,
    listing: Listing,
    desired: Sequence[Desired],
    *,
    unchanged: int,
    own: Sequence[str],
    scope: Scope,
    shield: bool,
    base: Revision | None,
) -> Plan:
    ownership = session.workspace.file.ownership
    project = session.environment.project
    then: Mapping[str, Desired] = {} if base is None else base.declared
    with Progress(session.globals, "reading what is live") as progress:
        reader = Reader(client, parallelism=session.workspace.file.limits.parallelism, advance=progress.update)
        snapshot = reader.snapshot(
            {wanted.state.key: needs_since(wanted, then.get(wanted.state.key)) for wanted in desired},
            own=own,
            listing=listing,
        )
        live = {key: state_of(sighting) for key, sighting in snapshot.asked.items()}
        day = today()

        def plan_one(wanted: Desired) -> Planned:
            key = wanted.state.key
            found = plan_declared(wanted, live.get(key), ownership, project, today=day, shield=shield)
            return found if base is None else with_origins(found, wanted, live.get(key), then.get(key), ownership)

        planned = {wanted.state.key: plan_one(wanted) for wanted in desired}
        waiting = [
            wanted
            for wanted in desired
            if waits_for_tags(planned[wanted.state.key], wanted, live.get(wanted.state.key), ownership)
        ]
        bodies = reader.with_bodies({wanted.state.key: snapshot.asked[wanted.state.key] for wanted in waiting})
        live |= {key: state_of(sighting) for key, sighting in bodies.items()}
        planned |= {wanted.state.key: plan_one(wanted) for wanted in waiting}
        others = {
            key: live_state(body, archived=False)
            for key, body in snapshot.others.items()
            if is_targeted(key, scope.targets)
        }
        if scope.prune:
            unread = {key: snapshot.others[key] for key, state in others.items() if state.tags is None}
            others |= {key: state_of(s) for key, s in reader.with_bodies(reader.sightings(unread)).items()}
    problems = [problem for one in planned.values() for problem in one.problems]
    if problems:
        raise ConfigError(problems)
    pruned = [
        plan_pruned(state, project, today=day)
        for state in others.values()
        if scope.prune and may_be_pruned(state, ownership)
    ]
    if base is not None:
        pruned = [from_files(one) for one in pruned]
    gone = {one.key for one in pruned}
    return assembled(
        session,
        scope,
        planned=planned.values(),
        unchanged=unchanged,
        pruned=pruned,
        unmanaged=[
            Unmanaged(key=state.key, id=state.id or "", owned=is_owned(state, ownership))
            for key, state in others.items()
            if key not in gone
        ],
        keys=snapshot.keys,
        shape=listing.shape if len(planned) + len(pruned) > MANY else None,
        base=base,
    )
