"""The request log: what came, why it was refused, masked until one asks, bounded, and to be sent again."""

from __future__ import annotations

import html
import json
import re
import time
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest

from govcomponents import GovComponents, GovComponentsError, Money, OutcomeUnknown
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.server import serving

PEOPLE = ("canary@example.com", "07700900199", "Canary Example")


@pytest.fixture
def gov() -> GovComponents:
    return GovComponents.sandbox()


def page(gov: GovComponents, path: str) -> str:
    response = gov.simulator.visit(f"{gov.simulator.base_url}{path}")
    assert response.status == 200, response.body
    return html.unescape(response.body.decode().replace("<wbr>", ""))


def newest(gov: GovComponents) -> int:
    return gov.simulator.requests.requests()[-1].number


def pay(gov: GovComponents) -> None:
    gov.pay.create(
        Money.gbp("145.00"),
        "RENEW-7",
        "Renew a licence",
        "https://service.example.gov.uk/back",
        email="canary@example.com",
    )


def text(gov: GovComponents) -> None:
    values = {"name": "Canary Example", "reference": "R", "amount": "£1"}
    gov.notify.send_sms("07700900199", "5ab1ec0d-0000-4000-8000-000000000102", values)


def test_a_refused_request_says_why_in_the_providers_words(gov: GovComponents) -> None:
    with pytest.raises(GovComponentsError):
        gov.pay.get("none")
    told = page(gov, "/_sandbox/requests")
    assert "GET /v1/payments/none" in told
    assert "Not found" in told
    with pytest.raises(GovComponentsError):
        gov.notify.send_sms("07700900199", "5ab1ec0d-0000-4000-8000-000000000102", {})
    assert "Missing personalisation" in page(gov, "/_sandbox/requests?refused=1")


def test_secrets_and_people_are_masked_until_one_asks(gov: GovComponents) -> None:
    pay(gov)
    list(gov.pay.search(email="canary@example.com"))
    text(gov)
    gov.simulator.one_login.sign_in_as("SAM")
    signing_in = gov.identity.start()
    back = gov.simulator.visit(signing_in.url).headers["location"]
    gov.identity.complete(signing_in.pending, back)
    code = re.search(r"code=([^&]+)", back)
    assert code is not None
    hidden = [*PEOPLE, "api_test_", code[1], signing_in.pending.state.reveal(), "eyJ"]
    entries = gov.simulator.requests.requests()
    assert len(entries) >= 5
    told = page(gov, "/_sandbox/requests")
    for entry in entries:
        told += page(gov, f"/_sandbox/requests/{entry.number}")
    assert [value for value in hidden if value in told] == []
    assert "RENEW-7" in told
    revealed = "".join(page(gov, f"/_sandbox/requests/{entry.number}?reveal=1") for entry in entries)
    assert [value for value in hidden if value not in revealed] == []


def test_a_person_in_a_reference_is_masked_in_the_answer_too(gov: GovComponents) -> None:
    for reference in ("Canary Example", "07700900199"):
        gov.pay.create(Money.gbp("145.00"), reference, "Renew a licence", "https://service.example.gov.uk/back")
        entry = gov.simulator.requests.requests()[-1]
        assert reference in entry.shown_answer(reveal=True)
        assert reference not in entry.shown_body(reveal=False) + entry.shown_answer(reveal=False)


def test_values_on_the_page_are_text(gov: GovComponents) -> None:
    evil = "<script>alert(1)</script>"
    gov.simulator.visit(f"{gov.simulator.base_url}/v1/payments?reference={evil}&email={evil}")
    raw = gov.simulator.visit(f"{gov.simulator.base_url}/_sandbox/requests/{newest(gov)}?reveal=1").body.decode()
    assert evil not in raw
    assert html.escape(evil, quote=False) in raw or "%3Cscript" in raw


def test_the_fault_that_struck_is_named(gov: GovComponents) -> None:
    gov.simulator.control.arm("pay", "connection_dropped_after_acceptance", operation="pay.create", times=1)
    with pytest.raises(OutcomeUnknown):
        pay(gov)
    (entry,) = [one for one in gov.simulator.requests.requests() if one.fault]
    assert (entry.fault, entry.status, entry.is_refused) == ("connection_dropped_after_acceptance", None, True)
    assert "the connection was cut" in page(gov, f"/_sandbox/requests/{entry.number}")


