"""Problems to diagnostics: the place of each path, in a text that is parsed again only when something is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from expsync.config.inclusions import secret_diagnostic
from expsync.config.parsed import Parsed, Path, PlacedDocument, Spot
from expsync.config.problem import Problem
from expsync.config.wording import SECRET, plain
from expsync.config.yaml_text import YamlProblem, position
from expsync.diagnostics import Diagnostic, Place, Severity

_MAX_SECRETS = 20


@dataclass(slots=True)
class Located:
    """One file's text with places, which turns problems into diagnostics."""

    file: str
    parsed: Parsed
    _spare: PlacedDocument = field(default_factory=lambda: PlacedDocument(None, 1, 1, {}, broken=True))

    def document(self, index: int) -> PlacedDocument:
        """The document, or an empty one where the text has fewer."""
        return self.parsed.documents[index] if index < len(self.parsed.documents) else self._spare

    def diagnostic(
        self, problem: Problem, path: Path, *, document: int, severity: Severity = "error", subject: str = ""
    ) -> Diagnostic:
        """The diagnostic of a problem whose value stands at `path` in the file."""
        placed = self.document(document)
        spot, exact = _spot(placed, path)
        at_key = problem.at == "key" and exact
        line, column = (spot.key_line, spot.key_column) if at_key else (spot.line, spot.column)
        hint = problem.hint
        if "{source}" in hint:
            hint = hint.replace("{source}", f'"{plain(spot.source or "")}"')
        return Diagnostic(
            problem.code,
            severity,
            Place(self.file, line, column),
            problem.message,
            problem.detail,
            hint,
            subject,
        )


def _spot(document: PlacedDocument, path: Path) -> tuple[Spot, bool]:
    """The place of the longest part of the path that stands in the document, and whether that is all of it."""
    for end in range(len(path), 0, -1):
        spot = document.places.get(path[:end])
        if spot is not None:
            return spot, end == len(path)
    whole = Spot(document.line, document.column, document.line, document.column)
    return whole, not path


def yaml_diagnostics(file: str, problems: Iterable[YamlProblem]) -> list[Diagnostic]:
    """The diagnostics of what is wrong with a file as YAML."""
    return [Diagnostic(p.code, "error", Place(file, p.line, p.column), p.message, p.detail, p.hint) for p in problems]


def find_secrets(file: str, content: bytes) -> list[Diagnostic]:
    """A diagnostic for each of the first API keys in a file, wherever in it; comments are in git too."""
    if b"ampex_" not in content:
        return []
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    return [
        secret_diagnostic(file, *position(text, found.start())) for found in islice(SECRET.finditer(text), _MAX_SECRETS)
    ]
