"""Makes the certificate of the imitated mail server, and that of the authority that vouches for it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import shutil
import ssl
import tempfile
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LASTS: Final = dt.timedelta(days=30)
_USES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Certificate:
    """A certificate for this machine's loopback, in a folder that only this user reads and that goes with it.

    `authority` is the file by which clients trust it. The authority's own key is forgotten at once, so that nobody can
    make a certificate for another host that those who trust this one would take.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="govcomponents-mail-"))
        self.authority = self._folder / "authority.pem"
        own = self._folder / "server.pem"
        authority, server = _made()
        self.authority.write_bytes(authority)
        own.write_bytes(server)
        own.chmod(0o600)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(own)
        own.unlink()

    def close(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _made() -> tuple[bytes, bytes]:
    """Return the authority's certificate, and the server's with its key, as PEM."""
    now = dt.datetime.now(dt.UTC)
    issuer_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "govcomponents sandbox mail authority")])

    def start(subject: x509.Name, own: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + _LASTS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )

    uses = dict.fromkeys(_USES, False) | {"key_cert_sign": True, "crl_sign": True}
    authority = (
        start(issuer, issuer_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    server = (
        start(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return authority.public_bytes(pem), private + server.public_bytes(pem)
