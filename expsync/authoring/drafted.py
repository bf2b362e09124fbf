"""What files would mean with their drafts in place: asked of the loader itself, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from expsync.authoring.drafts import Drafts
from expsync.authoring.take import Place, users_paths
from expsync.config.check import Checker
from expsync.config.documents import RawDocument
from expsync.config.workspace import Workspace
from expsync.config.yaml import parse
from expsync.core.normalize import Desired, desired_state
from expsync.diagnostics import Diagnostic
from expsync.model.experiment import Declared


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a document would declare, or the errors that it would have, each in one line."""

    desired: Desired | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks the loader what it makes of drafts, by the rules of a workspace on a day."""

    workspace: Workspace
    place: Place
    today: date

    def errors(self, document: RawDocument, drafts: Drafts) -> frozenset[str]:
        """The errors of the document's file, in every environment's form."""
        found, _ = self._check(document, drafts)
        return frozenset(map(_sentence, found))

    def verdict(self, document: RawDocument, drafts: Drafts, known: frozenset[str] = frozenset()) -> Verdict:
        """What the document declares in the place's environment, if it has no errors but those that are `known`."""
        errors, declared = self._check(document, drafts)
        new = tuple(dict.fromkeys(text for text in map(_sentence, errors) if text not in known))
        if new or declared is None:
            return Verdict(None, new or ("it would not be in this environment any more",))
        return Verdict(desired_state(declared, self.place.environment))

    def _check(self, document: RawDocument, drafts: Drafts) -> tuple[list[Diagnostic], Declared | None]:
        text = drafts.text(document.file)
        documents = parse(text)
        lists = self._lists(document, drafts)
        errors: list[Diagnostic] = []
        declared: Declared | None = None
        # Once for all environments, since they share the document, and once for what this one makes of it.
        for environment in (None, self.place.name):
            checker = Checker(self.workspace, environment, self.today)
            checker.inclusions.preset(lists)
            found, diagnostics = checker.check_file(document.file, text.encode("utf-8"), documents)
            errors += [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
            declared = next((entry.declared for entry in found if entry.document == document.index), None)
        return errors, declared

    def _lists(self, document: RawDocument, drafts: Drafts) -> Mapping[str, str]:
        """The drafts of the users' files that a document names, by their resolved paths."""
        root = os.path.realpath(drafts.root)
        names: Iterable[str] = set(users_paths(document, drafts.root))
        return {f"{root}{os.sep}{name}": drafts.text(name) for name in names if name in drafts}


def _sentence(error: Diagnostic) -> str:
    """The error without its place, which another text moves."""
    detail = " ".join(error.detail.split("\n"))
    return f"{error.message}: {detail}" if detail else error.message
