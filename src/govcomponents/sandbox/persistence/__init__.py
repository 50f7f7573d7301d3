"""State that survives a restart: the log of requests, and replaying it."""
