"""What the files declared at a commit, read with real git."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from expsync.authoring import git as git_module
from expsync.authoring import revision as revision_module
from expsync.authoring.git import Entry, Repository
from expsync.authoring.revision import Revision, read_revision
from expsync.config.load import Workspace, load_workspace
from expsync.errors import ExpsyncError, UsageError
from tests.repository import Git, new_repository

FILE = """\
version: 1
environments:
  test: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101"}}
"""
Files = dict[str, str | bytes]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """An empty repository; temporary files go beside it, where they can be seen."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    return new_repository(tmp_path / "repository", monkeypatch)


def workspace_at(folder: Path, name: str = "expsync.yaml") -> Workspace:
    return load_workspace(Path(name), cwd=folder, environ={})


def read(git: Git, ref: str = "HEAD", *, folder: str = "", environment: str = "test") -> Revision:
    """What was declared at the commit; whatever it is, no temporary file stays and the work tree is as it was."""
    before = tree(git.root)
    try:
        return read_revision(workspace_at(git.root / folder), environment, ref)
    finally:
        assert list((git.root.parent / "scratch").iterdir()) == []
        assert tree(git.root) == before


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, git's own too."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def declared(key: str, **fields: object) -> str:
    return "".join(f"{name}: {value}\n" for name, value in {"key": key, **fields}.items())


def names(revision: Revision) -> dict[str, object]:
    return {key: desired.state.fields.get("name") for key, desired in revision.declared.items()}


def test_the_files_are_those_of_the_commit_whatever_became_of_them(git: Git) -> None:
    first = git.commit(
        {
            "expsync.yaml": FILE,
            "experiments/a.yaml": declared("a", name="First"),
            "experiments/deep/b.yml": declared("b"),
            "notes.yaml": declared("not-one"),
        }
    )
    git.run("tag", "v1")
    (git.root / "experiments" / "deep" / "b.yml").unlink()
    git.commit({"experiments/a.yaml": declared("a", name="Second"), "experiments/c.yaml": declared("c")})
    git.write({"experiments/a.yaml": declared("a", name="Third"), "experiments/d.yaml": "key: [broken"})

    found = read(git, "v1")

    assert (found.ref, found.commit, found.nothing, found.problems) == ("v1", first, "", ())
    assert names(found) == {"a": "First", "b": None}
    assert (found.declared["b"].file, found.declared["b"].line) == ("experiments/deep/b.yml", 1)
    assert names(read(git, first[:8])) == names(read(git, "HEAD~1")) == names(found)
    assert names(read(git)) == {"a": "Second", "c": None}


def test_globs_environments_and_deployments_are_those_of_the_commit(git: Git) -> None:
    git.commit(
        {
            "expsync.yaml": FILE.replace("101", "107") + "experiments: [old/*.yaml]\n",
            "old/a.yaml": declared("a", deployments="[web]", environments="{test: {name: Here}}"),
            "old/.hidden/b.yaml": declared("b"),
            "experiments/c.yaml": declared("c"),
        }
    )
    git.write({"expsync.yaml": FILE})

    found = read(git)
    assert names(found) == {"a": "Here"}
    assert found.declared["a"].state.deployments == frozenset({"107"})


def test_lists_of_users_come_along(git: Git) -> None:
    variants = """
variants:
  - {key: control, inclusions: {file: ../users/qa.txt}}
  - {key: treatment, inclusions: {file: ./near.txt}}
environments:
  test: {variants: [{key: control, inclusions: {file: ../users/other.txt}}]}
"""
    git.commit(
        {
            "expsync.yaml": FILE,
            "experiments/a.yaml": declared("a") + variants,
            "users/qa.txt": "ann\n",
            "users/other.txt": "bob\n# nobody\ncy\n",
            "experiments/near.txt": "dan",
        }
    )
    git.write({"users/other.txt": "eve\n"})

    found = read(git)
    assert found.problems == ()
    state = found.declared["a"].state
    assert {key: variant.inclusions for key, variant in (state.variants or {}).items()} == {
        "control": frozenset({"bob", "cy"}),
        "treatment": frozenset({"dan"}),
    }


