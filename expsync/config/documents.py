"""The documents of a workspace as they stand in its files, good or bad: for those who change files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.files import read_bounded
from expsync.config.find import find_files
from expsync.config.overlay import Raw
from expsync.config.workspace import Workspace
from expsync.config.yaml import YamlError, parse
from expsync.config.yaml_text import MAX_BYTES


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One document: the file (relative to the workspace, with `/`), its place in it from 0, and the raw value."""

    file: str
    index: int
    line: int
    raw: Raw

    @property
    def key(self) -> str | None:
        """The experiment's key, or None where it has none."""
        key = self.raw.get("key")
        return key if isinstance(key, str) else None

    def overlay(self, environment: str) -> Raw:
        """What an environment says otherwise, fields alone; empty where it says nothing."""
        overlay = self._overlay(environment)
        return {name: value for name, value in overlay.items() if name not in ("key", "environments", "skip")}

    def is_skipped(self, environment: str) -> bool:
        """Whether the experiment is not in an environment at all."""
        return self._overlay(environment).get("skip") is True

    def _overlay(self, environment: str) -> Raw:
        overlays = self.raw.get("environments")
        overlay = overlays.get(environment) if isinstance(overlays, dict) else None
        return overlay if isinstance(overlay, dict) else {}

    @property
    def base(self) -> Raw:
        """What holds in every environment."""
        return {name: value for name, value in self.raw.items() if name != "environments"}

    def inclusion_files(self) -> Iterator[str]:
        """The names of inclusions files as they stand in the base and in every overlay, each time they do."""
        overlays = self.raw.get("environments")
        forms: list[JsonValue] = [self.raw, *(overlays.values() if isinstance(overlays, dict) else ())]
        for form in forms:
            variants = form.get("variants") if isinstance(form, dict) else None
            for variant in variants if isinstance(variants, list) else ():
                inclusions = variant.get("inclusions") if isinstance(variant, dict) else None
                name = inclusions.get("file") if isinstance(inclusions, dict) else None
                if isinstance(name, str):
                    yield name


def raw_documents(workspace: Workspace) -> list[RawDocument]:
    """All documents that are mappings, by file and place; a file that can't be read or parsed has none.

    What is wrong with files is not said here: the loader says it.
    """
    root = os.fspath(workspace.root)
    found: list[RawDocument] = []
    for name in find_files(workspace.root, workspace.file.experiments, leave_out=workspace.path.name).files:
        try:
            documents = parse(read_bounded(f"{root}/{name}", MAX_BYTES))
        except (OSError, YamlError):
            continue
        for index, document in enumerate(documents):
            if isinstance(document.value, dict):
                found.append(RawDocument(name, index, document.line, document.value))
    return found
