"""One document's forms: as it stands, and as each environment's overlay makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from expsync.config.overlay import Raw, merge, origin
from expsync.config.parsed import Path
from expsync.config.problem import Problem
from expsync.config.wording import quote, suggest
from expsync.model.experiment import Overlay
from expsync.model.workspace import Environment

_MAX_UNKNOWN = 20


class Form(NamedTuple):
    """The raw experiment as some environments have it.

    `overlay_of` is None for the form without an overlay; `environments` are those that have this form.
    """

    raw: Raw
    environments: tuple[str, ...]
    overlay_of: str | None = None
    overlay: Raw | None = None
    base: Raw | None = None

    def path_in_file(self, path: Path) -> Path:
        """Where in the document the value at a path of this form was written."""
        if self.overlay_of is None or self.overlay is None or self.base is None:
            return path
        return origin(self.base, self.overlay_of, self.overlay, path)

    @property
    def declares_deployments(self) -> bool:
        """Whether the overlay itself says which deployments there are."""
        return self.overlay is not None and "deployments" in self.overlay


class Split(NamedTuple):
    """All forms of a document, the one without an overlay first; and what is wrong with its `environments`."""

    forms: tuple[Form, ...]
    problems: tuple[Problem, ...]


def split_forms(document: Raw, known: Mapping[str, Environment]) -> Split:
    """The forms of a document. An environment that skips the experiment has no form of its own."""
    if "environments" not in document:
        return Split((Form(document, tuple(known)),), ())
    base = {name: value for name, value in document.items() if name != "environments"}
    overlays = document["environments"]
    if not isinstance(overlays, dict):
        detail = f"{quote(overlays)} is none; a mapping of environments is wanted"
        problem = Problem("EXP103", ("environments",), "environments is of the wrong kind", detail)
        return Split((Form(base, tuple(known)),), (problem,))
    forms = [Form(base, tuple(name for name in known if name not in overlays))]
    problems: list[Problem] = []
    for name, overlay in overlays.items():
        problems.extend(_overlay_problems(name, overlay, known))
        # Those of unknown environments are checked too, for the name may be all that is wrong; but not a million.
        if isinstance(overlay, dict) and (name in known or len(forms) < _MAX_UNKNOWN):
            fields = {field: value for field, value in overlay.items() if field not in ("key", "environments", "skip")}
            used = () if overlay.get("skip") is True or name not in known else (name,)
            forms.append(Form(merge(base, fields), used, name, fields, base))
    return Split(tuple(forms), tuple(problems))


def _overlay_problems(name: str, overlay: JsonValue, known: Mapping[str, Environment]) -> Iterator[Problem]:
    path: Path = ("environments", name)
    if name not in known:
        hint = suggest(name, known, kind="environment")
        yield Problem("EXP224", path, f"there is no environment {quote(name)}", hint=hint, at="key")
    if not isinstance(overlay, dict):
        hint = f'write "{name}: {{skip: true}}" to leave the experiment out there' if overlay is None else ""
        detail = "it is empty" if overlay is None else f"{quote(overlay)} is none"
        yield Problem("EXP103", path, f"the overlay {quote(name)} must be a mapping", detail, hint)
        return
    for field in ("key", "environments"):
        if field in overlay:
            detail = "the key is the same in every environment" if field == "key" else "overlays do not nest"
            known_fields = ", ".join(list(Overlay.model_fields)[:5])
            hint = f"an overlay has the experiment's other fields: {known_fields}, …"
            yield Problem("EXP101", (*path, field), f"unknown field {quote(field)}", detail, hint, at="key")
    if "skip" in overlay and not isinstance(overlay["skip"], bool):
        detail = f"{quote(overlay['skip'])} is not true or false"
        yield Problem("EXP103", (*path, "skip"), "skip is of the wrong kind", detail)
