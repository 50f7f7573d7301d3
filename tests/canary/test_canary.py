"""No credential and nothing about a person is ever seen: every operation, both callers, all that a service might log.

The sandbox's keys, its people and what the test passes are the canaries. Each is looked for in the logs, in what the
results and errors show of themselves, in observers' events and in pickled errors.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from canary.overhearing import Overhearing, Told
from govcomponents import (
    AsyncGovComponents,
    GovComponents,
    GovComponentsError,
    Money,
    Personal,
    Secret,
)
from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.identity.events import LogoutNotice
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.pay.inputs import CardholderDetails
from govcomponents.pay.mop_up import Unfinished
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.world import default_world

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

COMPONENTS = ("pay", "notify", "identity")
BACK = "https://service.example.gov.uk/back"
EMAIL, PHONE, NAME = "canary.person@example.com", "07700900456", "Canary Nightingale"
CARD, LINE = "4444333322221111", "1 Canary Row"
EMAIL_TEMPLATE, SMS_TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101", "5ab1ec0d-0000-4000-8000-000000000102"
LETTER_TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000103"
ADDRESS = (NAME, LINE, "EX1 1AA")
PDF = b"%PDF-1.7 " + NAME.encode()
VALUES = {"name": NAME, "amount": "£145.00", "reference": "RENEW-7", "refund": True}
NEAR = {"email": EMAIL, "prefilled": CardholderDetails(name=NAME), "metadata": {"note": NAME}}
_PERSONAL = (
    "email",
    "phone_number",
    "documentNumber",
    "postalCode",
    "streetName",
    "personalNumber",
    "sub",
    "birthDate",
)


def _world_canaries(part: object, key: str = "") -> Iterator[str]:
    """The secrets and the personal data of a world."""
    if isinstance(part, dict):
        for name, value in part.items():
            is_telling = name in _PERSONAL or name in ("key", "secret") or (key in _PERSONAL and name == "value")
            if isinstance(value, str) and is_telling and len(value) > 6:
                yield value
            else:
                yield from _world_canaries(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from _world_canaries(value, key)


@dataclass
class Service:
    """A service on a sandbox whose way there may go wrong; each operation is called as this test's mode does."""

    gov: Any
    sandbox: Sandbox
    wire: FaultyTransport
    told: Told
    observer: Overhearing
    component: Callable[[str], Any]

    def call(self, operation: str, *args: object, shown: bool = True, **kwargs: object) -> Any:
        """Call "pay.create" and the like; whatever comes is told. Returns the result, or None after an error."""
        component, _, name = operation.partition(".")
        try:
            result = getattr(self.component(component), name)(*args, **kwargs)
            if hasattr(result, "__next__"):
                result = list(result)
        except GovComponentsError as error:
            self.told.error(error)
            return None
        if shown:
            self.told.result(result)
        return result

    def browser(self) -> FormBrowser:
        return FormBrowser(self.sandbox.visit)


@pytest.fixture
def service(gov_mode: Mode, gov_runner: asyncio.Runner) -> Service:
    world = default_world()
    canaries = {EMAIL, PHONE, PHONE.removeprefix("0"), NAME, CARD, LINE, *_world_canaries(world)}
    sandbox = Sandbox(world)
    canaries.add(json.loads(sandbox.settings().identity.private_key.reveal())["d"])
    wire = FaultyTransport(InProcessTransport(sandbox.handle, sandbox.clock.advance))
    told = Told(canaries)
    kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
    observer = Overhearing(told)
    gov = kind.from_settings(
        sandbox.settings(), transport=wire, observers=[observer, lambda event: told.texts.append(repr(event))]
    )
    told.texts += [repr(gov), str(gov), repr(vars(gov)), repr(sandbox.settings()), repr(vars(sandbox.settings()))]

    def component(name: str) -> Any:
        target = getattr(gov, name)
        told.texts.append(repr(target))
        return target if gov_mode is Mode.BLOCKING else BlockingView(target, gov_runner)

    return Service(gov, sandbox, wire, told, observer, component)


def _pay(service: Service, payment: Any) -> None:
    """Be the person at the card page."""
    person = service.browser()
    form = person.open(payment.next_url.reveal()).form_with("card_number")
    page = person.send(
        form,
        card_number=CARD,
        expiry_month="12",
        expiry_year="30",
        expiry="12/30",
        cvc="123",
        cardholder_name=NAME,
        email=EMAIL,
        address_line1=LINE,
    )
    if "confirm" in (name for one in page.forms for name, _ in one.buttons):
        person.send(page.form_with("confirm"), "confirm")


