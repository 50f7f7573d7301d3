"""The part of the identity contract that is about what is told of a person: what the provider signed, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from govcomponents.contracts.identity.fake_provider import Claims, FakeOpenIdProvider
from govcomponents.contracts.identity.subject import NOW, Call, CallFake, IdentitySubject, IdentityTests
from govcomponents.contracts.suite import needs
from govcomponents.errors import (
    CallbackRefused,
    IdentityNotProved,
    SignInError,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.capabilities import OF_CONFIDENCE
from govcomponents.identity.capabilities import IdentityCapability as Can
from govcomponents.identity.levels import Authentication, Confidence

_ANOTHER = "did:web:evil.example.com"
_OTHER_EVENTS: Claims = {"https://events.example.com/something-else": {}}


def _is_faked(subject: IdentitySubject) -> bool:
    return subject.fake is not None


def _tells_of_one_factor(subject: IdentitySubject) -> bool:
    return subject.fake is not None and bool(subject.fake.one_factor)


def _has_document(subject: IdentitySubject) -> bool:
    return subject.fake is not None and subject.fake.proof is not None


def _has_former_name(subject: IdentitySubject) -> bool:
    return subject.fake is not None and subject.fake.proof is not None and bool(subject.fake.proof.renamed)


def _proves_by_claims(subject: IdentitySubject) -> bool:
    """Whether the ID token itself says how far identity was proved."""
    declared = subject.capabilities & set(OF_CONFIDENCE.values())
    return subject.fake is not None and subject.fake.proof is None and bool(declared)


def _tells_of_email(subject: IdentitySubject) -> bool:
    """Whether the unsigned answer alone tells of an address."""
    return subject.fake is not None and "email" in subject.fake.about and not _signs_email(subject)


def _signs_email(subject: IdentitySubject) -> bool:
    """Whether the ID token tells of an address."""
    return subject.fake is not None and "email" in subject.fake.id_token


class IdentityTruth(IdentityTests):
    """The facts about a person are told as the provider said them; what is unsigned counts for less."""

    def test_when_and_where_a_person_signed_in_is_told(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        identity = caller.identity.complete(pending, callback)
        assert identity.issuer == pending.issuer
        assert identity.authenticated_at is None or identity.authenticated_at.tzinfo is not None

    @needs(_tells_of_one_factor)
    def test_a_provider_that_tells_of_one_factor_is_believed(self, call_fake: CallFake) -> None:
        for asked in Authentication:
            fake, caller = call_fake()
            told = self.subject.profile.one_factor
            fake.corrupt_id_token = lambda fake, claims, told=told: fake.sign(claims | told)
            fake.corrupt_about = lambda about, told=told: about | {name: told[name] for name in told if name in about}
            pending, callback = caller.sign_in(**{**self._plain, "authentication": asked})
            if asked is Authentication.TWO_FACTOR:
                with pytest.raises(SignInError) as caught:
                    caller.identity.complete(pending, callback)
                assert caught.value.reason is SignInReason.BAD_LEVEL
            else:
                assert caller.identity.complete(pending, callback).authentication is Authentication.SINGLE_FACTOR

    @needs(_proves_by_claims)
    @pytest.mark.parametrize("said", ["unproved", "unknown"])
    def test_what_is_not_signed_proves_nothing(self, call_fake: CallFake, said: str) -> None:
        """The ID token tells of no proof, and the unsigned answer of one; or both of one that nobody knows."""
        fake, caller = call_fake()
        caller.sign_in(**self._plain)
        unproved = fake.profile.id_token
        declared = [level for level, can in OF_CONFIDENCE.items() if can in caller.port.capabilities]
        pending, callback = caller.sign_in(**{**self._plain, "confidence": declared[-1]})
        proved = fake.profile.id_token
        assert proved != unproved, "the fake provider tells in the ID token how far identity was proved"
        levels = {name: value for name, value in unproved.items() if value != proved.get(name)}
        told = levels if said == "unproved" else dict.fromkeys(levels, "never-heard-of")

        def as_told(fake: FakeOpenIdProvider, claims: Claims) -> str:
            return fake.sign(claims | told)

        fake.corrupt_id_token = as_told
        fake.corrupt_about = lambda about: (
            {**proved, **about} if said == "unproved" else about | {name: told[name] for name in told if name in about}
        )
        with pytest.raises((SignInError, IdentityNotProved)) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason is SignInReason.BAD_LEVEL

    @needs(_proves_by_claims)
    def test_an_answer_that_contradicts_the_id_token_proves_nothing(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        caller.sign_in(**self._plain)
        unproved = fake.profile.id_token
        pending, callback = caller.sign_in(**self.subject.ask)
        proved, about = fake.profile.id_token, fake.profile.about
        levels = {name: unproved[name] for name in proved if name in about and unproved[name] != proved[name]}
        if levels:  # where the unsigned answer repeats what the ID token says of a level
            fake.corrupt_about = lambda about: about | levels
            with pytest.raises((SignInError, IdentityNotProved)):
                caller.identity.complete(pending, callback)

    @needs(_proves_by_claims)
    @pytest.mark.parametrize("said", ["proved", "unproved"])
    def test_proof_that_nobody_asked_for_is_not_told(self, call_fake: CallFake, said: str) -> None:
        """The provider tells all that it knows of the person, and that it was proved, or that it was not."""
        fake, caller = call_fake()
        caller.sign_in(**self.subject.ask)
        known = fake.profile
        pending, callback = caller.sign_in(**self._plain)
        if said == "proved":
            fake.corrupt_id_token = lambda fake, claims: fake.sign(claims | dict(known.id_token))
        fake.corrupt_about = lambda about: {**about, **known.about} if said == "proved" else {**known.about, **about}
        identity = caller.identity.complete(pending, callback)
        assert identity.confidence is Confidence.NONE, "no proof was asked for, so none is told"
        told = (identity.names, identity.birth_dates, identity.addresses)
        assert told == ((), (), ()), "no proof was asked for, so what it would tell is not told"

    @needs(_signs_email)
    def test_what_is_signed_counts_for_more(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        fake.corrupt_about = lambda about: about | {"email": "another@example.com", "email_verified": True}
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert identity.email is not None
        assert identity.email.reveal() == self.subject.profile.id_token["email"]

    @needs(_tells_of_email)
    @pytest.mark.parametrize("said", [False, "no", 1, None, ...], ids=str)
    def test_an_address_is_verified_only_if_the_provider_says_so(self, call_fake: CallFake, said: Any) -> None:
        fake, caller = call_fake()
        address = str(self.subject.profile.about["email"])
        fake.corrupt_about = lambda about: {
            name: value for name, value in (about | {"email_verified": said}).items() if value is not ...
        }
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert identity.email is not None
        assert (identity.email.reveal(), identity.email_verified) == (address, False)

    @needs(_tells_of_email)
    @pytest.mark.parametrize("wrong", [7, ["canary@example.com"], {"a": "b"}, True], ids=str)
    def test_an_address_that_is_no_text_is_not_told(self, call_fake: CallFake, wrong: Any) -> None:
        fake, caller = call_fake()
        fake.corrupt_about = lambda about: about | {"email": wrong, "email_verified": True}
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert (identity.email, identity.email_verified) == (None, False), "where there is no address, none is verified"

    @needs(_is_faked, Can.MAX_AGE)
    @pytest.mark.parametrize("told", [{"auth_time": NOW - 7200}, {"auth_time": "now"}, {}], ids=str)
    def test_a_sign_in_that_is_older_than_was_asked_is_rejected(
        self, call_fake: CallFake, told: Mapping[str, Any]
    ) -> None:
        fake, caller = call_fake()

        def aged(fake: FakeOpenIdProvider, claims: Claims) -> str:
            return fake.sign({name: value for name, value in claims.items() if name != "auth_time"} | dict(told))

        fake.corrupt_id_token = aged
        pending, callback = caller.sign_in(**self.subject.ask, max_age=3600)
        with pytest.raises(SignInRejected):
            caller.identity.complete(pending, callback)

    @needs(_has_document)
    @pytest.mark.parametrize("spoilt", ["document", "controller", "id", "no methods"])
    def test_keys_of_another_controller_prove_nothing(self, call_fake: CallFake, spoilt: str) -> None:
        """K18, K22: the document with the keys, or a key in it, is another controller's."""
        fake, caller = call_fake()

        def spoil(document: Claims) -> Claims:
            if spoilt == "document":
                return document | {"id": _ANOTHER}
            (method,) = document["assertionMethod"]
            fragment = method["id"].partition("#")[2]
            changes: Mapping[str, Claims] = {
                "controller": {"controller": _ANOTHER},
                "id": {"id": f"{_ANOTHER}#{fragment}"},
            }
            methods = [method | changes[spoilt]] if spoilt in changes else []
            return document | {"assertionMethod": methods}

        fake.corrupt_keys = spoil
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInError):
            caller.identity.complete(pending, callback)

    @needs(_has_former_name)
    def test_a_name_that_has_an_end_is_not_the_present_one(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        proof = self.subject.profile.proof
        assert proof is not None
        fake.corrupt_proof = lambda fake, claims: fake.sign_proof(claims | dict(proof.renamed))
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        (former,) = (name for name in identity.names if not name.is_current)
        assert former.valid_until is not None
        assert identity.name is not None
        assert identity.name != former

    @needs(_is_faked)
    def test_keys_are_fetched_once_for_many_sign_ins(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        for _ in range(3):
            caller.identity.complete(*caller.sign_in(**self.subject.ask))
        fetched = [request.url for request in fake.sent]
        profile = self.subject.profile
        kept = [profile.jwks, *profile.documents, *([profile.proof.document] if profile.proof else [])]
        assert {fetched.count(url) for url in kept} <= {0, 1}

    @needs(_is_faked)
    def test_a_new_key_of_the_provider_is_found(self, call_fake: CallFake) -> None:
        """Providers change their keys without telling anybody."""
        fake, caller = call_fake()
        caller.identity.complete(*caller.sign_in(**self.subject.ask))
        fake.later(600)
        fake.rotate()
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert identity.subject.reveal() == fake.profile.subject

    @needs(_is_faked)
    def test_a_key_that_is_not_there_is_not_looked_for_each_time(self, call_fake: CallFake) -> None:
        """Whoever makes up a key id does not make this service ask the provider each time."""
        fake, caller = call_fake()
        caller.identity.complete(*caller.sign_in(**self.subject.ask))
        fake.corrupt_id_token = lambda fake, claims: fake.sign(claims, fake.genuine_header | {"kid": "made-up"})
        for _ in range(4):
            fake.later(10)
            with pytest.raises(SignInError):
                caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert [request.url for request in fake.sent].count(self.subject.profile.jwks) <= 2

    @needs(_is_faked, Can.CHECK)
    def test_the_check_looks_at_every_document(self, call_fake: CallFake) -> None:
        profile = self.subject.profile
        kept = [profile.jwks, *profile.documents, *([profile.proof.document] if profile.proof else [])]
        for url in kept:
            fake, caller = call_fake()
            fake.failing = {url}
            with pytest.raises(SignInUnavailable):
                caller.identity.check()

    @needs(_is_faked, Can.LOGOUT_NOTICES)
    @pytest.mark.parametrize(
        "changes",
        [
            {"events": ...},
            {"events": {}},
            {"events": []},
            {"events": _OTHER_EVENTS},
            {"nonce": "n"},
            {"sub": ...},
            {"sub": 7},
            {"jti": ...},
            {"iat": ...},
            {"exp": 1},
            {"aud": "somebody-else"},
            {"aud": ...},
            {"iss": "https://evil.example.com/"},
            {"iss": ...},
        ],
        ids=str,
    )
    def test_a_hostile_logout_notice_is_refused(self, call_fake: CallFake, changes: Mapping[str, Any]) -> None:
        """L6 to L12: another token of the provider's is no notice, and neither is a notice for somebody else."""
        fake, caller = call_fake()
        assert caller.identity.parse_callback(*fake.logout_notice(self.subject.profile.subject)).subject is not None
        with pytest.raises(CallbackRefused):
            caller.identity.parse_callback(*fake.logout_notice(self.subject.profile.subject, **changes))

    @needs(_is_faked, Can.ACCOUNT_EVENTS)
    @pytest.mark.parametrize(
        "changes",
        [
            {"events": ...},
            {"events": {}},
            {"events": []},
            {"jti": ...},
            {"iat": ...},
            {"aud": "somebody-else"},
            {"aud": ...},
            {"iss": "https://evil.example.com/"},
            {"iss": ...},
        ],
        ids=str,
    )
    def test_a_hostile_account_event_is_refused(self, call_fake: CallFake, changes: Mapping[str, Any]) -> None:
        fake, caller = call_fake()
        assert caller.identity.parse_callback(*fake.account_event(self.subject.profile.subject)).subject is not None
        with pytest.raises(CallbackRefused):
            caller.identity.parse_callback(*fake.account_event(self.subject.profile.subject, **changes))

    @property
    def _plain(self) -> dict[str, Any]:
        """A sign-in without proof of identity: what is asked for of the person beside it may need that."""
        return {name: value for name, value in self.subject.ask.items() if name not in ("confidence", "claims")}
