"""Files read whole, up to a bound, and only if they are plain files."""

from __future__ import annotations

import os
import stat

# A pipe without a writer would block the very opening of it.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NotAFileError(OSError):
    """The name is a folder's, a pipe's or a device's, of which reading might never end."""


def read_bounded(path: str, limit: int) -> bytes:
    """The bytes of a file: all of them, or one more than `limit` where it is longer. Raises OSError."""
    descriptor = os.open(path, _READ)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            reason = "it is a folder" if stat.S_ISDIR(state.st_mode) else "it is not a regular file"
            raise NotAFileError(0, reason)
        content = os.read(descriptor, min(state.st_size, limit) + 1)
        if len(content) == state.st_size or len(content) > limit:
            return content
        # It grew or shrank meanwhile, or the system gives it in parts.
        parts = [content]
        while parts[-1] and sum(map(len, parts)) <= limit:
            parts.append(os.read(descriptor, limit + 1))
        return b"".join(parts)[: limit + 1]
    finally:
        os.close(descriptor)
