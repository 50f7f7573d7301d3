"""GOV.UK One Login beside witnesses: recorded exchanges of its simulator, and the simulator itself where one runs.

`pytest tests/conformance --issuer http://localhost:3000` runs the adapter against a simulator that was started
elsewhere; each test sets the simulator's client and person through its /config. Without --issuer only the recording is
replayed.
"""

import asyncio
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests

from govcomponents.components import AsyncGovComponents, GovComponents
from govcomponents.errors import IdentityNotProved, SignInError, SignInRejected
from govcomponents.identity.jose.own_keys import new_private_key, signer_of
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.privacy import Secret
from govcomponents.sandbox.server import serving
from govcomponents.settings import IdentitySettings, Settings
from shared_folder import SHARED

GOLDEN = SHARED / "golden" / "one-login"
REDIRECT = "http://localhost:8080/conformance/back"
CLIENT = "conformance-client"
VOCABULARY = "https://vocab.account.gov.uk/v1/"
SUBJECT = "urn:fdc:gov.uk:2022:Y29uZm9ybWFuY2UtcGVyc29uLW9ubHktZm9yLXRlc3Rz"


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded exchanges are not on this machine")
def test_the_sandbox_answers_as_was_recorded():
    with serving(GOLDEN / "world.json") as server:
        files = [str(GOLDEN / name) for name in ("replay.py", "world.json", "exchanges.json")]
        replay = subprocess.run(
            [sys.executable, files[0], "--base-url", server.base_url, "--world", files[1], files[2]],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert replay.returncode == 0, replay.stdout


class Simulator:
    """An official simulator that runs somewhere, with our client in it."""

    def __init__(self, issuer):
        self.issuer = issuer.rstrip("/")
        self.key = new_private_key()
        self.configure()

    def configure(self, errors=None, algorithm="ES256", **person):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = signer_of(self.key).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        claims = [
            VOCABULARY + name for name in ("coreIdentityJWT", "address", "passport", "drivingPermit", "returnCode")
        ]
        answer = requests.post(
            f"{self.issuer}/config",
            json={
                "clientConfiguration": {
                    "clientId": CLIENT,
                    "publicKey": public.decode(),
                    "publicKeySource": "STATIC",
                    "scopes": ["openid", "email", "phone"],
                    "redirectUrls": [REDIRECT],
                    "postLogoutRedirectUrls": ["http://localhost:8080/signed-out"],
                    "claims": claims,
                    "identityVerificationSupported": True,
                    "idTokenSigningAlgorithm": algorithm,
                    "clientLoCs": ["P0", "P1", "P2"],
                    "tokenAuthMethod": "private_key_jwt",
                },
                "responseConfiguration": {"sub": SUBJECT, "email": "sam@example.com", "maxLoCAchieved": "P2", **person},
                "errorConfiguration": errors or {},
            },
            timeout=10,
        )
        answer.raise_for_status()
        self.algorithm = algorithm

    def settings(self, **changes):
        return Settings(
            identity=IdentitySettings(
                client_id=CLIENT,
                private_key=self.key,
                redirect_url=REDIRECT,
                issuer=self.issuer,
                id_token_algorithm=self.algorithm,
                claims_as_text=True,
                **changes,
            )
        )

    def visit(self, url):
        assert urlsplit(url).netloc == urlsplit(self.issuer).netloc
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def sign_in(self, settings=None, **ask):
        with GovComponents.from_settings(settings or self.settings()) as gov:
            started = gov.identity.start(**ask)
            return gov.identity.complete(started.pending, self.visit(started.url))


@pytest.fixture
def simulator(request):
    issuer = request.config.getoption("--issuer")
    if issuer is None:
        pytest.skip("no simulator is named: give --issuer URL")
    return Simulator(issuer)


PROVED = {
    "coreIdentityVerifiableCredentials": {
        "type": ["VerifiableCredential", "IdentityCheckCredential"],
        "credentialSubject": {
            "name": [
                {"nameParts": [{"type": "GivenName", "value": "SAM"}, {"type": "FamilyName", "value": "EXAMPLE"}]}
            ],
            "birthDate": [{"value": "1984-02-29"}],
        },
    },
    "returnCodes": [],
}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@pytest.mark.parametrize("signed", [False, True])
def test_signing_in(simulator, algorithm, signed):
    simulator.configure(algorithm=algorithm)
    identity = simulator.sign_in(simulator.settings(signed_requests=signed))
    assert identity.subject.reveal() == SUBJECT
    assert identity.confidence is Confidence.NONE


def test_proving_identity(simulator):
    simulator.configure(**PROVED)
    identity = simulator.sign_in(confidence=Confidence.MEDIUM, claims=[Claim.RETURN_CODES])
    assert identity.confidence is Confidence.MEDIUM
    assert identity.name.full.reveal() == "SAM EXAMPLE"


def test_the_same_with_asyncio(simulator):
    simulator.configure(**PROVED)

    async def sign_in():
        async with AsyncGovComponents.from_settings(simulator.settings()) as gov:
            started = await gov.identity.start(confidence=Confidence.MEDIUM)
            return await gov.identity.complete(started.pending, simulator.visit(started.url))

    assert asyncio.run(sign_in()).confidence is Confidence.MEDIUM


def test_identity_that_is_not_proved(simulator):
    simulator.configure(coreIdentityVerifiableCredentials=None, maxLoCAchieved="P0", returnCodes=[{"code": "A"}])
    with pytest.raises(IdentityNotProved) as caught:
        simulator.sign_in(confidence=Confidence.MEDIUM, claims=[Claim.RETURN_CODES])
    assert caught.value.return_codes == ("A",)


def test_trap_6_a_proof_of_too_little(simulator):
    simulator.configure(**PROVED, maxLoCAchieved="P0")
    with pytest.raises(IdentityNotProved):
        simulator.sign_in(confidence=Confidence.MEDIUM)


ID_TOKEN_FAULTS = (
    "INVALID_ISS INVALID_AUD INVALID_ALG_HEADER INVALID_SIGNATURE TOKEN_EXPIRED TOKEN_NOT_VALID_YET "
    "NONCE_NOT_MATCHING INCORRECT_VOT"
)


@pytest.mark.parametrize("fault", ID_TOKEN_FAULTS.split())
def test_every_fault_of_id_tokens(simulator, fault):
    simulator.configure({"idTokenErrors": [fault]})
    with pytest.raises(SignInRejected):
        simulator.sign_in()


@pytest.mark.parametrize(
    "fault", ["INVALID_ALG_HEADER", "INVALID_SIGNATURE", "INVALID_ISS", "INVALID_AUD", "INCORRECT_SUB", "TOKEN_EXPIRED"]
)
def test_every_fault_of_core_identities(simulator, fault):
    simulator.configure({"coreIdentityErrors": [fault]}, **PROVED)
    with pytest.raises(SignInError):
        simulator.sign_in(confidence=Confidence.MEDIUM)


def test_signing_out(simulator):
    identity = simulator.sign_in()
    with GovComponents.from_settings(simulator.settings()) as gov:
        url = gov.identity.sign_out_url(Secret(identity.id_token.reveal()), "http://localhost:8080/signed-out")
    assert simulator.visit(url).startswith("http://localhost:8080/signed-out")


def test_what_it_publishes(simulator):
    with GovComponents.from_settings(simulator.settings()) as gov:
        assert gov.identity.check() is None
