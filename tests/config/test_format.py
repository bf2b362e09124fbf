"""The canonical form, as whole texts before and after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from expsync.config.canonical_order import field_order
from expsync.config.fields import model_at
from expsync.config.format import FormatError, format_text
from expsync.config.order import experiment_order, workspace_order
from expsync.config.yaml import YamlError, parse
from expsync.config.yaml_tree import Tree
from expsync.model.experiment import Experiment
from expsync.model.workspace import WorkspaceFile

ROOT = Path(__file__).parent.parent.parent

FIELDS = """\
naem: unknown
environments:
  prod: {enabled: false, rolloutPercentage: 5}
  dev: {skip: true}
targetSegments:
- conditions:
  - values: [x]
    op: is
    prop: country
  name: US
  rolloutWeights: {b: 1, a: 2}
variants:
    -   rolloutWeight: 1
        payload: {z: 1, a: 2}
        key: control
enabled: true
zzz: 1
name: M
exposureEvent: {filters: [], event_type: seen}
key: a
"""
FIELDS_IN_ORDER = """\
key: a
name: M
enabled: true
exposureEvent:
  event_type: seen
  filters: []
variants:
  - key: control
    payload: {z: 1, a: 2}
    rolloutWeight: 1
targetSegments:
  - name: US
    rolloutWeights: {b: 1, a: 2}
    conditions:
      - prop: country
        op: is
        values: [x]
environments:
  prod: {enabled: false, rolloutPercentage: 5}
  dev: {skip: true}
naem: unknown
zzz: 1
"""

COMMENTS = """\
# yaml-language-server: $schema=x.json
# about the name
name: M  # behind the name
# above the key
key: a
variants:    # behind variants:
  # above the first
  - name: One   # behind the name
    # above its key
    key: one
    # end of the first

  # above the second

  - key: two
  # end of variants
# above tags
tags: [a, # behind a
  # above b
  b
  # end of tags
  ] # behind tags
description: | # behind the header
  text
  # still text
 # at the end of what was above
lifecycle: # behind lifecycle:
  # heading

  # above preventArchive
  preventArchive: true
  ignoreChanges: []
# end of the file
"""


def check(before: str, after: str, model: type[BaseModel] = Experiment) -> None:
    assert format_text(before, model) == after
    assert format_text(after, model) == after


TABLE: dict[str, tuple[str, str]] = {
    "fields take the order of the models, unknown ones go to the end, free ones stay": (FIELDS, FIELDS_IN_ORDER),
    "comments go with what they belong to": (
        COMMENTS,
        """\
# yaml-language-server: $schema=x.json
# above the key
key: a
# about the name
name: M  # behind the name
description: |  # behind the header
  text
  # still text
# above tags
tags:  # behind tags
  - a  # behind a
  # above b
  - b
  # end of tags
variants:  # behind variants:
  # above the first
  # above its key
  - key: one
    name: One  # behind the name
    # end of the first

  # above the second

  - key: two
  # end of variants
# at the end of what was above
lifecycle:  # behind lifecycle:
  # heading

  ignoreChanges: []
  # above preventArchive
  preventArchive: true
