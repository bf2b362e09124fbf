"""`python -P -m expsync.forge`: the steps of a pipeline; the GitHub action, the GitLab template and `init` use it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

import click

from expsync.errors import ConfigError, ExpsyncError
from expsync.forge.run import Run
from expsync.render.problems import problem_text
from expsync.render.safe import visible

_F = TypeVar("_F", bound=Callable[..., int])
WRONG_USAGE = 64


def _shared(command: _F) -> _F:
    """The command with the options of all steps."""
    for option in (
        click.option("--env", "environment", default="", help="The environment; else the workspace's own choice."),
        click.option(
            "--workspace", type=click.Path(path_type=Path), default=Path(), help="The folder of expsync.yaml."
        ),
        click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where results are kept."),
    ):
        command = option(command)
    return command


def _scoped(command: _F) -> _F:
    """The command with the options that say what a plan is about."""
    for option in (
        click.option("--shield", type=bool, default=False),
        click.option("--prune", type=bool, default=False),
        click.option("--targets", default="", help="Globs of keys, one a line."),
    ):
        command = option(command)
    return command


@click.group(context_settings={"max_content_width": 100})
def group() -> None:
    """Plan, apply and drift in a pipeline on GitHub or GitLab, with comments and issues."""


@group.command("plan")
@_shared
@_scoped
@click.option("--base", default="auto", help="A commit, none, or auto: the one that the pull request started from.")
@click.option("--strict", type=bool, default=False, help="Warnings about the files fail too.")
def plan(
    folder: Path,
    workspace: Path,
    environment: str,
    targets: str,
    prune: bool,
    shield: bool,
    base: str,
    strict: bool,
) -> int:
    """Check the files and plan; keeps the plan, its report and the comment in the folder."""
    from expsync.forge.planning import plan_step

    run = _begin(folder, workspace, environment)
    return plan_step(run, scope=_scope(targets, prune=prune, shield=shield), base=base or "auto", strict=strict)


@group.command("apply")
@_shared
@_scoped
@click.option("--plan", "source", type=click.Choice(["reviewed", "auto", "fresh"]), default="reviewed")
@click.option("--pull-request", "number", default="", help="Its number; else the one that this commit merged.")
@click.option("--artifact", required=True, help="What holds the saved plan: an artifact's name, on GitLab a path.")
@click.option("--allow", "allowed", default="", help="KEY:RISK, one a line.")
@click.option("--skip-refused", type=bool, default=False)
@click.option("--allow-mass-change", type=bool, default=False)
def apply(
    folder: Path,
    workspace: Path,
    environment: str,
    targets: str,
    prune: bool,
    shield: bool,
    source: str,
    number: str,
    artifact: str,
    allowed: str,
    skip_refused: bool,
    allow_mass_change: bool,
) -> int:
    """Carry out the plan that was reviewed, or a fresh one; keeps what came of it in the folder."""
    from expsync.forge.applying import Source, apply_step

    run = _begin(folder, workspace, environment)
    options = [part for line in _lines(allowed) for part in ("--allow", line)]
    options += ["--skip-refused"] * skip_refused + ["--allow-mass-change"] * allow_mass_change
    return apply_step(
        run,
        source=cast("Source", source),
        number=_number(number),
        artifact=artifact,
        scope=_scope(targets, prune=prune, shield=shield),
        options=options,
    )


@group.command("drift")
@_shared
@click.option("--targets", default="", help="Globs of keys, one a line.")
@click.option("--base", default="", help="The commit that was applied last; else the files as they are.")
@click.option("--fail", "fails", type=bool, default=False, help="Exit with 2 where something has drifted.")
def drift(folder: Path, workspace: Path, environment: str, targets: str, base: str, fails: bool) -> int:
    """Look for what people changed on the live side; keeps the issue's text in the folder."""
    from expsync.forge.drifting import drift_step

    run = _begin(folder, workspace, environment)
    scope = _scope(targets, prune=False, shield=False)
    return drift_step(run, scope=scope, base="" if base in ("auto", "none") else base, fails=fails)


@group.command("comment")
@_shared
@click.option("--whole", default="", help="The address where the plan and its report are kept.")
def comment(folder: Path, workspace: Path, environment: str, whole: str) -> int:
    """Write what the folder holds as the pull request's one comment for this environment."""
    from expsync.forge.posting import comment_step

    return comment_step(_resume(folder, workspace, environment), whole=whole)


@group.command("issue")
@_shared
def issue(folder: Path, workspace: Path, environment: str) -> int:
    """Write what has drifted into an issue, which is closed when nothing is left."""
    from expsync.forge.posting import issue_step

    return issue_step(_resume(folder, workspace, environment))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one step."""
    try:
        return int(group.main(args=arguments, prog_name="expsync.forge", standalone_mode=False) or 0)
    except ConfigError as error:
        for problem in error.diagnostics:
            click.echo(problem_text(problem, colour=False), err=True)
        return error.exit_code
    except ExpsyncError as error:
        click.echo(f"error: {visible(error.message)}", err=True)
        if error.hint:
            click.echo(f"  hint: {visible(error.hint)}", err=True)
        return error.exit_code
    except click.UsageError as error:
        click.echo(f"error: {visible(error.format_message())}", err=True)
        return WRONG_USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130


def _begin(folder: Path, workspace: Path, environment: str) -> Run:
    return Run.begin(folder=folder, workspace=workspace, environment=environment, environ=dict(os.environ))


def _resume(folder: Path, workspace: Path, environment: str) -> Run:
    from expsync.forge.site import site_of

    environ = dict(os.environ)
    return Run(site_of(environ), folder, workspace, environment, environ)


def _scope(targets: str, *, prune: bool, shield: bool) -> list[str]:
    chosen = [part for line in _lines(targets) for part in ("-t", line)]
    return chosen + ["--prune"] * prune + ["--shield"] * shield


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise click.UsageError(f"--pull-request {text!r} is not a number")
    return int(text) if text else None


if __name__ == "__main__":
    sys.exit(main())
