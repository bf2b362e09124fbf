"""Whether a call would write over what somebody has edited by hand since the plan was checked.

Before the first write to an experiment that is asked of its fingerprint. Afterwards the fingerprint is another one, by
our own doing; so what is asked then is: does each place that this call writes over still hold what was seen in it when
the plan was checked, or what this run has written there itself? What is not known counts as untouched, and so does what
no call can write over: users, cohorts and deployments come and go one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from expsync.apply.postconditions import body_of, field_holds, parts_of
from expsync.core.normalize import leaf_of, same
from expsync.model.plan import Operation
from expsync.model.state import Fields, State, VariantState


def is_untouched(operation: Operation, *, seen: State, done: Sequence[Operation], live: State) -> bool:
    """Whether what the call writes over is as it was seen, or as the calls that are `done` have made it."""
    match operation.op:
        case "editExperiment":
            ours = [operation, *(one for one in done if one.op == "editExperiment")]
            return all(_field_untouched(name, seen, [*done, operation], ours, live) for name in body_of(operation))
        case "editVariant" | "removeVariant":
            return _variant_untouched(operation, seen, done, live)
        case "removeAllUsers":
            key = parts_of(operation)["variant"]
            held, there = _seen_variant(key, seen, done), (live.variants or {}).get(key)
            if held is None or held.inclusions is None or there is None or there.inclusions is None:
                return True
            return there.inclusions <= held.inclusions
    return True


def _field_untouched(
    name: str, seen: State, calls: Sequence[Operation], edits: Sequence[Operation], live: State
) -> bool:
    written = [body[name] for body in map(body_of, edits) if name in body]
    if any(field_holds(name, value, live) for value in written):
        return True
    if name == "tags":
        return seen.tags is None or live.tags is None or live.tags == seen.tags
    if name == "targetSegments":
        return _segments_untouched(seen, live, calls)
    name = "archived" if name == "archive" else name
    return name not in seen.fields or name not in live.fields or same(name, seen.fields[name], live.fields[name])


def _segments_untouched(seen: State, live: State, calls: Sequence[Operation]) -> bool:
    if seen.targetSegments is None or live.targetSegments is None:
        return True
    before, now = seen.targetSegments, live.targetSegments
    if any(call.op == "removeVariant" or "key" in body_of(call) for call in calls):
        # What the server makes of weights when variants come, go or change their key is its own affair.
        before, now = (
            {name: replace(segment, rolloutWeights=None) for name, segment in segments.items()}
            for segments in (before, now)
        )
    return list(before.items()) == list(now.items())


def _variant_untouched(operation: Operation, seen: State, done: Sequence[Operation], live: State) -> bool:
    key = parts_of(operation)["variant"]
    held, there = _seen_variant(key, seen, done), (live.variants or {}).get(key)
    if there is None:
        # It is gone, or has its new key already: nothing can be written over.
        return True
    written = [body_of(operation), *_bodies_for(key, done)]
    names = [name for name in body_of(operation) if name != "key"] or list(there.fields)
    return all(_variant_field_untouched(name, held, there.fields, written) for name in names)


def _variant_field_untouched(
    name: str, held: VariantState | None, there: Fields, written: Sequence[Mapping[str, JsonValue]]
) -> bool:
    if name not in there:
        return True
    known = [leaf_of(name, body[name]) for body in written if name in body]
    if held is not None and name in held.fields:
        known.append(held.fields[name])
    return not known or any(same(name, leaf, there[name]) for leaf in known)


def _seen_variant(key: str, seen: State, done: Sequence[Operation]) -> VariantState | None:
    """The variant as it was seen, under the key that it had before this run's renames."""
    return (seen.variants or {}).get(_names_of(key, done)[-1])


def _bodies_for(key: str, done: Sequence[Operation]) -> list[Mapping[str, JsonValue]]:
    """What this run has written to the variant, under any of its keys."""
    names = _names_of(key, done)
    return [
        body_of(call)
        for call in done
        if (call.op == "createVariant" and body_of(call)["key"] in names)
        or (call.op == "editVariant" and parts_of(call)["variant"] in names)
    ]


def _names_of(key: str, done: Sequence[Operation]) -> list[str]:
    """The variant's key, and those that it had before, the oldest last."""
    names = [key]
    for call in reversed(done):
        if call.op == "editVariant" and body_of(call).get("key") == names[-1]:
            names.append(parts_of(call)["variant"])
    return names
