"""Where people are sent: C18, L16, H24."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.core.validation import is_absolute_url
from govcomponents.errors import InvalidInput
from govcomponents.identity.urls import is_safe_return_path, safe_return_path

from .kit import Desk


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ok",
        "/ok?next=//x",
        "/ok#@x",
        "/a/b-c_d.html?x=1&y=%20z",
        "/caf%C3%A9",
        "/a?b=c@d",
        "/a:b",
        "/?q=http://x",
        "/files/my%20report.pdf",
        "/user/@me",
        "/u/a%40b.example",
        "/a//b",
        "/x?n=line1%0D%0Aline2",
        "/x?p=C%3A%5CUsers",
        "/x?m=%C2%A0",
        "/10%C2%A0000/%C3%A9%E2%80%8E",
        "/x;v=1/a,b/~me",
        "/a%2520b",
        "/100%",
        "/x?q=100%25&n=%00",
    ],
)
def test_h24_paths_of_this_site(path):
    assert is_safe_return_path(path)
    assert safe_return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "//evil", "/\\evil", "\\evil", "https:evil", "https://evil.example.com", "%2f%2fevil", "/%2fevil", "/%2Fevil",
        "/%252fevil", "/%5cevil", "/%255cevil", "/%09/evil", "/\t/evil", "/%0d%0aSet-Cookie:x", "/%00",
        "javascript:alert(1)", "/a@evil", "/%40evil", "///evil", "evil",
        "/a/..//evil", "/.//evil", "/a//../evil", "/%2e%2e//evil",
        "/a%5cb", "/a%255cb", "/a%0d%0aSet-Cookie:x", "/@evil", "",
        "/a%C2%85b", "/a%7Fb", "/a%E2%80%A8b", "/%25250Ab", "/%2e%2f/evil", "/a/%2e%2e/%2fevil",
        " /a", "/a b", "/a\n", "/é", None, 7, b"/a", "/" + "a" * 2048,         "/./\\evil", "http:/evil",
    ],
)  # fmt: skip
def test_c18_everything_else_goes_to_the_default(path):
    assert not is_safe_return_path(path)
    assert safe_return_path(path) == "/"
    assert safe_return_path(path, "/home") == "/home"


@given(st.text(alphabet="/\\%2fF5cC@:?#. \ta09", max_size=12))
def test_no_text_leads_elsewhere(path):
    from urllib.parse import urljoin, urlsplit

    if is_safe_return_path(path):
        for base in ("https://service.example.gov.uk/x", "http://service.example.gov.uk/"):
            assert urlsplit(urljoin(base, path)).hostname == "service.example.gov.uk"


def test_c18_the_path_is_checked_at_the_start_and_given_back_at_the_end():
    desk = Desk()
    with pytest.raises(InvalidInput) as caught:
        desk.identity.start(return_to="//evil.example.com")
    assert caught.value.field == "return_to"
    assert "evil" not in str(caught.value)
    assert desk.sign_in(return_to="/licences?page=2").return_to == "/licences?page=2"
    assert desk.sign_in().return_to is None


@pytest.mark.parametrize(
    "url", ["https://a.example.gov.uk/x?y=1", "http://localhost:8000/", "https://a.example.gov.uk:8443/"]
)
def test_l16_absolute_urls(url):
    assert is_absolute_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "/x", "//a.example/x", "ftp://a.example/", "javascript:alert(1)", "https://", "https://user@a.example/",
        None,         "https://a.example/#x", "https://a.example/ x", "https://a.example:99999/", "https://[x",
        "https://a\\b/", "https://é/",         "https://a.example/" + "x" * 2048,
    ],
)  # fmt: skip
def test_l16_other_texts(url):
    assert not is_absolute_url(url)
