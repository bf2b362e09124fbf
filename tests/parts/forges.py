"""Stand-ins for the APIs of GitHub and GitLab, as strict as their documentation, behind a real connection."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from expsync.sandbox.engine import Reply, Request

TOKEN = "ghs_0123456789abcdef"
GITLAB_TOKEN = "glpat-0123456789"
REPOSITORY = "acme/flags"
REPOSITORY_ID = 4711
BOT = "github-actions[bot]"
PROJECT = "77"
MOST_CHARACTERS = 65_536


class Refused(Exception):
    """The answer is this status, with a message."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def packed(name: str, content: bytes) -> bytes:
    """An artifact of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@dataclass
class Stub:
    """What both have in common: routes, pages, and a list of what was written."""

    writes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=lambda: {"comments", "issues", "actions"})
    troubles: list[Refused] = field(default_factory=list)
    """What the next requests end in, one each."""
    url: str = ""
    """Where it is served, for the links that it gives."""

    def answer(self, request: Request) -> Reply:
        """The answer; it never raises."""
        self.asked.append(f"{request.method} {request.path}")
        try:
            if self.troubles:
                raise self.troubles.pop(0)
            return self.routed(request)
        except Refused as refused:
            return reply({"message": str(refused)}, refused.status, headers=refused.headers)
        except Exception as error:  # noqa: BLE001 - a mistake of the stub must show in the test
            return reply({"message": f"the stub failed: {error!r}"}, 418)

    def routed(self, request: Request) -> Reply:
        raise NotImplementedError

    def dispatch(self, request: Request, routes: Sequence[tuple[str, str, Callable[..., Reply]]]) -> Reply:
        for method, pattern, act in routes:
            found = re.fullmatch(pattern, request.path)
            if found and request.method == method:
                if method != "GET":
                    self.writes.append(f"{method} {request.path}")
                return act(request, *found.groups())
        raise Refused(404, "Not Found")

    def page(self, request: Request, members: Sequence[Any], *, under: str = "") -> Reply:
        """One page, thirty members if nothing else is asked for and a hundred at most, with links to the others."""
        size = min(int(request.query.get("per_page", "30")), 100)
        number = int(request.query.get("page", "1"))
        shown = list(members[(number - 1) * size : number * size])
        headers: dict[str, str] = {}
        if number * size < len(members):
            query = "&".join(f"{name}={value}" for name, value in {**request.query, "page": number + 1}.items())
            headers["link"] = f'<{self.url}{request.path}?{query}>; rel="next"'
        return reply({"total_count": len(members), under: shown} if under else shown, headers=headers)

    def need(self, permission: str) -> None:
        if permission not in self.allowed:
            raise Refused(403, "Resource not accessible by integration")


def reply(value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode())


def body_of(request: Request, *names: str, needed: str) -> dict[str, Any]:
    """The JSON body, which may have these fields and no others."""
    body: dict[str, Any] = json.loads(request.body)
    if set(body) - set(names) or not isinstance(body.get(needed), str) or not body[needed].strip():
        raise Refused(422, f"Validation Failed: {sorted(body)}")
    for value in body.values():
        if len(value) > MOST_CHARACTERS:
            raise Refused(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    return body


@dataclass
class GitHubStub(Stub):
    """One repository; comments and issues are what its REST API says of them."""

    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[int, bytes] = field(default_factory=dict)
    graphql: bool = True

    def routed(self, request: Request) -> Reply:
        if request.path.startswith("/blobs/"):
            # A store of another company refuses what it does not know.
            if "authorization" in request.headers:
                raise Refused(400, "InvalidAuthenticationInfo")
            return Reply(200, {"content-type": "application/zip"}, self.blobs[int(request.path[7:])])
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "Bad credentials")
        if not request.headers.get("user-agent"):
            raise Refused(403, "Request forbidden by administrative rules")
        if request.path == "/graphql":
            return self.viewer(request)
        if request.headers.get("x-github-api-version") != "2022-11-28":
            raise Refused(400, "the version is missing")
        home = f"/repos/{REPOSITORY}"
        return self.dispatch(
            request,
            [
                ("GET", "/user", self.user),
                ("GET", rf"{home}/issues/(\d+)/comments", self.list_comments),
                ("POST", rf"{home}/issues/(\d+)/comments", self.create_comment),
                ("PATCH", rf"{home}/issues/comments/(\d+)", self.edit_comment),
                ("GET", rf"{home}/issues", self.list_issues),
                ("POST", rf"{home}/issues", self.create_issue),
                ("PATCH", rf"{home}/issues/(\d+)", self.edit_issue),
                ("GET", rf"{home}/pulls/(\d+)", self.get_pull),
                ("GET", rf"{home}/commits/(\w+)/pulls", self.list_pulls),
                ("GET", rf"{home}/actions/artifacts", self.list_artifacts),
                ("GET", rf"{home}/actions/artifacts/(\d+)/zip", self.get_artifact),
            ],
        )

    def viewer(self, request: Request) -> Reply:
        if not self.graphql:
            raise Refused(404, "Not Found")
        assert json.loads(request.body) == {"query": "{viewer{login}}"}
        return reply({"data": {"viewer": {"login": BOT}}})

    def user(self, request: Request) -> Reply:
        raise Refused(403, "Resource not accessible by integration")

    def list_comments(self, request: Request, number: str) -> Reply:
        return self.page(request, [comment for comment in self.comments.values() if comment["on"] == int(number)])

    def create_comment(self, request: Request, number: str) -> Reply:
        self.need("comments")
        if int(number) not in self.pulls:
            raise Refused(404, "Not Found")
        made = self.comment(int(number), BOT, body_of(request, "body", needed="body")["body"])
        return reply(made, 201)

    def edit_comment(self, request: Request, id_: str) -> Reply:
        self.need("comments")
        found = self.comments[int(id_)]
        if found["user"]["login"] != BOT:
            raise Refused(403, "Must have admin rights")
        found["body"] = body_of(request, "body", needed="body")["body"]
        return reply(found)

    def comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        """A comment that somebody wrote."""
        id_ = 1000 + len(self.comments)
        self.comments[id_] = {
            "id": id_,
            "on": number,
            "user": {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"},
            "body": body,
            "html_url": f"https://github.example/{REPOSITORY}/pull/{number}#issuecomment-{id_}",
        }
        return self.comments[id_]

    def list_issues(self, request: Request) -> Reply:
        state = request.query.get("state", "open")
        found = [issue for issue in self.issues.values() if state in (issue["state"], "all")]
        # Pull requests are issues too.
        found += [{**issue(number, "ann"), "pull_request": {}} for number in self.pulls]
        return self.page(request, found)

    def create_issue(self, request: Request) -> Reply:
        self.need("issues")
        body = body_of(request, "title", "body", needed="title")
        number = 500 + len(self.issues)
        self.issues[number] = {**issue(number, BOT), **body}
        return reply(self.issues[number], 201)

    def edit_issue(self, request: Request, number: str) -> Reply:
        self.need("issues")
        self.issues[int(number)] |= body_of(request, "body", "state", "state_reason", needed="body")
        return reply(self.issues[int(number)])

    def pull(self, number: int, head: str, *, base: str, merged: str = "", home: str = REPOSITORY) -> dict[str, Any]:
        """A pull request, merged by a commit or not yet."""
        self.pulls[number] = {
            "number": number,
            "head": {"sha": head, "repo": {"full_name": home}},
            "base": {"sha": base, "repo": {"full_name": REPOSITORY}},
            "merged_at": "2026-02-01T10:00:00Z" if merged else None,
            "merge_commit_sha": merged or None,
        }
        return self.pulls[number]

    def get_pull(self, request: Request, number: str) -> Reply:
        if int(number) not in self.pulls:
            raise Refused(404, "Not Found")
        return reply(self.pulls[int(number)])

    def list_pulls(self, request: Request, commit: str) -> Reply:
        ends = [p for p in self.pulls.values() if commit in (p["merge_commit_sha"], p["head"]["sha"])]
        return self.page(request, ends)

    def artifact(self, name: str, plan: bytes, *, head: str, home: int = REPOSITORY_ID, **more: Any) -> None:
        """Something that a run kept for a commit."""
        id_ = 1 + len(self.artifacts)
        self.blobs[id_] = packed("plan.json", plan)
        run = {"id": 9, "repository_id": REPOSITORY_ID, "head_repository_id": home, "head_sha": head}
        created = f"2026-02-01T10:00:{id_:02}Z"
        made = {"id": id_, "name": name, "expired": False, "created_at": created, "workflow_run": run, **more}
        # The newest first.
        self.artifacts.insert(0, made)

    def list_artifacts(self, request: Request) -> Reply:
        self.need("actions")
        name = request.query.get("name")
        return self.page(request, [a for a in self.artifacts if name in (None, a["name"])], under="artifacts")

    def get_artifact(self, request: Request, id_: str) -> Reply:
        self.need("actions")
        return reply(None, 302, headers={"location": f"{self.url}/blobs/{id_}"})


def issue(number: int, author: str) -> dict[str, Any]:
    return {
        "number": number,
        "state": "open",
        "user": {"login": author},
        "body": None,
        "html_url": f"https://github.example/{REPOSITORY}/issues/{number}",
    }


@dataclass
class GitLabStub(Stub):
    """One project of GitLab."""

    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """By pipeline."""
    files: dict[tuple[int, str], bytes] = field(default_factory=dict)
    """By job and path."""

    def routed(self, request: Request) -> Reply:
        if request.headers.get("private-token") != GITLAB_TOKEN:
            raise Refused(401, "401 Unauthorized")
        home = f"/api/v4/projects/{PROJECT}"
        return self.dispatch(
            request,
            [
                ("GET", "/api/v4/user", lambda _: reply({"id": 5, "username": "project_77_bot"})),
                ("GET", rf"{home}/merge_requests/(\d+)/notes", self.list_notes),
                ("POST", rf"{home}/merge_requests/(\d+)/notes", self.create_note),
                ("PUT", rf"{home}/merge_requests/(\d+)/notes/(\d+)", self.edit_note),
                ("GET", rf"{home}/merge_requests/(\d+)", lambda _, n: reply(self.requests[int(n)])),
                ("GET", rf"{home}/repository/commits/(\w+)/merge_requests", self.list_requests),
                ("GET", rf"{home}/pipelines/(\d+)/jobs", lambda r, p: self.page(r, self.jobs.get(int(p), []))),
                ("GET", rf"{home}/jobs/(\d+)/artifacts/(.+)", self.get_file),
                ("GET", rf"{home}/issues", self.list_issues),
                ("POST", rf"{home}/issues", self.create_issue),
                ("PUT", rf"{home}/issues/(\d+)", self.edit_issue),
            ],
        )

    def note(self, number: int, author: int, body: str, *, system: bool = False) -> dict[str, Any]:
        id_ = 1000 + len(self.notes)
        made = {"id": id_, "author": {"id": author}, "body": body, "system": system, "noteable_iid": number}
        self.notes[id_] = made
        return made

    def list_notes(self, request: Request, number: str) -> Reply:
        assert (request.query["sort"], request.query["order_by"]) == ("asc", "created_at")
        return self.page(request, [note for note in self.notes.values() if note["noteable_iid"] == int(number)])

    def create_note(self, request: Request, number: str) -> Reply:
        self.need("comments")
        return reply(self.note(int(number), 5, body_of(request, "body", needed="body")["body"]), 201)

    def edit_note(self, request: Request, number: str, id_: str) -> Reply:
        self.need("comments")
        assert self.notes[int(id_)]["author"]["id"] == 5
        self.notes[int(id_)]["body"] = body_of(request, "body", needed="body")["body"]
        return reply(self.notes[int(id_)])

    def list_requests(self, request: Request, commit: str) -> Reply:
        ends = ("sha", "merge_commit_sha", "squash_commit_sha")
        found = [r for r in self.requests.values() if commit in [r.get(name) for name in ends]]
        # The list says less than the merge request itself.
        return self.page(request, [{k: v for k, v in r.items() if k != "head_pipeline"} for r in found])

    def get_file(self, request: Request, job: str, path: str) -> Reply:
        if (int(job), path) not in self.files:
            raise Refused(404, "404 Not found")
        return Reply(200, {"content-type": "application/json"}, self.files[int(job), path])

    def list_issues(self, request: Request) -> Reply:
        assert request.query["scope"] == "all"
        found = [i for i in self.issues.values() if i["state"] == request.query["state"]]
        return self.page(request, [i for i in found if str(i["author"]["id"]) == request.query["author_id"]])

    def create_issue(self, request: Request) -> Reply:
        self.need("issues")
        number = 1 + len(self.issues)
        body = body_of(request, "title", "description", needed="title")
        more = {"iid": number, "state": "opened", "author": {"id": 5}, "web_url": f"https://gitlab.example/i/{number}"}
        self.issues[number] = {**more, **body}
        return reply(self.issues[number], 201)

    def edit_issue(self, request: Request, number: str) -> Reply:
        body = body_of(request, "description", "state_event", needed="description")
        found = self.issues[int(number)]
        found["description"] = body["description"]
        if body.get("state_event") == "close":
            found["state"] = "closed"
        return reply(found)
