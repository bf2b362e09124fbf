"""Files of a workspace while they are being changed: nothing is written until everything is known to be well."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from expsync.config.files import read_bounded
from expsync.config.find import is_inside
from expsync.errors import ExpsyncError

MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """One file whose text is to change; `file` is relative to the workspace, with `/`."""

    file: str
    before: str
    after: str


@dataclass(slots=True)
class Drafts:
    """The texts of files under one folder, as they were read and as they are to be."""

    root: Path
    _before: dict[str, bytes] = field(default_factory=dict)
    _after: dict[str, str] = field(default_factory=dict)

    def text(self, file: str) -> str:
        """The text as it is to be; ExpsyncError where the file can't be read, or leads out of the workspace."""
        if file not in self._after:
            content = self._read(file)
            try:
                self._after[file] = content.decode("utf-8")
            except UnicodeDecodeError:
                raise ExpsyncError(f"{file}: is not UTF-8", hint="save it as UTF-8") from None
            self._before[file] = content
        return self._after[file]

    def put(self, file: str, text: str) -> None:
        """Keep another text for a file that was read."""
        assert file in self._before, file
        self._after[file] = text

    def __contains__(self, file: str) -> bool:
        return file in self._after

    def kept(self) -> dict[str, str]:
        """The texts as they are now, for `restore`."""
        return dict(self._after)

    def restore(self, kept: dict[str, str]) -> None:
        """Go back to the texts that were kept; what was read since is forgotten."""
        self._after = dict(kept)
        self._before = {file: content for file, content in self._before.items() if file in kept}

    def changed(self) -> Iterator[Draft]:
        """What is to be written, by name."""
        for file in sorted(self._after):
            before = self._before[file].decode("utf-8")
            if before != self._after[file]:
                yield Draft(file, before, self._after[file])

    def write(self) -> list[str]:
        """Write what changed, each file at once, and return the names.

        All new texts are on the disk before the first takes its place. A file that is not any more as it was read
        stops it before anything is written; ExpsyncError.
        """
        drafts = list(self.changed())
        parts: list[tuple[Draft, Path, Path]] = []
        written: list[str] = []
        try:
            for draft in drafts:
                parts.append((draft, *self._stage(draft)))  # noqa: PERF401 - what was staged before a failure counts
            for draft in drafts:
                if self._read(draft.file) != self._before[draft.file]:
                    raise ExpsyncError(
                        f"{draft.file}: changed while it was worked on; nothing was written",
                        hint="run the command again",
                    )
            for draft, part, path in parts:
                try:
                    part.replace(path)
                except OSError as error:
                    raise _cant_write(draft.file, error, written) from error
                written.append(draft.file)
        finally:
            for _, part, _ in parts:
                part.unlink(missing_ok=True)
        return written

    def _stage(self, draft: Draft) -> tuple[Path, Path]:
        """The finished new file beside the old one, with its mode, and the path that it is to take."""
        # A link inside the workspace stays a link: what it leads to is replaced.
        path = Path(os.path.realpath(self.root / draft.file))
        part = path.with_name(f".{path.name}.{token_hex(8)}.part")
        try:
            with part.open("xb") as file:
                os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
                file.write(draft.after.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _cant_write(draft.file, error, ()) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return part, path

    def _read(self, file: str) -> bytes:
        path = os.path.realpath(self.root / file)
        if not is_inside(os.fspath(self.root), path):
            raise ExpsyncError(f"{file}: leads out of the workspace", hint="put the file itself in its place")
        try:
            content = read_bounded(path, MAX_BYTES)
        except OSError as error:
            raise ExpsyncError(f"{file}: can't be read: {_reason(error)}") from error
        if len(content) > MAX_BYTES:
            raise ExpsyncError(f"{file}: is too large; at most {MAX_BYTES:,} bytes are read")
        return content


def _cant_write(file: str, error: OSError, written: Sequence[str]) -> ExpsyncError:
    so_far = f"written so far: {', '.join(written)}" if written else "nothing was written"
    return ExpsyncError(f"{file}: can't be written: {_reason(error)}; {so_far}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
