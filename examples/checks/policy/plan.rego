# What a plan must not do. `input` is the plan; `data.house` and `data.context` are what data.json holds.
package main

import rego.v1

deny contains "house.json or the context is not all there" if not complete

complete if {
	is_string(data.house.environment)
	is_string(data.house.projectId)
	is_number(data.house.mostSwitch)
	is_array(data.house.prefixes)
	is_array(data.house.freezes)
	is_array(data.context.labels)
	is_string(data.context.today)
}

# The plan is of the format that these rules were written for. What is no plan at all ends here.
deny contains "this is no plan of format version 1" if not known_format

known_format if {
	startswith(input.formatVersion, "1.")
	is_array(input.experiments)
}

# The plan is for the environment and the project that this pipeline is there for.
deny contains "the plan is for another environment or project" if not here

here if {
	input.environment == data.house.environment
	input.projectId == data.house.projectId
}

# Nothing critical that nobody has accepted, and nothing blocked.
deny contains message if {
	some experiment in input.experiments
	some finding in experiment.findings
	stops(finding)
	message := sprintf("%s: %s is not accepted", [shown(experiment.key), finding.risk])
}

stops(finding) if finding.severity == "blocked"

stops(finding) if {
	finding.severity == "critical"
	not finding.acknowledged
}

# No more than a small share of the users of a segment get another variant, in the end or on the way.
deny contains message if {
	some experiment in input.experiments
	some finding in experiment.findings
	some impact in finding.impact
	max([impact.switch, impact.transientSwitch]) > data.house.mostSwitch
	message := sprintf("%s: more users switch than the house allows", [shown(experiment.key)])
}

# Nobody takes an experiment off a deployment.
deny contains message if {
	some experiment in input.experiments
	some change in experiment.changes
	change.kind == "remove"
	startswith(change.path, "deployments.")
	message := sprintf("%s: a deployment is removed", [shown(experiment.key)])
}

# What is archived was meant to be: the pull request has the label `archive`.
deny contains message if {
	some experiment in input.experiments
	experiment.action == "archive"
	not "archive" in data.context.labels
	message := sprintf("%s: archived without the label archive", [shown(experiment.key)])
}

# Nothing changes while there is a freeze; both days belong to it.
deny contains message if {
	count(input.experiments) > 0
	some freeze in data.house.freezes
	freeze.from <= data.context.today
	data.context.today <= freeze.to
	message := sprintf("there is a freeze from %s to %s", [freeze.from, freeze.to])
}

# Nothing is undone that people changed in the UI. The plan has to be made with --base.
deny contains "the plan was made without --base" if not input.base

deny contains message if {
	some experiment in input.experiments
	some change in experiment.changes
	change.origin in {"live", "both"}
	message := sprintf("%s: undoes what people changed", [shown(experiment.key)])
}

# A team's repository has its own experiments alone: their keys begin with one of its prefixes.
deny contains message if {
	some experiment in input.experiments
	not ours(experiment.key)
	message := sprintf("%s: not a key of this team", [shown(experiment.key)])
}

ours(key) if {
	some prefix in data.house.prefixes
	startswith(key, prefix)
}

# A key as a log can show it: one that comes from the live side may hold anything.
shown(key) := key if regex.match(`^[A-Za-z0-9._-]+$`, key)

shown(key) := "(a key that can't be shown)" if not regex.match(`^[A-Za-z0-9._-]+$`, key)
