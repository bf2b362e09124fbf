"""What a reader's program makes of a report: the elements of a page, the tables of a comment."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

ALONE = frozenset({"meta", "input"})
OURS = re.compile(
    r"<details><summary>(<code>[^<>]*</code> [^<>]*|[\w, ]+ \([\d,]+\))</summary>|</details>"
    r"|<!-- expsync plan: [\w.~%-]* [\w.~%-]* -->"
)


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, the text, and whatever does not match up."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.unbalanced: list[str] = []
        self.said: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.unbalanced.append(f"an attribute twice: {attrs}")
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.said.append(data)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name in names]

    def ids(self) -> list[str | None]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def check_structure(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    fenced = {line for token in tokens if token.type == "fence" and token.map for line in range(*token.map)}
    rows = [line for number, line in enumerate(text.split("\n")) if line.startswith("|") and number not in fenced]
    kinds = [token.type for token in tokens]
    # A row of dashes under each head is no row of the table.
    assert kinds.count("tr_open") == len(rows) - kinds.count("table_open")
    for found in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in found.splitlines()}) == 1, found[:200]
    blocks = [line for token in tokens if token.type == "html_block" for line in token.content.strip().split("\n")]
    assert [line for line in blocks if not OURS.fullmatch(line)] == []
    folds = [line.startswith("</") for line in blocks if "details" in line]
    assert folds == [False, True] * (len(folds) // 2)
    assert len(re.findall("^</?details>", text, re.MULTILINE)) == len(folds)
    inline = [inner for token in tokens for inner in token.children or () if inner.type == "html_inline"]
    assert {inner.content for inner in inline} <= {"<br>"}
