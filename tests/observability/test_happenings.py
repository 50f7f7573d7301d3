"""What happens beside the calls is told: a provider's keys that changed, and a bulk send that pauses for its limit."""

from __future__ import annotations

import json

import pytest

from govcomponents import GovComponents, GovComponentsError, Happening, Observer, Settings
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.scripted import ScriptedTransport

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"


class Heard(Observer):
    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def happened(self, happening: Happening, /) -> None:
        self.happenings.append(happening)

    def of(self, name: str) -> list[Happening]:
        return [one for one in self.happenings if one.name == name]


def signed_in(gov: GovComponents) -> None:
    gov.simulator.one_login.sign_in_as("SAM")
    signing_in = gov.identity.start()
    back = gov.simulator.visit(signing_in.url).headers["location"]
    gov.identity.complete(signing_in.pending, back)


def test_keys_that_changed_at_the_provider_are_told_once() -> None:
    heard = Heard()
    with GovComponents.sandbox(observers=[heard]) as gov:
        signed_in(gov)
        signed_in(gov)
        assert heard.of("keys.rotated") == []
        gov.simulator.control.rotate_keys("one_login")
        gov.simulator.control.advance(hours=25)
        signed_in(gov)
        (told,) = heard.of("keys.rotated")
        assert (told.provider, told.account, told.labels) == ("GOV.UK One Login", "default", {"source": "jwks"})


def test_a_pause_of_a_bulk_send_is_told_with_its_length() -> None:
    heard = Heard()
    refusals = iter((True, False))

    def answer(request: Request) -> Response:
        if request.method == "GET":
            template = {"id": EMAIL, "name": "t", "type": "email", "version": 1, "subject": "s", "body": "((name))"}
            return Response(200, {}, json.dumps(template | {"personalisation": {"name": {"required": True}}}).encode())
        if next(refusals, False):
            return Response(429, {}, b'{"errors": [{"error": "RateLimitError", "message": "x"}]}')
        reference = json.loads(request.body or b"")["reference"]
        sent = {"id": f"id-{reference}", "reference": reference, "content": {"body": "x", "subject": "s"}}
        return Response(201, {}, json.dumps(sent | {"template": {"id": EMAIL, "version": 1}}).encode())

    class Quick(ScriptedTransport):
        async def send(self, request: Request) -> Response:
            return answer(request)

    settings = Settings(environment="test", notify={"api_key": f"key-{EMAIL}-{EMAIL}"})
    with GovComponents.from_settings(settings, observers=[heard], transport=Quick([])) as gov:
        rows = [{"email address": f"canary{number}@example.com", "name": "Canary"} for number in range(3)]
        result = gov.notify.send_many(rows, EMAIL, channel="email", batch="b", concurrency=1)
    assert result.is_complete
    (told,) = heard.of("bulk.paused")
    assert (told.provider, told.labels) == ("GOV.UK Notify", {"operation": "notify.send_many"})
    assert told.seconds is not None
    assert 3.0 <= told.seconds <= 4.5
    assert "anary" not in repr(heard.happenings)


@pytest.mark.parametrize(
    ("component", "body", "headers", "provider", "reason"),
    [
        ("pay", b'{"canary": 1}', {"Pay-Signature": "canary"}, "GOV.UK Pay", "not_proved"),
        ("notify", b'{"canary": 1}', {"Authorization": "Bearer canary-canary-canary"}, "GOV.UK Notify", "not_proved"),
        ("identity", b"logout_token=canary.canary.canary", {}, "GOV.UK One Login", "malformed"),
    ],
)
def test_a_callback_that_is_refused_is_told_with_the_reason(
    component: str, body: bytes, headers: dict[str, str], provider: str, reason: str
) -> None:
    heard = Heard()
    with GovComponents.sandbox(observers=[heard]) as gov, pytest.raises(GovComponentsError):
        getattr(gov, component).parse_callback(body, headers)
    (told,) = heard.happenings
    assert (told.name, told.provider, told.account, told.labels) == (
        "callback.refused",
        provider,
        "default",
        {"reason": reason},
    )


def test_a_service_that_cannot_prove_callbacks_is_told_so() -> None:
    heard = Heard()
    settings = Settings(environment="test", pay={"api_key": "api_test_" + "k" * 40})
    with (
        GovComponents.from_settings(settings, observers=[heard]) as gov,
        pytest.raises(GovComponentsError, match="secret"),
    ):
        gov.pay.parse_callback(b"{}", {"Pay-Signature": "0" * 64})
    (told,) = heard.of("callback.refused")
    assert told.labels == {"reason": "not_configured"}
