"""The command line: load, call, render, exit."""
