"""The page for other languages: its client without any library runs as it is written there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from govcomponents.sandbox.server import serving

PAGE = Path(__file__).parents[2] / "docs/sandbox/other-languages.md"


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_the_client_of_the_page_pays_and_sends(tmp_path: Path) -> None:
    (code,) = [
        one for one in re.findall(r"```js\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if "node:crypto" in one
    ]
    (tmp_path / "client.mjs").write_text(code, "utf-8")
    with serving() as server:
        environment = {**os.environ, "SANDBOX": server.base_url}
        subprocess.run(["node", "client.mjs"], cwd=tmp_path, env=environment, check=True, timeout=100)
        came = [(one.method, one.path, one.status) for one in server.sandbox.requests.requests()]
    assert came == [("POST", "/v1/payments", 201), ("POST", "/v2/notifications/email", 201)]
