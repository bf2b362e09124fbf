"""Files and folders that were not there before: each appears whole, none takes another's place, all go on failure."""

# ruff: noqa: PTH112 - Path.is_dir raises where a folder above can't be entered; os.path.isdir says no
from __future__ import annotations

import errno
import os
from pathlib import Path
from secrets import token_hex
from stat import S_ISDIR, S_ISLNK
from types import TracebackType
from typing import Self

from expsync.errors import ExpsyncError

# What file systems without hard links answer.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class FreshFiles:
    """Makes files and folders; where the `with` block is left by an exception, all that were made are removed again.

    What somebody else put in the place of a file of ours, or into a folder of ours, stays.
    """

    def __init__(self) -> None:
        self._files: list[tuple[Path, tuple[int, int]]] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        left = [] if error is None else self._undo()
        if left:
            raise ExpsyncError(
                f"{error or 'interrupted'}; and what was made before can't be removed again",
                hint="remove by hand: " + ", ".join(left),
            ) from error

    def make_folder(self, path: Path) -> None:
        """Make the folder, and those above it that are missing. ExpsyncError where that can't be."""
        missing = []
        while not os.path.lexists(path):
            missing.append(path)
            if path == path.parent:
                break
            path = path.parent
        for folder in reversed(missing):
            try:
                folder.mkdir()
            except OSError as error:
                # `new/..` is there once `new` is made.
                if not os.path.isdir(folder):
                    raise _cant_make("folder", folder, error) from error
            else:
                self._folders.append(folder)

    def write(self, path: Path, content: bytes) -> bool:
        """Whether the file was made: False where something of that name, were it a broken link, is there already.

        ExpsyncError where it can't be made.
        """
        if os.path.lexists(path):
            return False
        part = path.with_name(f".{path.name}.{token_hex(8)}.part")
        try:
            with part.open("xb") as file:
                state = os.fstat(file.fileno())
                identity = (state.st_dev, state.st_ino)
                # Noted before they are there in full: an interruption must not leave either.
                self._files += [(part, identity), (path, identity)]
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            is_ours = _put(part, path)
            part.unlink(missing_ok=True)
        except OSError as error:
            raise _cant_make("file", path, error) from error
        if not is_ours:
            del self._files[-2:]
        return is_ours

    def _undo(self) -> list[str]:
        """Remove all that was made; what could not be removed, with the reason."""
        left = []
        for path, identity in reversed(self._files):
            try:
                state = path.lstat()
                if (state.st_dev, state.st_ino) == identity:
                    path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                left.append(f"{path} ({error.strerror})")
        for folder in reversed(self._folders):
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    left.append(f"{folder} ({error.strerror})")
        return left


def obstacle(root: Path, name: str) -> str:
    """Why the folders of `name`, relative to `root` and with `/`, can't be entered or made; or the empty text.

    A link is one, wherever it leads: what is written is to stand in `root` itself.
    """
    folder = root
    for part in name.split("/")[:-1]:
        folder /= part
        try:
            mode = folder.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            return f"{folder} can't be looked at: {(error.strerror or str(error)).lower()}"
        if S_ISLNK(mode):
            return f"{folder} is a link, and links are not followed"
        if not S_ISDIR(mode):
            return f"{folder} is there, and is not a folder"
    return ""


def _put(part: Path, path: Path) -> bool:
    """Whether the finished file got its name; False where the name has been taken meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _claim(part, path)
    return True


def _claim(part: Path, path: Path) -> bool:
    """As `_put`, without links: an empty file takes the name, and is then replaced by the finished one."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    try:
        part.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _cant_make(kind: str, path: Path, error: OSError) -> ExpsyncError:
    return ExpsyncError(f"the {kind} {path} can't be made: {(error.strerror or str(error)).lower()}")
