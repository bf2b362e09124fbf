"""Sites that lead to the stand-ins."""

from __future__ import annotations

from expsync.forge.site import Site, site_of
from tests.parts.forges import GITLAB_TOKEN, PROJECT, REPOSITORY, TOKEN, GitHubStub, GitLabStub

COMMIT = "c" * 40


def github_environ(stub: GitHubStub, **more: str) -> dict[str, str]:
    base = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_API_URL": stub.url,
        "GITHUB_SHA": COMMIT,
        "GITHUB_RUN_ID": "9",
        "GITHUB_TOKEN": TOKEN,
    }
    return {**base, **more}


def gitlab_environ(stub: GitLabStub, **more: str) -> dict[str, str]:
    base = {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{stub.url}/api/v4",
        "CI_PROJECT_ID": PROJECT,
        "CI_PROJECT_URL": "https://gitlab.example/acme/flags",
        "CI_COMMIT_SHA": COMMIT,
        "CI_JOB_URL": "https://gitlab.example/acme/flags/-/jobs/8",
        "EXPSYNC_GITLAB_TOKEN": GITLAB_TOKEN,
    }
    return {**base, **more}


def github_site(stub: GitHubStub, **more: str) -> Site:
    return _certain(site_of(github_environ(stub, **more)))


def gitlab_site(stub: GitLabStub, **more: str) -> Site:
    return _certain(site_of(gitlab_environ(stub, **more)))


def _certain(site: Site | None) -> Site:
    assert site is not None
    return site
