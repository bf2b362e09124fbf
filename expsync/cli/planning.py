"""Plans made of both sides: the files, and the live side, which is asked for while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from expsync import __version__
from expsync.api.client import Client
from expsync.api.pages import ListAnswer
from expsync.api.reader import Reader
from expsync.api.sightings import Listing
from expsync.cli.interrupt import Interruption
from expsync.cli.progress import Progress
from expsync.cli.session import Session, check_targets, is_targeted
from expsync.config.load import collector_paused
from expsync.core.assembly import Destination, Planned, assemble_plan
from expsync.core.unchanged import is_plainly_unchanged
from expsync.errors import ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.plan import Base, Plan, PlannedExperiment, Scope, Unmanaged
from expsync.model.reads import KeyChecks, ListShape
from expsync.model.workspace import SANDBOX

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision

LISTING = "expsync-listing"
"""The name of the thread that asks for the default list."""


class Ahead:
    """Answers that a thread asks for one after the other, and that whoever wants them decodes.

    So the next is on its way while one is decoded, and none is decoded beside the files, when each would wait for the
    other. Nobody waits for the thread at the end of the program, should the files be of no use. `ended` tells when
    nothing is asked for any more.
    """

    def __init__(self) -> None:
        self.ended = Future[None]()
        self._answers = SimpleQueue[ListAnswer | BaseException | None]()

    def __call__(self, answers: Iterator[ListAnswer]) -> Iterator[ListAnswer]:
        """The same answers, asked for from now on."""
        Thread(target=self._ask, args=(answers,), name=LISTING, daemon=True).start()
        return self._given()

    def _ask(self, answers: Iterator[ListAnswer]) -> None:
        end: BaseException | None = None
        try:
            for answer in answers:
                self._answers.put(answer)
        except BaseException as error:  # noqa: BLE001 - whoever wants the answers gets it
            end = error
        self.ended.set_result(None)
        self._answers.put(end)

    def _given(self) -> Iterator[ListAnswer]:
        while (answer := self._answers.get()) is not None:
            if isinstance(answer, BaseException):
                raise answer
            yield answer


@dataclass(frozen=True, slots=True)
class Sides:
    """What a plan is made of: what the files declare, and the live side, whose default list may be on its way."""

    declarations: Sequence[Declared]
    client: Client
    listing: Callable[[], Listing] | None = None

    def listed(self) -> Listing:
        """The default list, to be asked for once."""
        return Reader(self.client, parallelism=1).default_list() if self.listing is None else self.listing()


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
        ahead = Ahead()
        listing = Reader(client, parallelism=1).begin_list(ahead)
        try:
            yield Sides(session.declarations(), client, listing)
        finally:
            if not ahead.ended.done():
                interruption.stop.set()
            # A client is not closed under a call: if the answer is still to come, whoever brings it closes the client.
            left = stack.pop_all()
            ahead.ended.add_done_callback(lambda _: left.close())


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
        with Progress(session.globals, "reading what is live"):
            listed = sides.listed()
        bodies = listed.bodies
        to_plan = [
            declared
            for declared in chosen
            if declared.key not in bodies
            or not is_plainly_unchanged(declared, bodies[declared.key], environment, ownership)
        ]
        scope = Scope(targets=sorted(set(targets)), prune=prune)
        unchanged = len(chosen) - len(to_plan)
        own = [declared.key for declared in sides.declarations]
        check_targets(targets, {*bodies, *own})
        if not to_plan and bodies.keys() <= set(own):
            return assembled(session, scope, unchanged=unchanged, keys=KeyChecks(listed.pages), base=base)
        # What makes a plan of a difference is much, and on most days not needed.
        from expsync.cli.comparing import plan_rest

        return plan_rest(
            session, sides.client, listed, to_plan, unchanged=unchanged, own=own, scope=scope, shield=shield, base=base
        )


def assembled(
    session: Session,
    scope: Scope,
    *,
    unchanged: int,
    keys: KeyChecks,
    base: Revision | None,
    shape: ListShape | None = None,
    planned: Iterable[Planned] = (),
    pruned: Iterable[PlannedExperiment] = (),
    unmanaged: Iterable[Unmanaged] = (),
) -> Plan:
    """The document of a plan made just now for the session's environment."""
    environment = session.environment
    return assemble_plan(
        place=Destination(session.name, environment.project, environment.url),
        scope=scope,
        version=__version__,
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        planned=planned,
        unchanged=unchanged,
        pruned=pruned,
        unmanaged=unmanaged,
        keys=keys,
        shape=shape,
        base=None if base is None else Base(ref=base.ref, commit=base.commit),
    )
