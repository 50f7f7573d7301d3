"""What the tests of key caches share: keys, key sets, and a source of documents that a test changes."""

import json

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Response
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.jose.keys import KeyCache, read_jwks
from govcomponents.identity.jose.tokens import TokenRefused

DID = "did:web:identity.example.gov.uk"


def jwk(kid="k1", key="ec", **more):
    members = public_members(getattr(KEYS, key).public_key()) | {"kid": kid, **more}
    return {name: value for name, value in members.items() if value is not None}


def jwks(*keys):
    return json.dumps({"keys": list(keys)}).encode()


def answer(body, cache="max-age=3600", status=200):
    return Response(status, {"cache-control": cache} if cache else {}, body)


class Source:
    """A key document that a test changes, and a clock that it moves."""

    def __init__(self, *steps):
        self.now = 1_000_000.0
        self.steps = list(steps)
        self.fetched = 0
        self.keys = KeyCache(lambda: self.fetch(), read_jwks, lambda: self.now, name="key set of a test")

    async def fetch(self):
        self.fetched += 1
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step

    def find(self, kid="k1", algorithm="ES256"):
        return drive(self.keys.find(kid, algorithm))

    def reason(self, kid):
        with pytest.raises(TokenRefused) as caught:
            self.find(kid)
        return caught.value.reason
