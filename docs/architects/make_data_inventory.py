"""Writes the inventory of personal data from the `Personal` fields of the code and the columns of the tables.

python docs/architects/make_data_inventory.py

A field or column about which nothing is said here stops it, so that none is forgotten.
"""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
import runpy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

import govcomponents
from govcomponents.identity.adapters import BUILT_IN as IDENTITY
from govcomponents.identity.capabilities import IdentityCapability
from govcomponents.notify.adapters import BUILT_IN as NOTIFY
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.pay.adapters import BUILT_IN as PAY
from govcomponents.pay.capabilities import PayCapability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import StrEnum

HERE = Path(__file__).parent
BUILT_IN = {"pay": PAY, "notify": NOTIFY, "identity": IDENTITY}
NOT_OF_A_SERVICE = (".sandbox", ".contracts", ".cli", ".integrations", ".pytest_plugin", ".revisions", ".audit")
"""Parts that hold no person of a service: the sandbox's are invented, the shells keep what `web` keeps."""
OPENID = "OpenID Connect"
BY_SETTINGS = {
    OPENID: (
        IdentityCapability.LOGIN_HINT,
        IdentityCapability.PHONE,
        IdentityCapability.MEDIUM_CONFIDENCE,
        IdentityCapability.ADDRESS,
        IdentityCapability.LOGOUT_NOTICES,
    )
}
"""What an adapter declares only where its settings say that the provider does it."""

INTERNAL = {
    "RequestOptions.login_hint": "the same as StartSignIn.login_hint, on its way",
    "AccountReport.subject": "the same as AccountEvent.subject, before it is checked",
    "AccountReport.email": "the same as AccountEvent.email, before it is checked",
    "RecipientGuard.redirect_emails_to": "a tester's own address, outside production",
    "RecipientGuard.redirect_texts_to": "a tester's own number, outside production",
}

TO, FROM, BY_CALLBACK, BROWSER = "to the provider", "from the provider", "from it, by callback", "in the browser"
NOWHERE = "nowhere"
OUTBOX = "nowhere; sent by the outbox: `gov_outbox.payload`"
INBOX = "nowhere; with the durable layer: `gov_inbox.payload`"


@dataclass(frozen=True)
class Row:
    """What is said about fields that go the same way for the same purpose."""

    what: str
    fields: tuple[str, ...]
    direction: str
    needs: tuple[StrEnum, ...]
    purpose: str
    kept: str = NOWHERE
    untyped: tuple[str, ...] = ()
    """Fields that may hold something about a person without being `Personal`: masked in another way."""


