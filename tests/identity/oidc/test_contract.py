"""The generic adapter fulfils the contract of the identity port, with each way to prove who the client is."""

from govcomponents.contracts.identity.suite import IdentitySubject, IdentitySuite
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.levels import Claim, Confidence

from .support import ABOUT, CANARIES, PROVED, build, connect, faithful, with_secret

ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}


SECRETIVE = faithful("ES256", client_secret="s3cret:of/the+client", id_token={"acr": PROVED, "email": ABOUT["email"]})


class TestWithAPrivateKey(IdentitySuite):
    subject = IdentitySubject(
        build=lambda runtime: build(runtime, logout_notices=True, languages="en,cy"),
        connect=lambda: connect(faithful()),
        ask=ASK,
        fake=faithful(),
        canaries=CANARIES,
    )


class TestWithASecret(IdentitySuite):
    """A provider that signs with ES256, tells of an address in the ID token, and whose client has a secret."""

    subject = IdentitySubject(
        build=lambda runtime: OpenIdConnect.from_settings(with_secret(id_token_algorithms="ES256"), runtime),
        connect=lambda: connect(SECRETIVE),
        ask=ASK,
        fake=SECRETIVE,
        canaries=(*CANARIES, "s3cret"),
    )
