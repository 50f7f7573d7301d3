"""What a discovery document may say, and what is done when it says something else (rows T11 to T14, C10, M2, K3)."""

import json
import logging
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider
from govcomponents.core.canonical_json import decode_base64url
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.validation import is_url_on
from govcomponents.errors import (
    ConfigurationError,
    OutcomeUnknown,
    SignInDenied,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.levels import Authentication
from govcomponents.identity.protocol.discovery import DiscoveryPolicy, DiscoveryUnfit, read_metadata
from identity.kit import service_of

from .support import ISSUER, NOW, build, document, profile, settings, with_secret

PLACE = f"{ISSUER}/.well-known/openid-configuration"
PLAIN = {"authentication": Authentication.SINGLE_FACTOR}
JSON = {"content-type": "application/json"}


class Publisher(FakeOpenIdProvider):
    """A provider whose discovery document is any answer, on a clock that can be moved."""

    def __init__(self, *answers):
        self.time = float(NOW)
        super().__init__(profile(), lambda: self.time)
        self.answers = list(answers)

    async def send(self, request):
        if request.url != PLACE:
            return await super().send(request)
        self.sent.append(request)
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Response) else Response(200, JSON, json.dumps(found).encode())

    @property
    def asked(self):
        return sum(request.url == PLACE for request in self.sent)


def service_on(publisher, **changes):
    return service_of(build(Runtime(publisher, clock=lambda: publisher.time), **changes))


def test_what_it_says_is_used():
    publisher = Publisher(document(authorization_endpoint=f"{ISSUER}/elsewhere?tenant=7"))
    started = service_on(publisher).start(**PLAIN)
    assert started.url.startswith(f"{ISSUER}/elsewhere?tenant=7&")
    assert started.pending.issuer == ISSUER


@pytest.mark.parametrize(
    "other",
    [
        f"{ISSUER}/",
        "https://ID.example.com",
        "http://id.example.com",
        "https://id.example.com.evil.example",
        "",
        ...,
        7,
        [ISSUER],
    ],
    ids=str,
)
def test_another_issuer_is_a_wrong_configuration(other):
    """T12: equal, letter for letter, or the document is not used."""
    publisher = Publisher(document(issuer=other))
    with pytest.raises(ConfigurationError, match="issuer"):
        service_on(publisher).start(**PLAIN)
    assert [request.url for request in publisher.sent] == [PLACE]


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com/token",
        "https://evil.example.com/token",
        "https://id.example.com.evil.example/token",
        "https://user@id.example.com/token",
        "https://id.example.com@evil.example/token",
        "https://id.example.com:8443/token",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "https://2852039166/",
        "https://[::1]/token",
        "http://127.0.0.1/token",
        "http://localhost/token",
        "file:///etc/passwd",
        "gopher://id.example.com/",
        "//id.example.com/token",
        "/token",
        "https:///token",
        "https://id.example.com/token#part",
        "https://id.example.com\\@evil.example/token",
        "https://id.example.com/a b",
        "https://id.example.com/a\\b",
        "https://id.example.com/\r\nx",
        "https://id.example.com:x/token",
        "https://id.example.com/" + "x" * 3000,
        "",
        7,
        ["https://id.example.com/token"],
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"]
)
def test_an_address_elsewhere_is_blocked(name, url):
    """T11, T13, B2: nothing is ever sent to an address that the settings do not allow."""
    publisher = Publisher(document(**{name: url}))
    with pytest.raises(SignInRejected) as caught:
        service_on(publisher).start(**PLAIN)
    assert caught.value.reason is SignInReason.BLOCKED_URL
    assert name in str(caught.value)
    assert caught.value.fix
    assert [request.url for request in publisher.sent] == [PLACE]


def test_another_host_must_be_named_in_the_settings():
    publisher = Publisher(document(token_endpoint="https://tokens.example.com:8443/t"))
    with pytest.raises(SignInRejected, match="ENDPOINT_HOSTS"):
        service_on(publisher, endpoint_hosts="tokens.example.com").start(**PLAIN)
    publisher = Publisher(document(token_endpoint="https://tokens.example.com:8443/t"))
    assert service_on(publisher, endpoint_hosts="tokens.example.com:8443").start(**PLAIN).url


