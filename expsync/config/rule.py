"""What a lint rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from expsync.config.problem import Problem
from expsync.diagnostics import Severity
from expsync.model.experiment import Experiment, Variant

Check = Callable[[Experiment], Iterator[Problem]]
CheckOnDay = Callable[[Experiment, date], Iterator[Problem]]


class Rule(NamedTuple):
    """One thing that must hold, why, and how to settle it.

    Both checks are None where one experiment is not enough to see it: the loader looks after those. `check_on_day` is
    run only where the day is known. They are run only where one of the fields that they are `about` is declared, of the
    experiment (`variants`) or of one of its variants (`variants.inclusions`): most rules are about what few files have.
    `adjustable` rules can be set to off, warning or error under `rules:` in the workspace file; the others always hold.
    """

    code: str
    name: str
    severity: Severity
    why: str
    settle: str
    check: Check | None = None
    check_on_day: CheckOnDay | None = None
    about: tuple[str, ...] = ()
    adjustable: bool = False


_IN_VARIANTS = {name: f"variants.{name}" for name in Variant.model_fields}


def declared_names(experiment: Experiment) -> frozenset[str]:
    """The fields that an experiment declares, and those that any of its variants does, as rules are about them."""
    of_variants = set[str]().union(*[variant.model_fields_set for variant in experiment.variants])
    return frozenset([*experiment.model_fields_set, *[_IN_VARIANTS[name] for name in of_variants]])
