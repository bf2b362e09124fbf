"""The key goes into one header to one server, and nowhere else."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from expsync.cli import planning
from expsync.cli.interrupt import Interruption
from expsync.sandbox.engine import Engine
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.cli.conftest import Ran, Run
from tests.security.hostile import acts
from tests.security.raw import Speech, answer, raw_server

KEYS = {
    "as they are": "ampex_7d1f0a9b3c5e4d2f8a6b",
    "of another form": "Zq8/w+T=x&'\"\\k%41}p",
    "with a line end": "ampex_7d1f0a9b3c5e4d2f8a6b\r\n",
    "of another form with a line end": " Zq8/w+T=x&'\"\\k%41}p\n",
}
CASSETTES = Path(__file__).parents[1] / "cassettes"
TWO = {
    "checkout": {
        "key": "checkout",
        "rolloutPercentage": 10,
        "variants": [{"key": "a", "inclusions": ["u"]}, {"key": "b"}],
    },
    "other": {"key": "other", "tags": ["x"], "variants": [{"key": "a"}, {"key": "b"}]},
}

keys = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


def traces_of(key: str, content: bytes) -> list[str]:
    """The forms of the key that stand in the content, pieces of half its length among them."""
    key = key.strip()
    bearer = f"Bearer {key}"
    forms = {
        "the key": key,
        "its first half": key[: len(key) // 2],
        "its second half": key[len(key) // 2 :],
        "as Python writes it": repr(key)[1:-1],
        "as JSON writes it": json.dumps(key)[1:-1],
        "as an address writes it": quote(key, safe=""),
        "backwards": key[::-1],
        "as base64": base64.b64encode(key.encode()).decode().rstrip("=")[:-1],
        "the header as base64": base64.b64encode(bearer.encode()).decode().rstrip("=")[:-1],
        "as hex": key.encode().hex(),
    }
    return [name for name, form in forms.items() if form.encode() in content]


def artefacts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below the folder, and every text of every table of its databases."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.name.encode() + path.read_bytes()
            if path.suffix == ".db":
                connection = sqlite3.connect(path)
                yield f"{path.name}, dumped", "\n".join(connection.iterdump()).encode()
                connection.close()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose environment asks for the key in MY_KEY; nobody waits."""
    (tmp_path / "expsync.yaml").write_text(
        'version: 1\nenvironments:\n  test: {region: us, projectId: "1001", apiKeyEnv: MY_KEY}\n'
        "policy: {refuse: never}\n",
        encoding="utf-8",
    )
    (tmp_path / "experiments").mkdir()
    for name, experiment in TWO.items():
        (tmp_path / "experiments" / f"{name}.yaml").write_text(json.dumps(experiment), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Interruption, "wait", lambda _, __: None)
    monkeypatch.setattr(Interruption, "wait_turn", lambda _, __: None)
    return tmp_path


def clean(key: str, *runs: Ran) -> None:
    """Nothing; no run shows anything of the key, and nothing acts."""
    for ran in runs:
        assert traces_of(key, (ran.out + ran.err).encode()) == []
        assert acts(ran.err) == []