def test_plain_http_is_for_this_machine_alone():
    here = "http://127.0.0.1:9000"
    assert is_url_on(f"{here}/token", frozenset({"127.0.0.1:9000"}), is_loopback=True)
    assert not is_url_on(f"{here}/token", frozenset({"127.0.0.1:9000"}), is_loopback=False)
    assert not is_url_on("http://id.example.com/", frozenset({"id.example.com", "127.0.0.1"}), is_loopback=True)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_an_endpoint_that_is_missing_is_a_wrong_configuration(name):
    publisher = Publisher(document(**{name: ...}))
    with pytest.raises(ConfigurationError, match=name):
        service_on(publisher).start(**PLAIN)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"response_types_supported": ["id_token"]}, "code flow"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),  # C10
        ({"code_challenge_methods_supported": []}, "PKCE"),
        ({"code_challenge_methods_supported": "S256"}, "PKCE"),
        ({"id_token_signing_alg_values_supported": ["ES384", "none"]}, "algorithm"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}, "private_key_jwt"),
        ({"token_endpoint_auth_signing_alg_values_supported": ["PS256"]}, "ES256"),
        ({"require_pushed_authorization_requests": True}, "pushed"),
        ({"require_signed_request_object": True}, "signed request"),
    ],
)
def test_a_provider_that_does_otherwise_is_a_wrong_configuration(change, about):
    with pytest.raises(ConfigurationError, match=about):
        service_on(Publisher(document(**change))).start(**PLAIN)


def test_what_a_provider_does_not_list_is_not_refused():
    """Login.gov, for one, supports PKCE and does not say so."""
    needed = {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}
    short = {name: value for name, value in document().items() if name in needed}
    started = service_on(Publisher(short)).start(**PLAIN)
    assert "code_challenge_method=S256" in started.url


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (Response(302, {"location": "https://evil.example.com/"}), SignInRejected, SignInReason.BLOCKED_URL),  # T1
        (Response(200, {"content-type": "text/html"}, b"<p>"), ConfigurationError, None),
        (Response(404, JSON, b"{}"), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(503, JSON, b"{}"), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(200, JSON, b"[]"), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(200, JSON, b'{"issuer":1,"issuer":2}'), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(200, JSON, b"[" * 100_000), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
        (Response(200, JSON, b" " * 300_000), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),  # T15
        (OutcomeUnknown("nobody answered"), SignInUnavailable, SignInReason.PROVIDER_UNAVAILABLE),
    ],
)
def test_a_document_that_cannot_be_had_stops_the_start(answer, error, reason):
    publisher = Publisher(answer)
    service = service_on(publisher)
    with pytest.raises(error) as caught:
        service.start(**PLAIN)
    assert getattr(caught.value, "reason", None) is reason
    assert caught.value.operation == "identity.start"
    assert caught.value.fix
    assert all(request.url == PLACE for request in publisher.sent)


def test_the_document_is_kept_as_long_as_it_may_be():
    fresh = Response(200, JSON | {"cache-control": "public, max-age=600"}, json.dumps(document()).encode())
    publisher = Publisher(fresh)
    service = service_on(publisher)
    for _ in range(3):
        service.start(**PLAIN)
    assert publisher.asked == 1
    publisher.time += 601
    service.start(**PLAIN)
    assert publisher.asked == 2


def test_without_a_word_on_caching_it_is_kept_for_a_day():
    publisher = Publisher(document())
    service = service_on(publisher)
    service.start(**PLAIN)
    publisher.time += 86_399
    service.start(**PLAIN)
    assert publisher.asked == 1
    publisher.time += 2
    service.start(**PLAIN)
    assert publisher.asked == 2


@pytest.mark.parametrize(
    "later",
    [
        Response(503, JSON, b""),
        Response(302, {"location": "https://evil.example.com"}),
        document(issuer="https://evil.example.com"),
        document(token_endpoint="https://evil.example.com/token"),
        OutcomeUnknown("nobody answered"),
    ],
    ids=["503", "redirect", "issuer", "endpoint", "silence"],
)
def test_the_last_good_document_serves_through_an_outage(later, caplog):
    """T12, T13: a document that fails is not used, and the last good one is."""
    publisher = Publisher(document(), later)
    service = service_on(publisher)
    service.start(**PLAIN)
    publisher.time += 86_401
    started = service.start(**PLAIN)
    assert started.url.startswith(f"{ISSUER}/authorize?")
    assert publisher.asked >= 2  # a read may be repeated
    assert "could not be refreshed" in caplog.text
    publisher.time += 8 * 86_400
    with pytest.raises((SignInUnavailable, ConfigurationError, SignInRejected)):
        service.start(**PLAIN)


def test_a_document_that_changes_is_noted(caplog):
    """T13."""
    caplog.set_level(logging.WARNING)
    publisher = Publisher(document(), document(token_endpoint=f"{ISSUER}/other"))
    service = service_on(publisher)
    service.start(**PLAIN)
    publisher.time += 86_401
    service.start(**PLAIN)
    assert "says something else than before" in caplog.text


