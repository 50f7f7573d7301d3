"""The contract of web shells: a shell's tests subclass `WebSuite` and set `serve`.

The service that `serve` makes has the shell's routes below /gov, with its default settings; `/open`, for everybody;
`/protected`, for people who signed in and were proved to a medium confidence; and a handler of PaymentChanged that
appends the event's key to `handled`. The person's language is in their cookie `language`. Both pages answer with the
subject of the person who is signed in, or with "nobody".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, ClassVar, TypeAlias
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from govcomponents.components import AsyncGovComponents, GovComponents
from govcomponents.contracts.web.browser import Browser, Reply, WebClient, path_of
from govcomponents.web.messages import MAX_CALLBACK

AnyComponents: TypeAlias = GovComponents | AsyncGovComponents
Serve: TypeAlias = Callable[[Any, list[str]], WebClient]

SECRET = "webhook_test_contract0of0web0shells"  # noqa: S105  # of the sandbox alone
LEADS_AWAY = (
    "https://evil.example.com/",
    "//evil.example.com",
    "/\\evil.example.com",
    "/%5cevil.example.com",
    "/%2fevil.example.com",
    "\\\\evil.example.com",
    "javascript:alert(1)",
    "/a\r\nSet-Cookie: a=b",
    "/\tevil.example.com",
    "https:evil.example.com",
    "",
)


def _world(*, has_secret: bool = True) -> dict[str, object]:
    one_login = json.loads(
        files("govcomponents.sandbox.providers.one_login").joinpath("default_world.json").read_text()
    )
    one_login["clients"][0]["back_channel_logout_url"] = "https://service.example.gov.uk/gov/events/identity"
    service: dict[str, object] = {
        "name": "Renew a licence",
        "api_keys": [{"key": "api_test_only0in0the0sandbox"}],
    }
    if has_secret:
        service["webhooks"] = [{"url": "https://service.example.gov.uk/gov/events/pay", "secret": SECRET}]
    notify = json.loads(
        files("govcomponents.sandbox.providers.govuk_notify").joinpath("default_world.json").read_text()
    )
    return {"one_login": one_login, "pay": {"services": [service]}, "notify": notify}


def words_of(header: str | None) -> set[str]:
    """Return the words of a header that is a list."""
    return {word.strip().lower() for word in (header or "").split(",")}


class WebSuite:
    """The contract of a web framework's shell.

    `serve` makes a service on the components and a client of it; `components` are the kind that the shell takes.
    `is_kept_by_browser` is whether sign-ins that are under way wait in the browser's cookies, or on the server.
    """

    serve: ClassVar[Serve]
    is_kept_by_browser: ClassVar[bool] = True
    components: ClassVar[type[GovComponents | AsyncGovComponents]] = GovComponents

    @pytest.fixture
    def handled(self) -> list[str]:
        """The keys of the events of payments that the service's handler was given."""
        return []

    @pytest.fixture
    def gov(self) -> AnyComponents:
        """The components, on a sandbox with a back-channel and webhooks."""
        gov = type(self).components.sandbox(_world())
        gov.simulator.one_login.sign_in_as("SAM")
        return gov

    @pytest.fixture
    def client(self, gov: AnyComponents, handled: list[str]) -> WebClient:
        """A client of the service."""
        return type(self).serve(gov, handled)

    @pytest.fixture
    def browser(self, client: WebClient) -> Browser:
        """A person's browser."""
        return Browser(client)

    @staticmethod
    def at_provider(gov: AnyComponents, reply: Reply) -> str:
        """Let the person sign in at the provider, and return the path at which they come back to the service."""
        assert reply.status == 303, reply.text
        back = gov.simulator.visit(reply.header("location") or "").headers["location"]
        return f"/gov/callback?{back.partition('?')[2]}"

    def signed_in(self, gov: AnyComponents, browser: Browser, page: str = "/protected") -> Reply:
        """Sign a person in by asking for a page, and return the answer to their way back."""
        return browser.get(self.at_provider(gov, browser.get(page)))

    # Signing in

    def test_a_person_signs_in_and_reaches_the_page_that_they_asked_for(
        self, gov: AnyComponents, browser: Browser
    ) -> None:
        assert browser.get("/open").text == "nobody"
        sent = browser.get("/protected?page=2")
        back = browser.get(self.at_provider(gov, sent))
        assert (back.status, path_of(back.header("location"))) == (303, "/protected?page=2")
        for reply in (sent, back):
            assert (reply.header("cache-control"), reply.header("referrer-policy")) == ("no-store", "no-referrer")
        page = browser.get("/protected?page=2")
        assert (page.status, page.text != "nobody") == (200, True)
        assert browser.get("/open").text == page.text

    def test_the_providers_pages_are_in_the_persons_language(self, browser: Browser) -> None:
        browser.cookies["language"] = "cy"
        for path in ("/protected", "/gov/sign-in"):
            assert parse_qs(urlsplit(browser.get(path).header("location") or "").query)["ui_locales"] == ["cy"]
        browser.cookies["language"] = "en"
        assert parse_qs(urlsplit(browser.get("/protected").header("location") or "").query)["ui_locales"] == ["en"]

    def test_a_person_may_start_in_many_tabs(self, gov: AnyComponents, browser: Browser) -> None:
        tabs = [self.at_provider(gov, browser.get("/protected")) for _ in range(6)]
        assert browser.get(tabs[0]).status == 400  # the oldest gave way
        assert [browser.get(tab).status for tab in tabs[1:]] == [303] * 5
        assert browser.get("/protected").status == 200

    def test_a_callback_in_another_browser_signs_nobody_in(
        self, gov: AnyComponents, browser: Browser, client: WebClient
    ) -> None:
        back = self.at_provider(gov, browser.get("/protected"))
        other = Browser(client)
        reply = other.get(back)
        assert (reply.status, reply.header("set-cookie"), other.cookies) == (400, None, {})
        assert other.get("/open").text == "nobody"

    def test_the_back_button_leaves_a_person_signed_in(self, gov: AnyComponents, browser: Browser) -> None:
        back = self.at_provider(gov, browser.get("/protected"))
        kept = dict(browser.cookies)
        browser.get(back)
        assert browser.get(back).status == 303
        assert browser.get("/protected").status == 200
        double_click = browser.client.send("GET", back, {"Cookie": "; ".join(f"{n}={v}" for n, v in kept.items())}, b"")
        page = "/protected" if self.is_kept_by_browser else "/"  # the server has let go of it
        assert (double_click.status, path_of(double_click.header("location"))) == (303, page)

    @pytest.mark.parametrize(
        "query", ["error=access_denied&state=unknown", "error=access_denied", "", "code=a&state=b"]
    )
    def test_a_callback_with_a_state_that_nobody_began_changes_nothing(
        self, gov: AnyComponents, browser: Browser, query: str
    ) -> None:
        self.signed_in(gov, browser)
        before = dict(browser.cookies)
        assert browser.get(f"/gov/callback?{query}").header("set-cookie") is None
        assert browser.cookies == before
        assert browser.get("/protected").status == 200

    def test_a_look_ahead_does_not_use_a_sign_in_up(self, gov: AnyComponents, browser: Browser) -> None:
        back = self.at_provider(gov, browser.get("/protected"))
        assert browser.send("HEAD", back).status == 405
        assert browser.get(back).status == 303
        assert browser.get("/protected").status == 200

    def test_a_page_with_accents_is_come_back_to(self, gov: AnyComponents, browser: Browser) -> None:
        page = "/protected?name=Si%C3%B4n%20Dychmygol"
        back = browser.get(self.at_provider(gov, browser.get(page)))
        assert path_of(back.header("location")) in (page, page.replace("%20", "+"))

    def test_a_doubled_state_is_not_believed(self, gov: AnyComponents, browser: Browser) -> None:
        back = self.at_provider(gov, browser.get("/protected"))
        assert browser.get(f"{back}&state=another").status == 400
        assert browser.get("/open").text == "nobody"

    def test_a_person_who_gives_up_is_told_so(self, browser: Browser) -> None:
        sent = urlsplit(browser.get("/protected").header("location") or "")
        state = parse_qs(sent.query)["state"][0]
        reply = browser.get(f"/gov/callback?{urlencode({'error': 'access_denied', 'state': state})}")
        assert (reply.status, "Traceback" in reply.text) == (403, False)
        assert browser.get("/open").text == "nobody"

    @pytest.mark.parametrize("away", LEADS_AWAY)
    def test_nobody_is_sent_to_another_site(self, gov: AnyComponents, browser: Browser, away: str) -> None:
        back = browser.get(self.at_provider(gov, browser.get(f"/gov/sign-in?next={quote(away, safe='')}")))
        assert (back.status, path_of(back.header("location"))) == (303, "/")

    @pytest.mark.parametrize("step", ["token", "userinfo"])
    def test_a_provider_that_is_down_is_told_and_nobody_is_signed_in(
        self, gov: AnyComponents, browser: Browser, step: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        back = self.at_provider(gov, browser.get("/protected"))
        gov.simulator.control.arm("one_login", "unavailable", operation=step, times=9)
        reply = browser.get(back)
        assert (reply.status, "Traceback" in reply.text) == (503, False)
        (logged,) = [one for one in caplog.records if one.name == "govcomponents.web"]
        assert (logged.levelname, f"the {step} endpoint failed" in logged.getMessage()) == ("WARNING", True)
        came = parse_qs(urlsplit(back).query)
        assert not [name for name in ("code", "state") if came[name][0] in caplog.text]
        gov.simulator.control.clear_faults()
        assert browser.get("/open").text == "nobody"

    @pytest.mark.parametrize("page", ["/protected?year=2026", "/open"])
    def test_a_sign_in_that_did_not_finish_says_so_however_often_its_page_is_loaded(
        self, gov: AnyComponents, browser: Browser, page: str
    ) -> None:
        back = self.at_provider(gov, browser.get(f"/gov/sign-in?next={quote(page)}"))
        gov.simulator.control.arm("one_login", "unavailable", operation="token", times=9)
        first = browser.get(back)
        gov.simulator.control.clear_faults()
        for reply in (first, browser.get(back), browser.get(back)):
            assert reply.status in (403, 503), reply.text
            assert "This sign-in did not finish" in reply.text
            assert f'<a href="{page}">Start again</a>' in reply.text
        self.signed_in(gov, browser, "/protected")
        assert path_of(browser.get(back).header("location")) == page  # nobody is told that they are not signed in
        assert browser.get("/protected").status == 200
        elsewhere = Browser(browser.client).get(back)  # nothing is known there of where they were going
        assert (elsewhere.status, '<a href="/">Start again</a>' in elsewhere.text) == (400, True)

    @pytest.mark.parametrize("error", ["access_denied", "temporarily_unavailable", "server_error"])
    def test_who_is_signed_in_and_has_to_show_more_is_not_told_that_they_are_not(
        self, gov: AnyComponents, browser: Browser, error: str
    ) -> None:
        self.signed_in(gov, browser, "/gov/sign-in?next=/open")
        who = browser.get("/open").text
        sent = urlsplit(browser.get("/protected").header("location") or "")
        state = parse_qs(sent.query)["state"][0]
        for _ in range(2):
            told = browser.get(f"/gov/callback?{urlencode({'error': error, 'state': state})}")
            assert "not signed in" not in told.text
        assert browser.get("/open").text == who

    # Sessions

    def test_cookies_that_were_tampered_with_sign_nobody_in(self, gov: AnyComponents, browser: Browser) -> None:
        pending = next(iter(self.pending_after(browser).values()))
        self.signed_in(gov, browser)
        name = next(name for name in browser.cookies if "signed-in" in name)
        good = browser.cookies[name]
        another = "B" if good[20] == "A" else "A"
        for bad in (good[:-4] + "----", good[:20] + another + good[21:], good + "A", "", "a" * 5000, pending):
            browser.cookies[name] = bad
            assert browser.get("/open").text == "nobody"
        browser.cookies[name] = good
        assert browser.get("/open").text != "nobody"

    def pending_after(self, browser: Browser) -> Mapping[str, str]:
        """Begin a sign-in, and return the cookies that it left."""
        browser.get("/protected")
        return dict(browser.cookies)

    def test_signing_out_ends_the_session_also_for_a_copied_cookie(
        self, gov: AnyComponents, browser: Browser, client: WebClient
    ) -> None:
        self.signed_in(gov, browser)
        copied = Browser(client, dict(browser.cookies))
        assert copied.get("/open").text != "nobody"
        assert browser.get("/gov/sign-out").status == 405  # a link signs nobody out
        reply = browser.post("/gov/sign-out")
        assert (reply.status, reply.header("cache-control")) == (303, "no-store")
        assert (browser.get("/open").text, copied.get("/open").text) == ("nobody", "nobody")

    def test_a_page_of_another_site_signs_nobody_out(self, client: WebClient) -> None:
        """A browser sends no cookie with what a page of another site makes it post, but keeps what the answer sets."""
        reply = client.send("POST", "/gov/sign-out", {"Origin": "https://evil.example.com"}, b"")
        assert (reply.status, reply.header("set-cookie")) == (303, None)

    def test_no_cache_keeps_a_page_about_a_person_for_others(self, gov: AnyComponents, browser: Browser) -> None:
        self.signed_in(gov, browser)
        guarded = browser.get("/protected")
        assert {"private", "no-store"} <= words_of(guarded.header("cache-control"))
        for reply in (guarded, browser.get("/open")):
            assert "cookie" in words_of(reply.header("vary"))

    def test_another_person_who_signs_in_ends_the_session_before(
        self, gov: AnyComponents, browser: Browser, client: WebClient
    ) -> None:
        self.signed_in(gov, browser)
        first = browser.get("/open").text
        copied = Browser(client, dict(browser.cookies))
        gov.simulator.clock.advance(2)
        back = self.at_provider(gov, browser.get("/gov/sign-in"))
        browser.get(back)
        assert browser.get("/open").text == first
        assert copied.get("/open").text == "nobody"

    def test_a_logout_notice_ends_all_sessions_of_that_person_and_no_other(
        self, gov: AnyComponents, client: WebClient
    ) -> None:
        sam, again = Browser(client), Browser(client)
        for browser in (sam, again):
            self.signed_in(gov, browser)
        gov.simulator.one_login.sign_in_as("NIA")
        other = Browser(client)
        self.signed_in(gov, other, "/gov/sign-in")
        statuses: list[int] = []

        def receive(callback: Any) -> int:
            reply = client.send("POST", path_of(callback.url), dict(callback.headers), callback.body)
            statuses.append(reply.status)
            return reply.status

        gov.simulator.clock.advance(2)
        gov.simulator.callbacks.receive(receive)
        gov.simulator.one_login.sign_out_everywhere("SAM")
        gov.simulator.clock.advance(5)
        assert statuses == [200]
        assert [browser.get("/open").text == "nobody" for browser in (sam, again, other)] == [True, True, False]
        self.signed_in(gov, sam, "/gov/sign-in")
        assert sam.get("/open").text != "nobody"

    # Callbacks

    @staticmethod
    def paid_event() -> bytes:
        """Return the body of a webhook of GOV.UK Pay."""
        return json.dumps(
            {
                "webhook_message_id": "bkf1jtv4w1d6mbr9u7d8p6r8an",
                "api_version": 1,
                "created_date": "2026-03-04T11:06:31.204Z",
                "resource_id": "hu20sqlact5260q2nanm0q8u93",
                "resource_type": "PAYMENT",
                "event_type": "card_payment_succeeded",
                "resource": {
                    "payment_id": "hu20sqlact5260q2nanm0q8u93",
                    "amount": 14500,
                    "reference": "RENEW-7",
                    "description": "Renew a licence",
                    "state": {"status": "success", "finished": True},
                    "payment_provider": "sandbox",
                    "created_date": "2026-03-04T11:02:09.771Z",
                },
            }
        ).encode()

    @staticmethod
    def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
        """Return the headers of a webhook that the provider signed."""
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"Pay-Signature": signature, "Content-Type": "application/json"}

    def test_a_webhook_that_is_proved_reaches_the_handler(self, client: WebClient, handled: list[str]) -> None:
        body = self.paid_event()
        assert client.send("POST", "/gov/events/pay", self.signed(body), body).status == 200
        assert len(handled) == 1

    def test_a_webhook_that_is_not_proved_reaches_nobody(
        self, client: WebClient, handled: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        body = self.paid_event()
        rewritten = json.dumps(json.loads(body), indent=1).encode()
        assert client.send("POST", "/gov/events/pay", self.signed(body), rewritten).status == 400
        assert client.send("POST", "/gov/events/pay", self.signed(body, "webhook_of_somebody_else"), body).status == 400
        assert client.send("POST", "/gov/events/pay", {}, body).status == 400
        assert caplog.text.count("a callback for pay was not dealt with: pay.parse_callback") == 3
        assert client.send("GET", "/gov/events/pay", {}, b"").status == 405
        assert client.send("POST", "/gov/events/another", self.signed(body), body).status == 404
        assert handled == []

    def test_without_a_secret_nothing_is_believed_and_the_provider_comes_again(self, handled: list[str]) -> None:
        client = type(self).serve(type(self).components.sandbox(_world(has_secret=False)), handled)
        body = self.paid_event()
        assert client.send("POST", "/gov/events/pay", self.signed(body), body).status == 503
        assert handled == []

    @pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "+5"])
    def test_a_length_that_is_none_is_refused(self, client: WebClient, handled: list[str], length: str) -> None:
        body = self.paid_event()
        reply = client.send("POST", "/gov/events/pay", self.signed(body) | {"Content-Length": length}, body)
        assert (reply.status in (400, 413), handled) == (True, [])

    def test_a_body_over_the_limit_is_refused(self, client: WebClient, handled: list[str]) -> None:
        body = b" " * MAX_CALLBACK + self.paid_event()
        reply = client.send("POST", "/gov/events/pay", self.signed(body), body)
        assert reply.status == 413
        assert "connection" not in dict(reply.headers)  # it is the server's: strict ones fail on it
        assert handled == []

    # Health

    def test_health_tells_of_each_component(self, gov: AnyComponents, client: WebClient) -> None:
        reply = client.send("GET", "/gov/health", {}, b"")
        assert reply.status == 200
        assert {one["component"] for one in json.loads(reply.body)["components"]} == {"pay", "notify", "identity"}
        gov.simulator.control.arm("pay", "unavailable", times=9)
        assert client.send("GET", "/gov/health", {}, b"").body == reply.body  # anybody may ask: it is given again
        gov.simulator.clock.advance(5)
        assert client.send("GET", "/gov/health", {}, b"").status == 503
