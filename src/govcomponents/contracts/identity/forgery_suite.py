"""The part of the identity contract that is about forgery: hostile tokens, hostile answers, proofs of too little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from govcomponents.contracts.identity.fake_provider import ACCESS_TOKEN, CODE, Claims, FakeOpenIdProvider
from govcomponents.contracts.identity.hostile_tokens import CLAIMS, FORMS, PROOFS, Hostile
from govcomponents.contracts.identity.subject import NOW, CallFake, IdentitySubject, IdentityTests
from govcomponents.contracts.suite import Condition, needs, shown_by
from govcomponents.core.http.messages import Response
from govcomponents.errors import IdentityNotProved, SignInError, SignInReason, SignInRejected
from govcomponents.identity.levels import Authentication, Claim

_JSON = {"content-type": "application/json"}
_TIME_EDGES: tuple[tuple[str, Mapping[str, int], bool], ...] = (
    ("exp 29 seconds ago", {"exp": -29, "iat": -60}, True),
    ("exp 30 seconds ago", {"exp": -30, "iat": -60}, False),
    ("exp 31 seconds ago", {"exp": -31, "iat": -60}, False),
    ("iat in 29 seconds", {"iat": 29}, True),
    ("iat in 30 seconds", {"iat": 30}, True),
    ("iat in 31 seconds", {"iat": 31}, False),
    ("nbf in 29 seconds", {"nbf": 29}, True),
    ("nbf in 30 seconds", {"nbf": 30}, True),
    ("nbf in 31 seconds", {"nbf": 31}, False),
)
"""B9 and H25: what a leeway of 30 seconds lets through, and what it does not."""

_LOW_PROOFS: tuple[tuple[str, Any], ...] = (
    ("no proof at all", ...),
    ("the lowest level", "P0"),
    ("a lower level", "P1"),
    ("an unknown level", "PCL200"),
    ("no level", None),
    ("a level that is a list", ["P2"]),
)
"""B18: proofs that prove less than was asked for; the person signed in, and is not proved."""


def _is_faked(subject: IdentitySubject) -> bool:
    return subject.fake is not None


def _has_proof(subject: IdentitySubject) -> bool:
    return subject.fake is not None and subject.fake.proof is not None


def _tells_level(subject: IdentitySubject) -> bool:
    return subject.fake is not None and subject.fake.level is not None


def _fits(case: Hostile) -> Condition:
    return lambda subject: subject.profile.algorithm in case.only_for.split() and not case.unless(subject.profile)


def _cases(*cases: Hostile) -> list[Any]:
    return [pytest.param(case, marks=needs(_fits(case)), id=case.name) for case in cases]


class IdentityForgery(IdentityTests):
    """No forged, spoilt, stale or foreign token or answer is ever taken for a genuine one."""

    @needs(_is_faked)
    def test_the_fake_provider_can_also_be_genuine(self, call_fake: CallFake) -> None:
        fake, caller = call_fake()
        identity = caller.identity.complete(*caller.sign_in(**self.subject.ask))
        assert identity.subject.reveal() == fake.profile.subject

    @needs(_is_faked)
    @pytest.mark.parametrize("case", _cases(*FORMS, *CLAIMS))
    def test_a_hostile_id_token_is_rejected(self, call_fake: CallFake, case: Hostile) -> None:
        fake, caller = call_fake()
        fake.corrupt_id_token = case.make
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason in case.because
        urls = {request.url for request in fake.sent}
        assert self.subject.profile.userinfo not in urls
        assert not any("evil" in url for url in urls)

    @needs(_is_faked)
    @pytest.mark.parametrize("wrong", ["nonce", "at_hash", "sub", "aud", "exp", "userinfo"])
    def test_a_refused_sign_in_shows_nothing(self, call_fake: CallFake, wrong: str) -> None:
        """P1: an error tracker that reports every variable on the way of the error learns no token and no code."""
        fake, caller = call_fake()
        made: list[str] = [ACCESS_TOKEN, CODE, *self.subject.canaries]

        def spoilt(fake: FakeOpenIdProvider, claims: Claims) -> str:
            made.append(fake.sign(claims if wrong == "userinfo" else claims | {wrong: 7}))
            return made[-1]

        fake.corrupt_id_token = spoilt
        fake.corrupt_about = lambda about: about | {"sub": "somebody-else"}
        pending, callback = caller.sign_in(**self.subject.ask)
        made += [value.reveal() for value in (pending.state, pending.nonce, pending.code_verifier)]
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, callback)
        shown = "\n".join(shown_by(caught.value))
        assert not [number for number, secret in enumerate(made) if secret in shown]

    @needs(_is_faked)
    @pytest.mark.parametrize(("name", "offsets", "good"), _TIME_EDGES, ids=[edge[0] for edge in _TIME_EDGES])
    def test_the_edges_of_time(
        self,
        call_fake: CallFake,
        name: str,
        offsets: Mapping[str, int],
        good: bool,  # noqa: FBT001  # pytest passes it by name
    ) -> None:
        """B9, H25."""
        fake, caller = call_fake()
        fake.corrupt_id_token = lambda fake, claims: fake.sign(
            claims | {claim: NOW + seconds for claim, seconds in offsets.items()}
        )
        pending, callback = caller.sign_in(**self.subject.ask)
        if good:
            assert caller.identity.complete(pending, callback)
            return
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason in (SignInReason.EXPIRED, SignInReason.NOT_YET_VALID), name

    @needs(_tells_level)
    @pytest.mark.parametrize("told", [{}, {"": "never-heard-of"}, {"": ["a", "list"]}, {"": 7}], ids=str)
    def test_a_level_that_is_missing_or_unknown_is_not_enough(
        self, call_fake: CallFake, told: Mapping[str, Any]
    ) -> None:
        fake, caller = call_fake()
        level = self.subject.profile.level

        def unknown(fake: FakeOpenIdProvider, claims: Claims) -> str:
            others = {name: value for name, value in claims.items() if name != level}
            return fake.sign(others | {str(level): value for value in told.values()})

        fake.corrupt_id_token = unknown
        pending, callback = caller.sign_in(**{**self.subject.ask, "authentication": Authentication.TWO_FACTOR})
        with pytest.raises((SignInRejected, IdentityNotProved)) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason in (SignInReason.BAD_LEVEL, SignInReason.MALFORMED)

    @needs(_has_proof)
    @pytest.mark.parametrize("case", _cases(*PROOFS))
    def test_a_hostile_proof_is_rejected(self, call_fake: CallFake, case: Hostile) -> None:
        fake, caller = call_fake()
        fake.corrupt_proof = case.make
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInRejected) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason in case.because

    @needs(_has_proof)
    @pytest.mark.parametrize(("name", "level"), _LOW_PROOFS, ids=[name for name, _ in _LOW_PROOFS])
    def test_a_proof_of_less_proves_nothing(self, call_fake: CallFake, name: str, level: Any) -> None:
        """B18."""
        fake, caller = call_fake()
        proof = self.subject.profile.proof
        assert proof is not None
        claim = proof.claim
        if level is ...:
            fake.corrupt_about = lambda about: {key: value for key, value in about.items() if key != claim}
        else:
            fake.corrupt_proof = lambda fake, claims: fake.sign_proof(claims | {"vot": level})
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(IdentityNotProved) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason is SignInReason.BAD_LEVEL, name
        assert caught.value.subject.reveal() == fake.profile.subject
        if Claim.RETURN_CODES in self.subject.ask.get("claims", ()):
            assert caught.value.return_codes, "the fake provider says why a person could not be proved, if asked"

    @needs(_is_faked)
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda about: about | {"sub": "somebody-else"}, SignInReason.BAD_SUBJECT),  # T7 T10
            (lambda about: about | {"sub": about["sub"].swapcase()}, SignInReason.BAD_SUBJECT),  # B15
            (lambda about: about | {"sub": about["sub"] + " "}, SignInReason.BAD_SUBJECT),  # B15
            (lambda about: {k: v for k, v in about.items() if k != "sub"} | {"x": 1}, SignInReason.BAD_SUBJECT),  # T7
            (lambda about: about | {"sub": [about["sub"]]}, SignInReason.BAD_SUBJECT),
            (lambda _: Response(200, {"content-type": "application/jwt"}, b"a.b.c"), SignInReason.MALFORMED),  # T9
            (lambda _: Response(200, {"content-type": "text/html"}, b"<p>"), SignInReason.MALFORMED),
            (lambda _: Response(200, _JSON, b"[]"), SignInReason.MALFORMED),
            (
                lambda _: Response(200, _JSON, b'{"sub":1,"sub":2}'),
                SignInReason.MALFORMED,
            ),
            (lambda about: about | {"x": "x" * 300_000}, SignInReason.MALFORMED),
            (lambda _: Response(302, {"location": "https://evil.example.com/"}, b""), SignInReason.BLOCKED_URL),  # T1
            (lambda _: Response(401, {"www-authenticate": 'Bearer error="'}, b""), SignInReason.PROVIDER_ERROR),  # T20
            (lambda _: Response(401, {"www-authenticate": "nonsense"}, b""), SignInReason.PROVIDER_ERROR),  # T20
            (lambda _: Response(403, {}, b""), SignInReason.PROVIDER_UNAVAILABLE),  # T19
            (lambda _: Response(404, {}, b""), SignInReason.PROVIDER_UNAVAILABLE),
            (lambda _: {"error": "invalid_token"}, SignInReason.PROVIDER_UNAVAILABLE),  # T4
        ],
    )
    def test_a_hostile_answer_about_the_person_is_rejected(
        self,
        call_fake: CallFake,
        change: Callable[[Claims], Response | Claims],
        reason: SignInReason,
    ) -> None:
        fake, caller = call_fake()
        fake.corrupt_about = change
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInError) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason is reason

    @needs(_is_faked)
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda t: t | {"token_type": "mac"}, SignInReason.MALFORMED),  # T3
            (lambda t: t | {"token_type": None}, SignInReason.MALFORMED),
            (lambda t: t | {"id_token": None}, SignInReason.MALFORMED),
            (lambda t: t | {"id_token": ""}, SignInReason.MALFORMED),
            (lambda t: t | {"access_token": ["a"]}, SignInReason.MALFORMED),
            (lambda t: t | {"access_token": "a\r\nX-Injected: 1"}, SignInReason.MALFORMED),
            (lambda t: t | {"access_token": "substituted"}, SignInReason.BAD_HASH),  # T10
            (lambda _: Response(200, {"content-type": "text/html"}, b"<p>"), SignInReason.MALFORMED),  # T3
            (lambda _: Response(200, _JSON, b"[]"), SignInReason.MALFORMED),  # T3
            (lambda t: t | {"x": "x" * 200_000}, SignInReason.MALFORMED),
            (lambda _: Response(307, {"location": "https://evil.example.com/"}, b""), SignInReason.BLOCKED_URL),  # T1
            (lambda _: {"error": "invalid_grant"}, SignInReason.PROVIDER_ERROR),  # T4
            (lambda t: t | {"error": "invalid_grant"}, SignInReason.MALFORMED),  # T4
            (lambda _: Response(400, {}, b"a sentence"), SignInReason.PROVIDER_ERROR),  # T5
            (lambda _: Response(400, {}, b'{"error":"invalid_grant"}'), SignInReason.PROVIDER_ERROR),
            (lambda _: Response(500, {}, b""), SignInReason.PROVIDER_UNAVAILABLE),
            (lambda _: Response(403, {}, b""), SignInReason.PROVIDER_UNAVAILABLE),
        ],
    )
    def test_a_hostile_answer_with_tokens_is_rejected(
        self,
        call_fake: CallFake,
        change: Callable[[Claims], Response | Claims],
        reason: SignInReason,
    ) -> None:
        fake, caller = call_fake()
        fake.corrupt_tokens = change
        pending, callback = caller.sign_in(**self.subject.ask)
        with pytest.raises(SignInError) as caught:
            caller.identity.complete(pending, callback)
        assert caught.value.reason is reason
        assert fake.redeemed == 1
