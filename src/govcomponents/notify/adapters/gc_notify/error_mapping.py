"""GC Notify's catalogue of refusals: its messages, the error that each one means, and how to fix it.

Sources: GC Notify docs, "Error codes" of each page; cds-snc/notification-api, `app/v2` and `app/notifications`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.error_mapping import Meaning, facts_of
from govcomponents.errors import Conflict, NotFound, PermissionRefused, RateLimited, RequestRefused, Unavailable
from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api.error_mapping import ErrorMapping, Refusal, known, midnight, parts

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Response

_RATE: Final = ("RateLimitError", "RateLimitExceeded")
_FIRST_MONTH: Final = 4  # the fiscal year begins on 1 April
_QUOTA: Final = re.compile(r"before you reach your (?P<period>daily|annual) limit")

CREDENTIALS: Final = (
    ("Enter your full API key", "the API key is not whole", 'copy the whole key, which starts with "gcntfy-"'),
    ("API key not found", "the service does not know the API key", "copy the key again; it may be revoked or cut"),
    ("api token", "the service does not know the API key", "copy the key again; it may be revoked or cut"),
    ("no API keys", "the key's service has no API keys", "make a key on the page API integration, and use it"),
)

_FILE_TYPES: Final = "send a pdf, csv, jpeg, png, odt, txt, rtf, doc, docx, xls or xlsx file"

REFUSALS: Final = (
    known(
        r"team-only API key|team and safelist API key",
        PermissionRefused,
        "a team and safelist key sends only to the team and the safelist",
        "add the recipients to the safelist, or use a live key",
        "to",
    ),
    known(
        r"in trial mode",
        PermissionRefused,
        "the service is in trial mode",
        "ask to go live, or send to the team and the safelist only",
        "to",
    ),
    known(
        r"Service is suspended", PermissionRefused, "the service is suspended", "contact GC Notify to have it resumed"
    ),
    known(
        r"Service is not allowed to send (?P<name>[a-z ]{1,30})",
        PermissionRefused,
        "the service is not allowed to send this",
        "ask GC Notify to switch it on for the service",
    ),
    known(
        r"international mobile numbers",
        PermissionRefused,
        "the service may not send to numbers abroad",
        "ask GC Notify to switch international numbers on, or check the number",
        "to",
    ),
    known(
        r"This API key does not have permission to manage (?P<name>templates|reports)",
        PermissionRefused,
        "the key may not manage these",
        "make a new key with that permission",
    ),
    known(
        r"templates is not allowed",
        PermissionRefused,
        "the service may not make templates of this channel",
        "switch the channel on in the service's settings",
    ),
    known(
        r"character count greater than",
        RequestRefused,
        "the message is too long",
        "keep text messages within 612 bytes of UTF-8 with the service's name (an accented letter is 2), "
        "and emails within 50,000 characters",
        "personalisation",
    ),
    known(
        r"Personalisation variables size",
        RequestRefused,
        "the values of the placeholders are too long",
        "keep them within 51,200 characters in all",
        "personalisation",
    ),
    known(
        r"File number exceed",
        RequestRefused,
        "there are too many files",
        "send at most 10 files with an email",
        "personalisation",
    ),
    known(
        r"File size for",
        RequestRefused,
        "a file is too big",
        "keep an email and its files within 6 MB",
        "personalisation",
    ),
    known(
        r"Unsupported file type",
        RequestRefused,
        "the file is of a type that cannot be sent",
        _FILE_TYPES,
        "personalisation",
    ),
    known(
        r"virus scan",
        RequestRefused,
        "the file did not pass the virus scan",
        "do not send it; check where it comes from",
        "personalisation",
    ),
    known(
        r"sending_method|filename is|Error decoding base64",
        RequestRefused,
        "a file, or an option of it, was refused",
        "give a filename of 3 to 255 characters and send the file as an attachment or as a link",
        "personalisation",
    ),
    known(
        r"scheduled_for",
        RequestRefused,
        "the time to send at was refused",
        "give a time in UTC, within the next 96 hours",
        "scheduled_for",
    ),
    known(
        r"Missing column headers",
        RequestRefused,
        "the rows lack a column",
        'give "email address" or "phone number", and one column for each placeholder of the template',
        "rows",
    ),
    known(
        r"Duplicate column headers", RequestRefused, "two columns have the same name", "give each column once", "rows"
    ),
    known(
        r"Too many rows", RequestRefused, "there are too many rows", "send at most 50,000 recipients at once", "rows"
    ),
    known(
        r"Some rows have errors|^Row \d+",
        RequestRefused,
        "some rows cannot be sent, so none was",
        "check each row for a recipient and for every placeholder of the template",
        "rows",
    ),
    known(
        r"rows or csv|Error converting to CSV",
        RequestRefused,
        "the rows cannot be read",
        "give a heading and at least one row, of texts only",
        "rows",
    ),
    known(
        r"testing and non-testing numbers",
        RequestRefused,
        "test numbers and real ones cannot go together",
        "send to them separately",
        "rows",
    ),
    known(
        r"^(?:phone_number )?(?:Not a valid (?:local|international)? ?number|Not enough digits|Too many digits"
        r"|Not a valid country prefix|Must not contain letters)",
        RequestRefused,
        "the phone number cannot be sent to",
        "check the number; give it with its country, such as +16132532222",
        "to",
    ),
)


class GcErrors(ErrorMapping):
    """The errors of GC Notify."""

    def is_rate_limit(self, response: Response) -> bool:
        """Whether a 429 is the limit for a minute or an hour; the others are quotas of a day or a year.

        The service has a type of error for each quota, and adds new ones; a 429 without any type comes from something
        in front of it.
        """
        kind, _messages = parts(response)
        return kind is None or kind in _RATE

    def meaning(self, refusal: Refusal) -> Meaning | None:
        """Return what the answer means; a service that cannot store a file has taken nothing."""
        if refusal.response.status >= 500 and refusal.kind == "BadRequestError":
            happened = "the provider could not store the file, so it took nothing"
            return Meaning(Unavailable, happened, "send the message again later", is_unprocessed=True)
        return super().meaning(refusal)

    def quota(self, refusal: Refusal) -> RateLimited | None:
        """Return the error for a quota of a day or a year, which a job tells with 400."""
        told = next(filter(None, map(_QUOTA.search, refusal.messages)), None)
        if told is not None and refusal.response.status < 500:
            is_annual = told["period"] == "annual"
        elif refusal.response.status == 429 and not self.is_rate_limit(refusal.response):
            is_annual = "Annual" in (refusal.kind or "")
        else:
            return None
        return self._annual_limit(refusal) if is_annual else self.daily_limit(refusal)

    def _annual_limit(self, refusal: Refusal) -> RateLimited:
        today = midnight(refusal.now)
        ends = today.replace(year=today.year + (today.month >= _FIRST_MONTH), month=_FIRST_MONTH, day=1)
        return RateLimited(
            "the year's limit of messages is used up",
            fix="ask GC Notify for a higher limit, or wait until 1 April",
            retry_after=ends.timestamp() - refusal.now,
            **facts_of(refusal.request, refusal.response, provider=self.provider, code=refusal.kind),
        )


ERRORS: Final = GcErrors(
    WIRE.provider,
    catalogue=REFUSALS,
    credentials=CREDENTIALS,
    statuses={
        404: Meaning(
            NotFound,
            "there is no such thing, it is no longer kept, or it is not stored yet",
            "check the id and the key's kind; a message that was sent just now may be found in a few seconds",
        ),
        409: Meaning(Conflict, "the thing is not in a state that allows it"),
    },
)
