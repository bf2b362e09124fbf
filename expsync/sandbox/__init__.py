"""The emulator of the API, written from the documents; it shares nothing with the planning side but the table."""
