"""Which pull request a commit merged, and which plan was saved for it: never one that a fork brought along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expsync.errors import RefusedError
from expsync.forge.connect import connected
from expsync.forge.notes import Forge
from expsync.forge.site import PullRequest
from tests.forge.sites import COMMIT, github_site, gitlab_site
from tests.parts.forges import PROJECT, GitHubStub, GitLabStub

HEAD, BASE = "a" * 40, "b" * 40


@pytest.fixture
def merged(github: GitHubStub) -> GitHubStub:
    # Others that have to do with the commit: one that is open yet, one that begins with it.
    github.pull(11, COMMIT, base=BASE)
    github.pull(12, HEAD, base=BASE, merged=COMMIT)
    github.pull(13, COMMIT, base=BASE, merged="d" * 40)
    return github


def test_the_pull_request_that_a_commit_merged_is_found(merged: GitHubStub) -> None:
    with connected(github_site(merged)) as forge:
        assert forge.merged_by(COMMIT) == PullRequest(12, HEAD, BASE)
        assert forge.merged_by("e" * 40) is None
        assert forge.pull_request(11) == PullRequest(11, COMMIT, BASE)


@pytest.mark.parametrize("home", ["mallory/flags", None])
def test_a_fork_is_known_as_one(merged: GitHubStub, home: Any) -> None:
    merged.pulls[12]["head"]["repo"] = home and {"full_name": home}
    with connected(github_site(merged)) as forge:
        assert forge.pull_request(12).is_foreign


def test_the_newest_plan_of_the_last_commit_is_taken(merged: GitHubStub) -> None:
    merged.artifact("expsync-plan-prod", b"older", head=HEAD)
    merged.artifact("expsync-plan-prod", b"the one", head=HEAD)
    merged.artifact("expsync-plan-prod", b"another commit's", head="f" * 40)
    merged.artifact("expsync-plan-dev", b"another environment's", head=HEAD)
    merged.artifact("expsync-plan-prod", b"a fork's", head=HEAD, home=666)
    for number in range(120):
        merged.artifact("expsync-plan-prod", b"of other commits", head=f"{number:040}")

    with connected(github_site(merged)) as forge:
        assert forge.saved_plan(PullRequest(12, HEAD), "expsync-plan-prod") == b"the one"


def _nothing(stub: GitHubStub) -> None:
    """Nothing was kept."""


def _forks(stub: GitHubStub) -> None:
    stub.artifact("expsync-plan", b"{}", head=HEAD, home=666)


def _expired(stub: GitHubStub) -> None:
    stub.artifact("expsync-plan", b"{}", head=HEAD, expired=True)


def _no_archive(stub: GitHubStub) -> None:
    stub.artifact("expsync-plan", b"{}", head=HEAD)
    stub.blobs[1] = b"no archive"


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (_nothing, "pull request #12 has no saved plan for its last commit aaaaaaaaaaaa; nothing was written"),
        (_forks, "pull request #12 has no saved plan for its last commit aaaaaaaaaaaa; nothing was written"),
        (_expired, "the saved plan of pull request #12 has expired; nothing was written"),
        (_no_archive, "the artifact holds no plan.json that can be read; nothing was written"),
    ],
)
def test_no_plan_that_can_be_used_is_a_refusal(
    merged: GitHubStub, prepare: Callable[[GitHubStub], None], said: str
) -> None:
    prepare(merged)
    with connected(github_site(merged)) as forge, pytest.raises(RefusedError) as caught:
        forge.saved_plan(PullRequest(12, HEAD), "expsync-plan")

    assert (caught.value.message, caught.value.exit_code) == (said, 3)


@pytest.fixture
def lab(gitlab: GitLabStub) -> GitLabStub:
    gitlab.requests[4] = {
        "iid": 4,
        "state": "merged",
        "sha": HEAD,
        "merge_commit_sha": COMMIT,
        "squash_commit_sha": None,
        "source_project_id": int(PROJECT),
        "head_pipeline": {"id": 60, "project_id": int(PROJECT)},
    }
    gitlab.requests[5] = {**gitlab.requests[4], "iid": 5, "state": "opened", "merge_commit_sha": None, "sha": COMMIT}
    names = ["test", "expsync-plan-of-others", "expsync-plan: [dev]", "expsync-plan: [prod]"]
    gitlab.jobs[60] = [{"id": 600 + at, "name": name, "artifacts_file": {}} for at, name in enumerate(names)]
    for job in gitlab.jobs[60]:
        job["artifacts_file"] = {"filename": "artifacts.zip"}
        gitlab.files[job["id"], "expsync-ci/dev/plan.json"] = b"dev's"
    gitlab.files[601, "expsync-ci/prod/plan.json"] = b"another job's"
    gitlab.files[603, "expsync-ci/prod/plan.json"] = b"the one"
    return gitlab


def _found(forge: Forge) -> bytes:
    request = forge.merged_by(COMMIT)
    assert request is not None
    return forge.saved_plan(request, "expsync-ci/prod/plan.json")


@pytest.mark.parametrize("end", ["merge_commit_sha", "squash_commit_sha", "sha"])
def test_gitlab_keeps_it_with_the_job_of_the_last_pipeline(lab: GitLabStub, end: str) -> None:
    lab.requests[4] |= {"merge_commit_sha": None, end: COMMIT}
    with connected(gitlab_site(lab)) as forge:
        assert _found(forge) == b"the one"
        assert forge.merged_by("e" * 40) is None


def test_a_forks_merge_request_has_none_that_is_taken(lab: GitLabStub) -> None:
    said = r"merge request !4 has no saved plan in its last pipeline; nothing was written"
    lab.requests[4]["source_project_id"] = 99
    with connected(gitlab_site(lab)) as forge, pytest.raises(RefusedError, match=said):
        _found(forge)
    lab.requests[4] |= {"source_project_id": int(PROJECT), "head_pipeline": {"id": 60, "project_id": 99}}
    with connected(gitlab_site(lab)) as forge, pytest.raises(RefusedError, match=said):
        _found(forge)
