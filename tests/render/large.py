"""Plans to render that are too big for a page: many changes, long names, and texts that want to act."""

from __future__ import annotations

from typing import Any, get_args

from expsync.model.plan import Base, Change, Finding, Impact, Note, Operation, Plan, SplitChange, Unmanaged
from expsync.model.words import RiskName
from tests.render.plans import experiment, plan, summary
from tests.security.hostile import HOSTILE

RISKS: tuple[RiskName, ...] = get_args(RiskName)
TEXTS = list(HOSTILE.values())
ACTIONS = ("create", "update", "update", "archive", "unarchive", "update")

_DISTINCT = 1_260
"""A multiple of all that takes turns."""


def many(number: int, *, hostile: bool = False, longest: bool = False, payload: int = 200) -> Plan:
    """A plan of so many experiments of every action and risk; hostile names, or names as long as they may be."""

    def name(kind: str, at: int) -> str:
        found = f"{kind}-{at:05}" + (f"-{TEXTS[at % len(TEXTS)]}" if hostile else "")
        return f"{found}{'x' * (255 - len(found))}" if longest else found

    # Past so many, all but the key repeats: what is rendered is as much, and it is made in a fraction of the time.
    first = [_one(at, name, "p" * payload) for at in range(min(number, _DISTINCT))]
    others = [
        first[at % _DISTINCT].model_copy(update={"key": name("experiment", at)}) for at in range(_DISTINCT, number)
    ]
    made = plan(
        *first,
        unmanaged=[Unmanaged(key=name("unmanaged", at), id=str(at), owned=at % 2 == 0) for at in range(number // 5)],
        notes=[Note(key=name("key", at), path="exposureEvent", message="not compared") for at in range(number // 5)],
        base=Base(ref="main", commit="3c556ce0a1b2c3d4e5f60718293a4b5c6d7e8f90"),
        summary=summary(update=number, operations=2 * number, requests=4 * number),
    )
    return made.model_copy(update={"experiments": [*first, *others]})


def _one(at: int, name: Any, payload: str) -> Any:
    action: Any = ACTIONS[at % len(ACTIONS)]
    key, segment, gone = name("experiment", at), name("segment", at), name("gone", at)
    changes = [
        Change(path="name", kind="replace", before="old", after=name("name", at)),
        Change(path=f"variants.{name('new', at)}", kind="add", before=None, after={"key": key, "payload": payload}),
    ]
    if at % 3 == 0:
        changes.append(Change(path=f"variants.{gone}", kind="remove", before={"key": gone}, after=None, origin="file"))
    if at % 5 == 0:
        changes.append(Change(path=f"deployments.{gone}", kind="remove", before=gone, after=None, origin="both"))
    if at % 7 == 0:
        changes.append(Change(path=f"targetSegments.{gone}", kind="remove", before={"name": gone}, after=None))
    severity: Any = ("critical", "high", "medium", "low")[at % 4]
    impact = Impact(segment=segment, switch=0.25, enter=0.25, leave=0, stay=0.5, transientSwitch=0.5, exact=at % 2 == 0)
    findings = [
        Finding(risk=RISKS[at % 23], severity=severity, acknowledged=at % 6 == 0, message=key, impact=[impact]),
        Finding(risk=RISKS[(at + 5) % 23], severity="medium", acknowledged=False, message=f"{key}; to settle it: wait"),
    ]
    operation = Operation(op="editVariant", method="PATCH", path=f"/{key}", body={"payload": payload}, reason=segment)
    shares = {name("arm", arm): 0.25 for arm in range(2)}
    return experiment(
        key,
        action,
        changes=changes,
        operations=[operation, operation],
        findings=findings if at % 9 else [],
        splits=[SplitChange(segment=segment, before=shares, after={**shares, key: 0.5})],
    )
