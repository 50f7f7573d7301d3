"""The generic adapter completes whole sign-ins with `oidc-provider`, a certified server that others wrote.

It runs as a process of its own, installed with npm into a throwaway folder; where there is no Node, or nothing can be
installed, these tests are skipped and say so. GOVCOMPONENTS_OIDC_PROVIDER names a folder in which it is installed
already.
"""

import json
import os
import queue
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.canonical_json import encode_base64url
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.errors import (
    CallbackRefused,
    ConfigurationError,
    CredentialsRefused,
    SignInDenied,
    SignInReason,
    SignInRejected,
)
from govcomponents.identity import AsyncIdentityService, IdentityService
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.jose.jwk import public_members, thumbprint
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.settings import IdentitySettings

VERSION = "9.13.3"
REDIRECT = "https://service.example.gov.uk/signed-in"
SIGNED_OUT = "https://service.example.gov.uk/signed-out"
PROVED = "urn:example:proved"
PERSON = {
    "email": "sam@example.com",
    "email_verified": True,
    "phone_number": "+447700900123",
    "phone_number_verified": True,
    "given_name": "Sam",
    "family_name": "Example",
    "birthdate": "1984-02-29",
    "address": {"formatted": "7 Example Road\nEX1 1AA", "postal_code": "EX1 1AA"},
}


def private_jwk():
    key = KEYS.stranger
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return json.dumps(public_members(key.public_key()) | {"d": encode_base64url(secret)})


def public_jwk():
    members = public_members(KEYS.stranger.public_key())
    return members | {"kid": thumbprint(members), "use": "sig", "alg": "ES256"}


def client(name, method, **more):
    found = {
        "client_id": name,
        "token_endpoint_auth_method": method,
        "redirect_uris": [REDIRECT],
        "post_logout_redirect_uris": [SIGNED_OUT],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
    } | more
    return found if method in ("private_key_jwt", "none") else found | {"client_secret": f"s3cret-of-{name}:+/&="}


CLIENTS = [
    client(
        "with-key",
        "private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [public_jwk()]},
    ),
    client("with-basic", "client_secret_basic", id_token_signed_response_alg="ES256"),
    client(
        "with-post", "client_secret_post", userinfo_signed_response_alg="PS256", id_token_signed_response_alg="PS256"
    ),
    client("public", "none"),
]
SETTINGS = {
    "with-key": {"private_key": private_jwk(), "signing_algorithm": "ES256"},
    "with-basic": {"client_authentication": "client_secret_basic", "id_token_algorithms": "ES256"},
    "with-post": {"client_authentication": "client_secret_post", "id_token_algorithms": "PS256", "userinfo": "jwt"},
    "public": {"client_authentication": "none"},
}


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """The folder in which the server is installed."""
    if ready := os.environ.get("GOVCOMPONENTS_OIDC_PROVIDER"):
        return Path(ready)
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node is not installed, and oidc-provider needs it")
    folder = tmp_path_factory.mktemp("oidc-provider")
    (folder / "package.json").write_text('{"name": "throwaway", "private": true}\n', encoding="utf-8")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"oidc-provider@{VERSION}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install oidc-provider: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="session")
