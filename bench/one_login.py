"""A loopback GOV.UK One Login that costs little: every sign-in gets the same tokens, made when it starts.

    python -m bench.one_login

It prints its port, then serves until it is killed. The nonce is always "bench-nonce".
"""

from __future__ import annotations

import asyncio
import json
import time

from bench.loopback import LENGTH

NONCE, CLIENT, SUBJECT = "bench-nonce", "bench-client", "urn:fdc:gov.uk:2022:Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OWFiY2Rl"
ACCESS_TOKEN = "bench-access-token-of-the-usual-length-0123456789abcdef"
CORE = "https://vocab.account.gov.uk/v1/coreIdentityJWT"


def documents(port: int) -> dict[bytes, bytes]:
    """The answer to each path."""
    from cryptography.hazmat.primitives.asymmetric import ec

    from govcomponents.identity.jose.jwk import public_members
    from govcomponents.identity.jose.signing import KeySigner, signed_jwt
    from govcomponents.identity.jose.tokens import half_hash

    issuer, did, now = f"http://127.0.0.1:{port}/", f"did:web:127.0.0.1%3A{port}", int(time.time())
    key, identity_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    shared = {"sub": SUBJECT, "aud": CLIENT, "iss": issuer, "iat": now, "vtm": f"{issuer}trustmark"}
    id_token = signed_jwt(
        KeySigner("ES256", "k1", key),
        shared
        | {"exp": now + 3600, "nonce": NONCE, "vot": "Cl.Cm", "sid": "s", "auth_time": now}
        | {"at_hash": half_hash(ACCESS_TOKEN, "ES256")},
    )
    name = {"nameParts": [{"type": "GivenName", "value": "SAM"}, {"type": "FamilyName", "value": "EXAMPLE"}]}
    core = signed_jwt(
        KeySigner("ES256", f"{did}#p1", identity_key),
        shared
        | {"exp": now + 86_400, "nbf": now, "vot": "P2"}
        | {"vc": {"credentialSubject": {"name": [name], "birthDate": [{"value": "1984-02-29"}]}}},
    )
    public = public_members(key.public_key()) | {"kid": "k1", "use": "sig", "alg": "ES256"}
    method = {
        "type": "JsonWebKey",
        "id": f"{did}#p1",
        "controller": did,
        "publicKeyJwk": public_members(identity_key.public_key()),
    }
    told = {
        b"/token": {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 180, "id_token": id_token},
        b"/userinfo": {"sub": SUBJECT, "email": "sam@example.com", "email_verified": True, CORE: core},
        b"/.well-known/jwks.json": {"keys": [public]},
        b"/.well-known/did.json": {"id": did, "assertionMethod": [method]},
    }
    return {path: _answer(json.dumps(value).encode()) for path, value in told.items()}


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Exchange(asyncio.Protocol):
    """One connection: finds the end of each request, and writes the answer to its path."""

    answers: dict[bytes, bytes]

    def __init__(self) -> None:
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.held, 0, end)
            total = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.held) < total:
                return
            path = self.held.split(b" ", 2)[1]
            self.held = self.held[total:]
            self.transport.write(self.answers[path])


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    Exchange.answers = documents(port)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
