"""Addresses that may have the key, and keys that may be sent."""

from __future__ import annotations

import httpx
import pytest

from expsync.api.address import checked_base
from expsync.api.client import Client
from expsync.errors import AccessError, ApiError
from expsync.model.workspace import REGION_URLS
from tests.api.world import KEY, client_of, reply, serve

EXPERIMENT = '{"id": 1, "key": "a"}'


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        (REGION_URLS["us"], "https://experiment.amplitude.com/api/1/experiments/1"),
        (REGION_URLS["eu"], "https://experiment.eu.amplitude.com/api/1/experiments/1"),
        ("https://proxy.example/amplitude", "https://proxy.example/amplitude/api/1/experiments/1"),
        ("https://proxy.example:8443/a/b/", "https://proxy.example:8443/a/b/api/1/experiments/1"),
        ("http://127.0.0.1:8377", "http://127.0.0.1:8377/api/1/experiments/1"),
        ("http://localhost:8377", "http://localhost:8377/api/1/experiments/1"),
        ("http://[::1]:8377", "http://[::1]:8377/api/1/experiments/1"),
        ("http://127.8.9.10", "http://127.8.9.10/api/1/experiments/1"),
    ],
)
def test_calls_go_under_the_base_address(base_url: str, asked: str) -> None:
    server = serve(reply(200, EXPERIMENT))
    with client_of(server, base_url=base_url) as client:
        client.get_experiment("1")
    assert [str(request.url) for request in server.requests] == [asked]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://experiment.amplitude.com",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "HTTP://EXAMPLE.COM",
        "ftp://example.com",
        "example.com",
        "//example.com",
        "https://",
        "",
        "https://user:password@example.com",
        "https://example.com/?x=1",
        "https://example.com/#x",
        "https://[::x",
        "https://exa mple.com\x00",
        "sandbox",
    ],
)
def test_an_address_that_must_not_have_the_key_is_refused(base_url: str) -> None:
    with pytest.raises(ApiError) as caught:
        client_of_no_transport(base_url)
    assert str(caught.value).startswith("baseUrl ")
    assert "password" not in str(caught.value)


def client_of_no_transport(base_url: str, api_key: str | None = KEY) -> Client:
    return Client(
        base_url=base_url,
        api_key=api_key,
        project_id="2002",
        environment="prod",
        key_variable="AMPLITUDE_PROD_KEY",
    )


@pytest.mark.parametrize("key", [None, KEY, "no\nkey"])
def test_the_embedded_sandbox_needs_neither_address_nor_key_and_gets_none(key: str | None) -> None:
    server = serve(reply(200, EXPERIMENT))
    with client_of(server, base_url="sandbox", api_key=key) as client:
        client.get_experiment("1")
    assert [str(request.url) for request in server.requests] == ["http://sandbox.invalid/api/1/experiments/1"]
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_without_a_key_nothing_starts(key: str | None) -> None:
    with pytest.raises(AccessError) as caught:
        client_of_no_transport("https://experiment.amplitude.com", key)
    assert caught.value.message == "no key for environment 'prod'"
    assert caught.value.hint == "set AMPLITUDE_PROD_KEY to a management API key of its project"


def test_the_line_end_of_a_key_from_a_file_is_no_part_of_it() -> None:
    server = serve(reply(200, EXPERIMENT))
    with client_of(server, api_key=f" {KEY}\r\n") as client:
        client.get_experiment("1")
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Evil: 1", f"{KEY} {KEY}", f"{KEY}é", f"{KEY}\x00", f"{KEY}\x7f"])
def test_a_key_that_can_be_none_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(AccessError) as caught:
        client_of_no_transport("https://experiment.amplitude.com", key)
    assert caught.value.message == (
        "the key in AMPLITUDE_PROD_KEY, for environment 'prod', holds characters no key has"
    )


def test_a_client_for_a_server_over_the_net_is_paced_and_closes() -> None:
    with client_of_no_transport("https://experiment.amplitude.com") as client:
        assert client.project_id == "2002"
        assert client.requests_sent == 0
    assert KEY not in repr(client)


PROXIES = [
    ("http://127.0.0.1:1", "ALL_PROXY", False),
    ("http://127.0.0.1:1", "HTTP_PROXY", False),
    ("https://experiment.amplitude.com", "HTTPS_PROXY", True),
    ("https://experiment.amplitude.com", "ALL_PROXY", True),
    ("https://experiment.amplitude.com", None, False),
]


@pytest.mark.parametrize(("base_url", "variable", "asked"), PROXIES)
def test_the_environment_s_proxies_are_asked_about_servers_over_the_net_alone(
    monkeypatch: pytest.MonkeyPatch, base_url: str, variable: str | None, asked: bool
) -> None:
    """Only a client of httpx's knows of proxies, and only where it trusts the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    if variable is not None:
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    built: list[bool] = []
    build = httpx.Client.__init__

    def noted(self: httpx.Client, **settings: object) -> None:
        built.append(bool(settings["trust_env"]))
        build(self, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "__init__", noted)
    client_of_no_transport(base_url).close()
    assert built == ([True] if asked else [])


def test_a_base_address_is_kept_without_its_last_slash() -> None:
    assert str(checked_base("https://example.com/a/")) == "https://example.com/a"
