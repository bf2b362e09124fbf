"""The parts of a plan's Markdown that can be left out: the rows of its table, and what is said of each experiment."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Sequence

from expsync.model.json_text import compact_json
from expsync.model.plan import Change, Finding, Impact, Operation, PlannedExperiment, SplitChange
from expsync.render.bars import bars
from expsync.render.markdown_text import cell, code, prose
from expsync.render.outline import CONFLICT, has_conflict, is_heavy, most_switched, short, worst_label
from expsync.render.safe import visible
from expsync.render.values import change_lines, clip
from expsync.render.view import (
    Paint,
    change_symbol,
    counted,
    finding_label,
    impacts_of,
    origin_label,
    percent,
    place_text,
    sentence,
)

NAME_SHOWN = 120
"""Characters of a name in the table and above the details."""
SHORT_NAME = 40
_PATH_SHOWN = 200
_VALUE_SHOWN = 160
_LINES_SHOWN = 12
_MESSAGE_SHOWN = 1_000
_BODY_SHOWN = 200
_BAR_SHOWN = 300
_PATHS_IN_ROW = 3
_PATH_IN_ROW = 48
_VALUE_IN_ROW = 40
_DONE = {"add": "added", "remove": "removed", "replace": "changed"}
_PLAIN = Paint(on=False)

TABLE_HEAD = "| Experiment | Action | Changes | Worst risk | Users who switch |\n|---|---|---|---|---|"


def row(experiment: PlannedExperiment, *, brief: bool) -> str:
    """A row of the table of all experiments; a brief one counts the changes and cuts the name."""
    name = code(short(visible(experiment.key), SHORT_NAME if brief else NAME_SHOWN))
    changes = counted(len(experiment.changes), "change") if experiment.changes else ""
    said = changes if brief else _changes(experiment.changes)
    worst = cell(worst_label(experiment))
    if any(map(is_heavy, experiment.findings)) or has_conflict(experiment):
        worst = f"**{worst}**"
        worst += "" if brief or not has_conflict(experiment) or CONFLICT in worst else f"<br>**{CONFLICT}**"
    return f"| {name} | {experiment.action} | {said} | {worst} | {_switched(experiment, brief=brief)} |"


def opening(experiment: PlannedExperiment) -> str:
    """The line that opens and closes the details of an experiment; within it Markdown means nothing."""
    said = [sentence(experiment.action, in_file=experiment.file is not None)]
    said += [counted(len(experiment.changes), "change")] if experiment.changes else []
    said += [worst] if (worst := worst_label(experiment)) else []
    name = html.escape(short(visible(experiment.key), NAME_SHOWN))
    return f"<details><summary><code>{name}</code> {html.escape('; '.join(said))}</summary>"


CLOSING = "</details>"


def findings_and_fields(experiment: PlannedExperiment, most: int | None = None) -> str:
    """Where it is declared, its findings with how to settle them, and its changes, `most` of them at most."""
    blocks = []
    line = "" if experiment.line is None else f":{experiment.line}"
    place = [] if experiment.file is None else [code(short(visible(experiment.file) + line, _PATH_SHOWN))]
    place += [] if experiment.id is None else [f"id {code(short(visible(experiment.id), NAME_SHOWN))}"]
    if place:
        blocks.append(", ".join(place))
    if experiment.findings:
        blocks.append("\n".join(_finding(finding) for finding in experiment.findings))
    shown = experiment.changes[:most]
    if shown:
        blocks.append("\n".join(["| Field | Old → new |", "|---|---|", *map(_field, shown)]))
    left = len(experiment.changes) - len(shown)
    if left:
        blocks.append(f"And {left:,} more of its changes.")
    return "\n\n".join(blocks)


def shares(experiment: PlannedExperiment) -> str:
    """Who is moved, in numbers, and the splits before and after as bars; empty where there is neither."""
    impacts = impacts_of(experiment.findings)
    blocks = []
    if impacts:
        head = (
            "| Of all who reach | switch | enter | leave | stay | switch on the way |\n|---|---:|---:|---:|---:|---:|"
        )
        blocks.append("\n".join([head, *map(_impact, impacts)]))
    if experiment.splits:
        lines = [line for split in experiment.splits for line in _bars(split)]
        # Longer than any row of backticks within, so that none of them ends the block.
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", "\n".join(lines))), default=0))
        blocks.append("\n".join([f"{fence}text", *lines, fence]))
    return "\n\n".join(blocks)


def operations(experiment: PlannedExperiment) -> str:
    """The calls of an apply in their order; empty where there is none."""
    if not experiment.operations:
        return ""
    head = "| Call | Where | What | Why |\n|---|---|---|---|"
    return "\n".join([head, *map(_operation, experiment.operations)])


def _changes(changes: Sequence[Change]) -> str:
    """The first fields that change, short values with them."""
    said = [_brief(change) for change in changes[:_PATHS_IN_ROW]]
    left = len(changes) - len(said)
    return "<br>".join(said) + (f"<br>and {left:,} more" if left else "")


def _brief(change: Change) -> str:
    path = f"{change_symbol(change.kind)} {code(short(visible(change.path), _PATH_IN_ROW))}"
    lines = change_lines(change, _VALUE_IN_ROW)
    fits = len(lines) == 1 and 0 < len(lines[0]) <= _VALUE_IN_ROW
    return f"{path} {code(lines[0])}" if fits else path


def _switched(experiment: PlannedExperiment, *, brief: bool) -> str:
    impact = most_switched(impacts_of(experiment.findings))
    if impact is None:
        return ""
    most = "" if impact.exact else "at most "
    place = "" if brief or impact.segment is None else f" of {_place(impact.segment)}"
    return f"{most}{percent(impact.switch)}{place}"


def _place(segment: str | None) -> str:
    if segment is None:
        return "all other users"
    return f"segment {code(short(visible(segment), NAME_SHOWN))}" if segment else "a segment without a name"


def _finding(finding: Finding) -> str:
    said, settle = finding.sentences()
    label = prose(finding_label(finding))
    text = f"- {f'**{label}**' if is_heavy(finding) else label}: {prose(clip(said, _MESSAGE_SHOWN))}"
    return text + (f"<br>To settle it: {prose(clip(settle, _MESSAGE_SHOWN))}" if settle else "")


def _field(change: Change) -> str:
    lines = change_lines(change, _VALUE_SHOWN)
    what = "<br>".join(code(clip(line, 2 * _VALUE_SHOWN)) for line in lines[:_LINES_SHOWN] if line)
    what += f"<br>and {len(lines) - _LINES_SHOWN:,} more" if len(lines) > _LINES_SHOWN else ""
    label = origin_label(change.origin).strip("[]")
    origin = f"<br>**{label}**" if label else ""
    return f"| {_DONE[change.kind]} {code(short(visible(change.path), _PATH_SHOWN))}{origin} | {what} |"


def _impact(impact: Impact) -> str:
    numbers = (impact.switch, impact.enter, impact.leave, impact.stay, impact.transientSwitch)
    place = _place(impact.segment) + ("" if impact.exact else " (at worst)")
    return f"| {place} | {' | '.join(map(percent, numbers))} |"


def _bars(split: SplitChange) -> list[str]:
    place = short(place_text(split.segment), NAME_SHOWN)
    # A block of code can be moved sideways, and a line of it is cut in the end.
    return [clip(line, _BAR_SHOWN) for line in (place, *bars(split, _PLAIN, width=sys.maxsize))]


def _operation(operation: Operation) -> str:
    where = f"{operation.method} {short(visible(operation.path), _PATH_SHOWN)}"
    body = "" if operation.body is None else code(clip(compact_json(operation.body), _BODY_SHOWN))
    name = code(short(visible(operation.op), NAME_SHOWN))
    return f"| {name} | {code(where)} | {body} | {cell(clip(operation.reason, _BODY_SHOWN))} |"
