"""Files that are not the YAML that is understood, and what is said of them."""

from __future__ import annotations

from tests.config.world import Case

YAML_CASES: tuple[Case, ...] = (
    Case(
        "a tab indents",
        "key: a\nvariants:\n\t- key: b\n",
        "EXP015 3:1 a tab can't indent",
    ),
    Case(
        "a list is never closed",
        "key: a\ntags: [x, y\n",
        'EXP005 2:12 a "," or "]" is missing',
    ),
    Case(
        "a mapping is never closed",
        "key: a\nlifecycle: {preventArchive: true\nname: x\n",
        'EXP005 3:5 a "," or "}" is missing',
    ),
    Case(
        "a quoted text is never closed",
        'key: a\nname: "x\n',
        "EXP005 2:9 a quoted text is never closed",
    ),
    Case(
        "a colon in plain text",
        "key: a\nname: one: two\n",
        'EXP005 2:10 a ":" can\'t stand here',
    ),
    Case(
        "a field is out of line",
        "key: a\n  name: x\n",
        'EXP005 2:7 a ":" can\'t stand here',
    ),
    Case(
        "a field is indented too little",
        "key: a\nlifecycle:\n    preventArchive: true\n  ignoreChanges: []\n",
        "EXP005 4:3 the indentation fits no line above",
    ),
    Case(
        "an unknown escape",
        'key: a\nname: "\\d"\n',
        "EXP005 2:8 an unknown escape in a double-quoted text",
    ),
    Case(
        "an escape for half a character",
        'key: a\nname: "\\ud800"\n',
        "EXP005 2:10 an escape that names no character",
    ),
    Case(
        "a value starts with @",
        "key: a\nname: @b\n",
        'EXP005 2:7 a value can\'t start with "@"',
    ),
    Case(
        "a value starts with a backtick",
        "key: a\nname: `b`\n",
        'EXP005 2:7 a value can\'t start with "`"',
    ),
    Case(
        "a list item beside a mapping",
        "key: a\n- b\n",
        "EXP005 2:1 the indentation fits no line above",
    ),
    Case(
        "text after the end of a document",
        "key: a\n...\nname: b\n",
        "EXP005 3:1 the document has ended here",
    ),
    Case(
        "an anchor without a name",
        "key: a\nname: & b\n",
        "EXP005 2:8 an anchor or alias without a name",
    ),
    Case(
        "a key twice",
        "key: a\nname: x\nname: y\n",
        'EXP006 3:1 the key "name" stands here twice',
    ),
    Case(
        "a key twice in a nested mapping",
        "key: a\nlifecycle:\n  preventArchive: true\n  preventArchive: false\n",
        'EXP006 4:3 the key "preventArchive" stands here twice',
    ),
    Case(
        "a tag",
        "key: a\nname: !!str 1\n",
        "EXP007 2:7 the tag !!str is not allowed",
    ),
    Case(
        "a tag for Python",
        "key: a\nname: !!python/object/apply:os.system [ls]\n",
        "EXP007 2:7 the tag !!python/object/apply:os.system is not allowed",
    ),
    Case(
        "a local tag on a mapping",
        "key: a\nlifecycle: !x {preventArchive: true}\n",
        "EXP007 2:12 the tag !x is not allowed",
    ),
    Case(
        "a tag on a key",
        "!x key: a\n",
        "EXP007 1:1 the tag !x is not allowed",
    ),
    Case(
        "a merge key",
        "key: a\nlifecycle: &l {preventArchive: true}\nenvironments:\n  prod:\n    lifecycle:\n      <<: *l\n",
        'EXP012 6:7 the merge key "<<" is not part of YAML 1.2',
    ),
    Case(
        "an alias without anchor",
        "key: a\nname: *b\n",
        'EXP008 2:7 there is no anchor "&b" before this alias',
    ),
    Case(
        "an alias inside its anchor",
        "key: a\nvariants: &v [{key: b, payload: *v}]\n",
        'EXP008 2:33 the alias "*v" stands inside the value that it names',
    ),
    Case(
        "a number as a key",
        "key: a\nvariants: [{key: b, payload: {1: x}}]\n",
        "EXP011 2:31 a key must be text",
    ),
    Case(
        "a boolean as a key",
        "key: a\ntrue: x\n",
        "EXP011 2:1 a key must be text",
    ),
    Case(
        "nothing as a key",
        "key: a\n: x\n",
        "EXP005 2:1 the indentation fits no line above",
    ),
    Case(
        "a list as a key",
        "key: a\n? [b]\n: x\n",
        "EXP011 2:3 a key must be text",
    ),
    Case(
        "an infinite number",
        "key: a\nrolloutPercentage: .inf\n",
        "EXP014 2:20 .inf is not a number that can be used",
    ),
    Case(
        "not a number",
        "key: a\nrolloutPercentage: .nan\n",
        "EXP014 2:20 .nan is not a number that can be used",
    ),
    Case(
        "a number past a double",
        "key: a\nrolloutPercentage: 1e999\n",
        "EXP014 2:20 1e999 is not a number that can be used",
    ),
    Case(
        "a number past 64 bits",
        "key: a\nrolloutPercentage: 99999999999999999999\n",
        "EXP014 2:20 99999999999999999999 is not a number that can be used",
    ),
    Case(
        "a directive for YAML 1.1",
        "%YAML 1.1\n---\nkey: a\n",
        "EXP013 1:1 the file says that it is YAML 1.1",
    ),
    Case(
        "a directive for YAML 1.3",
        "%YAML 1.3\n---\nkey: a\n",
        "EXP013 1:1 a directive that is not understood",
    ),
    Case(
        "a tag directive",
        "%TAG ! x\n---\nkey: a\n",
        "EXP013 1:1 %TAG is not supported",
    ),
    Case(
        "an unknown directive",
        "%FOO\n---\nkey: a\n",
        "EXP013 1:5 a directive that is not understood",
    ),
    Case(
        "a control character",
        "key: a\nname: x\x07y\n",
        "EXP004 2:8 the character U+0007 is not allowed",
    ),
    Case(
        "a null character",
        "key: a\nname: x\0y\n",
        "EXP004 2:8 the character U+0000 is not allowed",
    ),
    Case(
        "a line separator",
        "key: a\nname: x\u2028y\n",
        "EXP004 2:8 the character U+2028 is not allowed",
    ),
    Case(
        "a byte order mark inside",
        "key: a\nname: x\ufeffy\n",
        "EXP004 2:8 the character U+FEFF is not allowed",
    ),
    Case(
        "bytes that are not UTF-8",
        b"key: a\nname: x\xffy\n",
        "EXP003 2:8 the file is not UTF-8",
    ),
    Case(
        "UTF-16",
        "key: a\n".encode("utf-16"),
        "EXP003 1:1 the file is not UTF-8",
    ),
    Case(
        "deep nesting",
        "key: a\nname: " + "[" * 60 + "]" * 60 + "\n",
        "EXP010 2:56 the nesting is too deep",
    ),
    Case(
        "an API key in a value",
        "key: a\ndescription: ampex_0123456789abcdef\n",
        "EXP020 2:14 an API key stands in the file",
    ),
    Case(
        "an API key in a comment",
        "key: a\n# ampex_0123456789abcdef\n",
        "EXP020 2:3 an API key stands in the file",
    ),
    Case(
        "a list as the document",
        "- key: a\n",
        "EXP103 1:1 an experiment must be a mapping",
    ),
    Case(
        "text as the document",
        "key\n",
        "EXP103 1:1 an experiment must be a mapping",
    ),
    Case(
        "an empty file",
        "",
        "warning EXP405 no experiment is declared here",
    ),
    Case(
        "comments alone",
        "# nothing\n",
        "warning EXP405 no experiment is declared here",
    ),
)
