"""Runs the planner cases under tests/cases: declared files and a live world in, a readable plan out."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from expsync.api.client import Client
from expsync.api.reader import Reader
from expsync.apply.executor import Executor
from expsync.cli.options import Globals
from expsync.cli.planning import Sides, make_plan
from expsync.cli.session import open_session
from expsync.model.outcome import ApplyOutcome
from expsync.model.plan import Plan
from expsync.sandbox.embedded import EmbeddedTransport
from expsync.sandbox.engine import Engine
from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store

CASES = Path(__file__).parent / "cases"
WORKSPACE = """\
version: 1
environments:
  test:
    baseUrl: sandbox
    projectId: "1001"
    deployments: {web: "101", ios: "102", android: "103"}
"""
DEPLOYMENTS: list[Any] = [
    {"id": "101", "label": "web", "key": "client-web"},
    {"id": "102", "label": "ios", "key": "client-ios"},
    {"id": "103", "label": "android", "key": "client-android"},
]


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name


def all_cases() -> list[Case]:
    return [Case(path.parent, load_yaml(path)) for path in sorted(CASES.glob("*/case.yaml"))]


def load_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass
class Refusals(httpx.BaseTransport):
    """Passes requests on, and keeps those that the sandbox answers with 400 or above: `404 GET /api/1/...`."""

    inner: httpx.BaseTransport
    seen: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if response.status_code >= 400:
            self.seen.append(f"{response.status_code} {request.method} {request.url.path}")
        return response


@dataclass(frozen=True)
class Running:
    """A case with its sandbox up: plans and applies. `refused` are the requests that the sandbox did not take."""

    case: Case
    root: Path
    engine: Engine
    client: Client
    refused: list[str]

    def text(self) -> str:
        """The plan as `expected.txt` has it, with the requests that it took to read."""
        before = self.client.requests_sent
        plan = self.plan()
        return readable(plan) + f"read in {self.client.requests_sent - before} requests\n"

    def plan(self) -> Plan:
        session = open_session(Globals(config=self.root / "expsync.yaml", quiet=True))
        return make_plan(
            session,
            Sides(session.declarations(), self.client),
            targets=self.case.settings.get("targets", []),
            prune=self.case.settings.get("prune", False),
        )

    def apply(self, plan: Plan) -> ApplyOutcome:
        reader = Reader(self.client, parallelism=1)
        return Executor(self.client, reader, parallelism=1, sleep=lambda _: None).carry_out(plan)


@contextmanager
def running(case: Case) -> Iterator[Running]:
    habits = Habits(**case.settings.get("habits", {}))
    with tempfile.TemporaryDirectory() as folder, Store(None) as store:
        root = Path(folder)
        (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
        for part in case.folder.iterdir():
            if part.is_dir():
                shutil.copytree(part, root / part.name)
            elif part.name == "expsync.yaml":
                shutil.copy(part, root / part.name)
        (root / "experiments").mkdir(exist_ok=True)
        engine = Engine(store, habits=habits)
        live = case.folder / "live.yaml"
        engine.import_world(
            {
                "projectId": "1001",
                "deployments": DEPLOYMENTS,
                "experiments": load_yaml(live) if live.exists() else [],
            }
        )
        transport = Refusals(EmbeddedTransport(engine))
        with Client(
            base_url="sandbox",
            api_key=None,
            project_id="1001",
            environment="test",
            key_variable="EXPSYNC_API_KEY",
            transport=transport,
            sleep=lambda _: None,
        ) as client:
            yield Running(case, root, engine, client, transport.seen)


def readable(plan: Plan) -> str:
    """The plan without ids of documents, digests and times."""
    lines: list[str] = []
    for planned in plan.experiments:
        where = "no file" if planned.file is None else f"{planned.file}:{planned.line}"
        lines += [f"{planned.action} {planned.key} ({where})", "  changes"]
        for change in planned.changes:
            match change.kind:
                case "add":
                    lines.append(f"    + {change.path}: {brief(change.after)}")
                case "remove":
                    lines.append(f"    - {change.path}: {brief(change.before)}")
                case "replace":
                    lines.append(f"    ~ {change.path}: {brief(change.before)} -> {brief(change.after)}")
        lines.append("  calls")
        lines += [
            f"    {number}. {call.op}: {call.method} {call.path}"
            + ("" if call.body is None else f" {brief(call.body)}")
            for number, call in enumerate(planned.operations, start=1)
        ]
        lines += [f"  {finding.severity} {finding.risk}: {finding.message}" for finding in planned.findings]
        lines.append("")
    lines += [f"note {note.key} {note.path}: {note.message}" for note in plan.notes]
    lines += [f"unmanaged {u.key} owned={brief(u.owned)}" for u in plan.unmanaged]
    counts = plan.summary.model_dump()
    lines.append(" ".join(f"{name}={count}" for name, count in counts.items()))
    return "\n".join(lines) + "\n"


def fields_listed(plan: Plan) -> dict[str, set[str]]:
    """For each existing experiment that a plan changes, the fields and members that it lists."""
    listed: dict[str, set[str]] = {}
    for planned in plan.experiments:
        if planned.id is None:
            continue
        names = listed.setdefault(planned.key, set())
        for change in planned.changes:
            head, _, rest = change.path.partition(".")
            names.add(f"{head}.{rest.split('.')[0]}" if head in _MEMBERS else head)
            if head == "variants" and rest.endswith(".key"):
                names.add(f"variants.{change.before}")
    return listed


def fields_along(plan: Plan) -> dict[str, set[str]]:
    """For each experiment, what may change without a line: what can't be compared, and weights of renamed variants."""
    along: dict[str, set[str]] = {}
    for note in plan.notes:
        along.setdefault(note.key, set()).add(note.path)
    for planned in plan.experiments:
        if any(change.path.startswith("variants.") and change.path.endswith(".key") for change in planned.changes):
            along.setdefault(planned.key, set()).add("targetSegments")
    return along


