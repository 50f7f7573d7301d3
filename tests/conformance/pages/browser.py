"""A person at a real browser: headless Chromium, found on this machine, driven through Selenium."""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64decode
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

AXE_VERSION = "4.14.1"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # small in containers, and a page that finds no room there hangs
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1100,900",
    "--proxy-server=direct://",
]


class NotHere(Exception):
    """What is needed is not on this machine; the text says what."""


class Person:
    """Reads pages, clicks on what they say and fills in fields by their labels, as a person does."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, url):
        self.driver.get(url)

    @property
    def url(self):
        return self.driver.current_url

    @property
    def heading(self):
        return self._find("//h1").text

    @property
    def text(self):
        return self._find("//body").text

    def click(self, words):
        """Click the link or button whose words begin so, and wait for the page to which it leads."""
        self._press(self._find(f"//*[self::a or self::button][starts-with(normalize-space(.), {_quoted(words)})]"))

    def click_first(self, selector):
        """Click the first thing that a CSS selector finds, and wait for the page to which it leads."""
        self._press(self.driver.find_element("css selector", selector))

    def _press(self, element):
        from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
        from selenium.webdriver.support.wait import WebDriverWait

        before = self._find("//html")

        def is_gone(_driver):
            try:
                before.is_enabled()
            except StaleElementReferenceException:
                return True
            except WebDriverException as error:
                # what the driver says of it in the middle of a navigation
                return "does not belong to the document" in (error.msg or "")
            return False

        element.click()
        WebDriverWait(self.driver, 20).until(is_gone)

    def fill(self, label, value):
        """Type into the field of a label."""
        from selenium.webdriver import Keys

        self._field(label).send_keys(Keys.CONTROL + "a" + Keys.NULL, value)

    def choose(self, label):
        """Choose a radio button, or tick a box."""
        self._field(label).click()

    def select(self, label, option):
        """Choose an option of a list."""
        from selenium.webdriver.support.ui import Select

        Select(self._field(label)).select_by_visible_text(option)

    def screenshot(self, path: Path):
        """Take a picture of the page; of a long one, its beginning."""
        size = self.driver.execute_script("return [document.documentElement.scrollWidth, document.body.scrollHeight]")
        self.driver.set_window_size(1100, min(1400, max(600, size[1] + 140)))
        shown = {"x": 0, "y": 0, "width": 1100, "height": min(1260, max(460, size[1])), "scale": 0.7}  # a small file
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": shown})
        path.write_bytes(b64decode(taken["data"]))
        self.driver.set_window_size(1100, 900)

    def _field(self, label):
        target = self._find(f"//label[starts-with(normalize-space(.), {_quoted(label)})]").get_attribute("for")
        return self._find(f"//*[@id={_quoted(target)}]")

    def _find(self, path):
        return self.driver.find_element("xpath", path)


def _quoted(words):
    return f'"{words}"' if '"' not in words else f"'{words}'"


@contextmanager
def browser(*, javascript=True):
    """Start headless Chromium for a `with` block. Raises NotHere if it cannot be."""
    try:
        from selenium import webdriver
    except ModuleNotFoundError:
        raise NotHere("selenium is not installed (pip install selenium)") from None
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if chromium is None or driver_path is None:
        raise NotHere("Chromium and its driver are not installed (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        driver.implicitly_wait(5)
        yield Person(driver)
    finally:
        driver.quit()


def axe_source() -> str:
    """The program of axe-core: from the folder that AXE_CORE names, or installed with npm into a throwaway folder."""
    found = _axe_source()
    if isinstance(found, NotHere):
        raise found
    return found


@cache
def _axe_source() -> str | NotHere:
    """Look once for all tests: where no registry answers, npm says so only after a while."""
    folder = os.environ.get("AXE_CORE")
    try:
        found = installed("axe-core", AXE_VERSION) if folder is None else Path(folder)
    except NotHere as missing:
        return missing
    return (found / "axe.min.js").read_text(encoding="utf-8")


def installed(package: str, version: str) -> Path:
    """The folder of a package that npm installs into a throwaway folder. Raises NotHere if it cannot be."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotHere(f"npm is not installed, and {package} is not here")
    home = Path(mkdtemp(prefix=f"{package}-"))
    patience = ["--fetch-retries", "1", "--fetch-retry-mintimeout", "1000", "--fetch-timeout", "20000"]
    silent = ["--silent", "--no-audit", "--no-fund"]
    command = [npm, "install", *silent, *patience, "--prefix", home, f"{package}@{version}"]
    done = subprocess.run([*map(str, command)], capture_output=True, check=False, timeout=300)
    if done.returncode:
        raise NotHere(f"{package} cannot be installed with npm")
    return home / "node_modules" / package


def violations(person, source, tags=AXE_TAGS) -> list[str]:
    """What axe-core finds wrong with the page that is open: the rule, and where."""
    driver = person.driver
    driver.execute_script(source)
    run = "axe.run(document, {runOnly: arguments[0]}).then(found => arguments[1](found.violations))"
    found = driver.execute_async_script(run, tags)
    return [f"{one['id']} at {node['target']}: {one['help']}" for one in found for node in one["nodes"]]
