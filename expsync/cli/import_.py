"""`expsync import`: files for live experiments that none declares yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from expsync.cli.help import ExpsyncCommand
from expsync.cli.interrupt import Interruption
from expsync.cli.options import Globals, with_globals
from expsync.errors import ExpsyncError, UsageError

if TYPE_CHECKING:
    from expsync.cli.session import Session
    from expsync.config.documents import RawDocument

_SHOWN = 20
"""Keys that one message lists at most."""


@click.command(
    "import",
    cls=ExpsyncCommand,
    examples=[
        ("all that is live, then a plan that has nothing", "expsync import --all && expsync plan"),
        ("some experiments, into a folder", "expsync import 'search-*' --out experiments/search"),
    ],
)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="Every experiment that is not archived.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the files go; else the folder of the workspace's first glob.",
)
@click.option("--no-inclusions", is_flag=True, help="Leave out who is included in variants; saves many requests.")
@click.option("--all-fields", is_flag=True, help="Write defaults and empty lists too, so that they are managed.")
@click.option("--adopt", is_flag=True, help="Then put the ownership tag on these experiments, live, without asking.")
@with_globals
def command(
    globals_: Globals,
    keys: tuple[str, ...],
    everything: bool,
    out: Path | None,
    no_inclusions: bool,
    all_fields: bool,
    adopt: bool,
) -> int:
    """Write YAML for live experiments that no file declares yet.

    With KEYs, or globs such as 'checkout-*', only these; an archived experiment is imported only by its own key. Reads
    the live side and writes nothing there, but for --adopt. Deployments get aliases in the workspace file. No file that
    is there is touched. Prints the files written. What a file can't hold is left out, left alone, and named in it.
    """
    if bool(keys) == everything:
        raise UsageError("give KEYs or --all, not both" if keys else "name the experiments to import, or give --all")
    from expsync.authoring.file_names import choose_folder
    from expsync.authoring.importer import Wanted
    from expsync.authoring.placing import place_files
    from expsync.cli.here import seen_from
    from expsync.cli.import_live import read_live
    from expsync.cli.import_report import report, say_next
    from expsync.cli.session import open_session

    session = open_session(globals_)
    workspace = session.workspace
    folder = choose_folder(workspace.root, workspace.file.experiments, out)
    if adopt and folder.inside is None:
        raise UsageError("--adopt is for files of the workspace, and none of its globs reaches --out")
    known = _declared(session)
    _refuse_declared(keys, known, seen_from(workspace.root))
    wanted = Wanted(workspace, session.name, folder, all_fields=all_fields, today=datetime.now(UTC).date())
    interruption = Interruption()
    with interruption.at_once(), session.client(sleep=interruption.wait_turn) as client:
        live = read_live(session, client, wanted, keys, known, members=not no_inclusions)
        placed = place_files(live.imported, live.wanted, live.drafts)
        code = report(placed, live.wanted, globals_)
        failed = None
        if adopt and placed.files:
            from expsync.cli.adopt import adopt_live

            states = {file.key: live.states[file.key] for file in placed.files}
            failed = adopt_live(globals_, client, states, interruption)
    if placed.files:
        say_next(live.wanted, globals_, adopted=failed == 0)
    return failed or code


def _declared(session: Session) -> dict[str, RawDocument]:
    """The documents of the workspace by their keys, also those that this environment skips.

    ConfigError where there is an error among the files.
    """
    from expsync.config.documents import raw_documents
    from expsync.config.load import collector_paused, load_declarations
    from expsync.errors import ConfigError

    loaded = load_declarations(session.workspace, session.name)
    if any(problem.severity == "error" for problem in loaded.diagnostics):
        raise ConfigError(loaded.diagnostics)
    with collector_paused():
        return {document.key: document for document in raw_documents(session.workspace) if document.key is not None}


def _refuse_declared(keys: Iterable[str], known: Mapping[str, RawDocument], named: Callable[[str], str]) -> None:
    """ExpsyncError for keys that a file declares already; `named` says how a file is called here."""
    declared = [known[key] for key in dict.fromkeys(keys) if key in known]
    if declared:
        places = "; ".join(
            f"{one.key} is declared already, in {named(one.file)}:{one.line}" for one in declared[:_SHOWN]
        )
        taken = " ".join(str(one.key) for one in declared[:_SHOWN])
        raise ExpsyncError(places, hint=f"`expsync pull {taken}` takes what is live into the files that are there")
