"""Takes the pictures of the sandbox's pages that the documentation shows.

python tests/conformance/pages/screenshots.py [FOLDER]

Needs Chromium with its driver, and selenium. The folder is docs/sandbox/images unless another is named.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from conformance.pages import renewal
from conformance.pages.browser import NotHere, browser
from govcomponents import GovComponentsError
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.server import serving

FOLDER = Path(__file__).parents[3] / "docs" / "sandbox" / "images"
RULE = DeliveryRule(1, (60,), lambda status: status == 200, lambda status: True)


def take(person, server, folder: Path) -> list[str]:
    """Go through a renewal and take a picture of each page; returns the names."""
    service = renewal.Service(server)
    taken = []

    def picture(name, path=None):
        if path is not None:
            person.open(server.base_url + path)
        person.screenshot(folder / f"{name}.png")
        taken.append(name)

    person.open(service.sign_in())
    picture("sign-in")
    renewal.sign_in(person, service.sign_in())
    picture("came-back")
    service.signed_in(person.url)
    person.open(service.pay("cy"))
    picture("card-welsh")
    renewal.enter_card(person, service.pay(), "4000 0000 0000 0002")
    picture("declined")
    person.open(service.pay())
    picture("card")
    renewal.fill_in_card(person, "4242 4242 4242 4242")
    picture("confirm")
    person.click("Confirm")
    service.send_receipts()
    server.sandbox.faults.arm("pay", "server_error", operation="pay.create", nth=2)
    server.sandbox.callbacks.send(
        Callback(
            "pay", "card_payment_succeeded", "http://127.0.0.1:1/pay/webhook", {}, b'{"example": 1}', RULE, "RENEW-7"
        )
    )
    with suppress(GovComponentsError):
        service.gov.pay.get("nobody0has0this0id00000000")
    for name in ("outbox", "callbacks", "faults", "clock", "requests", "payments", "scenarios", "errors"):
        picture(name, f"/_sandbox/{name}")
    picture("timeline", "/_sandbox/timeline?reference=RENEW")
    picture("request", f"/_sandbox/requests/{server.sandbox.requests.newest}")
    picture("payment", f"/_sandbox/payments/pay/{server.sandbox.provider('pay').record_ids('payments')[-1]}")
    picture("person", "/_sandbox/people/one_login/SAM")
    picture("keys", "/_sandbox/keys")
    picture("home", "/")
    for message in server.sandbox.messages():
        picture(message.kind, f"/_sandbox/outbox/{message.id}")
    service.gov.close()
    return taken


def main() -> int:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with serving(sign_in="page") as server, browser() as person:
            taken = take(person, server, folder)
    except NotHere as missing:
        print(f"no pictures were taken: {missing}", file=sys.stderr)  # noqa: T201  # a command
        return 1
    print(f"{len(taken)} pictures are in {folder}")  # noqa: T201  # a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
