"""Whom each comment and each blank line of a YAML text belongs to.

A comment on a line of its own belongs to the key or item right below it, or, indented further than that, to the end of
the block above; one behind something belongs to what ends, or begins, on that line. What stands at the top of a block
with a blank line below it is the block's heading and no key's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from expsync.config.owned import Entry, Layout, Page, Value
from expsync.config.yaml_tree import Comment, Node, Tree, TreeDocument

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_BEHIND = re.compile(r"[ \t]*,?[ \t]*")
_ENDED = re.compile(r"^\.\.\.(?=\s|\Z)[^\n]*", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%[^\n#]*", re.MULTILINE)
_FOR_EDITORS = re.compile(r"#\s*yaml-language-server:")
"""The line by which editors find the schema; they look for it at the top."""


def pages_of(tree: Tree) -> list[Page]:
    """The documents of a tree whose text has no carriage returns, with every comment at its owner.

    A text that has comments and no document has no page, and its comments no owner.
    """
    return list(_Attaching(tree).pages()) if tree.documents else []


def loose_comments(tree: Tree) -> Layout:
    """The comments of a text without documents."""
    return _Attaching(tree).layout(list(tree.comments), 0)


class _Attaching:
    """One way through a text; `at` is the end of what was met last, and `next` the first comment not yet given away."""

    def __init__(self, tree: Tree) -> None:
        self.text = tree.text
        self.documents = tree.documents
        self.comments = tree.comments
        self.next = 0
        self.at = 0
        self.anchors: dict[str, Value] = {}

    def pages(self) -> Iterator[Page]:
        begins = [0, *(self.begin(*pair) for pair in zip(self.documents, self.documents[1:], strict=False))]
        ends = [*begins[1:], len(self.text)]
        for document, begin, end in zip(self.documents, begins, ends, strict=True):
            yield self.page(document, begin, end)

    def begin(self, before: TreeDocument, document: TreeDocument) -> int:
        """Where a document begins: behind the line that ends the one before, if there is one, else at its `---`."""
        until = document.root.start if document.explicit is None else document.explicit
        ended = _ENDED.search(self.text, before.root.end, until)
        return ended.end() if ended else until

    def page(self, document: TreeDocument, begin: int, end: int) -> Page:
        self.anchors = {}
        self.at = begin
        preface: Layout = []
        marker: list[str] = []
        directive = None
        if document.explicit is not None:
            directive = _DIRECTIVE.search(self.text, begin, document.explicit)
            preface = self.layout(self.take(document.explicit), document.explicit)
            self.at = document.explicit + 3
            marker = self.behind()
        node = document.root
        above = self.layout(self.take(node.start), node.start) if node.start < node.content else []
        root = self.entry(None, node, self.take(node.content), above=above, is_root=True)
        root.below += _without_end(self.gap(end, -1, root))
        return Page(preface, directive[0].rstrip() if directive else "", marker, root)

    def entry(
        self,
        key: str | None,
        node: Node,
        comments: list[Comment],
        *,
        above: Layout | None = None,
        is_root: bool = False,
    ) -> Entry:
        """An entry; `comments` are those between its key (or dash) and the value."""
        entry = Entry(key, Value(node), above or [])
        entry.beside += [self.words(comment) for comment in comments if not comment.alone]
        lead = self.layout([comment for comment in comments if comment.alone], node.content)
        if node.kind in ("mapping", "sequence") and not node.is_flow:
            self.at = node.content
            self.block(entry.value, lead, is_root=is_root)
        else:
            entry.above += lead if is_root else filter(None, lead)
            self.at = node.content
            if node.is_flow:
                self.flow(entry)
            elif node.kind == "alias":
                entry.value.target = self.anchors[node.anchor or ""]
            else:
                entry.beside += map(self.words, self.take(node.end))
            self.at = max(self.at, node.end)
            entry.beside += self.behind()
        if node.anchor is not None and node.kind != "alias":
            self.anchors[node.anchor] = entry.value
        return entry

    def block(self, value: Value, lead: Layout, *, is_root: bool) -> None:
        """Fill in the entries of a mapping or sequence in lines."""
        node = value.node
        column = self.column(node.content)
        value.heading, above = _split(lead, is_top=is_root)
        for key, member in node.members or [(None, item) for item in node.items]:
            if value.entries:
                start = self.find("-", member.start) if key is None else self.find("?", key.start)
                above = self.gap(start, column, value.entries[-1])
            comments: list[Comment] = []
            if key is None:
                self.at = max(self.at, self.find("-", member.start) + 1)
            else:
                comments = self.key(key)
            comments += self.take(member.content)
            name = None if key is None else str(key.value)
            value.entries.append(self.entry(name, member, comments, above=above))

    def flow(self, entry: Entry) -> None:
        """Fill in the entries of a mapping or sequence in brackets; the one pair of `[key: value]` has none."""
        value, node = entry.value, entry.value.node
        has_brackets = self.text[node.content] in "{["
        self.at += has_brackets
        for key, member in node.members or [(None, item) for item in node.items]:
            start = (key or member).start
            found = self.take(start)
            behind = value.entries[-1].beside if value.entries else entry.beside
            behind += [self.words(comment) for comment in found if not comment.alone]
            if not value.entries:
                value.is_remarked = len(found) > 0
            above = self.layout([comment for comment in found if comment.alone], start)
            if not value.entries:
                value.heading, above = _split(above, is_top=False)
            comments = [] if key is None else self.key(key)
            comments += self.take(member.content)
            name = None if key is None else str(key.value)
            value.entries.append(self.entry(name, member, comments, above=above))
        if has_brackets:
            found = self.take(node.end)
            behind = value.entries[-1].beside if value.entries else entry.beside
            behind += [self.words(comment) for comment in found if not comment.alone]
            closing = _without_end(self.layout([comment for comment in found if comment.alone], node.end))
            (value.closing if value.entries else entry.below).extend(closing)

    def key(self, node: Node) -> list[Comment]:
        """Go past a key; the comments between its `?`, its anchor and it."""
        comments = self.take(node.end)
        self.at = node.end
        if node.anchor is not None:
            self.anchors[node.anchor] = Value(node)
        return comments

    def gap(self, until: int, column: int, before: Entry) -> Layout:
        """What belongs above that which comes next, at `column`; the rest goes to the ends of what was before."""
        above: Layout = []
        homes = list(self.homes(before, column)) if self.has_comment(until) else []
        for comment in self.take(until):
            if not comment.alone:  # it is behind the line that ends a document
                above.append(self.words(comment))
                continue
            reach = self.column(comment.start)
            while homes and not homes[-1][0] <= reach > column:
                homes.pop()
            home = homes[-1][1] if homes else above
            home.extend(self.layout([comment], comment.end))
        if self.is_blank(until):
            above.append("")
        return above

    def homes(self, entry: Entry, column: int) -> Iterator[tuple[int, Layout]]:
        """The blocks that end with an entry, from the outermost, each with the least column of a comment in it."""
        value = entry.value
        if value.node.style == "block":
            inner = self.column(value.node.content)
            # A list may stand at the column of its key; what is there at its end belongs to the mapping.
            if inner > column:
                yield inner, value.closing
            yield from self.homes(value.entries[-1], inner)
        elif value.node.style not in ("literal", "folded"):
            yield column + 1, entry.below

    def take(self, until: int) -> list[Comment]:
        """The comments before a position that nobody has yet."""
        first = self.next
        while self.has_comment(until):
            self.next += 1
        return list(self.comments[first : self.next])

    def has_comment(self, until: int) -> bool:
        return self.next < len(self.comments) and self.comments[self.next].start < until

    def behind(self) -> list[str]:
        """The comment behind what was met last, on its line; a comma may stand before it."""
        if self.next == len(self.comments):
            return []
        comment = self.comments[self.next]
        if not _BEHIND.fullmatch(self.text, self.at, comment.start):
            return []
        self.next += 1
        self.at = comment.end
        return [self.words(comment)]

    def layout(self, comments: list[Comment], until: int) -> Layout:
        """The comments with the blank lines between them, from the end of what was met last."""
        lines: Layout = []
        for comment in comments:
            if self.is_blank(comment.start):
                lines.append("")
            lines.append(self.words(comment))
            self.at = comment.end
        if self.is_blank(until):
            lines.append("")
        return lines

    def is_blank(self, until: int) -> bool:
        return _BLANK_LINE.search(self.text, self.at, until) is not None

    def words(self, comment: Comment) -> str:
        return self.text[comment.start : comment.end].rstrip()

    def column(self, index: int) -> int:
        return index - self.text.rfind("\n", 0, index) - 1

    def find(self, mark: str, until: int) -> int:
        """Where an indicator stands before `until`, comments left out; `until` where it does not."""
        at, following = self.at, self.next
        while True:
            is_cut = following < len(self.comments) and self.comments[following].start < until
            stop = self.comments[following].start if is_cut else until
            found = self.text.find(mark, at, stop)
            if found >= 0 or not is_cut:
                return found if found >= 0 else until
            at, following = self.comments[following].end, following + 1


def _without_end(lines: Layout) -> Layout:
    """The layout without the blank line at its end, below which nothing stands."""
    return lines[:-1] if lines and not lines[-1] else lines


def _split(lead: Layout, *, is_top: bool) -> tuple[Layout, Layout]:
    """What is at the start of a block: its heading, and what belongs to its first key."""
    while lead and not lead[0]:
        lead = lead[1:]
    cut = max((place + 1 for place, line in enumerate(lead) if not line), default=0)
    if is_top:
        cut = max([cut, *(place + 1 for place, line in enumerate(lead) if _FOR_EDITORS.match(line))])
    return lead[:cut], lead[cut:]
