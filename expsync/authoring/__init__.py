"""Live experiments and fresh starts, written as YAML files."""
