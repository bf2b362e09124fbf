"""A plan as text or JSON; each renderer returns a `str` and prints nothing."""
