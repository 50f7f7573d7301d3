"""POST /v2/notifications/...: accepts emails, text messages and letters, or refuses them in the provider's order.

Source: alphagov/notifications-api, `app/v2/notifications/post_notifications.py`.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from govcomponents.notify.adapters.notifications_api import wire
from govcomponents.notify.recipients import PostalAddress, RecipientFault, email_address
from govcomponents.notify.recipients.phones import parse
from govcomponents.notify.templates.personalisation import placeholder_key
from govcomponents.notify.templates.sanitising import sanitised
from govcomponents.sandbox.providers.govuk_notify import content as contents
from govcomponents.sandbox.providers.govuk_notify import files, schemas
from govcomponents.sandbox.providers.govuk_notify.admission import Limits
from govcomponents.sandbox.providers.govuk_notify.messages import SENDING_AFTER, Message, Messages, outcome
from govcomponents.sandbox.providers.govuk_notify.responses import (
    Refusal,
    accepted,
    bad_request,
    invalid,
    unknown_route,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.notify.recipients import PhoneNumber
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_notify.callbacks import CallbackSender
    from govcomponents.sandbox.providers.govuk_notify.content import Content
    from govcomponents.sandbox.providers.govuk_notify.world import ApiKey, Platform, Service, Template

_TRIAL = (
    "Can’t send to this recipient when service is in trial mode – see "  # noqa: RUF001  # as Notify writes it
    "https://www.notifications.service.gov.uk/trial-mode"
)
_TEAM = "Can’t send to this recipient using a team-only API key"  # noqa: RUF001  # as Notify writes it
_SMOKE_NUMBERS = frozenset({"447700900000", "447700900111", "447700900222"})
_SMOKE_ADDRESSES = frozenset(f"simulate-delivered{suffix}@notifications.service.gov.uk" for suffix in ("", "-2", "-3"))
_KINDS = {"email": "an email", "sms": "a text message", "letter": "a letter"}
_ADDRESS_MESSAGES = {
    RecipientFault.ADDRESS_TOO_SHORT: "Address must be at least 3 lines",
    RecipientFault.ADDRESS_TOO_LONG: "Address must be no more than 7 lines",
    RecipientFault.ADDRESS_NO_NAME: (
        "The first 2 lines of the address must both include at least one alphanumeric character"
    ),
    RecipientFault.ADDRESS_BFPO_COUNTRY: "The last line of a BFPO address must not be a country.",
    RecipientFault.ADDRESS_LAST_LINE: "Last line of address must be a real UK postcode or another country",
    RecipientFault.ADDRESS_POSTCODE: "Must be a real UK postcode",
    RecipientFault.ADDRESS_CHARACTERS: (
        "Address lines must not start with any of the following characters: @ ( ) = [ ] ” \\ / , < >"
    ),
    RecipientFault.ADDRESS_NO_FIXED_ABODE: "Must be a real address",
}


def body_of(raw: bytes) -> Any:
    """Read a body as the server does, whatever its type says: nothing and null are an empty object.

    Half of a surrogate pair is refused: no answer could repeat it.
    """
    try:
        return from_json(raw) or {}
    except ValueError:
        raise bad_request("Invalid JSON supplied in POST data") from None


class Sending:
    """Accepts messages, for all services of one sandbox."""

    def __init__(
        self,
        platform: Platform,
        messages: Messages,
        forms: schemas.Forms,
        context: SandboxContext,
        callbacks: CallbackSender,
    ) -> None:
        self._platform = platform
        self._callbacks = callbacks
        self._messages = messages
        self._limits = Limits()
        self._forms = forms
        self._context = context

    def post(self, service: Service, key: ApiKey, channel: str, raw: bytes) -> Response:
        """Answer a POST. Raises Refusal."""
        now = self._context.clock.time()
        self._admit(service, key, channel, now)
        body = body_of(raw)
        if channel == "email":
            self._forms.check(schemas.EMAIL, body)
            _check_storable(body)
            return self._email(service, key, body, now)
        if channel == "sms":
            self._forms.check(schemas.SMS, body)
            _check_storable(body)
            return self._sms(service, key, body, now)
        if channel != "letter":
            return unknown_route()
        if isinstance(body, dict) and "content" in body:
            self._forms.check(schemas.PRECOMPILED, body)
            _check_storable(body)
            return self._precompiled(service, key, body, now)
        self._admit(service, key, channel, now)
        self._forms.check(schemas.LETTER, body)
        _check_storable(body)
        return self._letter(service, key, body, now)

    def _admit(self, service: Service, key: ApiKey, channel: str, now: float) -> None:
        with self._messages.lock:
            self._limits.spend(service, key, now)
            self._limits.check_day(service, key, channel, now)

    def _filled(
        self, service: Service, channel: str, body: Mapping[str, Any], values: Mapping[str, object]
    ) -> tuple[Template, Content]:
        contents.check_permission(service, channel)
        template = contents.find_template(service, str(uuid.UUID(body["template_id"])), channel)
        content = contents.fill(service, template, template.current, values)
        contents.check_not_empty(content)
        return template, content

    def _email(self, service: Service, key: ApiKey, body: Mapping[str, Any], now: float) -> Response:
        values: Mapping[str, object] = body.get("personalisation", {})
        changed: Mapping[str, tuple[str, str]] = {}
        if unsafe := body.get("sanitise_content_for"):
            _check_sanitised(values, unsafe)
            changed = sanitised(values, unsafe, as_provider=True)
            values = {**values, **{name: after for name, (_, after) in changed.items()}}
        template, content = self._filled(service, "email", body, values)
        reply_to = body.get("email_reply_to_id")
        if reply_to is not None and str(uuid.UUID(reply_to)) not in {
            one.id for one in service.email_reply_to_addresses
        }:
            raise bad_request(f"email_reply_to_id {reply_to} does not exist in database for service id {service.id}")
        address = email_address(body["email_address"])
        self._check_allowed(service, key, address, "email_address")
        simulated = address in _SMOKE_ADDRESSES
        linked = files.with_links(values, self._forms, service, self._context, simulated=simulated)
        if linked is not values:
            content = contents.fill(service, template, template.current, linked)
        contents.check_length(content)
        unsubscribe = body.get("one_click_unsubscribe_url")
        sender = f"{service.email_sender_local_part}@{self._platform.email_domain}"
        message = Message(
            id=self._context.ids.uuid(),
            service=service,
            key=key,
            channel="email",
            template=template,
            template_id=template.id,
            template_version=template.current.version,
            created_at=now,
            to=body["email_address"].strip(),
            reference=body.get("reference"),
            body=content.body,
            subject=content.subject,
            steps=outcome("email", body["email_address"], key.kind),
            personalisation=linked,
            unsubscribe_url=unsubscribe,
            sender=sender,
            files=() if linked is values else files.kept(values),
        )
        self._keep(message, now, simulated=simulated)
        return self._accepted(
            message,
            {
                "body": content.body,
                "from_email": sender,
                "one_click_unsubscribe_url": unsubscribe,
                "subject": content.subject,
            },
            {
                "sanitised_content": {
                    name: {"unsanitised": before, "sanitised": after} for name, (before, after) in changed.items()
                }
            },
        )

    def _sms(self, service: Service, key: ApiKey, body: Mapping[str, Any], now: float) -> Response:
        values: Mapping[str, object] = body.get("personalisation", {})
        template, content = self._filled(service, "sms", body, values)
        sender = self._sender(service, body.get("sms_sender_id"))
        number = self._number(service, key, body["phone_number"])
        counts_abroad = number.is_international and not number.is_crown_dependency
        if counts_abroad:
            with self._messages.lock:
                self._limits.check_day(service, key, "international_sms", now)
        contents.check_length(content)
        simulated = number.digits in _SMOKE_NUMBERS
        message = Message(
            id=self._context.ids.uuid(),
            service=service,
            key=key,
            channel="sms",
            template=template,
            template_id=template.id,
            template_version=template.current.version,
            created_at=now,
            to=body["phone_number"].strip(),
            reference=body.get("reference"),
            body=content.body,
            subject=None,
            steps=outcome(
                "sms",
                body["phone_number"],
                key.kind,
                international=number.is_international,
                country_code=number.country_code,
            ),
            personalisation=values,
            fragments=content.length.fragments if content.length else 0,
            multiplier=_multiplier(number),
            sender=sender,
        )
        self._keep(message, now, simulated=simulated)
        if counts_abroad and not simulated:
            with self._messages.lock:
                self._limits.count(service, key, "international_sms", now)
        return self._accepted(message, {"body": content.body, "from_number": sender})

    def _sender(self, service: Service, sender_id: str | None) -> str:
        if sender_id is None:
            default = next((one.sms_sender for one in service.sms_senders if one.is_default), None)
            return default or self._platform.default_sms_sender
        wanted = str(uuid.UUID(sender_id))
        found = next((one.sms_sender for one in service.sms_senders if one.id == wanted), None)
        if found is None:
            raise bad_request(f"sms_sender_id {sender_id} does not exist in database for service id {service.id}")
        return found

    def _number(self, service: Service, key: ApiKey, raw: str) -> PhoneNumber:
        number = parse(raw)
        self._check_allowed(service, key, number.digits, "phone_number")
        if not number.is_uk and "international_sms" not in service.permissions:
            raise bad_request("Cannot send to international mobile numbers")
        if number.is_uk_landline and "sms_to_uk_landlines" not in service.permissions:
            raise Refusal(400, [("InvalidPhoneError", "Not a UK mobile number")])
        return number

    def _check_allowed(self, service: Service, key: ApiKey, recipient: str, what: str) -> None:
        if key.kind == "test" or (key.kind == "live" and not service.restricted):
            return
        if recipient not in _known_recipients(service, what):
            raise bad_request(_TEAM if key.kind == "team" else _TRIAL)

    def _check_letters(self, service: Service, key: ApiKey) -> None:
        if key.kind == "team":
            raise bad_request("Cannot send letters with a team api key", 403)
        if service.restricted and key.kind != "test":
            raise bad_request("Cannot send letters when service is in trial mode", 403)

    def _letter(self, service: Service, key: ApiKey, body: Mapping[str, Any], now: float) -> Response:
        values: Mapping[str, object] = body["personalisation"]
        template, content = self._filled(service, "letter", body, values)
        self._check_letters(service, key)
        address = PostalAddress.from_personalisation(values)
        if fault := address.fault(international="international_letters" in service.permissions):
            raise invalid(_ADDRESS_MESSAGES[fault])
        test = ((0.0, "sending"), (SENDING_AFTER, "delivered"))
        live = ((0.0, "created"), (SENDING_AFTER, "sending"))
        message = Message(
            id=self._context.ids.uuid(),
            service=service,
            key=key,
            channel="letter",
            template=template,
            template_id=template.id,
            template_version=template.current.version,
            created_at=now,
            to=address.lines[0],
            reference=body.get("reference"),
            body=content.body,
            subject=content.subject,
            steps=test if key.kind == "test" else live,
            personalisation=values,
            postage=address.postage or template.postage or "second",
        )
        self._keep(message, now)
        return self._accepted(message, {"body": content.body, "subject": content.subject})

    def _precompiled(self, service: Service, key: ApiKey, body: Mapping[str, Any], now: float) -> Response:
        contents.check_permission(service, "letter")
        self._check_letters(service, key)
        try:
            pdf = base64.b64decode(body["content"])
        except (binascii.Error, ValueError):
            raise bad_request("Cannot decode letter content (invalid base64 encoding)") from None
        valid = "delivered" if key.kind == "test" else "created"
        checked = valid if pdf.startswith(b"%PDF-") else "validation-failed"
        message = Message(
            id=self._context.ids.uuid(),
            service=service,
            key=key,
            channel="letter",
            template=None,
            template_id=precompiled_template_id(service),
            template_version=1,
            created_at=now,
            to="Provided as PDF",
            reference=body["reference"],
            body="",
            subject="Pre-compiled PDF",
            steps=((0.0, "pending-virus-check"), (SENDING_AFTER, checked)),
            personalisation={"address_line_1": "Provided as PDF"},
            postage=body.get("postage", "second"),
            pdf=pdf,
        )
        self._keep(message, now)
        return accepted({"id": message.id, "reference": message.reference, "postage": message.postage})

    def _keep(self, message: Message, now: float, *, simulated: bool = False) -> None:
        if simulated:
            return
        self._messages.add(message)
        with self._messages.lock:
            self._limits.count(message.service, message.key, message.channel, now)
        name = message.template.name if message.template else "ready-made letter"
        happened = f"The service sent {_KINDS[message.channel]}: {name}"
        self._context.timeline.record("notify", happened, message.reference, message.to)
        self._callbacks.accepted(message)

    def _accepted(
        self, message: Message, content: Mapping[str, object], more: Mapping[str, object] | None = None
    ) -> Response:
        host = self._context.base_url
        return accepted(
            {
                "id": message.id,
                "reference": message.reference,
                "content": content,
                "uri": f"{host}{wire.NOTIFICATIONS_PATH}/{message.id}",
                "template": {
                    "id": message.template_id,
                    "version": message.template_version,
                    "uri": f"{host}/services/{message.service.id}/templates/{message.template_id}",
                },
                "scheduled_for": None,
                **(more or {}),
            }
        )


def _check_storable(body: Mapping[str, Any]) -> None:
    """Fail as the real service's database does at a null character, which no form refuses."""
    if "\0" in (body.get("reference") or ""):
        raise Refusal(500, [("ValueError", "Internal server error")])


def _check_sanitised(values: Mapping[str, object], wanted: Iterable[str]) -> None:
    """Fail as the server does, which can only sanitise texts."""
    keys = {placeholder_key(name) for name in wanted}
    if any(placeholder_key(name) in keys and not isinstance(value, str) for name, value in values.items()):
        raise Refusal(500, [("TypeError", "Internal server error")])


def precompiled_template_id(service: Service) -> str:
    """The id of the hidden template under which ready-made letters stand."""
    return str(uuid.uuid5(uuid.UUID(service.id), "ready-made letters"))


def _known_recipients(service: Service, what: str) -> frozenset[str]:
    if what == "email_address":
        people = [member.email_address for member in service.team_members]
        return frozenset(address.lower() for address in (*people, *service.guest_list.email_addresses))
    numbers = [member.mobile_number for member in service.team_members if member.mobile_number]
    return frozenset(parse(number).digits for number in (*numbers, *service.guest_list.mobile_numbers))


def _multiplier(number: PhoneNumber) -> int:
    """Cost of a message abroad as a multiple of one in the UK; invented but for Crown dependencies and +7."""
    if not number.is_international:
        return 1
    return {44: 2, 7: 10}.get(number.country_code, 3)
