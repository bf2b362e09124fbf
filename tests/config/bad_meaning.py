"""Files whose fields are right and whose meaning is not, and what is said of them."""

from __future__ import annotations

from tests.config.world import Case

DESIGN_CASES: tuple[Case, ...] = (
    Case(
        "a segment that takes everyone",
        "key: a\ntargetSegments:\n  - name: all\n    conditions: []\n",
        'warning EXP410 4:17 segment "all" has no conditions',
    ),
    Case(
        "a segment split otherwise than all other users",
        "key: a\nvariants:\n  - {key: b, rolloutWeight: 1}\n  - {key: c, rolloutWeight: 1}\n"
        "targetSegments:\n  - {name: even, rolloutWeights: {b: 50, c: 50}}\n"
        "  - {name: s, rolloutWeights: {b: 1, c: 2}}\n",
        'warning EXP411 7:31 segment "s" splits its users by other weights',
    ),
    Case(
        "a segment split otherwise than the one above",
        "key: a\ntargetSegments:\n  - {name: s, rolloutWeights: {b: 1}}\n  - {name: t, rolloutWeights: {b: 1, c: 1}}\n",
        'warning EXP411 4:31 segment "t" splits its users by other weights',
    ),
    Case(
        "many users by hand",
        "key: a\nvariants:\n  - key: b\n  - key: c\n    inclusions: [" + ", ".join(f"u{n}" for n in range(101)) + "]\n",
        "warning EXP412 5:17 101 users are included by hand",
    ),
    Case(
        "sticky and local",
        "key: a\nstickyBucketing: true\nevaluationMode: local\n",
        "warning EXP413 2:18 sticky bucketing does nothing with local evaluation",
    ),
    Case(
        "all the weight on one variant",
        "key: a\nvariants:\n  - {key: b, rolloutWeight: 0}\n  - {key: c, rolloutWeight: 1}\n",
        'warning EXP414 4:29 all users get "c"',
    ),
    Case(
        "enabled and on no deployment",
        "key: a\nenabled: true\ndeployments: []\n",
        "warning EXP415 3:14 it is enabled and on no deployment",
    ),
    Case(
        "percentages with a fraction",
        "key: a\nrolloutPercentage: 12.5\ntargetSegments:\n"
        "  - {name: s, percentage: 0.5}\n  - {name: t, percentage: 20.0}\n",
        "warning EXP416 2:20 rolloutPercentage is no whole number",
        'warning EXP416 4:27 the percentage of segment "s" is no whole number',
    ),
    Case(
        "users drawn locally by the Amplitude ID",
        "key: a\nevaluationMode: local\nbucketingKey: amplitude_id\ntargetSegments:\n"
        "  - {name: s, bucketingKey: user_id}\n  - {name: t, bucketingKey: amplitude_id}\n",
        "warning EXP417 3:15 local evaluation can't draw users by amplitude_id",
        "warning EXP417 6:29 local evaluation can't draw users by amplitude_id",
    ),
)
MEANING_CASES: tuple[Case, ...] = (
    Case(
        "a variant twice",
        "key: a\nvariants:\n  - key: b\n  - key: b\n",
        'EXP202 4:10 the variant "b" stands here twice',
    ),
    Case(
        "a segment twice",
        "key: a\ntargetSegments:\n  - name: s\n  - name: s\n",
        'EXP203 4:11 the segment "s" stands here twice',
    ),
    Case(
        "a tag twice",
        "key: a\ntags: [x, y, x]\n",
        'EXP204 2:14 the tag "x" stands here twice',
    ),
    Case(
        "a deployment twice",
        "key: a\ndeployments: [web, web]\n",
        'EXP205 2:20 the deployment "web" stands here twice',
    ),
    Case(
        "a deployment by alias and id",
        "key: a\ndeployments: [web, 101]\n",
        'EXP205 2:20 the deployment "101" stands here twice',
    ),
    Case(
        "an unknown alias",
        "key: a\ndeployments: [wbe]\n",
        'EXP214 2:15 there is no deployment "wbe" in the environment "prod"',
        'EXP214 2:15 there is no deployment "wbe" in the environment "sandbox"',
    ),
    Case(
        "a user twice",
        "key: a\nvariants: [{key: b, inclusions: [u, u]}, {key: c}]\n",
        'EXP206 2:37 the user "u" stands here twice',
    ),
    Case(
        "a cohort twice",
        "key: a\nvariants: [{key: b, cohortInclusions: [u, u]}, {key: c}]\n",
        'EXP206 2:43 the cohort "u" stands here twice',
    ),
    Case(
        "a user in two variants",
        "key: a\nvariants:\n  - {key: b, inclusions: [u]}\n  - {key: c, inclusions: [v, u]}\n",
        'EXP210 4:30 the user "u" is included in two variants',
    ),
    Case(
        "2,001 users",
        "key: a\nvariants:\n  - key: b\n    inclusions: ["
        + ", ".join(f"u{i}" for i in range(2001))
        + "]\n  - key: c\n",
        'EXP211 4:17 the variant "b" includes too many users',
    ),
    Case(
        "a user with white space",
        'key: a\nvariants: [{key: b, inclusions: [" u"]}, {key: c}]\n',
        'EXP222 2:34 the user " u" has white space at an end',
    ),
    Case(
        "a user of white space",
        'key: a\nvariants: [{key: b, inclusions: ["  "]}, {key: c}]\n',
        'EXP222 2:34 the user "  " has white space at an end',
    ),
    Case(
        "no variants",
        "key: a\nvariants: []\n",
        "EXP207 2:11 an experiment needs a variant",
    ),
    Case(
        "one variant",
        "key: a\nvariants: [{key: b}]\n",
        "warning EXP402 2:11 there is one variant alone",
    ),
    Case(
        "the reserved variant",
        "key: a\nvariants: [{key: off}, {key: on}]\n",
        'EXP208 2:18 the variant key "off" is reserved',
    ),
    Case(
        "weights for an unknown variant",
        "key: a\nvariants: [{key: control}, {key: treatment}]\n"
        "targetSegments:\n  - name: s\n    rolloutWeights: {control: 1, treatmnt: 1}\n",
        'EXP209 5:34 the segment "s" names an unknown variant "treatmnt"',
    ),
    Case(
        "weights under the old name",
        "key: a\nvariants: [{key: control}, {key: blue, renamedFrom: green}]\n"
        "targetSegments:\n  - name: s\n    rolloutWeights: {control: 1, green: 1}\n",
        'EXP209 5:34 the segment "s" names an unknown variant "green"',
    ),
    Case(
        "all weights 0",
        "key: a\nvariants: [{key: b, rolloutWeight: 0}, {key: c, rolloutWeight: 0}]\n",
        "warning EXP401 2:36 all variants have the weight 0",
    ),
    Case(
        "all weights of a segment 0",
        "key: a\ntargetSegments: [{name: s, rolloutWeights: {b: 0, c: 0}}]\n",
        'warning EXP401 2:44 all weights of the segment "s" are 0',
    ),
    Case(
        "the end before the start",
        "key: a\nstartDate: 2026-02-01\nendDate: 2026-01-31\n",
        "EXP212 3:10 endDate is before startDate",
    ),
    Case(
        "the end before the start across zones",
        "key: a\nstartDate: 2026-02-01T10:00:00Z\nendDate: 2026-02-01T10:30:00+01:00\n",
        "EXP212 3:10 endDate is before startDate",
    ),
    Case(
        "a day that is none",
        "key: a\nstartDate: 2026-02-30\n",
        "EXP213 2:12 startDate is not a date",
    ),
    Case(
        "a date the American way",
        "key: a\nendDate: 02/01/2026\n",
        "EXP213 2:10 endDate is not a date",
    ),
    Case(
        "an instant without a zone",
        "key: a\nstartDate: 2026-02-01T10:00:00\n",
        "EXP213 2:12 startDate has no zone",
    ),
    Case(
        "archived and not to be",
        "key: a\narchived: true\nlifecycle: {preventArchive: true}\n",
        "EXP215 2:11 the experiment is archived and may not be",
    ),
    Case(
        "archived and enabled",
        "key: a\narchived: true\nenabled: true\n",
        "EXP216 3:10 an archived experiment can't be enabled",
    ),
    Case(
        "renamed from itself",
        "key: a\nvariants: [{key: b, renamedFrom: b}, {key: c}]\n",
        "EXP217 2:34 a variant can't be renamed from its own key",
    ),
    Case(
        "renamed from another",
        "key: a\nvariants: [{key: b, renamedFrom: c}, {key: c}]\n",
        'EXP217 2:34 the variant "c" is declared and renamed at once',
    ),
    Case(
        "two renamed from one",
        "key: a\nvariants: [{key: b, renamedFrom: x}, {key: c, renamedFrom: x}]\n",
        'EXP217 2:60 two variants are renamed from "x"',
    ),
    Case(
        "an unknown variant rolled out",
        "key: a\nvariants: [{key: control}, {key: treatment}]\nrolledOutVariant: tretment\n",
        'EXP218 3:19 rolledOutVariant "tretment" is no variant',
    ),
    Case(
        "a reason without a decision",
        "key: a\ndecision: null\ndecisionReason: because\n",
        "EXP219 3:17 there is a reason and no decision",
    ),
    Case(
        "rolled out while it goes on",
        "key: a\ndecision: continue-running\nrolledOutVariant: b\n",
        "EXP219 3:19 a variant is rolled out without that decision",
    ),
    Case(
        "until a day that is none",
        "key: a\nacknowledge: [{risk: payload, reason: r, until: 2026-02-30}]\n",
        "EXP220 2:49 until is not a day of the calendar",
    ),
    Case(
        "until of another form",
        "key: a\nacknowledge: [{risk: payload, reason: r, until: tomorrow}]\n",
        "EXP106 2:49 acknowledge[0].until has a form that is not allowed",
    ),
    Case(
        "an acknowledgement that has ended",
        "key: a\nacknowledge: [{risk: payload, reason: r, until: 2026-01-31}]\n",
        "warning EXP403 2:49 the acknowledgement of payload has ended",
    ),
    Case(
        "an acknowledgement of what can't come up",
        "key: a\nenabled: true\nacknowledge:\n  - {risk: disabled, reason: r}\n",
        "warning EXP406 4:5 the acknowledgement of disabled accepts nothing",
    ),
    Case(
        "an unknown field to ignore",
        "key: a\nlifecycle: {ignoreChanges: [variant.*.name, tags]}\n",
        'EXP221 2:29 "variant.*.name" names no field that is compared',
    ),
    Case(
        "a condition compares with nothing",
        "key: a\ntargetSegments: [{name: s, conditions: [{prop: p, op: is, values: []}]}]\n",
        "EXP223 2:67 there is no value to compare with",
    ),
    Case(
        "a filter compares with nothing",
        "key: a\nexposureEvent: {event_type: e, filters: ["
        "{subprop_key: k, subprop_op: is, subprop_type: event, subprop_value: []}]}\n",
        "EXP223 2:111 there is no value to compare with",
    ),
)

