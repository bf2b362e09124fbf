"""What a shell is told to complete: the words that fit, quoted as it wants them, and nothing where nothing fits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from expsync.cli.complete import Typed, read_line
from expsync.cli.main import COMMANDS
from tests.cli.conftest import Run

BREAKS = " \t\n\"'><=;|&(:"
WORKSPACE = """\
version: 1
environments: {sandbox: {baseUrl: sandbox, projectId: 1}, prod: {projectId: 2}, pre prod: {projectId: 3}}
"""
Complete = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, the working directory in it."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    for key in ("checkout-button", "checkout-form", "search"):
        (tmp_path / "experiments" / f"{key}.yaml").write_text(f"key: {key}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bash(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What bash is told of a line."""

    def complete(line: str, breaks: str = BREAKS) -> list[str]:
        monkeypatch.setenv("_EXPSYNC_COMPLETE", "bash_complete")
        monkeypatch.setenv("_EXPSYNC_LINE", line)
        monkeypatch.setenv("_EXPSYNC_BREAKS", breaks)
        ran = run()
        assert (ran.code, ran.err) == (0, "")
        return ran.out.splitlines()

    return complete


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("", Typed([], "", "", "", False)),
        ("expsync", Typed([], "expsync", "", "", False)),
        ("expsync ", Typed(["expsync"], "", "", "", False)),
        ("expsync  plan\t-t a", Typed(["expsync", "plan", "-t"], "a", "", "", False)),
        ("e a\\ b", Typed(["e"], "a b", "", "", False)),
        ("e 'a b' c", Typed(["e", "a b"], "c", "", "", False)),
        ("e 'a b", Typed(["e"], "a b", "", "'", False)),
        ('e "a b', Typed(["e"], "a b", "", '"', False)),
        ('e "a\\"\\b', Typed(["e"], 'a"\\b', "", '"', False)),
        ("e x'a b", Typed(["e"], "xa b", "x", "'", False)),
        ("e 'a'b", Typed(["e"], "ab", "a", "", False)),
        ("e '' b", Typed(["e", ""], "b", "", "", False)),
        ("e --format=js", Typed(["e"], "--format=js", "--format=", "", False)),
        ("e a:b:c", Typed(["e"], "a:b:c", "a:b:", "", False)),
        ("e 'a:b", Typed(["e"], "a:b", "", "'", False)),
        ("e a\\:b", Typed(["e"], "a:b", "", "", False)),
        ("e a > f", Typed(["e", "a"], "f", "", "", True)),
        ("e a >f b", Typed(["e", "a"], "b", "", "", False)),
        ("e a\\", Typed(["e"], "a", "", "", False)),
    ],
)
def test_a_line_is_cut_as_bash_cuts_it(line: str, typed: Typed) -> None:
    assert read_line(line, BREAKS) == typed


def test_what_bash_does_not_break_at_stays_in_the_word() -> None:
    assert read_line("e a:b", " \t\n") == Typed(["e"], "a:b", "", "", False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("expsync ", ["values", *COMMANDS]),
        ("expsync pl", ["values", "plan"]),
        ("expsync -e prod pl", ["values", "plan"]),
        ("expsync --ve", ["values", "--verbose", "--version"]),
        ("expsync plan --de", ["values", "--detailed-exitcode"]),
        ("expsync sandbox ", ["values", "serve"]),
        ("expsync nope ", []),
        ("expsync plan nope ", ["values"]),
        ("expsync -e ", ["values", "sandbox", "prod", "pre\\ prod"]),
        ("expsync plan -e p", ["values", "prod", "pre\\ prod"]),
        ("expsync plan --env 'p", ["values", "prod", "pre prod"]),
        ("expsync plan -t ", ["values", "checkout-button", "checkout-form", "search"]),
        ("expsync plan --target=ch", ["values", "checkout-button", "checkout-form"]),
        ("expsync plan -t 'check*", ["values", "check*"]),
        ("expsync plan -t check*", ["values", "check\\*"]),
        ("expsync plan -t nope*", ["values"]),
        ("expsync pull ", ["values", "checkout-button", "checkout-form", "search"]),
        ("expsync pull search ", ["values", "checkout-button", "checkout-form"]),
        ("expsync history s", ["values", "search"]),
        ("expsync rollback s", ["values", "search"]),
        ("expsync rollback search --to ", ["values"]),
        # What is declared can't be imported, and what is live is on the network.
        ("expsync import s", ["values"]),
        ("expsync apply --allow s", ["open", "search:"]),
        ("expsync apply --allow search:variant-w", ["values", "variant-weights"]),
        ("expsync apply --allow 's*:variant-w", ["values", "s*:variant-weights"]),
        ("expsync plan --format ", ["values", "text", "json", "markdown", "html"]),
        ("expsync plan --format=j", ["values", "json"]),
        ("expsync schema w", ["values", "workspace"]),
        ("expsync completion ", ["values", "bash", "zsh", "fish"]),
        ("expsync sandbox serve --fault ca", ["values"]),
        ("expsync sandbox serve --fault cu", ["open", "cut-before@"]),
        ("expsync show ", ["files"]),
        ("expsync apply pl", ["files"]),
        ("expsync validate ", ["files"]),
        ("expsync -c ", ["files"]),
        ("expsync plan --out=x", ["files"]),
        ("expsync show plan.json > ", ["files"]),
        ("expsync init ", ["folders"]),
        ("expsync import --out ", ["folders"]),
        ("expsync sandbox serve --seed ", ["folders"]),
    ],
)
def test_what_fits_is_offered(bash: Complete, line: str, said: list[str]) -> None:
    assert bash(line) == said


