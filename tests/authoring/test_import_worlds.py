"""For all live projects and habits of servers: what is imported is valid, means what is live, and changes nothing."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from expsync.cli import embedded
from expsync.cli.main import main
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import open_session
from expsync.config.load import load_declarations
from expsync.model.plan import Plan
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from expsync.sandbox.store import Store
from tests.authoring.import_worlds import OWN_TAGS, Project, projects
from tests.test_convergence import moment, shaped
from tests.worlds import DEPLOYMENTS

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "20"))
WORKSPACE = """\
# The team's own words.
version: 1
environments:
  test:  # a sandbox
    baseUrl: sandbox
    projectId: "1001"  # text
"""


class Run:
    """A workspace without files, and a project that is live."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.root = root
        self.engine = engine
        self.globals = Globals(config=root / "expsync.yaml", quiet=True)

    def command(self, *arguments: str) -> str:
        """What the command says on stderr; it must end well."""
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
            code = main(["-c", str(self.root / "expsync.yaml"), *arguments])
        assert code == 0, said.getvalue()
        return said.getvalue()

    def plan(self) -> Plan:
        session = open_session(self.globals)
        with session.client() as client:
            return make_plan(session, Sides(session.declarations(), client), targets=[], prune=False)

    def live(self) -> dict[str, dict[str, Any]]:
        world: dict[str, Any] = self.engine.export("1001")
        return {experiment["key"]: experiment for experiment in world["experiments"]}


@contextmanager
def set_up(project: Project) -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as folder, Store(None) as store, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        text = WORKSPACE
        if project.aliases:
            text += "    deployments:\n" + "".join(f'      {name}: "{id}"\n' for name, id in project.aliases.items())
        (root / "expsync.yaml").write_text(text, encoding="utf-8")
        engine = Engine(store, habits=project.habits)
        deployments: Any = [{"id": id, "label": label.title()} for id, label in DEPLOYMENTS.items()]
        world: Any = {"projectId": "1001", "deployments": deployments, "experiments": project.world}
        engine.import_world(world)

        @contextmanager
        def transport(*_: object) -> Iterator[EmbeddedTransport]:
            yield EmbeddedTransport(engine)

        patch.setattr(embedded, "sandbox_transport", transport)
        yield Run(root, engine)


@settings(
    max_examples=EXAMPLES,
    # A world is written down whole where it fails, and making it smaller takes longer than reading it.
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    report_multiple_bugs=False,
)
@given(projects())
def test_what_is_imported_is_valid_means_what_is_live_and_changes_nothing(project: Project) -> None:
    with set_up(project) as run:
        before = run.live()
        run.command("import", "--all", *(["--all-fields"] if project.all_fields else []))

        session = open_session(run.globals)
        for environment in (None, "test"):
            loaded = load_declarations(session.workspace, environment)
            assert [str(problem) for problem in loaded.diagnostics if problem.severity == "error"] == []
        declared = {one.key: one.experiment.declared() for one in loaded.declared}
        assert declared.keys() == {key for key, record in before.items() if not record["archived"]}
        for key, said in declared.items():
            record = before[key]
            text = (run.root / "experiments" / f"{key}.yaml").read_text(encoding="utf-8")
            assert texts_differ(text) == []
            assert differences(said, record, session.environment.deployments, project) == []
            left_out = {line.split(": ")[0][4:] for line in text.splitlines() if line.startswith("# - ")}
            assert left_out == fields_that_no_file_holds(record, project), text
            event(f"left out: {len(left_out)}")
        assert without_tags(run.plan()) == []
        assert run.live() == before


def without_tags(plan: Plan) -> list[str]:
    """Every change of a plan but that of adopting."""
    return [
        f"{planned.key}: {change.path}: {change.before!r} -> {change.after!r}"
        for planned in plan.experiments
        for change in planned.changes
        if (change.kind, change.path) != ("add", "tags.managed-by-expsync")
    ]


def texts_differ(text: str) -> list[str]:
    """What the canonical form of a written file would change."""
    from expsync.config.format import format_text
    from expsync.model.experiment import Experiment

    formatted = format_text(text, Experiment)
    return [] if formatted == text else [text, formatted]


def fields_that_no_file_holds(record: dict[str, Any], project: Project) -> set[str]:
    """The fields of a record that must be named as left out, told from the record alone."""
    found: set[str] = set()
    if any(c["type"] != "property" for s in record["targetSegments"] for c in s["conditions"]):
        found.add("targetSegments")
    if project.all_fields and record["decision"] is None and record["decisionReason"]:
        found.add("decisionReason")
    for variant in record["variants"]:
        if any(user != user.strip() for user in variant["inclusions"]):
            found.add(f"variants.{variant['key']}.inclusions")
    return found


