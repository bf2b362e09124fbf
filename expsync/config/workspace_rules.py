"""What a workspace file must mean, beyond the kinds of its fields."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import JsonValue

from expsync.config.codes import CODES
from expsync.config.find import glob_problem
from expsync.config.lint import ADJUSTABLE, RULES
from expsync.config.problem import Problem
from expsync.config.wording import plain, quote, suggest
from expsync.model.workspace import SANDBOX, Environment, WorkspaceFile


def workspace_problems(file: WorkspaceFile, raw: JsonValue) -> Iterator[Problem]:
    """Everything that contradicts itself, or names what is not there."""
    version = raw.get("version") if isinstance(raw, dict) else None
    if type(version) is not int:  # pydantic takes true and 1.0 for the literal 1
        yield Problem("EXP105", ("version",), f"version can't be {quote(version)}", "the only value is 1")
    for index, glob in enumerate(file.experiments):
        reason = glob_problem(glob)
        if reason:
            hint = "write a glob such as experiments/**/*.yaml"
            yield Problem("EXP304", ("experiments", index), f"the glob {quote(glob)} can't be used", reason, hint)
    default = file.defaultEnvironment
    if default and default not in file.environments:
        hint = suggest(default, file.environments, kind="environment")
        yield Problem("EXP308", ("defaultEnvironment",), f"there is no environment {quote(default)}", hint=hint)
    if file.ownership.tag == file.ownership.protectedTag:
        at = "protectedTag" if "protectedTag" in file.ownership.model_fields_set else "tag"
        yield Problem(
            "EXP306",
            ("ownership", at),
            "the two ownership tags are the same",
            "then every experiment that is managed here would count as protected",
            "give them different names",
        )
    for name, environment in file.environments.items():
        yield from _environment_problems(name, environment)
    yield from _rule_problems(file)


def _environment_problems(name: str, environment: Environment) -> Iterator[Problem]:
    path = ("environments", name)
    if not name.isprintable() or name != name.strip():
        yield Problem("EXP106", path, "an environment's name has characters that do not show", at="key")
    if "baseUrl" in environment.model_fields_set:
        reason = base_url_problem(environment.baseUrl)
        if reason:
            hint = "give `sandbox`, an https:// address, or http:// to this machine"
            yield Problem("EXP303", (*path, "baseUrl"), "the base URL can't be used", reason, hint)
        if "region" in environment.model_fields_set:
            yield Problem(
                "EXP302",
                (*path, "region"),
                "region and baseUrl are given at once",
                "each says where the API is",
                "delete one of the two",
            )
    if not str(environment.projectId).strip():
        yield Problem("EXP106", (*path, "projectId"), "the project id is empty", "", "see Amplitude's project settings")
    yield from _alias_problems((*path, "deployments"), environment)


def _alias_problems(path: tuple[str, ...], environment: Environment) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for alias, value in environment.deployments.items():
        deployment = str(value)
        if not deployment.strip():
            yield Problem("EXP106", (*path, alias), f"the deployment id of {quote(alias)} is empty")
        elif first.setdefault(deployment, alias) != alias:
            yield Problem(
                "EXP305",
                (*path, alias),
                f"two aliases stand for the deployment {quote(deployment)}",
                f"{quote(first[deployment])} and {quote(alias)}",
                "keep one of them",
            )
    for alias, value in environment.deployments.items():
        if alias in first and str(value) != alias:
            yield Problem(
                "EXP305",
                (*path, alias),
                f"the alias {quote(alias)} is the id of another deployment",
                f"{quote(first[alias])} stands for it",
                "rename the alias",
                at="key",
            )


def _rule_problems(file: WorkspaceFile) -> Iterator[Problem]:
    known = {rule.code: rule for rule in RULES}
    for code in file.rules:
        if code in ADJUSTABLE:
            continue
        path = ("rules", code)
        if code in known or code in CODES:
            detail = known[code].why if code in known else CODES[code]
            message = f"the rule {code} always holds"
            yield Problem("EXP307", path, message, detail, "delete the line", at="key")
        else:
            hint = suggest(code, sorted(ADJUSTABLE), kind="rule")
            yield Problem("EXP307", path, f"there is no rule {quote(code)}", hint=hint, at="key")


def base_url_problem(value: str) -> str:
    """Why a base URL can't be used, or the empty text.

    A key must not travel in the clear, so plain http is for loopback alone; what would come after the path, or
    credentials before the host, can't belong to an API's root.
    """
    if value == SANDBOX:
        return ""
    if not value.isprintable() or re.search(r"\s|\\", value):
        return "it has white space or characters that do not show"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is not an address"
    if parts.scheme not in ("https", "http"):
        return f"{quote(parts.scheme)} is neither https nor http" if parts.scheme else "it is not an address"
    if not host or port == 0:
        return "it has no host" if not host else "the port 0 is none"
    if parts.username is not None or parts.password is not None:
        return "it holds credentials; the key comes from an environment variable"
    if "?" in value or "#" in value:
        return "it has a query or a fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return f"plain http would send the key in the clear to {plain(host)}"
    return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
