"""The form that a secret has with one provider, so that a weak or wrong one is found at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


@dataclass(frozen=True, slots=True)
class SecretForm:
    """The shape of a whole secret, the fewest characters that it has, and how to get one, in words."""

    shape: re.Pattern[str]
    told: str
    least: int = 16