def _create(service: Service) -> Any:
    return service.call("pay.create", Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, **NEAR)


def _taken(service: Service, **more: object) -> Any:
    payment = service.call("pay.create", Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK, **NEAR, **more)
    if payment is not None:
        service.told.canaries.add(payment.next_url.reveal())
        _pay(service, payment)
    return payment


def _with_payment(service: Service, operation: str, *args: object, **kwargs: object) -> object:
    payment = _taken(service)
    return service.call(operation, payment.id if payment else "none", *args, **kwargs)


def _refund(service: Service) -> Any:
    payment = _taken(service)
    identity = payment.id if payment else "none"
    refund = service.call("pay.refund", identity, Money.gbp("5.00"), available=Money.gbp("145.00"))
    return service.call("pay.get_refund", identity, refund.id if refund else "none")


def _agreement(service: Service, operation: str, *args: object) -> object:
    agreement = service.call("pay.create_agreement", "RENEW-7", "Yearly licence", user_identifier=NAME)
    return service.call(operation, agreement.id if agreement else "none", *args)


def _by_telephone(service: Service) -> object:
    payment = service.call(
        "pay.create_by_telephone", Money.gbp("145.00"), "RENEW-7", "Renew a licence", email=EMAIL, metadata={"n": NAME}
    )
    token = payment.one_time_token if payment else Secret("canary-one-time-token")
    service.told.canaries.add(token.reveal())
    return service.call("pay.authorise", token, card_number=CARD, cvc="123", expiry="12/30", cardholder_name=NAME)


def _delayed(service: Service) -> object:
    payment = _taken(service, delayed_capture=True)
    return service.call("pay.capture", payment.id if payment else "none")


def _mop_up(service: Service) -> object:
    payment = _taken(service)
    waiting = [Unfinished(payment.id if payment else "none", datetime(2020, 1, 1, tzinfo=UTC))]
    return service.call("pay.mop_up", waiting, lambda change: service.told.result(change))


def _signed_in(service: Service) -> object:
    sign_in = service.call("identity.start", confidence=Confidence.MEDIUM, claims=list(Claim))
    if sign_in is None:
        return None
    pending = sign_in.pending
    service.told.canaries |= {part.reveal() for part in (pending.state, pending.nonce, pending.code_verifier)}
    person = service.browser()
    back = person.send(person.open(sign_in.url).form_with("person"), person="SAM", outcome="success").url
    service.told.canaries.add(back)
    service.call("identity.complete", pending, "https://service.example.gov.uk/signed-in?state=wrong&code=canary-code")
    identity = service.call("identity.complete", pending, back)
    if identity is None:
        return None
    service.told.canaries.add(identity.id_token.reveal())
    service.told.canaries |= {name.full.reveal() for name in identity.names}
    return service.component("identity").sign_out_url(identity)  # a URL with the token in it, for the browser alone


def _sent(service: Service, operation: str = "notify.get") -> object:
    sent = service.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, VALUES, "RENEW-7-email")
    identity = sent.id if sent else "5ab1ec0d-0000-4000-8000-00000000ffff"
    return service.call(operation, [identity] if operation == "notify.follow_up" else identity)


def _letter_pdf(service: Service) -> object:
    letter = service.call("notify.send_letter", ADDRESS, LETTER_TEMPLATE, VALUES, "RENEW-7-letter")
    identity = letter.id if letter else "5ab1ec0d-0000-4000-8000-00000000ffff"
    return service.call("notify.get_letter_pdf", identity, shown=False)  # the file itself, which is the letter


def _send_many(service: Service) -> object:
    rows = [
        {"email address": EMAIL, **VALUES},
        {"email address": f"{NAME} {EMAIL}", **VALUES},
        {"email address": EMAIL},
    ]
    seen = service.told.result
    return service.call(
        "notify.send_many", rows, EMAIL_TEMPLATE, channel="email", batch="B-1", on_progress=seen, on_result=seen
    )


