"""What a new repository holds, and that making one takes nothing away and leaves nothing half made."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from expsync.authoring import scaffold as scaffolding
from expsync.authoring.fresh_files import FreshFiles
from expsync.authoring.scaffold import EXAMPLE, Kept, contents, scaffold
from expsync.config.emit import document_text
from expsync.config.load import load_declarations, load_workspace
from expsync.errors import ExpsyncError
from expsync.model.experiment import Experiment, Segment, Variant
from expsync.model.json_schema import KINDS, schema_text
from expsync.model.workspace import WorkspaceFile
from tests.authoring.scaffolded import NAMES

VERSION = "9.8.7"
_SCHEMAS = {kind: schema_text(kind) for kind in KINDS}


@pytest.fixture(autouse=True)
def schemas_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making them takes most of the time."""
    monkeypatch.setattr(scaffolding, "schema_text", _SCHEMAS.__getitem__)


def tree(root: Path) -> dict[str, bytes | None]:
    """Everything under a folder: files with their bytes, folders and links without."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in root.rglob("*")
    }


def text(name: str) -> str:
    return contents(VERSION)[name].decode()


def refused(folder: Path, *said: str) -> ExpsyncError:
    with pytest.raises(ExpsyncError) as caught:
        scaffold(folder, version=VERSION)
    for part in said:
        assert part in caught.value.message
    return caught.value


def test_a_missing_folder_is_made_with_every_file(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "flags"

    done = scaffold(root, version=VERSION)

    assert asdict(done) == {"made": NAMES, "kept": (), "workspace_above": None, "repository_above": None}
    assert {name: content for name, content in tree(root).items() if content is not None} == contents(VERSION)


def test_files_have_the_rights_that_other_new_files_have(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        scaffold(tmp_path / "flags", version=VERSION)
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "flags").rglob("*") if path.is_file()}
    assert modes == {0o640}


def test_the_schemas_are_those_that_are_printed() -> None:
    assert [text(f"schemas/{kind}.schema.json") for kind in KINDS] == [schema_text(kind) for kind in KINDS]


def test_all_text_ends_in_one_line_break_and_no_mark_is_left() -> None:
    for name, content in contents(VERSION).items():
        assert content.endswith(b"\n"), name
        assert not content.endswith(b"\n\n"), name
        assert b"\r" not in content, name
        assert b"@EXPSYNC" not in content, name
        assert not re.search(rb"[ \t]+\n", content), name


def test_the_version_that_made_it_is_the_one_that_it_installs() -> None:
    assert YAML(typ="safe").load(text(".github/workflows/expsync.yaml"))["env"]["EXPSYNC_VERSION"] == VERSION
    assert f"pip install expsync=={VERSION}\n" in text("README.md")


def test_the_example_is_in_the_models_order_and_in_the_style_that_other_commands_write() -> None:
    content = text(EXAMPLE)
    value = YAML(typ="safe").load(content)

    assert list(value) == ["key", *(name for name in Experiment.model_fields if name in value and name != "key")]
    for model, members in ((Variant, value["variants"]), (Segment, value["targetSegments"])):
        for member in members:
            assert list(member) == [name for name in model.model_fields if name in member]
    assert re.sub(r"^ *#.*\n", "", content, flags=re.MULTILINE) == document_text(value)


def test_the_files_name_the_schemas_beside_them(tmp_path: Path) -> None:
    scaffold(tmp_path, version=VERSION)

    for name, kind in ((EXAMPLE, "experiment"), ("expsync.yaml", "workspace")):
        first = (tmp_path / name).read_text(encoding="utf-8").splitlines()[0]
        schema = (tmp_path / name).parent / first.removeprefix("# yaml-language-server: $schema=")
        assert schema.resolve() == (tmp_path / "schemas" / f"{kind}.schema.json").resolve()


def test_settings_that_are_commented_out_are_valid_and_say_the_defaults(tmp_path: Path) -> None:
    # A comment that is a setting begins where YAML would: `# key:`, or an indented part of one.
    plain = text("expsync.yaml")
    setting = re.compile(r"^( *)# ((?:  )*(?:[A-Za-z]+|EXP\d+): ?\S.*|(?:  )*[a-z][A-Za-z]*:)$", re.MULTILINE)
    uncommented = setting.sub(r"\1\2", plain)
    path = tmp_path / "expsync.yaml"
    path.write_text(uncommented, encoding="utf-8")

    file = load_workspace(path, cwd=tmp_path, environ={}).file

    assert file.model_fields_set == set(WorkspaceFile.model_fields)
    default = WorkspaceFile(version=1, environments=file.environments)
    for name in ("experiments", "ownership", "limits", "policy"):
        assert getattr(file, name) == getattr(default, name)
    assert set(file.environments) == {"sandbox", "prod"}
    assert {"region", "projectId", "apiKeyEnv", "deployments"} == file.environments["prod"].model_fields_set


def test_the_workspace_as_it_is_needs_no_key_and_has_no_problem(tmp_path: Path) -> None:
    scaffold(tmp_path, version=VERSION)

    workspace = load_workspace(None, cwd=tmp_path, environ={})
    loaded = load_declarations(workspace, None)

    assert workspace.environment(None, {})[1].url == "sandbox"
    assert (loaded.diagnostics, loaded.experiments) == ((), 1)


def test_the_editor_settings_are_json_and_their_globs_are_the_workspaces(tmp_path: Path) -> None:
    schemas = json.loads(text(".vscode/settings.json"))["yaml.schemas"]

    assert schemas == {
        "./schemas/experiment.schema.json": ["experiments/**/*.yaml", "experiments/**/*.yml"],
        "./schemas/workspace.schema.json": "expsync.yaml",
    }
    assert json.loads(text(".vscode/extensions.json")) == {"recommendations": ["redhat.vscode-yaml"]}


def test_links_of_the_readme_lead_somewhere(tmp_path: Path) -> None:
    scaffold(tmp_path, version=VERSION)

    links = re.findall(r"\]\(([^)#:]+)\)", text("README.md"))
    assert links
    assert [link for link in links if not (tmp_path / link).exists()] == []


@pytest.mark.parametrize("name", ["expsync.yaml", "expsync.yml"])
@pytest.mark.parametrize("kind", ["file", "folder", "broken link"])
def test_a_folder_with_a_workspace_file_is_refused_untouched(tmp_path: Path, name: str, kind: str) -> None:
    match kind:
        case "file":
            (tmp_path / name).write_text("version: 1\n", encoding="utf-8")
        case "folder":
            (tmp_path / name).mkdir()
        case _:
            (tmp_path / name).symlink_to("nowhere")
    before = tree(tmp_path)

    refused(tmp_path, f"{tmp_path / name} is there already; nothing was made")

    assert tree(tmp_path) == before


def test_files_that_are_there_are_kept_and_what_they_lack_is_said(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("plan.json\n.expsync/ \nnode_modules/", encoding="utf-8")
    (tmp_path / ".gitattributes").write_bytes(contents(VERSION)[".gitattributes"] + b"*.png binary\n")
    (tmp_path / "README.md").write_bytes(contents(VERSION)["README.md"])
    (tmp_path / ".pre-commit-config.yaml").symlink_to("nowhere")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "plan.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".vscode" / "extensions.json").mkdir(parents=True)
    before = tree(tmp_path)

    done = scaffold(tmp_path, version=VERSION)

    assert done.kept == (
        Kept("README.md", ""),
        Kept(".gitignore", "add the lines plan.txt, *.plan.json, apply.jsonl, .env"),
        Kept(".gitattributes", ""),
        Kept(
            ".pre-commit-config.yaml",
            "it can't be read (no such file or directory); "
            "add two local hooks, `expsync fmt` and `expsync validate`, with pass_filenames: false",
        ),
        Kept(".vscode/extensions.json", "it can't be read (it is a folder); recommend redhat.vscode-yaml"),
        Kept("schemas/plan.schema.json", "renew it with `expsync schema plan > schemas/plan.schema.json`"),
    )
    assert set(done.made) == set(NAMES) - {kept.name for kept in done.kept}
    assert {name: content for name, content in tree(tmp_path).items() if name in before} == before


@pytest.mark.parametrize("name", ["experiments/mine.yaml", "experiments/team/mine.yml"])
def test_beside_experiments_there_is_no_example(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("key: mine\n", encoding="utf-8")

    done = scaffold(tmp_path, version=VERSION)

    assert done.kept == (Kept(name, "it declares experiments, so the example was left out"),)
    assert EXAMPLE not in done.made
    assert not (tmp_path / EXAMPLE).exists()


@pytest.mark.parametrize("name", ["experiments", ".github", ".github/workflows", "schemas", ".vscode"])
@pytest.mark.parametrize("target", ["outside", "inside", "nowhere"])
def test_a_link_in_place_of_a_folder_is_refused_and_not_followed(tmp_path: Path, name: str, target: str) -> None:
    root, outside = tmp_path / "flags", tmp_path / "outside"
    outside.mkdir()
    (root / name).parent.mkdir(parents=True)
    (root / "inside").mkdir()
    (root / name).symlink_to({"outside": outside, "inside": root / "inside", "nowhere": root / "nowhere"}[target])
    before = tree(tmp_path)

    refused(root, f"{root / name} is a link, and links are not followed; nothing was made")

    assert tree(tmp_path) == before


def test_a_link_in_place_of_a_file_is_kept_and_what_it_leads_to_is_untouched(tmp_path: Path) -> None:
    root, outside = tmp_path / "flags", tmp_path / "outside.md"
    root.mkdir()
    outside.write_text("mine", encoding="utf-8")
    (root / "README.md").symlink_to(outside)

    done = scaffold(root, version=VERSION)

    assert [kept.name for kept in done.kept] == ["README.md"]
    assert outside.read_text(encoding="utf-8") == "mine"
    assert (root / "README.md").is_symlink()


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "flags").symlink_to("real")

    scaffold(tmp_path / "flags", version=VERSION)

    assert (tmp_path / "real" / "expsync.yaml").is_file()


def test_what_can_be_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    before = tree(tmp_path)

    refused(tmp_path / "file", f"{tmp_path / 'file'} is not a folder")
    refused(tmp_path / "dangling", f"{tmp_path / 'dangling'} is a link to nothing")
    refused(tmp_path / "loop", f"{tmp_path / 'loop'} is a link to nothing")
    refused(tmp_path / "file" / "below", f"the folder {tmp_path / 'file' / 'below'} can't be made: not a directory")
    refused(tmp_path / ("n" * 300), "can't be ", "file name too long")
    assert tree(tmp_path) == before


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("mine", encoding="utf-8")
    before = tree(tmp_path)

    refused(tmp_path, f"{tmp_path / 'schemas'} is there, and is not a folder; nothing was made")

    assert tree(tmp_path) == before


def test_what_covers_the_folder_from_above_is_told(tmp_path: Path) -> None:
    (tmp_path / "expsync.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    root = tmp_path / "deep" / "flags"

    done = scaffold(root, version=VERSION)

    assert (done.workspace_above, done.repository_above) == (tmp_path / "expsync.yaml", tmp_path)


def test_a_repository_of_its_own_is_not_a_part_of_another(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root = tmp_path / "flags"
    (root / ".git").mkdir(parents=True)

    assert scaffold(root, version=VERSION).repository_above is None


class Stop(BaseException):
    """As a keyboard interrupt would end it."""


Fail = Callable[[int, BaseException], None]


@pytest.fixture
def fail_at(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Lets the n-th file fail when it is given its name."""
    link = os.link

    def install(number: int, error: BaseException) -> None:
        calls = iter(range(1, 1000))

        def fail(source: Path, target: Path) -> None:
            if next(calls) == number:
                raise error
            link(source, target)

        monkeypatch.setattr(os, "link", fail)

    return install


