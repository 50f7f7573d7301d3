"""The Login.gov adapter fulfils the contract of the identity port, with a private key and with PKCE alone."""

from govcomponents.contracts.identity.suite import IdentitySubject, IdentitySuite
from govcomponents.identity.levels import Claim, Confidence

from .support import CANARIES, build, connect, faithful

ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}


class TestWithAPrivateKey(IdentitySuite):
    subject = IdentitySubject(
        build=build, connect=lambda: connect(faithful()), ask=ASK, fake=faithful(), canaries=CANARIES
    )


class TestWithPkceAlone(IdentitySuite):
    subject = IdentitySubject(
        build=lambda runtime: build(runtime, client_authentication="none", private_key=...),
        connect=lambda: connect(faithful()),
        ask=ASK,
        fake=faithful(),
        canaries=CANARIES,
    )
