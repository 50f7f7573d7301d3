"""Ids from a seed: the same seed and the same calls give the same ids."""

from __future__ import annotations

import random
import threading

_BASE32HEX = b"0123456789abcdefghijklmnopqrstuv"
_LETTER_OF = bytes(_BASE32HEX[byte >> 3] for byte in range(256))  # its five highest bits choose the letter


class Ids:
    """Makes ids. They are predictable on purpose: this is a sandbox, and nothing of value is behind them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.drawn = 0
        """Number of ids made so far."""

    def reseed(self, seed: int) -> None:
        """Begin again from another seed."""
        with self._lock:
            self._random.seed(seed)

    def uuid(self) -> str:
        """A version 4 UUID, as text."""
        with self._lock:
            self.drawn += 1
            bits = self._random.getrandbits(128)
        # the version and the variant of RFC 9562 in their places; uuid.UUID does the same in three times the time
        text, variant = f"{bits:032x}", "89ab"[bits >> 60 & 0b11]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def base32(self, length: int = 26) -> str:
        """Lower-case letters and digits, as GOV.UK Pay's ids are made of."""
        with self._lock:
            self.drawn += 1
            drawn = self._random.getrandbits(64 * length)
        return drawn.to_bytes(8 * length, "little")[3::8].translate(_LETTER_OF).decode("ascii")

    def token(self, length: int = 43) -> str:
        """Return a token of letters and digits, safe in a URL."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        with self._lock:
            self.drawn += 1
            return "".join(self._random.choices(alphabet, k=length))
