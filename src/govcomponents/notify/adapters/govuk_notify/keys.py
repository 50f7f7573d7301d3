"""API keys of GOV.UK Notify, and the signed token that each request carries.

A key is `{name}-{service id}-{secret}`, where the last two are UUIDs of 36 characters and the name may hold hyphens,
so it is read from the right. Source: GOV.UK Notify REST API docs, "Authorisation header" and "API keys".
"""

from __future__ import annotations

import binascii
import hmac
import re
from dataclasses import dataclass

from govcomponents.privacy import Secret

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SHAPE = re.compile(rf"(?:.*-)?{_UUID}-{_UUID}", re.DOTALL)
_HEADER = (
    binascii.b2a_base64(b'{"typ":"JWT","alg":"HS256"}', newline=False)
    .rstrip(b"=")
    .translate(bytes.maketrans(b"+/", b"-_"))
)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """One API key, taken apart. The name and the service's id may be shown; the secret may not.

    Nothing in a key says whether it is a live, a team or a test one, so no guard can tell a live key by its text.
    """

    name: str
    service_id: str
    secret: Secret

    @classmethod
    def parse(cls, key: Secret) -> ServiceKey:
        """Take apart a key that has the SHAPE."""
        text = key.reveal()
        return cls(text[:-74], text[-73:-37], Secret(text[-36:]))

    def token(self, now: float) -> str:
        """Sign a token for a request that is sent now; the provider accepts it for 30 seconds either way."""
        claims = f'{{"iss":"{self.service_id}","iat":{int(now)}}}'.encode()
        signed = _HEADER + b"." + _base64(claims)
        signature = hmac.digest(self.secret.reveal().encode(), signed, "sha256")
        return (signed + b"." + _base64(signature)).decode()


def _base64(value: bytes) -> bytes:
    return binascii.b2a_base64(value, newline=False).rstrip(b"=").translate(_URL_SAFE)
