"""What a new repository has in it, in the order in which it is told."""

from __future__ import annotations

NAMES = (
    "expsync.yaml",
    "README.md",
    "experiments/checkout-button.yaml",
    ".gitignore",
    ".gitattributes",
    ".pre-commit-config.yaml",
    ".vscode/settings.json",
    ".vscode/extensions.json",
    ".github/workflows/expsync.yaml",
    "schemas/experiment.schema.json",
    "schemas/workspace.schema.json",
    "schemas/plan.schema.json",
)
