"""Ids from a seed: the same seed and the same calls give the same ids."""

from __future__ import annotations

import random
import threading
import uuid

_BASE32HEX = "0123456789abcdefghijklmnopqrstuv"


class Ids:
    """Makes ids. They are predictable on purpose: this is a sandbox, and nothing of value is behind them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.drawn = 0
        """How many were made."""

    def reseed(self, seed: int) -> None:
        """Begin again from another seed."""
        with self._lock:
            self._random.seed(seed)

    def uuid(self) -> str:
        """A version 4 UUID, as text."""
        with self._lock:
            self.drawn += 1
            bits = self._random.getrandbits(128)
        return str(uuid.UUID(int=bits, version=4))

    def base32(self, length: int = 26) -> str:
        """Lower-case letters and digits, as GOV.UK Pay's ids are made of."""
        with self._lock:
            self.drawn += 1
            return "".join(self._random.choices(_BASE32HEX, k=length))

    def token(self, length: int = 43) -> str:
        """Letters and digits that are safe in a URL."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        with self._lock:
            self.drawn += 1
            return "".join(self._random.choices(alphabet, k=length))
