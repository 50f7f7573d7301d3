"""`govcomponents identity`: makes the service's own keys, and the key set to publish."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

    from govcomponents.identity.jose.signing import KeySigner

_ALGORITHMS = ("RS256", "PS256", "ES256")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser("identity", help="make keys for signing in people", description=__doc__)
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "new-key",
        help="make a private key and show its public half",
        description="Makes a private key, readable by you alone, and prints the key set to publish and the public key "
        "as PEM. GOV.UK One Login takes RSA keys only.",
    )
    new.add_argument("file", type=Path, help="where to put the private key; must not exist yet")
    new.add_argument("--algorithm", choices=_ALGORITHMS, default=_ALGORITHMS[0], help="(default: %(default)s)")
    new.add_argument("--bits", type=int, default=2048, help="of an RSA key (default: %(default)s)")
    new.set_defaults(run=new_key)
    show = actions.add_parser(
        "jwks",
        help="print the key set to publish",
        description="Prints the public halves of one or more private keys as a JSON Web Key Set.",
    )
    show.add_argument("files", type=Path, nargs="+", metavar="file", help="a private key as PEM or JWK")
    show.add_argument("--algorithm", choices=_ALGORITHMS, default=_ALGORITHMS[0], help="(default: %(default)s)")
    show.set_defaults(run=jwks)


def new_key(options: argparse.Namespace) -> int:
    """Make a private key, and print its public half."""
    from govcomponents.identity.jose.own_keys import new_private_key, signer_of

    pem = new_private_key(options.algorithm, bits=options.bits)
    try:
        handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written: {error.strerror}", fix="name a file that does not exist, in a folder that does"
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(pem.reveal())
    signer = signer_of(pem, algorithm=options.algorithm)
    _print_jwks([signer])
    print(_public_pem(signer), end="")
    print(
        f"The private key is in {options.file}. Keep it secret; publish or register the public half.", file=sys.stderr
    )
    return 0


def jwks(options: argparse.Namespace) -> int:
    """Print the public halves of private keys as a key set."""
    from govcomponents.identity.jose.own_keys import signer_of
    from govcomponents.identity.jose.signing import read_key_file
    from govcomponents.privacy import Secret

    _print_jwks(
        [
            signer_of(Secret(read_key_file(file, setting=str(file))), algorithm=options.algorithm)
            for file in options.files
        ]
    )
    return 0


def _print_jwks(signers: list[KeySigner]) -> None:
    from govcomponents.identity.jose.own_keys import published_jwks

    print(json.dumps(published_jwks(signers), indent=2))


def _public_pem(signer: KeySigner) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")
