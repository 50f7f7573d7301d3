"""What an endpoint passes on of a callback: raw bytes and headers, or an error that says so."""

from email import message_from_string
from email.message import Message
from http.client import HTTPMessage, parse_headers
from io import BytesIO

import pytest
from multidict import CIMultiDict
from starlette.datastructures import Headers as StarletteHeaders
from werkzeug.datastructures import EnvironHeaders

from govcomponents import CallbackRefused, ConfigurationError, GovComponents, NotSupported
from govcomponents.core.callbacks import checked_callback
from govcomponents.errors import InvalidInput


def test_headers_are_found_whatever_their_case():
    body, headers = checked_callback(b"{}", {"Pay-Signature": "a", "CONTENT-TYPE": "b"}, operation="pay.parse_callback")
    assert (body, headers) == (b"{}", {"pay-signature": "a", "content-type": "b"})
    assert checked_callback(memoryview(b"x"), {}, operation="o")[0] == b"x"


def _http_client() -> HTTPMessage:
    return parse_headers(BytesIO(b"Pay-Signature: a\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"))


def _email() -> Message:
    return message_from_string("Pay-Signature: a\nX-Two: 1\nx-two: 2\n\n")


def _werkzeug() -> EnvironHeaders:
    return EnvironHeaders({"HTTP_PAY_SIGNATURE": "a", "HTTP_X_TWO": "1, 2"})


def _multidict() -> CIMultiDict[str]:
    return CIMultiDict([("Pay-Signature", "a"), ("X-Two", "1"), ("x-two", "2")])


def _starlette() -> StarletteHeaders:
    return StarletteHeaders(raw=[(b"pay-signature", b"a"), (b"x-two", b"1"), (b"x-two", b"2")])


@pytest.mark.parametrize("make", [_http_client, _email, _werkzeug, _multidict, _starlette])
def test_the_headers_of_frameworks_and_servers_are_taken_as_they_are(make):
    _, headers = checked_callback(b"{}", make(), operation="pay.parse_callback")
    assert headers == {"pay-signature": "a", "x-two": "1, 2"}


@pytest.mark.parametrize("component", ["pay", "notify", "identity"])
@pytest.mark.parametrize("make", [_http_client, _werkzeug, _multidict])
def test_every_component_takes_them(component, make):
    with GovComponents.sandbox() as gov, pytest.raises((CallbackRefused, NotSupported, ConfigurationError)):
        getattr(gov, component).parse_callback(b"{}", make())


@pytest.mark.parametrize("body", ["{}", None, 7, {"a": "b"}, [b"a"]], ids=str)
def test_a_body_that_is_no_bytes(body):
    with pytest.raises(InvalidInput) as caught:
        checked_callback(body, {}, operation="pay.parse_callback")
    assert caught.value.field == "body"
    assert "raw bytes" in caught.value.fix
    assert caught.value.operation == "pay.parse_callback"


@pytest.mark.parametrize(
    "headers", [None, "Pay-Signature: a", [("a", "b")], {b"a": b"b"}, {"a": None}, {"a": ["b"]}, dict]
)
def test_headers_that_are_none(headers):
    with pytest.raises(InvalidInput) as caught:
        checked_callback(b"{}", headers, operation="pay.parse_callback")
    assert caught.value.field == "headers"
    assert "headers" in caught.value.fix