def _of(kind: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{kind}.{name}" for name in names)


ROWS = {
    "pay": (
        Row(
            "payer's email address",
            (*_of("NewPayment", "email"), *_of("NewTelephonePayment", "email")),
            TO,
            (PayCapability.CREATE,),
            "the provider's confirmation of the payment; optional",
        ),
        Row(
            "payer's name and billing address, filled in beforehand",
            (*_of("BillingAddress", "line1", "line2", "city", "postcode"), *_of("CardholderDetails", "name")),
            TO,
            (PayCapability.PREFILLED_DETAILS,),
            "less typing on the card page; optional",
        ),
        Row(
            "card number, security code, expiry, name on the card",
            _of("CardDetails", "card_number", "cvc", "expiry", "cardholder_name"),
            TO,
            (PayCapability.TELEPHONE,),
            "telephone payments only; brings the service into the scope of PCI DSS",
        ),
        Row(
            "what a payment is looked for by",
            _of("PaymentSearch", "email", "cardholder_name"),
            TO,
            (PayCapability.SEARCH,),
            "finding a payment for the person",
        ),
        Row(
            "payer's email address, name, billing address, parts of the card",
            (
                *_of("Payment", "email"),
                *_of("CardAddress", "line1", "line2", "city", "postcode"),
                *_of("Card", "first_digits", "last_digits", "expiry", "holder"),
            ),
            FROM,
            (PayCapability.GET,),
            "showing and reconciling a payment",
            INBOX,
        ),
        Row(
            "the service's own id of the person",
            _of("Agreement", "user_identifier"),
            FROM,
            (PayCapability.AGREEMENTS,),
            "knowing whose agreement it is; give an opaque id",
        ),
        Row(
            "`reference`, `description`, `metadata`, `extra`",
            (),
            "both ways",
            (PayCapability.CREATE,),
            "finding the payment again; put nothing personal into them: the first two are no `Personal`",
            "`gov_payment.reference`; metadata nowhere",
            ("NewPayment.metadata", "Payment.metadata"),
        ),
    ),
    "notify": (
        Row(
            "recipient's email address; a link that unsubscribes them",
            _of("EmailInput", "to", "one_click_unsubscribe_url"),
            TO,
            (NotifyCapability.EMAIL,),
            "delivery",
            OUTBOX,
        ),
        Row("recipient's phone number", _of("SmsInput", "to"), TO, (NotifyCapability.SMS,), "delivery", OUTBOX),
        Row(
            "recipient's name and postal address",
            _of("LetterInput", "address"),
            TO,
            (NotifyCapability.LETTER,),
            "delivery",
            OUTBOX,
        ),
        Row(
            "a letter, ready made",
            _of("PrecompiledInput", "pdf"),
            TO,
            (NotifyCapability.PRECOMPILED,),
            "delivery",
        ),
        Row(
            "values of placeholders, files",
            (),
            TO,
            (NotifyCapability.EMAIL,),
            "what the message says",
            OUTBOX,
            ("EmailInput.personalisation", "SmsInput.personalisation", "LetterInput.personalisation"),
        ),
        Row(
            "subject and text of a message, as it is sent",
            (*_of("Sent", "subject", "body"), *_of("Rendered", "subject", "body", "html", "source")),
            FROM,
            (NotifyCapability.EMAIL,),
            "showing what was sent",
        ),
        Row(
            "a message that was sent: recipient, address, subject, text, link",
            _of("Notification", "recipient", "address", "subject", "body", "unsubscribe_url"),
            FROM,
            (NotifyCapability.GET,),
            "following a message up",
        ),
        Row(
            "names of the service's own staff",
            (*_of("Notification", "created_by"), *_of("Template", "created_by"), *_of("LetterReturned", "sent_by")),
            FROM,
            (NotifyCapability.GET,),
            "none: the provider tells them",
            INBOX,
        ),
        Row(
            "recipient of a message that was delivered, failed or complained of",
            (*_of("DeliveryReceipt", "recipient"), *_of("Complaint", "recipient")),
            BY_CALLBACK,
            (NotifyCapability.CALLBACKS,),
            "knowing that it did not arrive",
            INBOX,
        ),
        Row(
            "number and text of a message to the service",
            _of("InboundSms", "sender", "content"),
            BY_CALLBACK,
            (NotifyCapability.INBOUND_SMS,),
            "reading what people write",
            INBOX,
        ),
        Row(
            "rows of a bulk send",
            (),
            TO,
            (NotifyCapability.EMAIL,),
            "delivery",
            "the service's own CSV; checkpoint and `--result` hold row numbers, no address and no value",
        ),
    ),
    "identity": (
        Row(
            "email address that the sign-in page is filled with",
            _of("StartSignIn", "login_hint"),
            TO,
            (IdentityCapability.LOGIN_HINT,),
            "less typing; optional",
        ),
        Row(
            "whom a sign-in must be by",
            (*_of("StartSignIn", "expect"), *_of("PendingSignIn", "subject")),
            BROWSER,
            (IdentityCapability.SIGN_IN,),
            "refusing another person at a second sign-in; never sent",
            "sealed cookie, session or `gov_signing_in`, one hour",
        ),
        Row(
            "subject: the provider's name for the person at this service",
            (*_of("Identity", "subject"), *_of("Person", "subject")),
            FROM,
            (IdentityCapability.SIGN_IN,),
            "knowing the person again",
            "sealed cookie of the web shells, with the ID token, 12 hours; the service's own records",
        ),
        Row(
            "codes that say why identity was proved, or was not",
            (),
            FROM,
            (IdentityCapability.RETURN_CODES,),
            "between the service and the provider; hidden in `repr`, no `Personal`",
            untyped=("Identity.return_codes", "IdentityNotProved.return_codes", "IdentityNotProved.subject"),
        ),
        Row(
            "email address", _of("Identity", "email"), FROM, (IdentityCapability.SIGN_IN,), "if its scope is asked for"
        ),
        Row("phone number", _of("Identity", "phone"), FROM, (IdentityCapability.PHONE,), "if it is asked for"),
        Row(
            "subject of the person's wallet",
            _of("Identity", "wallet_subject"),
            FROM,
            (IdentityCapability.WALLET_SUBJECT,),
            "if it is asked for",
        ),
        Row(
            "names and dates of birth",
            (*_of("NamePart", "value"), *_of("Identity", "birth_dates")),
            FROM,
            (IdentityCapability.MEDIUM_CONFIDENCE,),
            "if proof of identity is asked for; names that nobody proved, by the scope `profile`",
        ),
        Row(
            "addresses, with the times at which they were lived at",
            (
                *_of("Address", "uprn", "organisation", "department", "sub_building", "building_number"),
                *_of("Address", "building_name", "dependent_street", "street", "double_dependent_locality"),
                *_of("Address", "dependent_locality", "locality", "region", "postcode", "country", "po_box", "lines"),
                *_of("Address", "valid_from", "valid_until"),
            ),
            FROM,
            (IdentityCapability.ADDRESS,),
            "if the claim is asked for",
        ),
        Row(
            "passport: number, issuer, expiry",
            _of("Passport", "number", "issuer", "expires"),
            FROM,
            (IdentityCapability.PASSPORT,),
            "if the claim is asked for",
        ),
        Row(
            "driving licence: number, issue number, issuer, dates",
            _of("DrivingPermit", "number", "issue_number", "issuer", "issued", "expires"),
            FROM,
            (IdentityCapability.DRIVING_PERMIT,),
            "if the claim is asked for",
        ),
        Row(
            "person or session that was signed out",
            _of("LogoutNotice", "subject", "session"),
            BY_CALLBACK,
            (IdentityCapability.LOGOUT_NOTICES,),
            "ending their sessions here",
            "hashes in the stores of ended sessions and of notices; " + INBOX.partition("; ")[2],
        ),
        Row(
            "person or email address whose account changed",
            (*_of("AccountEvent", "subject", "email"), *_of("UnknownEvent", "subject", "email")),
            BY_CALLBACK,
            (IdentityCapability.ACCOUNT_EVENTS,),
            "deciding what follows from it",
            INBOX,
        ),
    ),
}


def personal_fields() -> Iterator[tuple[str, str]]:
    """Component and `Class.field` of every field that is `Personal`, in all that a service's data goes through."""
    found = set()
    for module in pkgutil.walk_packages(govcomponents.__path__, "govcomponents."):
        if any(part in module.name for part in NOT_OF_A_SERVICE) or module.name.endswith("__main__"):
            continue
        for kind in vars(import_module(module.name)).values():
            if not inspect.isclass(kind) or kind.__module__ != module.name or kind.__name__.startswith("_"):
                continue
            fields: dict[str, Any] = {}
            if dataclasses.is_dataclass(kind):
                fields = {one.name: one.type for one in dataclasses.fields(kind)}
            elif issubclass(kind, BaseModel):
                fields = {name: one.annotation for name, one in kind.model_fields.items()}
            part = module.name.split(".")[1]
            found |= {
                (part if part in ROWS else "identity", f"{kind.__name__}.{name}")
                for name, annotation in fields.items()
                if "Personal[" in str(annotation)
            }
    return iter(sorted(found))


def adapters(component: str) -> dict[str, Any]:
    """The built-in adapters of a component, by the names of their providers."""
    found = {}
    for place in BUILT_IN[component].values():
        module, _, attribute = place.partition(":")
        kind = getattr(import_module(module), attribute)
        found[kind.provider if kind.provider != "oidc" else OPENID] = kind
    return found


def providers(component: str, needs: tuple[StrEnum, ...]) -> str:
    """Which providers do that, by what their adapters declare. What `oidc` can do is what its settings say."""
    able = [
        name
        for name, kind in adapters(component).items()
        if set(needs) <= {*kind.capabilities, *BY_SETTINGS.get(name, ())}
    ]
    return ", ".join(able) or "none"


def named(fields: tuple[str, ...]) -> str:
    """The fields, each class named once."""
    classes: dict[str, list[str]] = {}
    for field in fields:
        kind, _, name = field.partition(".")
        classes.setdefault(kind, []).append(name)
    return "; ".join(f"`{kind}`: {', '.join(names)}" for kind, names in classes.items()) or "-"


def durable_columns() -> list[str]:
    """The columns that hold something about a person, as the page of columns has them."""
    columns: Callable[[], str] = runpy.run_path(str(HERE.parent / "durable" / "make_pages.py"))["columns"]
    rows = [line for line in columns().splitlines() if line.startswith("| `")]
    return [row for row in rows if row.split(" | ")[2] not in {"none", "hash"} and not row.startswith("| `gov_audit")]


def forgotten() -> tuple[set[str], set[str]]:
    """Fields of the code about which nothing is said, and fields that are spoken of and are not there."""
    there = {f"{part}: {name}" for part, name in personal_fields() if name not in INTERNAL}
    said = {f"{part}: {name}" for part, rows in ROWS.items() for row in rows for name in row.fields}
    return there - said, said - there


BEGINNING = """# Personal data: an inventory

Made from the types and tables by `docs/architects/make_data_inventory.py`; purposes and storage are written by hand.
A test fails when a field of type `Personal` is missing. It is ready to be pasted into a data protection impact
assessment: take the rows of the operations that you use, and put your own purpose and lawful basis in.

**Never logged** holds for every row. A `Personal` value does not show in logs, errors, events, spans, pickles or dumps:
[what holds it, place by place](../privacy.md#where-it-could-leak-and-what-holds-it). Values of placeholders, metadata
and files are masked in the same dumps without that type.

**Kept nowhere** means: in memory for the length of the call, and in the result that your code holds. What a provider
keeps is in its own privacy notice. Nothing goes to anybody else.
"""

END = """
## How long

Sealed is AES-256-GCM under your own keys, with the
[durable layer](../durable/README.md#what-people-typed-is-sealed); in production there has to be a key, elsewhere rows
without one are not sealed:

| table | column | about people | kept |
| --- | --- | --- | --- |
"""

AFTER = """
All columns, with those that hold nothing about people: [what is kept](../durable/data.md). Shorter, on request:
`later.erase(journey=...)`. The audit holds what was done, with opaque ids.

## What you complete

- Purpose and lawful basis of each row that you use; whether the person can use the service without it.
- Retention at the provider, and in your own tables and logs.
- What your own code does with what it took out by `reveal()`: search for that word.
- References, descriptions and journeys: they are shown to staff and logged. Keep them opaque.
"""


def page() -> str:
    """The whole page. Raises LookupError if a field is not spoken of."""
    missing, gone = forgotten()
    if missing or gone:
        raise LookupError(f"say in {Path(__file__).name}: missing {sorted(missing)}, gone {sorted(gone)}")
    lines = [BEGINNING]
    for component, rows in ROWS.items():
        lines += [
            f"## {component.capitalize()}\n",
            "| data | fields | direction | providers | purpose | kept by the library |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for row in rows:
            fields = named((*row.fields, *row.untyped))
            told = (row.what, fields, row.direction, providers(component, row.needs), row.purpose, row.kept)
            lines.append(f"| {' | '.join(told)} |")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n" + END + "\n".join(durable_columns()) + "\n" + AFTER


PAGES = {"personal-data.md": page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
