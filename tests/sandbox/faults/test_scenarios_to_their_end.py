"""Each scenario of the sandbox is followed to its end, as its page tells it, over HTTP and by the control clock."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from govcomponents import CredentialsRefused, DailyLimitReached, GovComponents, GovComponentsError, Money, RateLimited
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import OutcomeUnknown, SignInReason, SignInRejected
from govcomponents.identity.levels import Confidence
from govcomponents.identity.models import Identity
from govcomponents.pay import PaymentStatus, RefundStatus
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.scenarios.files import built_in
from govcomponents.sandbox.server import serving
from govcomponents.sandbox.world import default_world

BACK = "https://service.example.gov.uk/back"
TEXT = "5ab1ec0d-0000-4000-8000-000000000102"
PERMIT = "6c0de5ec-0000-4000-8000-000000000102"
VALUES = {"name": "Sam", "reference": "R", "amount": "£1"}
ONCE = RetryPolicy.none()
FEE = Money.gbp("145.00")


class Receiver(BaseHTTPRequestHandler):
    """The service's own address for callbacks: it takes all."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class Played:
    """A sandbox that is served, a service that uses it, and what it was told."""

    def __init__(self, server, received: list[tuple[str, bytes]]) -> None:
        self.server = server
        self.settings = server.sandbox.settings()
        self.gov = GovComponents.from_settings(self.settings, retry=ONCE)
        self.control = Control.over_http(server.base_url)
        self._received = received

    def pay(self, **more: bool) -> str:
        payment = self.gov.pay.create(FEE, "RENEW-7", "Renew a licence", BACK, **more)
        payer.pay_by_card(FormBrowser.over_http(), payment.redirect_url())
        return payment.id

    def text(self) -> str:
        return self.gov.notify.send_sms("07700900199", TEXT, VALUES).id

    def sign_in(self) -> Identity:
        started = self.gov.identity.start(confidence=Confidence.MEDIUM)
        page = FormBrowser.over_http().open(started.url)
        return self.gov.identity.complete(started.pending, page.url)

    def told(self, path: str = "/pay") -> list[str]:
        """The kinds of the callbacks that came."""
        for _ in range(3):
            self.control.deliver()
        bodies = [body for where, body in list(self._received) if where == path]
        return [json.loads(body)["event_type"] if body.startswith(b"{") else "token" for body in bodies]


@contextmanager
def played(scenario: str, world=None, now: str = "2026-03-02T11:59:00Z", before=None) -> Iterator[Played]:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    service.received = []
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{service.server_address[1]}"
    try:
        with serving(world, now=now, sign_in="at_once", callbacks_to=url) as server:
            one = Played(server, service.received)
            if before is not None:
                before(one)
            one.control.play(scenario)
            yield one
            one.gov.close()
    finally:
        service.shutdown()
        thread.join()
        service.server_close()


def outage(one: Played) -> None:
    for call in (one.pay, one.text, one.sign_in):
        with pytest.raises(GovComponentsError):
            call()


def all_is_well(one: Played) -> None:
    one.pay()
    one.text()
    assert one.sign_in().confidence is Confidence.MEDIUM


def outage_at_noon() -> None:
    with played("outage-at-noon") as one:
        all_is_well(one)
        one.control.advance(minutes=1)
        outage(one)
        one.control.advance(seconds=3599)
        outage(one)
        one.control.advance(seconds=1)
        all_is_well(one)


def outage_now() -> None:
    with played("outage-now") as one:
        outage(one)
        one.control.advance(hours=1)
        all_is_well(one)


def capture_fails() -> None:
    with played("capture-fails") as one:
        payment_id = one.pay()
        payment = one.gov.pay.get(payment_id)
        assert payment.status == PaymentStatus.SUCCEEDED
        assert not payment.is_captured
        one.control.advance(hours=1)
        payment = one.gov.pay.get(payment_id)
        assert payment.status == PaymentStatus.ERROR
        assert not payment.is_captured
        assert one.told() == ["card_payment_succeeded"]


def capture_deadline() -> None:
    kept = []
    with played("capture-deadline", before=lambda one: kept.append(one.pay(delayed_capture=True))) as one:
        payment = one.gov.pay.get(kept[0])
        assert payment.status == PaymentStatus.FAILED
        assert not payment.is_captured


def refund_fails_late() -> None:
    with played("refund-fails-late") as one:
        payment_id = one.pay()
        available = one.gov.pay.get(payment_id).refundable.available
        refund = one.gov.pay.refund(payment_id, FEE, available=available)
        one.control.advance(hours=47)
        assert one.gov.pay.get_refund(payment_id, refund.id).status == RefundStatus.SUBMITTED
        one.control.advance(hours=1)
        assert one.gov.pay.get_refund(payment_id, refund.id).status == RefundStatus.ERROR
        assert "card_payment_refunded" not in one.told()


