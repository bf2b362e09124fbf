"""GitHub's API, as far as it is needed: comments, issues, merged pull requests and the artifacts of their runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from expsync.errors import RefusedError
from expsync.forge.calls import MOST_BYTES, Calls, DeniedError, ForgeError
from expsync.forge.notes import Note
from expsync.forge.site import PullRequest, Site, github_pull_request

PLAN_FILE = "plan.json"
_ACTIONS_BOT = "github-actions[bot]"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class GitHub:
    """One repository on GitHub."""

    def __init__(self, site: Site, calls: Calls) -> None:
        self._calls = calls
        self._site = site
        self._repository = f"repos/{site.repository}"

    def me(self) -> str:
        """The login that the token writes under.

        Asked by GraphQL: `GET /user` is closed to the tokens of workflows. Where that can't be had either, it is the
        workflow's own.
        """
        try:
            answer = self._calls.send("POST", _graphql(self._site.api), {"query": "{viewer{login}}"})
            return str(answer["data"]["viewer"]["login"])
        except (DeniedError, KeyError, TypeError):
            return _ACTIONS_BOT

    def comments(self, number: int) -> Iterator[Note]:
        """The comments on a pull request, the oldest first; those on lines of code are others."""
        return map(_note, self._calls.pages(f"{self._repository}/issues/{number}/comments"))

    def add_comment(self, number: int, body: str) -> str:
        """The address of the new comment."""
        return _url(self._calls.send("POST", f"{self._repository}/issues/{number}/comments", {"body": body}))

    def edit_comment(self, number: int, comment: Note, body: str) -> None:  # noqa: ARG002 - GitLab needs the number
        """Nothing; the comment says this now."""
        self._calls.send("PATCH", f"{self._repository}/issues/comments/{comment.number}", {"body": body})

    def open_issues(self, author: str) -> Iterator[Note]:
        """The open issues that somebody wrote, without pull requests."""
        for raw in self._calls.pages(f"{self._repository}/issues", state="open"):
            note = _note(raw, name="number")
            if note.author == author and "pull_request" not in raw:
                yield note

    def add_issue(self, title: str, body: str) -> str:
        """The address of the new issue."""
        return _url(self._calls.send("POST", f"{self._repository}/issues", {"title": title, "body": body}))

    def edit_issue(self, issue: Note, body: str, *, close: bool) -> None:
        """Nothing; the issue says this now, and is closed if it is to be."""
        state = {"state": "closed", "state_reason": "completed"} if close else {}
        self._calls.send("PATCH", f"{self._repository}/issues/{issue.number}", {"body": body, **state})

    def pull_request(self, number: int) -> PullRequest:
        """The pull request of that number."""
        return github_pull_request(self._calls.get(f"{self._repository}/pulls/{number}"), self._site.repository)

    def merged_by(self, commit: str) -> PullRequest | None:
        """The pull request whose merge, squash or rebase ended in that commit, or None."""
        for raw in self._calls.pages(f"{self._repository}/commits/{commit}/pulls"):
            if raw.get("merged_at") and raw.get("merge_commit_sha") == commit:
                return github_pull_request(raw, self._site.repository)
        return None

    def saved_plan(self, pull_request: PullRequest, artifact: str) -> bytes:
        """The newest plan that a run of this repository saved for the last commit of the pull request."""
        found = [
            raw
            for raw in self._calls.pages(f"{self._repository}/actions/artifacts", member="artifacts", name=artifact)
            if raw.get("name") == artifact and _is_of(raw.get("workflow_run"), pull_request.head)
        ]
        if not found:
            raise RefusedError(
                f"pull request #{pull_request.number} has no saved plan for its last commit {pull_request.head[:12]}; "
                "nothing was written",
                hint=f"no run that ended in an artifact {artifact!r} belongs to it",
            )
        newest = max(found, key=lambda raw: (str(raw.get("created_at")), int(raw["id"])))
        if newest.get("expired"):
            raise RefusedError(
                f"the saved plan of pull request #{pull_request.number} has expired; nothing was written",
                hint="GitHub keeps artifacts for as many days as the repository's settings say",
            )
        return _unpacked(self._calls.download(f"{self._repository}/actions/artifacts/{int(newest['id'])}/zip"))


def _graphql(api: str) -> str:
    """GraphQL's path, from the root of the server: `/graphql`, on a server of one's own `/api/graphql`."""
    path = urlsplit(api).path.rstrip("/")
    return f"{api[: len(api.rstrip('/')) - len(path)]}{path.removesuffix('/v3')}/graphql"


def _is_of(run: Any, head: str) -> bool:
    """Whether a run was for that commit, and in this repository: a fork's run may say what it likes."""
    if not isinstance(run, dict) or run.get("head_sha") != head:
        return False
    return run.get("repository_id") is not None and run["repository_id"] == run.get("head_repository_id")


def _unpacked(packed: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive, archive.open(PLAN_FILE) as file:
            content = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise RefusedError(f"the artifact holds no {PLAN_FILE} that can be read; nothing was written") from None
    if len(content) > MOST_BYTES:
        raise RefusedError(f"the {PLAN_FILE} of the artifact is too big to be a plan; nothing was written")
    return content


def _note(raw: dict[str, Any], *, name: str = "id") -> Note:
    user = raw.get("user")
    author = user.get("login", "") if isinstance(user, dict) else ""
    try:
        return Note(int(raw[name]), str(author), str(raw.get("body") or ""), _url(raw))
    except (KeyError, TypeError, ValueError):
        raise ForgeError("a comment or an issue is not of the shape that it should have") from None


def _url(raw: dict[str, Any]) -> str:
    return str(raw.get("html_url") or "")