def test_a_request_is_sent_again_as_it_came(gov: GovComponents) -> None:
    pay(gov)
    first = newest(gov)
    again = gov.simulator.visit(f"{gov.simulator.base_url}/_sandbox/requests/{first}/again", {})
    assert again.status == 303
    one, two = gov.simulator.requests.requests()[-2:]
    assert (two.method, two.path, two.body, two.status) == (one.method, one.path, one.body, 201)
    assert again.headers["location"] == f"/_sandbox/requests/{two.number}"
    assert len(list(gov.pay.search(reference="RENEW-7"))) == 2


def test_a_fault_may_strike_what_is_sent_again(gov: GovComponents) -> None:
    pay(gov)
    first = newest(gov)
    gov.simulator.control.arm("pay", "connection_dropped_after_acceptance", operation="pay.create", times=1)
    again = gov.simulator.visit(f"{gov.simulator.base_url}/_sandbox/requests/{first}/again", {})
    assert (again.status, again.headers["location"]) == (303, f"/_sandbox/requests/{newest(gov)}")
    assert "the connection was cut" in page(gov, again.headers["location"])


def run_as_pasted(gov: GovComponents, number: int) -> str:
    """Run what people copy, in a sandbox as the mark wants it."""
    told = page(gov, f"/_sandbox/requests/{number}?reveal=1")
    start = re.search(r"(from contextlib import suppress\n\n)?import pytest\n", told).start()
    code = told[start : told.index("</pre>", start)]
    made: dict[str, Any] = {}
    exec(code, made)  # it is what people copy
    (name,) = (name for name in made if name.startswith("test_"))
    (mark,) = made[name].pytestmark
    assert mark.name == "gov_sandbox"
    with GovComponents.sandbox(**mark.kwargs) as fresh:
        made[name](fresh)
    return code


def test_a_request_becomes_a_test_that_passes(gov: GovComponents) -> None:
    pay(gov)
    run_as_pasted(gov, newest(gov))


def test_a_test_begins_with_what_the_request_rests_on() -> None:
    with GovComponents.sandbox(seed=7) as gov:
        pay(gov)
        (paid,) = gov.pay.search()
        gov.pay.cancel(paid.id)
        gov.pay.get(paid.id)
        assert run_as_pasted(gov, newest(gov)).count("sandbox.respond(") == 4
        list(gov.pay.search())
        assert run_as_pasted(gov, newest(gov)).count("sandbox.respond(") == 1


def test_a_test_of_a_signed_request_passes_days_later() -> None:
    with GovComponents.sandbox(now="2026-03-02T09:00:00Z") as gov:
        text(gov)
        gov.simulator.clock.advance(3 * 86400)
        text(gov)
        run_as_pasted(gov, 1)
        run_as_pasted(gov, newest(gov))


@pytest.mark.parametrize("fault", ["rate_limited", "connection_dropped_after_acceptance"])
def test_a_test_arms_the_fault_that_struck(gov: GovComponents, fault: str) -> None:
    gov.simulator.faults.arm("pay", fault, operation="pay.create", times=1)
    with suppress(OutcomeUnknown):
        pay(gov)
    run_as_pasted(gov, 1)
    (paid, *_) = gov.pay.search()
    gov.pay.get(paid.id)
    run_as_pasted(gov, newest(gov))


def test_a_test_that_would_rest_on_what_the_log_has_not_is_not_shown(gov: GovComponents) -> None:
    pay(gov)
    (paid,) = gov.pay.search()
    for _ in range(101):
        gov.pay.get(paid.id)
    told = page(gov, f"/_sandbox/requests/{newest(gov)}?reveal=1")
    assert "rests on more requests than a test can hold" in told
    assert "import pytest" not in told


def test_what_has_no_route_is_logged_too_and_own_pages_are_not(gov: GovComponents) -> None:
    gov.simulator.visit(f"{gov.simulator.base_url}/v1/nothing")
    assert gov.simulator.requests.requests()[-1].path == "/v1/nothing"
    page(gov, "/_sandbox/timeline")
    assert gov.simulator.requests.requests()[-1].path == "/v1/nothing"


@pytest.mark.parametrize("number", ["0", "999", "x", "1" * 30])
def test_a_request_that_is_not_kept_is_not_found(gov: GovComponents, number: str) -> None:
    assert gov.simulator.visit(f"{gov.simulator.base_url}/_sandbox/requests/{number}").status == 404


def test_the_log_is_bounded(gov: GovComponents) -> None:
    body = {"field": "x" * 8000}
    for _ in range(3000):
        gov.simulator.visit(f"{gov.simulator.base_url}/v1/payments", body)
    kept = gov.simulator.requests.requests()
    assert sum(len(one.body) + len(one.answer) + 600 for one in kept) <= 16 * 1024 * 1024
    assert kept[-1].number == 3000
    assert not kept[-1].is_whole


