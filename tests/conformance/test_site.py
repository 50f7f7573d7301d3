"""The site of the docs in headless Chromium: diagrams are drawn, pages fit a telephone, and axe finds nothing wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .browser import AXE_TAGS, NotHere, axe_source, browser, violations

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_about):
        pass


@pytest.fixture(scope="module")
def site():
    """Build the site and serve it on this machine."""
    pytest.importorskip("zensical")
    subprocess.run([sys.executable, "tools/build_docs.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def reader():
    try:
        with browser() as person:
            yield person
    except NotHere as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def axe():
    """The program of axe-core, or None: what needs no axe is looked at all the same."""
    try:
        return axe_source()
    except NotHere:
        return None


def test_every_diagram_is_drawn(site, reader):
    from selenium.webdriver.support.wait import WebDriverWait

    pages = [page for page in SITE.rglob("*.html") if 'class="diagram"' in page.read_text("utf-8")]
    assert pages
    for page in pages:
        reader.open(f"{site}{page.relative_to(SITE).as_posix()}")
        drawn = "return [...document.querySelectorAll('.diagram, .drawing')].every(one => one.querySelector('svg'))"
        WebDriverWait(reader.driver, 60).until(lambda driver: driver.execute_script(drawn))  # noqa: B023  # at once
        assert "Syntax error" not in reader.text, page


def test_each_page_fits_a_telephone_and_axe_finds_nothing_wrong(site, reader, axe):
    wrong = {}
    reader.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    for page in SITE.rglob("*.html"):
        name = page.relative_to(SITE).as_posix()
        reader.open(f"{site}{name}")
        width = reader.driver.execute_script("return document.documentElement.scrollWidth")
        found = [f"it is {width} wide"] if width > 375 else []
        # What axe calls best practice is the theme's to follow: it names two landmarks alike.
        told = violations(reader, axe, [tag for tag in AXE_TAGS if tag.startswith("wcag")]) if axe else []
        # The theme lets a keyboard reach code that scrolls once it is in view, which axe does not wait for.
        found += [one for one in told if not one.startswith("scrollable-region-focusable at ['#__code")]
        if found:
            wrong[name] = found
    reader.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wrong == {}
