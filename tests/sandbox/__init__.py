"""Tests of the sandbox as one product."""
