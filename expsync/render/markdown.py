"""The plan as Markdown for a comment on a pull request: what stands in an apply's way first, detail behind a click.

A comment has a bound, and a plan has none. So the parts are put in by what they are worth until the room is used up:
the verdict, the risks and the removals always; then a row for each experiment; then of each, the riskiest first,
fields, shares and calls. What had no room is counted, with the place where all of it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from expsync.model.plan import Note, Plan, PlannedExperiment, Unmanaged
from expsync.model.workspace import SANDBOX
from expsync.render import markdown_parts as parts
from expsync.render.markdown_names import named
from expsync.render.markdown_text import code, prose
from expsync.render.outline import by_weight, short, verdict_lines
from expsync.render.safe import visible
from expsync.render.values import clip
from expsync.render.view import (
    budget_line,
    much_of_a_day,
    nothing_to_do,
    origins_line,
    summary_line,
    unmanaged_text,
)

LIMIT = 60_000
"""Characters: a comment on GitHub may have 65,536."""
WHOLE = "the plan's JSON (`--format json`) and its HTML report (`--format html`)"
_CUT_ROOM = 800
"""What is kept free for the sentences about what was cut."""
_GIVE_UP = 20
"""After so many parts in a row that have no room left, the others are not tried."""
_SOME_CHANGES = 15
_TEXT_SHOWN = 200
_LINE_SHOWN = 500
"""Only made-up plans have longer ones."""
_MARKED = 100
_JOINT = "\n\n"


def render(plan: Plan, *, where_whole: str = WHOLE) -> str:
    """The plan as Markdown, in at most `LIMIT` characters; the same plan gives the same bytes.

    `where_whole` says in Markdown where the whole plan is to be found; it stands there only if something was cut.
    """
    head, foot = _head(plan), _foot(plan)
    room = LIMIT - _CUT_ROOM - len(where_whole) - sum(len(block) + len(_JOINT) for block in (*head, foot))
    names = named(plan, room - len(_JOINT))
    room -= len(names.text) + len(_JOINT)
    cuts = [names.cut] if names.cut else []
    ordered = by_weight(plan)
    table = _table(ordered, room, cuts)
    room -= len(table) + len(_JOINT)
    below = _below(plan, ordered, room, cuts)
    told = [_cut_text(cuts, where_whole)] if cuts else []
    blocks = [*head, *told, names.text, table, *below, foot]
    return _JOINT.join(block for block in blocks if block) + "\n"


def marker(plan: Plan) -> str:
    """The hidden first line, by which a comment about the same environment is found and written anew."""
    return f"<!-- expsync plan: {_plain(plan.environment)} {_plain(plan.projectId)} -->"


def _plain(name: str) -> str:
    """The name in letters, digits and `%`, which can't end the comment that it stands in."""
    quoted = quote(name, safe="", errors="surrogatepass")
    if len(quoted) <= _MARKED:
        return quoted
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _head(plan: Plan) -> list[str]:
    title = f"### Plan for {_named(plan.environment)}"
    blocks = [f"{marker(plan)}\n{title}", f"**{prose(clip(summary_line(plan), _LINE_SHOWN))}**"]
    if nothing_to_do(plan):
        blocks.append("Nothing to do: live matches the files.")
    blocks += [f"**{prose(line)}**" for line in verdict_lines(plan)]
    if plan.base is not None:
        blocks.append(prose(clip(origins_line(plan, plan.base), _LINE_SHOWN)))
    if much_of_a_day(plan):
        blocks.append(prose(clip(budget_line(plan), _LINE_SHOWN)))
    return blocks


def _foot(plan: Plan) -> str:
    address = "the embedded sandbox" if plan.baseUrl == SANDBOX else _named(plan.baseUrl)
    said = [
        f"Plan {_named(plan.digest)}",
        *([] if plan.base is None else [f"base {_named(plan.base.ref)}, commit {_named(plan.base.commit)}"]),
        f"environment {_named(plan.environment)}, project {_named(plan.projectId)}, {address}",
    ]
    targets = [short(visible(target), parts.SHORT_NAME) for target in plan.scope.targets]
    some = f" and {len(targets) - 10} more" if len(targets) > 10 else ""
    said += [f"only {', '.join(map(code, targets[:10]))}{some}"] if targets else []
    said += ["with `--prune`"] if plan.scope.prune else []
    said.append(f"made {_named(plan.createdAt)} by expsync {_named(plan.expsyncVersion)}")
    return f"---\n\n{'; '.join(said)}."


def _named(text: str) -> str:
    return code(short(visible(text), _TEXT_SHOWN)) or "(no name)"


def _table(ordered: Sequence[PlannedExperiment], room: int, cuts: list[str]) -> str:
    """All experiments, with brief rows where they don't fit otherwise, and in the end as many as do."""
    if not ordered:
        return ""
    rows: list[str] = []
    for brief in (False, True):
        rows = _as_many(
            (parts.row(experiment, brief=brief) for experiment in ordered), room - len(parts.TABLE_HEAD), len("\n")
        )
        if len(rows) == len(ordered):
            cuts += ["the rows of the table are shortened"] if brief else []
            return "\n".join([parts.TABLE_HEAD, *rows])
    left = len(ordered) - len(rows)
    rest = "" if not rows else ", the others shortened"
    cuts.append(f"the {f'{left:,} least risky rows' if left > 1 else 'least risky row'} of the table left out{rest}")
    return "\n".join([parts.TABLE_HEAD, *rows]) if rows else ""


