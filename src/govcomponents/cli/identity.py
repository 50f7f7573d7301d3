"""`govcomponents identity`: makes the service's own keys, and the key set to publish."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents.cli.outcome import Status, add_json, printable, report
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

    from govcomponents.identity.jose.signing import KeySigner

_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this subcommand to the command line."""
    parser = commands.add_parser("identity", help="make keys for signing in people", description=__doc__)
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "new-key",
        help="make a private key and show its public half",
        description="Makes a private key, readable by you alone, and prints its public half: the key set to publish, "
        "or with --pem what some providers register instead. GOV.UK One Login takes RSA keys only.",
    )
    new.add_argument("file", type=Path, help="where to put the private key; must not exist yet")
    new.add_argument("--algorithm", choices=_ALGORITHMS, default=_ALGORITHMS[0], help="(default: %(default)s)")
    new.add_argument("--bits", type=int, default=2048, help="of an RSA key (default: %(default)s)")
    new.add_argument("--pem", action="store_true", help="print the public key as PEM, and not as a key set")
    add_json(new)
    new.set_defaults(run=new_key)
    show = actions.add_parser(
        "jwks",
        help="print the key set to publish",
        description="Prints the public halves of one or more private keys as a JSON Web Key Set.",
    )
    show.add_argument("files", type=Path, nargs="+", metavar="file", help="a private key as PEM or JWK")
    show.add_argument("--algorithm", choices=_ALGORITHMS, default=_ALGORITHMS[0], help="(default: %(default)s)")
    add_json(show)
    show.set_defaults(run=jwks)


def new_key(options: argparse.Namespace) -> int:
    """Make a private key, and print its public half."""
    from govcomponents.identity.jose.own_keys import new_private_key, published_jwks, signer_of

    pem = new_private_key(options.algorithm, bits=options.bits)
    try:
        handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{options.file} cannot be written: {error.strerror}",
            fix="name a file that does not exist, in a folder that does",
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(pem.reveal())
    except OSError as error:
        options.file.unlink(missing_ok=True)  # half a key is none
        raise ConfigurationError(
            f"{options.file} cannot be written: {error.strerror}", fix="make room, or name a file on another disk"
        ) from None
    signer = signer_of(pem, algorithm=options.algorithm)
    keys, public_pem = published_jwks([signer]), _public_pem(signer)
    print(
        printable(f"The private key is in {options.file}. Keep it secret; publish or register the public half."),
        file=sys.stderr,
    )
    report(
        options,
        {"file": str(options.file), "jwks": keys, "public_pem": public_pem},
        (public_pem.rstrip() if options.pem else json.dumps(keys, indent=2)).split("\n"),
    )
    return Status.DONE


def jwks(options: argparse.Namespace) -> int:
    """Print the public halves of private keys as a key set, which is JSON in any case."""
    from govcomponents.identity.jose.own_keys import ALL_ALGORITHMS, published_jwks
    from govcomponents.identity.jose.signing import load_signer, read_key_file
    from govcomponents.privacy import Secret

    signers = [
        load_signer(
            Secret(read_key_file(file, setting=str(file))),
            algorithm=options.algorithm,
            allowed=ALL_ALGORITHMS,
            setting=str(file),
        )
        for file in options.files
    ]
    keys = published_jwks(signers)
    report(options, keys, json.dumps(keys, indent=2).split("\n"))
    return Status.DONE


def _public_pem(signer: KeySigner) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")
