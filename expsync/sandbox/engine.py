"""The emulator: a request value in, a reply value out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from expsync.sandbox import experiments, reads, variants
from expsync.sandbox.call import Call
from expsync.sandbox.habits import Habits
from expsync.sandbox.messages import Refusal, Reply, Request
from expsync.sandbox.parsing import parse_json
from expsync.sandbox.sdk import PREFIX, Sdk
from expsync.sandbox.store import SandboxError, Store
from expsync.sandbox.views import as_instant
from expsync.sandbox.world import export_world, import_world, keep_project
from expsync.wire.endpoints import ENDPOINTS, Endpoint

__all__ = ["Engine", "Reply", "Request"]

_READS: Final[Mapping[str, Callable[[Call], JsonValue]]] = {
    "listExperiments": reads.list_experiments,
    "getExperiment": reads.get_experiment,
    "listVersions": reads.list_versions,
    "getVersion": reads.get_version,
    "listVariants": reads.list_variants,
    "getVariant": reads.get_variant,
    "getInclusions": reads.get_inclusions,
    "listDeployments": reads.list_deployments,
    "getCohortInclusions": reads.get_cohort_inclusions,
    "listProjectDeployments": reads.list_project_deployments,
}
_WRITES: Final[Mapping[str, Callable[[Call], JsonValue]]] = {
    "createVariant": variants.create_variant,
    "editVariant": variants.edit_variant,
    "removeVariant": variants.remove_variant,
    "addUsers": variants.add_users,
    "removeUser": variants.remove_user,
    "removeAllUsers": variants.remove_all_users,
    "bulkRemoveUsers": variants.bulk_remove_users,
    "addDeployments": experiments.add_deployments,
    "removeDeployment": experiments.remove_deployment,
    "editExperiment": experiments.edit_experiment,
    "createExperiment": experiments.create_experiment,
    "addCohorts": variants.add_cohorts,
    "bulkRemoveCohorts": variants.bulk_remove_cohorts,
}
_WITH_QUERY: Final = frozenset({"listExperiments", "listProjectDeployments"})
_BULK: Final = frozenset({"bulkRemoveUsers", "bulkRemoveCohorts"})
"""The only DELETE calls that have a body."""
_BEARER: Final = "Bearer "
_CURRENT: Final = Habits()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Engine:
    """Answers every endpoint of the table out of a store; safe for use from several threads.

    `keys` maps each API key to the projects that it may touch, None for all; without it no key is asked for.
    `author` is who stands in versions and bodies: two engines on one store are two people. With `read_only`, which says
    why, every write is refused. The vendor's SDKs are answered too, by their deployment keys.
    """

    def __init__(
        self,
        store: Store,
        *,
        habits: Habits = _CURRENT,
        keys: Mapping[str, frozenset[str] | None] | None = None,
        clock: Callable[[], datetime] = _utc_now,
        author: str = "sandbox@expsync.invalid",
        read_only: str = "",
    ) -> None:
        self._store = store
        self._sdk = Sdk(store)
        self._read_only = read_only
        self._habits = habits
        self._keys = None if keys is None else dict(keys)
        self._clock = clock
        self._author = author

    def answer(self, request: Request) -> Reply:
        """The answer; it never raises, and a refused write has changed nothing."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return _json_reply(refusal.status, {"error": {"message": refusal.message}}, headers=refusal.headers)
        except SandboxError as error:
            return _json_reply(503, {"error": {"message": str(error)}})

    def ensure_project(self, project_id: str, deployments: Mapping[str, str]) -> None:
        """Nothing; the project and the deployments (id to label) are there, what was there is kept.

        SandboxError where a deployment is another project's.
        """
        with self._store.writing() as tables:
            keep_project(tables, project_id, deployments)

    def export(self, project_id: str) -> dict[str, JsonValue]:
        """The whole truth about a project, in the shape of a seed; equal worlds give equal values."""
        with self._store.reading() as tables:
            return export_world(tables, project_id)

    def import_world(self, world: Mapping[str, JsonValue]) -> None:
        """Nothing; the project of the seed is there, whole; SandboxError, and nothing changed, where it can't be."""
        with self._store.writing() as tables:
            import_world(tables, world, author=self._author, now=self._now(), older=self._habits.older)

    def replace_world(self, world: Mapping[str, JsonValue]) -> None:
        """Nothing; the seed's project is all there is. SandboxError, and nothing changed, where it can't be."""
        with self._store.writing() as tables:
            tables.clear()
            import_world(tables, world, author=self._author, now=self._now(), older=self._habits.older)

    def deployment_names(self) -> list[str]:
        """What an SDK may be given as its deployment key: each deployment's label, or its key where labels repeat."""
        return self._sdk.names()

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(PREFIX):
            return self._sdk.answer(request)
        allowed = self._projects_of_key(request.headers.get("authorization"))
        endpoint, values = self._find(request)
        writes = endpoint.name in _WRITES
        if writes and self._read_only:
            raise Refusal(403, self._read_only)
        body = _read_body(endpoint, request)
        now = self._now() if writes else ""
        with self._store.writing() if writes else self._store.reading() as tables:
            call = Call(tables, self._habits, values, request.query, body, allowed, now, self._author)
            if endpoint.name not in _WITH_QUERY:
                reads.check_no_query(call)
            answer = (_WRITES if writes else _READS)[endpoint.name](call)
        if writes and answer is None:
            return Reply(200, {"content-type": "text/plain; charset=utf-8"}, self._habits.ok.encode())
        return _json_reply(200, answer)

    def _projects_of_key(self, authorization: str | None) -> frozenset[str] | None:
        if self._keys is None:
            return None
        key = (authorization or "").removeprefix(_BEARER)
        if authorization is None or not authorization.startswith(_BEARER) or key not in self._keys:
            why = "no API key was sent" if authorization is None else "the API key is not known"
            raise Refusal(401, f"{why}; send the header Authorization: Bearer <management-api-key>")
        return self._keys[key]

    def _find(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        methods = []
        for endpoint in ENDPOINTS:
            values = endpoint.match(request.path)
            if values is None or (self._habits.older and endpoint.age != "both"):
                continue
            if endpoint.method == request.method:
                return endpoint, values
            methods.append(endpoint.method)
        if methods:
            allow = ", ".join(sorted(set(methods)))
            raise Refusal(405, f"this path takes {allow}, not {request.method}", headers={"allow": allow})
        raise Refusal(404, "there is no such path")

    def _now(self) -> str:
        return as_instant(self._clock())


def _read_body(endpoint: Endpoint, request: Request) -> JsonValue:
    wanted = endpoint.method in ("POST", "PATCH") or endpoint.name in _BULK
    if not wanted:
        if request.body:
            raise Refusal(400, f"{endpoint.method} of this path takes no body")
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(400, "the header Content-Type must be application/json")
    return parse_json(request.body)


def _json_reply(status: int, value: JsonValue, *, headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, body)
