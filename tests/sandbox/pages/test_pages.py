"""The sandbox's own pages, as a person meets them: read, follow links, send forms, make mistakes."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from govcomponents import GovComponents, Money
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.plugins.outbox import OutboxMessage

NOW = "2026-03-02T09:00:00Z"
RULE = DeliveryRule(1, (60,), lambda status: status == 200, lambda status: True)
CALLBACK = Callback("pay", "captured", "https://service.example.gov.uk/hook", {}, b'{"<b>": 1}', RULE, "RENEW-7")
PAGES = ["/", *(f"/_sandbox/{name}" for name in ("timeline", "outbox", "callbacks", "faults", "clock", "came-back"))]


@pytest.fixture
def gov():
    with GovComponents.sandbox(now=NOW) as made:
        yield made


@pytest.fixture
def sandbox(gov):
    return gov.simulator


def see(sandbox, path, status=200):
    answer = sandbox.visit(sandbox.base_url + path)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.body.decode()


def send(sandbox, path, form, status=303):
    answer = sandbox.visit(sandbox.base_url + path, form)
    assert answer.status == status
    return answer.headers.get("location") or answer.body.decode()


def words(page):
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


class Outline(HTMLParser):
    """Collects what every page must have."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.labels, self.inputs, self.links, self.headings, self.tags = [], set(), [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label":
            self.labels.add(values["for"])
        if tag in ("input", "select", "textarea") and values.get("type") != "hidden":
            self.inputs.append(values.get("id"))
        if tag == "a":
            self.links.append(values["href"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def message(kind, **more):
    known = {
        "id": f"{kind}-1",
        "kind": kind,
        "at": Sandbox(now=NOW).clock.now(),
        "to": "sam@example.com",
        "text": "Dear <Sam>",
        "status": "delivered",
        "reference": "RENEW-7",
        "template": "Receipt",
        "sender": "Renew a licence",
    }
    return OutboxMessage(**{**known, **more})


def keep(sandbox, monkeypatch, messages):
    by_id = {one.id: one for one in messages}
    monkeypatch.setattr(
        sandbox.notify, "newest_messages", lambda words, limit: (messages[::-1][:limit], len(messages)), raising=False
    )
    monkeypatch.setattr(sandbox.notify, "outbox_message", by_id.get, raising=False)


def full(sandbox, monkeypatch):
    sandbox.faults.arm("pay", "server_error", nth=2, times=3, probability=0.5, seconds=60)
    sandbox.faults.arm("notify", "bad_gateway")
    sandbox.callbacks.send(CALLBACK)
    sandbox.callbacks.send(lambda number: None)
    sandbox.timeline.record("pay", "created <b>", "RENEW-7 & more")
    messages = [
        message("email", subject="Your <receipt>", html="<p>Dear Sam</p>"),
        message("sms", fragments=2, status="permanent-failure"),
        message("letter", status="received", reference=None),
    ]
    keep(sandbox, monkeypatch, messages)


@pytest.mark.parametrize(
    "path", [*PAGES, "/_sandbox/outbox/email-1", "/_sandbox/outbox/sms-1", "/_sandbox/outbox/letter-1"]
)
@pytest.mark.parametrize("is_full", [False, True])
def test_every_page_is_sound(sandbox, monkeypatch, path, is_full):
    if is_full:
        full(sandbox, monkeypatch)
    elif "/outbox/" in path:
        assert "There is no such message" in see(sandbox, path, 404)
        return
    page = see(sandbox, path)
    outline = Outline(page)
    assert '<html lang="en">' in page
    assert "Sandbox: this is not a real service" in page
    assert page.count("<h1>") == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.inputs) <= outline.labels
    assert re.findall(r"<script.*", page) == ['<script src="/_sandbox/page.js" defer></script>']
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert "<b>" not in page
    for link in outline.links:
        if link.startswith("/"):
            assert sandbox.visit(sandbox.base_url + link).status == 200
        else:
            assert link.removeprefix("#") in outline.ids
    for tag, values in outline.tags:
        if tag == "form":
            assert values["action"].startswith("/_sandbox/")


def test_home_shows_all_three_and_how_to_connect(gov, sandbox):
    gov.pay.create(Money.gbp("10.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")
    text = words(see(sandbox, "/"))
    for part in ("GOV.UK Pay", "GOV.UK Notify", "GOV.UK One Login", "2 Mar 2026, 09:00:00 UTC", "RENEW-7"):
        assert part in text
    for setting in ("GOVCOMPONENTS_PAY__API_KEY", "GOVCOMPONENTS_NOTIFY__API_KEY", "GOVCOMPONENTS_IDENTITY__CLIENT_ID"):
        assert setting in text


def test_home_says_what_a_world_leaves_out():
    text = words(see(Sandbox({}), "/"))
    assert text.count("Not here: the world file has no section for it.") == 3
    assert "Nothing yet." in text


def test_the_timeline_can_be_narrowed_down(sandbox):
    sandbox.timeline.record("pay", "payment created", "RENEW-7")
    sandbox.timeline.record("notify", "email sent", "OTHER-1")
    everything, some = see(sandbox, "/_sandbox/timeline"), see(sandbox, "/_sandbox/timeline?reference=RENEW")
    assert "email sent" in everything
    assert "email sent" not in some
    assert "payment created" in some
    assert "Nothing has happened under that reference" in see(sandbox, "/_sandbox/timeline?reference=%22%3E%3Cb%3E")


def test_long_lists_are_cut_and_say_so(sandbox, monkeypatch):
    for number in range(205):
        sandbox.timeline.record("pay", f"event {number}.")
    page = see(sandbox, "/_sandbox/timeline")
    assert "event 204." in page
    assert "event 4." not in page
    assert "The newest 200 of 205 are shown" in page
    many = [message("sms", id=f"sms-{number}") for number in range(201)]
    keep(sandbox, monkeypatch, many)
    assert "The newest 200 of 201 are shown" in see(sandbox, "/_sandbox/outbox")
    for _ in range(201):
        sandbox.callbacks.send(CALLBACK)
    assert "The newest 200 of 201 are shown" in see(sandbox, "/_sandbox/callbacks")


def test_a_message_is_shown_as_its_reader_sees_it(sandbox, monkeypatch):
    full(sandbox, monkeypatch)
    email = see(sandbox, "/_sandbox/outbox/email-1")
    assert "Your &lt;receipt&gt;" in email
    assert "Dear &lt;Sam&gt;" in email
    assert 'src="/_sandbox/outbox/email-1/email" sandbox' in email
    text = see(sandbox, "/_sandbox/outbox/sms-1")
    assert '<p class="bubble">Dear &lt;Sam&gt;</p>' in text
    assert "<dt>Fragments</dt><dd>2</dd>" in text
    assert '<div class="sheet"' in see(sandbox, "/_sandbox/outbox/letter-1")


def test_the_frame_of_an_email_can_do_nothing(sandbox, monkeypatch):
    full(sandbox, monkeypatch)
    answer = sandbox.visit(sandbox.base_url + "/_sandbox/outbox/email-1/email")
    assert answer.body == b"<p>Dear Sam</p>"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'self'" in policy
    see(sandbox, "/_sandbox/outbox/sms-1/email", 404)
    see(sandbox, "/_sandbox/outbox/none/email", 404)


def test_coming_back_shows_what_came_back(sandbox):
    text = words(see(sandbox, "/_sandbox/came-back?code=abc&state=%3Cb%3E&mine=1"))
    for part in ("code abc A one-use code.", "&lt;b&gt;", "mine 1 The service's own parameter.".replace("'", "&#39;")):
        assert part in text.replace("'", "&#39;")
    assert "Nothing came back in the address" in see(sandbox, "/_sandbox/came-back")


def test_a_fault_is_armed_and_taken_back_on_its_page(sandbox):
    form = {"fault": "pay:server_error", "operation": "pay.create", "nth": "", "times": "2", "probability": "0.5"}
    assert send(sandbox, "/_sandbox/faults", form) == "/_sandbox/faults"
    (armed,) = sandbox.faults.armed()
    assert (armed.provider, armed.fault, armed.operation) == ("pay", "server_error", "pay.create")
    assert (armed.times, armed.probability) == (2, 0.5)
    assert "at most 2 times" in see(sandbox, "/_sandbox/faults")
    assert send(sandbox, f"/_sandbox/faults/{armed.id}/disarm", {}) == "/_sandbox/faults"
    assert sandbox.faults.armed() == []
    assert "There is no such fault" in send(sandbox, f"/_sandbox/faults/{armed.id}/disarm", {}, 404)
    sandbox.faults.arm("pay", "server_error")
    send(sandbox, "/_sandbox/faults/clear", {})
    assert sandbox.faults.armed() == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "fault"),
        ({"fault": "pay:sever"}, "fault"),
        ({"fault": "pay:server_error", "operation": "notify.get"}, "operation"),
        ({"fault": "pay:server_error", "nth": "0"}, "nth"),
        ({"fault": "pay:server_error", "nth": "one"}, "nth"),
        ({"fault": "pay:server_error", "times": "-1"}, "times"),
        ({"fault": "pay:server_error", "probability": "2"}, "probability"),
        ({"fault": "pay:server_error", "seconds": "0"}, "seconds"),
        ({"fault": "pay:server_error", "seconds": "inf"}, "seconds"),
    ],
)
def test_a_mistake_on_the_fault_page_is_shown_at_its_field(sandbox, form, field):
    page = send(sandbox, "/_sandbox/faults", form, 400)
    assert "<title>Error: Faults" in page
    assert f'<a href="#{field}">' in page
    assert f'id="{field}-error"' in page
    assert sandbox.faults.armed() == []


