"""What the package is built of and from is named, locked and pinned, and says why."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from .sources import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([0-9][\w.]*)", LOCK, re.MULTILINE))
RUNTIME = [
    *PROJECT["dependencies"],
    *(one for name, wanted in PROJECT["optional-dependencies"].items() if name != "dev" for one in wanted),
]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def floors(requirements):
    for text in requirements:
        if not text.startswith("govcomponents"):
            name, floor = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)", text).groups()
            yield name.lower().replace("_", "-").replace(".", "-"), floor


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def test_each_floor_has_its_reason_beside_it():
    for text in RUNTIME:
        if not text.startswith("govcomponents"):
            assert re.search(rf'"{re.escape(text)}".*#\s*\S', PYPROJECT), text


def test_each_package_is_locked_at_its_floor_or_above_with_its_hashes():
    for name, floor in floors([*RUNTIME, *PROJECT["optional-dependencies"]["dev"]]):
        assert numbers(LOCKED[name]) >= numbers(floor), name
    packages = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(packages) == len(re.findall(r"^[a-z0-9].*==", LOCK, re.MULTILINE)) > 60
    for package in packages:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package), package[:60]


def test_the_lock_names_no_place():
    assert not re.search(r"://|--(extra-)?index|--find-links|@ |/tmp|/opt", LOCK)


@pytest.mark.skipif(not DOCKERFILE.exists(), reason="a source archive has no image")
def test_base_images_are_pinned_by_digest():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", one) for one in bases)
    assert len(set(bases)) == 1


@pytest.mark.skipif(not WORKFLOW.exists(), reason="a source archive has no workflow")
def test_releases_are_built_twice_attested_and_published_by_pinned_actions_with_few_rights():
    text = WORKFLOW.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert "contents" not in publish["permissions"]
    steps = [*build["steps"], *publish["steps"]]
    for step in steps:
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"]), step
        assert "${{" not in step.get("run", ""), "what others write must not reach a shell"
    run = "\n".join(step.get("run", "") for step in steps)
    for what in ("make locked audit test", "SOURCE_DATE_EPOCH", "diff --recursive", "make sbom"):
        assert what in run
    assert "attest-build-provenance" in text


def test_the_bill_of_materials_is_of_what_is_installed_and_not_of_what_develops_it():
    target = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nsbom:")[2].partition("\n.PHONY")[0]
    made, installed, listed = (
        target.index(part)
        for part in ("--without-pip $(VENV)/installed", '--constraint $(VENV)/locked.txt ".[all]"', "cyclonedx-py")
    )
    assert made < installed < listed
    assert target.rstrip().splitlines()[-2].endswith(" $(VENV)/installed/bin/python")


def test_the_route_to_report_depends_on_no_example_domain():
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in told
    assert "example" not in told
    assert "urls" not in PROJECT or "example" not in str(PROJECT["urls"])