def dispute() -> None:
    with played("dispute") as one:
        payment_id = one.pay()
        one.control.advance(hours=23)
        assert list(one.gov.pay.search_disputes()) == []
        one.control.advance(hours=1)
        (found,) = one.gov.pay.search_disputes()
        assert found.payment_id == payment_id
        with pytest.raises(GovComponentsError):
            one.gov.pay.refund(payment_id, FEE, available=FEE)
        one.control.advance(days=60)
        (found,) = one.gov.pay.search_disputes()
        assert found.status == "lost"


def daily_limit() -> None:
    with played("daily-limit", now="2026-03-02T07:00:00Z") as one:
        sent = [one.text() for _ in range(5)]
        assert one.gov.notify.get(sent[0]).id == sent[0]
        sent += [one.text() for _ in range(5)]
        with pytest.raises(DailyLimitReached):
            one.text()
        assert one.gov.notify.get(sent[0]).id == sent[0]
        one.control.set_clock("2026-03-02T23:59:59Z")
        with pytest.raises(DailyLimitReached):
            one.text()
        one.control.advance(seconds=1)
        one.text()


def yearly_limit() -> None:
    with played("yearly-limit", {"gc_notify": {}}) as one:

        def text() -> None:
            one.gov.notify.send_sms("+16135550123", PERMIT, {"name": "Sam", "reference": "P"})

        for _ in range(10):
            text()
        with pytest.raises(RateLimited):
            text()
        one.control.set_clock("2026-03-31T23:59:59Z")
        with pytest.raises(RateLimited):
            text()
        one.control.advance(seconds=1)
        text()


def key_revoked() -> None:
    with played("key-revoked-mid-batch") as one:
        for _ in range(10):
            one.text()
        for _ in range(2):
            with pytest.raises(CredentialsRefused):
                one.text()
        (service,) = default_world()["notify"]["services"]
        keys = {key["name"]: key for key in service["api_keys"]}
        other = f"demo-live-{service['id']}-{keys['demo-live']['secret']}"
        notify = one.settings.notify.model_copy(update={"api_key": type(one.settings.notify.api_key)(other)})
        with GovComponents.from_settings(one.settings.model_copy(update={"notify": notify}), retry=ONCE) as renewed:
            renewed.notify.send_sms("07700900199", TEXT, VALUES)
        with pytest.raises(CredentialsRefused):
            one.text()
        assert len(one.control.messages()) == 11


def lost_answers() -> None:
    with played("lost-answers") as one:
        lost = 0
        for number in range(40):
            try:
                one.gov.pay.create(FEE, f"LOST-{number}", "Renew a licence", BACK)
            except OutcomeUnknown:
                lost += 1
        assert 5 <= lost <= 22
        one.control.advance(hours=1)
        found = {payment.reference for payment in one.gov.pay.search()}
        assert {f"LOST-{number}" for number in range(40)} <= found
        for _ in range(10):
            one.text()


def keys_rotated() -> None:
    with played("keys-rotated", before=Played.sign_in) as one:
        assert one.sign_in().confidence is Confidence.MEDIUM


def clock_skew() -> None:
    with played("clock-skew") as one:
        with pytest.raises(SignInRejected) as caught:
            one.sign_in()
        assert caught.value.reason is SignInReason.NOT_YET_VALID
        one.control.advance(hours=1)
        one.sign_in()


def post_office() -> None:
    with played("post-office") as one:
        page = FormBrowser.over_http().open(one.gov.identity.start(confidence=Confidence.MEDIUM).url)
        assert not page.left
        one.control.advance(days=3)
        assert one.sign_in().confidence is Confidence.MEDIUM


def account_deleted() -> None:
    subjects = []
    with played("account-deleted", before=lambda one: subjects.append(one.sign_in().subject.reveal())) as one:
        one.control.advance(hours=23)
        assert one.told("/identity") == []
        one.control.advance(hours=1)
        assert one.told("/identity") == ["token"]
        assert one.sign_in().subject.reveal() not in subjects


def callbacks_lost() -> None:
    with played("callbacks-lost") as one:
        one.pay()
        one.control.advance(hours=23)
        assert one.told() == []
        one.control.advance(hours=1)
        assert sorted(one.told()) == ["card_payment_captured", "card_payment_succeeded"]


def callbacks_storm() -> None:
    with played("callbacks-storm") as one:
        one.pay()
        one.control.advance(minutes=10)
        assert sorted(one.told()) == ["card_payment_captured"] * 3 + ["card_payment_succeeded"] * 3


FOLLOWED = {
    "account-deleted": account_deleted,
    "callbacks-lost": callbacks_lost,
    "callbacks-storm": callbacks_storm,
    "capture-deadline": capture_deadline,
    "capture-fails": capture_fails,
    "clock-skew": clock_skew,
    "daily-limit": daily_limit,
    "dispute": dispute,
    "key-revoked-mid-batch": key_revoked,
    "keys-rotated": keys_rotated,
    "lost-answers": lost_answers,
    "outage-at-noon": outage_at_noon,
    "outage-now": outage_now,
    "post-office": post_office,
    "refund-fails-late": refund_fails_late,
    "yearly-limit": yearly_limit,
}


@pytest.mark.parametrize("name", sorted(built_in()))
def test_a_scenario_does_what_its_page_tells(name: str) -> None:
    FOLLOWED[name]()
