"""A service's files, written from examples, and a check of them."""

import re
from functools import cache
from pathlib import Path

from govcomponents.check.project import Project
from govcomponents.check.run import check_project
from govcomponents.identity.jose.own_keys import new_private_key


@cache
def private_key():
    return new_private_key().reveal()


@cache
def short_key():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def written(folder, files):
    """Write files by name; `(0644)` after a name is its mode."""
    for name, text in files.items():
        match = re.fullmatch(r"(.*?)(?: \((\d+)\))?", name)
        place = folder / match.group(1)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = (
            text.lstrip("\n").replace("{a private key}", private_key()).replace("{a short private key}", short_key())
        )
        place.write_text(content, encoding="utf-8")
        place.chmod(int(match.group(2) or "600", 8))


def checked(folder, environment=None, **options):
    return check_project(Project([Path(folder)], root=Path(folder)), environment, **options)
