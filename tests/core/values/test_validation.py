"""URLs and times: what is taken, and what two readers could take for different things."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from multidict import CIMultiDict
from starlette.datastructures import QueryParams
from werkzeug.datastructures import MultiDict

from govcomponents.core.inputs import callback_parameters
from govcomponents.core.times import date_or_none, http_date, time_of, time_or_none, utc_time
from govcomponents.core.validation import checked_base_url, is_secure, plain_url_parts, url_parts
from govcomponents.errors import ConfigurationError, InvalidInput


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.gov.uk",
        "https://api.example.gov.uk/",
        "https://api.example.gov.uk:8443/base",
        "http://localhost:8910",
        "http://127.0.0.1:8910/",
        "http://[::1]:8910",
    ],
)
def test_a_good_base_url_loses_its_final_slash(url: str) -> None:
    assert checked_base_url(url, setting="X") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.gov.uk",
        "ftp://api.example.gov.uk",
        "http://api.example.gov.uk",
        "http://localhost.example.com",
        "https://",
        "https://user:canary@api.example.gov.uk",
        "https://api.example.gov.uk?key=canary",
        "https://api.example.gov.uk#part",
        "https://api.example.gov.uk:port",
        "https://[::1",
        "https://api.example.gov.uk\r\nX-Canary: 1",
        "https://api example.gov.uk",
        "https://\u00e1pi.example.gov.uk",
        "https://api.example.gov.uk?",
        "https://api.example.gov.uk/?",
        "https://api.example.gov.uk#",
        "https://@api.example.gov.uk",
        "https://:@api.example.gov.uk",
        "https://api.example.gov.uk\\.evil.example",
        "https://api.example.gov.uk\\@evil.example",
        "https://api.example.gov.uk/..",
        "https://api.example.gov.uk/a/../b",
        "https://api.example.gov.uk/./a",
        "https://api.example.gov.uk/%2e%2e/a",
        "https://api.example.gov.uk/a//b",
        "https://api.example.gov.uk//",
        "https://api.example.gov.uk:0",
        "https://api.example.gov.uk:65536",
        "https://api.example.gov.uk:",
        "https://api..gov.uk",
        "https://.api.gov.uk",
        "https://api.gov.uk.",
        "https://-api.gov.uk",
        "https://api.gov.uk%00.evil.example",
        "https://api%2egov.uk",
        "https://127.1",
        "http://127.0.0.1.",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://[fe80::1%25eth0]",
        "https://[::1]x",
        "https://api,evil.example",
        "https://api;evil.example",
        "https://api.example.gov.uk/a;b",
        "https://api.example.gov.uk/a\tb",
        "https:///api.example.gov.uk",
        "https:api.example.gov.uk",
        "https:\\\\api.example.gov.uk",
    ],
)
def test_a_base_url_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__BASE_URL") as caught:
        checked_base_url(url, setting="GOVCOMPONENTS_PAY__BASE_URL")
    assert "canary" not in str(caught.value).lower()


@pytest.mark.parametrize(
    "url",
    [
        "https://user@host.example/",
        "https://@host.example/",
        "https://user:pass@host.example/",
        "https://host.example/#part",
        "https://host.example/#",
        "https://host.example\\@other.example/",
        "https://h\u00f4te.example/",
        "https://host.example/\u00e9",
        *("https://host.example?", "https://host.example/a?", "https://host.example:/", "https://host..example/"),
        *(
            "https://host.example/..",
            "https://host.example/a/../b",
            "https://host.example/./a",
            "https://host.example./",
        ),
        *("https://host.example/%2e%2e/a", "https://host.example/%2E/a", "https://host.example/a%2f..%2fb"),
        *("https://host.example/%5c", "https://host.example/%00", "https://host.example/%0d%0aX:1", "https://127.1/"),
        *("https://host%00.example/", "https://host%2eexample/", "https://0x7f000001/", "https://2130706433/"),
        *("https://-host.example/", "https://host,evil.example/", "https://[fe80::1%25eth0]/"),
    ],
)
def test_a_url_that_is_whole_and_yet_not_plain(url):
    assert url_parts(url) is not None
    assert plain_url_parts(url) is None


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://host.example",
            "https://host.example/a?b=c&d=%2f..",
            "https://host.example:8443/a/b.c/.well-known/d",
        ),
        *("https://xn--hte-6la.example/a%20b", "https://my_host/", "http://[::1]:8910/x", "https://192.0.2.1/..a/b.."),
    ],
)
def test_a_plain_url(url):
    assert plain_url_parts(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        b"https://host.example",
        "",
        "/path",
        "//host.example/",
        "https:",
        "https://",
        "https:///path",
        "javascript:alert(1)",
        "ftp://host.example",
        "https://host.example:0/",
        "https://host.example:65536/",
        "https://host.example:x/",
        "https://[::1",
        "https://host.example/a b",
        "https://host.example/\n",
        "https://host.example/\t",
        "https://host.example/\u00a0",
        " https://host.example/",
    ],
)
def test_what_is_no_whole_url(url):
    assert url_parts(url) is None
    assert plain_url_parts(url) is None


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://host.example/", True),
        ("HTTPS://host.example/", True),
        ("http://host.example/", False),
        ("http://localhost:80/", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]/", True),
        ("http://127.0.0.1.example/", False),
    ],
)
def test_only_this_machine_is_spoken_to_without_tls(url, secure):
    parts = plain_url_parts(url)
    assert parts is not None
    assert is_secure(parts) is secure


def test_times_without_a_zone():
    assert utc_time("2026-03-01 10:00:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert utc_time("2026-03-01T10:00:00+01:00") == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert time_or_none("2026-03-01T10:00:00.000Z") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    for text in (None, "", "soon", "2026-03-01T10:00:00"):
        assert time_or_none(text) is None
    with pytest.raises(ValueError, match="soon"):
        utc_time("soon")


def test_dates_and_seconds():
    assert date_or_none("2026-03-01") == date(2026, 3, 1)
    assert date_or_none("2026-03-32") is date_or_none(None) is date_or_none("20260301") is date_or_none(7) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-W10-3",
        "2026-03-1",
        "2026-03-1 ",
        "\uff12026-03-01",
        "202\u0666-03-01",
        "2026-+3-01",
        "-026-03-01",
        "2026-03-01T",
        "",
    ],
)
def test_a_date_is_written_in_one_way(text):
    assert date_or_none(text) is None
    assert time_of(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert time_of(None) is time_of(True) is time_of("0") is time_of(1e300) is time_of(float("nan")) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-01:00"])
def test_times_that_are_none_in_utc(text):
    assert time_or_none(text) is None
    with pytest.raises(ValueError, match="outside the years"):
        utc_time(text)


def test_the_url_of_a_return_that_is_none_is_refused():
    with pytest.raises(InvalidInput) as caught:
        callback_parameters("https://[stray/?session=abc", "pay.complete")

    assert caught.value.field == "callback"
    assert callback_parameters("https://example.com/?session=abc", "pay.complete") == {"session": "abc"}


@pytest.mark.parametrize(
    "callback",
    [
        "https://example.com/?session=a&session=b",
        "/?session=&session=",
        {"session": ["a", "b"]},
        MultiDict([("session", "a"), ("session", "b")]),
        QueryParams("session=a&session=b"),
        CIMultiDict([("session", "a"), ("session", "b")]),
    ],
)
def test_no_multi_dict_hides_a_doubled_parameter_of_a_return(callback):
    with pytest.raises(InvalidInput, match="twice"):
        callback_parameters(callback, "pay.complete")


@pytest.mark.parametrize(
    "callback", [{"session": ["a"]}, MultiDict([("session", "a")]), QueryParams("session=a"), {"session": "a"}]
)
def test_the_parameters_of_a_return_as_frameworks_have_them(callback):
    assert callback_parameters(callback, "pay.complete") == {"session": "a"}


@pytest.mark.parametrize(
    "callback", [{"session": 1}, {1: "a"}, {"session": b"a"}, {"session": [None]}, [("a", "b")], 5]
)
def test_parameters_of_a_return_that_are_no_texts(callback):
    with pytest.raises(InvalidInput, match="neither a URL nor a mapping"):
        callback_parameters(callback, "pay.complete")


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 01 Jan 0000 00:00:00 GMT",  # which `email` takes for the year 2000
        "Mon, 01 Jan 0026 00:00:00 GMT",
        "Sun Nov  6 08:49:37 0094",
        "Mon, 01 Jan 9999 99:99:99 GMT",
        "Tue, 31 Feb 2026 00:00:00 GMT",
    ],
)
def test_dates_of_http_that_are_none(text):
    assert http_date(text) is None


def test_dates_of_http_in_each_form():
    forms = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")
    assert {http_date(form) for form in forms} == {784111777.0}
