"""Records the tour anew: `python -m tests.api.record`, then `pytest tests/api --update-expected`, then review."""

from __future__ import annotations

from pathlib import Path

from tests.api.tour import AGES, CASSETTES, recorder, served, take_tour, tourist


def record(folder: Path = CASSETTES) -> None:
    """Writes one cassette an age into the folder, from a sandbox that is served for it."""
    folder.mkdir(exist_ok=True)
    for age in AGES:
        path = folder / f"{age}.yaml"
        path.unlink(missing_ok=True)
        with served(age) as url, recorder(url).use_cassette(str(path), record_mode="once"), tourist(url) as client:
            take_tour(client, age)


if __name__ == "__main__":
    record()
