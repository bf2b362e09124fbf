"""The plan as JSON: the document itself, as `plan --out` saves it."""

from __future__ import annotations

from expsync.model.plan import Plan
from expsync.model.plan_file import plan_text


def render(plan: Plan) -> str:
    """The plan document, indented by two, fields in the model's order, with a line break at the end."""
    return plan_text(plan)
