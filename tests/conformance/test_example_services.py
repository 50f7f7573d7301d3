"""The example services in headless Chromium: the whole renewal by clicking and by keyboard alone, narrow and wide."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import renewal
from .browser import violations

SERVICES = Path(__file__).parents[2] / "examples" / "services"
NAMES = ("django", "flask", "fastapi")
WIDTHS = (375, 1280)


@contextmanager
def running(name):
    """Run the demonstration of a service, and give the address of its pages and of its sandbox."""
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "demo.py", "--port", str(port)]
    with subprocess.Popen(command, cwd=SERVICES / name, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = ""
            while "The sandbox is at" not in told:
                line = process.stdout.readline()
                assert line, f"the service ended: {told}"
                told += line
            site, sandbox = (re.search(rf"The {what} is at +(\S+)", told)[1] for what in ("service", "sandbox"))
            password = re.search(r"password (\S+)\)", told)[1]
            wait_for(site)
            yield site, sandbox, password
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(site):
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(site, timeout=5).close()
        except OSError:
            assert time.monotonic() < until
        else:
            return


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
    site, _sandbox, _password = service
    person = reader
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
    person.open(f"{site}renew")
    look("waiting")
    person.click("Go on")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    person.click("Confirm")
    look("paid")
    person.open(f"{site}renew")
    look("nothing")
    person.driver.set_window_size(1100, 900)
    assert found == []