def _as_many(texts: Iterable[str], room: int, joint: int) -> list[str]:
    """The first of the texts, as many as the room has."""
    shown: list[str] = []
    for text in texts:
        room -= len(text) + joint
        if room < 0:
            break
        shown.append(text)
    return shown


def _below(plan: Plan, ordered: Sequence[PlannedExperiment], room: int, cuts: list[str]) -> list[str]:
    """What stands below the table: the details of each experiment, then what is in no file, then the notes."""
    budget = _Budget(room)
    frames = budget.each(ordered, _frame)
    some = [frame is not None and frame[1] for frame in frames]
    notes = _list("Notes", [_note(note) for note in plan.notes], budget, cuts)
    unmanaged = _list("Live, but in no file", [_unmanaged(entry) for entry in plan.unmanaged], budget, cuts)
    there = [experiment for experiment, frame in zip(ordered, frames, strict=True) if frame is not None]
    shares = budget.each(there, lambda experiment: _optional(parts.shares(experiment)))
    calls = budget.each(there, lambda experiment: _optional(parts.operations(experiment)))
    for missing, what in (
        (sum(frame is None for frame in frames), "the details of"),
        (sum(some), "some of the changes of"),
        (sum(share is None for share in shares), "who moves in"),
        (sum(call is None for call in calls), "the calls of"),
    ):
        cuts += [f"{what} {_numbered(missing, 'experiment')} left out"] if missing else []
    details = []
    for experiment, frame, share, call in zip(there, filter(None, frames), shares, calls, strict=True):
        inner = [text for text in (frame[0], share and share[0], call and call[0]) if text]
        details.append(_JOINT.join([parts.opening(experiment), *inner, parts.CLOSING]))
    return [*details, unmanaged, notes]


_Piece = tuple[str, bool]
"""A text, and whether a part of it was left out."""


class _Budget:
    """The room that is left."""

    def __init__(self, room: int) -> None:
        self.room = room

    def take(self, size: int) -> bool:
        """Whether there was so much room; it is used up then."""
        fits = size <= self.room
        self.room -= size if fits else 0
        return fits

    def each(
        self,
        experiments: Sequence[PlannedExperiment],
        make: Callable[[PlannedExperiment], Sequence[tuple[str, int, bool]]],
    ) -> list[_Piece | None]:
        """For each the first of its pieces (a text, its size, whether it is cut) that has room, or None."""
        found: list[_Piece | None] = []
        missed = 0
        for experiment in experiments:
            piece: _Piece | None = None
            if missed < _GIVE_UP:
                fitting = (option for option in make(experiment) if self.take(option[1]))
                option = next(fitting, None)
                piece = None if option is None else (option[0], option[2])
                missed = missed + 1 if piece is None else 0
            found.append(piece)
        return found


def _frame(experiment: PlannedExperiment) -> list[tuple[str, int, bool]]:
    """The details without what can be put in later; with some of the changes where there are many."""
    around = len(parts.opening(experiment)) + len(parts.CLOSING) + 3 * len(_JOINT)
    options = [(parts.findings_and_fields(experiment), False)]
    if len(experiment.changes) > _SOME_CHANGES:
        options.append((parts.findings_and_fields(experiment, _SOME_CHANGES), True))
    return [(text, around + len(text), cut) for text, cut in options]


def _optional(text: str) -> list[tuple[str, int, bool]]:
    return [(text, len(text) + len(_JOINT) if text else 0, False)]


def _list(title: str, items: Sequence[str], budget: _Budget, cuts: list[str]) -> str:
    """The items behind a click, as many as there is room for."""
    if not items:
        return ""
    opening = f"<details><summary>{title} ({len(items):,})</summary>"
    around = len(opening) + len(parts.CLOSING) + 3 * len(_JOINT)
    shown = _as_many(items, budget.room - around, len("\n"))
    if len(shown) < len(items):
        left = f"{len(items) - len(shown):,} of" if shown else "all"
        cuts.append(f"{left} {_numbered(len(items), 'line')} under “{title}” left out")
    if not shown:
        return ""
    text = _JOINT.join([opening, "\n".join(shown), parts.CLOSING])
    budget.take(len(text) + len(_JOINT))
    return text


def _note(note: Note) -> str:
    where = " ".join(_named(part) for part in (note.key, note.path) if part)
    said = prose(clip(note.message, 2 * _TEXT_SHOWN))
    return f"- {where}: {said}" if where else f"- {said}"


def _unmanaged(entry: Unmanaged) -> str:
    return f"- {_named(entry.key)}, {unmanaged_text(entry)}, id {_named(entry.id)}"


def _numbered(number: int, word: str) -> str:
    return f"{number:,} {word if number == 1 else f'{word}s'}"


def _cut_text(cuts: Sequence[str], where_whole: str) -> str:
    said = "; ".join(cuts)
    return f"_Cut to fit into a comment: {said}. Nothing is missing in {where_whole}._"
