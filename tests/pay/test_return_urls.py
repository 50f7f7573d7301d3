"""A return URL is read as strictly as every other: one that two readers could take for two places is refused."""

from __future__ import annotations

import pytest

from govcomponents import GovComponents, InvalidInput, Money, Settings
from govcomponents.core.transports.scripted import ScriptedTransport

PROVIDERS = {"govuk_pay": "api_test_x", "stripe": "sk_test_x"}
WRONG = [
    *("https://host?", "https://host#", "https://host/back#part", "https://@host/", "https://:@host/"),
    *("https://user:password@host/", "https://host\\.evil.example/", "https://host/..", "https://host/a/../b"),
    *("https://host/%2e%2e/b", "https://host:0/", "https://host:/", "https://a..b/", "https://host%00.evil.example/"),
    *("https://host/%5c", "https://host/\\evil", "https://host/%00", "https://host /", "https://host/\n", "https://"),
    *(
        "https://127.1/",
        "https://0x7f.1/",
        "https://[::1%25eth0]/",
        "https://h\u00f6st.example/",
        "https:host",
        "//host/",
    ),
    *("javascript:alert(1)", "data:text/html,x", "ftp://host/", "/back", "", " https://host/", "https://host/\u2028"),
    "https://host/\ud800",
]
RIGHT = [
    *(
        "https://host",
        "https://host/",
        "https://host/back?a=b&c=%C3%A9",
        "https://service.example.gov.uk:8443/a/b.html",
    ),
    *("http://localhost:8000/back", "http://127.0.0.1/back", "https://[2001:db8::1]/back", "https://host/caf%C3%A9"),
]


@pytest.mark.parametrize("adapter", PROVIDERS)
@pytest.mark.parametrize("url", WRONG)
def test_what_can_be_taken_for_two_places_is_refused(adapter: str, url: str) -> None:
    transport = ScriptedTransport([])
    settings = Settings(environment="test", pay={"adapter": adapter, "api_key": PROVIDERS[adapter]})
    with (
        GovComponents.from_settings(settings, transport=transport) as gov,
        pytest.raises(InvalidInput, match="return_url"),
    ):
        gov.pay.create(Money.gbp("1.00"), "R", "D", url)


@pytest.mark.parametrize("url", RIGHT)
def test_what_is_one_place_for_all_is_taken(url: str) -> None:
    with GovComponents.sandbox() as gov:
        assert gov.pay.create(Money.gbp("1.00"), "R", "D", url).next_url is not None
