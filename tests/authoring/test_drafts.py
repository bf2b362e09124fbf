"""Files while they are being changed: all or nothing, as they were read, and nothing left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from expsync.authoring.drafts import Draft, Drafts
from expsync.errors import ExpsyncError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in (("a.yaml", "a: 1\n"), ("sub/b.txt", "b\r\n"), ("c.yaml", "c: é\n")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
    return tmp_path


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def changed(root: Path, **texts: str) -> Drafts:
    drafts = Drafts(root)
    for name, text in texts.items():
        file = {"a": "a.yaml", "b": "sub/b.txt", "c": "c.yaml"}[name]
        drafts.text(file)
        drafts.put(file, text)
    return drafts


def test_what_was_put_is_written_to_the_byte_and_the_rest_is_not(root: Path) -> None:
    drafts = changed(root, a="a: 2\n", b="b\r\nx")
    drafts.text("c.yaml")
    assert list(drafts.changed()) == [Draft("a.yaml", "a: 1\n", "a: 2\n"), Draft("sub/b.txt", "b\r\n", "b\r\nx")]
    before = (root / "c.yaml").stat().st_ino
    assert drafts.write() == ["a.yaml", "sub/b.txt"]
    assert files(root) == {"a.yaml": b"a: 2\n", "c.yaml": "c: é\n".encode(), "sub/b.txt": b"b\r\nx"}
    assert (root / "c.yaml").stat().st_ino == before


def test_a_text_that_is_as_it_was_is_not_written(root: Path) -> None:
    before = (root / "a.yaml").stat().st_ino
    assert changed(root, a="a: 1\n").write() == []
    assert (root / "a.yaml").stat().st_ino == before


def test_kept_texts_come_back(root: Path) -> None:
    drafts = changed(root, a="a: 2\n")
    kept = drafts.kept()
    drafts.put("a.yaml", "a: 3\n")
    drafts.text("c.yaml")
    drafts.restore(kept)
    assert "c.yaml" not in drafts
    assert drafts.text("a.yaml") == "a: 2\n"
    assert drafts.write() == ["a.yaml"]


@pytest.mark.parametrize("name", ["a.yaml", "sub/b.txt"])
def test_a_file_that_changed_meanwhile_stops_it_before_anything_is_written(root: Path, name: str) -> None:
    drafts = changed(root, a="a: 2\n", b="x\r\n")
    (root / name).write_text("an editor was here", encoding="utf-8")
    before = files(root)
    with pytest.raises(ExpsyncError) as raised:
        drafts.write()
    assert raised.value.message == f"{name}: changed while it was worked on; nothing was written"
    assert files(root) == before


def test_a_file_that_went_meanwhile_stops_it_too(root: Path) -> None:
    drafts = changed(root, a="a: 2\n", c="c: 2\n")
    (root / "c.yaml").unlink()
    with pytest.raises(ExpsyncError, match=r"c.yaml: can't be written: no such file or directory; nothing was written"):
        drafts.write()
    assert files(root) == {"a.yaml": b"a: 1\n", "sub/b.txt": b"b\r\n"}


@pytest.mark.parametrize("survives", [0, 1, 2])
def test_a_death_between_leaves_each_file_whole_and_the_next_run_writes_the_rest(
    root: Path, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    texts = {"a": "a: 2\n", "b": "x\r\n", "c": "c: 2\n"}
    replaced: list[Path] = []
    replace = Path.replace

    def dying(path: Path, target: Path) -> Path:
        if len(replaced) == survives:
            raise KeyboardInterrupt
        replaced.append(target)
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            changed(root, **texts).write()
    old = {"a.yaml": b"a: 1\n", "c.yaml": "c: é\n".encode(), "sub/b.txt": b"b\r\n"}
    new = {"a.yaml": b"a: 2\n", "c.yaml": b"c: 2\n", "sub/b.txt": b"x\r\n"}
    done = [path.relative_to(root).as_posix() for path in replaced]
    assert files(root) == {name: (new if name in done else old)[name] for name in old}
    changed(root, **texts).write()
    assert files(root) == new


def test_what_fails_between_names_what_was_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target.name == "c.yaml":
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(ExpsyncError) as raised:
        changed(root, a="a: 2\n", c="c: 2\n").write()
    assert raised.value.message == "c.yaml: can't be written: permission denied; written so far: a.yaml"
    assert files(root) == {"a.yaml": b"a: 2\n", "c.yaml": "c: é\n".encode(), "sub/b.txt": b"b\r\n"}


def test_no_room_leaves_nothing_behind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def full(number: int) -> None:
        synced.append(number)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = files(root)
    with pytest.raises(ExpsyncError, match=r"c.yaml: can't be written: no space left on device; nothing was"):
        changed(root, a="a: 2\n", b="x\r\n", c="c: 2\n").write()
    assert files(root) == before


def test_the_mode_stays(root: Path) -> None:
    (root / "a.yaml").chmod(0o640)
    (root / "sub" / "b.txt").chmod(0o755)
    changed(root, a="a: 2\n", b="x\r\n").write()
    modes = [(root / name).stat().st_mode & 0o7777 for name in ("a.yaml", "sub/b.txt")]
    assert modes == [0o640, 0o755]


def test_a_link_inside_stays_a_link_and_what_it_leads_to_changes(root: Path) -> None:
    (root / "link.yaml").symlink_to("a.yaml")
    drafts = Drafts(root)
    drafts.text("link.yaml")
    drafts.put("link.yaml", "a: 2\n")
    assert drafts.write() == ["link.yaml"]
    assert (root / "link.yaml").is_symlink()
    assert (root / "a.yaml").read_text(encoding="utf-8") == "a: 2\n"


@pytest.mark.parametrize("where", ["../out.yaml", ".git/config"])
def test_nothing_outside_of_the_workspace_is_read(root: Path, where: str) -> None:
    workspace = root / "sub"
    (root / "out.yaml").write_text("x", encoding="utf-8")
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("x", encoding="utf-8")
    (workspace / "link.yaml").symlink_to(where)
    with pytest.raises(ExpsyncError) as raised:
        Drafts(workspace).text("link.yaml")
    assert raised.value.message == "link.yaml: leads out of the workspace"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "a.yaml: is not UTF-8"),
        (b"x" * 5_000_001, "a.yaml: is too large; at most 5,000,000 bytes are read"),
        (None, "a.yaml: can't be read: no such file or directory"),
    ],
)
def test_what_can_t_be_read_is_said(root: Path, content: bytes | None, message: str) -> None:
    (root / "a.yaml").unlink()
    if content is not None:
        (root / "a.yaml").write_bytes(content)
    with pytest.raises(ExpsyncError) as raised:
        Drafts(root).text("a.yaml")
    assert raised.value.message == message
