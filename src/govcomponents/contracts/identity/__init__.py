"""The contract of identity adapters."""
