"""The checks of docs/checks.md, over plans that the program makes: each stops what it is for, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from regopy import Interpreter  # type: ignore[import-untyped]

from expsync.sandbox.engine import Engine
from expsync.sandbox.store import Store
from tests.cli.conftest import Ran, Run, run  # noqa: F401 - a fixture
from tests.repository import new_repository

ROOT = Path(__file__).parent.parent.parent
CHECKS = ROOT / "examples" / "checks"
PAGE = ROOT / "docs" / "checks.md"
JQ = sorted(path.stem for path in (CHECKS / "jq").glob("*.jq"))
HOUSE = json.loads((CHECKS / "house.json").read_text(encoding="utf-8"))
WORKSPACE = """\
version: 1
defaultEnvironment: sandbox
environments:
  sandbox: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101", ios: "102"}}
  staging: {baseUrl: sandbox, projectId: "1002", deployments: {web: "201", ios: "202"}}
"""
TAGS = ["managed-by-expsync"]
ARMS = [{"key": "control", "rolloutWeight": 50}, {"key": "treatment", "rolloutWeight": 50}]
LIVE: dict[str, Any] = {
    "key": "checkout-button",
    "name": "Checkout button",
    "enabled": True,
    "rolloutPercentage": 100,
    "deployments": ["web", "ios"],
    "variants": ARMS,
}
"""What is live, and what the files declare before somebody changes them."""
COHORT = {"type": "cohort", "prop": "userdata_cohort", "op": "is", "values": ["c1"]}
"""A condition that the API can't write."""
ACCEPTED = [{"risk": "variant-weights", "reason": "restarted", "until": "2099-12-31"}]


def weights(control: int, treatment: int) -> list[dict[str, Any]]:
    return [{**ARMS[0], "rolloutWeight": control}, {**ARMS[1], "rolloutWeight": treatment}]


