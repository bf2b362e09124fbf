"""What the models say of their fields: the text under each.

Pydantic can read these texts itself (`use_attribute_docstrings`), but does so for each class at its import, from the
source: some 45 ms of every command, for what only schemas and documentation need.
"""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent

from pydantic import BaseModel


def field_texts(model: type[BaseModel]) -> dict[str, str]:
    """The text of each field of a model that has one, by the field's name; those that it inherits too."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner is not BaseModel:
            texts |= _own_texts(owner)
    return {name: text for name, text in texts.items() if name in model.model_fields}


def _own_texts(owner: type[BaseModel]) -> dict[str, str]:
    (body,) = ast.parse(dedent(inspect.getsource(owner))).body
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            texts[field.target.id] = inspect.cleandoc(below.value.value)
    return texts
