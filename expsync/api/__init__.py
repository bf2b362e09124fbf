"""The client, its transport, and the reader of live state."""
