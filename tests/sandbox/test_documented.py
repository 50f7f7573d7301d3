"""What the sandbox's documentation promises: made pages are up to date, keys are right, the container is safe."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from govcomponents.cli.main import parser
from govcomponents.sandbox.app import Sandbox

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "sandbox"


def test_the_page_of_faults_is_made_from_the_catalogue():
    specification = importlib.util.spec_from_file_location("make_sandbox_pages", DOCS / "make_pages.py")
    maker = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(maker)
    for name, make in maker.PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run docs/sandbox/make_pages.py"


def test_the_keys_and_ids_of_the_pages_are_those_of_the_default_world():
    page = (DOCS / "other-languages.md").read_text(encoding="utf-8")
    sandbox = Sandbox()
    settings = sandbox.settings()
    for value in (settings.pay.api_key.reveal(), settings.notify.api_key.reveal(), settings.identity.client_id):
        assert value in page
    assert "/_sandbox/came-back" in settings.identity.redirect_url
    known = {template.id for service in sandbox.notify.world.services for template in service.templates}
    assert set(re.findall(r"5ab1ec0d-0000-4000-8000-0000000001\d\d", page)) <= known


def test_every_option_of_the_command_is_on_the_first_page():
    page = (DOCS / "index.md").read_text(encoding="utf-8")
    (commands,) = (action for action in parser()._actions if action.dest == "command")
    options = {name for action in commands.choices["sandbox"]._actions for name in action.option_strings}
    for option in options - {"-h", "--help"}:
        assert f"`{option}" in page


def test_every_path_of_the_control_api_is_on_its_page():
    page = (DOCS / "control.md").read_text(encoding="utf-8")
    for route in Sandbox()._router.owners[0].routes():
        path = re.sub(r"<\w+>", "{id}", route.path.removeprefix("/_sandbox/api"))
        assert f"{path}`" in page or path == "/openapi.json", path


def test_the_container_is_as_safe_as_its_page_says():
    lines = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    user = next(line.split()[1] for line in lines if line.startswith("USER "))
    assert user.isdigit()
    assert user != "0"
    assert lines.index(f"USER {user}") > max(n for n, line in enumerate(lines) if line.startswith(("RUN", "COPY")))
    copied = [line for line in lines if line.startswith("COPY")]
    assert copied[0].startswith("COPY dist/*.whl ")
    entry = next(line for line in lines if line.startswith("ENTRYPOINT "))
    arguments = re.findall(r'"([^"]+)"', entry)[1:]
    options = parser().parse_args(arguments)
    assert (options.host, options.port) == ("0.0.0.0", 8910)
    page = (DOCS / "container.md").read_text(encoding="utf-8")
    for part in ("--read-only", "-p 127.0.0.1:8910:8910", user):
        assert part in page


def test_the_fixture_gives_a_fresh_sandbox(gov_sandbox):
    assert gov_sandbox.simulator.pay.charges() == []
    assert gov_sandbox.simulator.control.state().events == 0
