"""Values of a provider's answers as the port has them: guarded where they are a person's or let their holder act."""

from __future__ import annotations

from govcomponents.money import Money
from govcomponents.privacy import Personal, Secret


def personal(text: str | None) -> Personal[str] | None:
    """Guard a person's datum; None if there is none."""
    return Personal(text) if text else None


def secret(text: object) -> Secret | None:
    """Guard a text that lets its holder act, such as a link to pay by; None if there is none."""
    return Secret(text) if isinstance(text, str) and text else None


def pounds(pence: int | None) -> Money | None:
    """Read an amount of pence; None if there is none."""
    return None if pence is None else Money(pence)
