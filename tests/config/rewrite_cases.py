"""The smallest change of a text: by what is shown, before, the value that it shall have, after (and which document)."""

from __future__ import annotations

from pydantic import JsonValue

Case = tuple[str, JsonValue, str] | tuple[str, JsonValue, str, int]

SCALARS: dict[str, Case] = {
    "a number keeps its comment": ("a: 1 # one\nb: 2\n", {"a": 2, "b": 2}, "a: 2 # one\nb: 2\n"),
    "quotes stay where they can": (
        "a: 'x'\nb: \"y\"\nc: z\nd: 'q'\n",
        {"a": "it's", "b": 'say "hi"', "c": "on", "d": 5},
        'a: \'it\'\'s\'\nb: "say \\"hi\\""\nc: "on"\nd: 5\n',
    ),
    "a number of the same value stays as it is written": (
        "a: 0x1f\nb: 1.0\nc: 1\nd: ~\n",
        {"a": 31, "b": 1, "c": 1.0, "d": None},
        "a: 0x1f\nb: 1.0\nc: 1\nd: ~\n",
    ),
    "true is no 1": ("a: 1\nb: true\n", {"a": True, "b": 1}, "a: true\nb: 1\n"),
    "literal text stays literal, in its column": (
        "a: |\n    one\n    two # text\nb: 1\n",
        {"a": "one\n2\nthree\n", "b": 1},
        "a: |\n    one\n    2\n    three\nb: 1\n",
    ),
    "a literal header keeps its comment": (
        "a: | # why\n  one\nb: 1\n",
        {"a": "single", "b": 1},
        "a: |- # why\n  single\nb: 1\n",
    ),
    "indentation given in digits goes with its text": (
        "a: |2+\n   one\n\n\nb: 1\n",
        {"a": "x\n", "b": 1},
        "a: |\n   x\nb: 1\n",
    ),
    "folded text stays folded": (
        "a: >-\n  folded text that is\n  broken into lines # text\nb: 1\n",
        {"a": "folded text that is another\nand broken", "b": 1},
        "a: >-\n  folded text that is another\n\n  and broken\nb: 1\n",
    ),
    "text that no block can hold goes into quotes": (
        "a: | # why\n  one\nb: 1\n",
        {"a": " \ttwo\n", "b": 1},
        'a: " \\ttwo\\n"  # why\nb: 1\n',
    ),
    "a literal at the end of the file gets the line break it needs": ("a: |\n  one", {"a": "two\n"}, "a: |\n  two\n"),
    "a literal at the end of the file keeps its meaning when more follows": (
        "a: |\n  one\n  two",
        {"a": "one\ntwo", "b": 1},
        "a: |-\n  one\n  two\nb: 1",
    ),
    "text of several lines becomes literal behind the comment": (
        "a: x # c\nb: 1\n",
        {"a": "multi\nline", "b": 1},
        "a: |- # c\n  multi\n  line\nb: 1\n",
    ),
    "an empty value is filled before its comment": (
        "a: # c\nb:\n  # d\n  x # e\nc: {k, l: , m: 1}\n",
        {"a": 1, "b": 2, "c": {"k": 1, "l": 2, "m": 1}},
        "a: 1 # c\nb:\n  # d\n  2 # e\nc: {k: 1, l: 2, m: 1}\n",
    ),
    "a question mark for a key": (
        "? a\n? b\n: 1\n? c # x\n: # y\n  - 1\n",
        {"a": 1, "b": 2, "c": [1, 2]},
        "a: 1\n? b\n: 2\n? c # x\n: # y\n  - 1\n  - 2\n",
    ),
    "JSON stays JSON": (
        '{\n  "key": "a",\n  "tags": ["x"],\n  "on":true\n}\n',
        {"key": "a", "tags": ["x", "y"], "on": "text", "name": "N"},
        '{\n  "key": "a",\n  "name": "N",\n  "tags": ["x", "y"],\n  "on": "text"\n}\n',
    ),
}
MAPPINGS: dict[str, Case] = {
    "a new key finds its place": (
        "key: a\nenabled: true # e\n# v\nvariants: []\n# end\n",
        {
            "key": "a",
            "enabled": True,
            "variants": [],
            "name": "A",
            "rolloutPercentage": 5,
            "environments": {"prod": {"enabled": False}},
        },
        "key: a\nname: A\nenabled: true # e\nrolloutPercentage: 5\n# v\nvariants: []\nenvironments:\n"
        "  prod: {enabled: false}\n# end\n",
    ),
    "a new key of free data comes last": (
        "key: a\nvariants:\n- key: c\n  payload:\n    z: 1\n    # about z\n",
        {"key": "a", "variants": [{"key": "c", "payload": {"z": 1, "a": [1]}}]},
        "key: a\nvariants:\n- key: c\n  payload:\n    z: 1\n    a: [1]\n    # about z\n",
    ),
    "keys apart from each other stay so": (
        "key: a\n\nenabled: true\n\ntags: []\n",
        {"key": "a", "enabled": True, "tags": [], "name": "A"},
        "key: a\n\nname: A\n\nenabled: true\n\ntags: []\n",
    ),
    "a key goes with its comments": (
        "# head\n\n# about a\na: 1\n# about b\nb: 2 # two\n   # more of b\n\nc: 3\n# end\n",
        {"a": 1, "c": 3},
        "# head\n\n# about a\na: 1\n\nc: 3\n# end\n",
    ),
    "the first key leaves the comments at the head": ("# head\na: 1\nb: 2\n", {"b": 2}, "# head\nb: 2\n"),
    "the editor's line stays": (
        "# yaml-language-server: $schema=x\na: 1\nb: 2\n",
        {"b": 3},
        "# yaml-language-server: $schema=x\nb: 3\n",
    ),
    "a group's blank line stays": ("a: 1\n\nb: 2\n\nc: 3\nd: 4", {"a": 1, "c": 3}, "a: 1\n\nc: 3"),
    "the last key of all": ("a:\n  b: 1 # c\nd: 2\n", {"a": {}, "d": 2}, "a: {}\nd: 2\n"),
    "the first of a compact mapping": (
        "a:\n-   k: v # first\n    # about l\n    l: w\n",
        {"a": [{"l": "w"}]},
        "a:\n-   # about l\n    l: w\n",
    ),
    "one in front of a compact mapping": (
        "variants:\n-   name: C # n\n    rolloutWeight: 1\n",
        {"variants": [{"key": "c", "name": "C", "rolloutWeight": 1}]},
        "variants:\n-   key: c\n    name: C # n\n    rolloutWeight: 1\n",
    ),
    "in brackets": (
        "a: {x: 1, y: 2, z: 3} # c\n",
        {"a": {"y": 2, "n": "a, b", "z": 3}},
        'a: {y: 2, z: 3, "n": "a, b"} # c\n',
    ),
    "in brackets, all of them": ("a: {x: 1, y: 2} # c\n", {"a": {}}, "a: {} # c\n"),
    "in brackets over lines": (
        "a: {\n  x: 1, # one\n  # about y\n  y: 2, # two\n  z: 3 # three\n}\n",
        {"a": {"x": 1, "z": 3, "n": 4}},
        'a: {\n  x: 1, # one\n  z: 3, # three\n  "n": 4\n}\n',
    ),
    "a pair in a list": ("a: [b: 1, c: 2]\n", {"a": [{"b": 2}, {"c": 2, "d": 3}]}, "a: [{b: 2}, {c: 2, d: 3}]\n"),
    "blank lines that belong to a text above stay": (
        "d: |+\n  x\n\ne: 1\n\nf: 2\n",
        {"d": "x\n\n", "f": 2},
        "d: |+\n  x\n\nf: 2\n",
    ),
    "the whole document": ("# head\nkey: a # k\n# end\n", {"other": 1}, "# head\nother: 1\n# end\n"),
}
LISTS: dict[str, Case] = {
    "in dashes under the key": (
        "a:\n- x\n# about y\n- y # why\n\n- z\nb: 1\n",
        {"a": ["x", "n", "z"], "b": 1},
        'a:\n- x\n- "n"\n\n- z\nb: 1\n',
    ),
    "moved with what they own": (
        "variants:\n  # about c\n  - key: c # C\n    rolloutWeight: 1\n    # end of c\n\n  # about t\n"
        "  -   key: t\n  - {key: z}\n",
        {"variants": [{"key": "z"}, {"key": "t"}, {"key": "c", "rolloutWeight": 1}]},
        "variants:\n  - {key: z}\n\n  # about t\n  -   key: t\n  # about c\n  - key: c # C\n"
        "    rolloutWeight: 1\n    # end of c\n",
    ),
    "changed, moved, removed and added at once": (
        "variants:\n  - key: c\n    rolloutWeight: 1 # w\n  - key: gone\n  - key: t # T\n    name: T\n",
        {"variants": [{"key": "t", "name": "T2"}, {"key": "n", "name": "N"}, {"key": "c", "rolloutWeight": 2}]},
        'variants:\n  - key: t # T\n    name: T2\n  - key: "n"\n    name: "N"\n  - key: c\n    rolloutWeight: 2 # w\n',
    ),
    "new ones like their siblings": (
        "variants:\n  - {key: a, rolloutWeight: 1}\ntags:\n-   'a'\ntargetSegments:\n-   name: US\n    percentage: 1\n",
        {
            "variants": [{"key": "a", "rolloutWeight": 1}, {"key": "b", "rolloutWeight": 2}],
            "tags": ["a", "b c"],
            "targetSegments": [{"name": "US", "percentage": 1}, {"name": "EU", "percentage": 2}],
        },
        "variants:\n  - {key: a, rolloutWeight: 1}\n  - {key: b, rolloutWeight: 2}\ntags:\n-   'a'\n"
        "-   'b c'\ntargetSegments:\n-   name: US\n    percentage: 1\n-   name: EU\n    percentage: 2\n",
    ),
    "the first ones of an empty list": (
        "variants: [] # none\ntags: [] # none\n",
        {"variants": [{"key": "b", "rolloutWeight": 2}], "tags": ["a"]},
        "variants: # none\n  - key: b\n    rolloutWeight: 2\ntags: [a] # none\n",
    ),
    "the last of a list": (
        "tags:\n  # about x\n  - x\n  # - old\nb: 1\n",
        {"tags": [], "b": 1},
        "tags: []\n  # - old\nb: 1\n",
    ),
    "a list in a list": (
        "a:\n-   - 1\n    - 2\n-   k: v\n    l: w\n",
        {"a": [[2, 1], {"l": "w"}]},
        "a:\n-   - 2\n    - 1\n-   l: w\n",
    ),
    "equal ones are told apart by their neighbours": ("a: [1, 2, 1, 3]\n", {"a": [1, 1, 3]}, "a: [1, 1, 3]\n"),
    "in brackets, in quotes": (
        "a: [ 'x' , 'y', ]\nb: ['x', 'y']\n",
        {"a": ["y", "x"], "b": ["z", "x"]},
        "a: [ 'y' , 'x', ]\nb: ['z', 'x']\n",
    ),
    "in brackets over lines, gone": (
        "a: [\n  x, # one\n  # about y\n  y, # two\n  z # three\n]\n",
        {"a": ["x", "z"]},
        "a: [\n  x, # one\n  z # three\n]\n",
    ),
    "in brackets over lines, moved": (
        "a: [\n  x, # one\n  # about y\n  y, # two\n  z # three\n]\n",
        {"a": ["z", "x", "y"]},
        "a: [\n  z, # three\n  x, # one\n  # about y\n  y, # two\n]\n",
    ),
    "in brackets over lines, added": (
        "a: [\n  x, # one\n  z # three\n]\n",
        {"a": ["x", "z", "o"]},
        "a: [\n  x, # one\n  z, # three\n  o\n]\n",
    ),
    "no comment swallows a bracket": ("a: [\n  x, # one\n  z]\n", {"a": ["z", "x"]}, "a: [\n  z,\n  x, # one\n  ]\n"),
    "no comment of shared lines is lost": (
        "a: [x, # one\n  y, # two\n  z]\n",
        {"a": ["x"]},
        "a: [x # one\n   # two\n  ]\n",
    ),
    "no comment between entries that go swallows a bracket": (
        "a: [\n  x, # one\n\n  # two\n\n  z ] # three\n",
        {"a": ["n1"]},
        "a: [\n  n1\n\n  # two\n   ] # three\n",
    ),
    "conditions that are nearly the same": (
        "c:\n  # the country\n  - prop: country\n    op: is\n    values: [US] # only\n"
        "  - {prop: os, op: is, values: [ios]}\n",
        {"c": [{"prop": "country", "op": "is", "values": ["US", "CA"]}]},
        "c:\n  # the country\n  - prop: country\n    op: is\n    values: [US, CA] # only\n",
    ),
}
KINDS: dict[str, Case] = {
    "a list becomes a file": (
        "b:\n  # c\n  - a # x\n  - b\nc: 1\n",
        {"b": {"file": "x.txt"}, "c": 1},
        "b: {file: x.txt}\nc: 1\n",
    ),
    "a file becomes a list": ("b: {file: x.txt} # why\n", {"b": ["a", "b"]}, "b: [a, b] # why\n"),
    "no tab comes to stand where none can": (
        "? lifecycle\n: []\t# c\n",
        {"lifecycle": {"preventArchive": True}},
        "? lifecycle\n: # c\n  preventArchive: true\n",
    ),
    "text with blank lines at its end can't take in those that follow": (
        "a: x\nb: []\n\n\nc:\n  - 1\n\n\nd: 1\n",
        {"a": "t\n\n", "b": ["t\n\n"], "c": [1, ["t\n\n"]], "d": 1, "e": "t\n\n"},
        'a: "t\\n\\n"\nb: ["t\\n\\n"]\n\n\nc:\n  - 1\n  - ["t\\n\\n"]\n\n\nd: 1\ne: "t\\n\\n"\n',
    ),
    "a scalar becomes a mapping in lines": (
        "lifecycle: # c\n  # d\n  x # e\nb: 1\n",
        {"lifecycle": {"preventArchive": True}, "b": 1},
        "lifecycle: # c\n  # d # e\n  preventArchive: true\nb: 1\n",
    ),
    "a mapping becomes null": (
        "exposureEvent: # seen\n  event_type: a # t\n  filters: []\nb: 1\n",
        {"exposureEvent": None, "b": 1},
        "exposureEvent: null # seen\nb: 1\n",
    ),
    "in brackets": (
        "a: {b: [1, 2], c: {d: 1}}\n",
        {"a": {"b": {"x": 1}, "c": "multi\nline"}},
        'a: {b: {x: 1}, c: "multi\\nline"}\n',
    ),
    "an empty mapping with a comment inside": (
        "a: [ ]\nb: {  # c\n }\n",
        {"a": ["x"], "b": {"z": 1}},
        "a: [x]\nb: {z: 1}  # c\n",
    ),
    "the document's own mark": ("--- {}\n", {"a": 1}, "---\na: 1\n"),
}
ANCHORS: dict[str, Case] = {
    "a changed definition moves on": (
        "a: &x {p: 1}\nb: *x\nc: *x # c\n",
        {"a": {"p": 2}, "b": {"p": 1}, "c": {"p": 1}},
        "a: {p: 2}\nb: &x {p: 1}\nc: *x # c\n",
    ),
    "a definition that goes moves on": (
        "# head\na: &x {p: 1}\nb: *x # b\nc: *x\n",
        {"b": {"p": 1}, "c": {"p": 1}},
        "# head\nb: &x {p: 1} # b\nc: *x\n",
    ),
    "an alias of another value is written out": (
        "a: &x {p: 1}\nb: *x # b\nc: *x\n",
        {"a": {"p": 1}, "b": {"p": 2}, "c": {"p": 1}},
        "a: &x {p: 1}\nb: {p: 2} # b\nc: *x\n",
    ),
    "one that remains gets the value": ("a: &x 1\nb: *x\nc: 2\n", {"a": 2, "b": 1, "c": 2}, "a: &x 2\nb: 1\nc: 2\n"),
    "all change together": (
        "a: &x 1\nb: {c: *x, d: *x}\n",
        {"a": 2, "b": {"c": 2, "d": 2}},
        "a: &x 2\nb: {c: *x, d: *x}\n",
    ),
    "a block of lines moves on": (
        "a: &x # c\n  p: 1\n  q: two\nb: *x\nc: # k\n  - *x # l\n",
        {"a": {"p": 3, "q": "two"}, "b": {"p": 1, "q": "two"}, "c": [{"p": 1, "q": "two"}]},
        "a: # c\n  p: 3\n  q: two\nb: &x {p: 1, q: two}\nc: # k\n  - *x # l\n",
    ),
    "an order turned round turns the roles round": (
        "variants:\n- {key: a, payload: &p {v: 1}}\n- {key: b, payload: *p}\n- {key: c, payload: *p}\n",
        {
            "variants": [
                {"key": "c", "payload": {"v": 1}},
                {"key": "b", "payload": {"v": 1}},
                {"key": "a", "payload": {"v": 1}},
            ]
        },
        "variants:\n- {key: c, payload: &p {v: 1}}\n- {key: b, payload: *p}\n- {key: a, payload: {v: 1}}\n",
    ),
    "one name for two values": ("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", {"a": 1, "b": 1, "d": 2}, "a: &x 1\nb: *x\nd: 2\n"),
    "a key with an anchor": ("&k a: 1\nb: *k\nc: *k\n", {"b": "a", "c": "a"}, "b: &k a\nc: *k\n"),
}
STREAMS: dict[str, Case] = {
    "other documents stay": (
        "a: 1 # one\n--- # two\nb: 1\n...\n# three\n---\nc: [ 1,2 ]\n",
        {"b": 2, "d": 3},
        "a: 1 # one\n--- # two\nb: 2\nd: 3\n...\n# three\n---\nc: [ 1,2 ]\n",
        1,
    ),
    "line breaks of another system": (
        "a: 1\r\nb:\r\n  - x\r\n",
        {"a": 1, "b": ["x", "z"], "c": {"d": {"e": "f\ng\n"}}},
        "a: 1\r\nb:\r\n  - x\r\n  - z\r\nc:\r\n  d:\r\n    e: |\r\n      f\r\n      g\r\n",
    ),
    "a byte order mark, and no line break at the end": (
        "\ufeffkey: a\ntags: [x]",
        {"key": "a", "tags": ["x", "z"], "name": "A", "enabled": True},
        "\ufeffkey: a\nname: A\nenabled: true\ntags: [x, z]",
    ),
    "nothing yet": ("# only a comment", {"a": 1}, "# only a comment\na: 1\n"),
    "no document at all": ("", {"a": 1}, "a: 1\n"),
}
