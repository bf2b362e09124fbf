"""The step before a merge: check the files, plan, and write down what the reviewers are to read."""

from __future__ import annotations

from collections.abc import Sequence

from expsync.forge.base import base_of
from expsync.forge.notes import beginning, mark
from expsync.forge.run import COMMENT, NUMBER, OUTDATED, PLAN, REPORT, Run
from expsync.forge.texts import PLAN as KIND
from expsync.forge.texts import no_plan, with_foot
from expsync.model.plan import Plan
from expsync.model.plan_file import read_plan
from expsync.render import html, markdown

AUTO, NONE = "auto", "none"
PENDING = 2


def plan_step(run: Run, *, scope: Sequence[str], base: str, strict: bool) -> int:
    """0 where there is a plan, of changes or of none, or where there can be none for lack of a key; else 1 or 64.

    Writes the plan, its report and the comment into the run's folder. A plan that can't be made leaves a text for the
    place of the one that is out of date.
    """
    if run.site is not None and run.site.pull_request is not None:
        run.keep(NUMBER, f"{run.site.pull_request.number}\n")
    form = "github" if run.site is not None and run.site.kind == "github" else "text"
    program = run.program
    code = program.run("validate", "--format", form, *(["--strict"] if strict else [])).code
    if code:
        return _failed(run, code, "the files have problems, and nothing was planned", "")
    if _is_without_key(run):
        return 0
    # git has no use for the key.
    key = run.place().key
    environ = {name: value for name, value in run.environ.items() if name != key}
    against, missing = ("", "") if base == NONE else (base, "") if base != AUTO else base_of(run.site, environ)
    if missing:
        run.warn(missing)
    arguments = ["--out", str(run.path(PLAN)), "--detailed-exitcode", *scope]
    ran = program.run("plan", *arguments, *(["--base", against] if against else []))
    if ran.code not in (0, PENDING):
        return _failed(run, ran.code, "the plan could not be made", ran.said)
    plan, text = shown(run)
    run.keep(COMMENT, with_foot(text, run.site))
    run.summarise(with_foot(text, run.site))
    run.tell(
        exitcode=ran.code,
        pending=ran.code == PENDING,
        plan=str(run.path(PLAN)),
        report=str(run.path(REPORT)),
        digest=plan.digest,
        **plan.summary.model_dump(mode="json"),
    )
    return 0


def shown(run: Run) -> tuple[Plan, str]:
    """The plan of the run's folder, and the same in Markdown; the report is written along with it."""
    plan = read_plan(run.path(PLAN))
    run.keep(REPORT, html.render(plan))
    whole = "the artifacts of the run: the plan as JSON, and its report"
    return plan, markdown.render(plan, where_whole=whole)


def _is_without_key(run: Run) -> bool:
    """Whether this is a pull request that is given no secrets, and has no key: then checking the files is all."""
    key = run.place().key
    request = None if run.site is None else run.site.pull_request
    if not key or run.environ.get(key) or request is None or not request.is_foreign:
        return False
    assert run.site is not None
    said = (
        f"the files are valid; there is no plan, since a {run.site.request} from a fork is given no key ({key}). Who "
        "may write here can plan it, from a branch of this repository"
    )
    run.warn(said)
    run.summarise(f"### No plan\n\n{said[0].upper()}{said[1:]}.\n")
    run.tell(exitcode=0, pending="", plan="", report="", digest="")
    return True


def _failed(run: Run, code: int, why: str, said: str) -> int:
    """The code; the comment that is out of date is to say so."""
    environment = run.known_environment()
    text = with_foot(no_plan(environment, why=why, said=said), run.site)
    run.summarise(text)
    run.keep(OUTDATED, f"{beginning(mark(KIND, environment) if environment else mark(KIND))}\n{text}")
    run.tell(exitcode=code, pending="", plan="", report="", digest="")
    return code