@dataclass(frozen=True)
class Scene:
    """A plan that is made, and what each check says of it; a check that is not named has nothing to say."""

    declared: Mapping[str, Any] = field(default_factory=dict)
    """The fields of the file that differ from what is live."""
    live: Mapping[str, Any] = field(default_factory=dict)
    """The fields that somebody changed in the UI since the base."""
    said: Mapping[str, list[str]] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    environment: str = "sandbox"
    base: bool = True
    stranger: str = ""
    """The key of a further live experiment of ours that no file declares, with --prune."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """What is changed in the document itself."""


SCENES = {
    "nothing to do": Scene(),
    "another name": Scene({"name": "Button"}),
    # accepted
    "a risk that nobody has accepted": Scene(
        {"variants": weights(51, 49)}, said={"accepted": ["checkout-button: variant-weights is not accepted"]}
    ),
    "the same, accepted": Scene({"variants": weights(51, 49), "acknowledge": ACCEPTED}),
    "a blocked write": Scene(
        {"targetSegments": []},
        live={"targetSegments": [{"name": "beta", "percentage": 1, "conditions": [COHORT]}]},
        said={"accepted": ["checkout-button: cohort-lost is not accepted"]},
    ),
    # few-switch
    "many switch": Scene(
        {"variants": weights(60, 40), "acknowledge": ACCEPTED},
        said={"few-switch": ["checkout-button: more users switch than the house allows"]},
    ),
    "many switch on the way": Scene(
        {"variants": weights(1, 1), "acknowledge": ACCEPTED},
        said={"few-switch": ["checkout-button: more users switch than the house allows"]},
    ),
    "few switch": Scene({"variants": weights(51, 49), "acknowledge": ACCEPTED}),
    # deployments
    "a deployment removed": Scene(
        {"deployments": ["web"]}, said={"deployments": ["checkout-button: a deployment is removed"]}
    ),
    "a deployment added": Scene({"deployments": ["web", "ios", "103"]}),
    # archive
    "archived": Scene(
        {"enabled": False, "archived": True}, said={"archive": ["checkout-button: archived without the label archive"]}
    ),
    "archived, with the label": Scene({"enabled": False, "archived": True}, data={"labels": ["ui", "archive"]}),
    # freeze
    "in a freeze": Scene(
        {"name": "Button"},
        data={"today": "2026-12-20"},
        said={"freeze": ["there is a freeze from 2026-12-20 to 2027-01-02"]},
    ),
    "on the last day of a freeze": Scene(
        {"name": "Button"},
        data={"today": "2027-01-02"},
        said={"freeze": ["there is a freeze from 2026-12-20 to 2027-01-02"]},
    ),
    "before a freeze": Scene({"name": "Button"}, data={"today": "2026-12-19"}),
    "after a freeze": Scene({"name": "Button"}, data={"today": "2027-01-03"}),
    "nothing to do in a freeze": Scene(data={"today": "2026-12-24"}),
    # place
    "another environment": Scene(
        {"name": "Button"},
        environment="staging",
        said={"place": ["the plan is for another environment or project"]},
    ),
    "another project": Scene(
        document={"projectId": "9"}, said={"place": ["the plan is for another environment or project"]}
    ),
    # conflicts
    "what people changed is undone": Scene(
        live={"name": "By hand"}, said={"conflicts": ["checkout-button: undoes what people changed"]}
    ),
    "files and people changed it": Scene(
        {"name": "Button"},
        live={"name": "By hand"},
        said={"conflicts": ["checkout-button: undoes what people changed"]},
    ),
    "files and people did the same": Scene({"name": "Button"}, live={"name": "Button"}),
    "without a base": Scene(base=False, said={"conflicts": ["the plan was made without --base"]}),
    # team
    "another team's experiment": Scene(
        stranger="mail-welcome",
        data={"labels": ["archive"]},
        said={"team": ["mail-welcome: not a key of this team"]},
    ),
    "our own experiment": Scene(stranger="search-old", data={"labels": ["archive"]}),
    # format
    "a later format": Scene(
        document={"formatVersion": "2.0"}, said={"format": ["this is no plan of format version 1"]}
    ),
    "a later minor format": Scene(document={"formatVersion": "1.7", "more": {}}),
}


@dataclass(frozen=True)
class House:
    """A repository with a committed file, and the live side that it agrees with; plans are made in it."""

    root: Path
    run: Run

    def plan(self, scene: Scene) -> dict[str, Any]:
        """The plan document of the scene."""
        self._write({**LIVE, **scene.declared})
        with Store(self.root / ".expsync" / "sandbox.db") as store:
            engine = Engine(store)
            for project, ids in (("1001", ("101", "102", "103")), ("1002", ("201", "202"))):
                experiments = [{**LIVE, "deployments": list(ids[:2]), "tags": TAGS, **scene.live}]
                if scene.stranger:
                    experiments.append({"key": scene.stranger, "tags": TAGS, "variants": ARMS})
                labels = ("web", "ios", "android")
                deployments = [{"id": id, "label": label} for id, label in zip(ids, labels, strict=False)]
                world: Any = {"projectId": project, "deployments": deployments, "experiments": experiments}
                engine.import_world(world)
        options = ["-e", scene.environment, "--out", "plan.json"]
        options += ["--base", "main"] if scene.base else []
        options += ["--prune"] if scene.stranger else []
        ran: Ran = self.run("plan", *options)
        assert ran.code == 0, ran.err
        document: dict[str, Any] = json.loads((self.root / "plan.json").read_text(encoding="utf-8"))
        return {**document, **scene.document}

    def _write(self, declared: Mapping[str, Any]) -> None:
        (self.root / "experiments" / "checkout-button.yaml").write_text(json.dumps(declared), encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> House:  # noqa: F811
    git = new_repository(tmp_path / "house", monkeypatch)
    git.commit({"expsync.yaml": WORKSPACE, "experiments/checkout-button.yaml": json.dumps(LIVE)})
    monkeypatch.chdir(git.root)
    return House(git.root, run)


def data_of(scene: Scene) -> dict[str, Any]:
    return {"house": HOUSE, "context": {"today": "2026-11-01", "labels": [], **scene.data}}


@dataclass(frozen=True)
class Checked:
    """How a jq program ended: its exit code, and what it said before its verdict."""

    code: int
    said: list[str]


def checked(name: str, document: str, data: Any) -> Checked:
    """What the check of this name makes of a document."""
    program = shutil.which("jq")
    assert program is not None, "jq is not on this machine, and the checks are written for it: apt install jq"
    command = [program, "-nae", "--argjson", "data", json.dumps(data), "-f", str(CHECKS / "jq" / f"{name}.jq")]
    ran = subprocess.run(command, input=document, capture_output=True, encoding="utf-8", timeout=30)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.stdout.isascii()
    assert lines[-1:] == {0: [True], 1: [False]}.get(ran.returncode, []), ran
    return Checked(ran.returncode, lines[:-1])


def interpreter(document: Any, data: Any, *, policy: bool = True) -> Any:
    """Rego with the document as its input, the data, and the policy unless that is left out."""
    made = Interpreter()
    if policy:
        made.add_module("plan.rego", (CHECKS / "policy" / "plan.rego").read_text(encoding="utf-8"))
    made.add_data_json(json.dumps(data))
    made.set_input_term(json.dumps(document))
    return made


def denied(document: Any, data: Any) -> list[str]:
    """What the policy denies, in order."""
    found = json.loads(str(interpreter(document, data).query("data.main.deny")))
    (messages,) = found["expressions"]
    return sorted(messages)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_plan_is_stopped_by_what_it_breaks_and_by_nothing_else(house: House, scene: Scene) -> None:
    document, data = house.plan(scene), data_of(scene)

    by_jq = {name: checked(name, json.dumps(document), data) for name in JQ}

    assert by_jq == {name: Checked(1 if name in scene.said else 0, scene.said.get(name, [])) for name in JQ}
    assert denied(document, data) == sorted(message for said in scene.said.values() for message in said)


def test_each_check_stops_one_scene_and_lets_another_pass() -> None:
    stopped = {name for scene in SCENES.values() for name in scene.said}

    assert stopped == set(JQ)


def test_each_rule_of_the_policy_stops_one_scene() -> None:
    rego = (CHECKS / "policy" / "plan.rego").read_text(encoding="utf-8")
    rules = {found.replace("%s", "*") for found in re.findall(r'(?:contains |sprintf\()"([^"]+)"', rego)}
    spoken = {message for scene in SCENES.values() for said in scene.said.values() for message in said}

    spoken = {re.sub(r"^[a-z-]+(?=: )|\b\d{4}-\d\d-\d\d\b|(?<=: )[a-z-]+(?= is not acc)", "*", text) for text in spoken}
    assert rules == spoken | {"house.json or the context is not all there"}


@pytest.mark.parametrize("name", JQ)
@pytest.mark.parametrize("document", ["", "{}", "[]", "null", "not json", '{"formatVersion": "1.0"}'])
def test_what_is_no_plan_passes_no_check_that_looks_into_it(name: str, document: str) -> None:
    """An empty file too: for that, older versions of jq end with 0, had it not been asked for its input."""
    passes = document == '{"formatVersion": "1.0"}' and name == "format"

    assert (checked(name, document, data_of(Scene())).code == 0) == passes


@pytest.mark.parametrize("document", [{}, [], None, "text", {"formatVersion": "1.0"}], ids=repr)
def test_what_is_no_plan_is_denied(document: Any) -> None:
    assert "this is no plan of format version 1" in denied(document, data_of(Scene()))


NEEDS = {
    "archive": "context.labels",
    "few-switch": "house.mostSwitch",
    "freeze": "context.today",
    "place": "house.environment",
    "team": "house.prefixes",
}


@pytest.mark.parametrize("needed", [*NEEDS.values(), "house.freezes", "house.projectId"])
def test_data_that_are_not_all_there_let_nothing_pass(house: House, needed: str) -> None:
    document, data = house.plan(Scene({"name": "Button"})), data_of(Scene())
    group, _, name = needed.partition(".")
    data[group] = {key: value for key, value in data[group].items() if key != name}

    failing = [check for check in JQ if checked(check, json.dumps(document), data).code != 0]

    assert "house.json or the context is not all there" in denied(document, data)
    assert failing == {"house.freezes": ["freeze"], "house.projectId": ["place"]}.get(
        needed, [check for check, of in NEEDS.items() if of == needed]
    )


HOSTILE = "x\x1b[31m\u202e\n::error::owned ##[group]y"


def test_a_key_that_would_act_in_a_log_is_not_shown(house: House) -> None:
    """A key of the live side may be anything; in a file it can't."""
    scene = Scene({"deployments": ["web"]})
    document = house.plan(scene)
    document["experiments"][0]["key"] = HOSTILE

    assert denied(document, data_of(scene)) == [
        "(a key that can't be shown): a deployment is removed",
        "(a key that can't be shown): not a key of this team",
    ]
    assert checked("deployments", json.dumps(document), data_of(scene)).said == [f"{HOSTILE}: a deployment is removed"]


