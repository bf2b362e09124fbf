"""The API's closed vocabularies, and the numbers and texts with bounds that several models share.

Sources: the Management API's experiment page, current and older, as summed up in docs/architecture.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, SkipValidation

BANDIT = "multi-arm-bandit"
"""The type of an experiment whose weights the product sets itself while it runs."""
SHIELD = "expsync-shield"
"""The name of the segment that holds a split while the weights behind it change (see core.shield); never kept."""
UNFINISHED = "(being created by expsync)"
"""The description of an experiment while its creation is not completed, where that must show (see core.unfinished)."""

EvaluationMode = Literal["remote", "local"]
ExperimentType = Literal["a-b-test", "multi-arm-bandit", "hypothesis-testing", "no-harm"]
Decision = Literal["rollout", "rollback", "continue-running"]
ConditionOp = Literal[
    "is",
    "is not",
    "contains",
    "does not contain",
    "less",
    "less or equal",
    "greater",
    "greater or equal",
    "set is",
    "set is not",
    "set contains",
    "set does not contain",
    "glob match",
    "glob does not match",
]
FilterOp = Literal[
    "is",
    "is not",
    "contains",
    "does not contain",
    "less",
    "less or equal",
    "greater",
    "greater or equal",
    "glob match",
    "glob does not match",
]
RiskName = Literal[
    "variant-weights",
    "variant-added",
    "variant-removed",
    "variant-renamed",
    "variant-order",
    "bucketing-salt",
    "bucketing-key",
    "bucketing-unit",
    "evaluation-mode",
    "sticky-bucketing",
    "segments",
    "segment-catches-all",
    "uneven-segments",
    "percentage-up",
    "percentage-down",
    "disabled",
    "archived",
    "deployment-removed",
    "exposure-event",
    "bandit-weights",
    "payload",
    "inclusions-many",
    "analysis-window",
    "cohort-lost",
]
RiskSeverity = Literal["critical", "high", "medium", "low", "blocked"]
SEVERITIES: tuple[RiskSeverity, ...] = ("blocked", "critical", "high", "medium", "low")
"""From the worst down."""

MAX_INCLUSIONS = 2000
"""Users that one variant may include; the API answers 400 past it."""
MAX_BULK = 100
"""Users that one bulk removal may name."""

Number = Annotated[int | float, Field(allow_inf_nan=False)]
# Limits of a union's arms are checked in the core, those of the union itself by three calls to Python.
Weight = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0, allow_inf_nan=False)]
Percentage = Annotated[int, Field(ge=0, le=100)] | Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Json = Annotated[JsonValue, SkipValidation]
"""Any JSON value, kept as it is: it comes out of a parser or of our own hands, and pydantic would ask a function of
Python about each text and number in it, both when a plan is read (half of that time) and when it is written."""
ExperimentKey = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
VariantKey = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


# Pydantic asks for the signature of what makes a default, and for that of `list` Python reads source code: in all the
# models of a plan a fortieth of the time of a small one.
def no_members() -> list[Any]:
    """An empty list, as the default of a field."""
    return []
