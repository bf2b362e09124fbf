"""A workspace's files behind the sandbox: what the vendor's own SDK makes of them, and what happens when they change.

Splits are told from 2,000 users; `EXPSYNC_SDK_USERS=20000` makes it as many as that.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from amplitude_experiment import LocalEvaluationConfig, RemoteEvaluationClient, RemoteEvaluationConfig, User
from amplitude_experiment.local.client import LocalEvaluationClient

from expsync.cli.sandbox_files import LOOK_SECONDS, READ_ONLY, ServedFiles, WorkspaceFiles
from expsync.errors import ConfigError
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import SandboxError, Store

# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
USERS = int(os.environ.get("EXPSYNC_SDK_USERS", "2000"))
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WEB = {"authorization": "Api-Key web"}
# What the SDK's own loader does; pytest would make an error of it.
VENDORS_WARNING = pytest.mark.filterwarnings("ignore::marshmallow.warnings.RemovedInMarshmallow4Warning")


class Clock:
    """A clock that goes on when it is told to, beyond the time between two looks at the files."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self) -> None:
        self.now += 2 * LOOK_SECONDS


class Desk:
    """A copy of the quick start that is served, with what was said of it."""

    def __init__(self, root: Path, engine: Engine, *, quiet: bool = False) -> None:
        self.root = root
        self.said: list[str] = []
        self.clock = Clock()
        files = WorkspaceFiles(root, None, {})
        self.served = ServedFiles(files, engine, say=self.said.append, quiet=quiet, clock=self.clock)

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def flags(self) -> dict[str, Any]:
        """The flags by key, as they are when the next look is due."""
        self.clock.tick()
        return self.flags_now()

    def flags_now(self) -> dict[str, Any]:
        reply = self.served.answer(Request("GET", "/sdk/v2/flags", {}, WEB))
        assert reply.status == 200
        return {flag["key"]: flag for flag in json.loads(reply.body)}


@pytest.fixture
def engine(store: Store) -> Engine:
    return Engine(store, read_only=READ_ONLY)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(None) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, engine: Engine) -> Desk:
    root = tmp_path.resolve() / "quickstart"
    shutil.copytree(EXAMPLES / "quickstart", root, ignore=shutil.ignore_patterns(".expsync"))
    return Desk(root, engine)


def percentage(flag: Any) -> Any:
    return flag["segments"][-1]["bucket"]["allocations"][0]["range"][1]


def included(flag: Any) -> Any:
    return flag["segments"][0]["conditions"][0][0]["values"]


# The vendor's SDK


@contextmanager
def sdk(
    example: str, environment: str | None = None, *, key: str = "web"
) -> Iterator[tuple[LocalEvaluationClient, str]]:
    """The SDK's own client, started on the example's files, with the address of the sandbox."""
    with Store(None) as store:
        files = ServedFiles(WorkspaceFiles(EXAMPLES / example, environment, {}), Engine(store), say=print)
        with ServedSandbox(files) as served:
            logger = logging.getLogger("tests.sdk")
            client = LocalEvaluationClient(key, LocalEvaluationConfig(server_url=served.url, logger=logger))
            try:
                client.start()
                yield client, served.url
            finally:
                client.stop()
                # It forgets to, and pytest makes an error of a socket that is left open.
                client.deployment_runner.flag_updater.main_updater.flag_config_api._connection_pool.close()


def arms(client: LocalEvaluationClient, flag: str, **user: Any) -> Counter[str]:
    """How many of the users get which variant."""
    name = user.pop("by", "user_id")
    return Counter(client.evaluate_v2(User(**{name: f"user-{n}"}, **user))[flag].key for n in range(USERS))


def assert_split(counts: Counter[str], shares: dict[str, float]) -> None:
    """Every share within four standard errors of what the file says."""
    assert set(counts) <= set(shares)
    for arm, share in shares.items():
        error = math.sqrt(share * (1 - share) / USERS)
        assert abs(counts[arm] / USERS - share) <= 4 * error, (arm, counts)


