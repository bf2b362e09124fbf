"""Drafts changed as far as the loader lets them be: all of it, or all but the fewest parts that it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from expsync.authoring.drafted import Judge, Verdict
from expsync.authoring.drafts import Drafts
from expsync.authoring.take import Entry, Wish, elsewhere, take_state
from expsync.config.rewrite import RewriteError
from expsync.core.normalize import Desired
from expsync.core.paths import Path

_MANY = 48
"""Changes past which they are tried field by field, and not one by one, where the loader refuses them together."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish.

    `desired` is what the file declares with its drafts, None where nothing could be done for the reason `problem`.
    `reasons` has, for each path that was held back, what the loader said; `files` are those that changed, the
    declaring one first; `elsewhere` the fields that changed in other environments too.
    """

    desired: Desired | None
    problem: str = ""
    reasons: Mapping[Path, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reason(self, path: Path) -> str:
        """Why a path was held back, or the empty text where it was not."""
        parts = (path[:length] for length in range(len(path), 0, -1))
        return next((self.reasons[part] for part in parts if part in self.reasons), "")


def attempt(entry: Entry, wish: Wish, paths: Sequence[Path], drafts: Drafts, judge: Judge) -> Outcome:
    """Change the drafts so that the document means the wish; `paths` are the differences, to be tried one by one.

    Drafts of documents that can't be changed at all are as they were.
    """
    trial = _Trial(entry, wish, drafts, judge)
    verdict = trial.make(frozenset())
    reasons: dict[Path, str] = {}
    if verdict.desired is None:
        units = list(dict.fromkeys(path[:1] if len(paths) > _MANY else path for path in paths))
        reasons = trial.refused(units)
        verdict = trial.make(frozenset(reasons)) if len(reasons) < len(units) else verdict
    if verdict.desired is None:
        drafts.restore(trial.kept)
        return Outcome(None, verdict.errors[0])
    if not trial.renames(frozenset(reasons)):
        # Without the rename the variants stay as they are, all together.
        reasons[("variants",)] = next(why for path, why in reasons.items() if path[0] == "variants")
    return Outcome(
        verdict.desired,
        reasons=reasons,
        files=trial.changed_files(),
        notes=trial.notes,
        elsewhere=elsewhere(entry, judge.place, drafts),
    )


class _Trial:
    """Makes drafts mean a wish, with some of it held back; each time it begins with the drafts as they were."""

    def __init__(self, entry: Entry, wish: Wish, drafts: Drafts, judge: Judge) -> None:
        self._entry = entry
        self._wish = wish
        self._drafts = drafts
        self._judge = judge
        self._known: frozenset[str] | None = None
        self.kept = drafts.kept()
        self.notes: tuple[str, ...] = ()

    def make(self, held: frozenset[Path]) -> Verdict:
        """The verdict on the drafts, which are changed as far as nothing is held."""
        self._drafts.restore(self.kept)
        wish = replace(self._wish, held=held)
        if not self.renames(held):
            wish = replace(wish, held=held | {("variants",)}, renamings=(), renamed={})
        try:
            self.notes = take_state(self._entry, wish, self._judge.place, self._drafts)
        except RewriteError as error:
            return Verdict(None, (str(error),))
        verdict = self._judge.verdict(self._entry.document, self._drafts)
        if verdict.desired is None and self._errors_before():
            # What was wrong before, in another environment, is not this change's fault.
            verdict = self._judge.verdict(self._entry.document, self._drafts, self._errors_before())
        return verdict

    def refused(self, units: Sequence[Path]) -> dict[Path, str]:
        """The parts that can't be changed, and why: tried one by one until no further one can."""
        reasons = dict.fromkeys(units, "")
        progress = True
        while progress:
            progress = False
            for unit in units:
                if unit in reasons:
                    verdict = self.make(frozenset(reasons) - {unit})
                    if verdict.desired is None:
                        reasons[unit] = verdict.errors[0]
                    else:
                        del reasons[unit]
                        progress = True
        return reasons

    def renames(self, held: frozenset[Path]) -> bool:
        """Whether the renames that are wished for, if any, can be done with these parts held back."""
        keys = {key for renaming in self._wish.renamings for key in (renaming.old, renaming.new)}
        keys |= {key for pair in self._wish.renamed.items() for key in pair}
        return not any(path[:1] == ("variants",) and (len(path) < 2 or path[1] in keys) for path in held) or not keys

    def changed_files(self) -> tuple[str, ...]:
        """The files that were changed, the declaring one first."""
        now = self._drafts.kept()
        names = [name for name, text in now.items() if self.kept.get(name) != text]
        return tuple(sorted(names, key=lambda name: (name != self._entry.document.file, name)))

    def _errors_before(self) -> frozenset[str]:
        if self._known is None:
            now = self._drafts.kept()
            self._drafts.restore(self.kept)
            self._known = self._judge.errors(self._entry.document, self._drafts)
            self._drafts.restore(now)
        return self._known
