"""The table of endpoints: paths out, paths in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.wire.endpoints import BY_NAME, ENDPOINTS, endpoint_of

PARTS = {"id": "183980", "version": "3", "variant": "treatment", "index": "0", "deployment": "9301"}
WRITTEN_OUT = {
    "listExperiments": "GET /api/1/experiments",
    "getExperiment": "GET /api/1/experiments/183980",
    "listVersions": "GET /api/1/experiments/183980/versions",
    "getVersion": "GET /api/1/experiments/183980/versions/3",
    "listVariants": "GET /api/1/experiments/183980/variants",
    "getVariant": "GET /api/1/experiments/183980/variants/treatment",
    "getInclusions": "GET /api/1/experiments/183980/variants/treatment/users",
    "createVariant": "POST /api/1/experiments/183980/variants",
    "editVariant": "PATCH /api/1/experiments/183980/variants/treatment",
    "removeVariant": "DELETE /api/1/experiments/183980/variants/treatment",
    "addUsers": "POST /api/1/experiments/183980/variants/treatment/users",
    "removeUser": "DELETE /api/1/experiments/183980/variants/treatment/users/0",
    "removeAllUsers": "DELETE /api/1/experiments/183980/variants/treatment/users",
    "bulkRemoveUsers": "DELETE /api/1/experiments/183980/variants/treatment/bulk-delete-users",
    "listDeployments": "GET /api/1/experiments/183980/deployments",
    "addDeployments": "POST /api/1/experiments/183980/deployments",
    "removeDeployment": "DELETE /api/1/experiments/183980/deployments/9301",
    "editExperiment": "PATCH /api/1/experiments/183980",
    "createExperiment": "POST /api/1/experiments",
    "getCohortInclusions": "GET /api/1/experiments/183980/variants/treatment/cohorts",
    "addCohorts": "POST /api/1/experiments/183980/variants/treatment/cohorts",
    "bulkRemoveCohorts": "DELETE /api/1/experiments/183980/variants/treatment/bulk-delete-cohorts",
    "listProjectDeployments": "GET /api/1/deployments",
}


def test_the_table_is_the_one_of_the_documents() -> None:
    assert {e.name: f"{e.method} {e.path(**PARTS)}" for e in ENDPOINTS} == WRITTEN_OUT


def test_every_read_is_safe_to_repeat_and_no_write_is() -> None:
    assert {e.name for e in ENDPOINTS if e.retry == "safe"} == {e.name for e in ENDPOINTS if e.method == "GET"}


def test_removing_by_index_is_never_sent_twice() -> None:
    assert [e.name for e in ENDPOINTS if e.retry == "never"] == ["removeUser"]


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_a_path_leads_back_to_its_endpoint_and_values(name: str) -> None:
    endpoint = BY_NAME[name]
    found = endpoint_of(endpoint.method, endpoint.path(**PARTS))
    assert found is not None
    assert found[0] is endpoint
    assert found[1] == {part: PARTS[part] for part in found[1]}


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_text_makes_one_segment_and_comes_back(id: str, variant: str) -> None:
    path = BY_NAME["editVariant"].path(id=id, variant=variant)
    assert path.count("/") == BY_NAME["editVariant"].template.count("/")
    assert endpoint_of("PATCH", path) == (BY_NAME["editVariant"], {"id": id, "variant": variant})


def test_an_empty_text_makes_no_path() -> None:
    with pytest.raises(ValueError, match=r"^an empty text can't be a segment of a path$"):
        BY_NAME["removeVariant"].path(id="1", variant="")


@pytest.mark.parametrize("value", [".", "..", "..."])
def test_dots_are_encoded_since_a_client_would_fold_them(value: str) -> None:
    assert BY_NAME["getExperiment"].path(id=value).endswith("/" + "%2E" * len(value))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/1/experiments/1"),
        ("GET", "/api/1/experiments/1/nothing"),
        ("GET", "/api/2/experiments/1"),
        ("DELETE", "/api/1/experiments/1"),
        ("GET", "/api/1/experiments//variants"),
        ("GET", "/api/1/experiments/1/"),
        ("GET", "/api/1/experiments/"),
        ("GET", "api/1/experiments"),
        ("GET", "/api/1/experiments/1?x=1/variants/on/users/0"),
        ("get", "/api/1/experiments"),
    ],
)
def test_a_call_that_the_table_does_not_have_is_none(method: str, path: str) -> None:
    assert endpoint_of(method, path) is None


def test_a_missing_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        BY_NAME["getVariant"].path(id="1")
