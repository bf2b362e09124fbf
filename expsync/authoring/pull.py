"""Live values taken into the files that declare an experiment, as far as the loader lets them stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from expsync.authoring.attempt import attempt
from expsync.authoring.drafted import Judge
from expsync.authoring.drafts import Drafts
from expsync.authoring.left import left_over
from expsync.authoring.renaming import Renaming, renamed_pair
from expsync.authoring.take import Entry, Wish
from expsync.core.diff import located_changes
from expsync.core.normalize import Desired
from expsync.core.paths import Path, is_ignored, path_text
from expsync.core.target import rekeyed, renames_of, target_of
from expsync.core.unfinished import is_unfinished
from expsync.model.plan import Change
from expsync.model.state import State
from expsync.model.taken import Taken
from expsync.model.workspace import Ownership


def pull_experiment(entry: Entry, live: State, drafts: Drafts, judge: Judge) -> Taken:
    """Change the drafts so that the experiment's files say what is live; where they can't, they stay as they were."""
    key = entry.desired.state.key
    if is_unfinished(live):
        return Taken(key, problem="its creation was broken off: `expsync apply` completes it")
    ownership = judge.place.ownership
    renamings = _renamings(entry, live, judge)
    wanted = differences(entry.desired, live, ownership, renamings)
    if not wanted:
        return Taken(key)
    outcome = attempt(entry, Wish(live, renamings=renamings), [path for path, _ in wanted], drafts, judge)
    if outcome.desired is None:
        return Taken(key, problem=outcome.problem)
    left = differences(outcome.desired, live, ownership)
    still = {path for path, _ in left}
    return Taken(
        key,
        files=outcome.files,
        changes=tuple(change for path, change in wanted if path not in still and not outcome.reason(path)),
        left=left_over(left, outcome, [live], ()),
        notes=outcome.notes,
        elsewhere=outcome.elsewhere,
    )


def differences(
    desired: Desired, live: State, ownership: Ownership, renamings: Sequence[Renaming] = ()
) -> list[tuple[Path, Change]]:
    """The changes from what the file declares to what is live, but for the tags that the tool itself puts on and off.

    With `renamings` variants count as those that they were renamed to.
    """
    keys = {renaming.old: renaming.new for renaming in renamings}
    ignore = desired.ignore
    for renaming in renamings:
        ignore = tuple(renaming.pattern(pattern) for pattern in ignore)
    renames = {new: old for new, old in desired.renames.items() if new not in keys}
    desired = replace(desired, state=rekeyed(desired.state, keys), renames=renames, ignore=ignore)
    target = target_of(desired, live, ownership)
    assert target.live is not None
    # Renames that are not done yet, and not undone here, show live under the file's keys.
    shown = {new: old for old, new in keys.items()} | dict(target.renamed)
    own = {("tags", ownership.tag), ("tags", ownership.protectedTag)}
    found = located_changes(target.state, target.live, shown)
    return [*((path, change) for path, change in found if path not in own), *_strangers(desired, live)]


def _strangers(desired: Desired, live: State) -> Iterator[tuple[Path, Change]]:
    """The weights that segments give to variants that are gone, where the file does not list the variants itself."""
    if desired.state.variants is not None or live.variants is None:
        return
    for name, segment in (desired.state.targetSegments or {}).items():
        for key, weight in (segment.rolloutWeights or {}).items():
            if name in (live.targetSegments or {}) and key not in live.variants:
                path: Path = ("targetSegments", name, "rolloutWeights", key)
                yield path, Change(path=path_text(path), kind="remove", before=weight, after=None)


def _renamings(entry: Entry, live: State, judge: Judge) -> tuple[Renaming, ...]:
    """The variants that have another key in the file than live: renames that were not done yet, and one by hand."""
    desired = entry.desired
    declared = desired.state.variants
    if declared is None or is_ignored(desired.ignore, ("variants",)):
        return ()
    waiting = renames_of(desired, live)
    found = [Renaming(new, old, was="") for new, old in waiting.items()]
    pair = renamed_pair({waiting.get(key, key): variant for key, variant in declared.items()}, live.variants)
    if pair is not None and not any(is_ignored(desired.ignore, ("variants", key, "key")) for key in pair):
        old, new = pair
        shared = any(not entry.document.is_skipped(name) for name in judge.place.others)
        # Where others have the variant under its old key still, it is to be renamed there and not replaced.
        found.append(Renaming(old, new, was=old if shared else None))
    return tuple(found)
