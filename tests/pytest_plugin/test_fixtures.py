"""The fixtures for tests of a service, as such tests use them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import urllib.request
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money, OutcomeUnknown
from govcomponents.pytest_plugin.network import NetworkRefused

TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}
BACK = "https://service.example.gov.uk/back"
FEE = Money.gbp("145.00")
SECRET = b"webhook_test_renewalicence0sandbox0only"


def test_a_person_signs_in_pays_and_gets_a_receipt(gov_sandbox, gov_person, gov_outbox):
    started = gov_sandbox.identity.start(confidence="medium")
    identity = gov_sandbox.identity.complete(started.pending, gov_person.sign_in(started.url, "SAM"))
    payment = gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    assert gov_person.pay(payment.redirect_url()).startswith(BACK)
    assert gov_sandbox.pay.get(payment.id).is_paid
    gov_sandbox.notify.send_email(identity.email, TEMPLATE, VALUES, "RENEW-7-receipt")
    sent = gov_outbox.assert_sent(template="Renewal receipt (email)", contains="£145.00", reference="RENEW-7-receipt")
    assert sent.kind == "email"


def test_a_person_cancels_or_goes_away(gov_sandbox, gov_person):
    payment = gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    gov_person.cancel(payment.redirect_url())
    other = gov_sandbox.pay.create(FEE, "RENEW-8", "Renew a licence", BACK)
    gov_person.enter_card(other.redirect_url())
    assert [gov_sandbox.pay.get(one.id).is_paid for one in (payment, other)] == [False, False]


def test_a_person_does_not_sign_in(gov_sandbox, gov_person):
    started = gov_sandbox.identity.start()
    assert "error=access_denied" in gov_person.sign_in(started.url, outcome="left")


def test_asyncio_callers_have_the_same(gov_async_sandbox: AsyncGovComponents, gov_person, gov_outbox):
    async def renew():
        payment = await gov_async_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
        gov_person.pay(payment.redirect_url())
        await gov_async_sandbox.notify.send_email("sam@example.com", TEMPLATE, VALUES, "RENEW-7-receipt")
        return (await gov_async_sandbox.pay.get(payment.id)).is_paid

    assert asyncio.run(renew())
    gov_outbox.assert_sent(to="sam@example.com")


def test_an_app_under_test_finds_the_served_sandbox_by_its_environment(gov_sandbox_url, gov_person, gov_simulator):
    with GovComponents.from_settings() as gov:
        payment = gov.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
        assert payment.redirect_url().startswith(gov_sandbox_url)
        gov_person.pay(payment.redirect_url())
        assert gov.pay.get(payment.id).is_paid
    assert gov_simulator.base_url == gov_sandbox_url


@pytest.mark.gov_sandbox(now="2026-03-02T09:00:00Z", seed=7)
def test_the_mark_says_how_the_sandbox_is(gov_sandbox, gov_clock):
    payment = gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    assert gov_clock.now.isoformat() == "2026-03-02T09:00:00+00:00"
    gov_clock.advance(hours=3)
    assert str(gov_sandbox.pay.get(payment.id).failure) == "expired"
    gov_clock.stop_at("2026-03-03T09:00:00Z")
    assert gov_clock.now.day == 3
    gov_clock.stop_at(gov_clock.now + timedelta(days=1))
    assert gov_clock.now.day == 4


def test_a_fault_strikes_at_the_call_that_is_named(gov_sandbox, gov_faults):
    gov_faults.at("pay.create", "time_out_after_acceptance")
    with pytest.raises(OutcomeUnknown):
        gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    assert len(list(gov_sandbox.pay.search(reference="RENEW-7"))) == 1


@pytest.mark.gov_fault("pay.create", "unavailable", times=9)
def test_a_mark_arms_a_fault(gov_sandbox):
    with pytest.raises(Exception, match="503"):
        gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)


def test_callbacks_are_signed_as_the_provider_signs_them(gov_sandbox, gov_person, gov_webhook, gov_clock):
    payment = gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    gov_person.pay(payment.redirect_url())
    gov_clock.advance(minutes=1)
    (succeeded,) = gov_webhook.of("pay", "card_payment_succeeded")
    headers = {name.lower(): value for name, value in succeeded.headers.items()}
    assert headers["pay-signature"] == hmac.new(SECRET, succeeded.body, hashlib.sha256).hexdigest()
    assert gov_sandbox.pay.parse_callback(succeeded.body, succeeded.headers).payment_id == payment.id
    with pytest.raises(Exception, match="signature"):
        gov_sandbox.pay.parse_callback(succeeded.rewritten().body, succeeded.headers)


def test_callbacks_reach_the_service_and_come_again_until_it_takes_them(
    gov_sandbox, gov_person, gov_webhook, gov_clock
):
    payment = gov_sandbox.pay.create(FEE, "RENEW-7", "Renew a licence", BACK)
    answers = [503, 200, 200, 200, 200]
    seen = []

    def post(webhook):
        seen.append(webhook.component)
        return answers[len(seen) - 1]

    gov_webhook.send_to(post)
    gov_person.pay(payment.redirect_url())
    assert len(seen) == 2
    gov_clock.advance(minutes=5)
    assert len(seen) == 3
    assert len({one.body for one in gov_webhook.received}) == 2


def test_callbacks_of_a_component_that_there_is_not_are_no_empty_list(gov_sandbox, gov_webhook):
    assert gov_webhook.of("identity") == []
    with pytest.raises(pytest.fail.Exception, match="pay, notify, identity"):
        gov_webhook.of("pays")


def test_delivery_receipts_come_too(gov_sandbox, gov_webhook, gov_clock):
    gov_sandbox.notify.send_email("sam@example.com", TEMPLATE, VALUES, "RENEW-7-receipt")
    gov_clock.advance(minutes=5)
    (receipt,) = gov_webhook.of("notify")
    event = gov_sandbox.notify.parse_callback(receipt.body, receipt.headers)
    assert event.reference == "RENEW-7-receipt"


@pytest.mark.parametrize("host", ["publicapi.payments.service.gov.uk", "192.0.2.1", "2001:db8::1"])
def test_the_guard_refuses_other_machines(gov_no_network, host):
    with pytest.raises(NetworkRefused, match=host):
        socket.create_connection((host, 443), timeout=1)
    with pytest.raises(NetworkRefused), socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.connect((host, 443))
    assert gov_no_network.refused == [host, host]
    gov_no_network.refused.clear()


def test_the_guard_refuses_other_ways_out(gov_no_network):
    with socket.socket() as one, pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        one.connect_ex(("192.0.2.1", 443))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        for arguments in ((b"x",), (b"x", 0)):
            with pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
                one.sendto(*arguments, ("192.0.2.1", 53))
        with pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
            one.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))
        assert one.sendto(b"x", ("127.0.0.1", 9)) == 1
        assert one.sendmsg([b"x"], [], 0, ("127.0.0.1", 9)) == 1
    for look_up in (socket.gethostbyname, socket.gethostbyname_ex, socket.gethostbyaddr):
        with pytest.raises(NetworkRefused, match="example"):
            look_up("service.example")
    with pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        socket.getnameinfo(("192.0.2.1", 443), 0)
    with pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        socket.getfqdn("192.0.2.1")
    gov_no_network.refused.clear()


def test_the_guard_lets_this_machine_be_named(gov_no_network):
    assert socket.getfqdn()  # as smtplib does, and who makes the id of an email
    assert socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST)[0] == "127.0.0.1"
    assert socket.getnameinfo(("192.0.2.1", 80), socket.NI_NUMERICHOST)[0] == "192.0.2.1"  # nobody is asked
    assert gov_no_network.refused == []


@pytest.mark.usefixtures("gov_no_network")
def test_the_guard_lets_this_machine_be_reached(gov_sandbox_url):
    port = urlsplit(gov_sandbox_url).port
    with urllib.request.urlopen(f"http://localhost:{port}/") as answer:
        assert answer.status == 200
