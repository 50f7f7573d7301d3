"""Signed tokens and keys: reading, verifying and signing JWTs, and key sets."""
