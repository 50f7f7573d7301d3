"""Reasons why a file could not be read or written, in the system's own words, and with nothing of what is in it."""

from __future__ import annotations

import json
import tomllib


def reason_of(error: Exception) -> str:
    """Return why a file could not be read or written: the system's reason, or the place at which its form is wrong."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeError):
        return f"it is not in {getattr(error, 'encoding', 'utf-8').upper()}"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)  # of the text no more than one sign
    return "it is nested too deep" if isinstance(error, RecursionError) else type(error).__name__
