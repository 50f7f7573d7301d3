"""Renew a licence: a small government service on FastAPI. `create_app` makes it; see README.md."""

from renewal.app import create_app as create_app
