"""The sandbox's Stripe answers in the API version that was asked for, and refuses what is none."""

from __future__ import annotations

import pytest

from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.http.messages import Call

KEY = "Bearer sk_test_sandbox0key"


@pytest.mark.parametrize(
    "version",
    ["2020-08-27", "2024-09-30.acacia", "2025-08-27.basil", "2026-06-24.dahlia", "2099-01-01.endive", "2099-01-01.fig"],
)
def test_the_version_that_was_asked_for_is_answered(version: str) -> None:
    sandbox = Sandbox({"stripe": {}})
    for path in ("/stripe/v1/refunds", "/stripe/v1/refunds/none"):
        headers = {"authorization": KEY, "stripe-version": version}
        answer = sandbox.respond(Call("GET", path, "", headers, b"", sandbox.base_url))
        assert answer.headers["stripe-version"] == version


@pytest.mark.parametrize(
    "version",
    [
        "newest",
        "2020-08-27.acacia",
        "2025-08-27",
        "2025-09-30.acacia",
        "2025-08-27.clover",
        "2099-01-01.basil",
        "2026-02-31",
    ],
)
def test_what_is_no_version_is_refused(version: str) -> None:
    sandbox = Sandbox({"stripe": {}})
    headers = {"authorization": KEY, "stripe-version": version}
    answer = sandbox.respond(Call("GET", "/stripe/v1/refunds", "", headers, b"", sandbox.base_url))
    assert answer.status == 400
    assert f"Invalid Stripe API version: {version}".encode() in answer.body
