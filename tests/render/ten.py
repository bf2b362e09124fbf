"""Ten plans, from empty to a thousand experiments, that every format is shown with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from expsync.model.plan import Change, Finding, Flow, Impact, Operation, Plan, SplitChange, Unmanaged
from expsync.render import html, markdown, text
from tests.render.large import many
from tests.render.plans import based_plan, experiment, hostile_plan, plan, rich_plan, split_plan, summary
from tests.security.hostile import HOSTILE

NAMES: Mapping[str, str] = {
    **HOSTILE,
    "right to left": "ניסוי-قائمة (1) → 2",
    "marks": "e\u0301a\u0308o\u0302 ที่นี่ हिन्दी",
    "pipes and backticks": "a|b||`c`|``d``|\\|`",
    "table": "| a | b |\n|---|---|\n| c | d |",
    "people and numbers": "@octocat #12 !7 GH-3 org/repo#4 https://evil.example www.evil.example a@b.example :tada:",
    "markup": "</code></summary></details><h1>x</h1>&lt;b&gt;&#60;i&#62;<!--",
    "maths": "$x^2$ $$\\color{red}{y}$$ [^1] - [ ] todo ~~gone~~ __init__ *a*",
    "longest": "k" * 255,
}


def blocked_plan() -> Plan:
    """Nothing else than what would not be written."""
    blocked = Finding(
        risk="cohort-lost",
        severity="blocked",
        acknowledged=False,
        message='the cohort in "VIP" would be lost; to settle it: leave targetSegments out',
    )
    return plan(experiment("a", "blocked", findings=[blocked]), summary=summary(blocked=1))


def fenced_plan() -> Plan:
    """Splits to draw, with backticks, pipes and many arms."""
    many_arms = {f"arm-{at:02}": 1 / 30 for at in range(30)}
    return plan(
        experiment(
            "split",
            "update",
            findings=[
                Finding(
                    risk="segments",
                    severity="high",
                    acknowledged=False,
                    message="other users",
                    impact=[Impact(segment="", switch=0, enter=0, leave=1, stay=0, transientSwitch=0, exact=False)],
                )
            ],
            splits=[
                SplitChange(segment="US `x` ```", before={"a": 0.5, "b|c": 0.5}, after={"a": 0.2, "b|c": 0.8}),
                SplitChange(segment=None, before={}, after={"a": 1.0}),
                SplitChange(segment="", before={"a": 1.0}, after={}),
                SplitChange(
                    segment="all arms",
                    before=many_arms,
                    after={"arm-00": 1.0},
                    flows=[Flow(before=name, after="arm-00", share=1 / 30) for name in many_arms],
                ),
            ],
        ),
        summary=summary(update=1),
    )


def named_plan() -> Plan:
    """A small experiment for each hostile name, which stands wherever a name may."""
    experiments = []
    for number, name in enumerate(NAMES.values()):
        impact = Impact(segment=name, switch=0.25, enter=0, leave=0.1, stay=0.65, transientSwitch=0.5, exact=True)
        finding = Finding(
            risk="variant-weights",
            severity="critical" if number % 2 else "medium",
            acknowledged=number % 3 == 0,
            message=f"users of {name} move; to settle it: ask {name}",
            impact=[impact],
        )
        experiments.append(
            experiment(
                name,
                "update",
                id=str(number),
                file=f"experiments/{name}.yaml",
                changes=[
                    Change(path=f"variants.{name}.rolloutWeight", kind="replace", before=1, after=2),
                    Change(path="name", kind="replace", before=name, after=f"{name}!"),
                    Change(path=f"deployments.{name}", kind="remove", before=name, after=None),
                ],
                operations=[
                    Operation(
                        op="editVariant",
                        method="PATCH",
                        path=f"/api/1/experiments/{number}/variants/{name}",
                        body={"name": name},
                        reason=f"{name} 1 -> 2",
                    )
                ],
                findings=[finding],
                splits=[SplitChange(segment=name, before={name: 0.5, "b": 0.5}, after={name: 0.25, "b": 0.75})],
            )
        )
    return plan(
        *experiments,
        unmanaged=[Unmanaged(key=name, id=str(at), owned=None) for at, name in enumerate(NAMES.values())],
        summary=summary(update=len(experiments), operations=len(experiments), requests=4 * len(experiments)),
    )


TEN: Mapping[str, Callable[[], Plan]] = {
    "empty": lambda: plan(summary=summary(unchanged=3, requests=1)),
    "blocked": blocked_plan,
    "rich": rich_plan,
    "based": based_plan,
    "splits": split_plan,
    "fenced": fenced_plan,
    "hostile": hostile_plan,
    "names": named_plan,
    "many-40": lambda: many(40),
    "many-1000-hostile": lambda: many(1_000, hostile=True),
}
RENDERED: Mapping[str, Callable[[Plan], str]] = {
    "txt": lambda given: text.render(given, colour=False, width=120),
    "md": markdown.render,
    "html": html.render,
}
SUFFIXES = tuple(RENDERED)


@cache
def ten_plan(name: str) -> Plan:
    """The plan of that name."""
    return TEN[name]()


@cache
def shown(name: str, suffix: str) -> str:
    """The plan in one of the three formats."""
    return RENDERED[suffix](ten_plan(name))
