"""The rules about a service's code, by its syntax tree: nothing of it is imported or run."""

from __future__ import annotations

from govcomponents.check.code.rules import check_code

__all__ = ["check_code"]
