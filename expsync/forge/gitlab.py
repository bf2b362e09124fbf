"""GitLab's API, as far as it is needed: notes, issues, merged merge requests and the artifacts of their pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import NOT_FOUND
from typing import Any
from urllib.parse import quote

from expsync.errors import RefusedError
from expsync.forge.calls import Calls, DeniedError, ForgeError
from expsync.forge.notes import Note
from expsync.forge.site import PullRequest, Site


class GitLab:
    """One project on GitLab."""

    def __init__(self, site: Site, calls: Calls, *, job: str = "expsync-plan") -> None:
        self._calls = calls
        self._site = site
        self._project = f"projects/{quote(site.repository, safe='')}"
        self._job = job

    def me(self) -> str:
        """The id of the user that the token belongs to."""
        return str(self._calls.get("user")["id"])

    def comments(self, number: int) -> Iterator[Note]:
        """The notes on a merge request that people or programs wrote, the oldest first."""
        path = f"{self._project}/merge_requests/{number}/notes"
        for raw in self._calls.pages(path, sort="asc", order_by="created_at"):
            if not raw.get("system"):
                yield self._note(raw, number)

    def add_comment(self, number: int, body: str) -> str:
        """The address of the new note."""
        raw = self._calls.send("POST", f"{self._project}/merge_requests/{number}/notes", {"body": body})
        return self._note(raw, number).url

    def edit_comment(self, number: int, comment: Note, body: str) -> None:
        """Nothing; the note says this now."""
        path = f"{self._project}/merge_requests/{number}/notes/{comment.number}"
        self._calls.send("PUT", path, {"body": body})

    def open_issues(self, author: str) -> Iterator[Note]:
        """The open issues that somebody wrote."""
        for raw in self._calls.pages(f"{self._project}/issues", state="opened", scope="all", author_id=author):
            yield Note(_number(raw, "iid"), author, str(raw.get("description") or ""), str(raw.get("web_url") or ""))

    def add_issue(self, title: str, body: str) -> str:
        """The address of the new issue."""
        raw = self._calls.send("POST", f"{self._project}/issues", {"title": title, "description": body})
        return str(raw.get("web_url") or "")

    def edit_issue(self, issue: Note, body: str, *, close: bool) -> None:
        """Nothing; the issue says this now, and is closed if it is to be."""
        state = {"state_event": "close"} if close else {}
        self._calls.send("PUT", f"{self._project}/issues/{issue.number}", {"description": body, **state})

    def pull_request(self, number: int) -> PullRequest:
        """The merge request of that number."""
        return self._request(self._calls.get(f"{self._project}/merge_requests/{number}"))

    def merged_by(self, commit: str) -> PullRequest | None:
        """The merge request whose merge ended in that commit, or None."""
        for raw in self._calls.pages(f"{self._project}/repository/commits/{commit}/merge_requests"):
            ends = (raw.get("merge_commit_sha"), raw.get("squash_commit_sha"), raw.get("sha"))
            if raw.get("state") == "merged" and commit in ends:
                return self._request(raw)
        return None

    def saved_plan(self, pull_request: PullRequest, artifact: str) -> bytes:
        """The plan at the path `artifact` that a job of the merge request's last pipeline kept."""
        pipeline = self._calls.get(f"{self._project}/merge_requests/{pull_request.number}").get("head_pipeline")
        own = isinstance(pipeline, dict) and str(pipeline.get("project_id")) == self._site.repository
        if own and not pull_request.is_foreign:
            for raw in self._calls.pages(f"{self._project}/pipelines/{_number(pipeline, 'id')}/jobs"):
                # A job of a matrix is called `expsync-plan: [prod]`.
                named = str(raw.get("name", "")).partition(":")[0] == self._job
                if named and raw.get("artifacts_file"):
                    content = self._kept(_number(raw, "id"), artifact)
                    if content is not None:
                        return content
        raise RefusedError(
            f"merge request !{pull_request.number} has no saved plan in its last pipeline; nothing was written",
            hint=f"no job {self._job!r} of it kept {artifact}, or its artifacts have expired",
        )

    def _kept(self, job: int, path: str) -> bytes | None:
        try:
            return self._calls.download(f"{self._project}/jobs/{job}/artifacts/{quote(path)}")
        except DeniedError as error:
            if error.status != NOT_FOUND:
                raise
            return None

    def _request(self, raw: Any) -> PullRequest:
        if not isinstance(raw, dict):
            raise ForgeError("a merge request is not of the shape that it should have")
        foreign = str(raw.get("source_project_id")) != self._site.repository
        return PullRequest(_number(raw, "iid"), str(raw.get("sha") or ""), is_foreign=foreign)

    def _note(self, raw: dict[str, Any], number: int) -> Note:
        author = raw.get("author")
        id_ = _number(raw, "id")
        url = f"{self._site.page}/-/merge_requests/{number}#note_{id_}"
        return Note(id_, str(author.get("id", "")) if isinstance(author, dict) else "", str(raw.get("body") or ""), url)


def _number(raw: Any, name: str) -> int:
    try:
        return int(raw[name])
    except (KeyError, TypeError, ValueError):
        raise ForgeError(f"an answer has no {name!r} that is a number") from None
