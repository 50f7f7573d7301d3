"""The contract of pay adapters."""
