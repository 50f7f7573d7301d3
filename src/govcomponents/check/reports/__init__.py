"""Reports of the findings, in the forms that people and pipelines read."""

from __future__ import annotations

from govcomponents.check.reports.annotations import github
from govcomponents.check.reports.junit import junit
from govcomponents.check.reports.plain import as_json, text
from govcomponents.check.reports.sarif import sarif

FORMATS = {"text": text, "json": as_json, "junit": junit, "sarif": sarif, "github": github}

__all__ = ["FORMATS"]
