"""The contract of the identity port when it does not go well: callbacks that do not fit, faults, leaks."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from govcomponents.contracts.faults import Fault
from govcomponents.contracts.identity.subject import Call, IdentityCaller, IdentityTests
from govcomponents.contracts.suite import faults, injections, shown_by
from govcomponents.errors import (
    GovComponentsError,
    SignInDenied,
    SignInError,
    SignInReason,
    SignInRejected,
    SignInUnavailable,
)

_SHOWING = (Fault.MALFORMED, Fault.BAD_GATEWAY)


class IdentityFaults(IdentityTests):
    """The faults that an identity adapter must reject, and what it must do when an exchange fails."""

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
    def test_a_callback_that_does_not_fit_is_rejected(self, call: Call, change: Any, reason: SignInReason) -> None:
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        sent = len(caller.transport.sent)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, change(dict(parse_qsl(urlsplit(callback).query))))
        assert caught.value.reason is reason
        assert len(caller.transport.sent) == sent

    def test_a_callback_of_another_browser_is_rejected(self, call: Call) -> None:
        """C3, C8, H23."""
        caller = call()
        mine, _ = caller.sign_in(**self.subject.ask)
        _, theirs = caller.sign_in(**self.subject.ask)
        sent = len(caller.transport.sent)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(mine, theirs)
        assert caught.value.reason is SignInReason.BAD_STATE
        assert len(caller.transport.sent) == sent

    def test_a_sign_in_of_another_provider_is_rejected(self, call: Call) -> None:
        """C6, M1, H23."""
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        for other in (
            replace(pending, provider="Another"),
            replace(pending, issuer="https://evil.example.com/"),
            replace(pending, client_id="another-client"),
        ):
            with pytest.raises(SignInRejected) as caught:
                caller.identity.complete(other, callback)
            assert caught.value.reason is SignInReason.BAD_STATE

    def test_a_sign_in_ends_in_time(self, call: Call) -> None:
        """C5, H23."""
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
        for age in (8 * 86_400, -3600):
            with pytest.raises(SignInRejected) as caught:
                caller.identity.complete(replace(pending, created_at=pending.created_at - age), callback)
            assert caught.value.reason is SignInReason.BAD_STATE

    def test_a_code_counts_once(self, call: Call) -> None:
        """C4, H23: whoever brings the same code again is turned away by the provider."""
        caller = call()
        pending, callback = caller.sign_in(**self.subject.ask)
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
    def test_an_error_ends_the_sign_in(self, call: Call, error: str) -> None:
        """C17: what an error says is never shown as it came."""
        caller = call()
        pending, _ = caller.sign_in(**self.subject.ask)
        sent = len(caller.transport.sent)
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
        assert len(caller.transport.sent) == sent

    def test_a_provider_without_capacity_is_unavailable(self, call: Call) -> None:
        caller = call()
        pending, _ = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInUnavailable):
            caller.identity.complete(
                pending,
                {"error": "temporarily_unavailable", "state": pending.state.reveal(), "iss": pending.issuer},
            )

    @pytest.mark.parametrize("fault", faults())
    def test_every_fault_at_every_step(self, call: Call, fault: Fault) -> None:
        """T6: the code is sent once, whatever happens; what is read may be read again."""

        def prepare() -> tuple[IdentityCaller, Any]:
            caller = call()
            return caller, lambda: caller.identity.complete(*caller.sign_in(**self.subject.ask))

        for injection in injections(prepare, fault, times=1):
            failure = injection.error
            assert failure is None or (isinstance(failure, SignInError) and failure.fix), f"{failure!r}"
            posts = [request for request in injection.sent if request.method == "POST"]
            assert fault is Fault.NOT_CONNECTED or len(posts) <= 1
            assert injection.caller.double.redeemed() <= 1

    def test_an_outage_is_unavailable(self, call: Call) -> None:
        """K9: without keys nothing is verified, and nothing is let in."""
        for fault in (Fault.NOT_CONNECTED, Fault.DROPPED_BEFORE, Fault.SERVER_ERROR, Fault.BAD_GATEWAY):
            caller = call()
            pending, callback = caller.sign_in(**self.subject.ask)
            caller.fail(fault)
            with pytest.raises(SignInUnavailable) as caught:
                caller.identity.complete(pending, callback)
            assert caught.value.reason is SignInReason.PROVIDER_UNAVAILABLE

    def test_nothing_personal_or_secret_shows(self, call: Call, caplog: pytest.LogCaptureFixture) -> None:
        """P1, P3, T16: neither in logs, nor in errors, nor in what is printed, nor in what is pickled."""
        caplog.set_level(0)
        seen: list[str] = []
        secrets: list[str] = list(self.subject.canaries)
        for step, fault in ((0, None), *((step, fault) for step in range(6) for fault in _SHOWING)):
            caller = call()
            if fault is not None:
                caller.fail(fault, after=step, times=1)
            try:
                started = caller.identity.start(**self.subject.ask)
                seen += [repr(started), str(started)]
                pending, callback = started.pending, caller.double.visit(started.url)
                secrets += [value.reveal() for value in (pending.state, pending.nonce, pending.code_verifier)]
                secrets.append(dict(parse_qsl(urlsplit(callback).query))["code"])
                identity = caller.identity.complete(pending, callback)
                secrets += [identity.subject.reveal(), identity.id_token.reveal()]
                seen += [repr(identity), str(identity), repr(identity.name), f"{identity.addresses}"]
                seen.append(str(pickle.dumps(identity)))
            except GovComponentsError as error:
                seen += shown_by(error)
            headers = [value for request in caller.transport.sent for value in request.headers.values()]
            secrets += [value.partition(" ")[2] for value in headers]
            seen += [repr(request) for request in caller.transport.sent]
            seen += [repr(event) for event in caller.events]
        seen += [record.getMessage() for record in caplog.records] + [caplog.text]
        shown = "\n".join(seen)
        leaked = [number for number, secret in enumerate(secrets) if len(secret) > 3 and secret in shown]
        assert not leaked, f"{len(leaked)} of {len(secrets)} secrets were shown: numbers {leaked[:5]}"
