"""Every endpoint of the Management API, in one table.

Sources: the vendor's page "Experiment Management API: experiment endpoints" in its current and its older form, the
vendor's public docs repository (cohort inclusions), and the deployments page (`GET /api/1/deployments`).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

Method = Literal["GET", "POST", "PATCH", "DELETE"]
Age = Literal["both", "current", "newer"]
"""`both`: in the older and the current document. `current`: only in the current one. `newer`: in neither."""
Retry = Literal["safe", "ask", "never"]
"""What may be done after an answer that says neither yes nor no.

`safe`: send it again. `ask`: first read whether it was done. `never`: not the same call again, since its meaning
may have moved (an index); read, and work out a new one.
"""

LIST_LIMIT = 1000
"""The most experiments that one page of a list holds."""


class Endpoint(NamedTuple):
    """One endpoint: its name, method, path template, the documents that have it, and its retry class."""

    name: str
    method: Method
    template: str
    age: Age
    retry: Retry

    def path(self, **values: str) -> str:
        """The path with each value percent-encoded as one segment.

        KeyError where a value is missing, ValueError where one is empty: the path would name something else.

        `.` and `..` are encoded too, since a client would fold them away.
        """
        return re.sub(r"\{(\w+)\}", lambda m: _segment(values[m.group(1)]), self.template)

    def match(self, path: str) -> dict[str, str] | None:
        """The decoded values of an encoded path, or None where it is not this endpoint's."""
        parts, texts = self.template.split("/"), path.split("/")
        if len(parts) != len(texts):
            return None
        values: dict[str, str] = {}
        for part, text in zip(parts, texts, strict=True):
            if part.startswith("{"):
                if not text:
                    return None
                values[part[1:-1]] = unquote(text)
            elif part != text:
                return None
        return values


def _segment(text: str) -> str:
    if not text:
        raise ValueError("an empty text can't be a segment of a path")
    encoded = quote(text, safe="")
    return encoded.replace(".", "%2E") if encoded.strip(".") == "" else encoded


_ROOT = "/api/1/experiments"
_ONE = _ROOT + "/{id}"
_VARIANT = _ONE + "/variants/{variant}"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("listExperiments", "GET", _ROOT, "both", "safe"),
    Endpoint("getExperiment", "GET", _ONE, "both", "safe"),
    Endpoint("listVersions", "GET", _ONE + "/versions", "both", "safe"),
    Endpoint("getVersion", "GET", _ONE + "/versions/{version}", "both", "safe"),
    Endpoint("listVariants", "GET", _ONE + "/variants", "both", "safe"),
    Endpoint("getVariant", "GET", _VARIANT, "both", "safe"),
    Endpoint("getInclusions", "GET", _VARIANT + "/users", "both", "safe"),
    Endpoint("createVariant", "POST", _ONE + "/variants", "both", "ask"),
    Endpoint("editVariant", "PATCH", _VARIANT, "both", "ask"),
    Endpoint("removeVariant", "DELETE", _VARIANT, "both", "ask"),
    Endpoint("addUsers", "POST", _VARIANT + "/users", "both", "ask"),
    Endpoint("removeUser", "DELETE", _VARIANT + "/users/{index}", "both", "never"),
    Endpoint("removeAllUsers", "DELETE", _VARIANT + "/users", "both", "ask"),
    Endpoint("bulkRemoveUsers", "DELETE", _VARIANT + "/bulk-delete-users", "current", "ask"),
    Endpoint("listDeployments", "GET", _ONE + "/deployments", "both", "safe"),
    Endpoint("addDeployments", "POST", _ONE + "/deployments", "both", "ask"),
    Endpoint("removeDeployment", "DELETE", _ONE + "/deployments/{deployment}", "both", "ask"),
    Endpoint("editExperiment", "PATCH", _ONE, "both", "ask"),
    Endpoint("createExperiment", "POST", _ROOT, "both", "ask"),
    Endpoint("getCohortInclusions", "GET", _VARIANT + "/cohorts", "newer", "safe"),
    Endpoint("addCohorts", "POST", _VARIANT + "/cohorts", "newer", "ask"),
    Endpoint("bulkRemoveCohorts", "DELETE", _VARIANT + "/bulk-delete-cohorts", "newer", "ask"),
    Endpoint("listProjectDeployments", "GET", "/api/1/deployments", "newer", "safe"),
)
BY_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def endpoint_of(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint and the path's values for a call, or None where the table has no such call."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method:
            values = endpoint.match(path)
            if values is not None:
                return endpoint, values
    return None
