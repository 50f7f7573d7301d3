"""The site of the docs in headless Chromium: diagrams are drawn, pages fit a telephone, and axe finds nothing wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .browser import AXE_TAGS, NotHere, axe_source, violations

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[3]
SITE = ROOT / "build" / "site"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_about):
        pass


@contextmanager
def served(folder):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Build the site beside that of an earlier version, which stands in a folder of its own."""
    pytest.importorskip("zensical")
    folder = tmp_path_factory.mktemp("versions")
    (folder / "0.0").mkdir()
    (folder / "0.0" / "index.html").write_text("<h1>The earlier one</h1>", encoding="utf-8")
    build = [sys.executable, "tools/build_docs.py", "--beside", folder]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def site(versions):
    """Serve the site on this machine, alone."""
    with served(SITE) as address:
        yield address


def drawn():
    return [name for name in pages() if 'class="diagram"' in (SITE / name).read_text("utf-8")]


def open_drawn(reader, url):
    """Open a page, and wait until its diagrams are drawn."""
    from selenium.webdriver.support.wait import WebDriverWait

    reader.open(url)
    is_drawn = "return [...document.querySelectorAll('.diagram, .drawing')].every(one => one.querySelector('svg'))"
    WebDriverWait(reader.driver, 60).until(lambda driver: driver.execute_script(is_drawn))


def test_every_diagram_is_drawn(site, reader):
    assert drawn()
    for name in drawn():
        open_drawn(reader, f"{site}{name}")
        assert "Syntax error" not in reader.text, name


TELEPHONE = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}
DESK = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
WCAG = [tag for tag in AXE_TAGS if tag.startswith("wcag")]


def pages():
    return [page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html")]


def told_by_axe(reader, axe, tags=WCAG):
    # The theme lets a keyboard reach code that scrolls once it is in view, which axe does not wait for.
    known = "scrollable-region-focusable at ['#__code"
    return [one for one in violations(reader, axe, tags) if not one.startswith(known)]


@pytest.fixture(scope="module")
def seen(site, reader):
    """How wide each page is on a telephone, and what axe tells of it, where axe is to be had. Each is opened once."""
    try:
        axe = axe_source()
    except NotHere:
        axe = None
    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", TELEPHONE)
    found = {}
    for name in pages():
        reader.open(f"{site}{name}")
        width = reader.driver.execute_script("return document.documentElement.scrollWidth")
        found[name] = width, told_by_axe(reader, axe) if axe else []
    reader.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return found


def test_no_page_scrolls_sideways_on_a_telephone(seen):
    assert {name: width for name, (width, _told) in seen.items() if width > TELEPHONE["width"]} == {}


def test_axe_finds_nothing_wrong_with_any_page_on_a_telephone(axe, seen):
    assert {name: told for name, (_width, told) in seen.items() if told} == {}


@pytest.mark.parametrize(("scheme", "colours"), [("light", "default"), ("dark", "slate")])
def test_axe_finds_nothing_wrong_on_a_wide_screen(site, reader, axe, scheme, colours):
    wrong = {}
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", DESK)
    for name in drawn():
        open_drawn(reader, f"{site}{name}")
        assert reader.driver.execute_script("return document.body.dataset.mdColorScheme") == colours
        if found := told_by_axe(reader, axe, AXE_TAGS):
            wrong[name] = found
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    reader.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wrong == {}


def test_the_search_leads_to_a_page_by_keyboard(site, reader):
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.support.wait import WebDriverWait

    reader.open(site)
    results = "return [...document.querySelectorAll('*')].some(e => /results/.test(e.shadowRoot?.textContent ?? ''))"
    waiting = WebDriverWait(reader.driver, 60)
    waiting.until(lambda driver: driver.execute_script("return document.readyState === 'complete'"))
    ActionChains(reader.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    ActionChains(reader.driver).send_keys("refund").perform()
    waiting.until(lambda driver: driver.execute_script(results))
    ActionChains(reader.driver).send_keys(Keys.ENTER).perform()
    waiting.until(lambda _driver: "refund" in reader.url)


def test_the_selector_leads_to_an_earlier_version(versions, reader):
    from selenium.webdriver.support.wait import WebDriverWait

    with served(versions) as address:
        reader.open(address)
        waiting = WebDriverWait(reader.driver, 60)
        links = "return [...document.querySelectorAll('.md-version a')].map(one => one.getAttribute('href'))"
        waiting.until(lambda driver: len(driver.execute_script(links)) == 2)
        assert not reader.url.startswith(f"{address}0.0/")
        # Found and pressed in one step: the page may draw the selector anew between two.
        reader.driver.execute_script("document.querySelectorAll('.md-version a')[1].click()")
        waiting.until(lambda _driver: "The earlier one" in reader.text)
