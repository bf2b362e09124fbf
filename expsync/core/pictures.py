"""What a picture of a change shows: the split of each segment before and after, and who goes from where to where."""

from __future__ import annotations

from expsync.core.bucketing import ROWS, Split, columns_of, flows
from expsync.core.impact import same_users, splits_of
from expsync.model.plan import Flow, SplitChange
from expsync.model.state import State

MOST_FLOWS = 100
"""Past so many nobody could follow them with their eyes."""
_DIGITS = 4


def split_changes(before: State, after: State) -> list[SplitChange]:
    """The splits that are another one afterwards, in the order of the segments, all other users last.

    A segment that comes or goes has no shares on the other side. `before` has its variants under the keys that they
    will have.
    """
    old, new = splits_of(before), splits_of(after)
    segments = [*dict.fromkeys(name for name in (*old, *new) if name is not None), None]
    pairs = ((name, _shares(old.get(name)), _shares(new.get(name))) for name in segments)
    changed = [(name, one, other) for name, one, other in pairs if one != other]
    same = same_users(before, after) if changed else frozenset()
    return [
        SplitChange(
            segment=name,
            before=one,
            after=other,
            flows=_flows(old[name], new[name], [*one, *other]) if name in same else [],
        )
        for name, one, other in changed
    ]


def _flows(before: Split | None, after: Split | None, keys: list[str]) -> list[Flow]:
    """The shares to four decimals, in the order of the variants, no variant last; none past `MOST_FLOWS`."""
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    shares = {arms: round(float(share), _DIGITS) for arms, share in flows(before, after).items()}
    last = len(places)
    ordered = sorted(
        (arms for arms, share in shares.items() if share),
        key=lambda arms: tuple(last if arm is None else places.get(arm, last) for arm in arms),
    )
    if len(ordered) > MOST_FLOWS:
        return []
    return [Flow(before=old, after=new, share=shares[old, new]) for old, new in ordered]


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
