"""Files for experiments that are live and that no file declares yet: their names, their texts, and what has none.

state ──declare──▶ document ──sound──▶ what the loader takes ──emit──▶ text, and files of users
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import JsonValue

from expsync.authoring.aliases import aliases_by_id
from expsync.authoring.declare import declared_experiment, foreign_segments
from expsync.authoring.file_names import Folder, key_problem, schema_line, twins, users_name, yaml_name
from expsync.authoring.sound import LeftOut, Said, UnfitError, sound_part
from expsync.authoring.user_lists import with_users
from expsync.config.check import Checker
from expsync.config.emit import document_text
from expsync.config.inclusions import MAX_BYTES
from expsync.config.wording import plain, quote
from expsync.config.workspace import Workspace
from expsync.model.state import State

MOST_INLINE = 20
"""Users of a variant that are listed in its own file; more of them get a file of their own."""
_CUT = 200
"""Characters of a reason in a comment."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where files go, for which environment they are written, and how much they say."""

    workspace: Workspace
    environment: str
    folder: Folder
    all_fields: bool = False
    today: date | None = None


@dataclass(frozen=True, slots=True)
class FreshFile:
    """The files of one experiment, by their names in the folder: users' lists first, which the last one names."""

    key: str
    texts: Mapping[str, str]
    left_out: tuple[LeftOut, ...]

    @property
    def name(self) -> str:
        """The name of the file that declares it."""
        return list(self.texts)[-1]


@dataclass(frozen=True, slots=True)
class Refused:
    """An experiment for which no file can be written, and why, in one line."""

    key: str
    reason: str


@dataclass(slots=True)
class Imported:
    """What became of each experiment."""

    files: list[FreshFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def refusals(keys: Collection[str], wanted: Wanted, taken: Collection[str]) -> list[Refused]:
    """The keys for which no file can be made, whatever the experiment is; `taken` are the names in the folder."""
    others = twins(keys)
    there = {name.lower(): name for name in taken}
    found: list[Refused] = []
    for key in sorted(keys):
        reason = _obstacle(key, wanted, others.get(key), there)
        if reason:
            found.append(Refused(key, reason))
    return found


def files_for(states: Mapping[str, State], wanted: Wanted) -> Imported:
    """A file for each state, in the order of their keys, of which none is among the `refusals`."""
    imported = Imported()
    # Of every environment: an overlay must not be wrong where nobody looks today.
    checker = Checker(wanted.workspace, None, wanted.today)
    for key, state in sorted(states.items()):
        try:
            imported.files.append(_file(key, state, wanted, checker))
        except UnfitError as error:
            imported.refused.append(Refused(key, str(error)))
    return imported


def _obstacle(key: str, wanted: Wanted, other: str | None, there: Mapping[str, str]) -> str:
    problem = key_problem(key)
    if problem:
        return f"the key can't be a file's name: {problem}"
    if other is not None:
        return f"the key and {quote(other)} differ only in case, and would be one file's name on many systems"
    name = yaml_name(key, wanted.folder, wanted.workspace.file.experiments)
    if name is None:
        return f"no glob of the workspace matches {quote(wanted.folder.name(f'{key}.yaml'))}: no command would see it"
    if name.lower() in there:
        return f"{plain(wanted.folder.name(there[name.lower()]))} is there already, and declares another or none"
    return ""


def _file(key: str, state: State, wanted: Wanted, checker: Checker) -> FreshFile:
    file = wanted.workspace.file
    name = yaml_name(key, wanted.folder, file.experiments)
    assert name is not None, key
    if state.key != key:
        raise UnfitError(f"the server calls it {quote(state.key)} where it is asked for it alone")
    aliases = aliases_by_id(file.environments[wanted.environment])
    document = declared_experiment(state, aliases=aliases, ownership=file.ownership, all_fields=wanted.all_fields)
    left_out = tuple(_foreign(state))
    sound = sound_part(_placed(document, wanted), wanted.folder.name(name), checker)
    left_out += sound.left_out
    document, lists = _with_user_files(key, sound.document, wanted)
    head = schema_line(wanted.workspace.root, wanted.folder) + "".join(_comment(left_out))
    return FreshFile(key, {**lists, name: head + document_text(document)}, left_out)


def _foreign(state: State) -> Iterator[LeftOut]:
    for name, types in foreign_segments(state).items():
        kinds = ", ".join(plain(kind) for kind in types) or "another"
        yield LeftOut(
            "targetSegments",
            f"{quote(name)} has a condition of type {kinds}, which the API shows and does not take back",
        )


def _comment(left_out: Sequence[LeftOut]) -> Iterator[str]:
    if left_out:
        yield "# Left out, and so left alone:\n"
    for one in left_out:
        yield f"# - {plain(one.path, _CUT)}: {plain(one.reason, _CUT)}\n"


def _placed(document: Said, wanted: Wanted) -> Said:
    """The document with its deployments in the environment's overlay, where other environments don't know them all."""
    deployments = document.get("deployments")
    environments = wanted.workspace.file.environments
    if not isinstance(deployments, list) or not deployments or len(environments) == 1:
        return document
    if all(str(one) in environment.deployments for one in deployments for environment in environments.values()):
        return document
    rest = {name: value for name, value in document.items() if name != "deployments"}
    return {**rest, "environments": {wanted.environment: {"deployments": deployments}}}


def _with_user_files(key: str, document: Said, wanted: Wanted) -> tuple[Said, dict[str, str]]:
    """The document with long lists of users as the names of files, and the texts of these."""
    variants = document.get("variants")
    texts: dict[str, str] = {}
    placed: list[JsonValue] = []
    for variant in variants if isinstance(variants, list) else ():
        users = variant.get("inclusions") if isinstance(variant, dict) else None
        if isinstance(variant, dict) and isinstance(users, list) and len(users) > MOST_INLINE:
            found = _user_file(key, str(variant["key"]), frozenset(map(str, users)), wanted)
            if found is not None:
                texts[found[0]] = found[1]
                variant = {**variant, "inclusions": {"file": found[0]}}
        placed.append(variant)
    return ({**document, "variants": placed} if texts else document), texts


def _user_file(key: str, variant: str, users: frozenset[str], wanted: Wanted) -> tuple[str, str] | None:
    """The name and the text of a file for these users; None where one of them, or the name, can't be in a file."""
    name = users_name(key, variant, wanted.folder, wanted.workspace.file.experiments)
    if name is None or any(plain(user, len(user)) != user for user in users):
        return None
    text = with_users(f"# Users who always get {variant} of {key}, one id a line.\n", users)
    return None if text is None or len(text.encode()) > MAX_BYTES else (name, text)