def fields_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, set[str]]:
    """For each experiment that was there before and is another one now, the fields and members that differ."""
    now = {experiment["key"]: _parts(experiment) for experiment in after["experiments"]}
    changed: dict[str, set[str]] = {}
    for experiment in before["experiments"]:
        key, old = experiment["key"], _parts(experiment)
        new = now[key]
        differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        if differing:
            changed[key] = differing
    return changed


_MEMBERS = ("variants", "tags", "deployments")
_BY_ITSELF = ("state", "createdBy", "createdAt", "lastModifiedBy", "lastModifiedAt", "rolloutWeights")
"""What the server keeps by itself; the weights stand in the variants as well."""


def _parts(experiment: Mapping[str, Any]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for name, value in experiment.items():
        if name == "variants":
            for variant in value:
                users = {kind: sorted(variant[kind]) for kind in ("inclusions", "cohortInclusions")}
                parts[f"variants.{variant['key']}"] = json.dumps({**variant, **users}, sort_keys=True)
        elif name in _MEMBERS:
            parts |= dict.fromkeys((f"{name}.{member}" for member in value), "there")
        elif name not in _BY_ITSELF:
            parts[name] = json.dumps(value, sort_keys=True)
    return parts


def brief(value: Any) -> str:
    """JSON on one line; a long list of texts as its length and its ends."""
    return json.dumps(_shortened(value), ensure_ascii=False)


def _shortened(value: Any) -> Any:
    if isinstance(value, list) and len(value) > 8:
        return [value[0], f"… {len(value) - 2} more …", value[-1]]
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    return value


def main(arguments: list[str]) -> None:
    if arguments[:1] != ["--write"]:
        raise SystemExit("usage: python -m tests.cases_frame --write [NAME...]")
    for case in all_cases():
        if arguments[1:] and case.name not in arguments[1:]:
            continue
        with running(case) as run:
            text = run.text()
        (case.folder / "expected.txt").write_text(text, encoding="utf-8")
        print(f"{case.name}\n{text}")


if __name__ == "__main__":
    main(sys.argv[1:])
