"""When garbage is looked for."""

from __future__ import annotations

import gc


def keep_everything() -> None:
    """Nothing; no garbage is looked for from now on.

    A plan makes a million values, needs them all, and ends: to look through them for garbage takes half as long again.
    """
    gc.disable()


def leave_everything() -> None:
    """Nothing; what there is at the end is not looked through for garbage either.

    The interpreter does that once more before it ends, whatever was said before: a fifteenth of a small plan.
    """
    gc.freeze()


def collect_again() -> None:
    """Nothing; from now on garbage is looked for among what is new, if `keep_everything` had ended that.

    For what runs long: thousands of calls leave garbage behind, and a server has no end.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
