"""A whole sign-in after the person came back, with cached keys: by govcomponents, and by PyJWT and bare requests."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from dataclasses import replace

from bench.one_login import CLIENT, CORE, NONCE
from bench.variants.measuring import URL, choose, cpu_of

COUNT = 1000
MANY, FEW = 10_000, 100
REDIRECT = "https://service.example.gov.uk/signed-in"


def our_sign_in() -> Callable[[], object]:
    from govcomponents import GovComponents, Secret, Settings
    from govcomponents.identity.jose.own_keys import new_private_key
    from govcomponents.identity.levels import Confidence
    from govcomponents.settings import IdentitySettings

    client = IdentitySettings(client_id=CLIENT, private_key=new_private_key(), redirect_url=REDIRECT, issuer=URL)
    gov = GovComponents.from_settings(Settings(identity=client))
    started = gov.identity.start(confidence=Confidence.MEDIUM)
    pending = replace(started.pending, nonce=Secret(NONCE))
    callback = f"{REDIRECT}?code=a-code-of-the-usual-length-0123456789&state={pending.state.reveal()}"

    def sign_in() -> object:
        return gov.identity.complete(pending, callback)

    sign_in()  # the keys are cached from here on
    return sign_in


def bare_sign_in() -> Callable[[], object]:
    """What anybody has to do at least: sign the assertion, send two requests, verify two tokens."""
    import time
    import uuid

    import jwt
    import requests
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    session = requests.Session()
    keys = {
        one["kid"]: jwt.PyJWK(one).key for one in session.get(f"{URL}/.well-known/jwks.json", timeout=10).json()["keys"]
    }
    did = session.get(f"{URL}/.well-known/did.json", timeout=10).json()
    keys |= {one["id"]: jwt.PyJWK(one["publicKeyJwk"]).key for one in did["assertionMethod"]}
    agent = {"User-Agent": "bench"}

    def verify(token: str) -> object:
        kid = jwt.get_unverified_header(token)["kid"]
        return jwt.decode(token, keys[kid], algorithms=["ES256"], audience=CLIENT, issuer=f"{URL}/", leeway=30)

    def sign_in() -> object:
        now = int(time.time())
        claims = {
            "iss": CLIENT,
            "sub": CLIENT,
            "aud": f"{URL}/",
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
        }
        form = {
            "grant_type": "authorization_code",
            "code": "a-code-of-the-usual-length-0123456789",
            "redirect_uri": REDIRECT,
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, key, "RS256", headers={"kid": "k"}),
        }
        given = session.post(f"{URL}/token", data=form, headers=agent, timeout=10).json()
        verify(given["id_token"])
        bearer = agent | {"Authorization": f"Bearer {given['access_token']}"}
        return verify(session.get(f"{URL}/userinfo", headers=bearer, timeout=10).json()[CORE])

    sign_in()
    return sign_in


def ours() -> None:
    cpu_of(our_sign_in(), COUNT)


def bare() -> None:
    cpu_of(bare_sign_in(), COUNT)


def many() -> None:
    _repeat(MANY)


def few() -> None:
    _repeat(FEW)


def _repeat(count: int) -> None:
    sign_in = our_sign_in()
    for _ in range(count):
        sign_in()
    print(json.dumps({"peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


if __name__ == "__main__":
    choose(globals())