def differences(said: dict[str, Any], record: dict[str, Any], aliases: dict[str, Any], project: Project) -> list[str]:
    """Where a declaration is not what the sandbox's own books hold, told without any code of the planning side."""
    wrong: list[str] = []

    def check(path: str, declared: Any, live: Any) -> None:
        if json.dumps(declared, sort_keys=True) != json.dumps(live, sort_keys=True):
            wrong.append(f"{path}: declared {declared!r}, live {live!r}")

    left_out = fields_that_no_file_holds(record, project)
    defaults = {
        "name": record["key"],
        "description": "",
        "evaluationMode": "remote",
        "experimentType": "a-b-test",
        "bucketingUnit": "User",
        "stickyBucketing": False,
        "decision": None,
        "rolledOutVariant": None,
    }
    for name in (*defaults, "enabled", "bucketingKey", "bucketingSalt"):
        if name in said or name not in defaults or project.all_fields:
            check(name, said[name], record[name])
        else:
            check(name, defaults[name], record[name])
    check("rolloutPercentage", said["rolloutPercentage"], whole(record["rolloutPercentage"]))
    if "decisionReason" not in left_out:
        check("decisionReason", said.get("decisionReason") or None, record["decisionReason"] or None)
    for name in ("startDate", "endDate"):
        times = [moment(said.get(name)), moment(record[name])]
        if project.habits.dates == "date":
            check(name, *(at and str(at.date()) for at in times))
        else:
            check(name, *map(str, times))
    check("tags", sorted(said.get("tags", [])), sorted(set(record["tags"]) - set(OWN_TAGS)))
    protected = said.get("lifecycle", {}).get("preventArchive", False)
    check("preventArchive", protected, "protected-by-expsync" in record["tags"])
    # An older server does not tell the labels, so that ids stay where there was no alias.
    ids = [str(aliases.get(one, one) if project.habits.older else aliases[one]) for one in said.get("deployments", [])]
    check("deployments", sorted(ids), sorted(record["deployments"]))
    if project.habits.exposure_event_read:
        event = record["exposureEvent"]
        live = event and {**event, "filters": [{"group_type": None, **one} for one in event["filters"]]}
        event = said.get("exposureEvent")
        mine = event and {"filters": [], **event}
        mine = mine and {**mine, "filters": [{"group_type": None, **one} for one in mine["filters"]]}
        check("exposureEvent", mine, live)
    else:
        check("exposureEvent", "exposureEvent" in said, False)
    check("variants", [v["key"] for v in said["variants"]], [v["key"] for v in record["variants"]])
    for mine, live in zip(said["variants"], record["variants"], strict=True):
        path = f"variants.{live['key']}"
        check(f"{path}.name", mine.get("name", ""), live["name"])
        check(f"{path}.description", mine.get("description", ""), live["description"])
        check(f"{path}.payload", shaped(mine.get("payload")), shaped(live["payload"]))
        check(f"{path}.rolloutWeight", mine["rolloutWeight"], whole(live["rolloutWeight"]))
        if f"{path}.inclusions" not in left_out:
            check(f"{path}.inclusions", sorted(mine.get("inclusions", [])), sorted(live["inclusions"]))
        check(f"{path}.cohorts", sorted(mine.get("cohortInclusions", [])), sorted(live["cohortInclusions"]))
    if "targetSegments" in left_out:
        check("targetSegments", "targetSegments" in said, False)
        return wrong
    check("targetSegments", len(said.get("targetSegments", [])), len(record["targetSegments"]))
    for mine, live in zip(said.get("targetSegments", []), record["targetSegments"], strict=True):
        path = f"targetSegments.{mine['name']}"
        if live["name"]:
            check(f"{path}.name", mine["name"].removesuffix(" (again)").removesuffix(" (again)"), live["name"])
        check(f"{path}.percentage", mine["percentage"], whole(live["percentage"]))
        weights = {v["key"]: 0 for v in record["variants"]} | live["rolloutWeights"]
        check(f"{path}.weights", mine["rolloutWeights"], {key: whole(weight) for key, weight in weights.items()})
        check(f"{path}.conditions", [{"type": "property", **one} for one in mine["conditions"]], live["conditions"])
        own_key = live.get("bucketingKey") or record["bucketingKey"]
        check(f"{path}.bucketingKey", mine.get("bucketingKey", record["bucketingKey"]), own_key)
    return wrong


def whole(number: Any) -> Any:
    """A number as files write it."""
    return int(number) if number == int(number) else number
