"""Plans made of both sides: the files, and the live side, which is asked for while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

from expsync import __version__
from expsync.api.client import Client
from expsync.api.reader import Listing, Reader
from expsync.apply.executor import state_of
from expsync.cli.interrupt import Interruption
from expsync.cli.progress import Progress
from expsync.cli.session import Session, check_targets, is_targeted, today
from expsync.config.load import collector_paused
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
from expsync.core.unchanged import is_plainly_unchanged
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.plan import Base, Plan, Scope, Unmanaged
from expsync.model.workspace import SANDBOX

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision

LISTING = "expsync-listing"
"""The name of the thread that asks for the default list."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What a plan is made of: what the files declare, and the live side, whose default list may be on its way."""

    declarations: Sequence[Declared]
    client: Client
    listing: Future[Listing] | None = None

    def listed(self) -> Listing:
        """The default list."""
        return Reader(self.client, parallelism=1).default_list() if self.listing is None else self.listing.result()


@contextmanager
def both_sides(session: Session, interruption: Interruption) -> Iterator[Sides]:
    """The client and the declarations, the files read while the default list is asked for.

    What is wrong in the files is told first, without waiting for an answer, and even where there is no key to ask with.
    """
    with ExitStack() as stack:
        if session.environment.url == SANDBOX:
            # The embedded sandbox answers at once: there is nothing to wait for meanwhile.
            declarations = session.declarations()
            yield Sides(declarations, stack.enter_context(session.client(sleep=interruption.wait_turn)))
            return
        try:
            client = stack.enter_context(session.client(sleep=interruption.wait_turn))
        except ExpsyncError:
            session.declarations()
            raise
        listing = _ahead(Reader(client, parallelism=1).default_list)
        try:
            yield Sides(session.declarations(), client, listing)
        finally:
            if not listing.done():
                interruption.stop.set()
            # A client is not closed under a call: if the answer is still to come, whoever brings it closes the client.
            left = stack.pop_all()
            listing.add_done_callback(lambda _: left.close())


def _ahead(ask: Callable[[], Listing]) -> Future[Listing]:
    """The answer to come. Nobody waits for it at the end of the program, should the files be of no use."""
    answer = Future[Listing]()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            answer.set_exception(error)

    Thread(target=run, name=LISTING, daemon=True).start()
    return answer


def make_plan(
    session: Session,
    sides: Sides,
    *,
    targets: Sequence[str],
    prune: bool,
    shield: bool = False,
    base: Revision | None = None,
) -> Plan:
    """The plan for what `targets` match (all, where there are none).

    With a `base`, each change says where it comes from since then.
    """
    environment = session.environment
    ownership = session.workspace.file.ownership
    chosen = [declared for declared in sides.declarations if is_targeted(declared.key, targets)]
    with collector_paused():
        listed = sides.listed()
        bodies = listed.bodies
        to_plan = [
            declared
            for declared in chosen
            if declared.key not in bodies
            or not is_plainly_unchanged(declared, bodies[declared.key], environment, ownership)
        ]
        return _planned(
            session,
            sides.client,
            listed,
            [desired_state(declared, environment) for declared in to_plan],
            unchanged=len(chosen) - len(to_plan),
            own=[declared.key for declared in sides.declarations],
            targets=targets,
            prune=prune,
            shield=shield,
            base=base,
        )


def plan_desired(session: Session, client: Client, desired: Sequence[Desired]) -> Plan:
    """The plan for these alone, each looked at in full."""
    with collector_paused():
        return _planned(
            session,
            client,
            Reader(client, parallelism=1).default_list(),
            desired,
            unchanged=0,
            own=[wanted.state.key for wanted in desired],
            targets=(),
            prune=False,
            shield=False,
            base=None,
        )


def _planned(
    session: Session,
    client: Client,
    listing: Listing,
    desired: Sequence[Desired],
    *,
    unchanged: int,
    own: Sequence[str],
    targets: Sequence[str],
    prune: bool,
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
        others = {key: live_state(b, archived=False) for key, b in snapshot.others.items() if is_targeted(key, targets)}
        if prune:
            unread = {key: snapshot.others[key] for key, state in others.items() if state.tags is None}
            others |= {key: state_of(s) for key, s in reader.with_bodies(reader.sightings(unread)).items()}
    check_targets(targets, {*snapshot.others, *own})
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
        unchanged=unchanged,
        pruned=pruned,
        unmanaged=[
            Unmanaged(key=state.key, id=state.id or "", owned=is_owned(state, ownership))
            for key, state in others.items()
            if key not in gone
        ],
        pages_with_archived=snapshot.pages_with_archived,
        base=None if base is None else Base(ref=base.ref, commit=base.commit),
    )
