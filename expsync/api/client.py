"""The Management API as typed methods, one an endpoint, and `perform` for the calls of a plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import JsonValue

from expsync.api.address import check_key, checked_base
from expsync.api.answers import Asker
from expsync.api.connection import open_http
from expsync.api.limiter import Limiter
from expsync.api.pages import ListAnswer, decoded_pages, filtered, gathered, list_answers
from expsync.api.secret import Secret
from expsync.api.sight import Sight
from expsync.api.transport import Transport
from expsync.errors import ApiError, ReplyError
from expsync.wire import replies
from expsync.wire.endpoints import BY_NAME, LIST_LIMIT, Endpoint, endpoint_of
from expsync.wire.schema import (
    WireCreated,
    WireDeployment,
    WireExperiment,
    WirePage,
    WireVariant,
    WireVersion,
)

T = TypeVar("T")

_EMBEDDED = "http://sandbox.invalid"
"""Stands for the address of a server inside this process; no name ever resolves to it."""


class Client:
    """The API of one project; a context manager, for use by many threads at once.

    With `transport` (the embedded sandbox, or a test) no key is needed and the pace is not limited, unless a
    `limiter` is given.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None,
        project_id: str,
        environment: str,
        key_variable: str,
        requests_per_second: float = 90,
        timeout: float = 30,
        transport: httpx.BaseTransport | None = None,
        trace: Callable[[str], None] | None = None,
        limiter: Limiter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        embedded = transport is not None and "://" not in base_url
        secret = Secret(api_key.strip()) if api_key and api_key.strip() and not embedded else None
        # From here on the key is wrapped, and no traceback can show it.
        api_key = None
        base = checked_base(_EMBEDDED if embedded else base_url, embedded=embedded)
        if secret is not None or transport is None:
            check_key(secret, key_variable, environment)
        if limiter is None and transport is None:
            limiter = Limiter(requests_per_second)
        self._project_id = project_id
        self._transport = Transport(
            base=base,
            asker=Asker(environment, key_variable, secret),
            http=open_http(base) if transport is None else transport,
            limiter=limiter,
            timeout=timeout,
            trace=trace,
            sleep=sleep,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._transport.close()

    @property
    def project_id(self) -> str:
        """The project that lists are asked for."""
        return self._project_id

    @property
    def requests_sent(self) -> int:
        """How many requests went out, each attempt counted."""
        return self._transport.requests_sent

    # --- reads ---

    def list_experiments(
        self,
        *,
        key: str | None = None,
        include_archived: bool = False,
        project_id: str | None = None,
        limit: int = LIST_LIMIT,
        ahead: Callable[[Iterator[ListAnswer]], Iterator[ListAnswer]] = iter,
    ) -> Iterator[WirePage]:
        """The pages of the project's experiments, newest first; one request each, made when it is asked for.

        `project_id` is the client's own unless given. An older server may not know the filters, so what belongs
        to another project or key is left out here. A list that would never end is a `ReplyError`.

        `ahead` is given the answers at once, and may ask for them before they are wanted.
        """
        project = self._project_id if project_id is None else project_id
        query = {"projectId": project, "limit": str(limit)}
        if key is not None:
            query["key"] = key
        if include_archived:
            query["includeArchived"] = "true"

        def ask(asked: Mapping[str, str]) -> bytes:
            return self._call("listExperiments", None, query=asked)

        def parse(body: bytes) -> WirePage:
            return self._parsed(replies.parse_page, body)

        found = decoded_pages(ahead(list_answers(query, ask, parse)), parse)
        return (filtered(page, project, key) for page in found)

    def list_all(
        self, *, key: str | None = None, include_archived: bool = False, project_id: str | None = None
    ) -> list[WireExperiment]:
        """Every experiment of the list, once; what shows on two pages counts as the later page has it."""
        return gathered(self.list_experiments(key=key, include_archived=include_archived, project_id=project_id))[0]

    def get_experiment(self, id: str) -> WireExperiment:
        """The experiment with this id."""
        return self._read(replies.parse_experiment, "getExperiment", id=id)

    def list_versions(self, id: str) -> list[WireVersion]:
        """The experiment's versions, newest first."""
        return self._read(replies.parse_versions, "listVersions", id=id)

    def get_version(self, id: str, version: int | str) -> WireVersion:
        """One version of the experiment."""
        return self._read(replies.parse_version, "getVersion", id=id, version=str(version))

    def list_variants(self, id: str) -> list[WireVariant]:
        """The experiment's variants, whole, in their order."""
        return self._read(replies.parse_variants, "listVariants", id=id)

    def get_variant(self, id: str, variant: str) -> WireVariant:
        """One variant, whole."""
        return self._read(replies.parse_variant, "getVariant", id=id, variant=variant)

    def get_inclusions(self, id: str, variant: str) -> list[str]:
        """The users and devices that always get the variant; a user's place here is the index to remove it by."""
        return self._read(replies.parse_inclusions, "getInclusions", id=id, variant=variant)

    def get_cohort_inclusions(self, id: str, variant: str) -> list[str]:
        """The cohorts whose users always get the variant; NotFoundError where the server is too old."""
        return self._read(replies.parse_cohort_inclusions, "getCohortInclusions", id=id, variant=variant)

    def list_deployments(self, id: str) -> list[WireDeployment]:
        """The deployments that the experiment is on."""
        return self._read(replies.parse_deployments, "listDeployments", id=id)

    def list_project_deployments(self) -> list[WireDeployment]:
        """The deployments of every project that the key reaches; NotFoundError where the server is too old."""
        return self._read(replies.parse_project_deployments, "listProjectDeployments")

    # --- writes ---

    def create_experiment(self, body: Mapping[str, JsonValue]) -> WireCreated:
        """The id of the new experiment; `body` needs `key`, and `projectId` is the client's own unless given."""
        return self._parsed(
            replies.parse_created, self._call("createExperiment", {"projectId": self._project_id, **body})
        )

    def edit_experiment(self, id: str, body: Mapping[str, JsonValue]) -> None:
        """Nothing, once the fields in `body` are written."""
        self._call("editExperiment", dict(body), id=id)

    def create_variant(self, id: str, body: Mapping[str, JsonValue]) -> None:
        """Nothing, once the variant is added at the end; `body` needs `key`."""
        self._call("createVariant", dict(body), id=id)

    def edit_variant(self, id: str, variant: str, body: Mapping[str, JsonValue]) -> None:
        """Nothing, once the fields in `body` are written; `key` renames the variant."""
        self._call("editVariant", dict(body), id=id, variant=variant)

    def remove_variant(self, id: str, variant: str) -> None:
        """Nothing, once the variant is gone."""
        self._call("removeVariant", None, id=id, variant=variant)

    def add_users(self, id: str, variant: str, users: Sequence[str]) -> None:
        """Nothing, once the users are included."""
        self._call("addUsers", {"inclusions": list(users)}, id=id, variant=variant)

    def remove_user(self, id: str, variant: str, index: int) -> None:
        """Nothing, once the user at this place is gone and those after it have moved up."""
        self._call("removeUser", None, id=id, variant=variant, index=str(index))

    def remove_all_users(self, id: str, variant: str) -> None:
        """Nothing, once nobody is included."""
        self._call("removeAllUsers", None, id=id, variant=variant)

    def bulk_remove_users(self, id: str, variant: str, users: Sequence[str]) -> None:
        """Nothing, once these users, at most 100, are gone; 404 or 405 where the server is too old."""
        self._call("bulkRemoveUsers", {"users": list(users)}, id=id, variant=variant)

    def add_cohorts(self, id: str, variant: str, cohorts: Sequence[str]) -> None:
        """Nothing, once the cohorts are included."""
        self._call("addCohorts", {"inclusions": list(cohorts)}, id=id, variant=variant)

    def bulk_remove_cohorts(self, id: str, variant: str, cohorts: Sequence[str]) -> None:
        """Nothing, once these cohorts, at most 100, are gone. The body's word for them is `users`."""
        self._call("bulkRemoveCohorts", {"users": list(cohorts)}, id=id, variant=variant)

    def add_deployments(self, id: str, deployments: Sequence[str]) -> None:
        """Nothing, once the experiment is on these deployments too."""
        self._call("addDeployments", {"deployments": list(deployments)}, id=id)

    def remove_deployment(self, id: str, deployment: str) -> None:
        """Nothing, once the experiment is off this deployment."""
        self._call("removeDeployment", None, id=id, deployment=deployment)

    def perform(self, method: str, path: str, body: JsonValue, *, sight: Sight | None = None) -> bytes:
        """The body of the answer to a write, given as a plan has it; null is no body.

        `sight` is asked right before it goes out, each time that it does (see `Transport.send`).
        ApiError where the table of endpoints has no such write; nothing is sent then.
        """
        found = endpoint_of(method, path)
        # A path in another form than the table's own (a query, `{id}` not filled in) is not sent on trust.
        if found is None or method == "GET" or _path(*found) != path:
            raise ApiError(f"{self._transport.clean(f'{method} {path}')}: not a write of this API")
        return self._transport.send(found[0], path, body=body, sight=sight)

    def _read(
        self,
        parse: Callable[[bytes], T],
        name: str,
        *,
        query: Mapping[str, str] | None = None,
        **values: str,
    ) -> T:
        return self._parsed(parse, self._call(name, None, query=query, **values))

    def _parsed(self, parse: Callable[[bytes], T], body: bytes) -> T:
        try:
            return parse(body)
        except ReplyError as error:
            # The answer may hold anything, even an echo of the key: it must show neither through the names in
            # the message nor through what a traceback keeps.
            message = self._transport.clean(error.message)
        body = b""
        raise ReplyError(message)

    def _call(self, name: str, body: JsonValue, *, query: Mapping[str, str] | None = None, **values: str) -> bytes:
        endpoint = BY_NAME[name]
        return self._transport.send(endpoint, _path(endpoint, values), query=query, body=body)


def _path(endpoint: Endpoint, values: Mapping[str, str]) -> str:
    for part, value in values.items():
        if not value:
            # An empty part would make the path of another endpoint.
            raise ApiError(f"{endpoint.name}: {part} is empty")
    try:
        return endpoint.path(**values)
    except UnicodeEncodeError:
        raise ApiError(f"{endpoint.name}: the path would hold half a character") from None