def all_checks(folder: Path, document: Any, data: Any) -> tuple[int, str]:
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    command = [CHECKS / "all.sh", folder / "plan.json", folder / "data.json"]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    return ran.returncode, ran.stdout


def test_all_checks_in_one_run(house: House, tmp_path: Path) -> None:
    scene = Scene({"deployments": ["web"], "variants": weights(60, 40), "acknowledge": ACCEPTED})
    document = house.plan(scene)

    assert all_checks(tmp_path, document, data_of(scene)) == (
        1,
        "passed accepted\npassed archive\npassed conflicts\n"
        'FAILED deployments\n  "checkout-button: a deployment is removed"\n'
        'FAILED few-switch\n  "checkout-button: more users switch than the house allows"\n'
        "passed format\npassed freeze\npassed place\npassed team\n",
    )
    assert all_checks(tmp_path, {**document, "experiments": []}, data_of(scene)) == (
        0,
        "".join(f"passed {name}\n" for name in JQ),
    )


def test_a_check_that_can_not_be_run_has_failed(house: House, tmp_path: Path) -> None:
    code, out = all_checks(tmp_path, house.plan(Scene()), {"house": HOUSE, "context": {"labels": []}})

    assert code == 1
    assert [line for line in out.splitlines() if not line.startswith("passed ")] == ["FAILED freeze"]


def test_the_script_is_sound() -> None:
    program = Path(sys.executable).with_name("shellcheck")
    found = subprocess.run([program, CHECKS / "all.sh"], capture_output=True, encoding="utf-8", timeout=60)

    assert (found.returncode, found.stdout) == (0, "")
