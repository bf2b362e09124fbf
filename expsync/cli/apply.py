"""`expsync apply`: carries out a plan, a saved one or a fresh one."""

from __future__ import annotations

import fnmatch
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, scope_options, with_globals
from expsync.cli.output import PlanFormat, render_plan, wrap_width
from expsync.cli.suggest import allowances
from expsync.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from expsync.cli.session import Session
    from expsync.model.outcome import ApplyOutcome
    from expsync.model.plan import Plan


@click.command(
    "apply",
    cls=ExpsyncCommand,
    examples=[
        ("plan, show the plan, ask, and carry it out", "expsync apply"),
        ("exactly what was reviewed, in a pipeline", "expsync apply plan.json --yes"),
        ("some of it, with a risk accepted this once", "expsync apply -t 'checkout-*' --allow 'checkout-*:payload'"),
    ],
)
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@scope_options
@click.option("--yes", "--auto-approve", "approved", is_flag=True, help="Don't ask.")
@click.option(
    "--parallelism",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Experiments side by side; else as the workspace says.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="KEY:RISK",
    shell_complete=allowances,
    help="Accept a risk of an experiment, this once; globs on both sides; may be repeated.",
)
@click.option("--skip-refused", is_flag=True, help="Leave out experiments with refused risks, and apply the rest.")
@click.option(
    "--allow-mass-change", is_flag=True, help="Archive or disable more at once than policy.massChange lets pass."
)
@click.option(
    "--log",
    "log_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append each call to this file, as JSON lines.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the outcome is written.",
)
@with_globals
def command(
    globals_: Globals,
    planfile: Path | None,
    targets: tuple[str, ...],
    prune: bool,
    shield: bool,
    approved: bool,
    parallelism: int | None,
    allowed: tuple[str, ...],
    skip_refused: bool,
    allow_mass_change: bool,
    log_file: Path | None,
    form: PlanFormat,
) -> int:
    """Make live what the files say.

    With PLANFILE, carries out that saved plan. Without, plans, shows the plan, asks, and carries it out.
    """
    from expsync.api.reader import Reader
    from expsync.apply.executor import Executor
    from expsync.apply.log import FileLog
    from expsync.cli.interrupt import Interruption
    from expsync.cli.planning import both_sides, make_plan
    from expsync.cli.progress import Progress
    from expsync.cli.refused import refusal
    from expsync.cli.session import open_session
    from expsync.core.refusal import refused_findings
    from expsync.model.plan_file import read_plan
    from expsync.model.reads import written

    if planfile is not None and (targets or prune or shield):
        raise UsageError("a saved plan is carried out as it is: -t, --prune and --shield belong to `expsync plan`")
    pairs = [_allowance(text) for text in allowed]
    with ExitStack() as stack:
        interruption = Interruption()
        stack.enter_context(interruption.at_once())
        if planfile is not None:
            plan = read_plan(planfile)
            session = open_session(globals_, environment=_chosen(globals_) or plan.environment)
            _check_place(plan, session)
            client = stack.enter_context(session.client(sleep=interruption.wait_turn))
        else:
            session = open_session(globals_)
            sides = stack.enter_context(both_sides(session, interruption))
            client = sides.client
            plan = make_plan(session, sides, targets=targets, prune=prune, shield=shield)
        _show(plan, form=form, globals_=globals_)
        if not written(plan):
            if plan.experiments:
                raise RefusedError("there is nothing to do but what is blocked; nothing was written")
            if form == "json":
                _print(_nothing(plan), form=form, globals_=globals_)
            return 0
        refused = refused_findings(plan, session.workspace.file.policy, pairs)
        total = sum(planned.key not in refused for planned in written(plan))
        if refused and not (skip_refused and total):
            raise refusal(refused)
        _check_mass(plan, session, allowed=allow_mass_change)
        _check_approval(plan, approved=approved)
        log = None if log_file is None else stack.enter_context(FileLog(log_file))
        workers = parallelism or session.workspace.file.limits.parallelism
        with interruption.between_calls():
            with Progress(globals_, "applying", total, then="reading it again") as progress:
                executor = Executor(
                    client,
                    Reader(client, parallelism=workers),
                    parallelism=workers,
                    log=log,
                    stop=interruption.stop,
                    advance=progress.step,
                    sleep=interruption.wait,
                )
                outcome = executor.carry_out(plan, refused=refused)
            # What was written is told to the end, whoever is impatient.
            _print(outcome, form=form, globals_=globals_)
        return outcome.exit_code


