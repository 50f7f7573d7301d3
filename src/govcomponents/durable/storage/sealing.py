"""Sealing of payloads under data keys: AES-256-GCM, bound to the row, so that two rows cannot be swapped."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from govcomponents.core.guessing import KEY, is_guessable
from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret

_OPEN: Final = b"\x00"
_SEALED: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_NEW_KEY: Final = 'python -c "import os, base64; print(base64.b64encode(os.urandom(32)).decode())"'
_FIX: Final = f"give each as 32 random bytes in base64: {_NEW_KEY}"


class PayloadLost(Exception):
    """A payload that its key does not open: it was changed, or belongs to another row. The row is given up."""


class KeyMissing(Exception):
    """The key of a payload is not among the data keys of this process. The row waits for one that has it."""


class PayloadKeys:
    """Data keys, newest first: the first seals, each of them opens. Without any, payloads are kept as they are.

    Raises ConfigurationError for one that is not 32 bytes in base64.
    """

    def __init__(self, keys: Sequence[Secret | str] = ()) -> None:
        if isinstance(keys, (str, bytes, Secret)):
            raise ConfigurationError("the data keys are one text, not a list", fix="give a list, such as keys=[key]")
        if not isinstance(keys, Iterable):
            raise ConfigurationError("the data keys are not a list", fix="give a list, such as keys=[key]")
        raw = [_bytes(key) for key in keys]
        self._ciphers = {_id(key): AESGCM(key) for key in raw}
        # Begun once for each key, and copied: to begin one takes as long as to work it off.
        self._fingerprints = {_id(key): HMAC(_content_key(key), SHA256()) for key in raw}
        self._newest = _id(raw[0]) if raw else b""

    def __bool__(self) -> bool:
        return bool(self._ciphers)

    def seal(self, plain: bytes, row: bytes) -> bytes:
        """Seal a payload for one row."""
        if not self._newest:
            return _OPEN + plain
        nonce = os.urandom(_NONCE_BYTES)
        return _SEALED + self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, plain, row)

    def unseal(self, sealed: bytes | None, row: bytes) -> bytes:
        """Open the payload of one row. Raises PayloadLost or KeyMissing."""
        if not sealed:
            raise PayloadLost("there is none")
        if sealed[:1] == _OPEN:
            return bytes(sealed[1:])
        key, rest = bytes(sealed[1 : 1 + _ID_BYTES]), bytes(sealed[1 + _ID_BYTES :])
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise KeyMissing
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], row)
        except InvalidTag:
            raise PayloadLost("it was changed, or is another row's") from None

    def fingerprint(self, plain: bytes, row: bytes) -> bytes:
        """Return what tells a content from another. Nobody without the key can try out contents against it."""
        return self._newest + self._fingerprint(self._newest, plain, row)

    def is_same(self, fingerprint: bytes, plain: bytes, row: bytes) -> bool | None:
        """Whether the content is that of a fingerprint; None if its key is not among these."""
        key, digest = (
            (fingerprint[:_ID_BYTES], fingerprint[_ID_BYTES:]) if len(fingerprint) > 32 else (b"", fingerprint)
        )
        if key and key not in self._fingerprints:
            return None
        return hmac.compare_digest(digest, self._fingerprint(key, plain, row))

    def chain(self, content: bytes) -> str:
        """Return a hash of a content that nobody without the newest key can make; a plain one where there is no key."""
        return self._chained(self._newest, content)

    def is_chain(self, content: bytes, held: str) -> bool | None:
        """Whether a hash is that of the content; None if its key is gone."""
        try:
            key = bytes.fromhex(held.partition(":")[0])
        except ValueError:
            return False
        if key and key not in self._fingerprints:
            return None
        return hmac.compare_digest(held, self._chained(key, content))

    def _chained(self, key: bytes, content: bytes) -> str:
        return f"{key.hex()}:{self._fingerprint(key, content, b'audit').hex()}"

    def _fingerprint(self, key: bytes, plain: bytes, row: bytes) -> bytes:
        framed = len(row).to_bytes(4) + row + plain
        if not key:
            return hashlib.sha256(framed).digest()
        made = self._fingerprints[key].copy()
        made.update(framed)
        return made.finalize()


def _bytes(key: Secret | str) -> bytes:
    text = key.reveal() if isinstance(key, Secret) else key
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ConfigurationError("a data key of the durable layer is not 32 bytes in base64", fix=_FIX)
    if is_guessable(raw, fewest=KEY):
        raise ConfigurationError("a data key of the durable layer is made by a simple rule", fix=_FIX)
    return raw


def _content_key(key: bytes) -> bytes:
    return hmac.digest(key, b"govcomponents content", "sha256")


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"govcomponents key id" + key).digest()[:_ID_BYTES]
