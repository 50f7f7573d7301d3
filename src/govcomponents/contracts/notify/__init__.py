"""The contract of notify adapters."""
