"""The example services in headless Chromium: the whole renewal by clicking and by keyboard alone, narrow and wide."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.request

import pytest

from . import journey_pictures, renewal
from .browser import NotHere, installed, violations
from .running_service import SERVICES, running

pytestmark = pytest.mark.alone

NAMES = ("django", "flask", "fastapi")
WIDTHS = (375, 1280)
GOVUK_FRONTEND = "5.14.0"


@pytest.fixture(params=NAMES)
def service(request):
    pytest.importorskip(request.param)
    with running(request.param) as made:
        yield made


def fresh(person, site):
    person.open(site)
    person.driver.delete_all_cookies()
    person.open(site)


def test_a_person_renews_by_clicking_without_javascript(clicker, service):
    site, sandbox, _password = service
    person = clicker
    fresh(person, site)
    person.click("Start now")
    person.choose("Sam")
    person.click("Continue")
    assert person.heading == "Check your details"
    person.click("Pay by card")
    renewal.fill_in_card(person, "4000 0000 0000 0002")
    assert "declined" in person.text.lower()
    person.click("Go back to the service")
    assert person.heading == "You have not paid"
    person.click("Try again")
    assert "did not go through" in person.text
    person.click("Pay by card")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    person.click("Confirm")
    assert person.heading == "Licence renewed"
    person.driver.back()
    person.driver.forward()
    assert person.heading == "Licence renewed"
    person.click("Sign out")
    person.open(f"{site}renew")
    assert not person.url.startswith(site)  # to sign in again
    outbox(sandbox)


def outbox(sandbox):
    """Wait until the receipt was sent, once."""
    until = time.monotonic() + 30
    while True:
        with urllib.request.urlopen(f"{sandbox}_sandbox/api/messages") as answer:
            messages = json.load(answer)
        if messages or time.monotonic() > until:
            break
        time.sleep(0.2)
    assert [one["kind"] for one in messages] == ["email"]


def test_a_person_renews_by_keyboard_alone(reader, service):
    from selenium.webdriver import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    site, _sandbox, _password = service
    person = reader
    fresh(person, site)

    def press(words):
        """Tab to the link or button whose words begin so, and press Enter."""
        before = person.url, person.text
        for _ in range(40):
            person.driver.switch_to.active_element.send_keys(Keys.TAB)
            focused = person.driver.switch_to.active_element
            if focused.text.startswith(words) or (focused.get_attribute("value") or "").startswith(words):
                focused.send_keys(Keys.ENTER)
                WebDriverWait(person.driver, 20).until(lambda _driver: (person.url, person.text) != before)
                return
        raise AssertionError(f"the keyboard does not reach {words!r} on {person.url}")

    press("Start now")
    person.choose("Sam")
    person.click("Continue")
    assert person.heading == "Check your details"
    press("Pay by card")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    person.click("Confirm")
    assert person.heading == "Licence renewed"
    press("Sign out")


def test_every_page_is_accessible_narrow_and_wide(reader, axe, service):
    site, _sandbox, password = service
    assert wrong_with_pages(reader, axe, site, password) == []


def test_every_page_is_accessible_with_govuk_frontend(reader, axe, govuk_frontend, tmp_path):
    pytest.importorskip("flask")
    folder = shutil.copytree(SERVICES / "flask", tmp_path / "flask")
    sheet = folder / "renewal" / "static" / "service.css"
    own = sheet.read_text(encoding="utf-8").partition("\n\n")[2]  # what it has no name for
    sheet.write_text(govuk_frontend + own, encoding="utf-8")
    with running("flask", folder) as (site, _sandbox, password):
        reader.open(site)
        assert (
            reader.driver.execute_script("return getComputedStyle(document.querySelector('.govuk-button')).boxShadow")
            != "none"
        )  # it is on
        assert wrong_with_pages(reader, axe, site, password) == []


@pytest.fixture(scope="module")
def govuk_frontend():
    """The style sheet of govuk-frontend."""
    try:
        folder = installed("govuk-frontend", GOVUK_FRONTEND)
    except NotHere as missing:
        pytest.skip(str(missing))
    return (folder / "dist" / "govuk" / "govuk-frontend.min.css").read_text(encoding="utf-8")


def wrong_with_pages(person, axe, site, password):
    """Return what is wrong with the pages of a journey, in English and in Welsh, and of casework, narrow and wide."""
    fresh(person, site)
    found = []

    def look(what):
        for width in WIDTHS:
            person.driver.set_window_size(width, 900)
            wide = person.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            if wide > 0:
                found.append(f"{what} at {width}: {wide} pixels too wide")
            found.extend(f"{what} at {width}: {one}" for one in violations(person, axe))

    look("start")
    person.open(f"{site}nowhere")
    look("missing")
    person.open(f"{site}renew")
    person.choose("Sam")
    person.click("Continue")
    look("check")
    person.click("Pay by card")
    renewal.fill_in_card(person, "4000 0000 0000 0002")
    person.click("Go back to the service")
    look("not paid")
    person.click("Try again")
    look("check, once more")
    person.click("Pay by card")
    person.open(f"{site}renew")
    look("waiting")
    person.click("Go on")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    person.click("Confirm")
    look("paid")
    person.open(f"{site}renew")
    look("nothing")
    person.click("Cymraeg")
    person.open(f"{site}renew")
    assert person.driver.find_element("css selector", "html").get_attribute("lang") == "cy"
    look("nothing in Welsh")
    person.open(f"{site.replace('//', f'//caseworker:{password}@')}casework")
    if "casework/sign-in" in person.url:
        look("casework, sign-in")
        person.fill("Name", "caseworker")
        person.fill("Password", password)
        person.click("Sign in")
    look("casework")
    person.click("Refund LIC-")
    assert "refunded" in person.text
    look("casework, refunded")
    person.driver.set_window_size(1100, 900)
    return found


def test_the_pictures_in_the_docs_are_of_every_page_of_the_journey(reader, tmp_path):
    pytest.importorskip("flask")
    with running("flask") as (site, _sandbox, _password):
        fresh(reader, site)
        taken = journey_pictures.take(reader, site, tmp_path)
    page = (journey_pictures.FOLDER.parent / "journey.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"images/([a-z0-9-]+)\.png", page)) == sorted(taken)
    assert sorted(one.stem for one in journey_pictures.FOLDER.glob("*.png")) == sorted(taken)
    assert max(one.stat().st_size for one in journey_pictures.FOLDER.glob("*.png")) < 60_000
