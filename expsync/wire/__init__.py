"""What the API says: its endpoints in one table, and tolerant models of its answers."""