def test_every_mistake_is_told_at_once_in_the_order_of_the_fields(sandbox):
    def told(path, form):
        page = send(sandbox, path, form, 400)
        return re.findall(r'<li><a href="#(\w+)">(.+?)</a>', page), page

    form = {"fault": "pay:sever", "nth": "0", "times": "x", "probability": "2", "seconds": "0"}
    found, page = told("/_sandbox/faults", form)
    assert [field for field, _ in found] == ["fault", "nth", "times", "probability", "seconds"]
    assert [field for field, _ in found] == re.findall(r'id="(\w+)-error"', page)
    found, page = told("/_sandbox/callbacks/perturbation", {"copies": "99", "shuffle_seconds": "-1", "paused": "yes"})
    assert [field for field, _ in found] == ["copies", "shuffle_seconds"]
    assert 'name="paused" type="checkbox" value="yes" checked' in page
    found, _ = told("/_sandbox/clock", {"action": "advance", "amount": "soon", "unit": "years"})
    assert [field for field, _ in found] == ["amount", "unit"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"day": "", "month": "", "year": "2026"}, [("day", "The date must include a day and month")]),
        ({"day": "x", "month": "3", "year": ""}, ["year", "day"]),
        ({"day": "1", "month": "13", "year": "2026"}, [("day", "The date must be a real one, from 1970 to 9999")]),
        ({"day": "1", "month": "1", "year": "26", "time": "25:00"}, ["year", "time"]),
    ],
)
def test_the_date_input_tells_what_is_missing_in_one_sentence_and_marks_only_what_is_wrong(sandbox, parts, expected):
    page = send(sandbox, "/_sandbox/clock", {"action": "set", "time": "09:00", **parts}, 400)
    found = re.findall(r'<li><a href="#(\w+)">(.+?)</a>', page)
    assert [one if isinstance(two, tuple) else one[0] for one, two in zip(found, expected, strict=True)] == expected
    marked = set(re.findall(r'<input id="(\w+)"[^>]*aria-invalid', page))
    assert marked <= {"day", "month", "year", "time"}
    assert "year" not in marked or "year" in expected


