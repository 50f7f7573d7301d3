"""The contract of the identity port: an adapter's tests subclass `IdentitySuite` and set `subject`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.contracts.faults import Fault
from govcomponents.contracts.identity.capabilities_suite import IdentityCapabilities
from govcomponents.contracts.identity.documents_suite import IdentityDocuments
from govcomponents.contracts.identity.fake_provider import FakeProfile, Proof
from govcomponents.contracts.identity.faults_suite import IdentityFaults
from govcomponents.contracts.identity.forgery_suite import IdentityForgery
from govcomponents.contracts.identity.subject import Call, IdentityDouble, IdentitySubject
from govcomponents.contracts.identity.truth_suite import IdentityTruth
from govcomponents.contracts.suite import needs
from govcomponents.errors import (
    CallbackRefused,
    InvalidInput,
    NotSupported,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.capabilities import OF_AUTHENTICATION, OF_CONFIDENCE
from govcomponents.identity.capabilities import IdentityCapability as Can
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.identity.models import Identity
from govcomponents.identity.pending import PendingSignIn
from govcomponents.privacy import Personal, Secret

__all__ = ["FakeProfile", "IdentityDouble", "IdentitySubject", "IdentitySuite", "Proof"]


_OPTIONS: Mapping[Can, Mapping[str, Any]] = {
    Can.MAX_AGE: {"max_age": 3600},
    Can.REAUTHENTICATION: {"sign_in_again": Secret("a.b.c")},
    Can.LOGIN_HINT: {"login_hint": "sam@example.com"},
}


class IdentitySuite(IdentityCapabilities, IdentityFaults, IdentityForgery, IdentityTruth, IdentityDocuments):
    """The contract of the identity port, kept by every adapter. Each test runs for blocking and asyncio callers."""

    def test_a_person_signs_in(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        identity = caller.identity.complete(pending, callback)
        assert isinstance(identity, Identity)
        assert identity.provider == caller.port.provider
        assert identity.subject.reveal()
        assert identity.authentication >= pending.authentication
        assert identity.confidence >= min(pending.confidence, default=Confidence.NONE)
        assert caller.double.redeemed() == 1
        if pending.confidence:
            self._tells_what_it_proves(identity)

    def test_a_sign_in_alone_proves_nothing(self, call: Call) -> None:
        caller = call()
        alone = {name: value for name, value in self.subject.ask.items() if name not in ("confidence", "claims")}
        pending, callback = caller.sign_in(**alone)
        identity = caller.identity.complete(pending, callback)
        assert identity.confidence is Confidence.NONE
        assert identity.names == ()

    def test_the_callback_may_be_a_url_a_query_or_parameters(self, call: Call) -> None:
        for form in (
            lambda url: url,
            lambda url: "?" + urlsplit(url).query,
            lambda url: urlsplit(url).query,
            lambda url: dict(parse_qsl(urlsplit(url).query)),
            lambda url: {name: [value] for name, value in parse_qsl(urlsplit(url).query)},
        ):
            caller = call()
            pending, callback = caller.sign_in(**self.subject.ask)
            assert caller.identity.complete(pending, form(callback)).subject.reveal()

    def test_pending_survives_being_stored(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        stored = PendingSignIn.load(pending.dump())
        assert stored == pending
        assert caller.identity.complete(stored, callback).subject.reveal()

    def test_the_request_is_protected(self, call: Call) -> None:
        """C7, C10, C11: fresh random values for each sign-in, and always PKCE with S256."""
        caller = call()
        first, second = caller.identity.start(**self.subject.ask), caller.identity.start(**self.subject.ask)
        seen = []
        for started in (first, second):
            query = parse_qsl(urlsplit(started.url).query, strict_parsing=True)
            names = [name for name, _ in query]
            assert len(names) == len(set(names))
            values = dict(query)
            assert values["response_type"] == "code"
            assert "openid" in values["scope"].split()
            assert values["code_challenge_method"] == "S256"
            assert values["code_challenge"] != started.pending.code_verifier.reveal()
            seen += [values["state"], values["nonce"], values["code_challenge"]]
        assert len(set(seen)) == 6
        assert all(len(value) >= 43 for value in seen)

    def test_sign_out(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        identity = caller.identity.complete(pending, callback)
        if Can.SIGN_OUT not in caller.port.capabilities:
            with pytest.raises(NotSupported):
                caller.identity.sign_out_url(identity)
            return
        url = caller.identity.sign_out_url(identity, "https://service.example.gov.uk/signed-out")
        assert urlsplit(url).scheme == "https"
        asked = dict(parse_qsl(urlsplit(url).query))
        assert "https://service.example.gov.uk/signed-out" in asked.values()
        assert asked.get("id_token_hint") in (None, identity.id_token.reveal())
        assert url == caller.identity.sign_out_url(identity.id_token, "https://service.example.gov.uk/signed-out")
        assert caller.identity.sign_out_url(identity) != url

    @needs(Can.SIGN_OUT)
    def test_an_outage_while_signing_out_is_told_as_one(self, call: Call) -> None:
        caller = call()
        caller.fail(Fault.NOT_CONNECTED)
        raised = None
        try:
            caller.identity.sign_out_url(Secret("token"), "https://service.example.gov.uk/signed-out")
        except SignInUnavailable as error:
            raised = error.operation
        assert raised == ("identity.sign_out_url" if caller.transport.sent else None)

    def test_only_the_person_who_is_expected_is_let_in(self, call: Call) -> None:
        """C22."""
        caller = call()
        first = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        again = caller.identity.complete(*caller.sign_in(**self.subject.ask, expect=first))
        assert again.subject == first.subject
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(*caller.sign_in(**self.subject.ask, expect=Personal("somebody-else")))
        assert caught.value.reason is SignInReason.BAD_SUBJECT

    def test_the_person_goes_on_where_they_were(self, call: Call) -> None:
        """C18."""
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask, return_to="/licences?page=2")
        assert caller.identity.complete(PendingSignIn.load(pending.dump()), callback).return_to == "/licences?page=2"

    @needs(Can.CHECK)
    def test_the_provider_is_as_expected(self, call: Call) -> None:
        caller = call()
        assert caller.identity.check() is None
        assert caller.transport.sent
        caller.fail(Fault.NOT_CONNECTED)
        with pytest.raises(SignInUnavailable):
            caller.identity.check()

    @needs(Can.LOGOUT_NOTICES)
    @pytest.mark.parametrize(
        "body", [b"", b"\xff", b"logout_token=a.b.c", b"logout_token=", b"logout_token=e30.e30.AA"]
    )
    def test_no_logout_notice_is_believed_by_accident(self, call: Call, body: bytes) -> None:
        caller = call()
        for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/plain"}):
            with pytest.raises(CallbackRefused):
                caller.identity.parse_callback(body, headers)

    @needs(Can.ACCOUNT_EVENTS)
    @pytest.mark.parametrize("body", [b"", b"\xff", b"a.b.c", b"e30.e30.AA"])
    def test_no_account_event_is_believed_by_accident(self, call: Call, body: bytes) -> None:
        """L20."""
        caller = call()
        for headers in ({}, {"content-type": "application/secevent+jwt"}, {"Content-Type": "application/json"}):
            with pytest.raises(CallbackRefused):
                caller.identity.parse_callback(body, headers)

    @pytest.mark.parametrize(
        ("body", "headers", "field"),
        [("logout_token=a.b.c", {}, "body"), (None, {}, "body"), (b"a.b.c", None, "headers")],
    )
    def test_a_callback_is_given_as_it_came(self, call: Call, body: Any, headers: Any, field: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            call().identity.parse_callback(body, headers)
        assert caught.value.field == field

    @needs(Can.SIGN_OUT)
    @pytest.mark.parametrize("wrong", ["/signed-out", "javascript:alert(1)", "https://", "https://a b/", 7, ""])
    def test_sign_out_goes_to_absolute_urls_only(self, call: Call, wrong: Any) -> None:
        """L16."""
        caller = call()
        with pytest.raises(InvalidInput):
            caller.identity.sign_out_url(Secret("token"), wrong)

    def test_what_is_not_declared_is_refused_unsent(self, call: Call) -> None:
        caller = call()
        declared = caller.port.capabilities
        level = next((level for level, can in OF_CONFIDENCE.items() if can in declared), Confidence.NONE)
        for wanted, can in OF_CONFIDENCE.items():
            if can not in declared:
                with pytest.raises(NotSupported):
                    caller.identity.start(confidence=wanted)
        for factor, can in OF_AUTHENTICATION.items():
            if can not in declared:
                with pytest.raises(NotSupported):
                    caller.identity.start(authentication=factor)
        for can, option in _OPTIONS.items():
            if can not in declared:
                with pytest.raises(NotSupported):
                    caller.identity.start(**option)
        if not declared & {Can.LOGOUT_NOTICES, Can.ACCOUNT_EVENTS}:
            with pytest.raises(NotSupported):
                caller.identity.parse_callback(b"logout_token=a.b.c", {})
        if Can.CHECK not in declared:
            with pytest.raises(NotSupported):
                caller.identity.check()
        for claim in Claim:
            if Can(claim.value) not in declared:
                with pytest.raises((NotSupported, InvalidInput)):
                    caller.identity.start(confidence=level, claims=[claim])
        assert caller.transport.sent == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"confidence": "mediun"},
            {"confidence": ["low", "low"]},
            {"confidence": [Confidence.NONE, Confidence.LOW]},
            {"confidence": [Confidence.LOW, Confidence.LOW]},
            {"confidence": 2},
            {"authentication": "two factors"},
            {"authentication": None},
            {"claims": "adress"},
            {"claims": ["adress"]},
            {"claims": None},
            {"claims": [Claim.ADDRESS]},
            {"claims": 7},
            {"language": "xx"},
            {"language": 7},
        ],
        ids=str,
    )
    def test_bad_input_leaves_nothing_sent(self, call: Call, wrong: Mapping[str, Any]) -> None:
        caller = call()
        with pytest.raises((InvalidInput, NotSupported)) as caught:
            caller.identity.start(**wrong)
        assert caught.value.fix
        assert caller.transport.sent == []

    @pytest.mark.parametrize("wrong", [None, 7, b"code=a", [("code", "a")]], ids=str)
    def test_a_callback_of_no_form_is_bad_input(self, call: Call, wrong: Any) -> None:
        caller = call()
        pending, _ = caller.sign_in(**self.subject.ask)
        sent = len(caller.transport.sent)
        with pytest.raises(InvalidInput):
            caller.identity.complete(pending, wrong)
        assert len(caller.transport.sent) == sent
