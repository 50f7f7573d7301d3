"""Plugin interface for providers: its specification, its stub and world, and what all stubs share."""
