"""Files with wrong fields, and what is said of them."""

from __future__ import annotations

from tests.config.world import Case

FIELD_CASES: tuple[Case, ...] = (
    Case(
        "no key",
        "name: a\n",
        'EXP102 1:1 "key" is missing',
    ),
    Case(
        "an empty key",
        'key: ""\n',
        "EXP106 1:6 key is empty",
    ),
    Case(
        "a null key",
        "key:\n",
        "EXP108 1:5 key has no value",
    ),
    Case(
        "a number as the experiment's key",
        "key: 10\n",
        "EXP103 1:6 key is of the wrong kind",
    ),
    Case(
        "a key with a space",
        "key: a b\n",
        "EXP106 1:6 key has a form that is not allowed",
    ),
    Case(
        "a key that is too long",
        "key: " + "a" * 256 + "\n",
        "EXP106 1:6 key is too long",
    ),
    Case(
        "an unknown field in snake case",
        "key: a\nrollout_percentage: 5\n",
        'EXP101 2:1 unknown field "rollout_percentage"',
    ),
    Case(
        "an unknown field in other case",
        "key: a\nrolloutpercentage: 5\n",
        'EXP101 2:1 unknown field "rolloutpercentage"',
    ),
    Case(
        "an unknown field that is like no other",
        "key: a\nxyzzy: 5\n",
        'EXP101 2:1 unknown field "xyzzy"',
    ),
    Case(
        "an unknown field in a variant",
        "key: a\nvariants:\n  - key: b\n    weight: 1\n  - key: c\n",
        'EXP101 4:5 unknown field "weight"',
    ),
    Case(
        "an unknown field in a segment",
        "key: a\ntargetSegments:\n  - name: s\n    percent: 1\n",
        'EXP101 4:5 unknown field "percent"',
    ),
    Case(
        "the field of the write API",
        "key: a\narchive: true\n",
        'EXP101 2:1 unknown field "archive"',
    ),
    Case(
        "a percentage above 100",
        "key: a\nrolloutPercentage: 130\n",
        "EXP104 2:20 rolloutPercentage is out of range",
    ),
    Case(
        "a percentage below 0",
        "key: a\nrolloutPercentage: -0.5\n",
        "EXP104 2:20 rolloutPercentage is out of range",
    ),
    Case(
        "a negative weight",
        "key: a\nvariants: [{key: b, rolloutWeight: -1}, {key: c}]\n",
        "EXP104 2:36 variants[0].rolloutWeight is out of range",
    ),
    Case(
        "a negative weight in a segment",
        "key: a\ntargetSegments: [{name: s, rolloutWeights: {b: -1}}]\n",
        "EXP104 2:48 targetSegments[0].rolloutWeights.b is out of range",
    ),
    Case(
        "text where a number is wanted",
        'key: a\nrolloutPercentage: "50"\n',
        "EXP103 2:20 rolloutPercentage is of the wrong kind",
    ),
    Case(
        "a percent sign",
        "key: a\nrolloutPercentage: 50%\n",
        "EXP103 2:20 rolloutPercentage is of the wrong kind",
    ),
    Case(
        "yes where a boolean is wanted",
        "key: a\nenabled: yes\n",
        "EXP103 2:10 enabled is of the wrong kind",
    ),
    Case(
        "a number where a boolean is wanted",
        "key: a\nenabled: 1\n",
        "EXP103 2:10 enabled is of the wrong kind",
    ),
    Case(
        "a number where text is wanted",
        "key: a\nname: 1.10\n",
        "EXP103 2:7 name is of the wrong kind",
    ),
    Case(
        "a boolean where text is wanted",
        "key: a\nname: true\n",
        "EXP103 2:7 name is of the wrong kind",
    ),
    Case(
        "a number among the values",
        "key: a\ntargetSegments:\n  - name: s\n    conditions:\n      - {prop: age, op: is, values: [10]}\n",
        "EXP103 5:38 targetSegments[0].conditions[0].values[0] is of the wrong kind",
    ),
    Case(
        "null where text is wanted",
        "key: a\ndescription:\n",
        "EXP108 2:13 description has no value",
    ),
    Case(
        "null for a list",
        "key: a\ntags:\n",
        "EXP108 2:6 tags has no value",
    ),
    Case(
        "text where a list is wanted",
        "key: a\ntags: x\n",
        "EXP103 2:7 tags is of the wrong kind",
    ),
    Case(
        "a mapping where a list is wanted",
        "key: a\nvariants: {b: {}}\n",
        "EXP103 2:11 variants is of the wrong kind",
    ),
    Case(
        "a list where a mapping is wanted",
        "key: a\nlifecycle: []\n",
        "EXP103 2:12 lifecycle is of the wrong kind",
    ),
    Case(
        "a mapping among the deployments",
        "key: a\ndeployments: [{}]\n",
        "EXP103 2:15 deployments[0] is of the wrong kind",
    ),
    Case(
        "an unknown mode",
        "key: a\nevaluationMode: Local\n",
        'EXP105 2:17 evaluationMode can\'t be "Local"',
    ),
    Case(
        "an unknown operator",
        "key: a\ntargetSegments: [{name: s, conditions: [{prop: p, op: equals, values: [x]}]}]\n",
        'EXP105 2:55 targetSegments[0].conditions[0].op can\'t be "equals"',
    ),
    Case(
        "an unknown risk",
        "key: a\nacknowledge: [{risk: variant-weight, reason: r}]\n",
        'EXP105 2:22 acknowledge[0].risk can\'t be "variant-weight"',
    ),
    Case(
        "an empty reason",
        'key: a\nacknowledge: [{risk: payload, reason: ""}]\n',
        "EXP106 2:39 acknowledge[0].reason is empty",
    ),
    Case(
        "a missing reason",
        "key: a\nacknowledge:\n  - risk: payload\n",
        'EXP102 3:5 "reason" is missing',
    ),
    Case(
        "a condition without values",
        "key: a\ntargetSegments:\n  - name: s\n    conditions:\n      - prop: p\n        op: is\n",
        'EXP102 5:9 "values" is missing',
    ),
    Case(
        "a variant without a key",
        "key: a\nvariants:\n  - name: b\n  - key: c\n",
        'EXP102 3:5 "key" is missing',
    ),
    Case(
        "a variant in upper case",
        "key: a\nvariants: [{key: B}, {key: c}]\n",
        "EXP106 2:18 variants[0].key has a form that is not allowed",
    ),
    Case(
        "a weight for a key in upper case",
        "key: a\ntargetSegments: [{name: s, rolloutWeights: {B: 1}}]\n",
        'EXP106 2:45 "B" has a form that is not allowed',
    ),
    Case(
        "inclusions that are text",
        "key: a\nvariants: [{key: b, inclusions: x}, {key: c}]\n",
        "EXP103 2:33 variants[0].inclusions is of the wrong kind",
    ),
    Case(
        "an inclusions file with a mistyped field",
        "key: a\nvariants: [{key: b, inclusions: {flie: x}}, {key: c}]\n",
        'EXP102 2:33 "file" is missing',
        'EXP101 2:34 unknown field "flie"',
    ),
    Case(
        "an unknown decision",
        "key: a\ndecision: roll-out\n",
        'EXP105 2:11 decision can\'t be "roll-out"',
    ),
)
