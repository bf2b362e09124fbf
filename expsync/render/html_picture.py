"""A split before and after as an SVG: two bars, and between them ribbons as wide as the share that goes that way.

Colours only help: each variant has a letter, in the bars, in the ribbons' titles and in the table below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from expsync.model.plan import SplitChange
from expsync.render.bars import letters_of
from expsync.render.html_text import NOTHING, Html, lines, tag, text
from expsync.render.safe import visible
from expsync.render.view import percent, place_text

COLOURS = 8
"""Variants past so many begin with the first colour again; letters tell them apart."""
_LEFT, _WIDTH, _RIGHT = 52.0, 340.0, 8.0
_BAR = 26.0
_TOP, _GAP, _NO_GAP = 2.0, 64.0, 8.0
_LETTER_FITS = 11.0
_NOBODY = "no variant"


@dataclass(frozen=True, slots=True)
class _Arm:
    """How a variant is marked, and its place among the others."""

    letter: str
    colour: str
    place: int


_Arms = Mapping[str, _Arm]


def picture(split: SplitChange) -> Html:
    """The figure of one segment: the drawing, a table of the shares, and the flows where they are known."""
    named = [arm for flow in split.flows for arm in (flow.before, flow.after) if arm is not None]
    letters = letters_of([*split.before, *split.after, *named])
    arms = {key: _Arm(letter, f"v{at % COLOURS}", at) for at, (key, letter) in enumerate(letters.items())}
    caption = tag("figcaption", text(_capital(place_text(split.segment))))
    return tag("figure", lines(NOTHING, caption, _drawing(split, arms), _shares(split, arms), _flows(split)))


def _drawing(split: SplitChange, arms: _Arms) -> Html:
    first, second = _TOP, _TOP + _BAR + (_GAP if split.flows else _NO_GAP)
    return tag(
        "svg",
        *_ribbons(split, arms, first + _BAR, second),
        *_bar("before", split.before, arms, first),
        *_bar("after", split.after, arms, second),
        role="img",
        aria_label=_spoken(split),
        viewBox=f"0 0 {_LEFT + _WIDTH + _RIGHT:g} {second + _BAR + _TOP:g}",
    )


def _spoken(split: SplitChange) -> str:
    before, after = (
        ", ".join(f"{visible(key)} {percent(share)}" for key, share in shares.items()) or "nobody"
        for shares in (split.before, split.after)
    )
    return f"Split of {place_text(split.segment)}. Before: {before}. After: {after}."


def _bar(label: str, shares: Mapping[str, float], arms: _Arms, top: float) -> Iterator[Html]:
    middle, y, height = f"{top + _BAR / 2 + 4.5:g}", f"{top:g}", f"{_BAR:g}"
    yield tag("text", text(label), x="0", y=middle)
    # The frame stands for everybody; what is not filled is nobody's.
    yield tag("rect", x=_at(0), y=y, width=_size(1), height=height, class_="everybody")
    start = 0.0
    for key, share in shares.items():
        title = tag("title", text(f"{label}: {key} {percent(share)}"))
        yield tag("rect", title, x=_at(start), y=y, width=_size(share), height=height, class_=arms[key].colour)
        if share * _WIDTH >= _LETTER_FITS:
            yield tag("text", text(arms[key].letter), x=_at(start + share / 2), y=middle, class_="letter")
        start += share


def _ribbons(split: SplitChange, arms: _Arms, top: float, bottom: float) -> Iterator[Html]:
    """A ribbon for each flow that has an arm at either end; who has none both times is not drawn."""

    def place(arm: str | None) -> int:
        return len(arms) if arm is None else arms[arm].place

    sources = _begins(split.before)
    targets = _begins(split.after)
    arrivals: dict[tuple[str | None, str | None], float] = {}
    for flow in sorted(split.flows, key=lambda flow: (place(flow.after), place(flow.before))):
        arrivals[flow.before, flow.after] = targets.setdefault(flow.after, 1.0)
        targets[flow.after] += flow.share
    for flow in sorted(split.flows, key=lambda flow: (place(flow.before), place(flow.after))):
        source, target = sources.setdefault(flow.before, 1.0), arrivals[flow.before, flow.after]
        sources[flow.before] += flow.share
        arm = flow.after if flow.before is None else flow.before
        if arm is not None:
            kind = "stays" if flow.before == flow.after else "moves"
            said = f"{_arm_text(flow.before)} to {_arm_text(flow.after)}: {percent(flow.share)}"
            shape = _ribbon(source, target, flow.share, top, bottom)
            yield tag("path", tag("title", text(said)), d=shape, class_=f"ribbon {kind} {arms[arm].colour}")


def _ribbon(source: float, target: float, share: float, top: float, bottom: float) -> str:
    middle = f"{(top + bottom) / 2:g}"
    down = f"M{_at(source)} {top:g}C{_at(source)} {middle} {_at(target)} {middle} {_at(target)} {bottom:g}"
    over, back = _at(target + share), _at(source + share)
    return f"{down}L{over} {bottom:g}C{over} {middle} {back} {middle} {back} {top:g}Z"


def _begins(shares: Mapping[str, float]) -> dict[str | None, float]:
    """Where each arm begins on the bar, no variant behind all others."""
    total = 0.0
    begins: dict[str | None, float] = {}
    for key, share in shares.items():
        begins[key] = total
        total += share
    begins[None] = total
    return begins


def _shares(split: SplitChange, arms: _Arms) -> Html:
    head = tag("tr", *(tag("th", text(word), scope="col") for word in ("Variant", "Before", "After")))
    rows = [_share_row(key, arm, split) for key, arm in arms.items()]
    before, after = (_rest(shares) for shares in (split.before, split.after))
    none = tag("tr", tag("th", text(_NOBODY), scope="row"), tag("td", text(before)), tag("td", text(after)))
    return tag("table", tag("thead", head), tag("tbody", *rows, none), class_="shares")


def _share_row(key: str, arm: _Arm, split: SplitChange) -> Html:
    mark = tag("span", text(arm.letter), class_=f"swatch {arm.colour}")
    return tag(
        "tr",
        tag("th", mark, Html(" "), tag("code", text(key)), scope="row"),
        tag("td", text(percent(split.before.get(key, 0.0)))),
        tag("td", text(percent(split.after.get(key, 0.0)))),
    )


def _rest(shares: Mapping[str, float]) -> str:
    # Shares have four decimals, and several that are rounded may miss 1 by the last of them.
    return percent(max(0.0, round(1 - sum(shares.values()), 3)))


def _flows(split: SplitChange) -> Html:
    moves = [flow for flow in split.flows if flow.before != flow.after]
    if not split.flows:
        return tag("p", text("From which variant to which is not known exactly."), class_="faint")
    if not moves:
        return tag("p", text("Nobody gets another variant."), class_="faint")
    items = (
        tag("li", _arm_html(flow.before), Html(" → "), _arm_html(flow.after), text(f": {percent(flow.share)}"))
        for flow in moves
    )
    return tag("ul", *items, class_="flows")


def _arm_text(key: str | None) -> str:
    return _NOBODY if key is None else key


def _arm_html(key: str | None) -> Html:
    return text(_NOBODY) if key is None else tag("code", text(key))


def _at(share: float) -> str:
    return f"{_LEFT + share * _WIDTH:.1f}"


def _size(share: float) -> str:
    return f"{share * _WIDTH:.1f}"


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]
