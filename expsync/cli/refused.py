"""What is said of risks that nobody has accepted: `plan` warns of them, `apply` refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from expsync.core.guard import mass_change
from expsync.core.refusal import idle_acknowledgements, refused_findings
from expsync.errors import RefusedError
from expsync.model.experiment import Declared
from expsync.model.plan import Finding, Plan
from expsync.model.workspace import Policy
from expsync.render.safe import unaddressed, visible

_HINT = (
    "accept a risk under `acknowledge:` in the file, or this once with --allow KEY:RISK; "
    "--skip-refused applies the rest"
)
_NAMED = 3
"""How many experiments are named in a line."""


def refusal(refused: Mapping[str, list[Finding]]) -> RefusedError:
    """The error that ends an apply, with each experiment and its risks."""
    lines = ["risks that nobody has accepted; nothing was written", *_lines(refused)]
    return RefusedError("\n".join(lines), hint=_HINT)


def warn_of_refusals(plan: Plan, policy: Policy) -> None:
    """Say on stderr why apply would refuse the plan as it is, and how to go on."""
    mass = mass_change(plan, policy.massChange)
    if mass is not None:
        click.echo(f"warning: {mass}: apply will refuse it without --allow-mass-change", err=True)
    refused = refused_findings(plan, policy, ())
    if refused:
        lines = [f"  {visible(line)}" for line in _lines(refused)]
        lines = ["warning: apply will refuse risks that nobody has accepted", *lines, f"  hint: {_HINT}"]
        click.echo("\n".join(unaddressed(line) for line in lines), err=True)


def tell_of_idle_acknowledgements(plan: Plan, declared: Iterable[Declared]) -> None:
    """Say on stderr, in one line, what the files accept for good and nothing of the plan needs."""
    accepted = {one.key: one.experiment.acknowledge for one in declared if one.experiment.acknowledge}
    idle = idle_acknowledgements(plan, accepted)
    if not idle:
        return
    count = sum(map(len, idle.values()))
    named = "; ".join(f"{key}: {', '.join(risks)}" for key, risks in list(idle.items())[:_NAMED])
    if len(idle) > _NAMED:
        named += f"; and {len(idle) - _NAMED} more experiment{'s' if len(idle) > _NAMED + 1 else ''}"
    what, it = ("an acknowledgement", "it") if count == 1 else (f"{count} acknowledgements", "them")
    said = (
        f"note: {what} without `until` accept{'s' if count == 1 else ''} nothing in {plan.environment} ({named}); "
        f"delete {it} once no environment needs {it}"
    )
    click.echo(unaddressed(visible(said)), err=True)


def _lines(refused: Mapping[str, list[Finding]]) -> list[str]:
    return [f"{key}: {', '.join(finding.risk for finding in findings)}" for key, findings in refused.items()]
