"""Takes the pictures of the renewal, from the first page to the receipt, that the documentation shows.

python tests/conformance/pages/journey_pictures.py [FOLDER]

They are of the Flask example, at the widths of a telephone and of a desk; the pages of the others are the same. Needs
Chromium with its driver, and selenium. The folder is docs/frameworks/images unless another is named.
"""

from __future__ import annotations

import sys
from base64 import b64decode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from conformance.pages import renewal
from conformance.pages.browser import NotHere, browser
from conformance.pages.running_service import running

FOLDER = Path(__file__).parents[3] / "docs" / "frameworks" / "images"
WIDTHS = {375: 0.75, 1280: 0.6}
"""The widths in pixels, and how much smaller the pictures are: files are to be small."""


def take(person, site: str, folder: Path) -> list[str]:
    """Go through a renewal and take two pictures of each page of the service; returns their names."""
    taken = []

    def picture(name):
        for width, scale in WIDTHS.items():
            person.driver.set_window_size(width, 700)
            high = person.driver.execute_script("return document.body.scrollHeight")
            shown = {"x": 0, "y": 0, "width": width, "height": min(700, max(320, high)), "scale": scale}
            made = person.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": shown})
            (folder / f"{name}-{width}.png").write_bytes(b64decode(made["data"]))
            taken.append(f"{name}-{width}")

    person.open(site)
    picture("start")
    person.click("Start now")
    person.choose("Sam")
    person.click("Continue")
    picture("check")
    person.click("Pay by card")
    paying = person.url
    person.open(f"{site}renew")
    picture("not-finished")
    person.open(paying)
    renewal.fill_in_card(person, "4000 0000 0000 0002")
    person.click("Go back to the service")
    picture("not-paid")
    person.click("Try again")
    person.click("Pay by card")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    person.click("Confirm")
    picture("renewed")
    person.open(f"{site}?language=cy")
    picture("start-welsh")
    person.driver.set_window_size(1100, 900)
    return taken


def main() -> int:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with running("flask") as (site, _sandbox, _password), browser() as person:
            taken = take(person, site, folder)
    except NotHere as missing:
        print(f"no pictures were taken: {missing}", file=sys.stderr)  # noqa: T201  # a command
        return 1
    print(f"{len(taken)} pictures are in {folder}")  # noqa: T201  # a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
