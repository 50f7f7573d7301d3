"""The sandbox's pages in headless Chromium: a whole renewal by clicking, without JavaScript, and no axe violation."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress

import pytest

from govcomponents import GovComponentsError, Money
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.server import serving

from . import renewal, screenshots
from .browser import violations

pytestmark = pytest.mark.alone

RULE = DeliveryRule(1, (60,), lambda status: status == 200, lambda status: True)


@pytest.fixture
def server():
    with serving(sign_in="page") as running:
        yield running


@pytest.fixture
def service(server):
    made = renewal.Service(server)
    yield made
    made.gov.close()


def test_a_newcomer_goes_through_the_whole_journey_by_clicking(clicker, server, service):
    person = clicker
    person.open(server.base_url)
    assert person.heading == "The govcomponents sandbox"

    renewal.sign_in(person, service.sign_in())
    assert person.heading == "You are back at the service"
    assert service.signed_in(person.url).confidence is Confidence.MEDIUM

    renewal.enter_card(person, service.pay(), "4000 0000 0000 0002")
    assert "declined" in person.text.lower()
    assert service.paid().is_finished
    assert not service.paid().is_paid

    renewal.enter_card(person, service.pay())
    person.click("Confirm")
    assert person.heading == "You are back at the service"
    assert service.paid().is_paid
    service.send_receipts()

    person.click("timeline")
    assert person.heading == "Timeline"
    person.fill("Reference", "RENEW")
    person.click("Show")
    assert "RENEW-7-email" in person.text
    assert "RENEW-7-text" in person.text
    person.click("Outbox")
    person.click_first("td a")
    assert "RENEW-7" in person.text


def test_controls_work_without_javascript(clicker, server, service):
    person = clicker
    person.open(f"{server.base_url}/_sandbox/faults")
    person.select("Fault", "GOV.UK Pay: server error")
    person.select("Operation", "pay.create")
    person.fill("At most so often", "1")
    person.click("Arm")
    assert "at most 1 times" in person.text
    assert [one.fault for one in server.sandbox.faults.armed()] == ["server_error"]
    person.click("Take back")
    assert "No fault is armed." in person.text
    person.fill("Only this call", "none")
    person.click("Arm")
    assert "There is a problem" in person.text
    person.click("Clock")
    person.fill("By", "2")
    person.select("Unit", "hours")
    before = server.sandbox.clock.time()
    person.click("Move")
    assert 7200 <= server.sandbox.clock.time() - before < 7260
    server.sandbox.callbacks.send(Callback("pay", "captured", "http://127.0.0.1:1/", {}, b"{}", RULE, "RENEW-7"))
    person.click("Callbacks")
    person.click("Resend")
    person.fill("How often each is sent", "2")
    person.choose("Send nothing for now")
    person.click("Set")
    assert server.sandbox.callbacks.perturbation.copies == 2
    person.click("Clock")
    person.click("Start again")
    assert "Nothing yet." in person.text


def test_two_clicks_lead_to_why_a_call_was_refused_what_happened_to_a_payment_and_what_a_person_got(
    clicker, server, service
):
    person = clicker
    renewal.enter_card(person, service.pay())
    person.click("Confirm")
    service.send_receipts()
    with suppress(GovComponentsError):
        service.gov.pay.get("nobody0has0this0id00000000")

    person.open(server.base_url)
    person.click("Requests")
    person.click("GET /v1/payments/nobody")
    assert "Why it was refused" in person.text
    assert "To fix it" in person.text

    person.open(server.base_url)
    person.click("2 payments" if "2 payments" in person.text else "1 payments")
    person.click_first("td a")
    assert "What happened" in person.text
    assert "success" in person.text

    person.open(server.base_url)
    person.click("Outbox")
    person.click("Dear Sam Example" if "Dear Sam Example" in person.text else "Your licence")
    assert "RENEW-7" in person.text


def test_every_mistake_of_a_form_is_told_at_once_and_leads_to_its_field(clicker, server):
    person = clicker
    person.open(f"{server.base_url}/_sandbox/faults")
    person.fill("Only this call", "none")
    person.fill("With this chance", "2")
    person.click("Arm")
    links = person.driver.find_elements("css selector", ".error-summary a")
    told = [(link.get_attribute("href").rpartition("#")[2], link.text.split(" must")[0]) for link in links]
    assert told == [("nth", "Only this call"), ("probability", "The chance")]
    person.open(f"{server.base_url}/_sandbox/clock")
    person.fill("Day", " ")
    person.fill("Month", " ")
    person.click("Set, and")
    assert "The date must include a day and month" in person.text
    marked = person.driver.find_elements("css selector", "[aria-invalid]")
    assert [one.get_attribute("id") for one in marked] == ["day", "month"]


def test_a_world_under_a_prefix_is_clicked_through_like_any_other(clicker, server):
    added = server.worlds.add("worker-1")
    person = clicker
    person.open(f"{added.base_url}/")
    for page in ("Timeline", "Requests", "Payments", "Outbox", "Callbacks", "Faults", "Scenarios", "Clock"):
        person.click(page)
        assert person.url.startswith(added.base_url)
    person.fill("By", "2")
    person.click("Move")
    assert person.url == f"{added.base_url}/_sandbox/clock"
    assert added.clock.time() - server.sandbox.clock.time() > 60


def test_the_keyboard_alone_is_enough(reader, server):
    from selenium.webdriver import ActionChains, Keys

    reader.open(server.base_url)
    ActionChains(reader.driver).send_keys(Keys.TAB).perform()
    assert reader.driver.switch_to.active_element.text == "Skip to main content"
    ActionChains(reader.driver).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    assert reader.heading == "Timeline"


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "light"), (1280, "dark")])
def test_no_page_has_an_accessibility_violation(reader, axe, server, service, width, scheme):
    with shown_at(reader, width, scheme):
        assert violations_of_all(reader, axe, server, service) == {}


@contextmanager
def shown_at(reader, width, scheme):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    scheme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    try:
        yield
    finally:
        reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        reader.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def violations_of_all(reader, axe, server, service):
    found = {}

    def check(name):
        if wrong := violations(reader, axe):
            found[name] = wrong

    def at(name, path):
        reader.open(server.base_url + path)
        check(name)

    own = {
        "payments": "/_sandbox/payments",
        "refunds": "/_sandbox/refunds",
        "agreements": "/_sandbox/agreements",
        "sign-ins": "/_sandbox/sign-ins",
        "people": "/_sandbox/people",
        "keys": "/_sandbox/keys",
        "templates": "/_sandbox/templates",
        "scenarios": "/_sandbox/scenarios",
        "errors": "/_sandbox/errors",
        "journey": "/_sandbox/timeline?reference=RENEW",
        "home": "/",
        "timeline": "/_sandbox/timeline",
        "outbox": "/_sandbox/outbox",
        "requests": "/_sandbox/requests",
        "faults": "/_sandbox/faults",
    }
    own |= {"callbacks": "/_sandbox/callbacks", "clock": "/_sandbox/clock", "came back": "/_sandbox/came-back"}
    for name, path in own.items():
        at(f"{name}, empty", path)

    for language in ("en", "cy"):
        reader.open(service.sign_in(language))
        check(f"sign-in, {language}")
    renewal.sign_in(reader, service.sign_in())
    service.signed_in(reader.url)
    check("came back, signed in")
    for language in ("en", "cy"):
        reader.open(service.pay(language))
        check(f"card, {language}")
        reader.click_first("main form button")
        check(f"card with mistakes, {language}")
    for number in ("4000 0000 0000 0002", "4000 0000 0000 0119", "4242 4242 4242 4242"):
        renewal.enter_card(reader, service.pay(), number)
        check(f"after card {number}")
    reader.click("Confirm")
    reader.open(service.pay())
    reader.click("Cancel payment")
    check("payment cancelled")
    reader.open(service.pay() + "x")
    check("no such payment")

    service.send_receipts()
    server.sandbox.faults.arm("pay", "server_error", nth=3, probability=0.5, seconds=60)
    server.sandbox.callbacks.send(Callback("pay", "captured", "http://127.0.0.1:1/", {}, b"{}", RULE, "RENEW-7"))
    for name, path in own.items():
        at(f"{name}, full", path)
    for message in server.sandbox.messages():
        at(f"message, {message.kind}", f"/_sandbox/outbox/{message.id}")
    at("no such message", "/_sandbox/outbox/none")
    for entry in server.sandbox.requests.requests()[:3]:
        at(f"request {entry.number}", f"/_sandbox/requests/{entry.number}")
        at(f"request {entry.number}, revealed", f"/_sandbox/requests/{entry.number}?reveal=1")
    reader.open(f"{server.base_url}/_sandbox/clock")
    reader.fill("By", "soon")
    reader.click("Move")
    check("clock with a mistake")
    reader.open(f"{server.base_url}/_sandbox/faults")
    reader.fill("With this chance", "2")
    reader.click("Arm")
    check("faults with a mistake")
    records = server.sandbox.provider("pay")
    at("a payment", f"/_sandbox/payments/pay/{records.record_ids('payments')[-1]}")
    at("a template", f"/_sandbox/templates/notify/{server.sandbox.notify.record_ids('templates')[0]}")
    at("a person", "/_sandbox/people/one_login/SAM")
    at("a sign-in", "/_sandbox/sign-ins/one_login/1")
    server.sandbox.play("outage-now")
    at("scenarios, one begun", "/_sandbox/scenarios")
    return found


def test_the_check_finds_what_is_wrong(reader, axe, server):
    reader.open(server.base_url)
    reader.driver.execute_script("document.querySelector('main').append(new Image()); document.title = ''")
    rules = {one.partition(" ")[0] for one in violations(reader, axe)}
    assert {"image-alt", "document-title"} <= rules


def test_every_page_fits_a_narrow_screen(reader, server, service):
    """At 320 CSS pixels, as at 400 % zoom, nothing but a table or code scrolls sideways (WCAG 2.2, 1.4.10)."""
    service.send_receipts()
    server.sandbox.callbacks.send(Callback("pay", "captured", "http://127.0.0.1:1/", {}, b"{}", RULE, "RENEW-7"))
    paths = [
        "/",
        *(f"/_sandbox/{name}" for name in ("timeline", "outbox", "callbacks", "faults", "clock", "came-back?a=b")),
        *(f"/_sandbox/{name}" for name in ("payments", "keys", "people", "scenarios", "requests", "errors")),
        "/_sandbox/timeline?reference=RENEW",
    ]
    service.gov.pay.create(Money.gbp("145.00"), "RENEW-8", "Renew a licence", service.back)
    paths += [f"/_sandbox/requests/{entry.number}" for entry in server.sandbox.requests.requests()]
    with suppress(GovComponentsError):
        service.gov.pay.get("nobody0has0this0id00000000")
    paths += [f"/_sandbox/requests/{server.sandbox.requests.newest}"]
    paths += [f"/_sandbox/payments/pay/{server.sandbox.provider('pay').record_ids('payments')[-1]}"]
    paths += [f"/_sandbox/outbox/{message.id}" for message in server.sandbox.messages()]
    urls = [server.base_url + path for path in paths] + [service.sign_in(), service.pay(), service.pay("cy")]
    metrics = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": False}
    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        wide = {}
        for url in urls:
            reader.open(url)
            width = reader.driver.execute_script("return document.documentElement.scrollWidth")
            if width > 320:
                wide[url] = width
    finally:
        reader.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide == {}


def test_news_show_by_themselves_and_what_can_be_copied_has_a_button(reader, server, service):
    from selenium.webdriver.support.wait import WebDriverWait

    reader.open(f"{server.base_url}/_sandbox/requests")
    assert "No request has come yet." in reader.text
    service.pay()
    WebDriverWait(reader.driver, 10).until(lambda _: "POST /v1/payments" in reader.text)
    reader.open(server.base_url)
    button = reader.driver.find_element("css selector", "button.copy")
    reader.driver.execute_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button.click()  # as on a page that came by plain HTTP from another machine
    WebDriverWait(reader.driver, 10).until(lambda _: button.text == "Selected, press Ctrl+C")
    copied = reader.driver.find_element("css selector", "[data-copy]").text
    assert reader.driver.execute_script("return getSelection().toString()").strip() == copied.strip()


def test_no_word_is_broken_inside_a_cell(reader, server, service):
    """At 1280 pixels each word of a table stands on one line."""
    service.send_receipts()
    broken = """
        return [...document.querySelectorAll("td, th")].flatMap(cell => {
          const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
          for (let node = walker.nextNode(); node; node = walker.nextNode())
            for (const word of node.data.matchAll(/[^\\s\\-\\/]+/g)) {
              const range = document.createRange();
              range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
              if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) found.push(word[0]);
            }
          return found;
        });"""
    with shown_at(reader, 1280, "light"):
        for name in ("timeline", "outbox", "requests", "payments", "keys", "faults"):
            reader.open(f"{server.base_url}/_sandbox/{name}")
            assert reader.driver.execute_script(broken) == [], name


def test_no_table_is_cut_on_a_wide_screen(reader, server, service):
    """At 1280 pixels every column is in view, of requests that were refused too."""
    service.send_receipts()
    renewal.enter_card(reader, service.pay())  # the page's address holds a long secret
    with suppress(GovComponentsError):
        service.gov.pay.get("nobody0has0this0id00000000")
    with suppress(GovComponentsError):
        service.gov.notify.send_email("sam@example.com", renewal.EMAIL_RECEIPT, {"name": "Sam"})
    server.sandbox.play("lost-answers")
    cut = "return [...document.querySelectorAll('.table-scroll')].some(one => one.scrollWidth > one.clientWidth)"
    with shown_at(reader, 1280, "light"):
        for name in ("timeline", "outbox", "requests", "payments", "keys", "people", "faults", "callbacks"):
            reader.open(f"{server.base_url}/_sandbox/{name}")
            assert not reader.driver.execute_script(cut), name


def test_the_documentation_has_a_picture_of_each_page(reader, server, tmp_path):
    taken = screenshots.take(reader, server, tmp_path)
    page = (screenshots.FOLDER.parent / "pages.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"images/([a-z-]+)\.png", page)) == sorted(taken)
    assert sorted(one.stem for one in screenshots.FOLDER.glob("*.png")) == sorted(taken)
    assert max(one.stat().st_size for one in screenshots.FOLDER.glob("*.png")) < 150_000
