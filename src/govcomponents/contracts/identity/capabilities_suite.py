"""The part of the identity contract that proves capabilities: levels, claims, options and notifications that work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from govcomponents.contracts.identity.fake_provider import parameters_of
from govcomponents.contracts.identity.subject import Call, IdentityCaller, IdentityTests
from govcomponents.contracts.suite import needs
from govcomponents.errors import CallbackRefused, IdentityNotProved, SignInReason, SignInRejected
from govcomponents.identity.capabilities import OF_AUTHENTICATION, OF_CONFIDENCE
from govcomponents.identity.capabilities import IdentityCapability as Can
from govcomponents.identity.events import AccountEvent, LogoutNotice
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.models import Identity

_TOLD: Mapping[Claim, Callable[[Identity], object]] = {
    Claim.PHONE: lambda identity: identity.phone,
    Claim.WALLET_SUBJECT: lambda identity: identity.wallet_subject,
    Claim.ADDRESS: lambda identity: identity.addresses,
    Claim.PASSPORT: lambda identity: identity.passports,
    Claim.DRIVING_PERMIT: lambda identity: identity.driving_permits,
    Claim.RETURN_CODES: lambda identity: identity.return_codes,
}
_FRESH = frozenset({"state", "nonce", "code_challenge", "request", "iat", "exp", "jti"})
_DECLARED_LEVELS = [pytest.param(level, marks=needs(can), id=level.value) for level, can in OF_CONFIDENCE.items()]
_DECLARED_FACTORS = [
    pytest.param(factor, marks=needs(can), id=factor.value) for factor, can in OF_AUTHENTICATION.items()
]
_DECLARED_CLAIMS = [pytest.param(claim, marks=needs(Can(claim.value)), id=claim.value) for claim in Claim]


class IdentityCapabilities(IdentityTests):
    """Each level, claim, option and notification that is declared works, at a provider that gives what is asked for."""

    @pytest.mark.parametrize("confidence", _DECLARED_LEVELS)
    def test_identity_is_proved_as_far_as_is_asked(self, call: Call, confidence: Confidence) -> None:
        caller = call()
        identity = caller.identity.complete(*caller.sign_in(confidence=confidence))
        assert identity.confidence >= confidence
        self._tells_what_it_proves(identity)
        others = [level for level, can in OF_CONFIDENCE.items() if can in caller.port.capabilities] + [Confidence.NONE]
        others.remove(confidence)
        asked = self._request(caller, confidence=confidence)
        assert asked not in [self._request(caller, confidence=other) for other in others]

    @pytest.mark.parametrize("authentication", _DECLARED_FACTORS)
    def test_the_factors_that_are_asked_for_are_used(self, call: Call, authentication: Authentication) -> None:
        caller = call()
        identity = caller.identity.complete(*caller.sign_in(authentication=authentication))
        assert identity.authentication >= authentication

    @needs(Can.SINGLE_FACTOR, Can.TWO_FACTOR)
    def test_one_factor_is_not_taken_for_two(self, call: Call) -> None:
        caller = call()
        single = caller.sign_in(authentication=Authentication.SINGLE_FACTOR)
        reached = caller.identity.complete(*single).authentication
        if reached is Authentication.SINGLE_FACTOR:  # where the provider has such sign-ins
            pending, callback = caller.sign_in(authentication=Authentication.SINGLE_FACTOR)
            stronger = replace(pending, authentication=Authentication.TWO_FACTOR)
            with pytest.raises(SignInRejected) as caught:
                caller.identity.complete(stronger, callback)
            assert caught.value.reason is SignInReason.BAD_LEVEL

    @needs(Can.SINGLE_FACTOR, Can.TWO_FACTOR)
    def test_more_factors_than_were_asked_for_are_told(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(authentication=Authentication.TWO_FACTOR)
        weaker = replace(pending, authentication=Authentication.SINGLE_FACTOR)
        assert caller.identity.complete(weaker, callback).authentication is Authentication.TWO_FACTOR

    @pytest.mark.parametrize("confidence", _DECLARED_LEVELS)
    def test_less_proof_than_was_asked_for_proves_nothing(self, call: Call, confidence: Confidence) -> None:
        caller = call()
        lower = [
            level for level, can in OF_CONFIDENCE.items() if level < confidence and can in caller.port.capabilities
        ]
        ask = {"confidence": lower[-1]} if lower else {"authentication": Authentication.TWO_FACTOR}
        if not lower and Can.TWO_FACTOR not in caller.port.capabilities:
            ask = {}
        reached = caller.identity.complete(*caller.sign_in(**ask)).confidence
        if reached < confidence:  # where the provider proves no more than was asked for
            pending, callback = caller.sign_in(**ask)
            with pytest.raises((IdentityNotProved, SignInRejected)) as caught:
                caller.identity.complete(replace(pending, confidence=(confidence,)), callback)
            assert caught.value.reason in (SignInReason.BAD_LEVEL, SignInReason.MALFORMED)

    @pytest.mark.parametrize("claim", _DECLARED_CLAIMS)
    def test_a_claim_comes_if_it_is_asked_for(self, call: Call, claim: Claim) -> None:
        caller = call()
        ask = {name: value for name, value in self.subject.ask.items() if name != "claims"}
        without = caller.identity.complete(*caller.sign_in(**ask))
        assert not _TOLD[claim](without), "the double shall give what is asked for, and nothing else"
        identity = caller.identity.complete(*caller.sign_in(**ask, claims=[claim]))
        assert _TOLD[claim](identity)

    @needs(Can.MAX_AGE)
    def test_how_old_a_sign_in_may_be_reaches_the_provider(self, call: Call) -> None:
        assert self._asked(call(), max_age=3600)["max_age"] == "3600"

    @needs(Can.LOGIN_HINT)
    def test_who_is_expected_to_sign_in_reaches_the_provider(self, call: Call) -> None:
        assert self._asked(call(), login_hint="sam@example.com")["login_hint"] == "sam@example.com"

    @needs(Can.REAUTHENTICATION)
    def test_a_person_can_be_made_to_sign_in_again(self, call: Call) -> None:
        caller = call()
        first = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        asked = self._asked(caller, sign_in_again=first)
        assert "login" in asked["prompt"].split()
        again = caller.identity.complete(*caller.sign_in(**self.subject.ask, sign_in_again=first))
        assert again.subject == first.subject

    @needs(Can.LOGOUT_NOTICES)
    def test_a_logout_notice_names_who_signed_out(self, call: Call) -> None:
        caller = call()
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert caller.double.logout_notice is not None, "a double of a provider that sends notices has `logout_notice`"
        message = caller.double.logout_notice(identity.subject.reveal())
        event = caller.identity.parse_callback(*message)
        assert isinstance(event, LogoutNotice)
        assert event.subject == identity.subject
        self._is_handled_once(caller, event, message)
        caller.identity.complete(*caller.sign_in(**self.subject.ask))
        another = caller.identity.parse_callback(*caller.double.logout_notice(identity.subject.reveal()))
        assert another.key != event.key

    @needs(Can.ACCOUNT_EVENTS)
    def test_an_account_event_names_whose_account_changed(self, call: Call) -> None:
        caller = call()
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert caller.double.account_event is not None, "a double of a provider that sends events has `account_event`"
        message = caller.double.account_event(identity.subject.reveal())
        event = caller.identity.parse_callback(*message)
        assert isinstance(event, AccountEvent)
        assert event.subject == identity.subject
        self._is_handled_once(caller, event, message)
        caller.identity.complete(*caller.sign_in(**self.subject.ask))
        another = caller.identity.parse_callback(*caller.double.account_event(identity.subject.reveal()))
        assert another.key != event.key

    def _asked(self, caller: IdentityCaller, **option: Any) -> Mapping[str, str]:
        """The parameters that reach the provider, after a sign-in with the option that works."""
        url = caller.identity.start(**self.subject.ask, **option).url
        assert caller.identity.complete(*caller.sign_in(**self.subject.ask, **option)).subject.reveal()
        return parameters_of(url)

    def _request(self, caller: IdentityCaller, **ask: Any) -> Mapping[str, str]:
        """The parameters of a request, without those that are new each time."""
        asked = parameters_of(caller.identity.start(**ask).url)
        return {name: value for name, value in asked.items() if name not in _FRESH}

    def _is_handled_once(
        self, caller: IdentityCaller, event: LogoutNotice | AccountEvent, message: tuple[bytes, Mapping[str, str]]
    ) -> None:
        assert event.provider == caller.port.provider
        assert event.occurred_at.tzinfo is not None
        body, headers = message
        assert caller.identity.parse_callback(body, headers).key == event.key
        changed = body[:-5] + (b"A" if body[-5:-4] != b"A" else b"B") + body[-4:]
        with pytest.raises(CallbackRefused):
            caller.identity.parse_callback(changed, headers)
        caller.identity.mark_done(event)
        with pytest.raises(CallbackRefused):
            caller.identity.parse_callback(body, headers)