@pytest.mark.parametrize("number", range(1, len(NAMES) + 1))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), Stop()], ids=["full", "stopped"])
def test_a_failure_at_any_file_removes_what_was_made_and_nothing_else(
    tmp_path: Path, fail_at: Fail, number: int, error: BaseException
) -> None:
    root = tmp_path / "deep" / "flags"
    fail_at(number, error)

    with pytest.raises((ExpsyncError, Stop)) as caught:
        scaffold(root, version=VERSION)

    assert tree(tmp_path) == {}
    if isinstance(error, OSError):
        assert str(caught.value).endswith("can't be made: no space left on device")


def test_a_failure_leaves_what_was_there_before_and_what_others_made_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / ".gitignore").write_text("mine", encoding="utf-8")
    link = os.link

    def fail(source: Path, target: Path) -> None:
        if Path(target).name == "expsync.yaml" and Path(target).parent == tmp_path:
            (tmp_path / "README.md").unlink()
            (tmp_path / "README.md").write_text("theirs", encoding="utf-8")
            (tmp_path / "schemas" / "theirs.json").write_text("{}", encoding="utf-8")
            raise OSError(errno.EIO, "Input/output error")
        link(source, target)

    monkeypatch.setattr(os, "link", fail)
    # A file system may give the number of the file that went to the one that came.
    monkeypatch.setattr(Path, "unlink", _keeping_the_inode(Path.unlink, tmp_path / "README.md"))

    refused(tmp_path, "expsync.yaml can't be made: input/output error")

    assert tree(tmp_path) == {
        "experiments": None,
        ".gitignore": b"mine",
        "README.md": b"theirs",
        "schemas": None,
        "schemas/theirs.json": b"{}",
    }


