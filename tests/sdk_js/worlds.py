"""Who is asked for: the examples that are served, groups of users whose split is known, and users who stand out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class World:
    """An example, served for one of its environments; None is its default. `key` is the deployment's."""

    example: str
    environment: str | None
    key: str


@dataclass(frozen=True)
class Group:
    """Users who differ in one id alone, and the share of them that the files give each variant."""

    world: str
    flag: str
    shares: dict[str, float]
    by: str = "user_id"
    user: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fixed:
    """A user whose variants, by flag, don't hang on a split; None is for what a split decides."""

    world: str
    user: dict[str, Any]
    given: dict[str, tuple[str, Any] | None]


WORLDS = {
    "quickstart": World("quickstart", None, "web"),
    "quickstart ios": World("quickstart", None, "ios"),
    "dev": World("many-environments", None, "web"),
    "staging web": World("many-environments", "staging", "web"),
    "staging ios": World("many-environments", "staging", "ios"),
    "prod web": World("many-environments", "prod", "web"),
    "prod ios": World("many-environments", "prod", "ios"),
}
US_ON_IOS = {"country": "United States", "platform": "iOS"}
SUGGESTIONS = "search-suggestions"
GROUPS = [
    Group("quickstart", "checkout-button", {"off": 0.5, "control": 0.25, "treatment": 0.25}),
    Group("quickstart", "checkout-button", {"control": 0.5, "treatment": 0.5}, by="device_id", user=US_ON_IOS),
    Group(
        "quickstart",
        "search-ranking",
        {"off": 0.8, "control": 0.1, "by-freshness": 0.05, "by-popularity": 0.05},
    ),
    Group("dev", SUGGESTIONS, {"control": 0.5, "instant": 0.5}),
    Group("dev", "guest-checkout", {"control": 1 / 3, "guest": 2 / 3}),
    Group("staging web", SUGGESTIONS, {"off": 0.9, "control": 0.05, "instant": 0.05}),
    Group("staging ios", "one-page-checkout", {"off": 0.5, "control": 0.25, "one-page": 0.25}),
    Group("prod ios", "one-page-checkout", {"off": 0.95, "control": 0.025, "one-page": 0.025}),
    Group("prod web", SUGGESTIONS, {"off": 1.0}),
]
GREEN = ("treatment", {"color": "#0a0", "label": "Buy now"})
POPULAR = ("by-popularity", {"order": ["popularity", "relevance"], "boost": 2})
ONE_PAGE = ("one-page", {"pages": 1})
FIXED = [
    Fixed("quickstart", {"user_id": "qa@example.com"}, {"checkout-button": GREEN, "search-ranking": None}),
    Fixed("quickstart", {"device_id": "device-7"}, {"checkout-button": GREEN, "search-ranking": None}),
    Fixed("quickstart", {"user_id": "grace@example.com"}, {"checkout-button": None, "search-ranking": POPULAR}),
    # Included before any segment is looked at.
    Fixed("quickstart", {"user_id": "qa@example.com", **US_ON_IOS}, {"checkout-button": GREEN, "search-ranking": None}),
    # Served to web alone.
    Fixed("quickstart ios", {"user_id": "qa@example.com"}, {"checkout-button": GREEN}),
    Fixed(
        "dev",
        {"user_id": "qa-1@example.com", "user_properties": {"employee": True}},
        {"guest-checkout": None, "one-page-checkout": ONE_PAGE, SUGGESTIONS: ("instant", None)},
    ),
    # Not included in prod, where the percentage is small; and the one experiment is skipped there, the other disabled.
    Fixed(
        "prod web", {"user_id": "qa-1@example.com"}, {"one-page-checkout": ("off", None), SUGGESTIONS: ("off", None)}
    ),
]
