"""Harbour Pay, an invented provider of payments, for govcomponents."""
