"""What a picture of a change shows: the split of each segment before and after."""

from __future__ import annotations

from expsync.core.bucketing import ROWS, Split, columns_of
from expsync.core.impact import splits_of
from expsync.model.plan import SplitChange
from expsync.model.state import State

_DIGITS = 4


def split_changes(before: State, after: State) -> list[SplitChange]:
    """The splits that are another one afterwards, in the order of the segments, all other users last.

    A segment that comes or goes has no shares on the other side. `before` has its variants under the keys that they
    will have.
    """
    old, new = splits_of(before), splits_of(after)
    segments = [*dict.fromkeys(name for name in (*old, *new) if name is not None), None]
    pairs = ((name, _shares(old.get(name)), _shares(new.get(name))) for name in segments)
    return [SplitChange(segment=name, before=one, after=other) for name, one, other in pairs if one != other]


def _shares(split: Split | None) -> dict[str, float]:
    """The share of each variant that gets anybody, to four decimals."""
    if split is None or not split.rows:
        return {}
    columns = columns_of(split.variants)
    whole, start = columns[-1][1], 0
    shares: dict[str, float] = {}
    for key, end in columns:
        if end > start:
            shares[key] = round((end - start) / whole * split.rows / ROWS, _DIGITS)
        start = max(start, end)
    return shares
