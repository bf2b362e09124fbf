"""A change of an existing experiment, as the judges of risks look at it: what served users before, and what will.

LIVE means that users are being served: enabled, not archived, on a deployment, with some percentage above zero. What
is not known counts as yes. RUNNING is the product's word for an experiment whose results are being collected.

A place is a segment, or the bottom, where everybody gets to who is in no segment: the first segment without conditions,
or all other users. What is below the bottom is no place, since nobody gets there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from expsync.core.target import Target
from expsync.model.plan import Change, Impact
from expsync.model.state import Leaf, SegmentState, State

ALL = 100
"""What counts where a live percentage is not known: the worst is that everybody is served."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One place in one state: who gets a variant there, and how they are split."""

    name: str | None
    """The segment's, or None for all other users."""
    percentage: int | float | None
    ratio: Mapping[str, int]
    """Each variant's weight in the smallest whole numbers; where none is positive, as evaluation splits: evenly."""
    bucketing_key: Leaf
    """The property that users are drawn by, the experiment's where the segment has none of its own."""

    @property
    def serves(self) -> bool:
        """Whether anybody gets a variant here."""
        return self.percentage is None or self.percentage > 0


@dataclass(frozen=True, slots=True)
class Case:
    """A change of an existing experiment, ready to be judged; variants stand under the keys that they will have."""

    before: State
    after: State
    changes: Sequence[Change]
    renamed: Mapping[str, str]
    other_order: bool
    bandit_weights: tuple[str, ...]
    impact: Sequence[Impact]
    spots_before: Mapping[str | None, Spot]
    spots_after: Mapping[str | None, Spot]
    stays_on: bool
    """Whether it was live, and is neither disabled nor archived by the change: one that stops stops first."""
    stays_live: bool
    """Whether users are served before, and by what the change leaves behind. Deployments don't count: they go last,
    when everything else has already moved users."""

    @classmethod
    def of(cls, live: State, target: Target, changes: Sequence[Change], impact: Sequence[Impact]) -> Case:
        """The case of a change from `live` to what the target is to be."""
        after = target.state
        on = after.flag("enabled", unknown=True) and not after.flag("archived", unknown=False)
        stays_on = is_live(live) and on
        return cls(
            before=live,
            after=after,
            changes=changes,
            renamed=target.renamed,
            other_order=target.order is not None,
            bandit_weights=target.bandit_weights,
            impact=impact,
            spots_before=spots_of(live),
            spots_after=spots_of(after),
            stays_on=stays_on,
            stays_live=stays_on and any(_percentages(after)),
        )

    @property
    def running(self) -> bool:
        """Whether the product collects results."""
        return self.before.running

    @property
    def sticky(self) -> bool:
        """Whether users keep the variant that they had, before and after."""
        return sticks(self.before) and sticks(self.after)

    def changed(self, *names: str) -> bool:
        """Whether one of these fields of the experiment changes."""
        return any(change.path in names for change in self.changes)

    def members(self, kind: str) -> list[str]:
        """The variants that are added, or removed."""
        return [
            change.path.removeprefix("variants.")
            for change in self.changes
            if change.kind == kind and change.path.startswith("variants.") and change.path.count(".") == 1
        ]

    def kept_places(self) -> list[tuple[str, Spot, Spot]]:
        """The places that are there before and after, by what they are called in a sentence."""
        pairs = [(spot, self.spots_after.get(name)) for name, spot in self.spots_before.items()]
        return [(place_name(new.name), old, new) for old, new in pairs if new is not None]

    def served_places(self) -> list[tuple[str, Spot, Spot]]:
        """Those of them where somebody gets a variant before and after."""
        return [(name, old, new) for name, old, new in self.kept_places() if old.serves and new.serves]


def is_live(state: State) -> bool:
    """Whether users are being served; what is not known counts as yes."""
    return (
        state.flag("enabled", unknown=True)
        and not state.flag("archived", unknown=False)
        and state.deployments != frozenset()
        and any(_percentages(state))
    )


def sticks(state: State) -> bool:
    """Whether users keep the variant that they had; local evaluation knows of no earlier one."""
    return state.flag("stickyBucketing", unknown=False) and state.fields.get("evaluationMode") != "local"


def spots_of(state: State) -> dict[str | None, Spot]:
    """The places of a state that users get to, by segment from the top down; the bottom (None) is last."""
    spots: dict[str | None, Spot] = {}
    own = state.fields.get("bucketingKey")
    for name, segment in (state.targetSegments or {}).items():
        everybody = catches_all(segment)
        spots[None if everybody else name] = Spot(
            name=name,
            percentage=_number(segment.fields.get("percentage")),
            ratio=_segment_ratio(segment, state),
            bucketing_key=segment.fields.get("bucketingKey") or own,
        )
        if everybody:
            return spots
    weights = {key: variant.fields.get("rolloutWeight") for key, variant in (state.variants or {}).items()}
    spots[None] = Spot(None, _number(state.fields.get("rolloutPercentage")), ratio_of(weights), own)
    return spots


def catches_all(segment: SegmentState) -> bool:
    """Whether it has no conditions."""
    leaf = segment.fields.get("conditions")
    return leaf is None or getattr(leaf, "value", None) == []


def ratio_of(weights: Mapping[str, Leaf]) -> dict[str, int]:
    """The weights, decimal numbers as they are written, in the smallest whole numbers of the same ratio.

    Something that is no number is 0; all are equal where none is positive.
    """
    exact = {key: _exact(weight) for key, weight in weights.items()}
    scale = lcm(*(weight.denominator for weight in exact.values()))
    whole = {key: weight.numerator * (scale // weight.denominator) for key, weight in exact.items()}
    divisor = gcd(*whole.values())
    return {key: weight // divisor for key, weight in whole.items()} if divisor else dict.fromkeys(whole, 1)


def _exact(leaf: Leaf) -> int | Fraction:
    if isinstance(leaf, int):
        return leaf
    return Fraction(str(leaf)) if isinstance(leaf, float) else 0


def place_name(name: str | None) -> str:
    """`all other users`, or `segment "US on iOS"`."""
    return "all other users" if name is None else f'segment "{name}"'


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _segment_ratio(segment: SegmentState, state: State) -> dict[str, int]:
    weights = segment.rolloutWeights or {}
    return ratio_of({key: weights.get(key) for key in state.variants or weights})


def _percentages(state: State) -> list[Leaf]:
    segments = (state.targetSegments or {}).values()
    return [
        state.fields.get("rolloutPercentage", ALL),
        *(segment.fields.get("percentage", ALL) for segment in segments),
    ]


def _number(leaf: Leaf) -> int | float | None:
    return leaf if isinstance(leaf, int | float) else None
