"""The way back to a version: what a file must say so that the next apply makes live what the version recorded."""

from __future__ import annotations

from expsync.authoring.attempt import attempt
from expsync.authoring.drafted import Judge
from expsync.authoring.drafts import Drafts
from expsync.authoring.left import left_over
from expsync.authoring.renaming import Renaming, renamed_pair
from expsync.authoring.take import Entry, Wish
from expsync.core.normalize import Desired
from expsync.core.paths import Path, is_ignored
from expsync.core.target import rekeyed, renames_of, target_of
from expsync.core.unfinished import is_unfinished
from expsync.core.versions import known_changes
from expsync.model.plan import Change
from expsync.model.state import State
from expsync.model.taken import RolledBack
from expsync.model.workspace import Ownership


def roll_back(entry: Entry, number: int, version: State, live: State, drafts: Drafts, judge: Judge) -> RolledBack:
    """Change the drafts so that the file says what the version recorded; what it does not know stays as it is.

    `live` is the whole live state: what is left out of the file and is another now is declared.
    """
    key = entry.desired.state.key
    if is_unfinished(live):
        return RolledBack(key, number, problem="its creation was broken off: `expsync apply` completes it")
    ownership, ignore = judge.place.ownership, entry.desired.ignore
    found = _ahead(entry.desired, live, version, ownership)
    pair = None if is_ignored(ignore, ("variants",)) else renamed_pair(live.variants, version.variants)
    outcome = attempt(entry, _wish(entry, version, live, pair), [path for path, _ in found], drafts, judge)
    if outcome.desired is None:
        return RolledBack(key, number, problem=outcome.problem)
    target = target_of(outcome.desired, live, ownership)
    left = _ahead(outcome.desired, live, version, ownership)
    # Under the keys that its variants will have: what is renamed neither goes nor comes.
    before, after = _keys(target.live), _keys(target.state)
    return RolledBack(
        key,
        number,
        left=left_over(left, outcome, [live, version], outcome.desired.ignore),
        renamed=pair if pair is not None and target.renamed.get(pair[1]) == pair[0] else None,
        gone=tuple(one for one in before if one not in after),
        come=tuple(one for one in after if one not in before),
        order=_other_order(after, _keys(version)),
        elsewhere=outcome.elsewhere,
    )


def _ahead(desired: Desired, live: State, version: State, ownership: Ownership) -> list[tuple[Path, Change]]:
    """The differences from the version that there will be once the file is applied, but for the tool's own tags."""
    reached = target_of(desired, live, ownership).state
    own = {("tags", ownership.tag), ("tags", ownership.protectedTag)}
    return [(path, change) for path, change in known_changes(reached, version) if path not in own]


def _wish(entry: Entry, version: State, live: State, pair: tuple[str, str] | None) -> Wish:
    there = version.variants or {}
    waiting = renames_of(entry.desired, live)
    # A rename that was not done yet, from a key that the version has, is undone.
    renamings = [Renaming(new, old, was="") for new, old in waiting.items() if new not in there and old in there]
    if pair is None:
        return Wish(version, since=live, renamings=renamings)
    now, then = pair
    declared = entry.desired.state.variants or {}
    holder = next((key for key in declared if key in (now, then) or waiting.get(key) == now), None)
    if holder is not None:
        renamings.append(Renaming(holder, then, was=now))
    return Wish(version, since=rekeyed(live, {now: then}), renamings=renamings, renamed={then: now})


def _keys(state: State | None) -> list[str]:
    return [] if state is None else list(state.variants or ())


def _other_order(there: list[str], version: list[str]) -> tuple[str, ...] | None:
    """The version's order, where what is in both will stand in another."""
    common = [key for key in version if key in there]
    return tuple(version) if common != [key for key in there if key in version] else None
