"""Writes the page of dependencies: reason and floor from pyproject.toml, licence and alternative by hand.

python docs/architects/make_dependencies.py
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1] / "pyproject.toml"
LEFT_OUT = {"all", "dev", "docs"}
"""Extras that bring nothing of their own, or are for those who work on the package."""

KNOWN = {
    "requests": ("Apache-2.0", "httpx, urllib3 alone: [ADR 2](../adr/0002-transport.md)"),
    "urllib3": ("MIT", "comes with requests"),
    "certifi": ("MPL-2.0", "the system's authorities: set `REQUESTS_CA_BUNDLE`"),
    "pydantic": ("MIT", "checks by hand, msgspec"),
    "pydantic-settings": ("MIT", "reading `os.environ` by hand"),
    "idna": ("BSD-3-Clause", "Python's own codec, which is of 2003"),
    "cryptography": ("Apache-2.0 OR BSD-3-Clause", "none: never by hand"),
    "PyJWT": ("MIT", "Authlib, joserfc"),
    "tenacity": ("Apache-2.0", "a loop of our own"),
    "aiohttp": ("Apache-2.0 AND MIT", "httpx: [ADR 2](../adr/0002-transport.md)"),
    "jinja2": ("BSD-3-Clause", "none that a reader would know"),
    "phonenumbers": ("Apache-2.0", "none: the provider uses it"),
    "jsonschema": ("MIT", "none: the provider uses it"),
    "aiosmtpd": ("Apache-2.0", "none in the standard library since Python 3.12"),
    "trustme": ("MIT OR Apache-2.0", "certificates by hand with cryptography"),
    "libcst": ("MIT, with files under PSF-2.0 and Apache-2.0", "rewriting by hand"),
    "limits": ("MIT", "an object of yours with `acquire`"),
    "sqlalchemy": ("MIT", "statements by hand for each database: [ADR 11](../adr/0011-sqlalchemy-core.md)"),
    "redis": ("MIT", "the database, which does the same"),
    "django": ("BSD-3-Clause", "another shell"),
    "flask": ("BSD-3-Clause", "another shell"),
    "starlette": ("BSD-3-Clause", "another shell"),
    "fastapi": ("MIT", "another shell"),
    "prometheus-client": ("Apache-2.0 AND BSD-2-Clause", "`OpenTelemetryObserver`, or an observer of yours"),
    "opentelemetry-api": ("Apache-2.0", "`PrometheusObserver`, or an observer of yours"),
    "argcomplete": ("Apache-2.0", "no completion"),
    "rich": ("MIT", "`govcomponents status --json`"),
}
"""Each package's licence, as its own metadata names it, and what could stand in its place."""

BEGINNING = """# Dependencies

Reasons and floors are those of `pyproject.toml`, by `docs/architects/make_dependencies.py`. A floor is the last release
that mended a known weakness, or the oldest that is tested. A test compares licences with what the packages say of
themselves.

| package | at least | brought by | for | licence | instead |
| --- | --- | --- | --- | --- | --- |
"""

END = """
No upper bound is set, so that a service can take a security fix at once. The tests run with the newest and with the
oldest versions (`make test-all`).

## How they are kept current

- `make audit` compares the locked versions with the advisories that are known today. It runs before each release.
- `requirements-dev.lock` names each package of development with its hashes; `make locked` installs exactly those.
- What the whole tree of an installation is, with versions: `make sbom` writes `dist/sbom.cdx.json` (CycloneDX).

## How a release is built and proved

The workflow `.github/workflows/release.yml` builds from a signed tag, twice, and compares the bytes. It attests where
they were built, and publishes by its own identity; a second person must agree. `gh attestation verify FILE --repo
OWNER/REPOSITORY` checks a file. All steps: [releases](../../CONTRIBUTING.md#releases).
"""


def packages() -> list[tuple[str, str, str, str]]:
    """Each package once: name, floor, which extra brings it, and why."""
    found: dict[str, tuple[str, str, list[str], str]] = {}
    section = ""
    for line in PROJECT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        extra = re.match(r"^([a-z-]+) = \[", line)
        if extra and section.startswith("[project"):
            brought = "always" if extra[1] == "dependencies" else f"`{extra[1]}`"
            left_out = extra[1] in LEFT_OUT or extra[1] in {"classifiers", "keywords", "authors", "license-files"}
        one = re.search(r'"([A-Za-z0-9-]+)>=([0-9.]+)"', line)
        if section.startswith("[project") and one and not left_out:
            why = line.partition("#")[2].strip().partition(";")[0]
            if one[1] in found:
                found[one[1]][2].append(brought)
            else:
                found[one[1]] = (one[1], one[2], [brought], why)
    return [(name, floor, ", ".join(brought), why) for name, floor, brought, why in found.values()]


def page() -> str:
    """The whole page. Raises LookupError for a package of which nothing is said."""
    there = packages()
    if {name for name, *_ in there} != set(KNOWN):
        raise LookupError(f"say of each package in {Path(__file__).name}: {({n for n, *_ in there}) ^ set(KNOWN)}")
    rows = [f"| {name} | {floor} | {by} | {why} | {' | '.join(KNOWN[name])} |" for name, floor, by, why in there]
    return BEGINNING + "\n".join(rows) + "\n" + END


PAGES = {"dependencies.md": page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
