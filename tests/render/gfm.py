"""What GitHub makes of our Markdown: rendered by its own library, cmark-gfm, and read from the HTML.

A row with too many or too few cells never shows there, since cmark-gfm cuts or fills it: so the pipes of the source are
counted too, which separate cells and are nothing else in what we write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

from tests.render.reading import ALONE

MARKER = re.compile(r" expsync plan: [\w.~%-]+ [\w.~%-]+ ")
ELEMENTS = frozenset(
    "h3 p strong em ul li hr br code pre details summary table thead tbody tr th td".split()  # noqa: SIM905
)
ATTRIBUTES = frozenset({("th", "align"), ("td", "align"), ("pre", "lang"), ("code", "class")})
# What GitHub looks for in a text that is no code: people, issues, addresses, emoji.
_FOUND_LATER = re.compile(r"@\w|#\d|\bGH-\d|!\d|https?://|www\.|:[\w+-]*[a-z][\w+-]*:|\$\S+\$", re.IGNORECASE)


def gfm(markdown: str) -> str:
    """The HTML, with what is raw in the Markdown as it is: a service's own filter comes after."""
    html: str = github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    return html


@dataclass
class Table:
    """The texts of a table's cells, the head's first."""

    rows: list[list[str]] = field(default_factory=list)


class Comment(HTMLParser):
    """A comment as it is shown: its elements, tables and pieces of code, and the text outside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.wrong: list[str] = []
        self.comments: list[str] = []
        self.tables: list[Table] = []
        self.folds = 0
        self.codes: list[str] = []
        self.outside: list[str] = []
        self.feed(gfm(markdown))
        self.close()
        self.wrong += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag == "details":
            self.folds += 1
            self.wrong += ["a fold within a fold"] if "details" in self.open else []
        if tag == "summary" and self.open[-1:] != ["details"]:
            self.wrong.append("a summary of nothing")
        if tag == "table":
            self.tables.append(Table())
        if tag == "tr":
            self.tables[-1].rows.append([])
        if tag in ("th", "td"):
            self.tables[-1].rows[-1].append("")
        if tag == "code":
            self.codes.append("")
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ALONE and (not self.open or self.open.pop() != tag):
            self.wrong.append(f"{tag} is closed out of turn")

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.codes[-1] += data
        else:
            self.outside.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1].rows[-1][-1] += data


def broken(markdown: str) -> list[str]:
    """What is not as it was meant: tables that don't hold, HTML that is not ours, and texts that act."""
    comment = Comment(markdown)
    found = list(comment.wrong)
    found += sorted(f"<{tag}>" for tag in comment.elements - ELEMENTS)
    found += sorted(f"<{tag} {name}>" for tag, name in comment.attributes - ATTRIBUTES)
    found += [f"<!--{data}-->" for data in comment.comments if not MARKER.fullmatch(data)]
    rows = _rows(markdown)
    # Under each head stands a row of dashes, which is none of the table's.
    if sum(len(table.rows) for table in comment.tables) + len(comment.tables) != sum(map(len, rows)):
        found.append("rows outside of a table")
    if len(rows) != len(comment.tables):
        found.append("a table that is two, or none")
    for lines in rows:
        found += [f"cells: {line[:200]}" for line in lines if line.count("|") != lines[0].count("|")]
    found += [f"ragged: {row}" for table in comment.tables for row in table.rows if len(row) != len(table.rows[0])]
    # Between two pieces of text there may be one of code.
    found += [f"acts: {data[:200]}" for data in comment.outside if _FOUND_LATER.search(data)]
    return found


def _rows(markdown: str) -> list[list[str]]:
    """The tables' lines in the source, the fenced blocks left out."""
    tables: list[list[str]] = []
    fence, before = "", ""
    for line in markdown.split("\n"):
        # A line that holds more backticks is a piece of code within a sentence.
        opening = re.fullmatch(r"(`{3,})[^`]*", line)
        if fence or opening:
            fence = "" if line == fence else fence or (opening[1] if opening else "")
        elif line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            tables[-1].append(line)
        before = "" if fence else line
    return tables
