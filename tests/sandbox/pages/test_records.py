"""The pages of payments, refunds, sign-ins and so on: lists, history, what can be done, and a journey as one thread."""

from __future__ import annotations

import html
import re

import pytest

from govcomponents import CredentialsRefused, GovComponents, GovComponentsError, Money
from govcomponents.pay import PaymentStatus, RefundStatus
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.world import default_world

RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"


@pytest.fixture
def gov() -> GovComponents:
    return GovComponents.sandbox()


def page(gov: GovComponents, path: str, status: int = 200) -> str:
    response = gov.simulator.visit(f"{gov.simulator.base_url}{path}")
    assert response.status == status, response.body
    return html.unescape(response.body.decode())


def press(gov: GovComponents, path: str, action: str) -> int:
    return gov.simulator.visit(f"{gov.simulator.base_url}{path}", {"action": action}).status


def paid(gov: GovComponents, reference: str = "RENEW-7", email: str | None = None, **more: bool) -> str:
    back = "https://service.example.gov.uk/back"
    payment = gov.pay.create(Money.gbp("145.00"), reference, "Renew a licence", back, email=email, **more)
    payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.redirect_url())
    return payment.id


def test_a_payment_is_found_in_two_clicks_with_its_history(gov: GovComponents) -> None:
    payment_id = paid(gov)
    link = f"/_sandbox/payments/pay/{payment_id}"
    assert 'href="/_sandbox/payments"' in page(gov, "/")
    assert link in page(gov, "/_sandbox/payments")
    told = page(gov, link)
    history = re.findall(r"<strong>([^<]+)</strong>", told)
    assert history[0] == "created"
    assert history[-1] == "success"
    assert "£145.00" in told
    assert "/_sandbox/timeline?reference=RENEW-7" in told


def test_a_status_has_the_colour_of_what_it_means(gov: GovComponents) -> None:
    back = "https://service.example.gov.uk/back"
    waiting, cancelled = (gov.pay.create(Money.gbp("1.00"), f"R-{one}", "Renew a licence", back) for one in range(2))
    gov.pay.cancel(cancelled.id)
    paid(gov)
    told = page(gov, "/_sandbox/payments")
    assert re.findall(r'<span class="tag ?(\w*)">([^<]+)', told) == [
        ("good", "success"),
        ("", "cancelled"),
        ("wait", "created"),
    ]
    assert re.search(r'<span class="tag wait">created', page(gov, f"/_sandbox/payments/pay/{waiting.id}"))


def test_the_time_at_which_money_was_taken_is_written_as_every_other() -> None:
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z") as gov:
        link = f"/_sandbox/payments/pay/{paid(gov)}"
        gov.simulator.clock.advance(60)
        taken = re.search("<dt>Taken</dt><dd>([^<]*)", page(gov, link))
        assert taken
        assert taken[1].startswith("2 Mar 2026, 09:0")
        assert taken[1].endswith(" UTC")


def test_the_list_is_searched(gov: GovComponents) -> None:
    first, second = paid(gov), paid(gov, "OTHER-1")
    told = page(gov, "/_sandbox/payments?words=other")
    assert second in told
    assert first not in told
    assert "None fits" in page(gov, "/_sandbox/payments?words=nothing-of-it")


def test_a_held_payment_is_captured(gov: GovComponents) -> None:
    payment_id = paid(gov, delayed_capture=True)
    assert press(gov, f"/_sandbox/payments/pay/{payment_id}", "capture") == 303
    assert gov.pay.get(payment_id).is_paid


@pytest.mark.parametrize(("action", "status"), [("expire", PaymentStatus.FAILED), ("cancel", PaymentStatus.CANCELLED)])
def test_a_held_payment_ends(gov: GovComponents, action: str, status: PaymentStatus) -> None:
    payment_id = paid(gov, delayed_capture=True)
    assert press(gov, f"/_sandbox/payments/pay/{payment_id}", action) == 303
    assert gov.pay.get(payment_id).status == status
    assert press(gov, f"/_sandbox/payments/pay/{payment_id}", action) == 409


@pytest.mark.parametrize(("action", "status"), [("fail", RefundStatus.ERROR), ("finish", RefundStatus.SUCCEEDED)])
def test_a_refund_is_made_held_and_ended(action: str, status: RefundStatus) -> None:
    world = default_world()
    services = [{**one, "refund_after_seconds": 3600} for one in world["pay"]["services"]]
    gov = GovComponents.sandbox(world={**world, "pay": {**world["pay"], "services": services}})
    payment_id = paid(gov)
    gov.simulator.control.advance(days=1)
    assert press(gov, f"/_sandbox/payments/pay/{payment_id}", "refund") == 303
    (refund,) = gov.pay.list_refunds(payment_id)
    path = f"/_sandbox/refunds/pay/{refund.id}"
    assert press(gov, path, "hold") == 303
    gov.simulator.control.advance(days=30)
    assert gov.pay.get_refund(payment_id, refund.id).status == RefundStatus.SUBMITTED
    assert press(gov, path, action) == 303
    assert gov.pay.get_refund(payment_id, refund.id).status == status


def test_a_payment_is_disputed_and_the_dispute_decided(gov: GovComponents) -> None:
    payment_id = paid(gov)
    gov.simulator.control.advance(days=1)
    gov.pay.get(payment_id)
    assert press(gov, f"/_sandbox/payments/pay/{payment_id}", "dispute") == 303
    (path,) = re.findall(r"/_sandbox/disputes/pay/[a-z0-9]+", page(gov, "/_sandbox/disputes"))
    assert press(gov, path, "won") == 303
    assert ">won<" in page(gov, path)


