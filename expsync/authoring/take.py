"""Another state taken into the files that declare an experiment: each value back to where it came from.

state ──revise──▶ merged form ──unmerge──▶ base and overlay ──rewrite──▶ text, and the files of users
"""

# ruff: noqa: PTH118, PTH120 - names are joined and resolved as text, as where they are read
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue

from expsync.authoring.drafts import Drafts
from expsync.authoring.renaming import Renaming, with_renaming
from expsync.authoring.revise import revised
from expsync.authoring.terms import Revision, Terms
from expsync.authoring.user_lists import with_users
from expsync.config.documents import RawDocument
from expsync.config.overlay import Raw, merge
from expsync.config.rewrite import rewrite
from expsync.config.same import same
from expsync.config.unmerge import unmerge
from expsync.config.yaml import YamlError, parse
from expsync.core.normalize import Desired
from expsync.core.paths import Path as StatePath
from expsync.errors import ExpsyncError
from expsync.model.experiment import Declared
from expsync.model.state import State, sorted_list
from expsync.model.workspace import Environment, Ownership

_NOT_FIELDS = ("key", "environments", "skip")


@dataclass(frozen=True, slots=True)
class Place:
    """For which of the environments the files are changed, by which tags, and how often each file of users is named."""

    name: str
    environments: Mapping[str, Environment]
    ownership: Ownership
    named: Mapping[str, int]

    @property
    def environment(self) -> Environment:
        """The environment itself."""
        return self.environments[self.name]

    @property
    def others(self) -> list[str]:
        """The names of all other environments."""
        return [name for name in self.environments if name != self.name]


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment with its document in the files, and what that means in the place's environment."""

    document: RawDocument
    declared: Declared
    desired: Desired