@keys
def test_a_full_run_leaves_the_key_nowhere(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with Store(workspace / ".expsync" / "sandbox.db") as store:
        engine = Engine(store, keys={key.strip(): None})
        engine.ensure_project("1001", {"101": "web"})
        with ServedSandbox(engine) as served:
            monkeypatch.setenv("EXPSYNC_BASE_URL", served.url)
            runs = [
                run("validate", "-v"),
                run("plan", "-v", "--out", "plan.json"),
                run("plan", "--format", "json", "-v"),
                run("show", "plan.json", "-v"),
                run("apply", "plan.json", "--yes", "-v", "--log", "log.jsonl"),
                run("plan", "-v", "--detailed-exitcode"),
                run("apply", "plan.json", "--yes", "-v", "--log", "log.jsonl"),
            ]
    assert [ran.code for ran in runs] == [0, 0, 0, 0, 0, 0, 3]
    assert "GET /api/1/experiments 200" in runs[1].err
    clean(key, *runs)
    found = dict(artefacts(tmp_path))
    assert {"plan.json", "log.jsonl", "sandbox.db", "sandbox.db, dumped"} <= found.keys()
    assert {name: traces_of(key, content) for name, content in found.items() if traces_of(key, content)} == {}


def test_the_recordings_hold_no_key_and_no_header_for_one() -> None:
    for path in CASSETTES.iterdir():
        content = path.read_text(encoding="utf-8")
        assert "ampex_" not in content
        assert re.search(r"authorization|bearer|cookie", content, re.IGNORECASE) is None


def echo(request: bytes) -> bytes:
    """The key that a request bears."""
    found = re.search(rb"(?im)^authorization: bearer (.*?)\r?$", request)
    assert found is not None
    return found[1]


ECHOES: dict[str, Speech] = {
    "in a refusal": lambda r: [answer(b'{"error": "bad key ' + echo(r) + b'"}', status=b"401 Unauthorized")],
    "in a refusal as JSON": lambda r: [
        answer(json.dumps({"k": echo(r).decode()}).replace("/", "\\/").encode(), status=b"400 Bad Request")
    ],
    "in a refusal as an address": lambda r: [
        answer(b"/?key=" + quote(echo(r), safe="").encode(), status=b"403 Forbidden")
    ],
    "in a refusal as HTML": lambda r: [
        answer(echo(r).replace(b"&", b"&amp;").replace(b"'", b"&#39;").replace(b'"', b"&#x22;"), status=b"404 No")
    ],
    "behind much else": lambda r: [answer(b" " * 19_990 + echo(r) + b"x" * 100_000, status=b"400 No")],
    "with invisible characters in it": lambda r: [
        answer("\u200b".join(echo(r).decode()).encode(), status=b"400 Bad Request")
    ],
    "in the reason": lambda r: [answer(b"", status=b"400 " + echo(r))],
    "in a header": lambda r: [answer(b"", b"X-Key: " + echo(r), status=b"500 Oh")],
    "in Retry-After": lambda r: [answer(b"", b"Retry-After: " + echo(r), status=b"429 Slow")],
    "in a redirect": lambda r: [
        answer(b"", b"Location: https://evil.example/" + quote(echo(r), safe="").encode(), status=b"307 There")
    ],
    "in a redirect's host": lambda r: [
        answer(b"", b"Location: https://" + echo(r).lower() + b".example/", status=b"301 There")
    ],
    "in a cookie": lambda r: [answer(b"{}", b"Set-Cookie: k=" + echo(r))],
    "in what is no JSON": lambda r: [answer(echo(r))],
    "in the name of a field": lambda r: [
        answer(json.dumps({"experiments": [{"rolloutWeights": {echo(r).decode(): []}}]}).encode())
    ],
    "in an id": lambda r: [answer(json.dumps({"experiments": [{"id": {echo(r).decode(): 1}}]}).encode())],
    "in no HTTP": lambda r: [echo(r) + b"\r\n\r\n"],
    "in a broken header": lambda r: [b"HTTP/1.1 200 OK\r\n" + echo(r) + b"\x00: x\r\n\r\n"],
    "in the packing": lambda r: [answer(b"{}", b"Content-Encoding: " + echo(r))],
    "in the length": lambda r: [b"HTTP/1.1 200 OK\r\nContent-Length: " + echo(r) + b"\r\n\r\n"],
    "in the version": lambda r: [b"HTTP/" + echo(r) + b" 200 OK\r\n\r\n"],
}


@pytest.mark.parametrize("key", [KEYS["as they are"], KEYS["of another form with a line end"]])
def test_a_server_that_echoes_the_key_can_not_make_it_show(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    for name, speech in ECHOES.items():
        with raw_server(speech) as server:
            monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
            ran = run("plan", "-v")
        assert (name, ran.code, ran.out) == (name, 1, "")
        assert ran.err.count("error: ") == 1, ran.err
        assert "internal" not in ran.err, ran.err
        assert (name, traces_of(key, ran.err.encode())) == (name, [])
        clean(key, ran)


@keys
@pytest.mark.parametrize("verbose", [False, True])
def test_our_own_mistake_does_not_show_the_key(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, key: str, verbose: bool
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    monkeypatch.setenv("EXPSYNC_BASE_URL", "http://127.0.0.1:1")

    def fail(*_: object, **__: object) -> None:
        try:
            raise KeyError(key.strip())
        except KeyError as error:
            raise RuntimeError(f"boom {key.strip()}\n::error::\x1b[31m {key!r} Bearer {key.strip()}") from error

    monkeypatch.setattr(planning, "make_plan", fail)
    ran = run("plan", *(["-v"] if verbose else []))
    assert ran.code == 1
    assert "internal error: RuntimeError: boom [redacted]" in ran.err
    assert ("Traceback" in ran.err) == verbose
    clean(key, ran)


def test_a_key_in_the_wrong_variable_is_not_used_and_not_shown(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KEYS["as they are"]
    for name in ("EXPSYNC_API_KEY", "OTHER_KEY", "EXPSYNC_KEY"):
        monkeypatch.setenv(name, key)
    with raw_server(answer(b"{}")) as server:
        monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
        ran = run("plan", "-v")
        assert server.received == []
    assert ran == Ran(
        1, "", "error: no key for environment 'test'\n  hint: set MY_KEY to a management API key of its project\n"
    )


@pytest.mark.parametrize("name", ["EXPSYNC_ENV", "EXPSYNC_BASE_URL"])
def test_a_key_in_a_variable_of_another_meaning_is_not_shown(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    key = KEYS["as they are"]
    for value in (key, f"https://{key}@example.com", f"https://x:{key}@h", f"{key}://x", f"http://{key}.example"):
        monkeypatch.setenv(name, value)
        ran = run("plan", "-v")
        assert ran.code == 1
        clean(key, ran)


@pytest.mark.parametrize("bad", [" ", "\n", "ampex_a b", "ampex_a\nX-Evil: 1", "ampex_é", "ampex_\x7f"])
def test_a_key_that_is_none_is_refused_before_anything_is_sent(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("MY_KEY", bad)
    with raw_server(answer(b"{}")) as server:
        monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
        ran = run("plan", "-v")
        assert server.received == []
    assert ran.code == 1
    assert ran.err.startswith(("error: no key for", "error: the key in MY_KEY, for environment 'test', holds"))
    assert "ampex_" not in ran.err


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_does_not_follow_a_redirect(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS["as they are"])
    with raw_server(answer(b'{"experiments": []}')) as other:
        location = f"Location: {other.url}/api/1/experiments".encode()
        with raw_server(answer(b"", location, status=b"%d There" % status)) as server:
            monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
            ran = run("apply", "--yes")
            assert len(server.received) == 1
        assert other.received == []
    assert ran.code == 1
    assert ran.err == (
        f"error: listExperiments: the server redirects ({status}) to http://127.0.0.1/api/1/experiments\n"
        "  hint: redirects are not followed, so that the key goes nowhere else; check baseUrl\n"
    )


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "http://example.com", "http://localhost.example", "HTTP://0.0.0.0", "http://[::]/"]
)
def test_plain_http_off_this_machine_is_refused_before_anything_is_sent(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS["as they are"])
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    monkeypatch.setenv("EXPSYNC_BASE_URL", url)
    ran = run("plan")
    assert ran.code == 1
    assert "plain http would send the key in the clear" in ran.err


def test_a_proxy_sees_nothing_of_a_server_on_this_machine(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS["as they are"])
    with raw_server(answer(b"{}")) as proxy, raw_server(answer(b'{"experiments": []}')) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("EXPSYNC_BASE_URL", server.url)
        assert run("plan", "-t", "checkout").code == 0
        assert proxy.received == []
        assert server.received


def test_a_proxy_on_the_way_sees_the_host_and_no_key(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KEYS["as they are"]
    monkeypatch.setenv("MY_KEY", key)
    monkeypatch.setenv("EXPSYNC_BASE_URL", "https://experiment.example")
    with raw_server(answer(b"no", status=b"403 Forbidden")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter22@127.0.0.1:{proxy.port}")
        ran = run("plan", "-v")
        assert proxy.received
        for request in proxy.received:
            assert request.startswith(b"CONNECT experiment.example:443 HTTP/1.1\r\n")
            assert traces_of(key, request) == []
    assert ran.code == 1
    assert "error: listExperiments: no connection to experiment.example: 403 Forbidden" in ran.err
    assert "hunter22" not in ran.err
    clean(key, ran)


PROXY = (
    "error: the proxy that the environment names can't be used\n"
    "  hint: check HTTPS_PROXY, ALL_PROXY and NO_PROXY: a proxy is http://HOST:PORT; nothing was sent\n"
)
ROOTS = "error: the root certificates can't be read\n  hint: check SSL_CERT_FILE and SSL_CERT_DIR; nothing was sent\n"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HTTPS_PROXY", "foo://user:hunter22@x:1", PROXY),
        ("HTTPS_PROXY", "socks5://user:hunter22@127.0.0.1:1", PROXY),
        ("ALL_PROXY", "http://127.0.0.1:hunter22", PROXY),
        ("NO_PROXY", "[::", PROXY),
        ("SSL_CERT_FILE", "/nowhere", ROOTS),
        ("SSL_CERT_FILE", "/dev/null", ROOTS),
    ],
)
def test_an_environment_that_can_not_be_used_is_one_clear_error(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS["as they are"])
    monkeypatch.setenv(name, value)
    assert run("plan") == Ran(1, "", said)
