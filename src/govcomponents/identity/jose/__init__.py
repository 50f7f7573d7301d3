"""Signed tokens and keys: reading, verifying and signing JWTs, key sets, strict JSON."""
