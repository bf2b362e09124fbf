"""Every endpoint of the table, against the served sandbox and against what was recorded from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from expsync.errors import AccessError
from expsync.wire.endpoints import ENDPOINTS, endpoint_of
from tests.api.record import record
from tests.api.tour import ADDRESS, AGES, CASSETTES, Age, recorder, served, take_tour, tourist
from tests.api.world import KEY

Expected = Callable[[str, str], None]


def transcript(found: object) -> str:
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def called(lines: list[str]) -> set[str]:
    """The names of the endpoints that these trace lines call."""
    names = set()
    for line in lines:
        method, path, *_ = line.split(" ")
        found = endpoint_of(method, path)
        assert found is not None, line
        names.add(found[0].name)
    return names


@pytest.mark.parametrize("age", AGES)
def test_every_endpoint_answers_as_expected_when_served(age: Age, expected: Expected) -> None:
    lines: list[str] = []
    with served(age) as url, tourist(url, trace=lines.append) as client:
        found = take_tour(client, age)
    assert called(lines) == {endpoint.name for endpoint in ENDPOINTS}
    expected(f"tour-{age}.json", transcript(found))


@pytest.mark.parametrize("age", AGES)
def test_the_recording_plays_to_its_end_with_the_same_findings(age: Age, expected: Expected) -> None:
    lines: list[str] = []
    # Another key: what is played back must not depend on the one that recorded it.
    with (
        recorder().use_cassette(str(CASSETTES / f"{age}.yaml"), record_mode="none") as cassette,
        tourist(ADDRESS, api_key="any-key", trace=lines.append) as client,
    ):
        found = take_tour(client, age)
        assert client.requests_sent == len(cassette)
    assert cassette.all_played
    assert called(lines) == {endpoint.name for endpoint in ENDPOINTS}
    expected(f"tour-{age}.json", transcript(found))


@pytest.mark.parametrize("age", AGES)
def test_the_older_server_lacks_what_the_older_document_lacks(age: Age) -> None:
    expected = json.loads((CASSETTES.parent / "api" / "expected" / f"tour-{age}.json").read_text(encoding="utf-8"))
    newer = {endpoint.name for endpoint in ENDPOINTS if endpoint.age != "both"}
    refused = {name for name, given in expected if name in newer and given == "NotFoundError 404"}
    assert refused == (newer if age == "older" else set())


def test_recording_anew_gives_the_recordings_that_are_kept(tmp_path: Path) -> None:
    record(tmp_path)
    kept = {f"{age}.yaml": (CASSETTES / f"{age}.yaml").read_text(encoding="utf-8") for age in AGES}
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == kept


def test_a_key_that_the_served_sandbox_does_not_know_is_no_access() -> None:
    with served("current") as url, tourist(url, api_key="ampex_wrong") as client:
        with pytest.raises(AccessError) as caught:
            client.list_all()
        assert client.requests_sent == 1
    assert caught.value.status == 401


@pytest.mark.parametrize("age", AGES)
def test_a_recording_holds_no_key_and_no_machine(age: Age) -> None:
    path = CASSETTES / f"{age}.yaml"
    text = path.read_text(encoding="utf-8")
    assert KEY not in text
    assert "ampex_" not in text
    assert "authorization" not in text.lower()
    assert path.stat().st_size < 60_000
    interactions = yaml.safe_load(text)["interactions"]
    assert {one["request"]["uri"].split("/api/")[0] for one in interactions} == {ADDRESS}
    kept = {name for one in interactions for name in (*one["request"]["headers"], *one["response"]["headers"])}
    assert kept <= {"content-type"}
