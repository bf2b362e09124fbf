"""One comment and one issue, kept up to date; nobody else's text is touched."""

from __future__ import annotations

import pytest

from expsync.errors import ExpsyncError
from expsync.forge.calls import DeniedError, ForgeError
from expsync.forge.connect import NoTokenError, connected
from expsync.forge.notes import Written, beginning, mark, outdate_comment, put_comment, put_issue
from expsync.render.markdown import marker
from tests.forge.sites import github_site, gitlab_site
from tests.parts.forges import BOT, TOKEN, GitHubStub, GitLabStub, Refused
from tests.render.plans import plan as some_plan

MARK = mark("plan", "prod", "2002")


@pytest.fixture
def pull(github: GitHubStub) -> GitHubStub:
    github.pull(12, "a" * 40, base="b" * 40)
    return github


def test_the_mark_is_the_hidden_line_of_the_plans_own_text() -> None:
    plan = some_plan()
    odd = plan.model_copy(update={"environment": "a --> b/" + "ü" * 60, "projectId": "-->"})

    assert mark("plan", plan.environment, plan.projectId) == marker(plan)
    assert mark("plan", odd.environment, odd.projectId) == marker(odd)


def test_it_is_made_once_and_then_written_anew(pull: GitHubStub) -> None:
    with connected(github_site(pull)) as forge:
        first = put_comment(forge, 12, f"{MARK}\none")
        second = put_comment(forge, 12, f"{MARK}\ntwo")
        same = put_comment(forge, 12, f"{MARK}\ntwo")

    [comment] = pull.comments.values()
    url = comment["html_url"]
    assert (first, second, same) == (Written(url, "created"), Written(url, "updated"), Written(url, "nothing"))
    assert comment["body"] == f"{MARK}\ntwo"
    assert pull.writes == [
        "POST /repos/acme/flags/issues/12/comments",
        f"PATCH /repos/acme/flags/issues/comments/{comment['id']}",
    ]


def test_what_others_write_is_theirs_even_under_the_mark(pull: GitHubStub) -> None:
    bodies = [f"{MARK}\nmine now", f"> {MARK}\n> quoted", f"see\n{MARK}", ""]
    for body in bodies:
        pull.comment(12, "mallory", body)
    pull.comment(12, "other-app[bot]", f"{MARK}\nanother program's")
    pull.comment(12, BOT, f"> {MARK}\nour own, quoting")
    pull.comment(12, BOT, f"{mark('plan', 'prod', '2003')}\nanother project's")
    pull.comment(12, BOT, f"{mark('plan', 'prod-eu', '2002')}\nanother environment's")
    before = [comment["body"] for comment in pull.comments.values()]

    with connected(github_site(pull)) as forge:
        done = [put_comment(forge, 12, f"{MARK}\n{word}").done for word in ("one", "two")]

    assert done == ["created", "updated"]
    assert [comment["body"] for comment in pull.comments.values()] == [*before, f"{MARK}\ntwo"]


@pytest.mark.parametrize("graphql", [True, False])
def test_it_is_found_on_a_later_page_and_with_the_line_breaks_of_windows(pull: GitHubStub, graphql: bool) -> None:
    pull.graphql = graphql
    for number in range(230):
        pull.comment(12, "ann", f"comment {number}")
    ours = pull.comment(12, BOT, f"{MARK}\r\nold")

    with connected(github_site(pull)) as forge:
        assert put_comment(forge, 12, f"{MARK}\nnew").done == "updated"

    assert ours["body"] == f"{MARK}\nnew"
    assert pull.asked.count("GET /repos/acme/flags/issues/12/comments") == 3


def test_a_plan_that_is_out_of_date_is_replaced_only_where_it_stands(pull: GitHubStub) -> None:
    text = f"{beginning(mark('plan', 'prod'))}\n### No plan"
    with connected(github_site(pull)) as forge:
        assert outdate_comment(forge, 12, text) is None
        pull.comment(12, BOT, f"{mark('plan', 'prod-eu', '1')}\nanother environment's")
        assert outdate_comment(forge, 12, text) is None
        put_comment(forge, 12, f"{MARK}\n### Plan")
        outdated = outdate_comment(forge, 12, text)
        bodies = [comment["body"] for comment in pull.comments.values()]
        put_comment(forge, 12, f"{MARK}\n### A newer plan")

    assert outdated is not None
    assert bodies[1] == f"{MARK}\n### No plan"
    assert [comment["body"] for comment in pull.comments.values()][1:] == [f"{MARK}\n### A newer plan"]


def test_a_text_over_the_sites_limit_is_not_sent(pull: GitHubStub) -> None:
    with connected(github_site(pull)) as forge, pytest.raises(ExpsyncError) as caught:
        put_comment(forge, 12, "x" * 65_537)

    assert caught.value.message == "the text has 65,537 characters, and a comment may have 65,536"
    assert pull.asked == []


