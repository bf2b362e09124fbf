"""What a lint rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from expsync.config.problem import Problem
from expsync.diagnostics import Severity
from expsync.model.experiment import Experiment

Check = Callable[[Experiment], Iterator[Problem]]
CheckOnDay = Callable[[Experiment, date], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold, why, and how to settle it.

    Both checks are None where one experiment is not enough to see it: the loader looks after those. `check_on_day` is
    run only where the day is known. `adjustable` rules can be set to off, warning or error under `rules:` in the
    workspace file; the others always hold.
    """

    code: str
    name: str
    severity: Severity
    why: str
    settle: str
    check: Check | None = None
    check_on_day: CheckOnDay | None = None
    adjustable: bool = False
