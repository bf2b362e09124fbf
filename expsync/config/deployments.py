"""Deployments by alias or id: what an environment knows of them."""

from __future__ import annotations

from collections.abc import Iterator

from expsync.config.problem import Problem
from expsync.config.wording import nearest, quote
from expsync.model.experiment import Experiment
from expsync.model.workspace import Environment


def deployment_problems(experiment: Experiment, name: str, environment: Environment) -> Iterator[Problem]:
    """Names that are neither an alias nor an id, and deployments listed twice, once aliases are looked up."""
    first: dict[str, str | int] = {}
    ids = {str(value) for value in environment.deployments.values()}
    for index, deployment in enumerate(experiment.deployments):
        text = str(deployment)
        path = ("deployments", index)
        if text not in environment.deployments and text not in ids and not (text.isascii() and text.isdigit()):
            near = nearest(text, environment.deployments)
            known = ", ".join(environment.deployments)
            yield Problem(
                "EXP214",
                path,
                f"there is no deployment {quote(text)} in the environment {quote(name)}",
                f"its aliases are: {known}" if known else "it has no aliases",
                f'did you mean "{near}"?' if near else f"add the alias to {name}.deployments, or give the id",
            )
            continue
        found = environment.deployment_id(deployment)
        if found not in first:
            first[found] = deployment
        else:
            yield Problem(
                "EXP205",
                path,
                f"the deployment {quote(text)} stands here twice",
                "" if str(first[found]) == text else f"in {name}, {first[found]} is the same one",
                "delete one of the two",
            )
