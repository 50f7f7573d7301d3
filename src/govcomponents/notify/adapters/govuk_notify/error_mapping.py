"""GOV.UK Notify's catalogue of refusals: its messages, the error that each one means, and how to fix it.

Sources: GOV.UK Notify REST API docs, "Error codes"; alphagov/notifications-api, `app/v2/errors.py`.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.error_mapping import Meaning
from govcomponents.errors import Conflict, NotFound, PermissionRefused, RequestRefused, Unavailable
from govcomponents.notify.adapters.govuk_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api.error_mapping import ErrorMapping, Refusal, known

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Response

_DAILY: Final = b"TooManyRequestsError"
_CLOCK: Final = "system clock"

REFUSALS: Final = (
    known(
        r"team-only API key",
        PermissionRefused,
        "a team key sends only to the team and the guest list",
        "add the recipient to the guest list, or use a live key",
        "to",
    ),
    known(
        r"letters when service is in trial mode",
        PermissionRefused,
        "the service is in trial mode",
        "ask to go live, or use a test key",
    ),
    known(
        r"in trial mode",
        PermissionRefused,
        "the service is in trial mode",
        "ask to go live, or send to the team and the guest list only",
        "to",
    ),
    known(
        r"team api key",
        PermissionRefused,
        "letters cannot be sent with a team key",
        "use a test key, or a live key once the service is live",
    ),
    known(
        r"Service is not allowed to send (?P<name>[a-z ]{1,30})",
        PermissionRefused,
        "the service is not allowed to send through this channel",
        "switch the channel on in the service's settings",
    ),
    known(
        r"international mobile numbers",
        PermissionRefused,
        "the service may not send to numbers abroad",
        "switch international text messages on in the service's settings, or check the number",
        "to",
    ),
    known(
        r"Send files by email has not been set up",
        PermissionRefused,
        "the service has no contact details for the page from which people download files",
        "add contact details under Settings, Send files by email",
    ),
    known(
        r"message is too long|cannot be longer than (918|2000000)",
        RequestRefused,
        "the message is too long",
        "keep text messages within 918 characters and emails within 2,000,000 bytes",
        "personalisation",
    ),
    known(
        r"Can only send a file by email",
        RequestRefused,
        "files go by email only",
        "send an email, or leave the file out",
        "personalisation",
    ),
    known(
        r"Unsupported file type",
        RequestRefused,
        "the file is of a type that cannot be sent",
        "send a csv, doc, docx, jpeg, jpg, json, odt, pdf, png, rtf, txt or xlsx file, and give its filename",
        "personalisation",
    ),
    known(
        r"Document must not be empty|not base64|file size limit|virus scan|filename`? cannot be longer|retention_period"
        r"|confirm_email_before_download|is_csv|file extension",
        RequestRefused,
        "the file, or an option of it, was refused",
        "send a file of at most 2 MB that is not empty, with a filename of at most 100 characters and 1 to 78 weeks",
        "personalisation",
    ),
    known(
        r"^(?:phone_number )?(?:Not a UK mobile number|Too many digits|Not enough digits|Must not contain letters"
        r"|Not a valid country prefix|Number is not valid)",
        RequestRefused,
        "the phone number cannot be sent to",
        "check the number",
        "to",
    ),
    known(r"Recipient can.t be empty", RequestRefused, "the recipient is empty", "give a recipient", "to"),
    known(
        r"^(?:Address |Last line of |Must be a real |The (?:first 2 lines|last line) of )|address_line_\d|UK postcode",
        RequestRefused,
        "the postal address breaks the rules for addresses",
        "give 3 to 7 lines, of which the last is a UK postcode or, if the service may send abroad, a country",
        "address",
    ),
    known(
        r"QR code", RequestRefused, "the link is too long for a QR code", "keep it within 504 bytes", "personalisation"
    ),
    known(
        r"Cannot decode letter content", RequestRefused, "the letter is not base64", "send the bytes of a PDF", "pdf"
    ),
    known(r"Notification is not a letter", Conflict, "the message is not a letter", "ask for the PDF of letters only"),
    known(
        r"PDF not available for letters in status",
        Conflict,
        "this letter has no PDF, because it failed",
        "look at the letter's status",
    ),
)

CREDENTIALS: Final = (
    (
        _CLOCK,
        "this machine's clock differs from the provider's by more than 30 seconds",
        "set the clock by network time (NTP)",
    ),
    ("API key not found", "the API key is not one of the service's", "copy the key again; it may be revoked or cut"),
)


class GovUkErrors(ErrorMapping):
    """The errors of GOV.UK Notify."""

    def is_rate_limit(self, response: Response) -> bool:
        """Whether a 429 is the limit for a minute; the day's lasts until midnight UTC."""
        return _DAILY not in response.body

    def is_own(self, refusal: Refusal) -> bool:
        """Whether the answer is the provider's: in an outage, the platform before it answers without a type.

        Such an answer proves nothing about the thing asked for.
        """
        return super().is_own(refusal) and (
            refusal.kind is not None or bool(refusal.messages) or refusal.response.status == 401
        )

    def meaning(self, refusal: Refusal) -> Meaning | None:
        """Return what the answer means; that a PDF is not made yet is told with 400."""
        if refusal.kind == "PDFNotReadyError":
            return Meaning(Unavailable, "the PDF is not made yet", "ask again in a few seconds")
        if refusal.request.operation == "notify.get_letter_pdf" and any("virus" in one for one in refusal.messages):
            return Meaning(
                Conflict,
                "this letter has no PDF, because the file did not pass the virus scan",
                "look at the letter's status",
            )
        return super().meaning(refusal)

    def is_about_key(self, refusal: Refusal) -> bool:
        """Whether the API key was refused; the docs give some of these another type of error than the server."""
        about_token = any("token" in message or _CLOCK in message for message in refusal.messages)
        return super().is_about_key(refusal) or (refusal.response.status == 403 and about_token)

    def measured(self, mark: str, refusal: Refusal) -> str:
        """Say how far this machine's clock is off, by the Date header."""
        if mark != _CLOCK:
            return ""
        try:
            skew = round(refusal.now - parsedate_to_datetime(refusal.response.header("date") or "").timestamp())
        except (TypeError, ValueError):
            return ""
        return f" (by its Date header, this machine is {abs(skew)} s {'ahead' if skew > 0 else 'behind'})"


ERRORS: Final = GovUkErrors(
    WIRE.provider,
    catalogue=REFUSALS,
    credentials=CREDENTIALS,
    statuses={404: Meaning(NotFound, "there is no such thing, or it is no longer kept")},
)
