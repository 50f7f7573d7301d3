"""Builds the site of the docs in build/site: strictly, offline, and asking no other host for anything.

python tools/build_docs.py [--serve]

Pages are written to be read on a code host too, so they link to files outside docs/: to CONTRIBUTING.md, to a test. The
site has the first pages of the project below project/, and names any other file without linking to it. So the pages are
laid out in build/pages first, and the generator reads them there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "pages"
SITE = ROOT / "build" / "site"
ZENSICAL = Path(sys.executable).parent / "zensical"

# Where the project's first pages stand on the site.
FIRST_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
# What a page loads by itself when it is opened, and what of it says from where.
LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "link": "href",
}


def on_the_site(text: str, page: Path, place: str) -> str:
    """The text of a page, with links as they lead on the site.

    Args:
        text: What the page says.
        page: The file of the page in the repository.
        place: Where it stands among the site's pages, such as ``pay/refund.md``.

    """

    def rewritten(link: re.Match[str]) -> str:
        path, mark, anchor = link["target"].partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return link[0]
        there = (page.parent / path).resolve()
        if there.is_dir() and (there / "README.md").is_file():
            there /= "README.md"
        name = there.relative_to(ROOT).as_posix() if there.is_relative_to(ROOT) else ""
        inside = FIRST_PAGES.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else None)
        if inside is None or (there.suffix == ".py" and "docs" in there.parts):
            return link["text"]  # a file of the repository, which the site does not carry
        return f"[{link['text']}]({os.path.relpath(inside, Path(place).parent)}{mark}{anchor})"

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(rewritten, part) for part in parts)


def lay_out() -> None:
    """Write the pages, with links as they lead on the site, and what lies beside them, where they have changed."""
    wanted = {f"{place}": ROOT / name for name, place in FIRST_PAGES.items() if place != "index.md"}
    for file in sorted((ROOT / "docs").rglob("*")):
        if file.is_file() and file.suffix not in {".py", ".pyc", ".toml"}:
            wanted[file.relative_to(ROOT / "docs").as_posix()] = file
    for place, file in wanted.items():
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        if file.suffix == ".md":
            content = on_the_site(content.decode("utf-8"), file, place).encode("utf-8")
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)
    for file in sorted(PAGES.rglob("*")):
        if file.is_file() and file.relative_to(PAGES).as_posix() not in wanted:
            file.unlink()


class _Loaded(HTMLParser):
    """Collects the addresses that a page loads from by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this element loads, if it loads anything."""
        known = dict(attrs)
        if tag == "link" and known.get("rel") in {"canonical", "next", "prev", "alternate"}:
            return
        address = known.get(LOADS.get(tag, "")) or ""
        if address:
            self.addresses.append(address)


def from_other_hosts(site: Path) -> list[str]:
    """Each page of a built site that loads something from another host, with the address."""
    found = []
    for page in sorted(site.rglob("*.html")):
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        found += [f"{page.relative_to(site)}: {one}" for one in loaded.addresses if re.match(r"(?:https?:)?//", one)]
    for style in sorted(site.rglob("*.css")):
        imports = re.findall(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')\s]+)", style.read_text(encoding="utf-8"))
        found += [f"{style.relative_to(site)}: {one}" for one in imports]
    return found


def build() -> int:
    """Build the site, and give the exit status: 0, or 1 where the generator warned or a page asks another host."""
    shutil.rmtree(SITE, ignore_errors=True)
    lay_out()
    done = subprocess.run(
        [ZENSICAL, "build", "--strict", "--clean"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        told = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr).partition("Traceback (most recent")
        print(f"{told[0]}The site is not built: mend what is told above.", file=sys.stderr)
        return 1
    elsewhere = from_other_hosts(SITE)
    for line in elsewhere:
        print(f"loads from another host: {line}", file=sys.stderr)
    if not elsewhere:
        print(f"Built {SITE.relative_to(ROOT)}: {len(list(SITE.rglob('*.html')))} pages")
    return 1 if elsewhere else 0


def keep_beside_others(folder: Path) -> None:
    """Put the built site into a folder of all versions: its first page and the selector of the theme lead to each.

    The names are those of `mike`, which the selector of the theme knows: `versions.json`, newest first, and `latest`.
    """
    version = ".".join(metadata.version("govcomponents").split(".")[:2])
    shutil.rmtree(folder / version, ignore_errors=True)
    shutil.copytree(SITE, folder / version)
    found = [path.name for path in folder.iterdir() if re.fullmatch(r"\d+\.\d+", path.name)]
    versions = sorted(found, key=lambda name: [int(part) for part in name.split(".")], reverse=True)
    listed = [
        {"version": name, "title": name, "aliases": ["latest"] if name == versions[0] else []} for name in versions
    ]
    (folder / "versions.json").write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    (folder / "index.html").write_text(
        f'<!doctype html><html lang="en"><title>govcomponents</title><a href="{versions[0]}/">govcomponents</a>'
        f'<meta http-equiv="refresh" content="0; url={versions[0]}/"></html>\n',
        encoding="utf-8",
    )
    print(f"Put beside the others in {folder}: {', '.join(versions)}")


def serve() -> int:
    """Show the site on this machine until Ctrl-C, with pages as they are written."""
    lay_out()

    def follow() -> None:
        while True:
            time.sleep(1)
            lay_out()

    threading.Thread(target=follow, daemon=True).start()
    try:
        return subprocess.run([ZENSICAL, "serve"], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Build the site of the docs in build/site.")
    arguments.add_argument("--serve", action="store_true", help="show it on this machine, and follow what is written")
    arguments.add_argument("--beside", type=Path, metavar="FOLDER", help="put it into this folder of all versions")
    asked = arguments.parse_args()
    status = serve() if asked.serve else build()
    if asked.beside and status == 0:
        keep_beside_others(asked.beside)
    sys.exit(status)