def test_the_clock_is_moved_set_stopped_and_run_on_its_page(sandbox):
    for unit, seconds in (("seconds", 5), ("minutes", 300), ("hours", 18000), ("days", 432000)):
        before = sandbox.clock.time()
        send(sandbox, "/_sandbox/clock", {"action": "advance", "amount": "5", "unit": unit})
        assert sandbox.clock.time() - before == seconds
    send(sandbox, "/_sandbox/clock", {"action": "set", "moment": " 2027-01-01T00:00 "})
    assert "1 Jan 2027, 00:00:00" in see(sandbox, "/_sandbox/clock")
    parts = {"day": "2", "month": "3", "year": "2028", "time": "09:30"}
    send(sandbox, "/_sandbox/clock", {"action": "set", **parts})
    assert "2 Mar 2028, 09:30:00" in see(sandbox, "/_sandbox/clock")
    send(sandbox, "/_sandbox/clock", {"action": "run"})
    assert sandbox.clock.is_running
    assert "Let it stand" in see(sandbox, "/_sandbox/clock")
    send(sandbox, "/_sandbox/clock", {"action": "stop"})
    assert not sandbox.clock.is_running


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"action": "advance"}, "amount"),
        ({"action": "advance", "amount": "soon"}, "amount"),
        ({"action": "advance", "amount": "-1"}, "amount"),
        ({"action": "advance", "amount": "9999999999", "unit": "days"}, "amount"),
        ({"action": "advance", "amount": "1", "unit": "years"}, "unit"),
        ({"action": "set", "moment": "noon"}, "moment"),
        ({"action": "set", "day": "", "month": "3", "year": "2026", "time": "09:00"}, "day"),
        ({"action": "set", "day": "31", "month": "2", "year": "2026", "time": "09:00"}, "day"),
        ({"action": "set", "day": "1", "month": "two", "year": "2026", "time": "09:00"}, "month"),
        ({"action": "set", "day": "1", "month": "2", "year": "2026", "time": "nine"}, "time"),
        ({}, "amount"),
    ],
)
def test_a_mistake_on_the_clock_page_is_shown_at_its_field(sandbox, form, field):
    before = sandbox.clock.time()
    page = send(sandbox, "/_sandbox/clock", form, 400)
    assert f'<a href="#{field}">' in page
    assert sandbox.clock.time() == before


