"""What holds of the canonical form whatever the text: it means the same, is settled, and keeps every comment."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from random import Random

from expsync.config.emit import document_text
from expsync.config.format import format_text
from expsync.config.yaml import YamlError, parse
from expsync.model.experiment import Experiment
from tests.config.odd_experiments import odd_experiment
from tests.config.odd_files import Odd, odd_file
from tests.config.odd_yaml import join, stream
from tests.config.owners import strayed

EXAMPLES = int(os.environ.get("EXPSYNC_EXAMPLES", "500"))

_COMMENT = re.compile(r"# (?:above|behind|end|loose) \S+")
_SOUP = [
    "key: a", "name: b", "variants:", "- key: x", "- name: y", "-", "- - z", "tags: [a, b]", "tags: [a,", "b]",
    "{a: 1,", "c: 2}", "payload: {x: [1, 2],", "y: 3}", "? k", "? k2", ": v", ":", "&a", "key: &a", "name: &b v",
    "x: *a", "z: *b", "- &a x", "- *a", "- |", "- >-", "desc: |", "desc: >-", "desc: |+", "text more", "text", "",
    "# c1", "---", "...", "%YAML 1.2", "'q': \"r\"", "'q'", '"multi', 'line"', "plain", "enabled:", "conditions:",
    "- {prop: a, op: b}", "environments:", "prod:", "q: [", "]", "}", "{", ",", "lit: |2-", "exposureEvent: {a: 1}",
]  # fmt: skip


def loaded(text: str) -> list[str]:
    """The documents, so that 1 is neither 1.0 nor true."""
    return [json.dumps(document.value, sort_keys=True) for document in parse(text)]


def test_odd_files_are_settled_at_once_and_mean_the_same_with_every_comment_at_its_owner() -> None:
    comments = aliases = 0
    for seed in range(EXAMPLES):
        odd = odd_file(seed)
        result = format_text(odd.text, Experiment)
        assert format_text(result, Experiment) == result, seed
        assert loaded(result) == loaded(odd.text), seed
        assert Counter(_COMMENT.findall(result)) == Counter(_COMMENT.findall(odd.text)), seed
        assert strayed(odd, result) == [], seed
        assert "\r" not in result
        assert not result.startswith(("\n", "\ufeff")), seed
        assert result.endswith("\n") or not result, seed
        comments += len(_COMMENT.findall(result))
        aliases += sum(map(len, odd.aliases))
    assert comments > EXAMPLES * 5
    assert aliases > EXAMPLES // 10


def test_the_files_that_rewriting_is_tried_on_are_settled_at_once_and_mean_the_same() -> None:
    for seed in range(EXAMPLES // 5):
        random = Random(seed)
        text = join(stream(random, [odd_experiment(random) for _ in range(random.choice([1, 1, 2]))]))
        result = format_text(text, Experiment)
        assert format_text(result, Experiment) == result, seed
        assert loaded(result) == loaded(text), seed


def test_whatever_the_loader_takes_can_be_formatted() -> None:
    taken = 0
    random = Random(1)
    for _ in range(EXAMPLES * 10):
        text = "".join(
            " " * random.choice([0, 0, 0, 0, 2, 2, 2, 4, 4, 1, 3, 6])
            + random.choice(_SOUP)
            + random.choice(["", "", "", "", f" # t{random.randint(0, 99)}", "#n"])
            + "\n"
            for _ in range(random.randint(1, 7))
        )
        try:
            before = loaded(text)
        except YamlError:
            continue
        taken += 1
        result = format_text(text, Experiment)
        assert format_text(result, Experiment) == result, text
        assert loaded(result) == before, text
    assert taken > EXAMPLES


def test_what_expsync_writes_is_in_canonical_form() -> None:
    for seed in range(EXAMPLES // 2):
        value = Odd(Random(seed), 0).experiment()
        text = format_text(document_text(value), Experiment)
        ordered = parse(text)[0].value
        assert isinstance(ordered, dict)
        assert ordered == value
        assert document_text(ordered) == text, seed