def test_it_is_narrowed_down_by_provider_and_words(gov: GovComponents) -> None:
    pay(gov)
    text(gov)
    assert "POST /v2/notifications/sms" not in page(gov, "/_sandbox/requests?provider=pay")
    assert "POST /v1/payments" not in page(gov, "/_sandbox/requests?words=sms")
    assert "No request fits" in page(gov, "/_sandbox/requests?words=nothing-at-all")


def test_a_reset_forgets_it(gov: GovComponents) -> None:
    pay(gov)
    gov.simulator.reset()
    assert gov.simulator.requests.requests() == []


SECRETS = "k3y0f0nobody"


def send(gov: GovComponents, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> None:
    path, _, query = url.partition("?")
    given = {name.lower(): value for name, value in headers.items()}
    gov.simulator.respond(Call(method, path, query, given, body, gov.simulator.base_url))


@pytest.mark.parametrize(
    ("header", "value", "shown"),
    [
        ("Authorization", f"Bearer {SECRETS}", "Bearer (hidden)"),
        ("Authorization", f"Bearer\t{SECRETS}", "Bearer (hidden)"),
        ("Authorization", SECRETS, "(hidden)"),
        ("Authorization", f"{SECRETS} Bearer", "(hidden)"),
        ("Authorization", "", "(hidden)"),
        ("Cookie", f"session={SECRETS}; b=c", "(hidden)"),
        ("X-Api-Key", SECRETS, "(hidden)"),
        ("Referer", f"https://service.example.gov.uk/?email={SECRETS}", "(hidden)"),
    ],
)
def test_no_form_of_a_header_shows_a_secret(gov: GovComponents, header: str, value: str, shown: str) -> None:
    send(gov, "GET", "/v1/payments", {header: value, "User-Agent": "curl/8"})
    told = page(gov, f"/_sandbox/requests/{newest(gov)}")
    assert SECRETS not in told
    assert f"{header.lower()}: {shown}\n" in told
    assert "user-agent: curl/8" in told


def test_a_value_that_was_sent_without_a_name_is_masked(gov: GovComponents) -> None:
    send(gov, "GET", f"/v1/payments?{SECRETS}&page=2", {})
    told = page(gov, f"/_sandbox/requests/{newest(gov)}")
    assert SECRETS not in told
    assert "(hidden)&page=2" in told
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    send(gov, "POST", "/token", form, f"grant_type=authorization_code&{SECRETS}".encode())
    told = page(gov, f"/_sandbox/requests/{newest(gov)}")
    assert SECRETS not in told
    assert "grant_type=authorization_code\n(hidden)" in told


JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PERSON = "Nightingale.canary@example.com"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", f"/v1/payments/{PERSON}", {}, b""),
        ("GET", f"/v1/payments/{PERSON.replace('@', '%40')}/refunds", {}, b""),
        ("GET", "/v2/notifications/Florence%20Nightingale", {}, b""),
        ("GET", "/v2/notifications/07700900123", {}, b""),
        ("GET", "/v2/notifications/+447700900123", {}, b""),
        ("GET", f"/v1/payments/api_test_{'canary' * 6}7", {}, b""),
        ("GET", f"/v2/no/such/{PERSON}", {}, b""),
        ("POST", "/v1/payments", JSON, json.dumps({PERSON: 1, "a": {f"to {PERSON}": [PERSON]}}).encode()),
        ("POST", "/v1/payments", JSON, json.dumps({"Florence Nightingale": 1, "07700900123": 2}).encode()),
        ("POST", "/v1/payments", JSON, json.dumps({"error": PERSON, "state": "Nightingale"}).encode()),
        (
            "POST",
            "/v1/payments",
            JSON,
            json.dumps({"reference": PERSON, "status": [PERSON], "id": "07700 900123"}).encode(),
        ),
        ("POST", "/v1/payments", JSON, json.dumps({"code": "Nightingale", "field": PERSON, "param": PERSON}).encode()),
        ("POST", "/token", FORM, f"error={PERSON}&state=Nightingale&{PERSON}=1&scope={PERSON}".encode()),
        ("GET", f"/v1/payments?error={PERSON}&state=Nightingale&{PERSON}=1&reference={PERSON}", {}, b""),
        ("GET", "/v1/payments?reference=07700900123&page=Florence+Nightingale", {}, b""),
    ],
)
def test_nobody_is_shown_wherever_a_client_puts_them(
    gov: GovComponents, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    send(gov, method, path, headers, body)
    (entry,) = gov.simulator.requests.requests()[-1:]
    told = page(gov, "/_sandbox/requests") + page(gov, f"/_sandbox/requests/{entry.number}") + entry.shown_path()
    assert [one for one in ("ightingale", "900123", "api_test_", "canary") if one in told] == []
    assert "ightingale" in entry.path + entry.query + entry.body.decode() or "9" in path or "api_test_" in path


def test_words_and_ids_are_shown(gov: GovComponents) -> None:
    for path in (
        "/v1/payments/hu20sqlact5260q2nanm0q8u93/refunds",
        "/v2/notifications/740e5834-3a29-46b4-9a6f-16142fde533a",
        "/v1/checkout/sessions/cs_test_a1b2c3d4e5f6",
        "/.well-known/openid-configuration",
    ):
        send(gov, "GET", f"{path}?page=2&reference=RENEW-7", {})
        (entry,) = gov.simulator.requests.requests()[-1:]
        assert entry.shown_path() == path
        assert entry.shown_query(reveal=False) == "page=2&reference=RENEW-7"


def test_a_refusal_is_explained_by_the_error_reference(gov: GovComponents) -> None:
    with pytest.raises(GovComponentsError) as raised:
        gov.pay.get("none")
    told = page(gov, f"/_sandbox/requests/{newest(gov)}")
    assert f'href="/_sandbox/errors#{type(raised.value).__name__}"' in told
    assert raised.value.happened in told
    assert raised.value.fix
    assert raised.value.fix in told
    assert 'id="NotFound"' in page(gov, "/_sandbox/errors")
    assert "NotFound</a>: there is no such payment" in page(gov, "/_sandbox/requests?refused=1")


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/authorize", "/v2/template/x", "/v1/payments"])
def test_every_providers_refusal_is_explained(gov: GovComponents, path: str) -> None:
    send(gov, "POST" if path == "/token" else "GET", path, {"User-Agent": "x"})
    assert "Why it was refused" in page(gov, f"/_sandbox/requests/{newest(gov)}")


def test_it_says_by_whose_key_a_request_came(gov: GovComponents) -> None:
    pay(gov)
    assert "By the key of</dt><dd>Renew a licence" in page(gov, f"/_sandbox/requests/{newest(gov)}")
    send(gov, "GET", "/v1/payments", {"Authorization": "Bearer api_test_none"})
    assert "nobody whom the world knows" in page(gov, f"/_sandbox/requests/{newest(gov)}")
    text(gov)
    named = page(gov, f"/_sandbox/requests/{newest(gov)}")
    assert re.search(r"By the key of</dt><dd>[^<]+, key [^<]+<", named)


def test_news_come_as_server_sent_events(gov: GovComponents) -> None:
    url = f"{gov.simulator.base_url}/_sandbox/requests/live?after=0"
    assert b"nothing new" in gov.simulator.visit(url).body
    pay(gov)
    answer = gov.simulator.visit(url)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.body == b"retry: 500\nid: 1\ndata: 1\n\n"


def test_a_browser_waits_for_news_and_a_stop_ends_its_wait() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import urlopen

    def ask(url: str) -> bytes:
        with urlopen(url) as answer:
            return bytes(answer.read())

    with ThreadPoolExecutor(2) as pool, serving() as server:
        url = f"{server.base_url}/_sandbox/requests/live?wait=1&after="
        first = pool.submit(ask, f"{url}0")
        server.sandbox.visit(f"{server.base_url}/v1/payments")
        assert b"data: 1" in first.result(10)
        began = time.monotonic()
        pool.submit(ask, f"{url}1")
        time.sleep(0.2)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("came", "extra", "least_kept"), [(10_000, {}, 10_000), (700, {"x-long": "y" * 60_000}, 400)])
def test_ten_thousand_requests_take_at_most_thirty_mebibytes(
    gov: GovComponents, came: int, extra: dict[str, str], least_kept: int
) -> None:
    headers = {"authorization": "Bearer api_test_none", "content-type": "application/json", "user-agent": "x" * 50}
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(came):
        body = b'{"amount": 14500, "reference": "R-%d", "description": "%s"}' % (number, b"x" * 300)
        # as from a connection: every text is a new one
        given = {f"{name} "[:-1]: f"{value} "[:-1] for name, value in (headers | extra).items()}
        gov.simulator.respond(Call("POST", f"/v1/payments/{number}", "", given, body, gov.simulator.base_url))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(gov.simulator.requests.requests()) >= least_kept
    assert used <= 30 * 1024 * 1024