def _keeping_the_inode(unlink: Callable[..., None], path: Path) -> Callable[..., None]:
    """As `unlink`; the file of that name keeps another, so that its inode is not used again."""

    def remove(self: Path, missing_ok: bool = False) -> None:
        if self == path and not (kept := self.parent.parent / f"{self.parent.name}.kept").exists():
            self.rename(kept)
            return
        unlink(self, missing_ok=missing_ok)

    return remove


def test_what_can_not_be_removed_again_is_named(tmp_path: Path, fail_at: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "flags"
    fail_at(2, OSError(errno.EIO, "Input/output error"))

    def fail(self: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "rmdir", fail)

    error = refused(root, "can't be made: input/output error; and what was made before can't be removed again")

    assert error.hint == (
        f"remove by hand: {root / 'experiments'} (Read-only file system), {root} (Read-only file system)"
    )


def test_a_file_that_appears_at_the_last_moment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def race(source: Path, target: Path) -> None:
        if Path(target).name == "README.md":
            Path(target).write_text("theirs", encoding="utf-8")
        link(source, target)

    monkeypatch.setattr(os, "link", race)

    done = scaffold(tmp_path, version=VERSION)

    assert [kept.name for kept in done.kept] == ["README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "theirs"
    assert [name for name in tree(tmp_path) if name.endswith(".part")] == []


def test_a_workspace_file_that_appears_at_the_last_moment_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def race(source: Path, target: Path) -> None:
        if Path(target) == tmp_path / "expsync.yaml":
            Path(target).write_text("theirs", encoding="utf-8")
        link(source, target)

    monkeypatch.setattr(os, "link", race)

    refused(tmp_path, "expsync.yaml is there already; nothing was made")

    assert tree(tmp_path) == {"expsync.yaml": b"theirs"}


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError(number, "not here")

    monkeypatch.setattr(os, "link", fail)

    assert scaffold(tmp_path, version=VERSION).made == NAMES
    assert {name: content for name, content in tree(tmp_path).items() if content is not None} == contents(VERSION)


def test_without_hard_links_too_nothing_takes_anothers_place_or_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(source: Path, target: Path) -> None:
        if Path(target).name == "taken":
            Path(target).write_text("theirs", encoding="utf-8")
        raise OSError(errno.EPERM, "not here")

    def no_move(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(Path, "replace", no_move)

    with FreshFiles() as fresh:
        assert fresh.write(tmp_path / "taken", b"ours") is False
    with pytest.raises(ExpsyncError), FreshFiles() as fresh:
        fresh.write(tmp_path / "new", b"ours")

    assert tree(tmp_path) == {"taken": b"theirs"}


def test_a_folder_is_made_by_way_of_one_that_is_made(tmp_path: Path) -> None:
    scaffold(tmp_path / "new" / ".." / "flags", version=VERSION)

    assert (tmp_path / "flags" / "expsync.yaml").is_file()
