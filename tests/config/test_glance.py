"""Names found at a glance: quick, and silent about all that is wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from expsync.config import glance as module
from expsync.config.glance import Glance, glance

MANY = int(os.environ.get("EXPSYNC_EXAMPLES", "0")) * 100 or 1_000
WORKSPACE = "version: 1\nenvironments: {a: {projectId: 1}}\n"


def looked(folder: Path, text: str = WORKSPACE, **files: str) -> Glance:
    """A glance at a workspace with these experiment files."""
    (folder / "expsync.yaml").write_text(text, encoding="utf-8")
    (folder / "experiments").mkdir()
    for name, content in files.items():
        (folder / "experiments" / f"{name}.yaml").write_text(content, encoding="utf-8")
    found = glance(folder / "expsync.yaml")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("key: a\n", {"a"}),
        ("# yaml-language-server: $schema=x\n---\nname: A\nkey: a  # why\nvariants:\n  - key: control\n", {"a"}),
        ("--- \nkey: a\n---\nkey: b\n", {"a", "b"}),
        ('key: "a"\n', {"a"}),
        ("key: 'a''b'\n", {"a'b"}),
        ("'key': a\n", {"a"}),
        ("key : a\r\n", {"a"}),
        ("key: a#b\n", {"a#b"}),
        ("key: été\n", {"été"}),
        ('{"key": "a", "variants": [{"key": "control"}]}', {"a"}),
        ("{name: x, variants: [{key: control}], key: a}", {"a"}),
        ("key: 1.10\n", {"1.10"}),
        # What takes a real reading is left out.
        ("key: &x a\n", set()),
        ('key: "\\u0061"\n', set()),
        ("key: >\n  a\n", set()),
        ("key:\n  - a\n", set()),
        ("key:\n", set()),
        ("variants:\n  - key: control\n", set()),
        ("{key: [a]}", set()),
        ("{key: a", set()),
        ("text: |\n  key: b\n", set()),
        ("", set()),
    ],
)
def test_keys_are_told_by_the_look_of_their_lines(tmp_path: Path, text: str, keys: set[str]) -> None:
    assert looked(tmp_path, x=text).keys() == keys


@pytest.mark.parametrize("content", [b"\xff\xfekey: a\n", b"key: \xff\n", b"\x00" * 100])
def test_what_is_no_text_has_no_keys(tmp_path: Path, content: bytes) -> None:
    found = looked(tmp_path)
    (tmp_path / "experiments" / "x.yaml").write_bytes(content)

    assert found.keys() == set()


def test_the_start_of_a_key_and_the_globs_count(tmp_path: Path) -> None:
    text = "experiments: [flags/*.yml, 3, /etc/*.yaml, '[z-a]', '../*.yaml']\nenvironments: {b: {}, a: {}}\n"
    found = looked(tmp_path, text, unseen="key: unseen\n")
    for folder in ("flags", "flags/deeper", "flags/.hidden"):
        (tmp_path / folder).mkdir()
    for name in ("flags/one.yml", "flags/two.yaml", "flags/deeper/three.yml", "flags/.four.yml"):
        (tmp_path / name).write_text(f"key: {Path(name).stem}\n")

    assert (found.environments, found.keys(), found.keys("o"), found.keys("x")) == (["b", "a"], {"one"}, {"one"}, set())


def test_links_pipes_and_folders_that_are_closed_are_left_alone(tmp_path: Path) -> None:
    found = looked(tmp_path, fine="key: fine\n")
    os.mkfifo(tmp_path / "experiments" / "pipe.yaml")
    (tmp_path / "experiments" / "folder.yaml").mkdir()
    (tmp_path / "experiments" / "loop").symlink_to(tmp_path)
    (tmp_path / "experiments" / "gone.yaml").symlink_to("nowhere")

    assert found.keys() == {"fine"}


@pytest.mark.parametrize("text", ["", "[]", "a", "a: [", "a: &x [*x]\n", "{" * 10_000, "\x00", "a: " + "b" * 1_000_000])
def test_what_is_no_workspace_file_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "expsync.yaml").write_text(text)
    found = glance(tmp_path / "expsync.yaml")

    assert found is None or (found.environments == [] and found.keys() == set())
    assert glance(tmp_path / "none.yaml") is None
    assert glance(tmp_path) is None


def test_files_named_after_the_key_come_first_when_time_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = looked(tmp_path, **{f"a{number}": f"key: z{number}\n" for number in range(9)}, zebra="key: zebra\n")
    # A clock that moves on with every look at it: a few files are read, and then the time is over.
    ticks = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))

    some = found.keys("z", seconds=4)
    assert "zebra" in some
    assert len(some) < 10


def test_a_large_workspace_is_no_burden(tmp_path: Path) -> None:
    """Far from the bound, in which case not all would be found."""
    found = looked(tmp_path, **{f"e{number}": f"key: e{number}\nname: x\n" for number in range(MANY)})

    assert len(found.keys(seconds=60)) == MANY
    assert module.SECONDS <= 2
