"""What the SDKs' two endpoints answer, and to whom."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expsync.sandbox.engine import Engine, Reply, Request
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import SandboxError, Store
from tests.sandbox.calls import Caller, said

FLAGS, VARIANTS = "/sdk/v2/flags", "/sdk/v2/vardata"
WEB = {"authorization": "Api-Key web"}


def ask(
    engine: Engine, path: str, *, method: str = "GET", body: Any = None, query: Any = None, **headers: str
) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return engine.answer(Request(method, path, query or {}, {**WEB, **named}, content))


def value(reply: Reply) -> tuple[int, Any]:
    return reply.status, json.loads(reply.body)


def encoded(wanted: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(wanted).encode()).decode().rstrip("=")


@pytest.fixture
def engine(store: Store) -> Engine:
    """Project 1 with web and ios: two experiments on web, one of them on ios too, and much that is not to be served."""
    made = Engine(store)
    arms = [{"key": "control", "inclusions": ["ann"]}, {"key": "treatment", "inclusions": ["bob"], "payload": {"n": 1}}]
    every: dict[str, Any] = {"enabled": True, "variants": arms, "deployments": ["11"], "bucketingSalt": "s"}
    made.import_world(
        {
            "projectId": "1",
            "deployments": [
                {"id": "11", "label": "web"},
                {"id": "12", "label": "ios", "key": "client-ios"},
                {"id": "13", "label": "old", "deleted": True},
            ],
            "experiments": [
                {**every, "key": "second"},
                {**every, "key": "first", "deployments": ["11", "12"]},
                {**every, "key": "elsewhere", "deployments": []},
                {**every, "key": "gone", "archived": True},
                {**every, "key": "banner", "kind": "web"},
            ],
        }
    )
    return made


def keys(engine: Engine, key: str) -> list[str]:
    return [flag["key"] for flag in value(ask(engine, FLAGS, authorization=f"Api-Key {key}"))[1]]


def test_a_deployment_gets_its_own_flags_by_its_key_or_its_label(engine: Engine) -> None:
    assert keys(engine, "web") == keys(engine, "sandbox-deployment-11") == ["first", "second"]
    assert keys(engine, "ios") == keys(engine, "client-ios") == ["first"]
    assert engine.deployment_names() == ["web", "ios"]


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        ("", "no deployment key was sent; send the header Authorization: Api-Key <deployment-key>"),
        ("Bearer web", "no deployment key was sent; send the header Authorization: Api-Key <deployment-key>"),
        ("Api-Key ", "the deployment key is not known; a deployment's own key is taken, and its label"),
        ("Api-Key old", "the deployment key is not known; a deployment's own key is taken, and its label"),
    ],
)
@pytest.mark.parametrize("path", [FLAGS, VARIANTS])
def test_without_a_deployment_key_nothing_is_told(engine: Engine, authorization: str, why: str, path: str) -> None:
    assert value(ask(engine, path, authorization=authorization)) == (401, said(why))
    if not authorization:
        assert value(engine.answer(Request("GET", path))) == (401, said(why))


def test_a_label_that_two_projects_have_is_no_key(engine: Engine) -> None:
    engine.import_world({"projectId": "2", "deployments": [{"id": "21", "label": "web"}]})
    why = "several deployments have this label or key (projects 1, 2); send the key of one"
    assert value(ask(engine, FLAGS)) == (401, said(why))
    assert keys(engine, "sandbox-deployment-21") == []
    assert engine.deployment_names() == ["sandbox-deployment-11", "ios", "sandbox-deployment-21"]


def test_a_key_of_the_api_opens_no_flags_and_the_other_way_round(store: Store, engine: Engine) -> None:
    guarded = Engine(store, keys={"ampex_1": None})
    assert ask(guarded, FLAGS).status == 200
    assert ask(guarded, FLAGS, authorization="Bearer ampex_1").status == 401
    assert ask(guarded, "/api/1/experiments").status == 401


def test_a_write_shows_in_the_next_answer_whoever_made_it(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as one, Store(tmp_path / "s.db") as other:
        serving, writing = Engine(one), Caller(other)
        writing.engine.ensure_project("1001", {"101": "web"})
        assert keys(serving, "web") == []
        path = writing.create(deployments=["101"])
        assert [flag["metadata"]["flagVersion"] for flag in value(ask(serving, FLAGS))[1]] == [1]
        writing.write("PATCH", path, {"enabled": True})
        assert [flag["metadata"]["flagVersion"] for flag in value(ask(serving, FLAGS))[1]] == [2]
        writing.write("POST", f"{path}/variants/treatment/users", {"inclusions": ["ann"]})
        [flag] = value(ask(serving, FLAGS))[1]
        assert flag["segments"][0]["variant"] == "treatment"
        assert value(ask(serving, VARIANTS, query={"user_id": "ann"}))[1]["exp"]["key"] == "treatment"


TREATMENT = {
    "key": "treatment",
    "value": "treatment",
    "payload": {"n": 1},
    "metadata": {
        "deployed": True,
        "evaluationMode": "remote",
        "experimentKey": "exp-1",
        "flagType": "experiment",
        "flagVersion": 1,
        "segmentName": "individual-inclusions",
    },
}


@pytest.mark.parametrize(
    "asked",
    [
        {"query": {"user_id": "bob"}},
        {"query": {"device_id": "bob"}},
        {"query": {"context": '{"user_id": "bob"}'}},
        {"x_amp_exp_user": encoded({"user_id": "bob", "groups": None})},
        {"x_amp_exp_user": encoded({"user_id": "ann"}), "query": {"user_id": "bob"}},
        {"method": "POST", "body": {"user_id": "bob", "device_id": None, "user_properties": {"umlaut": "ä"}}},
    ],
)
def test_a_user_is_evaluated_however_they_are_sent(engine: Engine, asked: dict[str, Any]) -> None:
    assert value(ask(engine, VARIANTS, **asked)) == (200, {"first": TREATMENT, "second": TREATMENT})


@pytest.mark.parametrize(
    "asked", [{"x_amp_exp_flag_keys": encoded(["second", "none", 3])}, {"query": {"flag_keys": " second,,none"}}]
)
def test_only_the_flags_that_are_asked_for_are_evaluated(engine: Engine, asked: dict[str, Any]) -> None:
    assert list(value(ask(engine, VARIANTS, **asked))[1]) == ["second"]


def test_who_gets_no_variant_is_told_so(engine: Engine) -> None:
    found = value(ask(engine, VARIANTS, query={"user_id": "zoe"}))[1]["first"]
    assert (found["key"], found["metadata"]["default"]) == ("off", True)


def test_the_fraction_of_a_percentage_is_not_cut_off(store: Store) -> None:
    engine = Engine(store)
    half = {"key": "half", "rolloutPercentage": 0.5}
    none = {"key": "none", "rolloutPercentage": 0}
    both = {"enabled": True, "bucketingSalt": "s", "deployments": ["11"], "variants": [{"key": "on"}]}
    engine.import_world(
        {
            "projectId": "1",
            "deployments": [{"id": "11", "label": "web"}],
            "experiments": [{**half, **both}, {**none, **both}],
        }
    )
    given = [value(ask(engine, VARIANTS, query={"user_id": f"u{number}"}))[1] for number in range(300)]
    # Draws are whole numbers below 100, so half a percent is as good as one.
    assert 0 < sum(one["half"]["key"] == "on" for one in given) < 10
    assert {one["none"]["key"] for one in given} == {"off"}


def test_a_group_is_the_first_of_its_type(store: Store) -> None:
    engine = Engine(store)
    engine.import_world(
        {
            "projectId": "1",
            "deployments": [{"id": "11", "label": "web"}],
            "experiments": [
                {
                    "key": "exp",
                    "enabled": True,
                    "bucketingUnit": "org name",
                    "rolloutPercentage": 100,
                    "deployments": ["11"],
                    "variants": [{"key": "on"}],
                }
            ],
        }
    )

    def given(groups: Any) -> str:
        body = {"user_id": "u", "groups": groups, "group_properties": {"org name": {"acme": {"plan": "x"}}}}
        return str(value(ask(engine, VARIANTS, method="POST", body=body))[1]["exp"]["key"])

    assert [given({"org name": ["acme", "other"], "odd": [], "odder": "x"}), given({"org name": [[]]})] == ["on", "off"]
    assert [given({"org name": "acme"}), given("acme"), given(None)] == ["off", "off", "off"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"method": "POST", "body": [1]}, "the body must be a user, as a JSON object"),
        ({"query": {"context": "[]"}}, "`context` must be a user, as a JSON object"),
        ({"x_amp_exp_user": "a"}, "the header X-Amp-Exp-User isn't URL-safe base64"),
        ({"x_amp_exp_user": encoded(1)}, "X-Amp-Exp-User must be a user, as a JSON object"),
        ({"x_amp_exp_flag_keys": "!"}, "the header X-Amp-Exp-Flag-Keys isn't URL-safe base64"),
        ({"x_amp_exp_flag_keys": encoded("first")}, "X-Amp-Exp-Flag-Keys must be a list of keys"),
        ({"query": {"context": "{"}}, None),
    ],
)
def test_what_is_no_user_is_refused(engine: Engine, asked: dict[str, Any], why: str | None) -> None:
    status, body = value(ask(engine, VARIANTS, **asked))
    assert status == 400
    assert body == said(why) if why else body["error"]["message"].startswith("the body can't be read as JSON")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["user_id", "device_id", "country", "user_properties", "groups", "group_properties", "cohort_ids"]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, JSON))
def test_any_json_for_a_user_has_an_answer(engine: Engine, user: dict[str, Any]) -> None:
    assert ask(engine, VARIANTS, method="POST", body=user).status == 200


def test_without_the_vendors_engine_flags_are_served_and_variants_are_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "amplitude_experiment.evaluation", None)
    assert ask(engine, FLAGS).status == 200
    why = (
        "variants are evaluated by the vendor's own engine, which is not installed here; "
        "run `pip install 'expsync[sdk]'` and start the sandbox again"
    )
    assert value(ask(engine, VARIANTS)) == (501, said(why))


@pytest.mark.parametrize(
    ("method", "path", "status", "why"),
    [
        ("GET", "/sdk/v1/flags", 404, "there is no such path; SDKs are served /sdk/v2/flags and /sdk/v2/vardata"),
        ("POST", FLAGS, 405, "this path takes GET, not POST"),
        ("PUT", VARIANTS, 405, "this path takes GET, POST, not PUT"),
    ],
)
def test_there_is_nothing_else_for_sdks(engine: Engine, method: str, path: str, status: int, why: str) -> None:
    assert value(ask(engine, path, method=method)) == (status, said(why))


@pytest.mark.parametrize(
    ("origin", "may_read"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:8080", True),
        ("https://shop.localhost", True),
        ("https://example.com", False),
        ("https://localhost.example.com", False),
        ("http://notlocalhost", False),
        ("http://[", False),
        ("null", False),
    ],
)
def test_only_pages_of_this_machine_may_read_an_answer(engine: Engine, origin: str, may_read: bool) -> None:
    asked = ask(engine, FLAGS, origin=origin)
    refused = ask(engine, FLAGS, origin=origin, authorization="")
    allowed = {"access-control-allow-origin": origin} if may_read else {}
    for reply in (asked, refused):
        cross = {name: value for name, value in reply.headers.items() if name != "content-type"}
        assert cross == {"vary": "Origin", **allowed}
    assert "vary" not in ask(engine, FLAGS).headers


def test_a_browser_may_ask_before_it_asks(engine: Engine) -> None:
    page = {"origin": "http://localhost:3000", "access-control-request-headers": "authorization,x-amp-exp-user"}
    with ServedSandbox(engine) as served, httpx.Client(base_url=served.url, timeout=30) as client:
        reply = client.options(VARIANTS, headers=page)
        odd = client.options(FLAGS, headers={**page, "access-control-request-headers": "a;b"})
    assert (reply.status_code, reply.content) == (200, b"")
    assert {name: value for name, value in reply.headers.items() if name.startswith("access-control")} == {
        "access-control-allow-methods": "GET, POST",
        "access-control-max-age": "600",
        "access-control-allow-headers": "authorization,x-amp-exp-user",
        "access-control-allow-origin": "http://localhost:3000",
    }
    assert "access-control-allow-headers" not in odd.headers


def test_a_read_only_engine_refuses_every_write_and_says_why(store: Store, caller_with: Callable[..., Caller]) -> None:
    path = caller_with().create()
    reading = Caller(store, read_only="the files are the source")
    before = reading.truth()
    for method, where in (("PATCH", path), ("POST", "/api/1/experiments"), ("DELETE", f"{path}/variants/control")):
        assert reading.call(method, where, {"enabled": True}) == (403, said("the files are the source"))
    assert reading.truth() == before
    assert reading.get(path)["key"] == "exp"


def test_a_world_takes_the_place_of_another_whole_or_not_at_all(engine: Engine) -> None:
    bad: Any = {"projectId": "2", "experiments": [{"key": "k", "variants": []}]}
    with pytest.raises(SandboxError, match="the seed can't be used"):
        engine.replace_world(bad)
    assert keys(engine, "web") == ["first", "second"]
    engine.replace_world({"projectId": "2", "deployments": [{"id": "11", "label": "tv"}]})
    assert engine.deployment_names() == ["tv"]
    assert ask(engine, FLAGS).status == 401