def test_without_breaks_bash_gets_the_whole_word(bash: Complete) -> None:
    assert bash("expsync plan --format=j", " \t\n") == ["values", "--format=json"]
    assert bash("expsync apply --allow search:variant-w", " \t\n") == ["values", "search:variant-weights"]


def test_branches_and_tags_are_offered_as_bases(bash: Complete, folder: Path) -> None:
    assert bash("expsync plan --base m") == ["values"]
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "init.defaultBranch=main")
    for arguments in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "a"), ("tag", "v1")):
        subprocess.run([*git, *arguments], check=True, cwd=folder)

    assert bash("expsync plan --base ") == ["values", "main", "v1"]
    assert bash("expsync drift --base m") == ["values", "main"]


def test_the_workspace_is_the_one_that_the_line_names(bash: Complete, folder: Path) -> None:
    (folder / "other" / "experiments").mkdir(parents=True)
    (folder / "other" / "expsync.yaml").write_text("version: 1\nenvironments: {far: {projectId: 1}}\n")
    (folder / "other" / "experiments" / "x.yaml").write_text("key: elsewhere\n")

    assert bash("expsync -c other/expsync.yaml plan -t ") == ["values", "elsewhere"]
    assert bash("expsync plan --config other/expsync.yaml -e ") == ["values", "far"]
    assert bash("expsync plan -c none.yaml -e ") == ["values"]


def test_it_works_from_a_folder_inside(bash: Complete, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder / "experiments")

    assert bash("expsync pull s") == ["values", "search"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "environments: 3\nexperiments: 4\n", "\x00", "experiments: ['[z-a]']\n"]
)
def test_a_broken_workspace_is_no_reason_for_noise(bash: Complete, folder: Path, text: str) -> None:
    (folder / "expsync.yaml").write_text(text)
    before = sorted(folder.rglob("*"))

    assert bash("expsync -e ") == ["values"]
    assert bash("expsync plan -t x") == ["values"]
    assert sorted(folder.rglob("*")) == before


def test_outside_of_a_workspace_there_are_no_names(
    bash: Complete, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))

    assert bash("expsync plan -t ") == ["values"]
    assert bash("expsync -e ") == ["values"]


def test_nothing_is_made_by_a_tab(bash: Complete, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    for line in ("expsync plan -t ", "expsync -e ", "expsync apply --allow s:", "expsync history s"):
        bash(line)

    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("instruction", ["", "bash", "bash_source", "tcsh_complete", "bash_complete_", "_"])
def test_another_instruction_says_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, instruction: str) -> None:
    monkeypatch.setenv("_EXPSYNC_COMPLETE", instruction)

    ran = run("plan")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(
    ("shell", "words", "said"),
    [
        ("zsh", "expsync\nplan\n--fo", ["values", "--format\tHow the plan is written"]),
        ("zsh", "expsync\nplan\n-t\nse", ["values", "search"]),
        ("zsh", "expsync\nplan\n--format=j", ["values", "json"]),
        ("zsh", "expsync\n-e\npre", ["values", "pre prod"]),
        ("zsh", "expsync\nplan\n-t\n", ["values", "checkout-button", "checkout-form", "search"]),
        ("fish", "expsync\npl\n", ["values", "plan\tShow what apply would change"]),
        ("fish", "expsync\nplan\n--format=j\n", ["values", "--format=json"]),
        ("fish", "expsync\nplan\n-t\n'check\n", ["values", "checkout-button", "checkout-form"]),
        ("fish", "expsync\nplan\n-t\n\n", ["values", "checkout-button", "checkout-form", "search"]),
        ("fish", "expsync\napply\n--allow\nse\n", ["open", "search:"]),
    ],
)
def test_other_shells_get_words_and_what_they_are_for(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, shell: str, words: str, said: list[str]
) -> None:
    monkeypatch.setenv("_EXPSYNC_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("_EXPSYNC_WORDS", words)

    ran = run()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(run: Run, shell: str) -> None:
    from expsync.cli import completion

    script = Path(completion.__file__).parent / "shells" / f"expsync.{shell}"
    ran = run("completion", shell)
    assert (ran.code, ran.out, ran.err) == (0, script.read_text(encoding="utf-8"), "")


@pytest.mark.parametrize("line", ["expsync ", "expsync plan -t ", "expsync apply --fo", "expsync -e "])
def test_a_tab_loads_no_models_and_no_client(folder: Path, line: str) -> None:
    code = (
        "import sys; from expsync.cli.main import main; code = main([])\n"
        "heavy = {'pydantic', 'httpx', 'rich', 'sqlite3'}\n"
        "print('|', *sorted({name.partition('.')[0] for name in sys.modules} & heavy))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "_EXPSYNC_COMPLETE": "bash_complete", "_EXPSYNC_LINE": line},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert ran.stdout.splitlines()[-1] == "|"
    assert len(ran.stdout.splitlines()) > 2
