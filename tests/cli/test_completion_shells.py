"""TAB pressed in the real shells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.shells import PROGRAM, at_terminal, environment, shell

WORKSPACE = """\
version: 1
environments: {sandbox: {baseUrl: sandbox, projectId: 1}, pre prod: {projectId: 3}}
"""
# What is typed before TAB, and what stands on the line after it.
LINES = {
    "expsync pl": "expsync plan ",
    "expsync plan -t checkout-b": "expsync plan -t checkout-button ",
    "expsync plan -t 'checkout-b": "expsync plan -t 'checkout-button' ",
    "expsync plan -t ch": "expsync plan -t checkout-",
    "expsync plan --format=ht": "expsync plan --format=html ",
    "expsync -e pre": "expsync -e pre\\ prod ",
    "expsync -e 'pre": "expsync -e 'pre prod' ",
    "expsync apply --allow sea": "expsync apply --allow search:",
    "expsync apply --allow search:variant-w": "expsync apply --allow search:variant-weights ",
    "expsync apply --allow 'sea*:variant-w": "expsync apply --allow 'sea*:variant-weights' ",
    "expsync show exps": "expsync show expsync.yaml ",
    "expsync --config=exps": "expsync --config=expsync.yaml ",
    "expsync init exp": "expsync init experiments/",
    "expsync pull sea*": "expsync pull sea\\* ",
    "expsync plan -t zz": "expsync plan -t zz",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace, and beside it a home with the scripts."""
    root, home = tmp_path / "root", tmp_path / "home"
    (root / "experiments").mkdir(parents=True)
    home.mkdir()
    (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    for key in ("checkout-button", "checkout-form", "search"):
        (root / "experiments" / f"{key}.yaml").write_text(f"key: {key}\n", encoding="utf-8")
    for name in ("bash", "zsh", "fish"):
        ran = subprocess.run([PROGRAM, "completion", name], capture_output=True, check=True, env=environment(home))
        (home / f"script.{name}").write_bytes(ran.stdout)
    return root


def _pressed(command: list[str], folder: Path, setup: str) -> dict[str, str]:
    """What each line has become; `setup` makes Ctrl-O print the line between braces."""
    done = {}
    with at_terminal(command, folder=folder, home=folder.parent / "home") as terminal:
        # The echo of what is typed must not be taken for the answer.
        terminal.press(f"{setup}; echo re''ady\n")
        terminal.until("ready")
        for line in LINES:
            terminal.press(f"{line}\t\x0f")
            terminal.until("{{")
            done[line] = terminal.until("}}")
            terminal.press("\x15")
    return done


def test_bash_completes_at_a_terminal(folder: Path) -> None:
    setup = (
        "PS1='$ '; bind 'set bell-style none'; bind -x '\"\\C-o\": printf \"\\n{{%s}}\\n\" \"$READLINE_LINE\"'; "
        'eval "$(expsync completion bash)"'
    )
    assert _pressed([shell("bash"), "--norc", "--noprofile", "-i"], folder, setup) == LINES


def test_zsh_completes_at_a_terminal(folder: Path) -> None:
    setup = (
        "PS1='$ '; setopt no_beep; autoload -Uz compinit; compinit -u -D; "
        'report() { print -r -- "{{$BUFFER}}"; zle redisplay }; zle -N report; bindkey "^O" report; '
        "bindkey '^U' kill-whole-line; source ~/script.zsh"
    )
    assert _pressed([shell("zsh"), "-f", "-i"], folder, setup) == LINES


def test_zsh_loads_the_script_from_a_folder_too(folder: Path) -> None:
    home = folder.parent / "home"
    (home / "functions").mkdir()
    (home / "script.zsh").rename(home / "functions" / "_expsync")
    setup = (
        "PS1='$ '; setopt no_beep; fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u -D; "
        'report() { print -r -- "{{$BUFFER}}"; zle redisplay }; zle -N report; bindkey "^O" report'
    )
    with at_terminal([shell("zsh"), "-f", "-i"], folder=folder, home=home) as terminal:
        terminal.press(f"{setup}; echo re''ady\n")
        terminal.until("ready")
        terminal.press("expsync pl\t\x0f")
        terminal.until("{{")
        assert terminal.until("}}") == "expsync plan "


def test_zsh_without_its_completion_says_what_is_missing(folder: Path) -> None:
    ran = subprocess.run(
        [shell("zsh"), "-f", "-c", "source ~/script.zsh"],
        capture_output=True,
        encoding="utf-8",
        env=environment(folder.parent / "home"),
        check=False,
    )
    assert ran.stderr == "expsync: completion needs 'autoload -Uz compinit && compinit' before this\n"


def test_fish_completes(folder: Path) -> None:
    lines = {
        "expsync pl": ["plan\tShow what apply would change"],
        "expsync plan -t ch": ["checkout-button", "checkout-form"],
        "expsync plan -t 'checkout-b": ["checkout-button"],
        "expsync plan --format=ht": ["--format=html"],
        "expsync -e pre": ["pre prod"],
        "expsync apply --allow search:variant-w": ["search:variant-weights"],
        "expsync show exps": ["expsync.yaml"],
        "expsync --config=exps": ["--config=expsync.yaml"],
        "expsync init exp": ["experiments/\tDirectory"],
        "expsync plan -t zz": [],
    }
    asked = "; ".join(f"echo '== {number}'; complete -C $argv[{number}]" for number in range(1, len(lines) + 1))
    ran = subprocess.run(
        [shell("fish"), "--no-config", "-c", f"source ~/script.fish; {asked}", *lines],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=environment(folder.parent / "home"),
        timeout=60,
        check=True,
    )

    assert ran.stderr == ""
    answers = ran.stdout.split("== ")[1:]
    assert {line: answer.splitlines()[1:] for line, answer in zip(lines, answers, strict=True)} == lines
