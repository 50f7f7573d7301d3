"""No value changes what a page of the sandbox is made of: read back, it has the tags of a page with plain values."""

from __future__ import annotations

import itertools
import logging
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

from as_browsers_read import Read
from govcomponents import GovComponents, GovComponentsError, Money
from govcomponents.sandbox.http.messages import Call
from notify.hostile import VALUES

NOW = "2026-03-02T09:00:00Z"
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"
BATCH = 40


class Skeleton(HTMLParser):
    """What a page is made of: its tags, the names of their attributes, and the links that may be followed."""

    def __init__(self, page):
        super().__init__()
        self.parts, self.texts, self.links = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.parts.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag):
        self.parts.append(("/", tag))

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.parts.append(("comment", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


def by_browsers(text):
    return Read(text, is_page=True)


def filled(values):
    """A sandbox with a payment and a text message for each value, or for "plain" where it is refused."""
    gov = GovComponents.sandbox(now=NOW)
    for value in values:
        for made in (value, "plain"):
            try:
                gov.pay.create(Money.gbp("1.00"), made, made, "https://service.example.gov.uk/back")
                break
            except GovComponentsError:
                continue
        for made in (value, "plain"):
            try:
                words = {"name": made, "amount": made, "reference": made}
                gov.notify.send_sms("07700900123", RECEIPT, words, made)
                break
            except GovComponentsError:
                continue
    return gov


def page(gov, path, form=None):
    answer = gov.simulator.visit(gov.simulator.base_url + path, form)
    assert answer.status < 500, path
    kind = answer.headers.get("content-type", "")
    is_fixed = answer.status == 403  # the page of the network before the provider, in which nothing of a caller's is
    assert "content-security-policy" in answer.headers or is_fixed or not kind.startswith("text/html"), path
    assert all("\n" not in value and "\r" not in value for value in answer.headers.values())
    return answer


def batches():
    it = iter(value for value in VALUES if len(value) <= 1000)
    while batch := list(itertools.islice(it, BATCH)):
        yield batch


def test_the_corpus_is_large():
    assert len(VALUES) >= 400


def test_what_was_sent_and_paid_changes_no_page_that_lists_it(caplog):
    with caplog.at_level(logging.DEBUG):
        for values in batches():
            with filled(values) as hostile, filled(["plain"] * len(values)) as plain:
                for path in ("/", "/_sandbox/timeline", "/_sandbox/outbox", "/_sandbox/callbacks"):
                    both = [page(one, path).body.decode() for one in (hostile, plain)]
                    for read in (Skeleton, by_browsers):
                        got, expected = map(read, both)
                        assert got.parts == expected.parts, (path, values)
                        assert all(link.startswith(("/", "#")) for link in got.links), (path, values)
    assert not [record for record in caplog.records if set("\r\n\x1b") & set(record.getMessage())]


def test_what_a_browser_sends_changes_no_page():
    with GovComponents.sandbox(now=NOW) as gov:
        payment = gov.pay.create(Money.gbp("1.00"), "R-1", "D", "https://service.example.gov.uk/back")
        card = payment.next_url.reveal()[len(gov.simulator.base_url) :]
        names = ("card_number", "cardholder_name", "expiry", "cvc", "email", "address_line1", "postcode")

        def shown(value):
            yield page(gov, f"/_sandbox/came-back?{urlencode({'code': value, 'state': value})}")
            yield page(gov, f"/_sandbox/timeline?{urlencode({'reference': value})}")
            yield page(gov, f"/_sandbox/nothing/{quote(value, safe='')}")
            yield page(gov, card, dict.fromkeys(names, value))
            yield page(gov, "/_sandbox/clock", {"now": value, "seconds": value, "action": value})
            yield page(gov, "/_sandbox/faults", {"provider": value, "fault": value, "operation": value})
            yield page(gov, f"/authorize?{urlencode({'client_id': value, 'redirect_uri': value, 'state': value})}")

        plain = [one.body.decode() for one in shown("plain")]
        expected = {read: [read(one).parts for one in plain] for read in (Skeleton, by_browsers)}
        seen = set()
        for value in VALUES:
            sendable = value.encode("utf-8", "replace").decode()
            for number, answer in enumerate(shown(sendable)):
                if answer.status == 403:
                    assert sendable not in answer.body.decode()
                    continue
                text = answer.body.decode()
                if (number, text) in seen:  # a page that shows nothing of what was sent is read once
                    continue
                seen.add((number, text))
                for read in (Skeleton, by_browsers):
                    got, known = read(text), expected[read][number]
                    assert got.parts == known or {part[0] for part in got.parts} <= {part[0] for part in known}, value
                    assert all(link.startswith(("/", "#", "http://", "https://")) for link in got.links), value


def test_what_is_no_page_is_never_read_as_one():
    with GovComponents.sandbox(now=NOW) as gov:
        for value in VALUES[:100]:
            call = Call("GET", "/" + value, "", {}, b"", gov.simulator.base_url)
            answer = gov.simulator.respond(call)
            kind = answer.headers.get("content-type", "")
            assert answer.status in (302, 303, 400, 404, 405) or value == ""
            if not kind.startswith("text/html"):
                assert "json" in kind or answer.headers.get("x-content-type-options") == "nosniff", value
