"""The calls that take one experiment from its live state to its target, in order.

    stop ─▶ create ─▶ add variants ─▶ rename ─▶ deployments on ─▶ segments and fields ─▶ weights and variants
         ─▶ users out ─▶ users in ─▶ remove variants ─▶ deployments off ─▶ enable ─▶ archive

Why this order: an experiment that is to stop is stopped before anything else moves under its users; a variant is
there before a segment names it, and gone only after none does; users leave before others come, so that the limit of
2,000 holds on the way and nobody is in two variants that stay; nothing is enabled before it is complete. Edits of the
experiment that end up next to each other become one PATCH.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from pydantic import JsonValue

from expsync.core.normalize import DEFAULT_VARIANTS, instant_text
from expsync.core.shield import can_shield, is_shielded, with_shield
from expsync.core.target import Target
from expsync.core.unfinished import CREATE_FIELDS, is_unfinished
from expsync.core.weights import order_weights
from expsync.model.fields import DATE_FIELDS, SCALAR_FIELDS, VARIANT_DETAILS
from expsync.model.plan import Operation
from expsync.model.state import Fields, Leaf, State, VariantState, plain, segment_value, sorted_list
from expsync.model.words import MAX_BULK, UNFINISHED
from expsync.wire.endpoints import BY_NAME

Body = dict[str, JsonValue]

_APART = ("enabled", "archived")
"""Fields whose place in the order is their own."""


def order_operations(target: Target, project_id: str, *, shield: bool = False) -> list[Operation]:
    """The calls, in order; none where live and target are equal.

    With `shield`, weights that users are served by change behind a segment that holds the old split.
    """
    if target.live is None:
        return merge_edits(list(_creation(target.state, project_id, marked=target.marked)))
    return merge_edits(list(_alteration(target, target.live, shield=shield)))


def merge_edits(operations: list[Operation]) -> list[Operation]:
    """The same calls with neighbouring edits of the experiment as one; those that archive or bring back stay alone.

    Whether an archived experiment takes other edits is nowhere said, so they are never in one call.
    """
    merged: list[Operation] = []
    for operation in operations:
        last = merged[-1] if merged else None
        if last is not None and _is_plain_edit(last) and _is_plain_edit(operation):
            assert isinstance(last.body, dict)
            assert isinstance(operation.body, dict)
            merged[-1] = last.model_copy(
                update={"body": last.body | operation.body, "reason": f"{last.reason}; {operation.reason}"}
            )
        else:
            merged.append(operation)
    return merged


def _is_plain_edit(operation: Operation) -> bool:
    return operation.op == "editExperiment" and isinstance(operation.body, dict) and "archive" not in operation.body


def _call(name: str, body: JsonValue, reason: str, *, id: str | None, **values: str) -> Operation:
    endpoint = BY_NAME[name]
    if "{id}" in endpoint.template:
        values["id"] = "{id}" if id is None else id
    path = endpoint.path(**values)
    if id is None:
        # The experiment gets its id when it is created; until then its place is kept.
        path = path.replace("%7Bid%7D", "{id}", 1)
    return Operation(op=name, method=endpoint.method, path=path, body=body, reason=reason)


def _creation(state: State, project_id: str, *, marked: bool) -> Iterator[Operation]:
    body: Body = {"projectId": project_id, "key": state.key}
    body |= _body({name: state.fields[name] for name in CREATE_FIELDS if name in state.fields})
    if marked:
        body["description"] = UNFINISHED
    variants = state.variants
    whole_weights = True
    if variants is not None:
        body["variants"] = [
            {"key": key, **_body({n: v.fields[n] for n in VARIANT_DETAILS if n in v.fields})}
            for key, v in variants.items()
        ]
        weights = {key: plain(v.fields["rolloutWeight"]) for key, v in variants.items() if "rolloutWeight" in v.fields}
        # Create takes whole weights only; others are set one by one before anything is enabled.
        whole_weights = all(isinstance(weight, int) for weight in weights.values())
        if weights and whole_weights:
            body["rolloutWeights"] = dict(weights)
    if state.targetSegments:
        keys = tuple(DEFAULT_VARIANTS if variants is None else variants)
        body["targetSegments"] = [segment_value(name, s, keys) for name, s in state.targetSegments.items()]
    if state.deployments:
        body["deployments"] = sorted_list(state.deployments)
    yield _call("createExperiment", body, "it is not there yet", id=None)
    for key, variant in (variants or {}).items():
        if not whole_weights:
            weight = plain(variant.fields["rolloutWeight"])
            yield _call("editVariant", {"rolloutWeight": weight}, f"weight {_shown(weight)}", id=None, variant=key)
    yield from _members_in(None, {}, variants or {})
    rest = {name: v for name, v in state.fields.items() if name not in CREATE_FIELDS and name not in _APART}
    body = _body(rest)
    if state.tags is not None:
        body["tags"] = sorted_list(state.tags)
    if marked:
        body["description"] = plain(state.fields.get("description", ""))
    if "enabled" in state.fields:
        body["enabled"] = plain(state.fields["enabled"])
    if body:
        yield _call("editExperiment", body, f"set {', '.join(body)}", id=None)
    if state.fields.get("archived"):
        yield _call("editExperiment", {"archive": True}, "archived -> true", id=None)


def _alteration(target: Target, live: State, *, shield: bool) -> Iterator[Operation]:
    if not target.alters:
        return
    state, id = target.state, live.id
    was_enabled, is_enabled = live.flag("enabled", unknown=True), state.flag("enabled", unknown=True)
    was_archived, is_archived = live.flag("archived", unknown=False), state.flag("archived", unknown=False)
    running = was_enabled and is_enabled and not was_archived
    middle = list(_middle(target, live, running=running, shield=shield))

    # One that comes back enabled would serve its old settings until the rest is done.
    paused = was_archived and not is_archived and was_enabled and target.may_pause and bool(middle)
    if was_archived and not is_archived:
        stop: Body = {"enabled": False} if was_enabled and (paused or not is_enabled) else {}
        yield _call("editExperiment", {"archive": False, **stop}, "archived -> false", id=id)
    elif was_enabled and not is_enabled:
        yield _call("editExperiment", {"enabled": False}, "enabled -> false", id=id)
    yield from middle
    if is_enabled and (paused or not was_enabled):
        yield _call("editExperiment", {"enabled": True}, "enabled -> true", id=id)
    if is_unfinished(live):
        # The mark goes last, so that whoever dies before leaves it to the next.
        description = plain(state.fields["description"])
        yield _call("editExperiment", {"description": description}, "the creation is completed", id=id)
    if is_archived and not was_archived:
        yield _call("editExperiment", {"archive": True}, "archived -> true", id=id)


def _middle(target: Target, live: State, *, running: bool, shield: bool) -> Iterator[Operation]:
    """What happens between stop and enable; `running` is true where users may be served all the while."""
    state, id = target.state, live.id
    before, after = live.variants or {}, state.variants or {}
    at_zero = running and _serves(live)
    added = [key for key in after if key not in before]

    for key in added:
        fields = dict(after[key].fields)
        if at_zero:
            fields["rolloutWeight"] = 0
        yield _call("createVariant", {"key": key, **_body(fields)}, f"add variant {key}", id=id)
    for new, old in target.renamed.items():
        yield _rename(new, old, before[new], after[new], id=id, at_zero=at_zero)
    new_deployments = (state.deployments or frozenset()) - (live.deployments or frozenset())
    if new_deployments:
        names = sorted_list(new_deployments)
        reason = f"add deployment {', '.join(map(str, names))}"
        yield _call("addDeployments", {"deployments": names}, reason, id=id)
    weights = [
        call
        for key in _in_order(before, after, served=at_zero)
        for call in _edit_variant(key, _held(key, after[key], target, before, at_zero=at_zero), after[key], id=id)
    ]
    if is_shielded(live) or (shield and at_zero and can_shield(target, live)):
        yield from _behind_shield(target, live, weights)
    else:
        yield from _edit_fields(target, live, segments=segments_are_written(target))
        yield from weights
    yield from _members_out(id, before, after)
    yield from _members_in(id, before, after)
    for key in before:
        if key not in after:
            yield _call("removeVariant", None, f"remove variant {key}", id=id, variant=key)
    for deployment in sorted((live.deployments or frozenset()) - (state.deployments or frozenset())):
        yield _call("removeDeployment", None, f"remove deployment {deployment}", id=id, deployment=deployment)


def _behind_shield(target: Target, live: State, weights: Sequence[Operation]) -> Iterator[Operation]:
    """The changes of weights behind the old split, and then all else in the one edit that takes the shield away."""
    if not is_shielded(live):
        shielded = with_shield(live).targetSegments or {}
        segments: list[JsonValue] = [segment_value(n, s, live.variants or ()) for n, s in shielded.items()]
        yield _call("editExperiment", {"targetSegments": segments}, "hold the old split", id=live.id)
    yield from weights
    for key, variant in (live.variants or {}).items():
        if key not in (target.state.variants or {}) and variant.fields.get("rolloutWeight"):
            yield _call("editVariant", {"rolloutWeight": 0}, f"empty variant {key}", id=live.id, variant=key)
    yield from _edit_fields(target, live, segments=True)


def _serves(live: State) -> bool:
    """Whether users may be getting variants: a deployment, and some percentage above zero. Unknown counts as yes."""
    percentages = [live.fields.get("rolloutPercentage", 100)]
    percentages += [segment.fields.get("percentage", 100) for segment in (live.targetSegments or {}).values()]
    return live.deployments != frozenset() and any(percentages)


def _rename(
    new: str, old: str, before: VariantState, after: VariantState, *, id: str | None, at_zero: bool
) -> Operation:
    fields = _different(before.fields, after.fields)
    # What becomes of a weight when the key changes is nowhere said, so it is sent along.
    weight = before if at_zero else after
    if "rolloutWeight" in weight.fields:
        fields["rolloutWeight"] = weight.fields["rolloutWeight"]
    return _call("editVariant", {"key": new, **_body(fields)}, f"rename variant {old} to {new}", id=id, variant=old)


def _in_order(before: Mapping[str, VariantState], after: Mapping[str, VariantState], *, served: bool) -> Sequence[str]:
    """The variants in the order in which to edit them: each change of a weight is a split that users are served by."""
    if not served:
        return list(after)
    old, new = ({key: _weight(variant) for key, variant in variants.items()} for variants in (before, after))
    changing = order_weights(old, new, list(dict.fromkeys((*before, *after))))
    return [*(key for key in after if key not in changing), *changing]


def _weight(variant: VariantState) -> int | float:
    weight = variant.fields.get("rolloutWeight", 0)
    assert isinstance(weight, int | float)
    return weight


def _held(
    key: str, variant: VariantState, target: Target, before: Mapping[str, VariantState], *, at_zero: bool
) -> Fields:
    """What a variant holds once those that are added are there and those that are renamed have their new key."""
    if key in before and key not in target.renamed:
        return before[key].fields
    weight = variant.fields.get("rolloutWeight")
    if at_zero:
        weight = before[key].fields.get("rolloutWeight") if key in before else 0
    return {**variant.fields, "rolloutWeight": weight}


def _edit_variant(key: str, held: Fields, variant: VariantState, *, id: str | None) -> Iterator[Operation]:
    fields = _different(held, variant.fields)
    if fields:
        reason = "; ".join(
            f"{name} {_shown(plain(held.get(name)))} -> {_shown(plain(fields[name]))}" for name in fields
        )
        yield _call("editVariant", _body(fields), reason, id=id, variant=key)


def _edit_fields(target: Target, live: State, *, segments: bool) -> Iterator[Operation]:
    state = target.state
    apart = (*_APART, "description") if is_unfinished(live) else _APART
    changed = {n: v for n, v in _different(live.fields, state.fields).items() if n not in apart}
    body = _body(changed)
    reasons = [f"{name} {_shown(plain(live.fields.get(name)))} -> {_shown(plain(changed[name]))}" for name in changed]
    if state.tags is not None and state.tags != live.tags:
        body["tags"] = sorted_list(state.tags)
        reasons.append("tags")
    if segments:
        body["targetSegments"] = [
            segment_value(name, s, state.variants or s.rolloutWeights or ())
            for name, s in (state.targetSegments or {}).items()
        ]
        reasons.append("targetSegments")
    for name, leaf in target.unread.items():
        # The API doesn't give it back, so nobody can say whether it differs: it goes along with any other edit.
        body |= _body({name: leaf})
        reasons.append(f"{name} (can't be compared)")
    if body:
        yield _call("editExperiment", body, "; ".join(reasons), id=live.id)


def segments_are_written(target: Target) -> bool:
    """Whether the list of segments is replaced on the way to the target."""
    live = target.live
    if live is None or target.state.targetSegments is None:
        return False
    before, after = live.targetSegments or {}, target.state.targetSegments
    if list(before.items()) != list(after.items()):
        # On the older server the edit takes no segments; where only a variant goes, the server sees to it itself.
        return not (live.older and before.keys() == after.keys() and _only_weights_go(target))
    # Whether the server carries a segment's weights over to a renamed variant is nowhere said.
    return not live.older and any(
        new in (segment.rolloutWeights or {}) for segment in after.values() for new in target.renamed
    )


def _only_weights_go(target: Target) -> bool:
    assert target.live is not None
    keys = target.state.variants or {}
    for name, segment in (target.live.targetSegments or {}).items():
        left = (target.state.targetSegments or {})[name]
        kept = {key: weight for key, weight in (segment.rolloutWeights or {}).items() if key in keys}
        if left.fields != segment.fields or (left.rolloutWeights or {}) != kept:
            return False
    return True


def _members_out(
    id: str | None, before: Mapping[str, VariantState], after: Mapping[str, VariantState]
) -> Iterator[Operation]:
    for key, variant in after.items():
        old = before.get(key)
        if old is None:
            continue
        yield from _out(id, key, old.inclusions, variant.inclusions, "bulkRemoveUsers", "users", clear="removeAllUsers")
        yield from _out(
            id,
            key,
            old.cohortInclusions,
            variant.cohortInclusions,
            "bulkRemoveCohorts",
            "cohorts",
            clear=None,
        )


def _out(
    id: str | None,
    key: str,
    before: frozenset[str] | None,
    after: frozenset[str] | None,
    name: str,
    what: str,
    *,
    clear: str | None,
) -> Iterator[Operation]:
    if before is None or after is None:
        return
    gone = before - after
    if gone and gone == before and clear is not None:
        yield _call(clear, None, f"remove all {len(gone)} {what}", id=id, variant=key)
        return
    members = iter(sorted(gone))
    while part := list(islice(members, MAX_BULK)):
        yield _call(name, {"users": list(part)}, f"remove {len(part)} {what}", id=id, variant=key)


def _members_in(
    id: str | None, before: Mapping[str, VariantState], after: Mapping[str, VariantState]
) -> Iterator[Operation]:
    adds: tuple[tuple[str, str, Callable[[VariantState], frozenset[str] | None]], ...] = (
        ("addUsers", "users", lambda v: v.inclusions),
        ("addCohorts", "cohorts", lambda v: v.cohortInclusions),
    )
    for key, variant in after.items():
        old = before.get(key)
        for name, what, members_of in adds:
            held = (members_of(old) if old is not None else None) or frozenset()
            new = (members_of(variant) or frozenset()) - held
            if new:
                yield _call(name, {"inclusions": sorted_list(new)}, f"add {len(new)} {what}", id=id, variant=key)


def _different(before: Fields, after: Fields) -> dict[str, Leaf]:
    """The fields of `after` that `before` lacks or has otherwise, in the order of the API's documents."""
    order = (*SCALAR_FIELDS, "payload", "rolloutWeight")
    names = sorted((n for n in after if n not in before or before[n] != after[n]), key=order.index)
    return {name: after[name] for name in names}


def _body(fields: Fields) -> Body:
    body: Body = {}
    for name, leaf in fields.items():
        value = plain(leaf)
        body[name] = instant_text(value) if name in DATE_FIELDS and isinstance(value, str) else value
    return body


def _shown(value: JsonValue) -> str:
    """A value short enough for a sentence."""
    if value is None or isinstance(value, dict | list):
        return "null" if value is None else "…"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
