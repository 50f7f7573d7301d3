"""Renew a licence: a small government service on Django; see README.md."""
