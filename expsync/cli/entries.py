"""The experiments of the files with the documents that declare them, for commands that change these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from expsync.authoring.take import Entry, Place, users_files
from expsync.cli.here import seen_from
from expsync.cli.session import Session
from expsync.config.documents import RawDocument, raw_documents
from expsync.config.load import collector_paused
from expsync.core.normalize import desired_state
from expsync.errors import ExpsyncError


@dataclass(frozen=True, slots=True)
class Files:
    """What the files declare here, in their order, and the place that they are changed for."""

    entries: Sequence[Entry]
    documents: Sequence[RawDocument]
    place: Place
    root: Path

    def not_declared(self, key: str) -> ExpsyncError:
        """The error for a key that no file declares here, with the way out."""
        from difflib import get_close_matches

        name = self.place.name
        for document in self.documents:
            if document.key == key:
                file = seen_from(self.root)(document.file)
                return ExpsyncError(
                    f"{file}:{document.line}: experiment {key!r} is not in environment {name!r} (skip: true)",
                    hint="choose another environment with -e",
                )
        near = get_close_matches(key, [entry.desired.state.key for entry in self.entries], n=1)
        return ExpsyncError(
            f"no file declares experiment {key!r}",
            hint=f"did you mean {near[0]!r}?"
            if near
            else f"`expsync import {key}` writes a file for it, if it is live",
        )


def read_files_of(session: Session) -> Files:
    """The files of a session; ConfigError where there is an error among them."""
    declarations = session.declarations()
    with collector_paused():
        documents = raw_documents(session.workspace)
        by_place = {(document.file, document.line): document for document in documents}
        entries: list[Entry] = []
        for declared in declarations:
            desired = desired_state(declared, session.environment)
            found = by_place.get((declared.file, declared.line))
            if found is None:
                raise ExpsyncError(f"{declared.file}: changed while it was read", hint="run the command again")
            entries.append(Entry(found, declared, desired))
        file = session.workspace.file
        named = users_files(documents, session.workspace.root)
    place = Place(session.name, file.environments, file.ownership, named)
    return Files(entries, documents, place, session.workspace.root)