def test_starting_again_from_the_page(sandbox):
    sandbox.timeline.record("pay", "payment created")
    assert send(sandbox, "/_sandbox/reset", {"seed": "9"}) == "/"
    assert sandbox.seed == 9
    assert sandbox.timeline.events() == []
    assert '<a href="#seed">' in send(sandbox, "/_sandbox/reset", {"seed": "many"}, 400)


def test_callbacks_are_resent_delivered_and_disturbed_on_their_page(sandbox):
    got = []
    sandbox.callbacks.send(replace(CALLBACK))
    page = see(sandbox, "/_sandbox/callbacks")
    assert "it sends nothing by itself" in page
    assert "&lt;b&gt;" in page
    sandbox.callbacks.receive(lambda callback: got.append(callback) or 500)
    assert len(got) == 1
    send(sandbox, "/_sandbox/callbacks/callback-1/resend", {})
    assert len(got) == 2
    assert "There is no such callback" in send(sandbox, "/_sandbox/callbacks/callback-9/resend", {}, 404)
    send(sandbox, "/_sandbox/callbacks/perturbation", {"copies": "2", "delay_seconds": "5", "paused": "yes"})
    now = sandbox.callbacks.perturbation
    assert (now.copies, now.delay_seconds, now.paused) == (2, 5, True)
    send(sandbox, "/_sandbox/callbacks/perturbation", {"copies": "1"})
    send(sandbox, "/_sandbox/callbacks/deliver", {})
    sandbox.clock.advance(60)
    send(sandbox, "/_sandbox/callbacks/deliver", {})
    assert len(got) == 3
    for form in ({"copies": "0x"}, {"copies": "99"}, {"delay_seconds": "later"}):
        assert "There is a problem" in send(sandbox, "/_sandbox/callbacks/perturbation", form, 400)


def test_another_sites_page_cannot_send_the_forms(sandbox):
    headers = {"origin": "https://evil.example.com", "host": "sandbox.example.gov.uk"}
    answer = sandbox.respond(Call("POST", "/_sandbox/reset", "", headers, b"", sandbox.base_url))
    assert answer.status == 403


def test_unknown_pages_and_methods_are_refused(sandbox):
    for path in ("/nothing", "/_sandbox", "/_sandbox/nothing", "/favicon.ico"):
        assert sandbox.visit(sandbox.base_url + path).status == 404
    answer = sandbox.respond(Call("DELETE", "/", "", {}, b"", sandbox.base_url))
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    answer = sandbox.respond(Call("DELETE", "/_sandbox/clock", "", {}, b"", sandbox.base_url))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_a_button_in_the_row_of_a_fault_arms_it_for_one_call(sandbox):
    form = re.search(
        r'name="fault" value="(pay:rate_limited)"><input type="hidden" name="times" value="1"',
        see(sandbox, "/_sandbox/faults"),
    )
    send(sandbox, "/_sandbox/faults", {"fault": form[1], "times": "1"})
    (armed,) = sandbox.faults.armed()
    assert (armed.provider, armed.fault, armed.times) == ("pay", "rate_limited", 1)
