"""The smallest change of a YAML text that makes it mean another value.

Nothing else in the text moves by a byte: comments, blank lines, order, quotes, indentation, brackets, anchors, line
breaks, the other documents. What that can't be trusted with is checked: the new text is loaded again, and where it
does not mean what is wanted, the smallest part around that place is written anew, then the next larger one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from expsync.config.align import Continues, Order
from expsync.config.compare import Comparison
from expsync.config.emit import document_text, flow_text
from expsync.config.layout import Page
from expsync.config.order import experiment_order
from expsync.config.parsed import Path
from expsync.config.same import difference
from expsync.config.wording import quote
from expsync.config.yaml import YamlError, parse
from expsync.config.yaml_places import MAX_DEPTH
from expsync.config.yaml_tree import Node, Tree, tree_of
from expsync.errors import ExpsyncError

_BOM = "\ufeff"


class RewriteError(ExpsyncError):
    """No YAML text can hold the value; `path` is where it can't."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        place = ".".join(str(step) for step in path)
        super().__init__(
            f"{quote(place)} can't be written as YAML: {reason}" if path else f"no YAML can hold it: {reason}"
        )


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new text, and how many parts had to be written anew as a whole to make it mean what is wanted."""

    text: str
    widened: int


def rewrite(
    text: str,
    index: int,
    value: JsonValue,
    *,
    order: Order = experiment_order,
    continues: Continues | None = None,
) -> str:
    """The text in which document `index` (from 0) means `value`, and all else is as it was.

    `order` gives the canonical order of the keys at a path, by which a new key finds its place. `continues` says of a
    new item of a list which old `key` or `name` it goes on from, so that a renamed one is changed, not replaced.
    Raises YamlError if the text can't be loaded, IndexError if it has no such document, and RewriteError if no YAML
    text can mean the value.
    """
    return rewrite_checked(text, index, value, order=order, continues=continues).text


def rewrite_path(
    text: str, path: Sequence[str], value: JsonValue, *, index: int = 0, order: Order = experiment_order
) -> str:
    """The same for one value at a path of keys; mappings that are missing on the way are made."""
    whole = parse(text)[index].value
    return rewrite(text, index, _with(whole, path, value), order=order)


def rewrite_checked(
    text: str,
    index: int,
    value: JsonValue,
    *,
    order: Order = experiment_order,
    continues: Continues | None = None,
) -> Rewritten:
    """`rewrite`, and what it took."""
    mark, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    tree = tree_of(body)
    wanted = [document.value for document in parse(body)]
    if not wanted and index == 0:
        return Rewritten(mark + _appended(body, value), 0)
    wanted[index] = value
    page = Page(tree, tree.documents[index])
    forced: set[int] = set()
    while True:
        comparison = Comparison(page, value, order=order, continues=continues, forced=forced)
        found = _check(comparison.text, wanted)
        if found is None:
            return Rewritten(mark + comparison.text, len(forced))
        wider = _wider(comparison, forced, found.path if found.document == index else None)
        if not wider:
            return Rewritten(mark + _replaced(tree, index, value, wanted), len(forced) + 1)
        forced |= wider


@dataclass(frozen=True, slots=True)
class _Mismatch:
    """Where a text means something else; `document` is -1 where it can't be loaded."""

    document: int
    path: Path


def _check(text: str, wanted: Sequence[JsonValue]) -> _Mismatch | None:
    try:
        found = [document.value for document in parse(text)]
    except YamlError:
        return _Mismatch(-1, ())
    if len(found) != len(wanted):
        return _Mismatch(-1, ())
    for place, (old, new) in enumerate(zip(wanted, found, strict=True)):
        path = difference(old, new)
        if path is not None:
            return _Mismatch(place, path)
    return None


def _wider(comparison: Comparison, forced: set[int], path: Path | None) -> set[int]:
    """What to write anew next: the smallest node around a path that was not yet, or around every change so far."""
    if path is not None:
        while path not in comparison.seen:
            path = path[:-1]
        starts = [comparison.seen[path]]
    else:
        starts = list(comparison.changed)
    found: set[int] = set()
    for start in starts:
        node: Node | None = start
        while node is not None and id(node) in forced:
            node = comparison.parent(node)
        if node is not None:
            found.add(id(node))
    return found


def _with(whole: JsonValue, path: Sequence[str], value: JsonValue) -> JsonValue:
    if not path:
        return value
    members = dict(whole) if isinstance(whole, dict) else {}
    members[path[0]] = _with(members.get(path[0]), path[1:], value)
    return members


def _document(value: JsonValue, newline: str) -> str:
    text = document_text(value) if isinstance(value, dict) and value else flow_text(value) + "\n"
    return text.replace("\n", newline)


def _appended(text: str, value: JsonValue) -> str:
    """The first document of a text that has comments at most."""
    newline = "\r\n" if "\r\n" in text else "\n"
    body = text if not text or text.endswith(("\n", "\r")) else text + newline
    return _verified([body + _document(value, newline)], [value], value)


def _replaced(tree: Tree, index: int, value: JsonValue, wanted: Sequence[JsonValue]) -> str:
    """The text with the whole document written anew, if it must be as JSON."""
    document, page = tree.documents[index], Page(tree, tree.documents[index])
    before, after = tree.text[: document.start], tree.text[document.end :]
    several = len(tree.documents) > 1
    candidates = [
        before + ("---" + page.newline if several else "") + written + after
        for written in (_document(value, page.newline), flow_text(value) + page.newline)
    ]
    return _verified(candidates, wanted, value)


def _verified(candidates: Sequence[str], wanted: Sequence[JsonValue], value: JsonValue) -> str:
    for candidate in candidates:
        if _check(candidate, wanted) is None:
            return candidate
    raise _reason(value)


def _reason(value: JsonValue) -> RewriteError:
    """Which part of a value no text can hold, as far as it is one part's fault."""
    path = _unwritable(value, ())
    if path is not None:
        return RewriteError(path, "YAML can't hold its characters, its number, or the length of its key")
    return RewriteError((), f"it may be too large, or nested deeper than {MAX_DEPTH} levels")


def _holds(value: JsonValue) -> bool:
    return _check(flow_text({"value": value}), [{"value": value}]) is None


def _unwritable(value: JsonValue, path: Path) -> Path | None:
    if isinstance(value, dict):
        for key, member in value.items():
            if not _holds({key: None}):
                return (*path, key)
            if (found := _unwritable(member, (*path, key))) is not None:
                return found
        return None
    if isinstance(value, list):
        pairs = enumerate(value)
        return next((found for at, item in pairs if (found := _unwritable(item, (*path, at))) is not None), None)
    return None if _holds(value) else path