OVERLAY_CASES: tuple[Case, ...] = (
    Case(
        "an unknown environment",
        "key: a\nenvironments:\n  prdo: {enabled: true}\n",
        'EXP224 3:3 there is no environment "prdo"',
    ),
    Case(
        "environments that are a list",
        "key: a\nenvironments: [prod]\n",
        "EXP103 2:15 environments is of the wrong kind",
    ),
    Case(
        "an empty overlay",
        "key: a\nenvironments:\n  prod:\n",
        'EXP103 3:8 the overlay "prod" must be a mapping',
    ),
    Case(
        "a key in an overlay",
        "key: a\nenvironments:\n  prod: {key: b}\n",
        'EXP101 3:10 unknown field "key"',
    ),
    Case(
        "overlays in an overlay",
        "key: a\nenvironments:\n  prod: {environments: {}}\n",
        'EXP101 3:10 unknown field "environments"',
    ),
    Case(
        "skip that is text",
        "key: a\nenvironments:\n  prod: {skip: yes}\n",
        "EXP103 3:16 skip is of the wrong kind",
    ),
    Case(
        "a wrong value in an overlay",
        "key: a\nrolloutPercentage: 5\nenvironments:\n  prod: {rolloutPercentage: 130}\n",
        "EXP104 4:29 rolloutPercentage is out of range",
    ),
    Case(
        "an unknown field in an overlay",
        "key: a\nenvironments:\n  prod: {rollout: 130}\n",
        'EXP101 3:10 unknown field "rollout"',
    ),
    Case(
        "an unknown field in an overlay's variant",
        "key: a\nvariants: [{key: b}, {key: c}]\nenvironments:\n  prod:\n    variants:\n      - {key: c, wait: 1}\n",
        'EXP101 6:18 unknown field "wait"',
    ),
    Case(
        "a contradiction through an overlay",
        "key: a\nstartDate: 2026-02-01\nendDate: 2026-03-01\nenvironments:\n  prod: {startDate: 2026-04-01}\n",
        "EXP212 3:10 endDate is before startDate",
    ),
    Case(
        "an alias unknown in the other environment",
        "key: a\ndeployments: [web]\nenvironments:\n  prod: {deployments: [tv]}\n",
        'EXP214 4:24 there is no deployment "tv" in the environment "prod"',
    ),
)

INCLUSION_CASES: tuple[Case, ...] = (
    Case(
        "an inclusions file that is not there",
        "key: a\nvariants: [{key: b, inclusions: {file: none.txt}}, {key: c}]\n",
        "EXP018 2:40 the inclusions file does not exist",
    ),
    Case(
        "an inclusions file outside",
        "key: a\nvariants: [{key: b, inclusions: {file: ../../../../etc/passwd}}, {key: c}]\n",
        "EXP018 2:40 the inclusions file is outside the workspace",
    ),
    Case(
        "an inclusions file by its full name",
        "key: a\nvariants: [{key: b, inclusions: {file: /etc/passwd}}, {key: c}]\n",
        "EXP018 2:40 the file's name must be relative",
    ),
    Case(
        "a folder as inclusions file",
        "key: a\nvariants: [{key: b, inclusions: {file: ..}}, {key: c}]\n",
        "EXP018 2:40 the inclusions file can't be read",
    ),
)
