"""What is refused: each rule of the documents, with the answer, and nothing changed by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.calls import EXPERIMENTS, Caller, rich_seed, said, segment

OPS = "is, is not, contains, does not contain, less, less or equal, greater, greater or equal"
FILTER_OPS = f"{OPS}, glob match, glob does not match"
CONDITION_OPS = f"{FILTER_OPS}, set is, set is not, set contains, set does not contain"
TEXT = "input should be a valid string"
EMPTY = "string should have at least 1 character"
MINE = {"projectId": "1001", "key": "new"}


def condition(**fields: Any) -> dict[str, Any]:
    return {"type": "property", "prop": "country", "op": "is", "values": ["x"], **fields}


def event(**fields: Any) -> dict[str, Any]:
    complete = {"subprop_key": None, "subprop_op": "is", "subprop_type": "event", "subprop_value": ["x"]}
    return {"event_type": "e", "filters": [{**complete, **fields}]}


CREATES: list[tuple[Any, str]] = [
    ([], "the body must be a JSON object"),
    ({"key": "new"}, "`projectId`: field required"),
    ({"projectId": "1001"}, "`key`: field required"),
    ({**MINE, "projectId": 1001}, f"`projectId`: {TEXT}"),
    ({**MINE, "key": ""}, f"`key`: {EMPTY}"),
    ({**MINE, "name": None}, f"`name`: {TEXT}"),
    ({**MINE, "enabled": True}, "unknown field `enabled`"),
    ({**MINE, "tags": []}, "unknown field `tags`"),
    ({**MINE, "rolloutPercentage": 1}, "unknown field `rolloutPercentage`"),
    ({**MINE, "bucketingSalt": "s"}, "unknown field `bucketingSalt`"),
    ({**MINE, "evaluationMode": "Remote"}, "`evaluationMode`: input should be 'remote' or 'local'"),
    ({**MINE, "experimentType": "no-harm"}, "`experimentType`: must be one of: a-b-test, multi-arm-bandit"),
    ({**MINE, "variants": []}, "`variants`: list should have at least 1 item after validation, not 0"),
    ({**MINE, "variants": [{"key": "a"}, {"key": "a"}]}, "`variants`: `a` stands there twice"),
    ({**MINE, "variants": [{"key": "a", "rolloutWeight": 1}]}, "unknown field `variants.0.rolloutWeight`"),
    ({**MINE, "variants": [{"key": "off"}]}, "`variants.0.key`: `off` is reserved"),
    ({**MINE, "variants": [{"key": "On"}]}, "`variants.0.key`: must be lower-case, in kebab or snake case"),
    ({**MINE, "rolloutWeights": {"control": 0.5}}, "`rolloutWeights.control`: input should be a valid integer"),
    (
        {**MINE, "rolloutWeights": {"control": -1}},
        "`rolloutWeights.control`: input should be greater than or equal to 0",
    ),
    ({**MINE, "rolloutWeights": {"third": 1}}, "`rolloutWeights`: there is no variant `third`"),
    ({**MINE, "deployments": [101]}, f"`deployments.0`: {TEXT}"),
    ({**MINE, "deployments": ["999"]}, "`deployments`: project 1001 has no deployment `999`"),
    ({**MINE, "deployments": ["201"]}, "`deployments`: project 1001 has no deployment `201`"),
    (
        {**MINE, "targetSegments": [segment(rolloutWeights={"third": 1})]},
        "`targetSegments.0.rolloutWeights`: there is no variant `third`",
    ),
]


@pytest.mark.parametrize(("body", "message"), CREATES, ids=[message[:60] for _, message in CREATES])
def test_create_refuses(caller: Caller, body: Any, message: str) -> None:
    assert caller.call("POST", EXPERIMENTS, body) == (400, said(message))
    assert caller.truth()["experiments"] == []


EDITS: list[tuple[Any, str]] = [
    (None, "the body must be a JSON object"),
    ({"key": "k"}, "unknown field `key`"),
    ({"projectId": "1001"}, "unknown field `projectId`"),
    ({"variants": []}, "unknown field `variants`"),
    ({"rolloutWeights": {}}, "unknown field `rolloutWeights`"),
    ({"deployments": []}, "unknown field `deployments`"),
    ({"parentDependencies": None}, "unknown field `parentDependencies`"),
    ({"archived": True}, "unknown field `archived`"),
    ({"state": "running"}, "unknown field `state`"),
    ({"name": None}, f"`name`: {TEXT}"),
    ({"bucketingKey": ""}, f"`bucketingKey`: {EMPTY}"),
    ({"bucketingSalt": 5}, f"`bucketingSalt`: {TEXT}"),
    ({"enabled": "true"}, "`enabled`: input should be a valid boolean"),
    ({"enabled": 1}, "`enabled`: input should be a valid boolean"),
    ({"archive": None}, "`archive`: input should be a valid boolean"),
    ({"rolloutPercentage": 100.01}, "`rolloutPercentage`: must be between 0 and 100"),
    ({"rolloutPercentage": -1}, "`rolloutPercentage`: must be between 0 and 100"),
    ({"rolloutPercentage": "50"}, "`rolloutPercentage`: must be a number"),
    ({"rolloutPercentage": True}, "`rolloutPercentage`: must be a number"),
    ({"tags": None}, "`tags`: input should be a valid list"),
    ({"tags": [1]}, f"`tags.0`: {TEXT}"),
    ({"startDate": "31.12.2026"}, "`startDate`: must be a date or an instant in ISO 8601"),
    ({"startDate": "2026-02-30"}, "`startDate`: must be a date or an instant in ISO 8601"),
    ({"endDate": 20260101}, f"`endDate`: {TEXT}"),
    ({"decision": "maybe"}, "`decision`: input should be 'rollout', 'rollback' or 'continue-running'"),
    ({"rolledOutVariant": "third"}, "`rolledOutVariant`: there is no variant `third`"),
    ({"experimentType": None}, f"`experimentType`: {TEXT}"),
    ({"exposureEvent": {"filters": []}}, "`exposureEvent.event_type`: field required"),
    ({"exposureEvent": {"event_type": "e"}}, "`exposureEvent.filters`: field required"),
    ({"exposureEvent": event(more=1)}, "unknown field `exposureEvent.filters.0.more`"),
    (
        {"exposureEvent": event(subprop_op="set is")},
        f"`exposureEvent.filters.0.subprop_op`: must be one of: {FILTER_OPS}",
    ),
    (
        {"exposureEvent": event(subprop_value="x")},
        "`exposureEvent.filters.0.subprop_value`: input should be a valid list",
    ),
    ({"targetSegments": [segment(percentage=101)]}, "`targetSegments.0.percentage`: must be between 0 and 100"),
    (
        {"targetSegments": [{"conditions": [], "percentage": 1}]},
        "`targetSegments.0`: is missing name, rolloutWeights",
    ),
    ({"targetSegments": [segment(id=1)]}, "unknown field `targetSegments.0.id`"),
    (
        {"targetSegments": [segment(rolloutWeights={"control": -0.1})]},
        "`targetSegments.0.rolloutWeights.control`: must be between 0 and 9007199254740992",
    ),
    (
        {"targetSegments": [segment(), segment(rolloutWeights={"third": 1})]},
        "`targetSegments.1.rolloutWeights`: there is no variant `third`",
    ),
    (
        {"targetSegments": [segment(conditions=[condition(type="cohort")])]},
        "`targetSegments.0.conditions.0.type`: input should be 'property'",
    ),
    (
        {"targetSegments": [segment(conditions=[condition(op="equals")])]},
        f"`targetSegments.0.conditions.0.op`: must be one of: {CONDITION_OPS}",
    ),
    (
        {"targetSegments": [segment(conditions=[condition(values=[1])])]},
        f"`targetSegments.0.conditions.0.values.0`: {TEXT}",
    ),
    ({"targetSegments": [segment(conditions=[condition(prop="")])]}, f"`targetSegments.0.conditions.0.prop`: {EMPTY}"),
    ({"a": 1, "b": 2}, "unknown field `a`; unknown field `b`"),
]


@pytest.mark.parametrize(("body", "message"), EDITS, ids=[message[:60] for _, message in EDITS])
def test_edit_refuses(caller: Caller, body: Any, message: str) -> None:
    path = caller.create()
    before = caller.truth()
    content = b"null" if body is None else None
    answer = caller.raw("PATCH", path, content) if content else caller.call("PATCH", path, body)
    assert answer == (400, said(message))
    assert caller.truth() == before


OTHERS: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/variants", {"name": "n"}, 400, "`key`: field required"),
    ("POST", "/variants", {"key": "off"}, 400, "`key`: `off` is reserved"),
    ("POST", "/variants", {"key": "New"}, 400, "`key`: must be lower-case, in kebab or snake case"),
    ("POST", "/variants", {"key": "a", "rolloutWeight": None}, 400, "`rolloutWeight`: must be a number"),
    ("POST", "/variants", {"key": "control"}, 409, "experiment 100001 already has a variant `control`"),
    ("PATCH", "/variants/control", {"key": "treatment"}, 409, "experiment 100001 already has a variant `treatment`"),
    ("PATCH", "/variants/control", {"key": "off"}, 400, "`key`: `off` is reserved"),
    ("PATCH", "/variants/control", {"inclusions": []}, 400, "unknown field `inclusions`"),
    ("PATCH", "/variants/third", {}, 404, "experiment 100001 has no variant third"),
    ("GET", "/variants/third", None, 404, "experiment 100001 has no variant third"),
    ("GET", "/variants/third/users", None, 404, "experiment 100001 has no variant third"),
    ("GET", "/variants/third/cohorts", None, 404, "experiment 100001 has no variant third"),
    ("DELETE", "/variants/third", None, 404, "experiment 100001 has no variant third"),
    ("DELETE", "/variants/third/users", None, 404, "experiment 100001 has no variant third"),
    ("POST", "/variants/control/users", {"users": []}, 400, "`inclusions`: field required; unknown field `users`"),
    ("POST", "/variants/control/users", {"inclusions": [1]}, 400, f"`inclusions.0`: {TEXT}"),
    ("POST", "/variants/control/users", {"inclusions": [""]}, 400, f"`inclusions.0`: {EMPTY}"),
    ("POST", "/variants/control/cohorts", {"inclusions": "c"}, 400, "`inclusions`: input should be a valid list"),
    (
        "DELETE",
        "/variants/control/bulk-delete-users",
        {"users": ["u"] * 101},
        400,
        "`users`: list should have at most 100 items after validation, not 101",
    ),
    (
        "DELETE",
        "/variants/control/bulk-delete-cohorts",
        {"inclusions": []},
        400,
        "`users`: field required; unknown field `inclusions`",
    ),
    ("POST", "/deployments", {"deployments": ["201"]}, 400, "`deployments`: project 1001 has no deployment `201`"),
    ("POST", "/deployments", {"deployments": [101]}, 400, f"`deployments.0`: {TEXT}"),
    ("DELETE", "/deployments/101", None, 404, "experiment 100001 is not on deployment 101"),
    ("GET", "/versions/0", None, 404, "experiment 100001 has no version 0"),
    ("GET", "/versions/2", None, 404, "experiment 100001 has no version 2"),
    ("GET", "/versions/last", None, 404, "experiment 100001 has no version last"),
    ("DELETE", "/variants/control", {"a": 1}, 400, "DELETE of this path takes no body"),
    ("GET", "", {"a": 1}, 400, "GET of this path takes no body"),
    ("PUT", "", {}, 405, "this path takes GET, PATCH, not PUT"),
    ("DELETE", "", None, 405, "this path takes GET, PATCH, not DELETE"),
    ("GET", "/variants/control/users/0", None, 405, "this path takes DELETE, not GET"),
    ("GET", "/unknown", None, 404, "there is no such path"),
    ("GET", "/", None, 404, "there is no such path"),
]


@pytest.mark.parametrize(("method", "below", "body", "status", "message"), OTHERS)
def test_a_call_below_an_experiment_is_refused(
    caller: Caller, method: str, below: str, body: Any, status: int, message: str
) -> None:
    path = caller.create()
    before = caller.truth()
    assert caller.call(method, path + below, body) == (status, said(message))
    assert caller.truth() == before


def test_a_wrong_method_names_the_right_ones(caller: Caller) -> None:
    assert caller.reply("HEAD", EXPERIMENTS).headers["allow"] == "GET, POST"


def test_a_key_is_unique_in_its_project_archived_ones_included(caller: Caller) -> None:
    caller.write("PATCH", caller.create(), {"archive": True})
    assert caller.call("POST", EXPERIMENTS, {"projectId": "1001", "key": "exp"}) == (
        409,
        said("project 1001 already has an experiment of key `exp`, perhaps an archived one"),
    )
    assert caller.call("POST", EXPERIMENTS, {"projectId": "2002", "key": "exp"})[0] == 200


def test_the_last_variant_stays(caller: Caller) -> None:
    path = caller.create(variants=[{"key": "only"}])
    assert caller.call("DELETE", f"{path}/variants/only") == (
        400,
        said("`only` is the last variant of experiment 100001"),
    )


def test_a_deleted_deployment_takes_no_experiment(caller: Caller) -> None:
    caller.engine.import_world({"projectId": "7", "deployments": [{"id": "71", "label": "x", "deleted": True}]})
    assert caller.call("POST", EXPERIMENTS, {"projectId": "7", "key": "k", "deployments": ["71"]}) == (
        400,
        said("`deployments`: project 7 has no deployment `71`"),
    )


CONTENTS: list[tuple[bytes, str]] = [
    (b"", "Expecting value: line 1 column 1 (char 0)"),
    (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    (b'{"name": "a", "name": "b"}', "a field stands twice in one object"),
    (b'{"rolloutPercentage": NaN}', "NaN is not JSON"),
    (b'{"rolloutPercentage": 1e999}', "Out of range float values are not JSON compliant"),
    (
        b'{"name": "\\ud800"}',
        "'utf-8' codec can't encode character '\\ud800' in position 10: surrogates not allowed",
    ),
    (b"[" * 200_000, "it is nested more than 100 levels deep"),
    (b"[" * 101 + b"]" * 101, "it is nested more than 100 levels deep"),
]


@pytest.mark.parametrize(("content", "message"), CONTENTS, ids=[message[:30] for _, message in CONTENTS])
def test_a_body_that_is_no_proper_json_is_refused(caller: Caller, content: bytes, message: str) -> None:
    status, answer = caller.raw("PATCH", caller.create(), content)
    assert status == 400
    assert answer["error"]["message"].startswith(f"the body can't be read as JSON: {message}")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_of_another_content_type_is_refused(caller: Caller, kind: str) -> None:
    answer = caller.raw("PATCH", caller.create(), b"{}", kind)
    assert answer == (400, said("the header Content-Type must be application/json"))


def test_the_content_type_may_name_a_charset(caller: Caller) -> None:
    assert caller.raw("PATCH", caller.create(), b"{}", "Application/JSON; charset=utf-8") == (200, "OK")


QUERIES: list[tuple[str, dict[str, str], str]] = [
    (EXPERIMENTS, {"limit": "0"}, "`limit`: `0` isn't a number from 1 on"),
    (EXPERIMENTS, {"limit": "ten"}, "`limit`: `ten` isn't a number from 1 on"),
    (EXPERIMENTS, {"limit": "-5"}, "`limit`: `-5` isn't a number from 1 on"),
    (EXPERIMENTS, {"cursor": "after-1"}, "`cursor`: `after-1` isn't one of ours"),
    (EXPERIMENTS, {"includeArchived": "yes"}, "`includeArchived`: `yes` is neither true nor false"),
    (EXPERIMENTS, {"archived": "true"}, "unknown query parameter `archived`"),
    ("/api/1/deployments", {"projectId": "1"}, "unknown query parameter `projectId`"),
    (f"{EXPERIMENTS}/100001", {"limit": "1"}, "unknown query parameter `limit`"),
]


@pytest.mark.parametrize(("path", "query", "message"), QUERIES)
def test_a_bad_query_is_refused(caller: Caller, path: str, query: dict[str, str], message: str) -> None:
    caller.create()
    assert caller.call("GET", path, **query) == (400, said(message))


WRITES: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "n"}),
    ("POST", "/variants", {"key": "new"}),
    ("PATCH", "/variants/on", {"name": "n"}),
    ("DELETE", "/variants/on", None),
    ("POST", "/variants/on/users", {"inclusions": ["u"]}),
    ("DELETE", "/variants/on/users", None),
    ("DELETE", "/variants/on/users/0", None),
    ("DELETE", "/variants/on/bulk-delete-users", {"users": ["u"]}),
    ("POST", "/variants/on/cohorts", {"inclusions": ["u"]}),
    ("DELETE", "/variants/on/bulk-delete-cohorts", {"users": ["u"]}),
    ("POST", "/deployments", {"deployments": ["101"]}),
    ("DELETE", "/deployments/101", None),
]


@pytest.mark.parametrize(("method", "below", "body"), WRITES)
@pytest.mark.parametrize(("kind", "what"), [("web", "a web experiment"), ("guide", "a guide or survey")])
def test_web_experiments_and_guides_can_be_read_but_not_edited(
    caller: Caller, method: str, below: str, body: Any, kind: str, what: str
) -> None:
    web = {**rich_seed()["experiments"][1], "kind": kind}
    caller.engine.import_world({"projectId": "1001", "experiments": [web]})
    path = f"{EXPERIMENTS}/501"
    assert caller.get(path)["key"] == "banner"
    answer = said(f"experiment 501 is {what}, which the API can't edit")
    assert caller.call(method, path + below, body) == (405, answer)
