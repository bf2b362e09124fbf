"""`expsync completion`: the script that makes a shell complete our words."""

from __future__ import annotations

from importlib import resources
from typing import Literal

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.options import Globals, with_globals

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=ExpsyncCommand,
    examples=[
        ("bash, for this session alone; in ~/.bashrc, for all", 'eval "$(expsync completion bash)"'),
        ("zsh, in ~/.zshrc after compinit", "source <(expsync completion zsh)"),
        ("zsh, in a folder of $fpath instead", 'expsync completion zsh > "${fpath[1]}/_expsync"'),
        ("fish", "expsync completion fish > ~/.config/fish/completions/expsync.fish"),
    ],
)
@click.argument("shell", type=click.Choice(SHELLS))
@with_globals
def command(_: Globals, shell: Literal["bash", "zsh", "fish"]) -> None:
    """Print the script that lets a shell complete commands, options, keys and environments on TAB.

    Keys and environments come from the files around the working directory; the network is never asked. The script may
    also lie in a folder that the shell loads completions from by itself.
    """
    script = resources.files("expsync.cli").joinpath("shells", f"expsync.{shell}")
    click.echo(script.read_text(encoding="utf-8"), nl=False)
