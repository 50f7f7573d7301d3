"""The part of the identity contract about what a provider publishes and sends, besides its tokens about a person."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from govcomponents.contracts.identity.fake_provider import CODE, FakeOpenIdProvider, encode, parameters_of
from govcomponents.contracts.identity.subject import NOW, Call, CallFake, IdentityDouble, IdentitySubject, IdentityTests
from govcomponents.contracts.suite import needs, shown_by
from govcomponents.errors import CallbackRefused, GovComponentsError, SignInError, SignInRejected
from govcomponents.identity.capabilities import IdentityCapability as Can

if TYPE_CHECKING:
    from collections.abc import Mapping

_WELL_KNOWN = "/.well-known/openid-configuration"
_EVIL = "https://evil.example.com"
_OLD_PHONE = "+447700900456"


def _is_faked(subject: IdentitySubject) -> bool:
    return subject.fake is not None


def _is_discovered(subject: IdentitySubject) -> bool:
    return subject.fake is not None and any(url.endswith(_WELL_KNOWN) for url in subject.fake.documents)


def _tells_of_phone(subject: IdentitySubject) -> bool:
    """Whether the unsigned answer alone tells of a number."""
    return subject.fake is not None and "phone_number" in {*subject.fake.about} - {*subject.fake.id_token}


class IdentityDocuments(IdentityTests):
    """A document, a notice or a callback is believed no further than it is the provider's."""

    @needs(_is_discovered)
    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": _EVIL},
            {"issuer": ...},
            {"authorization_endpoint": f"{_EVIL}/authorize"},
            {"token_endpoint": f"{_EVIL}/token"},
            {"jwks_uri": f"{_EVIL}/keys"},
            {"userinfo_endpoint": f"{_EVIL}/userinfo"},
            {"token_endpoint": "http"},
            {"code_challenge_methods_supported": ["plain"]},
            {"response_types_supported": ["token"]},
        ],
        ids=str,
    )
    def test_a_document_that_somebody_changed_leads_nobody_elsewhere(
        self, call: Call, changes: Mapping[str, Any]
    ) -> None:
        """Where endpoints are known beforehand, the document is not looked at, and leads nowhere either."""
        fake = FakeOpenIdProvider(self._published(changes), lambda: NOW)
        caller = call(IdentityDouble.of_fake(fake))
        refusal = None
        try:
            started = caller.identity.start(**self.subject.ask)
            assert not started.url.startswith(_EVIL)
            caller.identity.complete(started.pending, fake.visit(started.url))
        except GovComponentsError as error:
            refusal = error
        if refusal is None:
            assert not [one.url for one in fake.sent if one.url.endswith(_WELL_KNOWN)], "it was read, and believed"
        else:
            assert fake.redeemed == 0, "a document that is not the provider's is refused before a code is sent"
            assert refusal.fix
        assert not [one.url for one in fake.sent if not one.url.startswith("https:") or "evil" in one.url]

    @needs(_is_faked)
    def test_the_hash_of_another_code_is_rejected(self, call_fake: CallFake) -> None:
        """B12: a code that somebody put in the place of the person's own, where the provider tells of it."""
        fake, caller = call_fake()
        octets = hashlib.sha256(b"another code").digest()
        fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | {"c_hash": encode(octets[: len(octets) // 2])})
        with pytest.raises(SignInRejected):
            caller.identity.complete(*caller.sign_in(**self.subject.ask))

    def test_each_language_that_is_declared_reaches_the_provider(self, call: Call) -> None:
        caller = call()
        languages: frozenset[str] = getattr(caller.port, "languages", frozenset())
        for language in sorted(languages - {"en"}):  # which many providers speak where nothing is said
            asked = parameters_of(caller.identity.start(**{**self.subject.ask, "language": language}).url)
            assert language in {word for value in asked.values() for word in str(value).split()}, language

    @needs(_tells_of_phone)
    @pytest.mark.parametrize("said", [False, "no", 1, None, ...], ids=str)
    def test_a_number_is_verified_only_if_the_provider_says_so(self, call_fake: CallFake, said: Any) -> None:
        fake, caller = call_fake()
        fake.corrupt_about = lambda about: {
            name: value
            for name, value in (about | {"phone_number": _OLD_PHONE, "phone_number_verified": said}).items()
            if value is not ...
        }
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert identity.phone is not None
        assert (identity.phone.reveal(), identity.phone_verified) == (_OLD_PHONE, False)

    @needs(_is_faked)
    def test_a_claim_that_is_new_harms_nothing(self, call_fake: CallFake) -> None:
        """Providers add claims from one day to the next. An adapter that tells of the answer in `raw` tells of all."""
        fake, caller = call_fake()
        fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | {"contract_new": "contract-value"})
        fake.corrupt_about = lambda about: about | {"contract_new": "contract-value"}
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert not identity.raw or "contract-value" in str(dict(identity.raw))
        assert "contract-value" not in repr(identity)

    @needs(_is_faked)
    def test_a_code_of_no_form_is_not_shown(self, call_fake: CallFake) -> None:
        _, caller = call_fake()
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInError) as caught:
            caller.identity.complete(pending, callback.replace(CODE, f"{CODE}{'x' * 4000}"))
        assert CODE not in "\n".join(shown_by(caught.value))

    @needs(_is_faked, Can.LOGOUT_NOTICES)
    def test_the_session_that_ended_is_told(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        event = caller.identity.parse_callback(*fake.logout_notice(self.subject.profile.subject, sid="session-1"))
        assert event.session is not None
        assert event.session.reveal() == "session-1"

    @needs(_is_faked, Can.LOGOUT_NOTICES)
    def test_a_notice_with_two_tokens_is_refused(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        body, headers = fake.logout_notice(self.subject.profile.subject)
        other, _ = fake.logout_notice("somebody-else")
        with pytest.raises(CallbackRefused):
            caller.identity.parse_callback(body + b"&" + other, headers)

    def _published(self, changes: Mapping[str, Any]) -> Any:
        """The provider's profile, with a discovery document that somebody changed."""
        profile = self.subject.profile
        documents = dict(profile.documents)
        url = next(url for url in documents if urlsplit(url).path.endswith(_WELL_KNOWN))
        plain = {name: f"http:{profile.token.partition(':')[2]}" for name, value in changes.items() if value == "http"}
        document = {**documents[url], **changes, **plain}
        documents[url] = {name: value for name, value in document.items() if value is not ...}
        return replace(profile, documents=documents)