def test_an_issue_is_opened_for_drift_kept_and_closed(github: GitHubStub) -> None:
    github.pull(12, "a" * 40, base="b" * 40)
    line = mark("drift", "prod", "2002")
    github.issues[3] = {"number": 3, "state": "open", "user": {"login": "ann"}, "body": f"{line}\n", "html_url": ""}
    with connected(github_site(github)) as forge:
        assert put_issue(forge, "Drift", f"{line}\nnone", is_open=False) is None
        opened = put_issue(forge, "Drift", f"{line}\none", is_open=True)
        again = put_issue(forge, "Drift", f"{line}\ntwo", is_open=True)
        closed = put_issue(forge, "Drift", f"{line}\nnone", is_open=False)
        later = put_issue(forge, "Drift", f"{line}\nthree", is_open=True)

    assert [one and one.done for one in (opened, again, closed, later)] == ["created", "updated", "updated", "created"]
    made = [(issue["body"], issue["state"]) for issue in github.issues.values()]
    assert made == [(f"{line}\n", "open"), (f"{line}\nnone", "closed"), (f"{line}\nthree", "open")]


def test_gitlab_notes_and_issues_too(gitlab: GitLabStub) -> None:
    for number in range(130):
        gitlab.note(4, 9, f"note {number}")
    gitlab.note(4, 9, f"{MARK}\nsomebody else's")
    gitlab.note(4, 5, f"{MARK}\nby the system", system=True)
    line = mark("drift", "prod", "2002")
    with connected(gitlab_site(gitlab)) as forge:
        done = [put_comment(forge, 4, f"{MARK}\n{word}") for word in ("one", "two")]
        issues = [put_issue(forge, "Drift", f"{line}\n{word}", is_open=word != "none") for word in ("one", "none")]

    [ours] = [note for note in gitlab.notes.values() if note["author"]["id"] == 5 and not note["system"]]
    url = f"https://gitlab.example/acme/flags/-/merge_requests/4#note_{ours['id']}"
    assert done == [Written(url, "created"), Written(url, "updated")]
    assert ours["body"] == f"{MARK}\ntwo"
    assert [one and one.done for one in issues] == ["created", "updated"]
    assert [(one["state"], one["description"]) for one in gitlab.issues.values()] == [("closed", f"{line}\nnone")]


def test_a_permission_that_is_missing_is_told_from_other_trouble(pull: GitHubStub) -> None:
    pull.allowed.clear()
    with connected(github_site(pull)) as forge:
        with pytest.raises(DeniedError) as denied:
            put_comment(forge, 12, f"{MARK}\none")
        pull.troubles = [Refused(403, "slow down", **{"retry-after": "60"})]
        with pytest.raises(ForgeError) as limited:
            put_comment(forge, 12, f"{MARK}\none")

    assert denied.value.message == (
        "POST /repos/acme/flags/issues/12/comments: status 403: Resource not accessible by integration"
    )
    assert not isinstance(limited.value, DeniedError)
    assert limited.value.hint == "too many requests with this token; run the job again later"


def test_a_server_in_trouble_is_asked_again_to_read_and_never_to_write(pull: GitHubStub) -> None:
    with connected(github_site(pull)) as forge:
        pull.troubles = [Refused(502, "bad gateway"), Refused(503, "later")]
        assert put_comment(forge, 12, f"{MARK}\none").done == "created"
        pull.troubles = [Refused(500, "oops")] * 3
        with pytest.raises(ForgeError, match=r"GET .*: status 500: oops"):
            put_comment(forge, 12, f"{MARK}\ntwo")
        pull.troubles = [Refused(500, "oops")]
        with pytest.raises(ForgeError, match=r"POST .*: status 500: oops"):
            forge.add_comment(12, "x")

    assert len(pull.comments) == 1


def test_the_token_is_in_no_error(pull: GitHubStub) -> None:
    pull.troubles = [Refused(401, f"Bad credentials: {TOKEN}")]
    with connected(github_site(pull)) as forge, pytest.raises(DeniedError) as caught:
        put_comment(forge, 12, f"{MARK}\none")

    assert TOKEN not in repr(caught.value) + caught.value.message
    assert "Bad credentials: [key]" in caught.value.message


def test_without_a_token_nothing_is_asked(github: GitHubStub) -> None:
    with (
        pytest.raises(NoTokenError, match="there is no token in GITHUB_TOKEN"),
        connected(github_site(github, GITHUB_TOKEN="")),
    ):
        pass

    assert github.asked == []


def test_a_next_page_elsewhere_is_not_asked_with_the_token(pull: GitHubStub, gitlab: GitLabStub) -> None:
    served, pull.url = pull.url, gitlab.url
    for number in range(130):
        pull.comment(12, "ann", f"comment {number}")
    site = github_site(pull, GITHUB_API_URL=served)
    with connected(site) as forge, pytest.raises(ForgeError, match="the next page is on another server"):
        put_comment(forge, 12, f"{MARK}\none")

    assert gitlab.asked == []


def test_no_server_at_all_is_said(github: GitHubStub) -> None:
    site = github_site(github, GITHUB_API_URL="http://127.0.0.1:9")
    with connected(site) as forge, pytest.raises(ForgeError, match="GET /repos/acme/flags/issues/12/comments: "):
        put_comment(forge, 12, f"{MARK}\none")
