"""What the vendor's SDKs ask: the flags to evaluate by themselves, and variants that the server evaluates."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from expsync.sandbox.flags import flag_of
from expsync.sandbox.local import host_of, is_local
from expsync.sandbox.messages import Refusal, Reply, Request
from expsync.sandbox.parsing import parse_json
from expsync.sandbox.records import Deployment, Json
from expsync.sandbox.store import Store
from expsync.sandbox.tables import Tables

PREFIX: Final = "/sdk/"
"""What every path here begins with."""
FLAGS: Final = "/sdk/v2/flags"
VARIANTS: Final = "/sdk/v2/vardata"
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {FLAGS: ("GET",), VARIANTS: ("GET", "POST")}
_SCHEME: Final = "Api-Key "
_HEADER_NAMES: Final = re.compile(r"[A-Za-z0-9_, -]{1,1000}")
_NOT_USERS_OWN: Final = frozenset({"groups", "group_properties", "group_cohort_ids"})
"""Fields of a user that a context holds beside the user."""

Evaluate: TypeAlias = Callable[[Json, list[str] | None], Json]
"""From a user and the keys of the flags that are asked for (None: all) to their variants."""


@dataclass(slots=True)
class _Served:
    """One deployment's flags as they were at an age; `evaluate` is made when it is first asked for."""

    age: tuple[int, int]
    flags: list[Json]
    body: bytes
    evaluate: Evaluate | None = None


class Sdk:
    """Answers the SDKs out of a store; safe for use from several threads, since the store serves one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._served: dict[str, _Served] = {}

    def answer(self, request: Request) -> Reply:
        """The answer; Refusal where there is none. Pages of this machine may read either (CORS)."""
        allowed = _allowed_origin(request)
        try:
            reply = self._answer(request)
        except Refusal as refusal:
            refusal.headers |= allowed
            raise
        return Reply(reply.status, {**reply.headers, **allowed}, reply.body)

    def names(self) -> list[str]:
        """What to give an SDK as its deployment key: each deployment's label, or its key where labels repeat."""
        with self._store.reading() as tables:
            deployments = tables.all_deployments()
        labels = [deployment.label for deployment in deployments]
        return [one.label if labels.count(one.label) == 1 else one.key for one in deployments]

    def _answer(self, request: Request) -> Reply:
        methods = _METHODS.get(request.path)
        if methods is None:
            raise Refusal(404, f"there is no such path; SDKs are served {FLAGS} and {VARIANTS}")
        if request.method == "OPTIONS":
            return _preflight(request, methods)
        if request.method not in methods:
            allow = ", ".join(methods)
            raise Refusal(405, f"this path takes {allow}, not {request.method}", headers={"allow": allow})
        with self._store.reading() as tables:
            served = self._flags(tables, _deployment(tables, request.headers.get("authorization")))
        if request.path == FLAGS:
            return _json_reply(served.body)
        user, keys = _user(request), _flag_keys(request)
        served.evaluate = served.evaluate or _evaluator(served.flags)
        return _json_reply(_as_bytes(served.evaluate(user, keys)))

    def _flags(self, tables: Tables, deployment: Deployment) -> _Served:
        age = tables.age
        served = self._served.get(deployment.id)
        if served is None or served.age != age:
            flags = _flags(tables, deployment)
            served = self._served[deployment.id] = _Served(age, flags, _as_bytes([*flags]))
        return served


def _flags(tables: Tables, deployment: Deployment) -> list[Json]:
    """The flags of what is on the deployment, by key; web experiments and guides are none of an SDK's."""
    found = [
        experiment
        for experiment in tables.experiments(deployment.projectId)
        if experiment.kind == "experiment" and not experiment.archived and deployment.id in experiment.deployments
    ]
    return [
        flag_of(
            experiment,
            users={variant.key: tables.members(experiment.id, variant.key, "users") for variant in experiment.variants},
            cohorts={one.key: tables.members(experiment.id, one.key, "cohorts") for one in experiment.variants},
            version=tables.latest_version(experiment.id),
        )
        for experiment in sorted(found, key=lambda experiment: experiment.key)
    ]


def _deployment(tables: Tables, authorization: str | None) -> Deployment:
    """The deployment whose key, or only one whose label, was sent; Refusal (401) where there is none."""
    if authorization is None or not authorization.startswith(_SCHEME):
        raise Refusal(401, "no deployment key was sent; send the header Authorization: Api-Key <deployment-key>")
    key = authorization.removeprefix(_SCHEME).strip()
    deployments = tables.all_deployments()
    found = [one for one in deployments if one.key == key] or [one for one in deployments if one.label == key]
    if not found:
        raise Refusal(401, "the deployment key is not known; a deployment's own key is taken, and its label")
    if len(found) > 1:
        projects = ", ".join(one.projectId for one in found)
        raise Refusal(401, f"several deployments have this label or key (projects {projects}); send the key of one")
    return found[0]


