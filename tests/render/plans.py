"""Plans to render, made by hand."""

from __future__ import annotations

from typing import Any

from expsync.model.plan import (
    FORMAT_VERSION,
    Base,
    Change,
    Finding,
    Flow,
    Impact,
    Note,
    Operation,
    Plan,
    PlannedExperiment,
    Scope,
    SplitChange,
    Summary,
    Unmanaged,
)

COMMIT = "3c556ce0a1b2c3d4e5f60718293a4b5c6d7e8f90"
HOSTILE = "\x1b[31mred\x1b[0m \u202egnp.exe\u2066 a\nb\r::error::x ##[error]y ##vso[task]z \u200b\x00\x85"


def summary(**counts: int) -> Summary:
    names = ("create", "update", "archive", "unarchive", "unchanged", "blocked", "operations", "requests")
    return Summary(**{name: counts.get(name, 0) for name in names})


def experiment(key: str, action: Any, **parts: Any) -> PlannedExperiment:
    given: dict[str, Any] = {
        "id": "183980",
        "file": f"experiments/{key}.yaml",
        "line": 2,
        "changes": [],
        "operations": [],
        "findings": [],
        "observed": [],
        "fingerprint": "sha256:0",
    }
    return PlannedExperiment(key=key, action=action, **{**given, **parts})


def plan(*experiments: PlannedExperiment, **parts: Any) -> Plan:
    given: dict[str, Any] = {
        "environment": "prod",
        "projectId": "2002",
        "baseUrl": "https://experiment.amplitude.com",
        "scope": Scope(targets=[], prune=False),
        "unmanaged": [],
        "notes": [],
        "summary": summary(),
    }
    return Plan(
        formatVersion=FORMAT_VERSION,
        expsyncVersion="0.1.0",
        createdAt="2026-01-02T03:04:05Z",
        experiments=list(experiments),
        digest="",
        **{**given, **parts},
    ).sealed()


def rich_plan() -> Plan:
    """One of everything."""
    return plan(
        experiment(
            "checkout-button",
            "create",
            id=None,
            changes=[
                Change(path="name", kind="add", before=None, after="Checkout button"),
                Change(path="enabled", kind="add", before=None, after=True),
                Change(path="deployments.9301", kind="add", before=None, after="9301"),
                Change(
                    path="variants.treatment",
                    kind="add",
                    before=None,
                    after={
                        "key": "treatment",
                        "rolloutWeight": 1,
                        "payload": {"color": "#0a0"},
                        "inclusions": ["a", "b"],
                    },
                ),
                Change(
                    path="targetSegments.US on iOS",
                    kind="add",
                    before=None,
                    after={
                        "name": "US on iOS",
                        "conditions": [
                            {"prop": "country", "op": "is", "values": ["United States"], "type": "property"},
                            {"prop": "platform", "op": "is", "values": ["iOS"], "type": "property"},
                        ],
                        "percentage": 100,
                        "rolloutWeights": {"control": 1, "treatment": 1},
                    },
                ),
            ],
            operations=[
                Operation(
                    op="createExperiment",
                    method="POST",
                    path="/api/1/experiments",
                    body={"key": "checkout-button"},
                    reason="create checkout-button",
                ),
                Operation(
                    op="editExperiment",
                    method="PATCH",
                    path="/api/1/experiments/{id}",
                    body={"enabled": True},
                    reason="enabled -> true",
                ),
            ],
        ),
        experiment(
            "search-ranking",
            "update",
            changes=[
                Change(path="rolloutPercentage", kind="replace", before=20, after=50),
                Change(path="endDate", kind="replace", before="2026-02-01", after=None),
                Change(path="description", kind="replace", before="a" * 90 + "old end", after="a" * 90 + "new end"),
                Change(path="tags.growth", kind="remove", before="growth", after=None),
                Change(
                    path="variants.treatment.inclusions",
                    kind="replace",
                    before=["zoe"],
                    after=["ann", "bob", "cy", "dan"],
                ),
            ],
            operations=[
                Operation(
                    op="editExperiment",
                    method="PATCH",
                    path="/api/1/experiments/183980",
                    body={"rolloutPercentage": 50},
                    reason="rolloutPercentage 20 -> 50",
                )
            ],
            findings=[
                Finding(
                    risk="variant-weights",
                    severity="critical",
                    acknowledged=False,
                    message="some users move to another variant, and the arms can't be compared any more (SRM): "
                    "all other users; "
                    "to settle it: change the percentage and not the ratio, or start again with a new experiment",
                    impact=[
                        Impact(
                            segment=None,
                            switch=0.1667,
                            enter=0,
                            leave=0,
                            stay=0.8333,
                            transientSwitch=0.48,
                            exact=True,
                        ),
                        Impact(
                            segment="US",
                            switch=0.000001,
                            enter=0.5,
                            leave=0,
                            stay=0.499999,
                            transientSwitch=0,
                            exact=False,
                        ),
                    ],
                ),
                Finding(
                    risk="percentage-up",
                    severity="medium",
                    acknowledged=True,
                    message="30 % more users enter",
                    impact=[
                        Impact(
                            segment=None,
                            switch=0.1667,
                            enter=0,
                            leave=0,
                            stay=0.8333,
                            transientSwitch=0.48,
                            exact=True,
                        )
                    ],
                ),
            ],
        ),
        experiment("old-banner", "archive", file=None, line=None),
        experiment("spring-sale", "unarchive"),
        experiment(
            "cohort-test",
            "blocked",
            findings=[
                Finding(
                    risk="cohort-lost",
                    severity="blocked",
                    acknowledged=False,
                    message="the cohort in VIP would be lost; to settle it: take it out",
                )
            ],
        ),
        scope=Scope(targets=["checkout-*", "search-*"], prune=False),
        unmanaged=[
            Unmanaged(key="old-test", id="1", owned=True),
            Unmanaged(key="made-in-the-ui", id="22", owned=False),
            Unmanaged(key="who-knows", id="333", owned=None),
        ],
        notes=[
            Note(key="search-ranking", path="exposureEvent", message="the API does not give it back; not compared"),
            Note(key="", path="", message="the server is of the older kind"),
        ],
        summary=summary(create=1, update=1, archive=1, unarchive=1, unchanged=41, blocked=1, operations=3, requests=12),
    )