OPERATIONS: dict[str, Callable[[Service], object]] = {
    "pay.create": _create,
    "pay.create_by_telephone": _by_telephone,
    "pay.authorise": _by_telephone,
    "pay.charge_agreement": lambda s: _agreement(s, "pay.charge_agreement", Money.gbp("1.00"), "R-1", "Yearly licence"),
    "pay.get": lambda s: _with_payment(s, "pay.get"),
    "pay.check": lambda s: s.call("pay.check"),
    "pay.complete": lambda s: _with_payment(s, "pay.complete"),
    "pay.list_events": lambda s: _with_payment(s, "pay.list_events"),
    "pay.cancel": lambda s: _with_payment(s, "pay.cancel"),
    "pay.capture": _delayed,
    "pay.search": lambda s: (_taken(s), s.call("pay.search", email=EMAIL, cardholder_name=NAME)),
    "pay.refund": lambda s: _with_payment(s, "pay.refund", Money.gbp("5.00"), available=Money.gbp("145.00")),
    "pay.get_refund": _refund,
    "pay.list_refunds": lambda s: _with_payment(s, "pay.list_refunds"),
    "pay.search_refunds": lambda s: (_refund(s), s.call("pay.search_refunds")),
    "pay.create_agreement": lambda s: _agreement(s, "pay.get_agreement"),
    "pay.get_agreement": lambda s: _agreement(s, "pay.get_agreement"),
    "pay.cancel_agreement": lambda s: _agreement(s, "pay.cancel_agreement"),
    "pay.search_agreements": lambda s: (_agreement(s, "pay.get_agreement"), s.call("pay.search_agreements")),
    "pay.search_disputes": lambda s: s.call("pay.search_disputes"),
    "pay.mop_up": _mop_up,
    "pay.parse_callback": lambda s: s.call(
        "pay.parse_callback", f'{{"email": "{EMAIL}"}}'.encode(), {"pay-signature": NAME}
    ),
    "notify.send_email": lambda s: s.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, VALUES, "RENEW-7-email"),
    "notify.send_sms": lambda s: s.call("notify.send_sms", PHONE, SMS_TEMPLATE, VALUES, "RENEW-7-text"),
    "notify.send_job": lambda s: s.call(
        "notify.send_job", [{"to": EMAIL, **VALUES}], EMAIL_TEMPLATE, channel="email", name="RENEW-7"
    ),
    "notify.check": lambda s: s.call("notify.check"),
    "notify.get": _sent,
    "notify.follow_up": lambda s: _sent(s, "notify.follow_up"),
    "notify.search": lambda s: (_sent(s), s.call("notify.search", reference="RENEW-7-email")),
    "notify.send_letter": lambda s: s.call("notify.send_letter", ADDRESS, LETTER_TEMPLATE, VALUES, "RENEW-7-letter"),
    "notify.send_precompiled_letter": lambda s: s.call("notify.send_precompiled_letter", PDF, "RENEW-7-pdf"),
    "notify.get_letter_pdf": _letter_pdf,
    "notify.send_many": _send_many,
    "notify.get_template": lambda s: s.call("notify.get_template", EMAIL_TEMPLATE),
    "notify.list_templates": lambda s: s.call("notify.list_templates"),
    "notify.preview": lambda s: s.call("notify.preview", EMAIL_TEMPLATE, VALUES),
    "notify.search_inbound_sms": lambda s: s.call("notify.search_inbound_sms"),
    "notify.parse_callback": lambda s: s.call(
        "notify.parse_callback", f'{{"to": "{EMAIL}"}}'.encode(), {"Authorization": f"Bearer {NAME}"}
    ),
    "identity.start": _signed_in,
    "identity.complete": _signed_in,
    "identity.sign_out_url": _signed_in,
    "identity.check": lambda s: s.call("identity.check"),
    "identity.parse_callback": lambda s: [
        s.call("identity.parse_callback", body.encode(), {"Authorization": f"Bearer {CARD}"})
        for body in (f"{NAME}.{EMAIL}.{CARD}", f"logout_token={NAME}.{EMAIL}.{CARD}")
    ],
    "identity.mark_done": lambda s: s.call(
        "identity.mark_done",
        LogoutNotice(key=NAME, provider=EMAIL, issuer=EMAIL, occurred_at=datetime.now(UTC), subject=Personal(CARD)),
    ),
}

