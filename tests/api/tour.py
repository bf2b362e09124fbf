"""One walk through every endpoint of the table, and what it found, as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import vcr
from pydantic import BaseModel
from vcr.request import Request

from expsync.api.client import Client
from expsync.errors import ApiError
from expsync.sandbox.engine import Engine
from expsync.sandbox.habits import Habits
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.api.world import KEY

Age = Literal["current", "older"]
AGES: tuple[Age, ...] = ("current", "older")
CASSETTES = Path(__file__).parent.parent / "cassettes"
ADDRESS = "http://127.0.0.1:8377"
"""Stands in the recordings for wherever the sandbox was served."""


def take_tour(client: Client, age: Age) -> list[tuple[str, Any]]:
    """What each call gave, in order: its value, or the error's class and status."""
    found: list[tuple[str, Any]] = []

    def note(name: str, call: Callable[[], object]) -> None:
        try:
            given = call()
        except ApiError as error:
            given = f"{type(error).__name__} {error.status}"
        found.append((name, _plain(given)))

    created = client.create_experiment(
        {
            "key": "checkout-button",
            "name": "Checkout button",
            "variants": [{"key": "control"}, {"key": "treatment", "payload": _payload(age)}],
            "rolloutWeights": {"control": 1, "treatment": 1},
            "targetSegments": [
                {
                    "name": "US",
                    "conditions": [{"type": "property", "prop": "country", "op": "is", "values": ["US"]}],
                    "percentage": 50,
                    "rolloutWeights": {"control": 1, "treatment": 3},
                }
            ],
            "deployments": ["101"],
        }
    )
    found.append(("createExperiment", created.id))
    id = created.id
    # The salt is drawn at random unless it is given, and a recording should not change without a reason.
    note("editExperiment", lambda: client.edit_experiment(id, {"bucketingSalt": "28fWNw1M", "tags": ["b", "a"]}))
    note("createVariant", lambda: client.create_variant(id, {"key": "third", "rolloutWeight": 0}))
    note("editVariant", lambda: client.edit_variant(id, "third", {"key": "extra", "description": "renamed"}))
    note("addUsers", lambda: client.add_users(id, "extra", ["qa@example.com", "device-7", "u-1", "u-2", "u-3"]))
    note("getInclusions", lambda: client.get_inclusions(id, "extra"))
    note("removeUser", lambda: client.remove_user(id, "extra", 1))
    note("bulkRemoveUsers", lambda: client.bulk_remove_users(id, "extra", ["u-1", "u-3"]))
    note("getInclusions", lambda: client.get_inclusions(id, "extra"))
    note("removeAllUsers", lambda: client.remove_all_users(id, "extra"))
    note("getInclusions", lambda: client.get_inclusions(id, "extra"))
    note("addCohorts", lambda: client.add_cohorts(id, "extra", ["cohort-1", "cohort-2"]))
    note("bulkRemoveCohorts", lambda: client.bulk_remove_cohorts(id, "extra", ["cohort-1"]))
    note("getCohortInclusions", lambda: client.get_cohort_inclusions(id, "extra"))
    note("addDeployments", lambda: client.add_deployments(id, ["102"]))
    note("listDeployments", lambda: client.list_deployments(id))
    note("removeDeployment", lambda: client.remove_deployment(id, "101"))
    note("listProjectDeployments", client.list_project_deployments)
    note("listVariants", lambda: client.list_variants(id))
    note("getVariant", lambda: client.get_variant(id, "treatment"))
    note("removeVariant", lambda: client.remove_variant(id, "extra"))
    note("getExperiment", lambda: client.get_experiment(id))
    note("listExperiments", client.list_all)
    note("listExperiments", lambda: client.list_all(key="nothing-like-it"))
    note("listVersions", lambda: [version.version for version in client.list_versions(id)])
    note("getVersion", lambda: client.get_version(id, 1))
    note("editExperiment", lambda: client.edit_experiment(id, {"archive": True}))
    note("listExperiments", client.list_all)
    note("listExperiments", lambda: [one.key for one in client.list_all(include_archived=True)])
    # What goes wrong, once each.
    note("getExperiment", lambda: client.get_experiment("999"))
    note("editExperiment", lambda: client.edit_experiment(id, {"rolloutPercentage": 130}))
    note("createExperiment", lambda: client.create_experiment({"key": "checkout-button"}))
    return found


@contextmanager
def served(age: Age) -> Iterator[str]:
    """The address of a sandbox of this age, with project 1001 on deployments 101 and 102, whose time stands."""
    stands = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
    with Store(None) as store:
        engine = Engine(store, habits=Habits(older=age == "older"), keys={KEY: None}, clock=lambda: stands)
        engine.ensure_project("1001", {"101": "web", "102": "ios"})
        with ServedSandbox(engine) as sandbox:
            yield sandbox.url


def tourist(url: str, *, api_key: str = KEY, trace: Callable[[str], None] | None = None) -> Client:
    """A client of project 1001 at this address."""
    return Client(
        base_url=url,
        api_key=api_key,
        project_id="1001",
        environment="tour",
        key_variable="EXPSYNC_API_KEY",
        trace=trace,
    )


def recorder(url: str = ADDRESS) -> vcr.VCR:
    """A recorder that keeps no key and no port, and tells calls apart by method, target and body."""

    def settle(request: Request) -> Request:
        request.uri = request.uri.replace(url, ADDRESS)
        request.headers = {name: value for name, value in request.headers.items() if name == "content-type"}
        return request

    def strip(response: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in response["headers"].items() if name == "content-type"}
        return {**response, "headers": kept}

    return vcr.VCR(
        before_record_request=settle,
        before_record_response=strip,
        filter_headers=["authorization"],
        match_on=["method", "uri", "body"],
        decode_compressed_response=False,
    )


def _payload(age: Age) -> Any:
    # The older document types a payload as text.
    return '{"color": "green"}' if age == "older" else {"color": "green"}


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    return [_plain(member) for member in value] if isinstance(value, list) else value
