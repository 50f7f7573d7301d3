"""Templates offline: fill one and see what the provider would send, without a network call.

The rules are GOV.UK Notify's, measured on its own answers (docs: "Formatting", "Personalisation"; notifications-utils).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from govcomponents.core.inputs import text_argument
from govcomponents.core.results import Result
from govcomponents.errors import InvalidInput
from govcomponents.frames import shield
from govcomponents.notify.models import Channel, TemplateId
from govcomponents.notify.rendering import sms, typography
from govcomponents.notify.rendering.html import EmailHtml, EmailText, LetterHtml
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates.personalisation import shown_values
from govcomponents.privacy import Personal

_GOVUK: Final = re.compile(r"(^|\s)(#|\*|\^)?(GOV)\.(UK)(?![/?#])", re.IGNORECASE)
_MAYBE_QR: Final = re.compile(r"qr *:", re.IGNORECASE)
_KEPT_ENTITIES: Final = {"&nbsp;": "\ue010", "&amp;": "\ue011"}
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[^\t\n\f <&#;]{1,32};)")
_OVERLONG: Final = re.compile(r"&#[0-9]{8,};?")  # no character; Python refuses to read so many digits
_TAG: Final = re.compile(r"<[^<>]*>")  # every "<" of a rendered letter begins one
_WIDE: Final = dict.fromkeys("\u00a0\u202f", " ")
_ZERO_WIDTH: Final = dict.fromkeys("\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029")
_UNSUPPORTED: Final = str.maketrans("", "", "\u2028\u3164")
_ORDINARY_SPACES: Final = str.maketrans({**_WIDE, **_ZERO_WIDTH})
MAX_EMAIL_BYTES: Final = 2_000_000
MAX_QR_BYTES: Final = 504


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered(Result):
    """A template filled for one person. All of it may hold personal data.

    `body` is what the provider gives back when it accepts the message: Markdown of an email or a letter, the final
    text of a text message. `html` is the fragment that a mail program shows. `length` is of text messages only.
    `source` is what `text` is made from; None of what the provider rendered.
    """

    channel: Channel
    template_id: TemplateId
    template_version: int
    subject: Personal[str] | None
    body: Personal[str]
    html: Personal[str] | None = None
    length: sms.TextLength | None = None
    postage: str | None = None
    source: Personal[str] | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> Personal[str] | None:
        """The plain text part of an email, or a text message as it arrives; written when it is first asked for.

        None of a letter, and of what a provider rendered.
        """
        if self.source is None or self.channel != Channel.EMAIL:
            return self.source
        return Personal(_plain_text(self.source.reveal()))


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Result):
    """A template, in one of its versions. `placeholders` need values; they are named as the template spells them."""

    id: TemplateId
    name: str
    channel: Channel
    version: int
    subject: str | None = None
    body: str
    placeholders: tuple[str, ...]
    contact_block: str | None = None
    postage: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: Personal[str] | None = None

    @property
    def conditionals(self) -> frozenset[str]:
        """The keys of the placeholders that show or hide a text, to be filled with true or false."""
        return placeholders.conditional_names(self.contact_block, self.subject, self.body)

    def missing(self, personalisation: Mapping[str, object]) -> tuple[str, ...]:
        """Return the placeholders that have no value. Raises InvalidInput if it is given no mapping of names."""
        given: object = personalisation
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise InvalidInput(
                field="personalisation",
                problem="it is not a mapping of names to values",
                fix="give a mapping of the names of placeholders to their values",
                operation="template.missing",
            )
        return placeholders.Values(personalisation).missing(self.placeholders)

    def render(
        self, personalisation: Mapping[str, object] | None = None, *, service_name: str | None = None
    ) -> Rendered:
        """Fill the template. `service_name` is given if text messages start with it.

        Raises InvalidInput if a placeholder has no value or a value cannot be shown.
        """
        try:
            values = shown_values({} if personalisation is None else personalisation)
        except ValueError as error:
            raise InvalidInput(
                field="personalisation",
                problem=str(error),
                fix="give each placeholder a text, a number, True or False, a date, or a list of those",
                operation="template.render",
            ) from None
        if missing := self.missing(values):
            raise InvalidInput(
                field="personalisation",
                problem=f"there is no value for {', '.join(missing)}",
                fix="give a value for each placeholder of the template",
                operation="template.render",
            )
        if service_name is not None:
            fix = "give the service's name as text, or leave it out"
            service_name = text_argument(service_name, field="service_name", fix=fix, operation="template.render")
        given = placeholders.Values(values)
        if self.channel == Channel.SMS:
            filled = placeholders.fill(self.body, given)
            laid_out = sms.clean(filled, prefix=service_name)
            return self._rendered(
                body=sms.encode(sms.clean(filled)),
                length=sms.measure(laid_out, prefix=service_name),
                source=sms.encode(laid_out),
            )
        subject = None if self.subject is None else fill_subject(self.subject, given, self.channel)
        body = fill_body(self.body, given)
        if self.channel == Channel.LETTER:
            if long_qr_code(self.body, given) is not None:
                raise InvalidInput(
                    field="personalisation",
                    problem=f"the link of a QR code is longer than {MAX_QR_BYTES} bytes",
                    fix="give a shorter link",
                    operation="template.render",
                )
            return self._rendered(subject=subject, body=body, html=letter_html(self.body, given))
        source = _email_source(self.body, given)
        return self._rendered(subject=subject, body=body, html=_html(source), source=source)

    def _rendered(
        self,
        *,
        body: str,
        subject: str | None = None,
        html: str | None = None,
        length: sms.TextLength | None = None,
        source: str | None = None,
    ) -> Rendered:
        return Rendered(
            account=self.account,
            channel=self.channel,
            template_id=self.id,
            template_version=self.version,
            subject=None if subject is None else Personal(subject),
            body=Personal(body),
            html=None if html is None else Personal(html),
            length=length,
            postage=self.postage,
            source=None if source is None else Personal(source),
        )


def fill_body(content: str, values: placeholders.Values) -> str:
    """Fill the body of an email or a letter; it stays Markdown."""
    return placeholders.fill(content, values, bullets=True).strip()


def fill_subject(subject: str, values: placeholders.Values, channel: Channel) -> str:
    """Fill a subject; a letter's is HTML."""
    escape = escaped if channel == Channel.LETTER else None
    improved = typography.improve(placeholders.fill(subject, values, escape=escape))
    return " ".join(improved.translate(_ORDINARY_SPACES).split())


