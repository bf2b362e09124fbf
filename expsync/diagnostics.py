"""What is said about bad or doubtful input: a code, a place, a sentence and the way out."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Place(NamedTuple):
    """A position in a file: `file` relative to the workspace, `line` and `column` counted from 1 (0: unknown)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        if not self.column:
            return f"{self.file}:{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(NamedTuple):
    """One problem.

    `code` is stable (`EXP104`), `message` says what, `detail` says why or gives the limit, `hint` says what to do,
    and `subject` names the experiment, where one is known.
    """

    code: str
    severity: Severity
    place: Place | None
    message: str
    detail: str = ""
    hint: str = ""
    subject: str = ""

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.message}"]
        if self.place is not None:
            lines.append(f"  {self.place}" + (f"  {self.subject}" if self.subject else ""))
        elif self.subject:
            lines.append(f"  {self.subject}")
        lines.extend(f"  {line}" for line in self.detail.splitlines())
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The key that puts diagnostics in the order of the files."""
        place = self.place or Place("")
        return (place.file, place.line, place.column, self.code, self.message)
