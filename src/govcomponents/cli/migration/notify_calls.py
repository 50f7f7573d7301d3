"""The calls of notifications-python-client, and what each becomes here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PACKAGE: Final = "notifications_python_client"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the official client: its parameters in their order, and the name and parameters that it has here.

    `becomes` names the parameter here for each of the client's. `kept` parameters stay in their place; the others are
    written with their names. `listed` is the key below which the client's answer held a list that is an iterator or a
    tuple here. `note` is what its caller should know, and is told in the report.
    """

    name: str
    becomes: dict[str, str]
    kept: int = 0
    listed: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A call of the official client for which there is none here, with what to do."""

    advice: str


_MESSAGE: Final = {"template_id": "template", "personalisation": "personalisation", "reference": "reference"}
_SEARCH: Final = {
    "status": "raw_status",
    "template_type": "channel",
    "reference": "reference",
    "older_than": "older_than",
}
_ALL_PAGES: Final = "goes through all pages: stop when you have enough"

CALLS: Final = {
    "send_email_notification": Call(
        "send_email",
        {
            "email_address": "to",
            **_MESSAGE,
            "email_reply_to_id": "reply_to",
            "one_click_unsubscribe_url": "one_click_unsubscribe_url",
            "sanitise_content_for": "sanitise",
        },
    ),
    "send_sms_notification": Call("send_sms", {"phone_number": "to", **_MESSAGE, "sms_sender_id": "sender"}),
    "send_letter_notification": Call("send_letter", _MESSAGE),
    "send_precompiled_letter_notification": Call(
        "send_precompiled_letter", {"reference": "reference", "pdf_file": "pdf", "postage": "postage"}
    ),
    "get_notification_by_id": Call("get", {"id": "notification_id"}, kept=1),
    "get_pdf_for_letter": Call(
        "get_letter_pdf", {"id": "notification_id"}, kept=1, note="gives bytes, which are put into a BytesIO"
    ),
    "get_all_notifications": Call(
        "search", {**_SEARCH, "include_jobs": "include_jobs"}, listed="notifications", note=_ALL_PAGES
    ),
    "get_all_notifications_iterator": Call("search", _SEARCH),
    "get_template": Call("get_template", {"template_id": "template"}, kept=1),
    "get_template_version": Call("get_template", {"template_id": "template", "version": "version"}, kept=2),
    "get_all_templates": Call("list_templates", {"template_type": "channel"}, kept=1, listed="templates"),
    "post_template_preview": Call("preview", {"template_id": "template", "personalisation": "personalisation"}, kept=2),
    "get_received_texts": Call(
        "search_inbound_sms", {"older_than": "older_than"}, listed="received_text_messages", note=_ALL_PAGES
    ),
    "get_received_texts_iterator": Call("search_inbound_sms", {"older_than": "older_than"}),
}
"""Each call that is rewritten. `get_template` keeps its name, so it is rewritten on what is known to be a client."""

GONE: Final = {
    "get_all_template_versions": Gone(
        "no service key may use that route: go through gov.notify.get_template(template, version)"
    ),
    "post": Gone("write what it does with a method of gov.notify; extra={...} puts fields on the wire as they are"),
    "get": Gone("write what it does with a method of gov.notify"),
}

UPLOAD: Final = Call(
    "attach",
    {
        "f": "file",
        "filename": "filename",
        "confirm_email_before_download": "confirm_email",
        "retention_period": "retention_weeks",
    },
    kept=2,
)

SAME_NAME: Final = frozenset({"get_template", "post", "get"})
"""Methods that other objects have too: they are looked at on what is known to be a client."""

FIELDS: Final = {"id": "id", "reference": "reference"}
"""Parts of an answer that have the same name and content here; the others are read from `raw`, the whole answer."""


@dataclass(slots=True)
class Tally:
    """The count of one file: calls rewritten, and what is left for somebody, as the line and the advice."""

    rewritten: int = 0
    marked: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
