"""A pipeline's run on GitHub or GitLab: plan, apply and drift there, and what is written where people review."""