WRONG: dict[str, Callable[[Service], object]] = {
    "an email's address": lambda s: s.call("notify.send_email", f"{EMAIL} <{NAME}", EMAIL_TEMPLATE, VALUES),
    "a template's values": lambda s: s.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, {"name": NAME}),
    "a phone number": lambda s: s.call("notify.send_sms", PHONE + NAME, SMS_TEMPLATE, VALUES),
    "an unknown template": lambda s: s.call("notify.send_email", EMAIL, NAME, VALUES),
    "a reply-to address": lambda s: s.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, VALUES, reply_to=EMAIL),
    "an amount": lambda s: s.call("pay.create", NAME, "R", "D", BACK, email=EMAIL),
    "a return address": lambda s: s.call("pay.create", Money(1), "R", "D", f"{EMAIL}/x", email=EMAIL),
    "metadata": lambda s: s.call("pay.create", Money(1), "R", "D", BACK, metadata={"n": [NAME]}),
    "a payment id": lambda s: s.call("pay.get", EMAIL),
    "a card": lambda s: s.call(
        "pay.authorise", Secret(NAME), card_number=CARD + "x", cvc=NAME, expiry=NAME, cardholder_name=NAME
    ),
    "what was kept of a sign-in": lambda s: s.call("identity.complete", NAME, f"{BACK}?code={NAME}"),
    "a language": lambda s: s.call("identity.start", language=NAME),
}


def test_every_operation_has_a_canary() -> None:
    with GovComponents.sandbox() as gov:
        operations = {
            f"{component}.{name}"
            for component in COMPONENTS
            for name in dir(getattr(gov, component))
            if not name.startswith("_") and callable(getattr(type(getattr(gov, component)), name))
        }
    assert operations == set(OPERATIONS), "add the operation to OPERATIONS, with canaries as its arguments"


def test_the_world_has_canaries_of_every_kind() -> None:
    found = set(_world_canaries(default_world()))
    for one in (
        "api_test_renewalicence0sandbox0only0key1",
        "sam@example.com",
        "+447700900123",
        "1984-02-29",
        "EX1 1AA",
    ):
        assert one in found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_that_succeeds_shows_nothing(
    service: Service, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        OPERATIONS[operation](service)
    service.told.texts.append(caplog.text)
    assert service.told.found() == set()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_request_says_by_which_pattern_its_path_was_made(service: Service, operation: str) -> None:
    OPERATIONS[operation](service)
    paths = [urlsplit(request.url).path for request in service.wire.sent]
    assert len(paths) == len(service.observer.templates)
    for path, template in zip(paths, service.observer.templates, strict=True):
        assert template, f"{path} has no template"
        assert re.search(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)) + "$", path), (path, template)
        assert not re.search(r"[0-9a-f]{8}|[0-9A-Z]{10}|\?", template), f"{template} holds an id or a query"


@pytest.mark.parametrize(
    "fault", [Fault.NOT_CONNECTED, Fault.TIME_OUT_AFTER, Fault.BAD_GATEWAY, Fault.MALFORMED], ids=str
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_that_goes_wrong_shows_nothing(
    service: Service, operation: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        service.wire.plan = {EVERY: fault}
        OPERATIONS[operation](service)
    service.told.texts.append(caplog.text)
    assert service.told.found() == set()


@pytest.mark.parametrize("wrong", WRONG)
def test_input_that_is_wrong_is_not_shown(service: Service, wrong: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert WRONG[wrong](service) is None
    service.told.texts.append(caplog.text)
    assert service.told.found() == set()


def test_a_refused_key_is_not_shown(gov_mode: Mode, gov_runner: asyncio.Runner) -> None:
    sandbox = Sandbox()
    key = "api_test_" + "canary0" * 7
    settings = sandbox.settings().model_copy(
        update={"pay": sandbox.settings().pay.model_copy(update={"api_key": Secret(key)})}
    )
    told = Told({key, "canary0"})
    kind = GovComponents if gov_mode is Mode.BLOCKING else AsyncGovComponents
    gov = kind.from_settings(settings, transport=InProcessTransport(sandbox.handle, sandbox.clock.advance))
    pay: Any = gov.pay if gov_mode is Mode.BLOCKING else BlockingView(gov.pay, gov_runner)
    with pytest.raises(GovComponentsError) as caught:
        pay.create(Money(1), "R", "D", BACK)
    told.error(caught.value)
    assert told.found() == set()
