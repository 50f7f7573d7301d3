"""The sign-in pages of the OpenID stubs: over HTTP, without JavaScript, and with no axe violation."""

import pytest

from govcomponents import GovComponents
from govcomponents.errors import SignInDenied
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving
from govcomponents.settings import Settings

from .browser import NotHere, axe_source, browser, violations

pytestmark = pytest.mark.alone

BACK = "https://service.example.gov.uk/signed-in"


@pytest.fixture(params=["openid", "login_gov"])
def section(request):
    return request.param


@pytest.fixture
def server(section):
    with serving({section: {}}, sign_in="page") as running:
        yield running


@pytest.fixture
def gov(server, section):
    identity = getattr(server.sandbox, section).client_settings()
    with GovComponents.from_settings(Settings(environment="test", identity=identity)) as made:
        yield made


def test_a_person_signs_in_over_http(gov, section):
    browser = FormBrowser.over_http()
    started = gov.identity.start(confidence=Confidence.MEDIUM)
    page = browser.open(started.url)
    back = browser.send(page.form_with("person"), person="SAM")
    assert back.url.startswith(BACK)
    assert gov.identity.complete(started.pending, back.url).confidence is Confidence.MEDIUM
    gov.identity.check()


def test_a_person_leaves_over_http(gov):
    browser = FormBrowser.over_http()
    started = gov.identity.start()
    page = browser.open(started.url)
    back = browser.send(page.form_with("person"), button="yes")
    with pytest.raises(SignInDenied):
        gov.identity.complete(started.pending, back.url)


def test_no_page_has_an_accessibility_violation(gov):
    try:
        axe = axe_source()
        with browser() as reader:
            found = {}
            for language in ("en", "cy"):
                reader.open(gov.identity.start().url)
                reader.open(f"{reader.url}&lng={language}")
                found[f"sign-in, {language}"] = violations(reader, axe)
            reader.driver.execute_script(
                "for (const box of document.querySelectorAll('[type=radio]')) box.checked = false"
            )
            reader.click_first("main form button")
            found["sign-in with a mistake"] = violations(reader, axe)
    except NotHere as missing:
        pytest.skip(str(missing))
    assert not any(found.values()), found