def escaped(text: str) -> str:
    """Escape for HTML, with entities that are there already read first, and two of them kept."""
    if "&" in text:
        for entity, mark in _KEPT_ENTITIES.items():
            text = text.replace(entity, mark)
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for entity, mark in _KEPT_ENTITIES.items():
        text = text.replace(mark, entity)
    return text


def _email_source(content: str, values: placeholders.Values) -> str:
    filled = placeholders.fill(content, values, bullets=True, escape=escaped)
    return _GOVUK.sub("\\1\\2\\3.\u200b\\4", filled).translate(_UNSUPPORTED) + "\n"


def email_html(content: str, values: placeholders.Values) -> str:
    """The HTML fragment of an email's body, as the provider makes it."""
    return _html(_email_source(content, values))


def _html(source: str) -> str:
    return typography.improve(EmailHtml().render(source), quotes=typography.has_quotes(source))


def _plain_text(source: str) -> str:
    written = typography.improve(EmailText().render(source))
    return html.unescape(_OVERLONG.sub("\ufffd", written)).lstrip() + "\n"


def long_qr_code(content: str, values: placeholders.Values) -> str | None:
    """The data of the first QR code of a letter that is too long to be one; None if there is none."""
    filled = placeholders.fill(content, values, bullets=True, escape=escaped)
    if not _MAYBE_QR.search(filled):  # as most letters: then they are read once
        return None
    letter = LetterHtml()
    letter.render(f"{filled}\n")
    return next((data for data in letter.qr_codes if len(data.encode()) > MAX_QR_BYTES), None)


def letter_html(content: str, values: placeholders.Values) -> str:
    """The HTML of a letter's body, close to what is printed; QR codes stand as their data."""
    filled = placeholders.fill(content, values, bullets=True, escape=escaped)
    improved = typography.improve(LetterHtml().render(f"{filled}\n"))
    outside = _TAG.split(improved)
    tags = _TAG.findall(improved)
    return "".join(
        part
        for pair in zip((text.replace("-", "\u2011") for text in outside), (*tags, ""), strict=True)
        for part in pair
    )
