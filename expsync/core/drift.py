"""The drift of one experiment as it is shown: what departs, who was there last, and in which version it came in."""

from __future__ import annotations

from collections.abc import Sequence

from expsync.core.normalize import Desired
from expsync.core.three_way import Departure
from expsync.core.versions import came_in
from expsync.model import drift as model
from expsync.model.plan import ChangeKind
from expsync.model.state import State
from expsync.wire.schema import WireExperiment, WireVersion

_SEEN_FROM_LIVE: dict[ChangeKind, ChangeKind] = {"add": "remove", "remove": "add", "replace": "replace"}


def drifted_experiment(
    desired: Desired,
    live: State,
    body: WireExperiment,
    found: Sequence[Departure],
    versions: Sequence[WireVersion],
) -> model.DriftedExperiment:
    """One experiment's part of the drift document; `body` is what was read of it, `found` where it departs.

    Who modified it last is what the body says, or else who made the newest version.
    """
    newest = max(versions, key=lambda version: version.version, default=None)
    if newest is not None and not (body.carries("lastModifiedAt") or body.carries("lastModifiedBy")):
        at, by = newest.createdAt, newest.createdBy
    else:
        at, by = body.lastModifiedAt, body.lastModifiedBy
    return model.DriftedExperiment(
        key=desired.state.key,
        id=body.id,
        file=desired.file,
        line=desired.line,
        lastModifiedAt=at,
        lastModifiedBy=by,
        changes=[_departure(departure, live, versions) for departure in found],
    )


def _departure(found: Departure, live: State, versions: Sequence[WireVersion]) -> model.DriftChange:
    version = came_in(versions, found.live_path, live)
    return model.DriftChange(
        path=found.change.path,
        kind=_SEEN_FROM_LIVE[found.change.kind],
        declared=found.change.after,
        live=found.change.before,
        origin=found.origin,
        since=version
        and model.Since(version=version.version, createdAt=version.createdAt, createdBy=version.createdBy),
    )
