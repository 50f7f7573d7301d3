"""The admin pages of Django in headless Chromium: clicked through, and by keyboard alone, narrow and wide."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from .browser import violations

pytestmark = pytest.mark.alone

pytest.importorskip("django")

WIDTHS = (375, 1280)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OURS = {"a journey"}  # the others are Django's own, whose faults are Django's to mend
PASSWORD = "a password of the tests"


def wait_for(page, process):
    until = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(page, timeout=60).close()
        except OSError:
            assert process.poll() is None, "the project ended"
            assert time.monotonic() < until
            time.sleep(0.2)
        else:
            return


@pytest.fixture
def site(tmp_path):
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    program = Path(__file__).with_name("admin_site.py")
    log = tmp_path / "log"
    with log.open("wb") as kept, subprocess.Popen([sys.executable, program, str(port), tmp_path], stdout=kept) as made:
        try:
            wait_for(f"http://localhost:{port}/admin/login/", made)
            yield f"http://localhost:{port}/admin/"
        finally:
            made.terminate()


def log_in(person, site):
    person.open(site)
    person.fill("Username", "oncall")
    person.fill("Password", PASSWORD)
    person.click_first("input[type=submit]")


def go_through(person, site, look):
    """Click through what somebody on call does: find a call, look at its journey, and give it up."""
    log_in(person, site)
    look("the first page")
    person.click("Later calls")
    assert "RENEW-0-receipt" in person.text
    assert "pending" in person.text
    assert "sam@example.com" not in person.driver.page_source
    look("calls")
    person.click("renewal-7")
    assert person.heading == "Journey renewal-7"
    assert "pay.create" in person.text or "notify.send_email" in person.text
    look("a journey")
    person.driver.back()
    person.driver.find_element("css selector", "input[name=_selected_action]").click()
    Select(person.driver.find_element("name", "action")).select_by_visible_text("Give up")
    person.click_first("button[name=index]")
    assert "1 given up" in person.text
    look("calls, one given up")
    person.open(f"{site}govcomponents/recordedpayment/")
    assert "£145.00" in person.text
    look("payments")


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_on_call_clicks_through_without_javascript(clicker, site, width):
    clicker.driver.set_window_size(width, 900)
    go_through(clicker, site, lambda _page: None)


def reach(driver, wanted, *, back=False):
    """Press Tab until what has the focus is what is wanted, and return it. It must be seen."""
    for _ in range(80):
        ActionChains(driver).send_keys(Keys.SHIFT + Keys.TAB + Keys.NULL if back else Keys.TAB).perform()
        focused = driver.switch_to.active_element
        if wanted(focused):
            at = driver.execute_script("return arguments[0].getBoundingClientRect()", focused)
            wide, high = driver.execute_script("return [innerWidth, innerHeight]")
            assert 0 <= at["left"] < at["right"] <= wide, "what has the focus is out of sight"
            assert 0 <= at["top"] < at["bottom"] <= high, "what has the focus is out of sight"
            return focused
    raise AssertionError("the keyboard does not reach it")


def named(name):
    return lambda element: element.get_attribute("name") == name


def link(words):
    return lambda element: element.tag_name == "a" and element.text == words


@pytest.mark.parametrize("width", WIDTHS)
def test_somebody_on_call_works_by_keyboard_alone(reader, site, width):
    driver = reader.driver
    driver.set_window_size(width, 900)
    reader.open(site)
    ActionChains(driver).send_keys("oncall").perform()  # the first field has the focus
    reach(driver, named("password")).send_keys(PASSWORD, Keys.ENTER)
    WebDriverWait(driver, 60).until(lambda _driver: "Later calls" in reader.text)
    reach(driver, link("Later calls")).send_keys(Keys.ENTER)
    WebDriverWait(driver, 60).until(lambda _driver: "RENEW-0-receipt" in reader.text)
    reach(driver, link("renewal-7")).send_keys(Keys.ENTER)
    WebDriverWait(driver, 60).until(lambda _driver: reader.heading == "Journey renewal-7")
    reach(driver, link("Later calls")).send_keys(Keys.ENTER)
    WebDriverWait(driver, 60).until(lambda _driver: "RENEW-0-receipt" in reader.text)
    reach(driver, named("_selected_action")).send_keys(Keys.SPACE)
    reach(driver, named("action"), back=True).send_keys("Give up")
    reach(driver, named("index")).send_keys(Keys.ENTER)
    WebDriverWait(driver, 60).until(lambda _driver: "1 given up" in reader.text)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_can_be_used_by_everybody(reader, axe, site, width):
    person, found = reader, {}
    person.driver.set_window_size(width, 900)

    def look(page):
        driver = person.driver
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        found[page] = [
            *(violations(person, axe, WCAG) if page in OURS else []),
            *([wide] if driver.execute_script(wide) else []),
        ]

    go_through(person, site, look)
    assert set(found) >= OURS
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
