"""Where the comments of an odd file stand after formatting, judged by the loader's places alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expsync.config.yaml import Places, parse_with_places
from tests.config.odd_files import OddFile, Path, shown

_NAMED = re.compile(r"# (above|behind|end) ([0-9]+)(\S*)")


def strayed(odd: OddFile, result: str) -> list[str]:
    """One line for each comment of `result` that does not stand at what it names."""
    parsed = parse_with_places(result)
    lines = result.split("\n")
    wrong: list[str] = []
    for at, line in enumerate(lines):
        found = _NAMED.search(line)
        if found is None:
            continue
        index = int(found[2])
        places = parsed.documents[index].places
        names = {shown(index, path): path for path in _possible(places, odd.aliases[index])}
        wanted = f"{index}{found[3]}"
        path = names.get(wanted)
        if path is None:
            wrong.append(f"{at + 1}: {found[0]}: there is nothing at this path")
            continue
        alone = line.lstrip().startswith("#")
        same = [other for other in _same(path, odd.aliases[index], whole=found[1] == "end") if other in places]
        if found[1] == "end":
            good = alone and any(_ends(places, other, at + 1, len(line) - len(line.lstrip())) for other in same)
        elif alone:
            below = next((i for i in range(at, len(lines)) if lines[i].strip() and lines[i].lstrip()[0] != "#"), -1)
            good = any(places[other].key_line == below + 1 for other in same)
        else:
            good = found[1] == "behind" and any(places[other].key_line == at + 1 for other in same)
        if not good:
            wrong.append(f"{at + 1}: {line}")
    return wrong


def _ends(places: Places, path: Path, line: int, indent: int) -> bool:
    """Whether a comment is below all that is in the collection at a path, above all that follows, and in its column."""
    inside = [spot for other, spot in places.items() if len(other) > len(path) and other[: len(path)] == path]
    children = [other for other in places if len(other) == len(path) + 1 and other[:-1] == path]
    if not children:
        return False
    first = places[children[0]]
    column = first.key_column - 1 - (2 if isinstance(children[0][-1], int) else 0)
    last = max(spot.key_line for spot in inside)
    after = [spot.key_line for spot in places.values() if spot.key_line > last]
    return column == indent and last < line and all(line < other for other in after)


def _possible(places: Places, aliases: list[tuple[Path, Path]]) -> Iterator[Path]:
    for path in places:
        yield from _same(path, aliases)


def _same(path: Path, aliases: list[tuple[Path, Path]], *, whole: bool = False) -> set[Path]:
    """The paths at which the same may be written: at an alias of what it is in or, if it is a `whole` value, of it."""
    found = {path}
    waiting = [path]
    while waiting:
        path = waiting.pop()
        for pair in aliases:
            for one, other in (pair, pair[::-1]):
                if len(path) >= len(one) + (not whole) and path[: len(one)] == one:
                    new = (*other, *path[len(one) :])
                    if new not in found:
                        found.add(new)
                        waiting.append(new)
    return found
