"""The messages of GC Notify that are known, the error that each one means, and how to mend it.

Sources: GC Notify docs, "Error codes" of each page; cds-snc/notification-api, `app/v2` and `app/notifications`.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from govcomponents.errors import Conflict, NotFound, PermissionRefused, Refused, RequestRefused

CREDENTIALS: Final = (
    ("Enter your full API key", "the API key is not whole", 'copy the whole key, which starts with "gcntfy-"'),
    ("API key revoked", "the API key was revoked", "make a new key on the page API integration, and use it"),
    ("API key not found", "the service does not know the API key", "copy the key again; it may be revoked or cut"),
    ("api token", "the service does not know the API key", "copy the key again; it may be revoked or cut"),
    ("service is archived", "the key's service is archived", "use a key of a service that is in use"),
    ("service not found", "the key's service does not exist", "copy the key again; it may be cut"),
    ("no API keys", "the key's service has no API keys", "make a key on the page API integration, and use it"),
)


class _Known(NamedTuple):
    """One message of the catalogue: how it is recognised, the class it asks for, and what to tell the caller."""

    pattern: re.Pattern[str]
    kind: type[Refused]
    happened: str
    fix: str
    field: str | None = None


def _known(pattern: str, kind: type[Refused], happened: str, fix: str, field: str | None = None) -> _Known:
    return _Known(re.compile(pattern), kind, happened, fix, field)


_FILE_TYPES: Final = "send a pdf, csv, jpeg, png, odt, txt, rtf, doc, docx, xls or xlsx file"

# In the order in which they are tried. A group called `name` in a pattern is text that is safe to show.
_REFUSALS: Final = (
    _known(
        r"Missing personalisation: (?P<name>.{1,300})",
        RequestRefused,
        "the template needs values that were not given",
        "give a value for each placeholder of the template",
        "personalisation",
    ),
    _known(
        r"Template not found|No result found.*template",
        NotFound,
        "the service has no such template",
        "check the template's id, and that the key is of the service that owns it",
        "template",
    ),
    _known(
        r"Template (?:\S{36} )?has been deleted|Template is already archived",
        Conflict,
        "the template is archived",
        "use a template that is not archived",
        "template",
    ),
    _known(
        r"(?P<name>\w{1,12}) template is not suitable for",
        RequestRefused,
        "the template is for another channel",
        "use one of this channel",
        "template",
    ),
    _known(
        r"team-only API key|team and safelist API key",
        PermissionRefused,
        "a team and safelist key sends only to the team and the safelist",
        "add the recipients to the safelist, or use a live key",
        "to",
    ),
    _known(
        r"in trial mode",
        PermissionRefused,
        "the service is in trial mode",
        "ask to go live, or send to the team and the safelist only",
        "to",
    ),
    _known(
        r"Service is suspended", PermissionRefused, "the service is suspended", "contact GC Notify to have it resumed"
    ),
    _known(
        r"Service is not allowed to send (?P<name>[a-z ]{1,30})",
        PermissionRefused,
        "the service is not allowed to send this",
        "ask GC Notify to switch it on for the service",
    ),
    _known(
        r"international mobile numbers",
        PermissionRefused,
        "the service may not send to numbers abroad",
        "ask GC Notify to switch international numbers on, or check the number",
        "to",
    ),
    _known(
        r"This API key does not have permission to manage (?P<name>templates|reports)",
        PermissionRefused,
        "the key may not manage these",
        "make a new key with that permission",
    ),
    _known(
        r"templates is not allowed",
        PermissionRefused,
        "the service may not make templates of this channel",
        "switch the channel on in the service's settings",
    ),
    _known(
        r"email_reply_to_id .* does not exist|reply_to_id .* does not exist",
        NotFound,
        "the service has no such reply-to address",
        "copy the id of the reply-to address from Settings",
        "reply_to",
    ),
    _known(
        r"sms_sender_id .* does not exist",
        NotFound,
        "the service has no such text message sender",
        "copy the id of the sender from Settings",
        "sender",
    ),
    _known(
        r"Message is empty", RequestRefused, "the message is empty", "give the placeholders values", "personalisation"
    ),
    _known(
        r"character count greater than",
        RequestRefused,
        "the message is too long",
        "keep text messages within 612 bytes of UTF-8 with the service's name (an accented letter is 2), "
        "and emails within 50,000 characters",
        "personalisation",
    ),
    _known(
        r"Personalisation variables size",
        RequestRefused,
        "the values of the placeholders are too long",
        "keep them within 51,200 characters in all",
        "personalisation",
    ),
    _known(
        r"File number exceed",
        RequestRefused,
        "there are too many files",
        "send at most 10 files with an email",
        "personalisation",
    ),
    _known(
        r"File size for",
        RequestRefused,
        "a file is too big",
        "keep an email and its files within 6 MB",
        "personalisation",
    ),
    _known(
        r"Unsupported file type",
        RequestRefused,
        "the file is of a type that cannot be sent",
        _FILE_TYPES,
        "personalisation",
    ),
    _known(
        r"virus scan",
        RequestRefused,
        "the file did not pass the virus scan",
        "do not send it; check where it comes from",
        "personalisation",
    ),
    _known(
        r"sending_method|filename is|Error decoding base64",
        RequestRefused,
        "a file, or an option of it, was refused",
        "give a filename of 3 to 255 characters and send the file as an attachment or as a link",
        "personalisation",
    ),
    _known(
        r"scheduled_for",
        RequestRefused,
        "the time to send at was refused",
        "give a time in UTC, within the next 96 hours",
        "scheduled_for",
    ),
    _known(
        r"Missing column headers",
        RequestRefused,
        "the rows lack a column",
        'give "email address" or "phone number", and one column for each placeholder of the template',
        "rows",
    ),
    _known(
        r"Duplicate column headers", RequestRefused, "two columns have the same name", "give each column once", "rows"
    ),
    _known(
        r"Too many rows", RequestRefused, "there are too many rows", "send at most 50,000 recipients at once", "rows"
    ),
    _known(
        r"Some rows have errors|^Row \d+",
        RequestRefused,
        "some rows cannot be sent, so none was",
        "check each row for a recipient and for every placeholder of the template",
        "rows",
    ),
    _known(
        r"rows or csv|Error converting to CSV",
        RequestRefused,
        "the rows cannot be read",
        "give a heading and at least one row, of texts only",
        "rows",
    ),
    _known(
        r"testing and non-testing numbers",
        RequestRefused,
        "test numbers and real ones cannot go together",
        "send to them separately",
        "rows",
    ),
    _known(
        r"^(?:phone_number )?(?:Not a valid (?:local|international)? ?number|Not enough digits|Too many digits"
        r"|Not a valid country prefix|Must not contain letters)",
        RequestRefused,
        "the phone number cannot be sent to",
        "check the number; give it with its country, such as +16132532222",
        "to",
    ),
    _known(
        r"^(?:email_address )?Not a valid email address",
        RequestRefused,
        "the email address is not valid",
        "check the address",
        "to",
    ),
    _known(r"(?P<name>\w{1,40}) is a required property", RequestRefused, "the request lacks a part", "give that part"),
    _known(
        r"(?P<name>\w{1,40}) (?:is not|must be) a valid UUID",
        RequestRefused,
        "an id is not a UUID",
        "give an id as the provider does",
    ),
    _known(
        r"Additional properties are not allowed",
        RequestRefused,
        "the request has a part that is not known",
        "check `extra`",
    ),
)


def from_catalogue(message: str, status: int, facts: dict[str, Any]) -> Refused | None:
    """The error for a message of the provider, or None if the message is not known."""
    for known in _REFUSALS:
        if found := known.pattern.search(message):
            name = found.groupdict().get("name")
            happened = f"{known.happened}: {name}" if name else known.happened
            if known.kind is not RequestRefused:
                return known.kind(happened, fix=known.fix, **facts)
            if status == 404:
                return NotFound(happened, fix=known.fix, **facts)
            return RequestRefused(happened, field=known.field, fix=known.fix, **facts)
    return None
