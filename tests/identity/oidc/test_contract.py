"""The generic adapter fulfils the contract of the identity port, with each way to prove who the client is."""

import pytest

from govcomponents.contracts.identity.suite import IdentitySubject, IdentitySuite
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.levels import Claim, Confidence

from .support import CANARIES, build, connect, profile, with_secret

ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}


class TestWithAPrivateKey(IdentitySuite):
    @pytest.fixture
    def subject(self):
        found = profile()

        def noticing(runtime):
            return build(runtime, logout_notices=True)

        return IdentitySubject(build=noticing, connect=lambda: connect(found), ask=ASK, fake=found, canaries=CANARIES)


class TestWithASecret(IdentitySuite):
    """A provider that signs with ES256 and whose client has a secret."""

    @pytest.fixture
    def subject(self):
        found = profile("ES256")
        return IdentitySubject(
            build=lambda runtime: OpenIdConnect.from_settings(with_secret(id_token_algorithms="ES256"), runtime),
            connect=lambda: connect(found),
            ask=ASK,
            fake=found,
            canaries=(*CANARIES, "s3cret"),
        )
