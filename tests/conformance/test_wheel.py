"""The built wheel, installed into fresh environments: with no extra, and with each.

Here and not in `make test`, because it is `build` and pip that work: three builds and a dozen installations.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from typing import TYPE_CHECKING

import pytest

from distribution.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import importlib.util, json, sys
import govcomponents

report = {"imported": sorted(set(sys.modules) & {"requests", "aiohttp", "pydantic", "cryptography", "jwt", "jinja2"})}
report["installed"] = [
    name
    for name in ("aiohttp", "jinja2", "jsonschema", "limits", "phonenumbers", "pytest")
    if importlib.util.find_spec(name)
]

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents, Money, Settings

ID = "4a4b5c6d-1111-4222-8333-444455556666"
settings = Settings(pay={"api_key": "api_test_" + "a" * 40}, notify={"api_key": f"team-{ID}-{ID}"})
with GovComponents.from_settings(settings) as gov:
    report["blocking"] = [type(gov.pay).__name__, type(gov.notify).__name__]

def attempt(name, make):
    try:
        report[name] = make()
    except ConfigurationError as error:
        report[name] = error.fix

attempt("asyncio", lambda: type(AsyncGovComponents.from_settings(settings).pay).__name__)

def pay():
    with GovComponents.sandbox() as gov:
        return str(gov.pay.create(Money.gbp("145.00"), "R-1", "Renew", "https://service.example.gov.uk/back").amount)

attempt("sandbox", pay)
print(json.dumps(report))
"""


def _run(*command: str | Path, cwd: Path) -> str:
    """Run a command with nothing of this environment but the path and what pip needs."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("PIP_")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from it."""
    out = tmp_path_factory.mktemp("built")
    _run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    return out


@pytest.fixture(scope="module")
def installed(built: Path) -> object:
    """Install the wheel with some extras into a fresh environment, and give its folder of programs."""
    (wheel,) = built.glob("*.whl")

    @cache
    def install(extras: str) -> Path:
        home = built / f"env-{extras or 'plain'}"
        _run(sys.executable, "-m", "venv", "--without-pip", home, cwd=built)
        target = f"{wheel}[{extras}]" if extras else str(wheel)
        quick = ("--quiet", "--no-compile", "--disable-pip-version-check")
        _run(sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", *quick, target, cwd=built)
        return home / "bin"

    return install


NEEDS_ASYNC = 'pip install "govcomponents[async]"'
NEEDS_SANDBOX = 'pip install "govcomponents[sandbox]"'


@pytest.mark.parametrize(
    ("extras", "packages", "asyncio", "sandbox"),
    [
        ("", [], NEEDS_ASYNC, NEEDS_SANDBOX),
        ("async", ["aiohttp"], "AsyncPayService", NEEDS_SANDBOX),
        ("sandbox", ["jinja2", "jsonschema", "phonenumbers"], NEEDS_ASYNC, "£145.00"),
        ("limits", ["limits"], NEEDS_ASYNC, NEEDS_SANDBOX),
        ("recipients", ["phonenumbers"], NEEDS_ASYNC, NEEDS_SANDBOX),
        ("cli", ["jinja2", "jsonschema", "phonenumbers"], NEEDS_ASYNC, "£145.00"),
        ("all", ["aiohttp", "jinja2", "jsonschema", "limits", "phonenumbers"], "AsyncPayService", "£145.00"),
    ],
)
def test_each_extra_brings_what_it_promises(
    installed: object, tmp_path: Path, extras: str, packages: list[str], asyncio: str, sandbox: str
) -> None:
    programs = installed(extras)
    report = json.loads(_run(programs / "python", "-I", "-W", "error", "-c", PROBE, cwd=tmp_path))
    assert report == {
        "imported": [],
        "installed": packages,
        "blocking": ["PayService", "NotifyService"],
        "asyncio": asyncio,
        "sandbox": sandbox,
    }
    assert _run(programs / "govcomponents", "--version", cwd=tmp_path).startswith("govcomponents ")


def test_the_wheel_holds_the_package_its_types_and_its_licence(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "govcomponents/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for folder in (
        "http",
        "control",
        "providers/govuk_pay",
        "providers/stripe",
        "providers/one_login",
        "identity_provider",
    ):
        assert any(name.startswith(f"govcomponents/sandbox/{folder}/templates/") for name in names)
    assert all(name.startswith("govcomponents") for name in names)
    assert not any("__pycache__" in name or name.startswith("tests") for name in names)


def test_the_source_archive_holds_what_the_tests_need(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md", "Makefile", "noxfile.py"):
        assert name in names
    assert "tests/conformance/test_wheel.py" in names
    assert not any(name.startswith((".venv", ".git/")) for name in names)


def test_built_again_elsewhere_it_is_the_same_bit_for_bit(built: Path, tmp_path: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        if hasattr(tarfile, "data_filter"):  # from Python 3.11.4 on
            packed.extraction_filter = tarfile.data_filter
        packed.extractall(tmp_path)  # of our own making
    (copy,) = tmp_path.iterdir()
    for number, path in enumerate(sorted(copy.rglob("*"))):
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))  # as in another clone, of another day
    again = tmp_path / "again"
    _run(sys.executable, "-m", "build", "--outdir", again, copy, cwd=tmp_path)
    assert sorted(one.name for one in again.iterdir()) == sorted(
        one.name for kind in ("*.whl", "*.tar.gz") for one in built.glob(kind)
    )
    for one in again.iterdir():
        assert one.read_bytes() == (built / one.name).read_bytes(), one.name


PEM = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\n)*[A-Za-z0-9+/]{16}")
JWK = re.compile(rb"""["'](?:d|p|q|dp|dq|qi)["']\s*:\s*["'][A-Za-z0-9_-]{20,}""")
ENCODED = re.compile(rb"MII[BCEJ][A-Za-z0-9+/\s]{200,}")
"""DER in base64, as a private key without its frame would be; public keys and certificates begin so too."""
PUBLIC = b"-----BEGIN PUBLIC KEY-----"


def members(archive: Path) -> dict[str, bytes]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    with tarfile.open(archive) as packed:
        files = [one for one in packed.getmembers() if one.isfile()]
        return {one.name: packed.extractfile(one).read() for one in files}


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_no_private_key_is_in_what_is_published(built: Path, kind: str) -> None:
    (archive,) = built.glob(kind)
    found = members(archive)
    assert len(found) > 100
    for name, content in found.items():
        assert not name.endswith((".pem", ".key", ".p12", ".pfx")), name
        for form in (PEM, JWK, ENCODED):
            assert not form.search(content.replace(PUBLIC, b"")), name


def test_the_search_for_private_keys_finds_them() -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    for key, kind in (
        (rsa.generate_private_key(65537, 2048), RSAAlgorithm),
        (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    ):
        for form in (s.PrivateFormat.PKCS8, s.PrivateFormat.TraditionalOpenSSL):
            pem = key.private_bytes(s.Encoding.PEM, form, s.NoEncryption())
            assert PEM.search(pem)
            assert PEM.search(json.dumps(pem.decode()).encode())
        assert JWK.search(kind.to_jwk(key).encode())
