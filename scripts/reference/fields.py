"""The page of the fields: what a file may hold, from the models and the schemas made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from expsync.core.normalize import ADDED_WEIGHT, DEFAULT_PERCENTAGE, DEFAULT_VARIANTS, DEFAULT_WEIGHT, NEW_FIELDS
from expsync.model import experiment as e
from expsync.model import workspace as w
from expsync.model.field_texts import field_texts
from expsync.model.json_schema import Kind, schema_of
from scripts.reference.schema_text import Node, described, heading
from scripts.reference.text import MADE, code, prose, table

_INTRODUCTION = """\
# Fields of the files

Two kinds of files: `expsync.yaml`, the workspace, and one file an experiment (or several experiments in one file, with
`---` between them). Unknown fields are errors. `null` is a value only where this page says so. YAML is 1.2: `on`, `yes`
and `no` are text, and a key that stands twice is an error.

The same as JSON Schemas, for editors: `expsync schema experiment`, `expsync schema workspace`.

## The experiment

What is declared is managed; what is left out is left alone. A list that is given is the whole list: what is live and
not in it is removed, and `[]` removes all. *When new* is what an experiment is created with where its file leaves the
field out; later on, a field that is left out is not touched.

"""
_OVERLAY = """\
## overlay

What stands below `environments:` in an experiment, by the environment's name: any field of the experiment but `key` and
`environments`, and `skip`. Mappings are merged with what stands above, lists replace it, and variants are merged by
their key.

"""
_WORKSPACE = """\
## The workspace

`expsync.yaml`, found from the working directory upwards. *Default* is what holds where the field is left out.

"""
_EXPERIMENT_PARTS: tuple[type[BaseModel], ...] = (
    e.Variant,
    e.InclusionsFile,
    e.Segment,
    e.Condition,
    e.ExposureEvent,
    e.ExposureFilter,
    e.Lifecycle,
    e.Acknowledgement,
)
_WORKSPACE_PARTS: tuple[type[BaseModel], ...] = (w.Environment, w.Ownership, w.Limits, w.Policy, w.MassChange)
Definitions = Mapping[str, Node]
_SERVER = "the server decides"
_NOTHING = "–"


def page() -> str:
    """The page as Markdown."""
    experiment, workspace = _definitions("experiment", e.Experiment), _definitions("workspace", w.WorkspaceFile)
    parts = [MADE, _INTRODUCTION, *_table(experiment, e.Experiment, _when_new_experiment())]
    for model in _EXPERIMENT_PARTS:
        new = _when_new_part(model)
        parts += [
            f"### {heading(model.__name__)}\n\n{prose(model.__doc__ or '')}\n\n",
            *_table(experiment, model, new),
        ]
    parts += [_OVERLAY, *_own_table(experiment, e.Overlay)]
    parts += [_WORKSPACE, *_table(workspace, w.WorkspaceFile, None)]
    for model in _WORKSPACE_PARTS:
        parts += [
            f"### {heading(model.__name__)}\n\n{prose(model.__doc__ or '')}\n\n",
            *_table(workspace, model, None),
        ]
    return "".join(parts).rstrip("\n") + "\n"


def _table(definitions: Definitions, model: type[BaseModel], new: Mapping[str, str] | None) -> Iterator[str]:
    """One row a field, those that must be there first.

    `new` says what a new experiment has where a field is left out; None stands for the model's own default.
    """
    rows = []
    fields = sorted(model.model_fields.items(), key=lambda item: not item[1].is_required())
    for name, field in fields:
        left_out = "required" if field.is_required() else _default(field) if new is None else new.get(name, _NOTHING)
        rows.append((code(name), described(_node(definitions, model, name)), left_out, _description(model, name)))
    yield table(("field", "holds", "default" if new is None else "when new", "what it is"), rows)
    yield "\n"


def _own_table(definitions: Definitions, model: type[e.Overlay]) -> Iterator[str]:
    own = {name: model.model_fields[name] for name in model.__annotations__}
    rows = [
        (code(name), described(_node(definitions, model, name)), _default(field), _description(model, name))
        for name, field in own.items()
    ]
    yield table(("field", "holds", "default", "what it is"), rows)
    yield "\n"


def _definitions(kind: Kind, whole: type[BaseModel]) -> Definitions:
    """The schema of each model by its name, the whole document's too."""
    schema: dict[str, Any] = schema_of(kind)
    return {**schema["definitions"], whole.__name__: schema}


def _node(definitions: Definitions, model: type[BaseModel], name: str) -> Node:
    found: Node = definitions[model.__name__]["properties"][name]
    return found


def _description(model: type[BaseModel], name: str) -> str:
    text = field_texts(model).get(name)
    if text is None:
        raise SystemExit(f"{model.__name__}.{name} has no description; give it one in the model")
    return prose(text)


def _default(field: FieldInfo) -> str:
    value: object = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "as below"
    if value in ("", None, [], {}):
        return _NOTHING
    return code(value if isinstance(value, str) else json.dumps(value))


def _when_new_experiment() -> dict[str, str]:
    made = {
        name: _NOTHING if value in ("", None) else code(json.dumps(value).strip('"'))
        for name, value in NEW_FIELDS.items()
    }
    made |= dict.fromkeys(("enabled", "rolloutPercentage", "bucketingKey", "bucketingSalt"), _SERVER)
    variants = " and ".join(map(code, DEFAULT_VARIANTS))
    return {
        **made,
        "name": "the key",
        "tags": "the tag of ownership",
        "variants": f"{variants}, each of weight {DEFAULT_WEIGHT}",
    }


def _when_new_part(model: type[BaseModel]) -> dict[str, str]:
    if model is e.Variant:
        weight = f"{DEFAULT_WEIGHT}; {ADDED_WEIGHT} where it joins a live experiment"
        return {"rolloutWeight": weight, "payload": "none"}
    if model is e.Segment:
        return {"percentage": code(str(DEFAULT_PERCENTAGE)), "bucketingKey": _SERVER}
    return {name: _default(field) for name, field in model.model_fields.items() if not field.is_required()}