def hostile_plan() -> Plan:
    """A plan in which every text that comes from outside tries to act."""
    value: Any = {HOSTILE: [HOSTILE]}
    return plan(
        experiment(
            HOSTILE,
            "update",
            id=HOSTILE,
            file=HOSTILE,
            changes=[
                Change(path=HOSTILE, kind="add", before=None, after=value),
                Change(path=f"variants.{HOSTILE}", kind="add", before=None, after={**value, "inclusions": [HOSTILE]}),
                Change(path="variants.a.inclusions", kind="replace", before=[HOSTILE], after=[]),
                Change(path="name", kind="replace", before=HOSTILE, after=HOSTILE * 20),
            ],
            operations=[
                Operation(op=HOSTILE, method="PATCH", path=f"/{HOSTILE}", body=value, reason=HOSTILE),
            ],
            findings=[
                Finding(
                    risk="segments",
                    severity="high",
                    acknowledged=False,
                    message=HOSTILE,
                    impact=[Impact(segment=HOSTILE, switch=1, enter=0, leave=0, stay=0, transientSwitch=1, exact=True)],
                )
            ],
        ),
        environment=HOSTILE,
        projectId=HOSTILE,
        baseUrl=HOSTILE,
        scope=Scope(targets=[HOSTILE], prune=True),
        unmanaged=[Unmanaged(key=HOSTILE, id=HOSTILE, owned=True)],
        notes=[Note(key=HOSTILE, path=HOSTILE, message=HOSTILE)],
        summary=summary(update=1, operations=1, requests=2),
    )


def based_plan() -> Plan:
    """Changes of the files, of people, and of both."""
    changes = [
        Change(path="name", kind="replace", before="a", after="b", origin="file"),
        Change(path="description", kind="replace", before="a|b", after="c", origin="live"),
        Change(path="rolloutPercentage", kind="replace", before=10, after=20, origin="both"),
    ]
    return plan(
        experiment("both", "update", changes=changes),
        experiment("file", "update", changes=changes[:1]),
        base=Base(ref="origin/main", commit=COMMIT),
        summary=summary(update=2, operations=2, requests=10_001),
    )


def split_plan() -> Plan:
    """Three pictures: with flows, without, and one whose flows name an arm that no bar has."""
    ramp = SplitChange(
        segment=None,
        before={"control": 0.25, "treatment": 0.25},
        after={"control": 0.5, "treatment": 0.3, "new": 0.2},
        flows=[
            Flow(before="control", after="control", share=0.25),
            Flow(before="treatment", after="control", share=0.125),
            Flow(before="treatment", after="treatment", share=0.125),
            Flow(before=None, after="control", share=0.125),
            Flow(before=None, after="treatment", share=0.175),
            Flow(before=None, after="new", share=0.2),
        ],
    )
    unknown = SplitChange(segment="US", before={}, after={"a": 1.0})
    odd = SplitChange(segment="odd", before={}, after={}, flows=[Flow(before="x", after="x", share=1.0)])
    return plan(experiment("ramp", "update", splits=[ramp, unknown, odd]), summary=summary(update=1))