def notices():
    """What the server sends when somebody signs out, at an address of this machine."""
    received = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.put((body, self.headers["content-type"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        received.url = f"http://127.0.0.1:{server.server_port}/logout-notice"
        yield received
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def issuer(packages, notices, tmp_path_factory):
    """The server, running; its issuer."""
    clients = [found | {"backchannel_logout_uri": notices.url} for found in CLIENTS]
    world = tmp_path_factory.mktemp("world") / "world.json"
    world.write_text(
        json.dumps({"clients": clients, "acr": PROVED, "account": "account-of-sam", "person": PERSON}), encoding="utf-8"
    )
    program = str(Path(__file__).with_name("oidc_provider.mjs"))
    with subprocess.Popen(
        ["node", program, str(world), str(packages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        line = server.stdout.readline().strip()
        assert line.startswith("http://127.0.0.1:"), "the server did not start"
        yield line
        server.stdin.close()
        server.wait(timeout=10)


@pytest.fixture
def connect(issuer, gov_mode, gov_runner):
    """Make the service object of one client, in the mode of the test."""
    opened = []

    async def make_async(transport_of):
        return transport_of()

    def make(name, **changes):
        secret = {} if name in ("with-key", "public") else {"client_secret": f"s3cret-of-{name}:+/&="}
        values = {
            "adapter": "oidc",
            "client_id": name,
            "redirect_url": REDIRECT,
            "issuer": issuer,
            "claim_scopes": {"phone": "phone", "address": "address"},
            "scopes": "openid, email, profile",
            "levels": {PROVED: {"authentication": "two_factor", "confidence": "medium"}},
        }
        settings = IdentitySettings(**(values | SETTINGS[name] | secret | changes))
        if gov_mode is Mode.BLOCKING:
            transport = RequestsTransport()
            opened.append(transport)
            return IdentityService(OpenIdConnect.from_settings(settings, Runtime(transport)), Runtime(transport))
        transport = gov_runner.run(make_async(AiohttpTransport))
        opened.append(transport)
        port = OpenIdConnect.from_settings(settings, Runtime(transport))
        return BlockingView(AsyncIdentityService(port, Runtime(transport)), gov_runner)

    yield make
    for transport in opened:
        if gov_mode is Mode.BLOCKING:
            from govcomponents.core.driver import drive

            drive(transport.aclose())
        else:
            gov_runner.run(transport.aclose())


ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}


def sign_in(url):
    """A person signs in and agrees; returns where they come back, and the visitor with their cookies."""
    browser = FormBrowser.over_http()
    page = browser.open(url)
    page = browser.send(page.form_with("login"), login="sam", password="any")
    if not page.left:
        page = browser.send(page.form_with("prompt"))
    assert page.left, page.text[:500]
    return page.url, browser


@pytest.mark.parametrize("name", [client["client_id"] for client in CLIENTS])
def test_a_person_signs_in_and_is_proved(connect, issuer, name):
    identity_of = connect(name)
    started = identity_of.start(**ASK)
    callback, _ = sign_in(started.url)
    identity = identity_of.complete(started.pending, callback)
    assert identity.issuer == issuer
    assert identity.subject.reveal() == "account-of-sam"
    assert identity.authentication is Authentication.TWO_FACTOR
    assert identity.confidence is Confidence.MEDIUM
    assert identity.email.reveal() == PERSON["email"]
    assert identity.email_verified
    assert identity.phone.reveal() == PERSON["phone_number"]
    assert identity.name.full.reveal() == "Sam Example"
    assert identity.birth_date.reveal().isoformat() == PERSON["birthdate"]
    assert identity.addresses[0].postcode.reveal() == "EX1 1AA"
    assert identity.raw["acr"] == PROVED


def test_a_sign_in_alone_proves_nothing(connect):
    identity_of = connect("with-basic")
    started = identity_of.start(authentication=Authentication.SINGLE_FACTOR)
    identity = identity_of.complete(started.pending, sign_in(started.url)[0])
    assert identity.confidence is Confidence.NONE
    assert identity.names == ()


def test_the_issuer_names_itself_in_the_callback(connect, issuer):
    """M2: the server promises `iss` in its document, so a callback without it is refused (RFC 9207)."""
    identity_of = connect("with-basic")
    started = identity_of.start(**ASK)
    callback, _ = sign_in(started.url)
    found = dict(parse_qsl(urlsplit(callback).query))
    assert found["iss"] == issuer
    for change in ({"iss": f"{issuer}/"}, {"iss": ...}):
        changed = {name: value for name, value in (found | change).items() if value is not ...}
        with pytest.raises(SignInRejected) as caught:
            identity_of.complete(started.pending, changed)
        assert caught.value.reason is SignInReason.BAD_ISSUER
    assert identity_of.complete(started.pending, found).subject.reveal() == "account-of-sam"


def test_a_code_counts_once(connect):
    identity_of = connect("with-key")
    started = identity_of.start(**ASK)
    callback, _ = sign_in(started.url)
    identity_of.complete(started.pending, callback)
    with pytest.raises(SignInDenied) as caught:
        identity_of.complete(started.pending, callback)
    assert caught.value.code == "invalid_grant"


def test_a_code_is_bound_to_its_verifier(connect):
    """C9: the server refuses a code that comes with another sign-in's verifier."""
    identity_of = connect("with-basic")
    first, second = identity_of.start(**ASK), identity_of.start(**ASK)
    callback, _ = sign_in(first.url)
    mixed = replace(first.pending, code_verifier=second.pending.code_verifier)
    with pytest.raises(SignInDenied) as caught:
        identity_of.complete(mixed, callback)
    assert caught.value.code == "invalid_grant"


@pytest.mark.parametrize("name", ["with-basic", "with-post"])
def test_a_wrong_secret_is_a_refused_credential(connect, name):
    identity_of = connect(name, client_secret="another")
    started = identity_of.start(**ASK)
    with pytest.raises(CredentialsRefused) as caught:
        identity_of.complete(started.pending, sign_in(started.url)[0])
    assert caught.value.code == "invalid_client"
    assert "another" not in str(caught.value)


def test_a_person_who_leaves(connect):
    identity_of = connect("with-key")
    started = identity_of.start(**ASK)
    browser = FormBrowser.over_http()
    page = browser.open(started.url)
    abort = next(part for part in page.text.split('"') if part.endswith("/abort"))
    back = browser.open(abort)
    assert back.left
    with pytest.raises(SignInDenied) as caught:
        identity_of.complete(started.pending, back.url)
    assert caught.value.code == "access_denied"


def test_what_is_published_is_what_is_expected(connect):
    assert connect("with-key").check() is None
    with pytest.raises(ConfigurationError, match="algorithm"):
        connect("with-key", id_token_algorithms="RS512").check()


def test_how_long_ago_the_person_signed_in(connect):
    identity_of = connect("with-basic")
    started = identity_of.start(**ASK, max_age=600)
    assert identity_of.complete(started.pending, sign_in(started.url)[0]).authenticated_at is not None


@pytest.mark.parametrize("name", ["with-key", "with-basic"])
def test_signing_out(connect, notices, name):
    """The person comes back, and the server tells the service that they signed out, with a token that counts once."""
    identity_of = connect(name, logout_notices=True)
    started = identity_of.start(**ASK)
    callback, browser = sign_in(started.url)
    identity = identity_of.complete(started.pending, callback)
    page = browser.open(identity_of.sign_out_url(identity, SIGNED_OUT))
    page = browser.send(page.form_with("xsrf"), logout="yes")
    assert page.left
    assert page.url.partition("?")[0] == SIGNED_OUT
    body, content_type = notices.get(timeout=10)
    notice = identity_of.parse_callback(body, {"Content-Type": content_type})
    assert notice.subject == identity.subject
    assert notice.issuer == identity.issuer
    identity_of.mark_done(notice)
    with pytest.raises(CallbackRefused) as caught:
        identity_of.parse_callback(body, {"Content-Type": content_type})
    assert caught.value.code == SignInReason.REPLAYED
