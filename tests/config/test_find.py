"""Which files the globs name: depth, dots, links, and what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expsync.config.files import NotAFileError, read_bounded
from expsync.config.find import Found, compile_glob, find_files
from tests.config.world import placed


def find(root: Path, *globs: str) -> Found:
    return find_files(root.resolve(), globs, leave_out="expsync.yaml")


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("experiments/**/*.yaml", ["experiments/a.yaml", "experiments/b/c/a.yaml"],
         ["experiments/a.yml", "a.yaml", "experiments/.a.yaml", "experiments/.git/a.yaml", "xexperiments/a.yaml"]),
        ("./experiments//*.yaml", ["experiments/a.yaml"], ["experiments/b/a.yaml"]),
        ("**/a.yaml", ["a.yaml", "b/a.yaml"], ["ba.yaml"]),
        ("x/**", ["x/a", "x/b/c"], ["x", "y/a"]),
        ("?.yaml", ["a.yaml"], ["ab.yaml", ".yaml", "/.yaml"]),
        ("[ab].yaml", ["a.yaml", "b.yaml"], ["c.yaml"]),
        ("[!a].yaml", ["b.yaml"], ["a.yaml"]),
        ("[a-c]x", ["bx"], ["dx"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("a[b", ["a[b"], ["ab"]),
        (".x/*.yaml", [".x/a.yaml"], ["x/a.yaml"]),
        ("a+(b).yaml", ["a+(b).yaml"], ["aab.yaml"]),
        ("[&&|^].yaml", ["&.yaml", "^.yaml", "|.yaml"], ["a.yaml"]),
    ],
)  # fmt: skip
def test_globs_match_whole_names(glob: str, matching: list[str], other: list[str]) -> None:
    pattern = compile_glob(glob)
    assert [name for name in matching + other if pattern.fullmatch(name)] == matching


def test_files_come_sorted_and_once(tmp_path: Path) -> None:
    fill(tmp_path, "x/b.yaml", "x/a.yaml", "x/y/c.yaml", "expsync.yaml", "x/.hidden/d.yaml", "x/e.txt")
    found = find(tmp_path, "x/**/*.yaml", "x/*.yaml", "*.yaml", "none/*.yaml")
    assert found.files == ["x/a.yaml", "x/b.yaml", "x/y/c.yaml"]
    assert found.unmatched == ["*.yaml", "none/*.yaml"]
    assert found.diagnostics == []
    assert find(tmp_path, "x/**/*.yaml", "x/y/*.yaml").files == found.files


def test_a_glob_without_depth_looks_no_deeper_than_it_says(tmp_path: Path) -> None:
    fill(tmp_path, "x/1/a.yaml", "x/1/2/b.yaml", "y/c.yaml")
    (tmp_path / "x/1/2/3").symlink_to("/")  # would be an error if it were met
    assert find(tmp_path, "x/*/*.yaml", "x/?/[a-z].yaml").files == ["x/1/a.yaml"]
    assert find(tmp_path, "*/c.yaml", "x/1/*.yaml").files == ["x/1/a.yaml", "y/c.yaml"]


def test_a_folder_with_a_files_name_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "x/a.yaml/b.txt")
    assert [placed(d) for d in find(tmp_path, "x/*.yaml").diagnostics] == [
        "EXP001 x/a.yaml a folder bears the name of an experiment file"
    ]
    assert find(tmp_path, "x/**").diagnostics == []


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "x/ok.yaml")
    os.mkfifo(tmp_path / "x/pipe.yaml")
    (tmp_path / "x/gone.yaml").symlink_to("nowhere")
    (tmp_path / "x/tab\t.yaml").write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/x/\xff.yaml")).write_text("")
    found = find(tmp_path, "x/*.yaml")
    assert found.files == ["x/ok.yaml"]
    assert sorted(placed(d) for d in found.diagnostics) == [
        "EXP001 x/.yaml the file's name has characters that can't be shown",
        "EXP001 x/gone.yaml the file is a link to nothing",
        "EXP001 x/pipe.yaml the file is not a regular file",
        "EXP001 x/tab .yaml the file's name has characters that can't be shown",
    ]


def test_links_out_of_the_workspace_are_refused_and_others_followed_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(tmp_path, "outside/o.yaml", "root/x/a.yaml", "root/shared/s.yaml", "root/shared/t/u.yaml")
    (root / "x/out").symlink_to(tmp_path / "outside")
    (root / "x/o.yaml").symlink_to(tmp_path / "outside/o.yaml")
    (root / "x/other.txt").symlink_to(tmp_path / "outside/o.yaml")
    (root / "x/dead.txt").symlink_to(tmp_path / "outside/none")
    (root / "x/team").symlink_to("../shared")
    (root / "x/again").symlink_to("../shared")
    (root / "x/same.yaml").symlink_to("a.yaml")
    (root / "x/one.yaml").symlink_to("../shared/s.yaml")
    (root / "x/loop").symlink_to("../x")
    (root / "shared/back").symlink_to("../shared")
    (root / "x/root").symlink_to("..")
    found = find(root, "x/**/*.yaml")
    linked = "x/again" if "x/again/s.yaml" in found.files else "x/team"
    assert found.files == sorted(["x/a.yaml", "x/one.yaml", f"{linked}/s.yaml", f"{linked}/t/u.yaml"])
    assert sorted(placed(d) for d in found.diagnostics) == [
        "EXP016 x/o.yaml the link leads out of the workspace",
        "EXP016 x/out the link leads out of the workspace",
    ]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "experiments")
    found = find(tmp_path, "experiments/*.yaml")
    assert [placed(d) for d in found.diagnostics] == ["EXP001 experiments the folder can't be read"]


def test_only_plain_files_are_read_and_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    assert read_bounded(f"{tmp_path}/f", 5) == b"12345"
    assert read_bounded(f"{tmp_path}/f", 3) == b"1234"
    with pytest.raises(NotAFileError, match="it is a folder"):
        read_bounded(str(tmp_path), 5)
    with pytest.raises(NotAFileError, match="it is not a regular file"):
        read_bounded(f"{tmp_path}/pipe", 5)