# end of the file
""",
    ),
    "a block at the top with a blank line below stays there": (
        "# Licence\n\n# about the name\nname: M\nkey: a\n",
        "# Licence\n\nkey: a\n# about the name\nname: M\n",
    ),
    "what is above the line for editors stays above it": (
        "# Licence\n# yaml-language-server: $schema=x\nname: M\n\nkey: a\n",
        "# Licence\n# yaml-language-server: $schema=x\nkey: a\nname: M\n",
    ),
    "blank lines go with what is below them, one at most, none at the start of a block": (
        "\n\nname: M\n\n\n\nenabled: true\nvariants:\n\n  - key: a\n\n\n  - key: b\n\n    name: B\n\nkey: a\n\n\n",
        "key: a\nname: M\n\nenabled: true\nvariants:\n  - key: a\n\n  - key: b\n\n    name: B\n",
    ),
    "a comment indented under a value that is no block belongs to it": (
        "tags:\n  # - commented\nname: M\n  # under the name\nkey: a\n",
        "key: a\nname: M\n  # under the name\ntags: null\n  # - commented\n",
    ),
    "a comment at the column of the next key belongs to that": (
        "variants:\n- key: a\n# above the name\nname: M\nkey: a\n",
        "key: a\n# above the name\nname: M\nvariants:\n  - key: a\n",
    ),
    "comments between a key and its value": (
        "key: # one\n  a\nname:\n  # two\n  M\ntags: # three\n  # four\n  [a] # five\n",
        "key: a  # one\n# two\nname: M\n# four\n# three\ntags: [a]  # five\n",
    ),
    "comments of the question mark's notation": (
        "? name # one\n: # two\n  M # three\n? key\n: a\n? # four\n  tags\n: - a\n",
        "key: a\n# one\n# two\nname: M  # three\ntags:  # four\n  - a\n",
    ),
    "comments before the first key of an item stand above its dash": (
        "variants:\n  - # one\n    # two\n    name: M\n    # three\n    key: a\n  -\n\n    # four\n\n    key: b\n",
        "variants:\n  # one\n  # three\n  - key: a\n    # two\n    name: M\n  # four\n\n  - key: b\n",
    ),
    "quotes only where they are wanted, and always double": (
        "'key': 'a'\n\"name\": \"it's\"\ndescription: 'on'\n\"tags\": ['1', \"b c\", 'd, e', x:y]\n",
        'key: a\nname: it\'s\ndescription: "on"\ntags: ["1", b c, "d, e", "x:y"]\n',
    ),
    "numbers, booleans and nulls in one spelling": (
        "rolloutPercentage: 12.50\nenabled: True\nendDate: ~\nstartDate:\nx: [0x1F, +1, 1e3, 007]\n",
        "enabled: true\nrolloutPercentage: 12.5\nstartDate: null\nendDate: null\nx: [31, 1, 1000.0, 7]\n",
    ),
    "brackets stay where they fit, and lines stay lines": (
        "tags: [ a,b ]\ndeployments:\n- a\n- b\nvariants: [{key: a}, {key: b, payload: {}}]\nx: {a: [1, {b: 2}]}\n",
        "tags: [a, b]\ndeployments:\n  - a\n  - b\nvariants:\n  - {key: a}\n  - {key: b, payload: {}}\n"
        "x: {a: [1, {b: 2}]}\n",
    ),
    "brackets that are too long become lines, inner ones only if they must": (
        f"x: {{a: [{'x' * 40}, {'y' * 40}], b: [1, 2], c: [[{'z' * 90}], [4]]}}\n",
        f"x:\n  a: [{'x' * 40}, {'y' * 40}]\n  b: [1, 2]\n  c:\n    - [{'z' * 90}]\n    - [4]\n",
    ),
    "a list of one pair without brackets": ("x: [a: 1, {b: 2}]\n", "x: [{a: 1}, {b: 2}]\n"),
    "text of several lines": (
        'description: "one\\ntwo\\n"\nname: >-\n  short\n  text\nx: {yy: "a\\nb"}\nz: "a \\nb"\n',
        'name: short text\ndescription: |\n  one\n  two\nx:\n  yy: |-\n    a\n    b\nz: "a \\nb"\n',
    ),
    "a long folded text keeps its lines": (
        f"description: >\n     {'a' * 60}\n     {'b' * 60}\n\n     c\nkey: a\n",
        f"key: a\ndescription: >\n  {'a' * 60}\n  {'b' * 60}\n\n  c\n",
    ),
    "a literal text with spaces at the end of a line keeps its lines": (
        "description: |2\n    one \n    two\n\nname: |-\n      one \n      two\n",
        'name: |-\n  one \n  two\ndescription: "  one \\n  two\\n"\n',
    ),
    "text with blank lines at its end": (
        "name: M\nx: |+\n  a\n\n\n\nkey: a\n\ntags: []\n",
        "key: a\nname: M\n\ntags: []\nx: |+\n  a\n\n\n\n",
    ),
    "anchors stand where the value comes first in the new order": (
        "tags: &t [a]\nname: &n M\nkey: *n\nx: *t\nvariants:\n  - {key: &k a, name: *k}\n",
        "key: &n M\nname: *n\ntags: &t [a]\nvariants:\n  - {key: &k a, name: *k}\nx: *t\n",
    ),
    "a block that is shared goes, with its comments, where it comes first": (
        "environments:\n  # the one\n  prod: &p # shared\n    # half\n    rolloutPercentage: 50\n  dev: *p # same\n"
        "lifecycle: *p\n",
        "lifecycle: &p\n  # half\n  rolloutPercentage: 50\nenvironments:\n  # the one\n  prod: *p  # shared\n"
        "  dev: *p  # same\n",
    ),
    "a shared block that comes to stand in brackets opens them": (
        "x: &x\n  - 1\ntags: [*x]\n",
        "tags:\n  - &x\n    - 1\nx: *x\n",
    ),
    "anchors of one name get names of their own": (
        "name: &a M\ntags: [*a]\ndescription: &a D\nkey: *a\n",
        "key: &a D\nname: &a2 M\ndescription: *a\ntags: [*a2]\n",
    ),
    "a key's anchor goes, its aliases share one of their own": (
        "&k name: M\nkey: *k\nx: *k\n&l yy: *l\n",
        "key: &k name\nname: M\nx: *k\nyy: yy\n",
    ),
    "a comment behind a key's anchor": ("x: {a: 1,\n&k # one\n  b\n}\n", "x:\n  a: 1\n  b: null  # one\n"),
    "documents": (
        "# top\n--- # one\nname: M\nkey: a\n# end of a\n--- # two\n# about b\nkey: b\n...\n"
        "# about c\n---\nkey: c\n...\n",
        "# top\n# one\nkey: a\nname: M\n# end of a\n---  # two\n# about b\nkey: b\n---\n# about c\nkey: c\n",
    ),
    "a directive needs its three dashes, and three dots before it": (
        "%YAML 1.2 # one\n---\nkey: a\n... # two\n# three\n%YAML 1.2\n---\nkey: b\n",
        "# one\n%YAML 1.2\n---\nkey: a\n# two\n...\n# three\n%YAML 1.2\n---\nkey: b\n",
    ),
    "empty documents stay": ("---\n# one\n---\nkey: a\n---\n", "---\n# one\n---\nkey: a\n---\n"),
    "a file of comments": ("\n\n# one\n\n\n  # two\n\n", "# one\n\n# two\n"),
    "nothing": ("\n \n", ""),
    "line ends, and a byte order mark": (
        "\ufeffname: M\r\ndescription: |\r\n  a\r\n  b\r\nkey: a # c\r\n",
        "key: a  # c\nname: M\ndescription: |\n  a\n  b\n",
    ),
    "no line end at the end": ("key: a", "key: a\n"),
    "what is no experiment": ("# c\n- [a,b] # d\n-   - c\n", "# c\n- [a, b]  # d\n- - c\n"),
    "text alone": ("--- |\n a\n b\n# c\n", "|\n  a\n  b\n# c\n"),
    "a key that is too long to stand before its colon": (
        f"x:\n  ? {'k' * 1001}\n  :\n    a: 1 # c\nkey: a\n",
        f"key: a\nx:\n  ? {'k' * 1001}\n  :\n    a: 1  # c\n",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_texts_take_their_canonical_form(name: str) -> None:
    check(*TABLE[name])


def test_the_workspace_file_has_an_order_of_its_own() -> None:
    check(
        "rules: {EXP410: off}\nenvironments: {prod: {projectId: '1', region: eu}}\nversion: 1  # the only one\n",
        'version: 1  # the only one\nenvironments:\n  prod: {region: eu, projectId: "1"}\nrules: {EXP410: "off"}\n',
        WorkspaceFile,
    )


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: !!str 1\n", "<<: 1\n", "a: *b\n", "a:\n\t- b\n"])
def test_what_the_loader_refuses_is_refused(text: str) -> None:
    with pytest.raises(YamlError) as told:
        format_text(text, Experiment)
    with pytest.raises(YamlError) as loaders:
        parse(text)
    assert told.value.problems == loaders.value.problems


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda text: text.replace("# one\n", ""), "a comment would be lost or doubled"),
        (lambda text: text + "# one\n", "a comment would be lost or doubled"),
        (lambda text: text.replace("1", "1.0"), "the formatted text would mean something else"),
        (lambda text: text.replace("true", "1"), "the formatted text would mean something else"),
        (lambda text: "a: [", "the formatted text would not be YAML any more"),
    ],
)
def test_a_wrong_result_is_never_given_back(monkeypatch: pytest.MonkeyPatch, broken: object, message: str) -> None:
    from expsync.config import format as module

    verify = module._verify

    def spoiled(tree: Tree, result: str) -> None:
        assert callable(broken)
        verify(tree, broken(result))

    monkeypatch.setattr(module, "_verify", spoiled)
    with pytest.raises(FormatError, match=message):
        format_text("enabled:   true\n# one\nrolloutPercentage: 1\n", Experiment)


def test_the_order_is_that_of_rewriting() -> None:
    paths = [(), ("variants", 0), ("targetSegments", 0), ("targetSegments", 0, "conditions", 0), ("exposureEvent",)]
    paths += [("lifecycle",), ("acknowledge", 0), ("environments", "prod"), ("environments", "prod", "variants", 0)]
    for path in paths:
        model = model_at(Experiment, path)
        assert model is not None
        assert list(field_order(model)) == list(experiment_order(path))
    assert list(field_order(WorkspaceFile)) == list(workspace_order(()))


def test_every_example_is_in_canonical_form() -> None:
    files = sorted((ROOT / "examples").rglob("*.yaml"))
    assert len(files) >= 8
    for file in files:
        text = file.read_text(encoding="utf-8")
        model = WorkspaceFile if file.name == "expsync.yaml" else Experiment
        assert format_text(text, model) == text, file


def test_what_new_repositories_begin_with_is_in_canonical_form() -> None:
    templates = ROOT / "expsync" / "authoring" / "templates"
    for name, model in (("checkout-button.yaml", Experiment), ("expsync.yaml", WorkspaceFile)):
        text = (templates / name).read_text(encoding="utf-8")
        assert format_text(text, model) == text


def test_the_cases_of_the_planner_keep_their_meaning() -> None:
    files = [path for folder in (ROOT / "tests" / "cases").iterdir() for path in folder.glob("experiments/**/*.yaml")]
    assert len(files) > 150
    for file in files:
        text = file.read_text(encoding="utf-8")
        result = format_text(text, Experiment)
        assert format_text(result, Experiment) == result
        assert json.dumps([d.value for d in parse(result)], sort_keys=True) == json.dumps(
            [d.value for d in parse(text)], sort_keys=True
        )
