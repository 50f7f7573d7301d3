"""Checks a service's settings, templates, code and deployment before it is deployed: `govcomponents check`."""

from __future__ import annotations