@pytest.mark.parametrize("folder", ["sub", "sub/deeper", "we[i]rd *?", ":(top)x", "-dash", "spåce 日本"])
def test_the_workspace_may_be_below_the_repositorys_folder(git: Git, folder: str) -> None:
    git.commit(
        {
            f"{folder}/expsync.yaml": FILE,
            f"{folder}/experiments/a.yaml": declared("a"),
            f"{folder}x/experiments/b.yaml": declared("b"),
            "expsync.yaml": FILE,
            "experiments/c.yaml": declared("c"),
        }
    )
    assert names(read(git, folder=folder)) == {"a": None}
    assert names(read(git)) == {"c": None}


def test_the_workspace_file_may_have_another_name(git: Git) -> None:
    git.commit({"other.yaml": FILE, "experiments/a.yaml": declared("a")})
    assert names(read_revision(workspace_at(git.root, "other.yaml"), "test", "HEAD")) == {"a": None}


def test_what_export_ignore_leaves_out_and_odd_attributes_change_nothing(git: Git) -> None:
    text = declared("a", name="$Id$") + "description: |\n  one\n  two\n"
    git.commit(
        {
            ".gitattributes": "experiments/** export-ignore ident text eol=crlf\nexpsync.yaml export-subst\n",
            "expsync.yaml": FILE,
            "experiments/a.yaml": text,
        }
    )
    assert names(read(git)) == {"a": "$Id$"}


# --- where nothing was declared ---


def bare(git: Git, files: Mapping[str, str | bytes], now: str = FILE) -> Revision:
    git.commit(files)
    git.write({"expsync.yaml": now})
    return read(git)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ({}, "expsync.yaml is not there"),
        (
            {"expsync.yaml": FILE.replace("test:", "prod:"), "experiments/a.yaml": declared("a")},
            'there is no environment "test" there',
        ),
        ({"expsync.yaml": "version: 2\n"}, "expsync.yaml can't be used there: "),
        ({"expsync.yaml": "x: [\n"}, "expsync.yaml can't be used there: "),
        ({"expsync.yaml": b"# " + b"x" * 5_000_000}, "expsync.yaml is too large there"),
    ],
)
def test_why_nothing_was_declared_is_said(git: Git, there: Files, why: str) -> None:
    found = bare(git, {"keep": "", **there})
    assert found.nothing.startswith(why)
    assert (dict(found.declared), found.problems) == ({}, ())


def test_a_workspace_file_that_is_a_link_is_not_followed(git: Git) -> None:
    git.write({"real.yaml": FILE})
    (git.root / "expsync.yaml").symlink_to("real.yaml")
    git.commit()
    (git.root / "expsync.yaml").unlink()
    git.write({"expsync.yaml": FILE})
    assert read(git).nothing == "expsync.yaml is a link there"


# --- files that can't be used ---


def problems(revision: Revision) -> list[tuple[str, str]]:
    return [(problem.place.file if problem.place else "", problem.message) for problem in revision.problems]


def test_files_that_are_not_good_are_named_and_the_others_count(git: Git) -> None:
    git.commit(
        {
            "expsync.yaml": FILE,
            "experiments/bad.yaml": declared("bad", rolloutPercentage=130),
            "experiments/broken.yaml": "key: [",
            "experiments/good.yaml": declared("good", name="G"),
            "experiments/one.yaml": declared("twice"),
            "experiments/two.yaml": declared("twice"),
            "experiments/users.yaml": declared("users") + "variants: [{key: c, inclusions: {file: ../gone.txt}}]\n",
            "experiments/big.yaml": b"# " + b"x" * 5_000_000,
        }
    )
    found = read(git)
    assert names(found) == {"good": "G"}
    assert sorted(file for file, _ in problems(found)) == [
        "experiments/bad.yaml",
        "experiments/big.yaml",
        "experiments/broken.yaml",
        "experiments/two.yaml",
        "experiments/users.yaml",
    ]


def test_links_are_not_followed(git: Git) -> None:
    secret = git.root.parent / "secret.yaml"
    secret.write_text(declared("secret"), encoding="utf-8")
    git.write(
        {
            "expsync.yaml": FILE,
            "experiments/a.yaml": declared("a") + "variants: [{key: c, inclusions: {file: ../users.txt}}]\n",
        }
    )
    (git.root / "experiments" / "outside.yaml").symlink_to(secret)
    (git.root / "experiments" / "inside.yaml").symlink_to("a.yaml")
    (git.root / "users.txt").symlink_to(secret)
    git.commit()

    found = read(git)
    assert names(found) == {}
    assert problems(found) == [
        ("experiments/inside.yaml", "it is a link"),
        ("experiments/outside.yaml", "it is a link"),
        ("experiments/a.yaml", "the inclusions file does not exist"),
    ]


