"""Management commands, each named for what it does."""
