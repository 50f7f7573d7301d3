"""The adapter contract kit: one suite for each port, which an adapter's tests subclass with one fixture."""
