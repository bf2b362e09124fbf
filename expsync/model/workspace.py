"""The workspace file: which files declare experiments, which environments there are, and the house rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from expsync.model.experiment import Declaration
from expsync.model.words import Text

Region = Literal["us", "eu"]
REGION_URLS: dict[Region, str] = {
    "us": "https://experiment.amplitude.com",
    "eu": "https://experiment.eu.amplitude.com",
}
DEFAULT_KEY_VARIABLE = "EXPSYNC_API_KEY"
RuleLevel = Literal["off", "warning", "error"]
SANDBOX = "sandbox"
"""The `baseUrl` that means the embedded emulator."""


class Environment(Declaration):
    """One project of the API: where it is, and what its deployments are called here."""

    region: Region = "us"
    """Which of the vendor's addresses: `us` or `eu`."""
    baseUrl: Text = ""
    """An address of one's own, or `sandbox` for the embedded emulator; instead of `region`."""
    projectId: Annotated[str | int, Field(union_mode="left_to_right")]
    """The project; quote it, as an id is no number."""
    apiKeyEnv: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = DEFAULT_KEY_VARIABLE
    """The environment variable that holds the management API key."""
    deployments: dict[Text, str | int] = Field(default_factory=dict)
    """Alias to deployment id."""

    @property
    def url(self) -> str:
        """The base URL without a slash at its end, or `sandbox`."""
        return self.baseUrl.rstrip("/") if self.baseUrl else REGION_URLS[self.region]

    @property
    def project(self) -> str:
        """The project's id as text."""
        return str(self.projectId)

    def deployment_id(self, name: str | int) -> str:
        """The deployment's id for an alias; an id stays as it is."""
        return str(self.deployments.get(str(name), name))


class Ownership(Declaration):
    """The tags by which expsync knows what it manages."""

    tag: Text = "managed-by-expsync"
    """Put on what expsync creates or adopts. Only what bears it is ever archived by `--prune`."""
    protectedTag: Text = "protected-by-expsync"
    """Put on where `preventArchive` is declared, so that it holds when the file is gone."""


class Limits(Declaration):
    """How hard the API may be pressed."""

    requestsPerSecond: Annotated[int | float, Field(gt=0, le=100)] = 90
    """The API allows 100 a second for a project."""
    parallelism: Annotated[int, Field(ge=1, le=100)] = 10
    """Experiments that are read or written side by side."""
    timeout: Annotated[int | float, Field(gt=0, le=600)] = 30
    """Seconds, for one request."""


class MassChange(Declaration):
    """The guard against a mistake that archives or disables many experiments at once."""

    percent: Annotated[int | float, Field(ge=0, le=100)] = 30
    """Archiving or disabling more than this share at once needs `--allow-mass-change`."""
    atLeast: Annotated[int, Field(ge=0)] = 10
    """The guard is off until so many experiments are managed here."""


class Policy(Declaration):
    """What stops an apply."""

    refuse: Literal["critical", "high", "medium", "never"] = "critical"
    """Findings of this severity or above stop an apply until somebody accepts them."""
    massChange: MassChange = Field(default_factory=MassChange)
    """The guard against archiving or disabling many at once."""


class WorkspaceFile(Declaration):
    """`expsync.yaml`."""

    version: Literal[1]
    """The version of this format."""
    experiments: list[Text] = Field(default_factory=lambda: ["experiments/**/*.yaml", "experiments/**/*.yml"])
    """Globs, relative to this file."""
    defaultEnvironment: Text = ""
    """The one to use where neither `--env` nor `EXPSYNC_ENV` names one."""
    environments: Annotated[dict[Text, Environment], Field(min_length=1)]
    """The projects, by the names that you give them."""
    ownership: Ownership = Field(default_factory=Ownership)
    """The tags by which expsync knows its own."""
    limits: Limits = Field(default_factory=Limits)
    """How hard the API may be pressed."""
    policy: Policy = Field(default_factory=Policy)
    """What stops an apply."""
    rules: dict[str, RuleLevel] = Field(default_factory=dict)
    """Lint rules by code: `off`, `warning` or `error`."""