def test_a_list_of_users_outside_of_the_workspace_is_not_read(git: Git) -> None:
    text = declared("a") + "variants: [{key: c, inclusions: {file: ../../users.txt}}]\n"
    git.commit({"sub/expsync.yaml": FILE, "sub/experiments/a.yaml": text, "users.txt": "ann\n"})
    assert problems(read(git, folder="sub")) == [("experiments/a.yaml", "the inclusions file is outside the workspace")]


def test_rules_and_days_have_no_say_in_what_was_declared(git: Git) -> None:
    strict = FILE + "rules: {EXP414: error, EXP415: error}\n"
    old = "acknowledge: [{risk: payload, reason: because, until: 2001-01-01}]\nenabled: true\n"
    git.commit({"expsync.yaml": strict, "experiments/a.yaml": declared("a") + old})
    found = read(git)
    assert (names(found), found.problems) == ({"a": None}, ())


def test_names_that_would_leave_the_folder_are_passed_over(git: Git) -> None:
    git.commit({"expsync.yaml": FILE.replace("version: 1", "version: 1\nexperiments: ['**']")})
    blob = git.run("hash-object", "-w", "expsync.yaml")
    evil = subprocess.run(
        ["git", "-C", str(git.root), "hash-object", "-w", "-t", "blob", "--stdin"],
        input=b"key: evil\n",
        check=True,
        capture_output=True,
    ).stdout.decode().strip()  # fmt: skip

    def tree_of(*entries: tuple[str, str, str]) -> str:
        raw = b"".join(
            f"{mode} {name}".encode() + b"\0" + bytes.fromhex(id) for mode, name, id in sorted(entries, key=str)
        )
        ran = subprocess.run(
            ["git", "-C", str(git.root), "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
            input=raw,
            check=True,
            capture_output=True,
        )
        return ran.stdout.decode().strip()

    up = tree_of(("100644", "evil.yaml", evil))
    root = tree_of(("40000", "..", up), ("40000", ".git", up), ("100644", "expsync.yaml", blob), ("40000", "ok", up))
    commit = git.run("commit-tree", "-m", "evil", root)

    assert {key: desired.file for key, desired in read(git, commit).declared.items()} == {"evil": "ok/evil.yaml"}


# --- git says no ---


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("nope", 'git knows no commit "nope"'),
        ("HEAD~7", 'git knows no commit "HEAD~7"'),
        ("HEAD:expsync.yaml", 'git knows no commit "HEAD:expsync.yaml"'),
        ("main..main", 'git knows no commit "main..main"'),
        ("a b;c", 'git knows no commit "a b;c"'),
        ("$(touch x)", 'git knows no commit "$(touch x)"'),
    ],
)
def test_a_ref_that_names_no_commit(git: Git, ref: str, message: str) -> None:
    git.commit({"expsync.yaml": FILE})
    with pytest.raises(ExpsyncError) as caught:
        read(git, ref)
    assert (caught.value.message, caught.value.exit_code) == (message, 1)


@pytest.mark.parametrize("ref", ["", "-x", "--output=x", "--all", "a\nb", "a\0b", "a\x1b[31m", "x\udcff"])
def test_a_ref_that_could_be_something_else_is_wrong_usage(git: Git, ref: str) -> None:
    git.commit({"expsync.yaml": FILE})
    before = tree(git.root)
    with pytest.raises(UsageError):
        read(git, ref)
    assert tree(git.root) == before


def test_a_repository_without_a_commit(git: Git) -> None:
    git.write({"expsync.yaml": FILE})
    with pytest.raises(ExpsyncError, match='git knows no commit "HEAD"'):
        read(git)


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "expsync.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ExpsyncError, match="is in no git repository that can be read: not a git repository"):
        read_revision(workspace_at(tmp_path), "test", "HEAD")


