"""`expsync drift`: what people changed on the live side, and when."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, assert_never

import click

from expsync import __version__
from expsync.api.client import Client
from expsync.api.reader import Reader, Snapshot
from expsync.apply.executor import state_of
from expsync.cli.interrupt import Interruption
from expsync.cli.options import ExpsyncCommand, Globals, target_option, with_globals
from expsync.cli.output import stdout_width
from expsync.cli.progress import Progress
from expsync.cli.session import Session, check_targets, is_targeted, open_session
from expsync.core.drift import drifted_experiment
from expsync.core.normalize import Desired, live_state
from expsync.core.planner import is_owned
from expsync.core.three_way import departures, needs_since
from expsync.errors import NotFoundError, RejectedError
from expsync.model.drift import DRIFT_VERSION, Drift, DriftedExperiment, DriftSummary
from expsync.model.plan import Base, Unmanaged
from expsync.render import drift as renderer
from expsync.render.safe import visible
from expsync.wire.schema import WireVersion

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision

DRIFTED = 2
"""The exit code of `--detailed-exitcode` where something has drifted."""
Format = Literal["text", "json", "markdown"]


@click.command(
    "drift", cls=ExpsyncCommand, epilog="Example: expsync drift -e prod --base main --format markdown > drift.md"
)
@target_option
@click.option(
    "--base",
    "ref",
    metavar="REF",
    help="Compare with the files of this commit, which is to be the one that was applied last, so that what they "
    "changed since then is no drift.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where something has drifted.")
@with_globals
def command(globals_: Globals, targets: tuple[str, ...], ref: str | None, form: Format, detailed_exitcode: bool) -> int:
    """Show what is live and not as the files say, with who changed it and when.

    Without --base every difference counts, changes of the files that wait for an apply too. `pull` takes what is live
    into the files; `apply` makes live what the files say.
    """
    session = open_session(globals_)
    desired = session.declared()
    interruption = Interruption()
    with interruption.at_once():
        base = None
        if ref is not None:
            from expsync.cli.base import read_base

            base = read_base(session, ref, needed=True)
        with session.client(sleep=interruption.wait_turn) as client:
            drift = find_drift(session, client, desired, targets=targets, base=base)
    click.echo(_rendered(drift, form=form, globals_=globals_), nl=False, color=True)
    return DRIFTED if detailed_exitcode and drift.experiments else 0


def find_drift(
    session: Session, client: Client, desired: Sequence[Desired], *, targets: Sequence[str], base: Revision | None
) -> Drift:
    """The drift of what `targets` match (all, where there are none), since `base` or else from the files as they are.

    Beside what a plan reads, it takes one request for each experiment that has drifted.
    """
    ownership = session.workspace.file.ownership
    chosen = {wanted.state.key: wanted for wanted in desired if is_targeted(wanted.state.key, targets)}
    then: Mapping[str, Desired] = chosen if base is None else base.declared
    workers = session.workspace.file.limits.parallelism
    with Progress(session.globals, "reading") as progress:
        reader = Reader(client, parallelism=workers, advance=progress.update)
        snapshot = reader.snapshot(
            {key: needs_since(wanted, then.get(key)) for key, wanted in chosen.items()},
            own=[wanted.state.key for wanted in desired],
        )
        live = {key: state_of(sighting) for key, sighting in snapshot.asked.items()}
        found = {key: departures(chosen[key], state, then.get(key), ownership) for key, state in live.items()}
        found = {key: places for key, places in found.items() if places}
        bodies = {key: snapshot.asked[key].body for key in found}
        versions = _versions(client, {key: body.id for key, body in bodies.items()}, workers)
    check_targets(targets, {*snapshot.others, *(wanted.state.key for wanted in desired)})
    experiments = [
        drifted_experiment(chosen[key], live[key], bodies[key], found[key], versions[key]) for key in sorted(found)
    ]
    return Drift(
        formatVersion=DRIFT_VERSION,
        expsyncVersion=__version__,
        createdAt=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        environment=session.name,
        projectId=session.environment.project,
        baseUrl=session.environment.url,
        targets=sorted(set(targets)),
        base=None if base is None else Base(ref=base.ref, commit=base.commit),
        experiments=experiments,
        notLive=sorted(chosen.keys() - live.keys()),
        unmanaged=_unmanaged(session, snapshot, targets),
        summary=_summary(experiments, looked_at=len(chosen)),
    )


def _unmanaged(session: Session, snapshot: Snapshot, targets: Sequence[str]) -> list[Unmanaged]:
    ownership = session.workspace.file.ownership
    return [
        Unmanaged(key=key, id=body.id, owned=is_owned(live_state(body, archived=False), ownership))
        for key, body in sorted(snapshot.others.items())
        if is_targeted(key, targets)
    ]


def _summary(experiments: Sequence[DriftedExperiment], *, looked_at: int) -> DriftSummary:
    origins = [change.origin for experiment in experiments for change in experiment.changes]
    return DriftSummary(
        experiments=looked_at, drifted=len(experiments), changes=len(origins), conflicts=origins.count("both")
    )


def _versions(client: Client, ids: Mapping[str, str], workers: int) -> dict[str, list[WireVersion]]:
    """The versions of each experiment, by key; none where the server has no such list, which goes to stderr."""

    def read(key: str) -> list[WireVersion]:
        try:
            return client.list_versions(ids[key])
        except (NotFoundError, RejectedError) as error:
            refusals[key] = error.message
            return []

    refusals: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool, _cancelled(pool):
        versions = dict(zip(ids, pool.map(read, ids), strict=True))
    for key in sorted(refusals):
        click.echo(f"warning: the versions of {visible(key)} can't be read: {visible(refusals[key])}", err=True)
    return versions


@contextmanager
def _cancelled(pool: ThreadPoolExecutor) -> Iterator[None]:
    """Nothing more is begun once something within has failed."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _rendered(drift: Drift, *, form: Format, globals_: Globals) -> str:
    match form:
        case "text":
            return renderer.render_text(drift, colour=globals_.colour(sys.stdout), width=stdout_width())
        case "json":
            return renderer.render_json(drift)
        case "markdown":
            return renderer.render_markdown(drift)
        case _:
            assert_never(form)
