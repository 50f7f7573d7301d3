"""Follows a tutorial as its reader does: writes its files, runs its commands, and goes through the service.

A page says all that its reader needs, and nothing for this program but one comment: where a person goes through the
service. A block with a title is a file (`title="app.py"`), or what to add to one (`title="app.py, at the end"`). A
command that does not end is left to run; the next one waits until this one has told that it is there. Packages are not
installed again: `.venv` is the environment of the tests, and `tests/distribution` holds what an extra brings.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from dotenv import dotenv_values

from govcomponents import GovComponents, Settings
from govcomponents.sandbox.browser import Form, Page
from govcomponents.testing import DECLINED_CARD, FormBrowser, pay_by_card

BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^```$|^<!-- (?P<person>a person renews) -->$',
    re.MULTILINE | re.DOTALL,
)
ADDED = ", at the end"
# Commands that do not end, and what they print or write once they are there.
SERVERS = {
    "govcomponents sandbox": "To see what is in it",
    "flask --app app run": "",
    "gov work": "",
    "uvicorn app:": "",
    "runserver": "",
    "govcomponents_work": "",
}
AT_ONCE = 4  # clicks on the button that pays
PATIENCE = 90.0


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as taken:
        return int(taken.getsockname()[1])


class Browser:
    """Opens pages of the service. It keeps cookies as browsers do, which take http://localhost for safe."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def open(self, url: str, form: dict[str, str] | None = None) -> requests.Response:
        """Open a page or send a form, and follow for as long as it stays with the service."""
        while True:
            response = requests.request(
                "GET" if form is None else "POST",
                url,
                data=form,
                headers={"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())},
                allow_redirects=False,
                timeout=30,
            )
            for line in response.raw.headers.getlist("Set-Cookie"):
                self.cookies.update({name: one.value for name, one in SimpleCookie(line).items()})
            url, form = urljoin(url, response.headers.get("location", "")), None
            if "location" not in response.headers or not url.startswith(self.site):
                return response

    def press(self, form: Form) -> requests.Response:
        """Press the button of a form, also of one whose page was left."""
        return self.open(form.action, form.values)


class Reader:
    """Somebody who follows a page in an empty folder."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.text = page.read_text(encoding="utf-8")
        self.folder = folder
        self.ports = {"8000": free_port(), "8910": free_port()}
        self.running: list[tuple[str, subprocess.Popen[bytes], Path]] = []
        self.has_renewed = False

    def follow(self) -> None:
        """Do all that the page says, in its order."""
        try:
            for block in BLOCK.finditer(self.text):
                if block["person"]:
                    self.renew()
                elif block["title"]:
                    self.write(block["title"], block["code"])
                elif block["language"] == "sh":
                    for line in block["code"].strip().split("\n"):
                        self.type(self.mine(line))
        finally:
            self.stop()

    def mine(self, text: str) -> str:
        """What the page says, with ports that are free here."""
        for told, free in self.ports.items():
            text = re.sub(rf"(?<=[: ]){told}\b", str(free), text)
        return text

    def write(self, title: str, code: str) -> None:
        """Write a file, or add to it."""
        file = self.folder / title.removesuffix(ADDED)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") + "\n\n" if title.endswith(ADDED) else ""
        file.write_text(before + self.mine(code), encoding="utf-8")

    def type(self, command: str) -> None:
        """Run a command, and wait for its end, or until it has told that it is there."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        if self.is_installation(command):
            return
        waits_for = self.served(command)
        if waits_for is None:
            done = subprocess.run(
                command,
                shell=True,
                cwd=self.folder,
                env=self.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            return
        log = self.folder / f".output-{len(self.running)}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                f"exec {command}",
                shell=True,
                cwd=self.folder,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.running.append((command, process, log))
        self.wait_until(lambda: waits_for in log.read_text() and self.answers(command), command)

    def is_installation(self, command: str) -> bool:
        """Let the packages of the tests be those that the page would install."""
        if command.endswith("-m venv .venv"):
            (self.folder / ".venv").symlink_to(sys.prefix)
            return True
        return command.startswith(".venv/bin/pip install ")

    def served(self, command: str) -> str | None:
        """What a command that goes on tells when it is there; None for one that ends."""
        for part, told in SERVERS.items():
            if part in command and "--once" not in command:
                return told
        return None

    def answers(self, command: str) -> bool:
        """Whether a service that is to be served answers."""
        port = self.ports["8000"]
        if str(port) not in command or "sandbox" in command:
            return True
        try:
            requests.get(f"http://localhost:{port}/", timeout=5)
        except requests.ConnectionError:
            return False
        return True

    def wait_until(self, is_so, what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not is_so():
            for command, process, log in self.running:
                assert process.poll() is None, f"{command} ended\n{log.read_text()}"
            assert time.monotonic() < until, f"{what} came to nothing\n" + "\n".join(
                log.read_text() for _, _, log in self.running
            )
            time.sleep(0.05)

    def environment(self) -> dict[str, str]:
        """What a reader's new terminal has."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.folder), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def settings(self) -> Settings:
        """The settings that the sandbox has written for the service."""
        with pytest.MonkeyPatch.context() as environment:
            for name, value in dotenv_values(self.folder / ".env").items():
                environment.setenv(name, value or "")
            return Settings.from_environment()

    def renew(self) -> None:
        """Go through the service: sign in, pay, come back, and find the receipt."""
        site, sandbox = (f"http://localhost:{self.ports[one]}" for one in ("8000", "8910"))
        browser, provider = Browser(site), FormBrowser.over_http()
        assert "Start now" in browser.open(site).text
        sign_in = browser.open(f"{site}/renew").headers["location"]
        back = provider.send(provider.open(sign_in).form_with("person"), person="SAM", outcome="success").url
        check = browser.open(back)
        assert "Pay £145" in check.text, check.text
        assert "did not go through" not in check.text
        self.go_without(browser, site, sandbox)
        (form,) = Page(f"{site}/renew", check.status_code, check.text).forms
        declined = browser.press(form).headers["location"]
        pay_by_card(provider, declined, DECLINED_CARD)
        assert "Your last payment did not go through." in browser.open(f"{site}/renew").text
        with ThreadPoolExecutor(AT_ONCE) as clicks:
            answers = list(clicks.map(lambda _: browser.press(form), range(AT_ONCE)))
        assert {one.status_code for one in answers} <= {200, 302, 303}, [one.text for one in answers]
        pay_by_card(provider, next(one.headers["location"] for one in answers if "location" in one.headers))
        assert "Licence renewed" in browser.open(f"{site}/renew").text
        assert "Licence renewed" in browser.press(form).text  # by the other tab
        sign_in = browser.open(f"{site}/gov/sign-in?next=/renew").headers["location"]  # somebody else, in another tab
        for _ in range(2):  # the page asks for a proof of who they are
            back = provider.send(provider.open(sign_in).form_with("person"), person="NIA", outcome="success").url
            check = browser.open(back)
            sign_in = check.headers.get("location", "")
        assert "Pay £145" in check.text, check.text
        kept = b"".join(one.read_bytes() for one in self.folder.iterdir() if one.is_file() and "db" in one.name)
        assert b"DYCHMYGOL" in kept  # as the proof has it, and not as they were before it
        told = browser.press(form)
        assert (told.status_code, "Nothing was taken just now" in told.text) == (409, True), told.text
        with GovComponents.from_settings(self.settings()) as gov:
            # The clicks made no second payment beside the one that was declined.
            assert sorted(one.is_paid for one in gov.pay.search()) == [False, True]

        def messages() -> list[dict[str, str]]:
            return requests.get(f"{sandbox}/_sandbox/api/messages", timeout=30).json()

        self.wait_until(messages, "the receipt")
        assert [one["kind"] for one in messages()] == ["email"]
        self.has_renewed = True

    def go_without(self, browser: Browser, site: str, sandbox: str) -> None:
        """Ask for the page while the provider of payments is away: it says so, and is there again afterwards."""
        away = {"provider": "pay", "fault": "unavailable", "times": 99}
        requests.post(f"{sandbox}/_sandbox/api/faults", json=away, timeout=30).raise_for_status()
        told = browser.open(f"{site}/renew")
        assert (told.status_code, "If you have paid, do not pay again" in told.text) == (503, True), told.text
        requests.delete(f"{sandbox}/_sandbox/api/faults", timeout=30).raise_for_status()
        assert "Pay £145" in browser.open(f"{site}/renew").text

    def stop(self) -> None:
        """Press Ctrl-C in each terminal."""
        for _, process, _ in reversed(self.running):
            process.send_signal(signal.SIGINT)
        for _, process, _ in self.running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
