"""Where this run is: on GitHub or GitLab, for which commit, and in which pull request; read from the environment.

GitLab's merge requests are called pull requests here too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from expsync.api.secret import Secret
from expsync.errors import ExpsyncError

GITLAB_TOKEN = "EXPSYNC_GITLAB_TOKEN"
_MOST_OF_AN_EVENT = 32 * 1024 * 1024
_NO_SECRETS_FOR = "dependabot[bot]"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request, with the commit that its branch ends in."""

    number: int
    head: str
    base: str = ""
    """The commit that it is to be merged into, as far as it is known; else empty."""
    is_foreign: bool = False
    """From a fork, or by a program that is given no secrets: nothing that it brings along is to be trusted."""


@dataclass(frozen=True, slots=True)
class Site:
    """One run of a pipeline."""

    kind: Literal["github", "gitlab"]
    api: str
    repository: str
    """`owner/name` on GitHub, the project's id on GitLab."""
    page: str
    """The repository's address for people."""
    token: Secret | None
    commit: str
    run: str
    """The address of this run."""
    pull_request: PullRequest | None
    """The one that this run is about, if it is about one."""
    is_merge_result: bool
    """Whether what is checked out is the pull request merged into its target, and not its own last commit."""
    outputs: Path | None = None
    summary: Path | None = None

    @property
    def request(self) -> str:
        """What a pull request is called there."""
        return "pull request" if self.kind == "github" else "merge request"


def site_of(environ: Mapping[str, str]) -> Site | None:
    """The site that the variables tell of, or None outside of both; ExpsyncError where something is missing."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ)
    if environ.get("GITLAB_CI") == "true":
        return _gitlab(environ)
    return None


def _github(environ: Mapping[str, str]) -> Site:
    repository = _needed(environ, "GITHUB_REPOSITORY")
    page = f"{_needed(environ, 'GITHUB_SERVER_URL')}/{repository}"
    name = environ.get("GITHUB_EVENT_NAME", "")
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    raw = event.get("pull_request") if name.startswith("pull_request") else None
    is_bot = environ.get("GITHUB_ACTOR") == _NO_SECRETS_FOR
    return Site(
        kind="github",
        api=_needed(environ, "GITHUB_API_URL"),
        repository=repository,
        page=page,
        token=_secret(environ, "GITHUB_TOKEN"),
        commit=_needed(environ, "GITHUB_SHA"),
        run=f"{page}/actions/runs/{_needed(environ, 'GITHUB_RUN_ID')}",
        pull_request=None if raw is None else github_pull_request(raw, repository, is_bot=is_bot),
        is_merge_result=environ.get("GITHUB_REF", "").endswith("/merge"),
        outputs=_path(environ, "GITHUB_OUTPUT"),
        summary=_path(environ, "GITHUB_STEP_SUMMARY"),
    )


def github_pull_request(raw: Any, repository: str, *, is_bot: bool = False) -> PullRequest:
    """A pull request as GitHub's API and its events describe it; ExpsyncError for anything else."""
    try:
        # A fork that was deleted is null.
        home = (raw["head"]["repo"] or {}).get("full_name", "")
        foreign = is_bot or home.lower() != repository.lower()
        return PullRequest(int(raw["number"]), str(raw["head"]["sha"]), str(raw["base"]["sha"]), foreign)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ExpsyncError("GitHub's description of the pull request can't be read") from None


def _gitlab(environ: Mapping[str, str]) -> Site:
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    commit = _needed(environ, "CI_COMMIT_SHA")
    found = None
    if number:
        found = PullRequest(
            int(number),
            # In a pipeline of merged results the commit is that of the merge.
            environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit,
            environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""),
            environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != environ.get("CI_MERGE_REQUEST_PROJECT_ID"),
        )
    return Site(
        kind="gitlab",
        api=_needed(environ, "CI_API_V4_URL"),
        repository=_needed(environ, "CI_PROJECT_ID"),
        page=_needed(environ, "CI_PROJECT_URL"),
        token=_secret(environ, GITLAB_TOKEN),
        commit=commit,
        run=_needed(environ, "CI_JOB_URL"),
        pull_request=found,
        is_merge_result=environ.get("CI_MERGE_REQUEST_EVENT_TYPE") in ("merged_result", "merge_train"),
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ExpsyncError(f"the variable {name} is not set", hint="the pipeline's runner sets it; pass it on")
    return value


def _secret(environ: Mapping[str, str], name: str) -> Secret | None:
    value = environ.get(name, "").strip()
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise ExpsyncError(f"the token in {name} holds characters that no token has")
    return Secret(value) if value else None


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _event(name: str) -> dict[str, Any]:
    if not name:
        return {}
    try:
        if os.path.getsize(name) > _MOST_OF_AN_EVENT:  # noqa: PTH202 - one look, by its name
            raise ExpsyncError("the file in GITHUB_EVENT_PATH is too big to be an event")
        event = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExpsyncError(f"the file in GITHUB_EVENT_PATH can't be read: {error}") from None
    return event if isinstance(event, dict) else {}
