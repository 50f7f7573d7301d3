"""The images of the example services, without an engine that builds them: what is copied is there, and no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "examples" / "services"
NAMES = sorted(one.parent.name for one in SERVICES.glob("*/Dockerfile"))


def steps(service: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, of which each is a line."""
    lines = (SERVICES / service / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert not any(line.endswith("\\") for line in lines)
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


def of(service: str, name: str) -> list[str]:
    return [value for step, value in steps(service) if step == name]


def copied(service: str) -> Iterator[tuple[Path, str]]:
    """Yield the files and folders that the image takes, with where they come to."""
    for line in of(service, "COPY"):
        *sources, target = line.split()
        for source in sources:
            found = list((SERVICES / service).glob(source))
            assert found or source == "*.whl", source  # whoever builds it may have an index in the place of wheels
            yield from ((one, one.name if target == "./" else target) for one in found)


@pytest.mark.parametrize("file", [ROOT / "docker" / "Dockerfile", *(SERVICES / one / "Dockerfile" for one in NAMES)])
def test_a_linter_finds_nothing(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("service", NAMES)
def test_an_image_is_pinned_runs_as_nobody_and_says_whether_it_is_well(service: str) -> None:
    sandboxs = re.findall(r"^FROM (\S+)", (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert of(service, "FROM") == [sandboxs[-1]]
    names = [name for name, _ in steps(service)]
    assert int(*of(service, "USER")) > 0
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    (health,) = of(service, "HEALTHCHECK")
    for command in (health.partition("CMD ")[2], *of(service, "ENTRYPOINT"), *of(service, "CMD")):
        assert json.loads(command)  # without a shell, so that signals come to the server
    given = " ".join((*of(service, "ENV"), *of(service, "ARG"), *of(service, "RUN")))
    assert not re.search("SECRET|PASSWORD|_KEY|TOKEN", given)


@pytest.mark.parametrize("service", NAMES)
def test_what_is_sent_to_the_engine_is_what_the_image_takes(service: str) -> None:
    first, *kept = [
        line
        for line in (SERVICES / service / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert first == "*"
    allowed = [line.removeprefix("!") for line in kept if line.startswith("!")]
    sources = [source for line in of(service, "COPY") for source in line.split()[:-1]]
    assert sorted(allowed) == sorted(sources)
    assert not [name for name in (".env", "renewal.db", "tests", ".venv") if any(fnmatch(name, one) for one in allowed)]


@pytest.mark.parametrize("service", NAMES)
def test_a_word_that_starts_nothing_is_told(service: str) -> None:
    done = subprocess.run(
        ["./entrypoint.sh", "dance"], cwd=SERVICES / service, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "not dance" in done.stderr) == (2, True)