@dataclass(frozen=True, slots=True)
class Wish:
    """What a declaration is to mean.

    Paths in `held` stay as the file has them. With `since`, the state to be left behind (under the wanted keys of
    variants), fields that are left out are declared where `state` says otherwise. `renamings` are done first.
    """

    state: State
    since: State | None = None
    held: frozenset[StatePath] = frozenset()
    renamings: Sequence[Renaming] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Keys of wanted variants to those that they are to be renamed from, should they be declared anew."""


def users_files(documents: Iterable[RawDocument], root: Path) -> Counter[str]:
    """How often each inclusions file is named by any document, in any form."""
    return Counter(path for document in documents for path in users_paths(document, root))


def users_paths(document: RawDocument, root: Path) -> Iterator[str]:
    """The inclusions files that a document names, each time that it does, by their real paths within the workspace."""
    return (_users_path(document.file, name, root) for name in document.inclusion_files())


def read_files(entries: Iterable[Entry], drafts: Drafts) -> None:
    """Nothing; from here on a change of these files by others is noticed.

    ExpsyncError where a YAML file is not any more what was loaded.
    """
    found: dict[str, list[JsonValue]] = {}
    for entry in entries:
        document = entry.document
        if document.file not in found:
            found[document.file] = _values(drafts.text(document.file))
        values = found[document.file]
        if len(values) <= document.index or not same(values[document.index], document.raw):
            raise ExpsyncError(f"{document.file}: changed while it was read", hint="run the command again")
        for path in users_paths(document, drafts.root):
            drafts.text(path)


def take_state(entry: Entry, wish: Wish, place: Place, drafts: Drafts) -> tuple[str, ...]:
    """What is to be told, once the drafts are changed so that the document means the wanted state in the environment.

    Raises RewriteError where no YAML text can hold a value.
    """
    document = entry.document
    raw = document.raw
    for renaming in wish.renamings:
        raw = with_renaming(raw, place.name, renaming)
    renamed = replace(document, raw=raw)
    base, fields = renamed.base, renamed.overlay(place.name)
    merged = merge(base, fields)
    files = _files_of(merged, document.file, drafts.root)
    revision = revised(merged, wish.state, _terms(entry, wish, place, files))
    new_base, new_fields = unmerge(base, fields, _with_user_lists(revision, files, place, drafts))
    others = [place.environments[name] for name in place.others if not document.is_skipped(name)]
    if others and wish.since is not None:
        # What was left out of the file was left out for the others too, and what came of it here is not theirs.
        fresh = [name for name in new_base if name not in merged]
        new_fields |= {name: new_base.pop(name) for name in fresh}
    if _has_strangers(base.get("deployments"), new_base.get("deployments"), others):
        new_fields["deployments"] = new_base["deployments"]
        new_base["deployments"] = base["deployments"]
    value = _document(raw, place.name, new_base, new_fields)

    def continues(path: tuple[str | int, ...], item: Mapping[str, JsonValue]) -> str | None:
        found = (renaming.continues(path, item) for renaming in wish.renamings)
        return next((old for old in found if old is not None), None)

    drafts.put(document.file, rewrite(drafts.text(document.file), document.index, value, continues=continues))
    return revision.notes


def elsewhere(entry: Entry, place: Place, drafts: Drafts) -> dict[str, tuple[str, ...]]:
    """The fields that the drafts change in other environments too, by environment."""
    document = entry.document
    value = parse(drafts.text(document.file))[document.index].value
    assert isinstance(value, dict)
    after = replace(document, raw=value)
    changed_lists = {draft.file for draft in drafts.changed()}
    found: dict[str, tuple[str, ...]] = {}
    for name in place.others:
        if document.is_skipped(name):
            continue
        old, new = (merge(one.base, one.overlay(name)) for one in (document, after))
        fields = [field for field in dict.fromkeys((*old, *new)) if not _alike(old, new, field)]
        lists = _files_of(new, document.file, drafts.root).values()
        if "variants" not in fields and changed_lists & set(lists):
            fields.append("variants")
        if fields:
            found[name] = tuple(fields)
    return found


def _values(text: str) -> list[JsonValue]:
    """The documents of a text; none where it is no YAML."""
    try:
        return [document.value for document in parse(text)]
    except YamlError:
        return []


def _has_strangers(old: JsonValue, new: JsonValue, others: Iterable[Environment]) -> bool:
    """Whether a list of deployments got one that another environment has no name for."""
    if not isinstance(old, list) or not isinstance(new, list):
        return False
    added = [str(one) for one in new if one not in old]
    return any(one not in environment.deployments for environment in others for one in added)


def _alike(old: Raw, new: Raw, field: str) -> bool:
    return field in old and field in new and same(old[field], new[field])


def _terms(entry: Entry, wish: Wish, place: Place, files: Mapping[str, str]) -> Terms:
    keys = {renaming.old: renaming.new for renaming in wish.renamings}
    ignore = entry.desired.ignore
    for renaming in wish.renamings:
        ignore = tuple(renaming.pattern(pattern) for pattern in ignore)
    lists = {keys.get(v.key, v.key): v.inclusions for v in entry.declared.experiment.variants}
    return Terms(
        place.environment,
        place.ownership,
        ignore,
        wish.held,
        # The loader has put the users in the place of the files' names.
        {key: frozenset(users) for key, users in lists.items() if key in files and isinstance(users, list)},
        wish.since,
        wish.renamed,
    )


def _users_path(file: str, name: str, root: Path) -> str:
    path = os.path.realpath(os.path.join(root, os.path.dirname(file), name))
    return os.path.relpath(path, os.path.realpath(root)).replace(os.sep, "/")


def _files_of(merged: Raw, file: str, root: Path) -> dict[str, str]:
    """The inclusions file of each variant that has one, by the variant's key."""
    found: dict[str, str] = {}
    variants = merged.get("variants")
    for variant in variants if isinstance(variants, list) else ():
        if not isinstance(variant, dict):
            continue
        inclusions = variant.get("inclusions")
        name = inclusions.get("file") if isinstance(inclusions, dict) else None
        if isinstance(name, str):
            found[str(variant["key"])] = _users_path(file, name, root)
    return found


def _with_user_lists(revision: Revision, files: Mapping[str, str], place: Place, drafts: Drafts) -> Raw:
    """The new form, once the users' own files were changed; a file that is named more than once stays as it is.

    There the users go into the form itself, since the others who name the file did not change.
    """
    raw = dict(revision.raw)
    inline: dict[str, frozenset[str]] = {}
    for key, users in revision.users.items():
        path = files[key]
        changed = with_users(drafts.text(path), users) if place.named.get(path, 0) <= 1 else None
        if changed is None:
            inline[key] = users
        else:
            drafts.put(path, changed)
    variants = raw.get("variants")
    if inline and isinstance(variants, list):
        raw["variants"] = [
            {**variant, "inclusions": sorted_list(inline[str(variant["key"])])}
            if isinstance(variant, dict) and variant.get("key") in inline
            else variant
            for variant in variants
        ]
    return raw


def _document(raw: Raw, environment: str, base: Raw, fields: Raw) -> Raw:
    """The whole document again: the base, and the overlay with what it says beside fields."""
    value: Raw = dict(base)
    overlays = raw.get("environments", {})
    if not isinstance(overlays, dict):
        return value
    changed = dict(overlays)
    overlay = overlays.get(environment)
    if isinstance(overlay, dict):
        kept = {name: member for name, member in overlay.items() if name in _NOT_FIELDS}
        if kept or fields or not overlay:
            changed[environment] = {**kept, **fields}
        else:
            del changed[environment]
    elif fields:
        changed[environment] = fields
    if changed or ("environments" in raw and not overlays):
        value["environments"] = changed
    return value
