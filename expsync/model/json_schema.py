"""The JSON Schemas of the files and of the plan, for editors and other programs; `schemas/` holds their text."""

from __future__ import annotations

import json
from typing import Any, Literal, assert_never

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from expsync.model import experiment, plan, workspace
from expsync.model.experiment import Experiment
from expsync.model.field_texts import field_texts
from expsync.model.plan import Plan
from expsync.model.workspace import WorkspaceFile

Kind = Literal["experiment", "workspace", "plan"]
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum"}
KINDS: tuple[Kind, ...] = ("experiment", "workspace", "plan")
DIALECT = "http://json-schema.org/draft-07/schema#"
"""yaml-language-server understands draft 7 best."""


class _Plain(GenerateJsonSchema):
    """Schemas without defaults: a field that is left out is left alone, whatever the Python default is."""

    schema_dialect = DIALECT

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The inner schema, without its default."""
        return self.generate_inner(schema["schema"])


def schema_of(kind: Kind) -> dict[str, JsonValue]:
    """The JSON Schema (draft 7) of an experiment file's document, of `expsync.yaml`, or of a saved plan."""
    match kind:
        case "experiment":
            title, schema = "expsync experiment", _generate(Experiment)
            _relax_overlays(schema)
        case "workspace":
            title, schema = "expsync workspace (expsync.yaml)", _generate(WorkspaceFile)
        case "plan":
            title, schema = "expsync plan", _generate(Plan)
        case _:
            assert_never(kind)
    _tidy(schema)
    return {"$schema": DIALECT, **schema, "title": title}


def schema_text(kind: Kind) -> str:
    """The schema as the text that stands in `schemas/`; equal models give equal bytes."""
    return json.dumps(schema_of(kind), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _generate(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_Plain, ref_template="#/definitions/{model}", mode="validation")
    models = {
        kind.__name__: kind
        for module in (experiment, workspace, plan)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }
    for name, node in ((model.__name__, schema), *schema["$defs"].items()):
        if name in models:
            for field, text in field_texts(models[name]).items():
                described = node["properties"][field]
                # What the model of its value says in the same words need not stand there twice.
                kind = schema["$defs"].get(described.get("$ref", "").rpartition("/")[2], {})
                if kind.get("description") != text:
                    described["description"] = text
    return schema


def _relax_overlays(schema: dict[str, Any]) -> None:
    """An overlay's mappings are merged, so that none of their fields is required there by itself."""
    definitions = schema["$defs"]
    part = json.loads(json.dumps(definitions["ExposureEvent"]))
    part.pop("required")
    part["description"] = "What an environment changes of the event that counts as an exposure."
    definitions["ExposureEventOverlay"] = part
    overlay = definitions["Overlay"]["properties"]["exposureEvent"]
    for option in overlay["anyOf"]:
        if option.get("$ref", "").endswith("/ExposureEvent"):
            option["$ref"] += "Overlay"


def _tidy(schema: dict[str, Any]) -> None:
    """Draft 7's names, and no titles made up from class names.

    Pydantic writes the limits of a union (`int | float`) under its own names, and keys with a pattern without saying
    that there are no others.
    """
    schema["definitions"] = schema.pop("$defs", {})
    schema["definitions"].pop("JsonValue", None)  # it allows everything, and hides the description beside its `$ref`
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            _tidy_node(node)
            waiting.extend(node.values())


def _tidy_node(node: dict[str, Any]) -> None:
    if isinstance(node.get("title"), str):
        del node["title"]
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    if node.get("$ref") == "#/definitions/JsonValue":
        del node["$ref"]
    for name, proper in _LIMITS.items():
        if isinstance(node.get(name), int | float):
            node[proper] = node.pop(name)
    match node.get("anyOf"):
        case [whole, {"type": "number"} as number] if whole == {**number, "type": "integer"}:
            del node["anyOf"]
            node.update(number)
    if "patternProperties" in node:
        node["additionalProperties"] = False
