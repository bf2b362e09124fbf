"""What is written beside a plan, in Markdown: what came of an apply, that a plan is out of date, what has drifted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from expsync.forge.notes import LIMIT, mark
from expsync.forge.site import Site
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import Plan
from expsync.render.markdown_text import code, prose
from expsync.render.outcome import summary_line
from expsync.render.safe import visible

DRIFT_LIMIT = 60_000
PLAN, DRIFT = "plan", "drift"
"""The kinds of marks."""
_ROOM = LIMIT - 1000
"""Characters of a text; what is added when it is posted has the rest."""
_NAMES = 10
_NAME = 120
_SENTENCE = 300
_LINES = 12


def where_it_ran(site: Site | None) -> str:
    """A line with the commit and the run; empty outside of a pipeline."""
    if site is None:
        return ""
    commit = site.commit if site.pull_request is None else site.pull_request.head
    return f"Commit {code(commit[:12])}, [this run]({site.run})."


def with_foot(text: str, site: Site | None) -> str:
    """The text with that line under it."""
    foot = where_it_ran(site)
    return f"{text.rstrip()}\n\n{foot}\n" if foot else text


def no_plan(environment: str, *, why: str, said: str) -> str:
    """What takes the place of a plan that is out of date."""
    blocks = [f"### No plan for {code(environment)}" if environment else "### No plan", f"**{prose(why)}**"]
    return _joined([*blocks, _fenced(said), "The plan that stood here was for an earlier commit."])


def outcome_text(
    plan: Plan | None,
    *,
    environment: str,
    project: str,
    exit_code: int,
    said: str = "",
    outcome: ApplyOutcome | None = None,
    nothing: str = "",
    unreviewed: Sequence[str] = (),
    left: Sequence[str] | None = None,
    plan_text: str = "",
) -> str:
    """The comment after an apply: what came of it, then the plan, as far as there is room for it.

    `said` is what the program said of errors, `nothing` why there was nothing to do, `left` which experiments differ
    from the files after it (None where nobody looked).
    """
    blocks = [f"{mark(PLAN, environment, project)}\n### {_headline(exit_code, nothing)} {code(environment)}"]
    if nothing:
        blocks.append(f"{prose(nothing)}")
    if outcome is not None:
        blocks.append(f"**{prose(summary_line(outcome))}**")
        blocks.append("\n".join(_experiments(outcome.experiments)))
    if exit_code and (outcome is None or not outcome.experiments):
        blocks.append(_fenced(said))
    if exit_code == _REFUSED:
        blocks.append(_AFTER_A_REFUSAL)
    if unreviewed:
        blocks.append(f"Not in the reviewed plan, and so not applied: {_names(unreviewed)}.")
    if left is not None:
        settled = "Planned again afterwards: live is as the files say."
        blocks.append(f"Planned again afterwards: still other than the files: {_names(left)}." if left else settled)
    whole = _joined(blocks)
    if plan is None or not plan_text:
        return whole
    folded = _folded(plan_text)
    return f"{whole}\n{folded}" if len(whole) + len(folded) < _ROOM else whole


def drift_text(markdown: str, *, environment: str, project: str) -> str:
    """What has drifted as the text of an issue: under a mark, cut between two lines if it is too long."""
    head = f"{mark(DRIFT, environment, project)}\n"
    told = (
        "\n`expsync pull` takes what is live into the files; `expsync apply` makes live what the files say.\n"
        "This text is written anew by each run, and the issue is closed when nothing is left.\n"
    )
    lines = markdown.splitlines()
    room = DRIFT_LIMIT - len(head) - len(told)
    shown = lines
    if len(markdown) > room:
        shown, room = [], room - 100
        for line in lines:
            room -= len(line) + 1
            if room < 0:
                break
            shown.append(line)
        shown += ["", f"_Cut: {len(lines) - len(shown):,} more lines; the whole is in the summary of the run._"]
    return head + "\n".join(shown) + "\n" + told


_REFUSED = 3
_AFTER_A_REFUSAL = (
    "Nothing was written. A plan that was reviewed is carried out as it is or not at all. To go on: run the apply by "
    "hand with `plan: fresh`, which plans the files as they are now and carries that out, or open a new pull request."
)


def _headline(exit_code: int, nothing: str) -> str:
    match exit_code:
        case 0:
            return "Nothing to apply to" if nothing else "Applied to"
        case 3:
            return "Refused, nothing written to"
        case 4:
            return "Applied in part to"
        case 130:
            return "Interrupted while applying to"
        case _:
            return "Failed to apply to"


def _experiments(experiments: Iterable[ExperimentOutcome]) -> list[str]:
    troubled = [experiment for experiment in experiments if experiment.status != "done" or experiment.left]
    lines = [_trouble(experiment) for experiment in troubled[:_NAMES]]
    if len(troubled) > _NAMES:
        lines.append(f"- {len(troubled) - _NAMES} more: the log of the run has them all")
    return lines


def _trouble(experiment: ExperimentOutcome) -> str:
    calls = f"{len(experiment.done)} calls done, {len(experiment.pending)} not tried"
    if experiment.status == "done":
        said = f"done, but not all of it shows: {len(experiment.left)} changes are left"
    else:
        said = f"{experiment.status.replace('-', ' ')} ({calls})"
    why = ": ".join(part for part in (said, _short(experiment.error, _SENTENCE)) if part)
    return f"- {code(_short(experiment.key, _NAME))}: {prose(why)}"


def _names(keys: Sequence[str]) -> str:
    shown = ", ".join(code(_short(key, _NAME)) for key in keys[:_NAMES])
    return f"{shown} and {len(keys) - _NAMES} more" if len(keys) > _NAMES else shown


def _fenced(said: str) -> str:
    """The last lines of what was said, to the letter."""
    lines = [code(_short(line, _SENTENCE)) for line in said.splitlines() if line.strip()]
    more = [f"_{len(lines) - _LINES} more lines in the log of the run_"] if len(lines) > _LINES else []
    return "<br>\n".join([*lines[:_LINES], *more])


def _folded(plan_text: str) -> str:
    body = plan_text.partition("\n")[2] if plan_text.startswith("<!--") else plan_text
    return f"<details><summary>The plan</summary>\n\n{body.strip()}\n\n</details>\n"


def _short(text: str, limit: int) -> str:
    shown = visible(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"
