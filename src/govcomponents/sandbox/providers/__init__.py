"""The providers that the sandbox stands in for, one folder each."""