@VENDORS_WARNING
def test_the_sdk_gives_variants_as_the_files_of_the_quick_start_say() -> None:
    with sdk("quickstart") as (client, url):
        green = client.evaluate_v2(User(user_id="qa@example.com"))["checkout-button"]
        assert (green.key, green.value, green.payload) == (
            "treatment",
            "treatment",
            {"color": "#0a0", "label": "Buy now"},
        )
        assert client.evaluate_v2(User(device_id="device-7"))["checkout-button"].key == "treatment"
        assert client.evaluate_v2(User(user_id="grace@example.com"))["search-ranking"].key == "by-popularity"
        in_segment = {"country": "United States", "platform": "iOS"}
        assert_split(arms(client, "checkout-button"), {"off": 0.5, "control": 0.25, "treatment": 0.25})
        assert_split(arms(client, "checkout-button", by="device_id", **in_segment), {"control": 0.5, "treatment": 0.5})
        ranking = {"off": 0.8, "control": 0.1, "by-freshness": 0.05, "by-popularity": 0.05}
        assert_split(arms(client, "search-ranking"), ranking)
        assert set(client.evaluate_v2(User(user_id="u"))) == {"checkout-button", "search-ranking"}

        # The server evaluates as the SDK does.
        with RemoteEvaluationClient("web", RemoteEvaluationConfig(server_url=url, fetch_retries=0)) as remote:
            for number in range(20):
                user = User(user_id=f"user-{number}", device_id="d", **in_segment)
                fetched, local = remote.fetch_v2(user), client.evaluate_v2(user)
                assert {k: str(v) for k, v in fetched.items()} == {k: str(v) for k, v in local.items()}


@VENDORS_WARNING
@pytest.mark.parametrize(
    ("environment", "key", "flag", "shares"),
    [
        (None, "web", "search-suggestions", {"control": 0.5, "instant": 0.5}),
        ("staging", "web", "search-suggestions", {"off": 0.9, "control": 0.05, "instant": 0.05}),
        ("staging", "ios", "one-page-checkout", {"off": 0.5, "control": 0.25, "one-page": 0.25}),
        ("prod", "ios", "one-page-checkout", {"off": 0.95, "control": 0.025, "one-page": 0.025}),
        ("prod", "web", "search-suggestions", {"off": 1}),
    ],
)
def test_the_sdk_gives_variants_as_each_environment_says(
    environment: str | None, key: str, flag: str, shares: dict[str, float]
) -> None:
    with sdk("many-environments", environment, key=key) as (client, _):
        assert_split(arms(client, flag), shares)
        if environment is None:
            staff = User(user_id="u", user_properties={"employee": True})
            assert client.evaluate_v2(staff)["search-suggestions"].key == "instant"


def test_the_sdk_does_not_start_with_a_key_that_no_deployment_has() -> None:
    with pytest.raises(Exception, match="received error response: \\$401"), sdk("quickstart", key="nope"):
        pass


# Changes


def test_a_change_is_served_at_once_where_it_takes_no_time_to_look(desk: Desk) -> None:
    desk.flags_now()
    desk.edit("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 40")
    assert percentage(desk.flags_now()["search-ranking"]) == 40
    assert desk.said == ["the files were read again: 3 experiments"]


@pytest.mark.parametrize(("took", "pause"), [(0.001, 0.01), (0.015, 0.15), (0.5, LOOK_SECONDS)])
def test_where_it_takes_long_to_look_it_is_looked_seldom(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, took: float, pause: float
) -> None:
    looks: list[float] = []

    def slowly(_: WorkspaceFiles) -> bool:
        looks.append(desk.clock.now)
        desk.clock.now += took
        return False

    monkeypatch.setattr(WorkspaceFiles, "changed", slowly)
    desk.flags_now()
    done = desk.clock.now
    desk.clock.now = done + 0.9 * pause
    desk.flags_now()
    desk.clock.now = done + 1.1 * pause
    desk.flags_now()
    assert looks == [pytest.approx(done - took), pytest.approx(done + 1.1 * pause)]


def test_files_that_did_not_change_are_not_read_again(desk: Desk) -> None:
    for _ in range(3):
        desk.flags()
    assert desk.said == []