def test_a_key_is_revoked_and_may_be_used_again(gov: GovComponents) -> None:
    values = {"name": "Sam", "reference": "R", "amount": "£1"}
    gov.notify.send_sms("07700900199", RECEIPT, values)
    paths = re.findall(r"/_sandbox/keys/notify/[a-z0-9-]+", page(gov, "/_sandbox/keys"))
    for path in paths:
        assert press(gov, path, "revoke") == 303
    with pytest.raises(CredentialsRefused):
        gov.notify.send_sms("07700900199", RECEIPT, values)
    for path in paths:
        assert press(gov, path, "restore") == 303
    gov.notify.send_sms("07700900199", RECEIPT, values)


def sign_in(gov: GovComponents) -> None:
    gov.simulator.one_login.sign_in_as("SAM")
    signing_in = gov.identity.start()
    gov.identity.complete(signing_in.pending, gov.simulator.visit(signing_in.url).headers["location"])


def test_sign_ins_and_people_have_pages(gov: GovComponents) -> None:
    sign_in(gov)
    told = page(gov, "/_sandbox/sign-ins/one_login/1")
    assert "signed in" in told
    assert "the service exchanged the code for tokens" in told
    assert "/_sandbox/people/one_login/SAM" in told
    assert press(gov, "/_sandbox/people/one_login/SAM", "sign_out") == 303
    assert gov.simulator.timeline.events()[-1].happened == "The person was signed out everywhere"


def test_signing_keys_are_rotated(gov: GovComponents) -> None:
    before = gov.simulator.one_login.keys.jwks()
    assert press(gov, "/_sandbox/keys/one_login/one_login", "rotate") == 303
    assert gov.simulator.one_login.keys.jwks() != before


def test_a_journey_is_one_thread_and_a_picture(gov: GovComponents) -> None:
    sign_in(gov)
    email = next(one for one in gov.simulator.one_login._world.people if one.symbol == "SAM").email
    paid(gov, email=email)
    values = {"name": "Sam", "reference": "R", "amount": "£1"}
    gov.notify.send_sms("07700900199", RECEIPT, values, "RENEW-7-text")
    paid(gov, "OTHER-1")
    told = page(gov, "/_sandbox/timeline?reference=RENEW-7")
    assert "OTHER-1" not in told
    source = told[told.index("sequenceDiagram") : told.index("</pre>", told.index("sequenceDiagram"))]
    lines = [line.strip() for line in source.strip().splitlines()]
    assert lines[:2] == ["sequenceDiagram", "participant P0 as Person"]
    said = [line.partition(": ")[2] for line in lines if ">>" in line or line.startswith("Note")]
    assert said[0].startswith("The person signed in")
    assert "The service created a payment" in said
    assert said[-1].startswith("The service sent a text message")
    assert "<svg" in told


def test_words_of_callers_cannot_end_a_line_of_the_diagram() -> None:
    from datetime import UTC, datetime

    from govcomponents.sandbox.control.pages.sequence import as_mermaid
    from govcomponents.sandbox.state.timeline import Event

    event = Event(datetime.now(UTC), "notify", "R", "The service sent an email: a;b#35;\n    Note over P0: c")
    assert len(as_mermaid([event]).strip().splitlines()) == 4


def test_stripes_records_have_pages_too() -> None:
    gov = GovComponents.sandbox(world={"stripe": {}})
    payment = gov.pay.create(Money.gbp("20.00"), "R-1", "Renew", "https://service.example.gov.uk/back")
    path = re.findall(r"/_sandbox/payments/stripe/\w+", page(gov, "/_sandbox/payments"))[0]
    assert press(gov, path, "expire") == 303
    assert gov.pay.get(payment.id).is_finished


def test_pages_of_other_sites_can_press_nothing(gov: GovComponents) -> None:
    payment_id = paid(gov, delayed_capture=True)
    headers = {"origin": "https://evil.example", "content-type": "application/x-www-form-urlencoded"}
    path = f"/_sandbox/payments/pay/{payment_id}"
    call = Call("POST", path, "", headers, b"action=capture", gov.simulator.base_url)
    assert gov.simulator.respond(call).status == 403
    assert not gov.pay.get(payment_id).is_paid


@pytest.mark.parametrize("path", ["payments/pay/none", "payments/none/x", "keys/notify/none", "sign-ins/one_login/99"])
def test_what_is_not_there_is_not_found(gov: GovComponents, path: str) -> None:
    page(gov, f"/_sandbox/{path}", 404)


def test_errors_of_the_service_do_not_break_a_list(gov: GovComponents) -> None:
    with pytest.raises(GovComponentsError):
        gov.pay.get("none")
    for kind in ("payments", "refunds", "disputes", "agreements", "sign-ins", "people", "keys", "templates"):
        page(gov, f"/_sandbox/{kind}")


def test_keys_and_templates_of_gc_notify_have_pages_too() -> None:
    with GovComponents.sandbox({"gc_notify": {}}) as gov:
        key = "/_sandbox/keys/gc_notify/6c0de5ec-0000-4000-8000-000000000001-0"
        assert "Permit renewed (text message)" in page(gov, "/_sandbox/templates")
        template = page(gov, "/_sandbox/templates/gc_notify/6c0de5ec-0000-4000-8000-000000000102")
        assert "your permit ((reference)) is renewed" in template
        assert "Revoke it" in page(gov, key)
        assert press(gov, key, "revoke") == 303
        with pytest.raises(CredentialsRefused):
            gov.notify.list_templates()
        assert press(gov, key, "restore") == 303
        assert len(gov.notify.list_templates()) == 2
