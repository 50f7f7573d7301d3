"""Scenarios by name: what hurts, rehearsed step by step by the sandbox's clock."""
