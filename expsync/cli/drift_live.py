"""What `expsync drift` reads: what is live and not as the files say, and since which version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from expsync import __version__
from expsync.api.client import Client
from expsync.api.pool import reading
from expsync.api.reader import Reader
from expsync.api.sightings import Snapshot
from expsync.apply.looks import state_of
from expsync.cli.memory import collect_again
from expsync.cli.progress import Progress
from expsync.cli.session import Session, check_targets, is_targeted
from expsync.core.drift import drifted_experiment
from expsync.core.normalize import Desired, live_state
from expsync.core.planner import is_owned
from expsync.core.three_way import departures, needs_since
from expsync.errors import NotFoundError, RejectedError
from expsync.model.drift import DRIFT_VERSION, Drift, DriftedExperiment, DriftSummary
from expsync.model.plan import Base, Unmanaged
from expsync.render.safe import visible
from expsync.wire.schema import WireVersion

if TYPE_CHECKING:
    from expsync.authoring.revision import Revision


def find_drift(
    session: Session, client: Client, desired: Sequence[Desired], *, targets: Sequence[str], base: Revision | None
) -> Drift:
    """The drift of what `targets` match (all, where there are none), since `base` or else from the files as they are.

    Beside what a plan reads, it takes one request for each experiment that has drifted.
    """
    collect_again()
    ownership = session.workspace.file.ownership
    chosen = {wanted.state.key: wanted for wanted in desired if is_targeted(wanted.state.key, targets)}
    then: Mapping[str, Desired] = chosen if base is None else base.declared
    workers = session.workspace.file.limits.parallelism
    with Progress(session.globals, "reading what is live") as progress:
        reader = Reader(client, parallelism=workers, advance=progress.update)
        snapshot = reader.snapshot(
            {key: needs_since(wanted, then.get(key)) for key, wanted in chosen.items()},
            own=[wanted.state.key for wanted in desired],
        )
        live = {key: state_of(sighting) for key, sighting in snapshot.asked.items()}
        found = {key: departures(chosen[key], state, then.get(key), ownership) for key, state in live.items()}
        found = {key: places for key, places in found.items() if places}
        bodies = {key: snapshot.asked[key].body for key in found}
    with Progress(session.globals, "reading versions", len(bodies)) as progress:
        versions = _versions(client, {key: body.id for key, body in bodies.items()}, workers, progress.step)
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


def _versions(
    client: Client, ids: Mapping[str, str], workers: int, advance: Callable[[str], None]
) -> dict[str, list[WireVersion]]:
    """The versions of each experiment, by key; none where the server has no such list, which goes to stderr."""

    def read(key: str) -> list[WireVersion]:
        try:
            return client.list_versions(ids[key])
        except (NotFoundError, RejectedError) as error:
            refusals[key] = error.message
            return []
        finally:
            advance(key)

    refusals: dict[str, str] = {}
    with reading(workers) as pool:
        versions = dict(zip(ids, pool.map(read, ids), strict=True))
    for key in sorted(refusals):
        click.echo(f"warning: the versions of {visible(key)} can't be read: {visible(refusals[key])}", err=True)
    return versions
