"""The page of the plan document: each part and field of it, from the model and its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from expsync.model import plan as p
from expsync.model.field_texts import field_texts
from expsync.model.json_schema import schema_of
from scripts.reference.schema_text import described, heading
from scripts.reference.text import MADE, code, prose, table

_INTRODUCTION = f"""\
# The plan document

What `expsync plan --out FILE` saves and `--format json` prints, and what `expsync apply FILE` carries out: one JSON
document. `expsync schema plan` prints its JSON Schema.

- `formatVersion` is {code(p.FORMAT_VERSION)}. New fields may come with any version of expsync; the first number changes
  where programs that read it have to.
- Equal inputs give equal bytes, but for `createdAt`. Lists have a fixed order.
- It holds no secret.
- `digest` covers all of it but `createdAt` and itself. A plan that was edited is refused.
- `fingerprint` covers what the plan saw of an experiment. Where live has moved since, the whole plan is refused.

"""
_PARTS: tuple[type[BaseModel], ...] = (
    p.Scope,
    p.Base,
    p.PlannedExperiment,
    p.Change,
    p.Operation,
    p.Finding,
    p.Impact,
    p.SplitChange,
    p.Flow,
    p.Unmanaged,
    p.Note,
    p.Summary,
)


def page() -> str:
    """The page as Markdown."""
    schema: dict[str, Any] = schema_of("plan")
    parts = [MADE, _INTRODUCTION, "## The document\n\n", *_table(p.Plan, schema)]
    for model in _PARTS:
        parts += [f"## {heading(model.__name__)}\n\n", f"{prose(model.__doc__ or '')}\n\n"]
        parts += _table(model, schema["definitions"][model.__name__])
    return "".join(parts).rstrip("\n") + "\n"


def _table(model: type[BaseModel], node: dict[str, Any]) -> Iterator[str]:
    rows = []
    texts = field_texts(model)
    for name in model.model_fields:
        if name not in texts:
            raise SystemExit(f"{model.__name__}.{name} has no description; give it one in the model")
        rows.append((code(name), described(node["properties"][name]), prose(texts[name])))
    yield table(("field", "holds", "what it is"), rows)
    yield "\n"
