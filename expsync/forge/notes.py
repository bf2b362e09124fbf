"""Comments and issues that are written once and then kept up to date: found by a hidden first line, and ours alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import quote

from expsync.errors import ExpsyncError
from expsync.forge.site import PullRequest

LIMIT = 65_536
"""Characters of a comment or an issue, on GitHub; GitLab takes more."""
_MARKED = 100


@dataclass(frozen=True, slots=True)
class Note:
    """A comment or an issue that is there."""

    number: int
    """What it is called by in the API."""
    author: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class Written:
    """Where something was written, and what was done."""

    url: str
    done: Literal["created", "updated", "nothing"]


class Forge(Protocol):
    """What GitHub and GitLab have in common here. All calls may raise ForgeError, and DeniedError."""

    def me(self) -> str:
        """The name of the token's owner, as authors are named in notes."""

    def comments(self, number: int) -> Iterator[Note]:
        """The comments on a pull request, the oldest first."""

    def add_comment(self, number: int, body: str) -> str:
        """The address of the new comment."""

    def edit_comment(self, number: int, comment: Note, body: str) -> None:
        """Nothing; the comment says this now."""

    def open_issues(self, author: str) -> Iterator[Note]:
        """The open issues that somebody wrote."""

    def add_issue(self, title: str, body: str) -> str:
        """The address of the new issue."""

    def edit_issue(self, issue: Note, body: str, *, close: bool) -> None:
        """Nothing; the issue says this now, and is closed if it is to be."""

    def pull_request(self, number: int) -> PullRequest:
        """The pull request of that number."""

    def merged_by(self, commit: str) -> PullRequest | None:
        """The pull request whose merge ended in that commit, or None."""

    def saved_plan(self, pull_request: PullRequest, artifact: str) -> bytes:
        """The plan that was saved for the last commit of the pull request; ExpsyncError where there is none."""


def mark(kind: str, *names: str) -> str:
    """The hidden line for notes of a kind about something; without its end it is that of all that begin so."""
    return " ".join([f"<!-- expsync {kind}:", *map(_plain, names), "-->"])


def beginning(line: str) -> str:
    """The mark without its end, for all whose further names are not known."""
    return line.removesuffix("-->")


def put_comment(forge: Forge, number: int, body: str) -> Written:
    """The one comment with the first line of `body`, written anew if it is there and ours; else a new one."""
    _check_length(body)
    line = body.partition("\n")[0]
    found = _ours(forge, number, line, whole=True)
    if found is None:
        return Written(forge.add_comment(number, body), "created")
    if found.body.rstrip() == body.rstrip():
        return Written(found.url, "nothing")
    forge.edit_comment(number, found, body)
    return Written(found.url, "updated")


def outdate_comment(forge: Forge, number: int, body: str) -> Written | None:
    """Our comment whose first line begins with that of `body`, if there is one, with the rest of `body` in it."""
    start, _, rest = body.partition("\n")
    found = _ours(forge, number, start, whole=False)
    if found is None:
        return None
    whole = f"{_first_line(found.body)}\n{rest}"
    _check_length(whole)
    forge.edit_comment(number, found, whole)
    return Written(found.url, "updated")


def put_issue(forge: Forge, title: str, body: str, *, is_open: bool) -> Written | None:
    """The open issue with the first line of `body`: written anew, closed where nothing is left, or made if needed."""
    _check_length(body)
    line = body.partition("\n")[0]
    me = forge.me()
    found = next((issue for issue in forge.open_issues(me) if _first_line(issue.body) == line), None)
    if found is None:
        return Written(forge.add_issue(title, body), "created") if is_open else None
    forge.edit_issue(found, body, close=not is_open)
    return Written(found.url, "updated")


def _ours(forge: Forge, number: int, line: str, *, whole: bool) -> Note | None:
    """The first of our own comments that begins with the line; what others quote is theirs."""
    marked = [note for note in forge.comments(number) if _is_marked(note, line, whole=whole)]
    if not marked:
        return None
    me = forge.me()
    return next((note for note in marked if note.author == me), None)


def _is_marked(note: Note, line: str, *, whole: bool) -> bool:
    first = _first_line(note.body)
    return first == line if whole else first.startswith(line)


def _first_line(body: str) -> str:
    # Some sites give line breaks back as CR LF.
    return body.partition("\n")[0].rstrip("\r")


def _check_length(body: str) -> None:
    if len(body) > LIMIT:
        raise ExpsyncError(f"the text has {len(body):,} characters, and a comment may have {LIMIT:,}")


def _plain(name: str) -> str:
    """The name as the renderer of plans writes it: it can't end the comment that it stands in."""
    quoted = quote(name, safe="", errors="surrogatepass")
    if len(quoted) <= _MARKED:
        return quoted
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
