"""The site's API, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from expsync.errors import ExpsyncError
from expsync.forge.calls import Calls
from expsync.forge.github import HEADERS, GitHub
from expsync.forge.gitlab import GitLab
from expsync.forge.notes import Forge
from expsync.forge.site import GITLAB_TOKEN, Site


class NoTokenError(ExpsyncError):
    """There is no token to write or read with."""


@contextmanager
def connected(site: Site) -> Iterator[Forge]:
    """GitHub or GitLab, with the run's token; NoTokenError where there is none."""
    if site.token is None:
        name = "GITHUB_TOKEN" if site.kind == "github" else GITLAB_TOKEN
        raise NoTokenError(
            f"there is no token in {name}", hint="a workflow's own token, or one that may write comments"
        )
    if site.kind == "github":
        headers = {**HEADERS, "Authorization": f"Bearer {site.token.reveal()}"}
        with Calls(site.api, headers, site.token) as calls:
            yield GitHub(site, calls)
    else:
        with Calls(site.api, {"PRIVATE-TOKEN": site.token.reveal()}, site.token) as calls:
            yield GitLab(site, calls)
