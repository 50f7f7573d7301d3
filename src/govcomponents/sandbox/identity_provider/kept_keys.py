"""Makes the sandbox's private RSA keys at its first start, and keeps them in the user's own state folder.

No key comes with the package, so nobody else has them. Where nothing can be kept they last as long as the process.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import stat
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError
from govcomponents.identity.jose.own_keys import SANDBOX_EXPONENT

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

log = logging.getLogger("govcomponents.sandbox")

_BITS: Final = 2048
_MAX_FILE: Final = 16 * 1024
_NO_SURPRISES: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_lock = threading.Lock()


def kept_key(name: str, *, exponent: int = SANDBOX_EXPONENT) -> RSAPrivateKey:
    """Return the key of that name: the same on this machine for this user, until the file is deleted.

    Its exponent tells that it is a sandbox's, unless another is given: real providers sign with ordinary keys.
    Raises ConfigurationError for a file that others may have read or written, or that is no key.
    """
    with _lock:
        return _kept(name, exponent, state_folder())


def state_folder() -> Path:
    """Return the folder of a user's state (XDG Base Directory Specification)."""
    named = os.environ.get("XDG_STATE_HOME", "")
    try:
        root = Path(named) if named and Path(named).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:  # a user without a home
        root = Path("/nonexistent")
    return root / "govcomponents"


@cache
def _kept(name: str, exponent: int, folder: Path) -> RSAPrivateKey:
    path = folder / f"sandbox-{name}-key.pem"
    try:
        return _read(path, exponent)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR):
            raise _unusable(path, "it is no file") from None
        made = _made(exponent)
    try:
        _keep(path, made)
        return _read(path, exponent)  # another process may have been earlier: then its key is the one
    except OSError as error:
        log.warning("the sandbox's %s key cannot be kept, and will be another next time (%s)", name, error.strerror)
        return made


def _made(exponent: int) -> RSAPrivateKey:
    """Make a key with any exponent; the package cryptography makes none but ordinary keys."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    while True:
        numbers = rsa.generate_private_key(public_exponent=65537, key_size=_BITS).private_numbers()
        with suppress(ValueError):  # seldom: the exponent has a factor in common with the order
            p, q = numbers.p, numbers.q
            d = pow(exponent, -1, (p - 1) * (q - 1))
            public = rsa.RSAPublicNumbers(exponent, numbers.public_numbers.n)
            return rsa.RSAPrivateNumbers(
                p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
            ).private_key()


def _keep(path: Path, key: RSAPrivateKey) -> None:
    """Write a key for its owner alone, whole or not at all; a file that is there already stays."""
    from cryptography.hazmat.primitives import serialization as form

    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path, exponent: int) -> RSAPrivateKey:
    """Read a key that only its owner can have written. Raises OSError and ConfigurationError."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    with os.fdopen(os.open(path, os.O_RDONLY | _NO_SURPRISES), "rb") as file:
        about = os.fstat(file.fileno())
        is_ours = not hasattr(os, "geteuid") or (about.st_uid == os.geteuid() and not about.st_mode & 0o077)
        if not is_ours or not stat.S_ISREG(about.st_mode):
            raise _unusable(path, "others may read or write it")
        text = file.read(_MAX_FILE)
    try:
        key = load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)  # checking takes 30 ms
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.public_key().public_numbers().e != exponent:
        raise _unusable(path, "it holds no key that a sandbox made")
    return key


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the sandbox's own key at {path} cannot be used: {why}", fix="delete the file; the sandbox makes another"
    )