def test_a_provider_that_names_itself_must_do_so():
    """M2, RFC 9207."""
    for promised, named, good in (
        (True, ISSUER, True),
        (True, None, False),
        (True, f"{ISSUER}/", False),
        (False, None, True),
        (False, ISSUER, True),
        (False, "https://evil.example.com", False),
    ):
        publisher = Publisher(document(authorization_response_iss_parameter_supported=promised))
        service = service_on(publisher)
        started = service.start(**PLAIN)
        back = publisher.visit(started.url) + ("" if named is None else f"&iss={named}")
        if good:
            assert service.complete(started.pending, back).subject.reveal()
            continue
        with pytest.raises(SignInRejected) as caught:
            service.complete(started.pending, back)
        assert caught.value.reason is SignInReason.BAD_ISSUER
        assert publisher.redeemed == 0


def test_two_providers_keep_their_own_keys_and_sign_ins():
    """K18, C6, M1."""
    ours, theirs = Publisher(document()), Publisher(document())
    first = service_on(ours)
    second = service_of(
        OpenIdConnect.from_settings(with_secret(name="Another"), Runtime(theirs, clock=lambda: theirs.time))
    )
    started = first.start(**PLAIN)
    with pytest.raises(SignInRejected) as caught:
        second.complete(started.pending, ours.visit(started.url))
    assert caught.value.reason is SignInReason.BAD_STATE
    assert theirs.redeemed == 0


EXPECTED = DiscoveryPolicy(
    issuers=frozenset({ISSUER}),
    hosts=frozenset({"id.example.com"}),
    client_authentication="private_key_jwt",
    signing_algorithm="ES256",
    id_token_algorithms=frozenset({"RS256"}),
    userinfo=True,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
URLS = st.sampled_from(
    [
        "https://",
        "http://",
        "//",
        "\\\\",
        "https:",
        "evil.example",
        "id.example.com",
        "@",
        ":443",
        ":80",
        "/t",
        "#",
        "%2e",
        ".",
    ]
)


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.com/x#",
        "https://id.example.com/x#y",
        "https://@id.example.com/x",
        "https://:@id.example.com/x",
        "https://id.example.com:/x",
        "https://id.example.com/x?",
    ],
)
@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_f9_an_endpoint_has_no_empty_part(member, url):
    """Parameters would land behind the "#", and two readers could take it for two places."""
    with pytest.raises(DiscoveryUnfit):
        read_metadata(document() | {member: url}, EXPECTED)


@given(st.dictionaries(st.sampled_from(sorted(document())), ANYTHING, max_size=4))
def test_any_document_is_read_or_refused(changes):
    """Whatever it holds: every address that is let in is on the one allowed host."""
    try:
        found = read_metadata(document() | changes, EXPECTED)
    except DiscoveryUnfit:
        return
    for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
        assert url.startswith("https://id.example.com/")


@given(st.lists(URLS, min_size=1, max_size=6).map("".join))
def test_any_url_that_is_let_in_is_on_the_host(url):
    from requests.models import PreparedRequest
    from urllib3.util import parse_url

    if is_url_on(url, frozenset({"id.example.com"}), is_loopback=False):
        prepared = PreparedRequest()
        prepared.prepare_url(url, None)
        assert parse_url(prepared.url).host == "id.example.com"
        assert parse_url(prepared.url).scheme == "https"
        assert parse_url(prepared.url).port in (None, 443)


def test_settings_are_not_read_from_the_document():
    """K3: whom the client assertion is for is configured, whatever endpoints a provider publishes."""
    for audience, wanted in ((..., ISSUER), (f"{ISSUER}/token", f"{ISSUER}/token")):
        publisher = Publisher(document(token_endpoint=f"{ISSUER}/elsewhere"))
        publisher.profile = profile(changes={"token_endpoint": f"{ISSUER}/elsewhere"})
        own = settings(assertion_audience=audience)
        service = service_of(OpenIdConnect.from_settings(own, Runtime(publisher, clock=lambda: NOW)))
        started = service.start(**PLAIN)
        with pytest.raises(SignInDenied):  # this fake has its token endpoint elsewhere
            service.complete(started.pending, publisher.visit(started.url))
        assert _claims(publisher.sent[-1])["aud"] == wanted


def _claims(request):
    assertion = parse_qs(request.body.decode())["client_assertion"][0]
    return json.loads(decode_base64url(assertion.split(".")[1].encode()))