def test_no_git(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.commit({"expsync.yaml": FILE})
    monkeypatch.setenv("PATH", str(git.root / "nowhere"))
    with pytest.raises(ExpsyncError, match="there is no git on this machine"):
        read_revision(workspace_at(git.root), "test", "HEAD")


def test_git_gets_no_key(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git.commit({"expsync.yaml": FILE, "experiments/a.yaml": declared("a")})
    watched = tmp_path / "bin"
    watched.mkdir()
    seen = tmp_path / "environment.txt"
    wrapper = watched / "git"
    wrapper.write_text(f'#!/bin/sh\nenv >> "{seen}"\nexec "{shutil.which("git")}" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{watched}:{os.environ['PATH']}")
    workspace = workspace_at(git.root)
    names = {known.apiKeyEnv for known in workspace.file.environments.values()} | {"EXPSYNC_API_KEY"}
    for name in names:
        monkeypatch.setenv(name, "not-for-git")
    monkeypatch.setenv("KEPT", "for-git")

    assert list(read_revision(workspace, "test", "HEAD").declared) == ["a"]

    environment = seen.read_text(encoding="utf-8")
    assert "KEPT=for-git" in environment
    assert "not-for-git" not in environment


def test_an_interruption_leaves_nothing_behind(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.commit({"expsync.yaml": FILE, "experiments/a.yaml": declared("a")})

    def interrupt(*_: object, **__: object) -> None:
        assert len(list((git.root.parent / "scratch").iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(revision_module, "load_declarations", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read(git)


def test_a_full_disk_is_said(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.commit({"expsync.yaml": FILE})

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(ExpsyncError, match=r"the files of HEAD can't be put aside in .*: No space left on device"):
        read(git)


def test_a_blob_that_is_gone_is_no_empty_file(git: Git) -> None:
    git.commit({"expsync.yaml": FILE, "experiments/a.yaml": declared("a")})
    id = git.run("rev-parse", "HEAD:experiments/a.yaml")
    path = git.root / ".git" / "objects" / id[:2] / id[2:]
    path.chmod(stat.S_IWUSR | stat.S_IRUSR)
    path.unlink()
    with pytest.raises(ExpsyncError, match="git can't give a file of the base"):
        read(git)


def stub(git: Git, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program called git that does this."""
    folder = git.root.parent / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_git_that_never_ends_is_ended(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.write({"expsync.yaml": FILE})
    stub(git, monkeypatch, "exec cat /dev/zero > /dev/null")
    monkeypatch.setattr(git_module, "SECONDS", 0.2)
    with pytest.raises(ExpsyncError, match=r"git rev-parse took more than 0\.2 seconds"):
        read(git)


def test_git_that_never_stops_printing_is_ended(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.write({"expsync.yaml": FILE})
    stub(git, monkeypatch, "exec cat /dev/zero")
    monkeypatch.setattr(git_module, "MAX_OUTPUT", 1000)
    with pytest.raises(ExpsyncError, match="git rev-parse printed more than 1,000 bytes"):
        read(git)


def test_gits_words_can_not_act(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git.write({"expsync.yaml": FILE})
    stub(git, monkeypatch, r"printf 'fatal: \033[31mred\nnext ampex_0123456789abcdef' >&2; exit 128")
    with pytest.raises(ExpsyncError) as caught:
        read(git)
    assert caught.value.message.endswith("in no git repository that can be read: [31mred next ampex_…")


# --- the pieces ---


def test_contents_come_back_to_the_byte_and_each_once(git: Git) -> None:
    contents = [b"", b"\n", b"\n\n", b"a\0b\nblob 3\n", bytes(range(256)), b"x" * 100]
    git.commit({f"f{place}": content for place, content in enumerate(contents)})
    repository = Repository.around(git.root)
    entries = repository.entries(repository.commit("HEAD"))

    found = repository.contents([entry.id for entry in entries] * 2, limit=256)
    assert [found[entry.id] for entry in entries] == contents
    small = repository.contents([entry.id for entry in entries], limit=99)
    assert [entry.name for entry in entries if entry.id not in small] == ["f4", "f5"]
    assert repository.contents([], limit=1) == {}


def test_odd_names_come_back_to_the_letter(git: Git) -> None:
    odd = ["a b", "new\nline", "tab\tx", 'quo"te', "ä日本", "-dash", "back\\slash", ":colon", "x\udcff"]
    git.commit(dict.fromkeys(odd, "same"))
    (git.root / "link").symlink_to("a b")
    git.commit()
    repository = Repository.around(git.root)

    entries = repository.entries(repository.commit("HEAD"))
    assert {entry.name for entry in entries} == {*odd, "link"}
    assert [entry for entry in entries if entry.is_link] == [
        Entry("link", git.run("rev-parse", "HEAD:link"), is_link=True)
    ]
