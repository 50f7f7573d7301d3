"""Pages for a person whose sign-in or page came to nothing, in English and Welsh: what is known, and where to go on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

from govcomponents.errors import (
    AdapterSuspended,
    ConfigurationError,
    GovComponentsError,
    InvalidInput,
    NotSupported,
    OutcomeUnknown,
    SignInDenied,
    SignInError,
    SignInUnavailable,
)
from govcomponents.web.messages import NOT_KEPT, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOG: Final = logging.getLogger("govcomponents.web")

_MISTAKES: Final = (AdapterSuspended, ConfigurationError, InvalidInput, NotSupported)
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "not_signed_in": "You are not signed in",
        "not_finished": "This sign-in did not finish",
        "denied": "You did not sign in. You can try again.",
        "unavailable": "You cannot sign in at the moment. Try again later.",
        "failed": "Sign-in failed. You can try again.",
        "broken": "Sign-in does not work at the moment. Try again later.",
        "over": "This sign-in was not started in this browser, or it is over. You can start again.",
        "unfinished": "This sign-in did not finish, and you are not signed in. You can start again.",
        "not_let_in": "You signed in, but you cannot use this service.",
        "sorry": "Sorry, there is a problem with the service",
        "problem": "This page cannot be shown at the moment. Try again later. If you have paid, do not pay again.",
        "unpaid": "This payment was not started, and nothing was taken for it. If you have paid already, do not pay "
        "again. If not, try again later.",
        "unknown": "We do not know yet whether what you asked for was done. If you were paying, do not pay again. "
        "Come back later to see how it stands.",
        "again": "Start again",
    },
    "cy": {
        "not_signed_in": "Nid ydych wedi mewngofnodi",
        "not_finished": "Ni orffennwyd y mewngofnodi hwn",
        "denied": "Ni wnaethoch fewngofnodi. Gallwch roi cynnig arall arni.",
        "unavailable": "Ni allwch fewngofnodi ar hyn o bryd. Rhowch gynnig arall arni yn nes ymlaen.",
        "failed": "Methodd y mewngofnodi. Gallwch roi cynnig arall arni.",
        "broken": "Nid yw mewngofnodi yn gweithio ar hyn o bryd. Rhowch gynnig arall arni yn nes ymlaen.",
        "over": "Ni ddechreuwyd y mewngofnodi hwn yn y porwr hwn, neu mae ar ben. Gallwch ddechrau eto.",
        "unfinished": "Ni orffennwyd y mewngofnodi hwn, ac nid ydych wedi mewngofnodi. Gallwch ddechrau eto.",
        "not_let_in": "Rydych wedi mewngofnodi, ond ni allwch ddefnyddio'r gwasanaeth hwn.",
        "sorry": "Mae'n ddrwg gennym, mae problem gyda'r gwasanaeth",
        "problem": "Ni ellir dangos y dudalen hon ar hyn o bryd. Rhowch gynnig arall arni yn nes ymlaen. Os ydych wedi "
        "talu, peidiwch â thalu eto.",
        "unpaid": "Ni ddechreuwyd y taliad hwn, ac ni chymerwyd dim amdano. Os ydych wedi talu eisoes, peidiwch â "
        "thalu eto. Os nad ydych, rhowch gynnig arall arni yn nes ymlaen.",
        "unknown": "Nid ydym yn gwybod eto a wnaed yr hyn y gofynnoch amdano. Os oeddech yn talu, peidiwch â thalu "
        "eto. Dewch yn ôl yn nes ymlaen i weld sut mae pethau.",
        "again": "Dechrau eto",
    },
}


@dataclass(frozen=True, slots=True)
class Problem(Answer):
    """The answer to a person whose page cannot be given, because of an error of a provider or of a store.

    It is a plain page that says what is known: show one of your own instead. `error` is for your logs.
    """

    error: GovComponentsError | None = field(default=None)

    @property
    def is_unknown(self) -> bool:
        """Whether it is not known if what the person asked for was done, so that they must not do it again."""
        return isinstance(self.error, OutcomeUnknown)


def is_mistake(error: GovComponentsError) -> bool:
    """Whether an error is of the service's own making: it is left to the framework, as any of its mistakes."""
    return isinstance(error, _MISTAKES)


def problem(error: GovComponentsError, language: str) -> Problem:
    """Return the answer to a person whose page raised an error, and log the error: its text names nobody."""
    if isinstance(error, SignInError):
        return sign_in_problem(error, language)
    _LOG.error("a page could not be given: %s", error)
    if isinstance(error, OutcomeUnknown):
        text = "unknown"
    else:
        text = "unpaid" if error.operation == "pay.create" else "problem"
    return _as_problem(page(503, "sorry", text, language), error)


def sign_in_problem(
    error: GovComponentsError, language: str, to: str | None = None, cookies: tuple[str, ...] = ()
) -> Problem:
    """Return what a person is told whose sign-in ended with an error, and log the error.

    It does not say that they are not signed in: who had to show more than at an earlier sign-in still is.
    """
    _LOG.log(
        logging.INFO if isinstance(error, SignInDenied) else logging.WARNING, "a sign-in did not end well: %s", error
    )
    status, text = 503, "broken"
    if isinstance(error, SignInDenied):
        status, text = 403, "denied"
    elif isinstance(error, SignInUnavailable):
        text = "unavailable"
    elif isinstance(error, SignInError):
        status, text = 403, "failed"
    return _as_problem(page(status, "not_finished", text, language, to, cookies), error)


def page(
    status: int, title: str, text: str, language: str, to: str | None = None, cookies: tuple[str, ...] = ()
) -> Answer:
    """Return a page of one message by the names of its words; `to` is the path where the person may start again."""
    language = language if language in _WORDS else "en"
    words = _WORDS[language]
    link = "" if to is None else f'<p><a href="{escape(to)}">{words["again"]}</a></p>'
    body = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{words[title]}</title></head>\n<body><main><h1>{words[title]}</h1><p>{words[text]}</p>{link}</main>"
        "</body></html>\n"
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), *NOT_KEPT)
    return Answer(status, (*headers, *(("Set-Cookie", cookie) for cookie in cookies)), body.encode())


def _as_problem(made: Answer, error: GovComponentsError) -> Problem:
    return Problem(made.status, made.headers, made.body, error)