def test_a_change_of_a_list_of_users_is_a_change(desk: Desk) -> None:
    desk.edit("users/search-team.txt", "linus@example.com", "alan@example.com")
    assert "alan@example.com" in included(desk.flags()["search-ranking"])
    (desk.root / "users" / "search-team.txt").unlink()
    desk.flags()
    assert desk.said[-1] == "1 error; what the files said before is still served"


def test_a_file_that_comes_or_goes_is_a_change(desk: Desk) -> None:
    (desk.root / "experiments" / "new.yaml").write_text("key: new\ndeployments: [web]\n", encoding="utf-8")
    assert list(desk.flags()) == ["checkout-button", "new", "search-ranking"]
    (desk.root / "experiments" / "search-ranking.yaml").unlink()
    assert list(desk.flags()) == ["checkout-button", "new"]
    assert desk.said == ["the files were read again: 4 experiments", "the files were read again: 3 experiments"]


def test_a_broken_file_is_told_once_and_what_was_served_stays(desk: Desk) -> None:
    before = desk.flags()
    desk.edit("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 200")
    assert [desk.flags(), desk.flags()] == [before, before]
    assert desk.said == [
        "error[EXP104]: rolloutPercentage is out of range\n"
        "  experiments/search-ranking.yaml:6:20  search-ranking\n"
        "  200 is not between 0 and 100",
        "1 error; what the files said before is still served",
    ]
    desk.edit("experiments/search-ranking.yaml", "rolloutPercentage: 200", "rolloutPercentage: 30")
    assert percentage(desk.flags()["search-ranking"]) == 30
    assert desk.said[2:] == ["the files were read again: 3 experiments"]


def test_a_broken_workspace_file_is_told_once_and_what_was_served_stays(desk: Desk) -> None:
    before = desk.flags()
    text = (desk.root / "expsync.yaml").read_text(encoding="utf-8")
    (desk.root / "expsync.yaml").write_text("version: [", encoding="utf-8")
    assert [desk.flags(), desk.flags()] == [before, before]
    assert len(desk.said) == 2
    assert desk.said[0].splitlines()[1].startswith("  expsync.yaml:1:")
    assert desk.said[1] == "1 error; what the files said before is still served"
    (desk.root / "expsync.yaml").unlink()
    assert desk.flags() == before
    (desk.root / "expsync.yaml").write_text(text.replace('web: "101"', 'web: "104"'), encoding="utf-8")
    assert desk.flags() == before
    assert desk.said[-1] == "the files were read again: 3 experiments"


@pytest.mark.parametrize("error", [SandboxError("the disk \x1b is full"), OSError("the disk \x1b is full")])
def test_what_can_not_be_read_again_is_told_and_what_was_served_stays(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    before = desk.flags()
    desk.edit("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 30")
    with monkeypatch.context() as patched:
        patched.setattr(engine, "replace_world", fail)
        assert desk.flags() == before
    assert desk.said == ["the files can't be read again: the disk \\x1b is full; what they said before is still served"]


def test_who_does_not_want_to_hear_of_changes_still_hears_of_errors(tmp_path: Path, desk: Desk, engine: Engine) -> None:
    quiet = Desk(desk.root, engine, quiet=True)
    quiet.edit("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 30")
    quiet.flags()
    quiet.edit("experiments/search-ranking.yaml", "rolloutPercentage: 30", "rolloutPercentage: no")
    quiet.flags()
    assert [line.partition("\n")[0] for line in quiet.said] == [
        "error[EXP103]: rolloutPercentage is of the wrong kind",
        "1 error; what the files said before is still served",
    ]


def test_a_user_stays_in_their_arm_when_the_files_are_read_again(desk: Desk) -> None:
    before = desk.flags()["search-ranking"]
    desk.edit("experiments/search-ranking.yaml", "name: Search ranking", "name: Another")
    assert desk.flags()["search-ranking"] == before
    assert len(desk.said) == 1


def test_files_that_are_broken_at_the_start_are_not_served(desk: Desk, engine: Engine) -> None:
    desk.edit("experiments/search-ranking.yaml", "rolloutPercentage: 20", "rolloutPercentage: 200")
    with pytest.raises(ConfigError) as raised:
        Desk(desk.root, engine)
    assert [problem.code for problem in raised.value.diagnostics] == ["EXP104"]
