"""Recorded exchanges for the tests of a service: recorded once with a test account, redacted, and played again."""
