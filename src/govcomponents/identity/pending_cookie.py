"""Seals a pending sign-in into a text that a cookie can hold: encrypted, authenticated, and good for a time only.

With it a service needs no store of its own on the server. The seal is AES-256-GCM of cryptography; several keys may be
given, so that they can be changed: the first seals, all of them open. What is sealed is bound to a purpose, so that
one kind of sealed text cannot be passed off as another.

The browser can still bring the same cookie twice: delete it in the answer to the callback. A second use fails at the
provider anyway, because the code in the callback counts once.
"""

from __future__ import annotations

import base64
import os
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Final

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.identity.jose.canonical_json import NotCanonical, decode_base64url, encode_base64url
from govcomponents.identity.pending import MAX_DUMP, PendingSignIn
from govcomponents.identity.protocol.callback import PENDING_LIFE
from govcomponents.privacy import Secret

KEY_BYTES: Final = 32
MAX_SEALED: Final = 4096
_PURPOSE: Final = b"govcomponents pending sign-in, version 1"
_NONCE_BYTES: Final = 12


def new_cookie_key() -> Secret:
    """Make a key, as text to keep with the service's other secrets."""
    return Secret(encode_base64url(os.urandom(KEY_BYTES)))


class PendingCookie:
    """Seals and opens pending sign-ins.

    `keys` are texts of `new_cookie_key` (or any base64url of 32 random bytes): the first seals, all open. `life` is
    in seconds. Raises ConfigurationError for keys that are none.
    """

    def __init__(
        self, keys: Sequence[Secret], *, life: int = PENDING_LIFE, clock: Callable[[], float] = time.time
    ) -> None:
        if not keys:
            raise ConfigurationError("no key to seal with was given", fix="give at least one, from new_cookie_key()")
        self._keys = [_key(key) for key in keys]
        self._life = life
        self._clock = clock

    def seal(self, pending: PendingSignIn) -> str:
        """Return the sealed text: safe in a cookie, at most 4 KiB."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        ends = struct.pack(">Q", int(self._clock()) + self._life)
        content = ends + zlib.compress(pending.dump().encode(), 9)
        return encode_base64url(nonce + AESGCM(self._keys[0]).encrypt(nonce, content, _PURPOSE))

    def open(self, sealed: str) -> PendingSignIn:
        """Return what was sealed. Raises InvalidInput if it is too old, spoilt, or sealed with another key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = _raw(sealed)
        for key in self._keys:
            try:
                content = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _PURPOSE)
            except InvalidTag:
                continue
            (ends,) = struct.unpack(">Q", content[:8])
            if self._clock() >= ends:
                raise _not_open("it is too old")
            return PendingSignIn.load(zlib.decompressobj().decompress(content[8:], MAX_DUMP).decode())
        raise _not_open("it is spoilt, or was sealed with another key")


def _raw(sealed: object) -> bytes:
    if not isinstance(sealed, str) or not sealed.isascii() or len(sealed) > MAX_SEALED:
        raise _not_open("it is no sealed text")
    try:
        raw = decode_base64url(sealed.encode())
    except NotCanonical:
        raise _not_open("it is no sealed text") from None
    if len(raw) < _NONCE_BYTES + 16 + 8:
        raise _not_open("it is no sealed text")
    return raw


def _key(key: Secret) -> bytes:
    try:
        octets = base64.urlsafe_b64decode(key.reveal() + "=" * (-len(key.reveal()) % 4))
    except (ValueError, AttributeError):
        octets = b""
    if len(octets) != KEY_BYTES:
        raise ConfigurationError(
            "a key to seal with is not 32 bytes as base64url",
            fix="make one with new_cookie_key() and wrap it in Secret",
        )
    return octets


def _not_open(why: str) -> InvalidInput:
    return InvalidInput(
        field="sealed",
        problem=f"it cannot be opened: {why}",
        fix="let the person start the sign-in again",
        operation="identity.complete",
    )
