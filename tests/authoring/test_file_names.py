"""Names that are safe on every system, folders that stay where they are, and aliases that collide with nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsync.authoring.aliases import new_aliases
from expsync.authoring.file_names import (
    Folder,
    choose_folder,
    fixed_part,
    key_problem,
    schema_line,
    twins,
    users_name,
    yaml_name,
)
from expsync.errors import ExpsyncError
from expsync.model.workspace import Environment

DEFAULT = ["experiments/**/*.yaml", "experiments/**/*.yml"]


@pytest.mark.parametrize("key", ["a", "A-1_b.c", "a..b", "console", "com", "com10", "x" * 200, "0", "expsync"])
def test_a_plain_key_is_a_name(key: str) -> None:
    assert key_problem(key) == ""


HARMFUL = [
    *("", ".", "..", ".a", "-a", "_a", "a/b", "a\\b", "a:b", "a b", "a\n", "ä", "a\0", "a*", "a.", "a%2e", "~a", "$a"),
    *("con", "CON", "nul.txt", "Com1", "lpt9.a.b", "aux", "prn", "com0", "x" * 201, "ampex_1234567890"),
]


@pytest.mark.parametrize("key", HARMFUL)
def test_a_key_that_could_harm_is_none(key: str) -> None:
    assert key_problem(key) != ""


def test_keys_that_differ_only_in_case_are_twins() -> None:
    assert twins(["a", "B", "b", "c"]) == {"B": "b", "b": "B"}


@pytest.mark.parametrize(
    ("glob", "folder"),
    [
        ("experiments/**/*.yaml", "experiments"),
        ("./a//b/*.yaml", "a/b"),
        ("*.yaml", ""),
        ("a/b.yaml", "a"),
        ("a/[bc]/d/*.yaml", "a"),
        ("**", ""),
    ],
)
def test_the_fixed_part_of_a_glob(glob: str, folder: str) -> None:
    assert fixed_part(glob) == folder


@pytest.mark.parametrize(
    ("globs", "inside", "name"),
    [
        (DEFAULT, "experiments", "k.yaml"),
        (["experiments/*.yml"], "experiments", "k.yml"),
        (["experiments/a*.yaml"], "experiments", None),
        (["**"], "", "k.yaml"),
        (DEFAULT, None, "k.yaml"),
    ],
)
def test_a_file_gets_a_name_that_a_glob_matches(globs: list[str], inside: str | None, name: str | None) -> None:
    assert yaml_name("k", Folder(Path("/w"), inside), globs) == name


def test_a_list_of_users_has_no_name_that_a_glob_matches() -> None:
    folder = Folder(Path("/w/experiments"), "experiments")

    assert users_name("k", "a", folder, DEFAULT) == "k.a.users.txt"
    assert users_name("k", "a", folder, ["experiments/*"]) is None
    assert users_name("k" * 200, "a" * 30, folder, DEFAULT) is None


@pytest.mark.parametrize(
    ("globs", "out", "inside"),
    [
        (DEFAULT, None, "experiments"),
        (DEFAULT, "experiments/a b/c", "experiments/a b/c"),
        (["*.yaml"], None, ""),
        (["**/*.yaml"], "x/y", "x/y"),
        (["teams/*/*.yaml"], "teams/growth", "teams/growth"),
        (DEFAULT, "..", None),
    ],
)
def test_the_folder_for_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, globs: list[str], out: str | None, inside: str | None
) -> None:
    monkeypatch.chdir(tmp_path)

    folder = choose_folder(tmp_path, globs, None if out is None else Path(out))

    assert folder.inside == inside
    assert folder.path == (tmp_path / ("/".join(filter(None, [inside])) if inside is not None else "..")).resolve()


@pytest.mark.parametrize(
    ("globs", "out"),
    [(DEFAULT, "."), (DEFAULT, "other"), (["a/*.yaml"], "a/b")],
)
def test_a_folder_that_no_glob_reaches_is_for_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, globs: list[str], out: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert choose_folder(tmp_path, globs, Path(out)) == Folder((tmp_path / out).resolve(), None)


@pytest.mark.parametrize(("globs", "out"), [(["teams/*/*.yaml"], None), (DEFAULT, "file")])
def test_what_can_be_no_folder_for_files_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, globs: list[str], out: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")

    with pytest.raises(ExpsyncError):
        choose_folder(tmp_path, globs, None if out is None else Path(out))


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("", "# yaml-language-server: $schema=schemas/experiment.schema.json\n"),
        ("a b/ü", "# yaml-language-server: $schema=../../schemas/experiment.schema.json\n"),
        (None, ""),
    ],
)
def test_the_schema_line_leads_from_the_folder(tmp_path: Path, inside: str | None, line: str) -> None:
    assert schema_line(tmp_path, Folder(tmp_path / (inside or ""), inside)) == line


def environment(**deployments: str) -> Environment:
    return Environment(projectId="1", deployments=dict(deployments))


@pytest.mark.parametrize(
    ("ids", "labels", "known", "found"),
    [
        (["1"], {"1": "Web Site"}, {}, {"1": "web-site"}),
        (["1"], {"1": "Web"}, {"site": "1"}, {}),
        (["1"], {}, {}, {}),
        (["1", "2"], {"1": "Web", "2": "web!"}, {}, {"1": "web", "2": "web-2"}),
        (["1"], {"1": "Web"}, {"web": "7"}, {"1": "web-2"}),
        (["1"], {"1": "77"}, {}, {"1": "deployment-77"}),
        (["1"], {"1": "Ünïcode – Ärzte"}, {}, {"1": "unicode-arzte"}),
        (["1"], {"1": "🩺"}, {}, {}),
        (["1"], {"1": "x", "x": "other"}, {}, {"1": "x-2"}),
        (["d_1"], {}, {}, {"d_1": "d-1"}),
        (["🩺"], {}, {}, {"🩺": "deployment"}),
        (["1"], {"1": "a" * 59 + "-bcd"}, {}, {"1": "a" * 59}),
    ],
)
def test_aliases_come_from_labels_and_collide_with_nothing(
    ids: list[str], labels: dict[str, str], known: dict[str, str], found: dict[str, str]
) -> None:
    assert new_aliases(ids, labels, environment(**known)) == found
