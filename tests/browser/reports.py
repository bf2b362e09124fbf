"""The reports that are opened in a browser, from empty to a thousand experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from expsync.model.plan import Base, Change, Finding, Flow, Impact, Note, Operation, Plan, SplitChange, Unmanaged
from expsync.model.words import RiskName
from expsync.render import html
from scripts.readme_help import printed
from tests.render.large import RISKS, many
from tests.render.plans import experiment, plan, summary
from tests.render.ten import NAMES

WORST = ("html", "markup", "spaces alone", "right to left", "bidi override", "combining flood", "longest")
"""Names that a page might stumble over; all the others stand in its lists."""


def hostile_plan() -> Plan:
    """The worst names wherever a name may stand."""
    experiments = []
    for name in (NAMES[worst] for worst in WORST):
        impact = Impact(segment=name, switch=0.25, enter=0, leave=0.1, stay=0.65, transientSwitch=0.5, exact=True)
        moves = [Flow(before=name, after=name, share=0.25), Flow(before="b", after="b", share=0.5)]
        experiments.append(
            experiment(
                name,
                "update",
                id=name,
                file=f"experiments/{name}.yaml",
                changes=[Change(path=f"variants.{name}", kind="replace", before={name: name}, after=[name])],
                operations=[Operation(op="editVariant", method="PATCH", path=f"/{name}", body={name: 1}, reason=name)],
                findings=[Finding(risk="segments", severity="high", acknowledged=False, message=name, impact=[impact])],
                splits=[
                    SplitChange(
                        segment=name,
                        before={name: 0.5, "b": 0.5},
                        after={name: 0.25, "b": 0.75},
                        flows=[*moves, Flow(before=name, after="b", share=0.25)],
                    )
                ],
            )
        )
    return plan(
        *experiments,
        environment=NAMES["html"],
        unmanaged=[Unmanaged(key=name, id=str(at), owned=None) for at, name in enumerate(NAMES.values())],
        notes=[Note(key=NAMES["html"], path=NAMES["markup"], message=NAMES["quotes and slashes"])],
        summary=summary(update=len(experiments), operations=8, requests=20),
    )


def _found(*risks: RiskName, severity: Any, acknowledged: bool = False) -> list[Finding]:
    impact = Impact(segment=None, switch=0.1667, enter=0, leave=0, stay=0.8333, transientSwitch=0.48, exact=False)
    return [
        Finding(
            risk=risk,
            severity=severity,
            acknowledged=acknowledged,
            message=f"what {risk} does to those who are measured; to settle it: what one does about {risk}",
            impact=[impact] if at == 0 else [],
        )
        for at, risk in enumerate(risks)
    ]


def risky_plan() -> Plan:
    """Every risk once, in experiments of every action; refused, accepted, blocked, and in conflict."""
    changes = [
        Change(path="rolloutPercentage", kind="replace", before=10, after=20, origin="both"),
        Change(path="variants.old", kind="remove", before={"key": "old"}, after=None, origin="file"),
    ]
    moved = SplitChange(
        segment=None,
        before={"control": 0.25, "treatment": 0.25},
        after={"control": 0.5, "treatment": 0.5},
        flows=[
            Flow(before="control", after="control", share=0.25),
            Flow(before="treatment", after="treatment", share=0.25),
            Flow(before=None, after="control", share=0.25),
            Flow(before=None, after="treatment", share=0.25),
        ],
    )
    unknown = SplitChange(segment="US", before={"control": 1.0}, after={"control": 0.5, "treatment": 0.5})
    critical, high, medium, low = RISKS[:8], RISKS[8:14], RISKS[14:19], tuple(r for r in RISKS[19:] if r != BLOCKS)
    return plan(
        experiment("checkout-button", "update", findings=_found(*critical, severity="critical"), splits=[moved]),
        experiment("search-ranking", "update", changes=changes, findings=_found(*high, severity="high")),
        experiment("guest-checkout", "create", id=None, findings=_found(*low, severity="low"), splits=[unknown]),
        experiment("old-banner", "archive", file=None, line=None, findings=_found(*medium, severity="medium")),
        experiment("spring-sale", "unarchive", findings=_found("payload", severity="critical", acknowledged=True)),
        experiment("cohort-test", "blocked", findings=_found(BLOCKS, severity="blocked")),
        base=Base(ref="origin/main", commit="3c556ce0a1b2c3d4e5f60718293a4b5c6d7e8f90"),
        summary=summary(create=1, update=2, archive=1, unarchive=1, unchanged=41, blocked=1, operations=9, requests=24),
    )


BLOCKS: RiskName = "cohort-lost"

REPORTS: Mapping[str, Callable[[], str]] = {
    "empty": lambda: html.render(plan(summary=summary(unchanged=3, requests=1))),
    # Of the plan that README.md shows, made by the program itself.
    "real": lambda: printed(["plan", "--format", "html"], edited=True),
    "hostile": lambda: html.render(hostile_plan()),
    "risky": lambda: html.render(risky_plan()),
    "thousand": lambda: html.render(many(1_000, hostile=True)),
}
SMALL = tuple(name for name in REPORTS if name != "thousand")
