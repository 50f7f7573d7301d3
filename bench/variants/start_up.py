"""Start-up: importing, and building what sends emails, without sending any. The whole process is measured."""

from __future__ import annotations

import sys


def import_ours() -> None:
    import govcomponents

    assert govcomponents


def import_official() -> None:
    import notifications_python_client.notifications

    assert notifications_python_client


def build_ours() -> None:
    from govcomponents import GovComponents, Settings

    gov = GovComponents.from_settings(Settings(notify={"api_key": KEY}))
    assert gov.notify


def build_official() -> None:
    from notifications_python_client.notifications import NotificationsAPIClient

    assert NotificationsAPIClient(KEY)


KEY = "bench-a0000000-0000-4000-8000-000000000001-b0000000-0000-4000-8000-000000000011"

if __name__ == "__main__":
    globals()[sys.argv[1]]()