def _chosen(globals_: Globals) -> str | None:
    """The environment that somebody asked for; a saved plan of another one is refused."""
    return globals_.environment or os.environ.get("EXPSYNC_ENV") or None


def _allowance(text: str) -> tuple[str, str]:
    """The globs of one --allow, for the key and for the risk."""
    from expsync.model.words import RiskName

    key, colon, risk = text.rpartition(":")
    if not (colon and key and risk):
        raise UsageError(
            f"--allow {text!r} is not of the form KEY:RISK", hint="for example --allow 'checkout-*:payload'"
        )
    if not fnmatch.filter(get_args(RiskName), risk):
        raise UsageError(f"--allow {text!r}: no risk is called {risk!r}", hint="`expsync rules` lists them")
    return key, risk


def _check_place(plan: Plan, session: Session) -> None:
    """RefusedError where the plan was made for another environment, or for another address of this one."""
    there = (plan.environment, plan.projectId, plan.baseUrl)
    here = (session.name, session.environment.project, session.environment.url)
    if there != here:
        names = ("environment", "project", "base URL")
        differing = "; ".join(
            f"{name} {was!r}, not {is_!r}" for name, was, is_ in zip(names, there, here, strict=True) if was != is_
        )
        raise RefusedError(
            f"the plan was made for another place: {differing}; nothing was written",
            hint="choose that environment, or plan again for this one",
        )


def _show(plan: Plan, *, form: PlanFormat, globals_: Globals) -> None:
    """The plan as text: the result of `--format json` is the outcome alone, so there it goes to stderr."""
    if form == "json":
        if not globals_.quiet:
            shown = render_plan(plan, form="text", globals_=globals_, stream=sys.stderr)
            click.echo(shown, nl=False, err=True, color=True)
    else:
        click.echo(render_plan(plan, form="text", globals_=globals_), nl=False, color=True)


def _check_mass(plan: Plan, session: Session, *, allowed: bool) -> None:
    from expsync.core.guard import mass_change

    reason = None if allowed else mass_change(plan, session.workspace.file.policy.massChange)
    if reason is not None:
        raise RefusedError(f"{reason}; nothing was written", hint="if that is meant, add --allow-mass-change")


def _check_approval(plan: Plan, *, approved: bool) -> None:
    """RefusedError where nobody says yes."""
    from expsync.render.view import hanging

    if approved:
        return
    if not sys.stdin.isatty() or os.environ.get("CI"):
        raise RefusedError(
            "nobody is there to approve the plan; nothing was written", hint="add --yes to apply without asking"
        )
    answer = ""
    try:
        question = f"Apply this to {plan.environment} (project {plan.projectId})? Only 'yes' will do: "
        click.echo("\n".join(hanging(question, wrap_width(sys.stderr), indent=2)), err=True, nl=False)
        answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            # Ctrl-D, or an interruption: the cursor still stands behind the question.
            click.echo(err=True)
    if answer.strip() != "yes":
        raise RefusedError("not approved; nothing was written")


def _nothing(plan: Plan) -> ApplyOutcome:
    from expsync.model.outcome import ApplyOutcome

    return ApplyOutcome(environment=plan.environment, digest=plan.digest, experiments=[], interrupted=False, requests=0)


def _print(outcome: ApplyOutcome, *, form: PlanFormat, globals_: Globals) -> None:
    from expsync.render import outcome as outcome_text

    if form == "json":
        text = outcome_text.render_json(outcome)
    else:
        colour, width = globals_.colour(sys.stdout), wrap_width(sys.stdout)
        text = "\n" + outcome_text.render_text(outcome, colour=colour, width=width)
    click.echo(text, nl=False, color=True)
