"""A method for every endpoint, and `perform` for every write."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread

import httpx
import pytest

from expsync.api.client import Client
from expsync.errors import ApiError, ReplyError, UnclearError
from expsync.wire.endpoints import ENDPOINTS
from expsync.wire.schema import WireCreated
from tests.api.world import client_of, reply, serve

EXPERIMENT = '{"id": 1, "key": "a", "projectId": 2002}'
VERSION = f'{{"version": 3, "flagConfig": {EXPERIMENT}}}'
READS: dict[str, tuple[Callable[[Client], object], str, str, object]] = {
    "listExperiments": (
        lambda c: [e.key for e in c.list_all()],
        f'{{"experiments": [{EXPERIMENT}]}}',
        "/api/1/experiments?projectId=2002&limit=1000",
        ["a"],
    ),
    "getExperiment": (lambda c: c.get_experiment("1").key, EXPERIMENT, "/api/1/experiments/1", "a"),
    "listVersions": (
        lambda c: [v.version for v in c.list_versions("1")],
        f"[{VERSION}]",
        "/api/1/experiments/1/versions",
        [3],
    ),
    "getVersion": (lambda c: c.get_version("1", 3).version, VERSION, "/api/1/experiments/1/versions/3", 3),
    "listVariants": (
        lambda c: [v.key for v in c.list_variants("1")],
        '[{"key": "control"}]',
        "/api/1/experiments/1/variants",
        ["control"],
    ),
    "getVariant": (
        lambda c: c.get_variant("1", "a b/c").key,
        '{"key": "x"}',
        "/api/1/experiments/1/variants/a%20b%2Fc",
        "x",
    ),
    "getInclusions": (
        lambda c: c.get_inclusions("1", "x"),
        '["qa", 7]',
        "/api/1/experiments/1/variants/x/users",
        ["qa", "7"],
    ),
    "getCohortInclusions": (
        lambda c: c.get_cohort_inclusions("1", "x"),
        '["c1"]',
        "/api/1/experiments/1/variants/x/cohorts",
        ["c1"],
    ),
    "listDeployments": (
        lambda c: [d.id for d in c.list_deployments("1")],
        '[{"id": 9301}]',
        "/api/1/experiments/1/deployments",
        ["9301"],
    ),
    "listProjectDeployments": (
        lambda c: [d.label for d in c.list_project_deployments()],
        '{"deployments": [{"id": 1, "label": "web"}]}',
        "/api/1/deployments",
        ["web"],
    ),
}
WRITES: dict[str, tuple[Callable[[Client], object], str, object]] = {
    "createExperiment": (
        lambda c: c.create_experiment({"key": "a"}),
        "POST /api/1/experiments",
        {"projectId": "2002", "key": "a"},
    ),
    "editExperiment": (
        lambda c: c.edit_experiment("1", {"archive": True}),
        "PATCH /api/1/experiments/1",
        {"archive": True},
    ),
    "createVariant": (
        lambda c: c.create_variant("1", {"key": "x"}),
        "POST /api/1/experiments/1/variants",
        {"key": "x"},
    ),
    "editVariant": (
        lambda c: c.edit_variant("1", "x", {"payload": None}),
        "PATCH /api/1/experiments/1/variants/x",
        {"payload": None},
    ),
    "removeVariant": (lambda c: c.remove_variant("1", "x"), "DELETE /api/1/experiments/1/variants/x", None),
    "addUsers": (
        lambda c: c.add_users("1", "x", ("u", "v")),
        "POST /api/1/experiments/1/variants/x/users",
        {"inclusions": ["u", "v"]},
    ),
    "removeUser": (
        lambda c: c.remove_user("1", "x", 0),
        "DELETE /api/1/experiments/1/variants/x/users/0",
        None,
    ),
    "removeAllUsers": (
        lambda c: c.remove_all_users("1", "x"),
        "DELETE /api/1/experiments/1/variants/x/users",
        None,
    ),
    "bulkRemoveUsers": (
        lambda c: c.bulk_remove_users("1", "x", ["u"]),
        "DELETE /api/1/experiments/1/variants/x/bulk-delete-users",
        {"users": ["u"]},
    ),
    "addCohorts": (
        lambda c: c.add_cohorts("1", "x", ["c"]),
        "POST /api/1/experiments/1/variants/x/cohorts",
        {"inclusions": ["c"]},
    ),
    "bulkRemoveCohorts": (
        lambda c: c.bulk_remove_cohorts("1", "x", ["c"]),
        "DELETE /api/1/experiments/1/variants/x/bulk-delete-cohorts",
        {"users": ["c"]},
    ),
    "addDeployments": (
        lambda c: c.add_deployments("1", ["9"]),
        "POST /api/1/experiments/1/deployments",
        {"deployments": ["9"]},
    ),
    "removeDeployment": (
        lambda c: c.remove_deployment("1", "9"),
        "DELETE /api/1/experiments/1/deployments/9",
        None,
    ),
}


def test_there_is_a_method_for_every_endpoint() -> None:
    assert {*READS, *WRITES} == {endpoint.name for endpoint in ENDPOINTS}


@pytest.mark.parametrize("name", READS)
def test_each_read_asks_its_endpoint_and_gives_its_model(name: str) -> None:
    call, body, target, given = READS[name]
    server = serve(reply(200, body))
    with client_of(server) as client:
        assert call(client) == given
    assert server.asked == [f"GET {target}"]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("status", [200, 201])
def test_each_write_sends_its_body(name: str, status: int) -> None:
    call, target, body = WRITES[name]
    server = serve(reply(status, '{"id": 7, "url": null}'))
    with client_of(server) as client:
        given = call(client)
    assert server.asked == [target]
    assert (json.loads(server.requests[0].content) if server.requests[0].content else None) == body
    assert given == (WireCreated(id="7", url=None) if name == "createExperiment" else None)


@pytest.mark.parametrize("answer", ["OK", "ok", "", "anything", "{", "\xff"])
@pytest.mark.parametrize("name", [name for name in WRITES if name != "createExperiment"])
def test_the_text_of_an_answer_to_a_write_means_nothing(name: str, answer: str) -> None:
    with client_of(serve(reply(200, answer))) as client:
        assert WRITES[name][0](client) is None


def test_a_created_experiment_without_an_id_is_a_reply_error() -> None:
    with client_of(serve(reply(200, "OK"))) as client, pytest.raises(ReplyError):
        client.create_experiment({"key": "a"})


def test_the_project_of_a_new_experiment_may_be_given() -> None:
    server = serve(reply(200, '{"id": 7}'))
    with client_of(server) as client:
        client.create_experiment({"key": "a", "projectId": "5"})
    assert json.loads(server.requests[0].content) == {"projectId": "5", "key": "a"}


@pytest.mark.parametrize("name", WRITES)
def test_perform_carries_out_every_write_of_the_table(name: str) -> None:
    _, target, body = WRITES[name]
    method, path = target.split(" ")
    server = serve(reply(200, "OK"))
    with client_of(server) as client:
        assert client.perform(method, path, body) == b"OK"  # type: ignore[arg-type]
    assert server.asked == [target]
    assert (json.loads(server.requests[0].content) if body is not None else None) == body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/1/experiments/1"),
        ("PUT", "/api/1/experiments/1"),
        ("DELETE", "/api/1/experiments/1"),
        ("PATCH", "/api/1/experiments/{id}"),
        ("PATCH", "/api/1/experiments/1?x=1"),
        ("PATCH", "/api/1/experiments/1#x"),
        ("PATCH", "/api/1/experiments/.."),
        ("PATCH", "/api/1/experiments/1/../2"),
        ("PATCH", "/api/1/experiments/\x1b[31m"),
        ("PATCH", "/api/1/experiments/\ud800"),
        ("PATCH", "https://evil.example/api/1/experiments/1"),
        ("PATCH", "@evil.example/api/1/experiments/1"),
        ("DELETE", "/api/1/experiments/1/variants/"),
    ],
)
def test_perform_sends_nothing_that_the_table_does_not_have(method: str, path: str) -> None:
    server = serve(reply(200, "OK"))
    with client_of(server) as client, pytest.raises(ApiError) as caught:
        client.perform(method, path, {"enabled": True})
    assert server.requests == []
    assert str(caught.value).isprintable()


def test_perform_leaves_an_unclear_end_to_its_caller() -> None:
    server = serve(reply(500))
    with client_of(server) as client, pytest.raises(UnclearError):
        client.perform("PATCH", "/api/1/experiments/1", {"enabled": True})
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", [
    lambda c: c.get_experiment(""),
    lambda c: c.remove_variant("1", ""),
    lambda c: c.remove_deployment("1", ""),
    lambda c: c.get_version("1", ""),
])  # fmt: skip
def test_an_empty_part_of_a_path_is_not_sent(call: Callable[[Client], object]) -> None:
    server = serve(reply(200, "OK"))
    with client_of(server) as client, pytest.raises(ApiError, match="is empty"):
        call(client)
    assert server.requests == []


@pytest.mark.parametrize("call", [
    lambda c: c.get_experiment("\ud800"),
    lambda c: c.list_all(key="\ud800"),
    lambda c: c.get_experiment("x" * 100_000),
])  # fmt: skip
def test_what_makes_no_address_is_not_sent(call: Callable[[Client], object]) -> None:
    server = serve(reply(200, "OK"))
    with client_of(server) as client, pytest.raises(ApiError):
        call(client)
    assert server.requests == []


@pytest.mark.parametrize("variant", ["..", ".", "a/../b", "%2e%2e", "ü", "?x", "#y"])
def test_no_value_changes_which_endpoint_is_meant(variant: str) -> None:
    server = serve(reply(200, "OK"))
    with client_of(server) as client:
        client.remove_variant("1", variant)
    raw = server.requests[0].url.raw_path.decode()
    assert raw.startswith("/api/1/experiments/1/variants/")
    assert raw.count("/") == 6
    assert "?" not in raw


def test_many_threads_share_one_client() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        id = request.url.path.rsplit("/", 1)[1]
        return httpx.Response(200, json={"id": id, "key": f"k{id}"})

    found: dict[int, str] = {}
    with client_of(answer) as client:

        def work(first: int) -> None:
            for number in range(first, first + 50):
                found[number] = client.get_experiment(str(number)).key

        threads = [Thread(target=work, args=(first,)) for first in range(0, 500, 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert client.requests_sent == 500
    assert found == {number: f"k{number}" for number in range(500)}
