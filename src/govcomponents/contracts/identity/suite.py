"""The contract of the identity port: an adapter's tests subclass `IdentitySuite` and supply the fixture `subject`."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from govcomponents.contracts.faults import EVERY, Fault
from govcomponents.contracts.identity.fake_provider import FakeOpenIdProvider, FakeProfile, Proof
from govcomponents.contracts.identity.forgery_suite import ForgerySuite
from govcomponents.contracts.identity.subject import Call, Caller, IdentityDouble, IdentitySubject
from govcomponents.errors import (
    CallbackRefused,
    GovComponentsError,
    InvalidInput,
    NotSupported,
    SignInDenied,
    SignInError,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.identity.models import Identity
from govcomponents.identity.pending import Pending
from govcomponents.identity.port import OF_AUTHENTICATION, OF_CONFIDENCE
from govcomponents.identity.port import IdentityCapability as Can
from govcomponents.privacy import Personal, Secret

__all__ = ["Caller", "FakeProfile", "IdentityDouble", "IdentitySubject", "IdentitySuite", "Proof"]


_OPTIONS: Mapping[Can, Mapping[str, Any]] = {
    Can.MAX_AGE: {"max_age": 3600},
    Can.REAUTHENTICATION: {"sign_in_again": Secret("a.b.c")},
    Can.LOGIN_HINT: {"login_hint": "sam@example.com"},
}


class IdentitySuite(ForgerySuite):
    """What every adapter of the identity port must do. Each test runs for blocking and for asyncio callers."""

    # -- what works -----------------------------------------------------------------------------------------------

    def test_a_person_signs_in(self, subject: IdentitySubject, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        identity = caller.identity.complete(pending, callback)
        assert isinstance(identity, Identity)
        assert identity.provider == caller.port.provider
        assert identity.subject.reveal()
        assert identity.authentication >= pending.authentication
        assert identity.confidence >= min(pending.confidence, default=Confidence.NONE)
        assert caller.provider.redeemed() == 1
        if pending.confidence:
            assert identity.name is not None
            assert identity.birth_date is not None

    def test_a_sign_in_alone_proves_nothing(self, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in()
        identity = caller.identity.complete(pending, callback)
        assert identity.confidence is Confidence.NONE
        assert identity.names == ()

    def test_the_callback_may_be_a_url_a_query_or_parameters(self, subject: IdentitySubject, call: Call) -> None:
        for form in (
            lambda url: url,
            lambda url: "?" + urlsplit(url).query,
            lambda url: urlsplit(url).query,
            lambda url: dict(parse_qsl(urlsplit(url).query)),
            lambda url: {name: [value] for name, value in parse_qsl(urlsplit(url).query)},
        ):
            caller = call()
            pending, callback = caller.sign_in(**subject.ask)
            assert caller.identity.complete(pending, form(callback)).subject.reveal()

    def test_pending_survives_being_stored(self, subject: IdentitySubject, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        stored = Pending.load(pending.dump())
        assert stored == pending
        assert caller.identity.complete(stored, callback).subject.reveal()

    def test_the_request_is_protected(self, subject: IdentitySubject, call: Call) -> None:
        """C7, C10, C11: fresh random values for each sign-in, and always PKCE with S256."""
        caller = call()
        first, second = caller.identity.start(**subject.ask), caller.identity.start(**subject.ask)
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

    def test_sign_out(self, subject: IdentitySubject, call: Call) -> None:
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        identity = caller.identity.complete(pending, callback)
        if Can.SIGN_OUT not in caller.port.capabilities:
            with pytest.raises(NotSupported):
                caller.identity.sign_out_url(identity)
            return
        url = caller.identity.sign_out_url(identity, "https://service.example.gov.uk/signed-out")
        assert urlsplit(url).scheme == "https"
        assert "https://service.example.gov.uk/signed-out" in dict(parse_qsl(urlsplit(url).query)).values()
        assert url == caller.identity.sign_out_url(identity.id_token, "https://service.example.gov.uk/signed-out")
        assert caller.identity.sign_out_url(identity) != url

    def test_every_option_that_is_declared_works(self, subject: IdentitySubject, call: Call) -> None:
        caller = call()
        for can, option in _OPTIONS.items():
            if can in caller.port.capabilities and can is not Can.REAUTHENTICATION:
                assert caller.identity.complete(*caller.sign_in(**subject.ask, **option)).subject.reveal()

    def test_only_the_person_who_is_expected_is_let_in(self, subject: IdentitySubject, call: Call) -> None:
        """C22."""
        caller = call()
        first = caller.identity.complete(*caller.sign_in(**subject.ask))
        again = caller.identity.complete(*caller.sign_in(**subject.ask, expect=first))
        assert again.subject == first.subject
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(*caller.sign_in(**subject.ask, expect=Personal("somebody-else")))
        assert caught.value.reason is SignInReason.BAD_SUBJECT

    def test_the_person_goes_on_where_they_were(self, subject: IdentitySubject, call: Call) -> None:
        """C18."""
        caller = call()
        pending, callback = caller.sign_in(**subject.ask, return_to="/licences?page=2")
        assert caller.identity.complete(Pending.load(pending.dump()), callback).return_to == "/licences?page=2"

    def test_the_provider_is_as_expected(self, call: Call) -> None:
        caller = call()
        if Can.CHECK in caller.port.capabilities and not isinstance(caller.provider.transport, FakeOpenIdProvider):
            assert caller.identity.check() is None

    @pytest.mark.parametrize("body", [b"", b"logout_token=a.b.c", "logout_token=", {"logout_token": "e30.e30.AA"}])
    def test_no_logout_notice_is_believed_by_accident(self, call: Call, body: Any) -> None:
        caller = call()
        if Can.LOGOUT_NOTICES not in caller.port.capabilities:
            pytest.skip("the adapter does not declare logout notices")
        with pytest.raises(CallbackRefused):
            caller.identity.parse_logout(body)

    @pytest.mark.parametrize("body", [b"", b"\xff", "a.b.c", "e30.e30.AA"])
    def test_no_account_event_is_believed_by_accident(self, call: Call, body: Any) -> None:
        """L20."""
        caller = call()
        if Can.ACCOUNT_EVENTS not in caller.port.capabilities:
            pytest.skip("the adapter does not declare events about accounts")
        with pytest.raises(CallbackRefused):
            caller.identity.parse_account_event(body)

    @pytest.mark.parametrize("wrong", ["/signed-out", "javascript:alert(1)", "https://", "https://a b/", 7, ""])
    def test_sign_out_goes_to_absolute_urls_only(self, call: Call, wrong: Any) -> None:
        """L16."""
        caller = call()
        if Can.SIGN_OUT not in caller.port.capabilities:
            pytest.skip("the adapter does not declare sign-out")
        with pytest.raises(InvalidInput):
            caller.identity.sign_out_url(Secret("token"), wrong)

    # -- what is not asked right ----------------------------------------------------------------------------------

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
        if Can.LOGOUT_NOTICES not in declared:
            with pytest.raises(NotSupported):
                caller.identity.parse_logout(b"logout_token=a.b.c")
        if Can.ACCOUNT_EVENTS not in declared:
            with pytest.raises(NotSupported):
                caller.identity.parse_account_event(b"a.b.c")
        if Can.CHECK not in declared:
            with pytest.raises(NotSupported):
                caller.identity.check()
        for claim in Claim:
            if Can(claim.value) not in declared:
                with pytest.raises((NotSupported, InvalidInput)):
                    caller.identity.start(confidence=level, claims=[claim])
        assert caller.wire.sent == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"confidence": "medium"},
            {"confidence": [Confidence.NONE, Confidence.LOW]},
            {"confidence": [Confidence.LOW, Confidence.LOW]},
            {"confidence": 2},
            {"authentication": "two_factor"},
            {"claims": "address"},
            {"claims": ["address"]},
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
        assert caller.wire.sent == []

    @pytest.mark.parametrize("wrong", [None, 7, b"code=a", [("code", "a")]], ids=str)
    def test_a_callback_of_no_form_is_bad_input(self, subject: IdentitySubject, call: Call, wrong: Any) -> None:
        caller = call()
        pending, _ = caller.sign_in(**subject.ask)
        sent = len(caller.wire.sent)
        with pytest.raises(InvalidInput):
            caller.identity.complete(pending, wrong)
        assert len(caller.wire.sent) == sent

    # -- how the person comes back --------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda q: {"code": q["code"]}, SignInReason.BAD_STATE),  # C1 H23
            (lambda _: {"error": "access_denied"}, SignInReason.BAD_STATE),  # C1
            (lambda q: q | {"state": "x" * 43}, SignInReason.BAD_STATE),  # C2 H23
            (lambda q: q | {"state": q["state"][:-1]}, SignInReason.BAD_STATE),
            (lambda q: q | {"state": q["state"].swapcase()}, SignInReason.BAD_STATE),
            (lambda q: q | {"state": ""}, SignInReason.BAD_STATE),
            (lambda q: q | {"state": q["state"] * 20}, SignInReason.BAD_STATE),
            (lambda q: q | {"iss": "https://evil.example.com/"}, SignInReason.BAD_ISSUER),  # M2
            (lambda q: q | {"error": "access_denied"}, SignInReason.MALFORMED),  # C13
            (lambda q: {name: q[name] for name in ("state", "iss") if name in q}, SignInReason.MALFORMED),  # C13
            (lambda q: q | {"code": ""}, SignInReason.MALFORMED),
            (lambda q: q | {"code": "c" * 3000}, SignInReason.MALFORMED),
            (lambda q: q | {"access_token": "a"}, SignInReason.MALFORMED),  # C14
            (lambda q: q | {"id_token": "a"}, SignInReason.MALFORMED),  # C14
            (lambda q: q | {"code": [q["code"], q["code"]]}, SignInReason.MALFORMED),  # C12
            (lambda q: q | {"state": [q["state"], q["state"]]}, SignInReason.MALFORMED),  # C12
            (lambda q: q | {"code": 7}, SignInReason.MALFORMED),
            (lambda q: q | {"code": [7]}, SignInReason.MALFORMED),
            (lambda q: q | {f"p{n}": "x" for n in range(80)}, SignInReason.MALFORMED),
            (lambda q: f"?{urlencode(q)}&code=again", SignInReason.MALFORMED),  # C12
            (lambda q: f"?{urlencode(q)}&state={q['state']}", SignInReason.MALFORMED),  # C12
            (lambda q: f"?{urlencode(q)}&x=%ff", SignInReason.MALFORMED),
            (lambda q: f"?{urlencode(q)}&x={'x' * 9000}", SignInReason.MALFORMED),
            (lambda q: f"?{urlencode(q)}&x={'x' * 90000}", SignInReason.MALFORMED),
            (lambda q: f"?{urlencode(q)}{'&x=1' * 80}", SignInReason.MALFORMED),
        ],
    )
    def test_a_callback_that_does_not_fit_is_rejected(
        self, subject: IdentitySubject, call: Call, change: Any, reason: SignInReason
    ) -> None:
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        sent = len(caller.wire.sent)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, change(dict(parse_qsl(urlsplit(callback).query))))
        assert caught.value.reason is reason
        assert len(caller.wire.sent) == sent

    def test_a_callback_of_another_browser_is_rejected(self, subject: IdentitySubject, call: Call) -> None:
        """C3, C8, H23."""
        caller = call()
        mine, _ = caller.sign_in(**subject.ask)
        _, theirs = caller.sign_in(**subject.ask)
        sent = len(caller.wire.sent)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(mine, theirs)
        assert caught.value.reason is SignInReason.BAD_STATE
        assert len(caller.wire.sent) == sent

    def test_a_sign_in_of_another_provider_is_rejected(self, subject: IdentitySubject, call: Call) -> None:
        """C6, M1, H23."""
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        for change in ({"provider": "Another"}, {"issuer": "https://evil.example.com/"}):
            with pytest.raises(SignInRejected) as caught:
                caller.identity.complete(pending.model_copy(update=change), callback)
            assert caught.value.reason is SignInReason.BAD_STATE

    def test_a_sign_in_ends_in_time(self, subject: IdentitySubject, call: Call) -> None:
        """C5, H23."""
        caller = call()
        pending, callback = caller.sign_in(**subject.ask)
        for age in (8 * 86_400, -3600):
            with pytest.raises(SignInRejected) as caught:
                caller.identity.complete(pending.model_copy(update={"created_at": pending.created_at - age}), callback)
            assert caught.value.reason is SignInReason.BAD_STATE

    def test_a_code_counts_once(self, subject: IdentitySubject, call: Call) -> None:
        """C4, H23: whoever brings the same code again is turned away by the provider."""
        caller = call()
        if isinstance(caller.provider.transport, FakeOpenIdProvider):
            pytest.skip("the fake provider takes every code")
        pending, callback = caller.sign_in(**subject.ask)
        caller.identity.complete(pending, callback)
        with pytest.raises(SignInError):
            caller.identity.complete(pending, callback)

    @pytest.mark.parametrize(
        "error",
        [
            "access_denied",
            "login_required",
            "invalid_request",
            "invalid_scope",
            "nonsense",
            "<script>alert(1)</script>",
        ],
    )
    def test_an_error_ends_the_sign_in(self, subject: IdentitySubject, call: Call, error: str) -> None:
        """C17: what an error says is never shown as it came."""
        caller = call()
        pending, _ = caller.sign_in(**subject.ask)
        sent = len(caller.wire.sent)
        said = "<b>canary-description</b>\r\nSet-Cookie: a=b"
        with pytest.raises(SignInDenied) as caught:
            caller.identity.complete(
                pending,
                {
                    "error": error,
                    "error_description": said,
                    "state": pending.state.reveal(),
                    "iss": pending.issuer,
                },
            )
        assert caught.value.reason is SignInReason.PROVIDER_ERROR
        assert caught.value.fix
        assert "canary" not in str(caught.value)
        assert "<" not in str(caught.value)
        assert len(caller.wire.sent) == sent

    def test_a_provider_without_capacity_is_unavailable(self, subject: IdentitySubject, call: Call) -> None:
        caller = call()
        pending, _ = caller.sign_in(**subject.ask)
        with pytest.raises(SignInUnavailable):
            caller.identity.complete(
                pending,
                {"error": "temporarily_unavailable", "state": pending.state.reveal(), "iss": pending.issuer},
            )

    # -- faults ---------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("fault", list(Fault), ids=str)
    def test_every_fault_at_every_step(self, subject: IdentitySubject, call: Call, fault: Fault) -> None:
        """T6: the code is sent once, whatever happens; what is read may be read again."""
        healthy = call()
        healthy.identity.complete(*healthy.sign_in(**subject.ask))
        steps = len(healthy.wire.sent)
        for step in range(steps):
            caller = call({step: fault})
            failure: GovComponentsError | None = None
            try:
                pending, callback = caller.sign_in(**subject.ask)
                caller.identity.complete(pending, callback)
            except GovComponentsError as error:
                failure = error
            assert failure is None or (isinstance(failure, SignInError) and failure.fix), f"step {step}: {failure!r}"
            posts = [request for request in caller.wire.sent if request.method == "POST"]
            if fault is not Fault.NOT_CONNECTED:
                assert len(posts) <= 1
            assert caller.provider.redeemed() <= 1

    def test_an_outage_is_unavailable(self, subject: IdentitySubject, call: Call) -> None:
        """K9: without keys nothing is verified, and nothing is let in."""
        for fault in (Fault.NOT_CONNECTED, Fault.DROPPED_BEFORE, Fault.SERVER_ERROR, Fault.BAD_GATEWAY):
            caller = call()
            pending, callback = caller.sign_in(**subject.ask)
            caller.wire.plan = {EVERY: fault}
            with pytest.raises(SignInUnavailable) as caught:
                caller.identity.complete(pending, callback)
            assert caught.value.reason is SignInReason.PROVIDER_UNAVAILABLE

    # -- privacy --------------------------------------------------------------------------------------------------

    def test_nothing_personal_or_secret_shows(
        self, subject: IdentitySubject, call: Call, caplog: pytest.LogCaptureFixture
    ) -> None:
        """P1, P3, T16: neither in logs, nor in errors, nor in what is printed, nor in what is pickled."""
        caplog.set_level(0)
        seen: list[str] = []
        secrets: list[str] = list(subject.canaries)
        for plan in ({}, *({step: fault} for step in range(6) for fault in (Fault.MALFORMED, Fault.BAD_GATEWAY))):
            caller = call(plan)
            try:
                started = caller.identity.start(**subject.ask)
                seen += [repr(started), str(started)]
                pending, callback = started.pending, caller.provider.visit(started.url)
                secrets += [value.reveal() for value in (pending.state, pending.nonce, pending.code_verifier)]
                secrets.append(dict(parse_qsl(urlsplit(callback).query))["code"])
                identity = caller.identity.complete(pending, callback)
                secrets += [identity.subject.reveal(), identity.id_token.reveal()]
                seen += [repr(identity), str(identity), repr(identity.name), f"{identity.addresses}"]
                seen.append(str(pickle.dumps(identity)))
            except GovComponentsError as error:
                seen += [repr(error), str(error), repr(pickle.loads(pickle.dumps(error)).__dict__)]  # noqa: S301  # our own
            headers = [value for request in caller.wire.sent for value in request.headers.values()]
            secrets += [value.partition(" ")[2] for value in headers]
            seen += [repr(request) for request in caller.wire.sent]
            seen += [repr(event) for event in caller.events]
        seen += [record.getMessage() for record in caplog.records] + [caplog.text]
        shown = "\n".join(seen)
        leaked = [number for number, secret in enumerate(secrets) if len(secret) > 3 and secret in shown]
        assert not leaked, f"{len(leaked)} of {len(secrets)} secrets were shown: numbers {leaked[:5]}"
