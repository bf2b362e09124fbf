"""The step after a merge: carry out the plan that was reviewed, or a fresh one, and say what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from expsync.errors import ExpsyncError, RefusedError
from expsync.forge.compare import Comparison, compare_plans
from expsync.forge.connect import connected
from expsync.forge.planning import shown
from expsync.forge.run import CALLS, COMMENT, NUMBER, OUTCOME, PLAN, REPORT, Place, Run
from expsync.forge.site import PullRequest
from expsync.forge.texts import outcome_text, with_foot
from expsync.model.outcome import ApplyOutcome
from expsync.model.plan import Plan
from expsync.model.plan_file import load_plan, read_plan
from expsync.render.safe import visible

Source = Literal["reviewed", "auto", "fresh"]
REFUSED = 3
_DONE_ALREADY = "What the reviewed plan was to do is live already."
_EMPTY = "The plan holds no change."


@dataclass(slots=True)
class _Result:
    """What came of it so far."""

    code: int = 0
    said: str = ""
    plan: Plan | None = None
    outcome: ApplyOutcome | None = None
    nothing: str = ""
    unreviewed: Sequence[str] = ()
    left: Sequence[str] | None = None
    request: PullRequest | None = field(default=None)


def apply_step(
    run: Run, *, source: Source, number: int | None, artifact: str, scope: Sequence[str], options: Sequence[str]
) -> int:
    """The exit code of the apply: 0 done, 1 failed, 3 refused, 4 in part, 130 interrupted.

    `reviewed` takes the plan that was saved for the pull request that was merged, and carries it out only if planning
    the merged files now asks for the same, experiment by experiment. `fresh` plans now and carries that out. `auto` is
    the first where a pull request was merged, and the second where a commit came without one.
    """
    place = run.place()
    result = _Result()
    try:
        _carry_out(run, result, source=source, number=number, artifact=artifact, scope=scope, options=options)
    except ExpsyncError as error:
        result.code = error.exit_code
        hint = f"\n  hint: {visible(error.hint)}" if error.hint else ""
        result.said = f"error: {visible(error.message)}{hint}\n"
        sys.stderr.write(result.said)
    _report(run, place, result)
    return result.code


def _carry_out(
    run: Run,
    result: _Result,
    *,
    source: Source,
    number: int | None,
    artifact: str,
    scope: Sequence[str],
    options: Sequence[str],
) -> None:
    result.request = _request(run, number, source)
    fresh = _fresh(run, scope, result)
    if fresh is None:
        return
    if source != "fresh" and result.request is not None:
        result.plan = _reviewed(run, result.request, artifact)
        comparison = compare_plans(result.plan, fresh)
        result.unreviewed = comparison.unreviewed
        if not _may_go_on(comparison, result):
            return
    else:
        result.plan = fresh
        run.path(_FRESH).replace(run.path(PLAN))
    if not result.plan.experiments:
        result.nothing = _EMPTY
        return
    _apply(run, result, options)
    result.left = _left(run, scope) if result.code in (0, 4) else None


_FRESH = ".fresh.json"
_AFTER = ".after.json"


def _request(run: Run, number: int | None, source: Source) -> PullRequest | None:
    """The pull request that was merged, or None where there is none, or where nobody needs to know."""
    site = run.site
    if site is None:
        if source == "fresh":
            return None
        raise ExpsyncError("reviewed plans are on GitHub and GitLab, and this is a run of neither")
    if number is None and site.pull_request is not None:
        return site.pull_request
    try:
        with connected(site) as forge:
            found = forge.merged_by(site.commit) if number is None else forge.pull_request(number)
    except ExpsyncError as error:
        if source != "fresh":
            raise
        run.warn(f"the {site.request} of this commit can't be asked for: {error.message}")
        return None
    if found is None and source == "reviewed":
        raise RefusedError(
            f"no {site.request} was merged by commit {site.commit[:12]}, so there is no reviewed plan; "
            "nothing was written",
            hint="plan the files as they are now and apply that (plan: fresh), or name its number",
        )
    return found


def _fresh(run: Run, scope: Sequence[str], result: _Result) -> Plan | None:
    path = run.path(_FRESH)
    ran = run.program.run("plan", "--out", str(path), *scope)
    if ran.code:
        result.code, result.said = ran.code, ran.said
        return None
    return read_plan(path)


def _reviewed(run: Run, request: PullRequest, artifact: str) -> Plan:
    assert run.site is not None
    with connected(run.site) as forge:
        content = forge.saved_plan(request, artifact)
    try:
        plan = load_plan(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise RefusedError("the saved plan is not UTF-8 text; nothing was written") from None
    run.path(PLAN).write_bytes(content)
    return plan


def _may_go_on(comparison: Comparison, result: _Result) -> bool:
    match comparison.state:
        case "same":
            return True
        case "done":
            result.nothing = _DONE_ALREADY
            return False
        case "moved":
            reasons = "\n  ".join(visible(reason) for reason in comparison.reasons)
            result.code = REFUSED
            result.said = f"error: the reviewed plan is out of date; nothing was written\n  {reasons}\n"
            sys.stderr.write(result.said)
            return False


def _apply(run: Run, result: _Result, options: Sequence[str]) -> None:
    outcome = run.path(OUTCOME)
    arguments = ["--yes", "--format", "json", "--log", str(run.path(CALLS)), *options]
    ran = run.program.run("apply", str(run.path(PLAN)), *arguments, out=outcome)
    result.code, result.said = ran.code, _errors(ran.said)
    text = outcome.read_text(encoding="utf-8")
    if text.strip():
        result.outcome = ApplyOutcome.model_validate_json(_model_part(text))
    else:
        outcome.unlink()


def _model_part(text: str) -> str:
    """The document without the two fields that are reckoned from the others."""
    import json

    document = json.loads(text)
    return json.dumps({name: value for name, value in document.items() if name in ApplyOutcome.model_fields})


def _errors(said: str) -> str:
    """What was said from the first error on; before it stands the plan."""
    at = said.find("error") if said.startswith("error") else said.find("\nerror")
    return said[at:].lstrip("\n") if at >= 0 else ""


def _left(run: Run, scope: Sequence[str]) -> list[str] | None:
    path = run.path(_AFTER)
    ran = run.program.run("plan", "--quiet", "--out", str(path), *scope, out=Path(run.path(".after.txt")))
    run.path(".after.txt").unlink(missing_ok=True)
    if ran.code:
        run.warn("what is live now could not be planned against the files; the log of this step says why")
        return None
    after = read_plan(path)
    path.unlink()
    return [experiment.key for experiment in after.experiments]


def _report(run: Run, place: Place, result: _Result) -> None:
    planned = result.plan is not None
    markdown = shown(run)[1] if planned else ""
    text = outcome_text(
        result.plan,
        environment=place.environment,
        project=place.project,
        exit_code=result.code,
        said=result.said,
        outcome=result.outcome,
        nothing=result.nothing,
        unreviewed=result.unreviewed,
        left=result.left,
        plan_text=markdown,
    )
    text = with_foot(text, run.site)
    run.keep(COMMENT, text)
    run.summarise(text)
    if result.request is not None:
        run.keep(NUMBER, f"{result.request.number}\n")
    for name in (_FRESH, _AFTER):
        run.path(name).unlink(missing_ok=True)
    run.tell(
        exitcode=result.code,
        pending="" if result.left is None else bool(result.left),
        plan=str(run.path(PLAN)) if planned else "",
        report=str(run.path(REPORT)) if planned else "",
        digest=result.plan.digest if result.plan is not None else "",
        done=0 if result.outcome is None else result.outcome.count("done"),
    )