def _user(request: Request) -> Json:
    """The user of the body, or of the header and the query of a call without one; Refusal (400) where it is none."""
    if request.body:
        return _object(request.body, "the body")
    user: Json = {}
    if "context" in request.query:
        user |= _object(request.query["context"].encode(), "`context`")
    if "x-amp-exp-user" in request.headers:
        user |= _object(_decoded(request.headers["x-amp-exp-user"], "X-Amp-Exp-User"), "X-Amp-Exp-User")
    return user | {name: request.query[name] for name in ("user_id", "device_id") if name in request.query}


def _flag_keys(request: Request) -> list[str] | None:
    """The keys of the flags that are asked for; None for all of them."""
    header = request.headers.get("x-amp-exp-flag-keys")
    if header is not None:
        keys = parse_json(_decoded(header, "X-Amp-Exp-Flag-Keys"))
        if not isinstance(keys, list):
            raise Refusal(400, "X-Amp-Exp-Flag-Keys must be a list of keys")
    else:
        keys = [key.strip() for key in request.query.get("flag_keys", "").split(",") if key.strip()]
    return [key for key in keys if isinstance(key, str)] or None


def _object(content: bytes, where: str) -> Json:
    value = parse_json(content)
    if not isinstance(value, dict):
        raise Refusal(400, f"{where} must be a user, as a JSON object")
    # SDKs send what they don't know as null.
    return {name: field for name, field in value.items() if field is not None}


def _decoded(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(400, f"the header {header} isn't URL-safe base64") from error


def _context(user: Json) -> Json:
    """The user as the engine takes one: of each type of group, the first that the user is in."""
    context: Json = {"user": {name: field for name, field in user.items() if name not in _NOT_USERS_OWN}}
    groups = user.get("groups")
    if not isinstance(groups, dict):
        return context
    shown: Json = {}
    for kind, names in groups.items():
        if not isinstance(names, list) or not names or not isinstance(names[0], str):
            continue
        group: Json = {"group_name": names[0]}
        for given, name in (("group_properties", "group_properties"), ("group_cohort_ids", "cohort_ids")):
            of_kind = _inside(user.get(given), kind)
            found = _inside(of_kind, names[0])
            if found:
                group[name] = found
        shown[kind] = group
    return {**context, "groups": shown}


def _inside(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None


def _evaluator(flags: list[Json]) -> Evaluate:
    """The vendor's own engine over the flags; Refusal (501) where it is not installed."""
    try:
        from amplitude_experiment.evaluation import engine, types  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise Refusal(
            501,
            "variants are evaluated by the vendor's own engine, which is not installed here; "
            "run `pip install 'expsync[sdk]'` and start the sandbox again",
        ) from error
    evaluation = engine.EvaluationEngine()
    loaded = {str(flag["key"]): _loaded(flag, types) for flag in flags}

    def evaluate(user: Json, keys: list[str] | None) -> Json:
        wanted = [flag for key, flag in loaded.items() if keys is None or key in keys]
        variants = evaluation.evaluate(_context(user), wanted)
        return {key: _variant(variant) for key, variant in variants.items()}

    return evaluate


def _loaded(flag: Mapping[str, Any], types: Any) -> Any:
    """The flag in the engine's own types.

    Its loader takes 10 ms for a flag, and cuts off the fractions of percentages, which the other SDKs keep.
    """

    def bucket(given: Mapping[str, Any]) -> Any:
        allocations = [
            types.EvaluationAllocation(
                range=one["range"],
                distributions=[types.EvaluationDistribution(**part) for part in one["distributions"]],
            )
            for one in given["allocations"]
        ]
        return types.EvaluationBucket(selector=given["selector"], salt=given["salt"], allocations=allocations)

    segments = [
        types.EvaluationSegment(
            bucket=bucket(one["bucket"]) if "bucket" in one else None,
            conditions=[[types.EvaluationCondition(**part) for part in way] for way in one.get("conditions", ())],
            variant=one["variant"],
            metadata=one["metadata"],
        )
        for one in flag["segments"]
    ]
    variants = {key: types.EvaluationVariant(**variant) for key, variant in flag["variants"].items()}
    return types.EvaluationFlag(key=flag["key"], variants=variants, segments=segments, metadata=flag["metadata"])


def _variant(variant: Any) -> Json:
    fields = {name: getattr(variant, name) for name in ("key", "value", "payload", "metadata")}
    return {name: field for name, field in fields.items() if field is not None}


def _allowed_origin(request: Request) -> dict[str, str]:
    """The headers that let a page of this machine read the answer; none for other pages, nor where no page asks.

    The vendor lets every page in. Here that would show what a branch is about to any site that its developer visits.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return {}
    local = is_local(host_of(origin.partition("://")[2]))
    return {"vary": "Origin", **({"access-control-allow-origin": origin} if local else {})}


def _preflight(request: Request, methods: tuple[str, ...]) -> Reply:
    asked = request.headers.get("access-control-request-headers", "")
    headers = {
        "access-control-allow-methods": ", ".join(methods),
        "access-control-max-age": "600",
        **({"access-control-allow-headers": asked} if _HEADER_NAMES.fullmatch(asked) else {}),
    }
    return Reply(200, headers, b"")


def _json_reply(body: bytes) -> Reply:
    return Reply(200, {"content-type": "application/json; charset=utf-8"}, body)


def _as_bytes(value: JsonValue) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
