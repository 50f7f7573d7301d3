"""The sign-in page for people: choose who signs in and how it ends. It stands in for the provider's own pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.http.messages import Call, html_response, text_response
from govcomponents.sandbox.http.templating import Templates
from govcomponents.sandbox.providers.one_login.requests import AuthorizationRequest
from govcomponents.sandbox.providers.one_login.sign_ins import Outcome
from govcomponents.sandbox.providers.one_login.world import Client, Person

_pages = Templates("govcomponents.sandbox.providers.one_login", "govcomponents.sandbox.identity_provider")
_CODES = re.compile(r"[A-Z](?:[ ,]*[A-Z])*")
_MAX_CODES: Final = 9

OUTCOMES: Final[Mapping[str, Mapping[Outcome, str]]] = {
    "en": {
        Outcome.SUCCESS: "Sign in, and prove identity as far as this person can",
        Outcome.NOT_PROVED: "Sign in, but identity is not proved",
        Outcome.LEFT: "Leave without finishing",
        Outcome.LOST_SESSION: "The session is lost on the way",
        Outcome.UNAVAILABLE: "The service is unavailable",
        Outcome.SERVER_ERROR: "The service fails",
        Outcome.IN_PERSON: "Prove identity in person at a Post Office, days later",
        Outcome.CLOSED: "Close the browser: nobody comes back",
    },
    "cy": {
        Outcome.SUCCESS: "Mewngofnodi, a phrofi hunaniaeth cyn belled ag y gall y person hwn",
        Outcome.NOT_PROVED: "Mewngofnodi, ond heb brofi hunaniaeth",
        Outcome.LEFT: "Gadael heb orffen",
        Outcome.LOST_SESSION: "Mae'r sesiwn yn cael ei cholli ar y ffordd",
        Outcome.UNAVAILABLE: "Nid yw'r gwasanaeth ar gael",
        Outcome.SERVER_ERROR: "Mae'r gwasanaeth yn methu",
        Outcome.IN_PERSON: "Profi hunaniaeth wyneb yn wyneb mewn Swyddfa'r Post, ddyddiau'n ddiweddarach",
        Outcome.CLOSED: "Cau'r porwr: does neb yn dod yn ôl",
    },
}


class SignInPage:
    """Shows the page, and reads what was chosen."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._people = people

    def show(
        self,
        ticket: str,
        request: AuthorizationRequest | None,
        language: str,
        chosen: Mapping[str, str] | None = None,
    ) -> Response:
        """The page, or one that says that there is nothing to sign in to. `chosen` is a choice that was not whole."""
        lang = "cy" if language == "cy" else "en"
        if request is None:
            return html_response(404, _pages.render("expired.html", lang=lang))
        errors = {} if chosen is None else self._errors(chosen, lang)
        page = _pages.render(
            "sign_in.html",
            lang=lang,
            ticket=ticket,
            people=self._people.values(),
            outcomes=[(outcome.value, text) for outcome, text in OUTCOMES[lang].items()],
            client=request.client.client_id,
            levels=request.levels,
            credential=request.credential,
            chosen=dict(chosen or {}),
            errors=errors,
        )
        return html_response(400 if errors else 200, page)

    def read(self, form: Mapping[str, str]) -> tuple[Person, Outcome, tuple[str, ...] | None] | None:
        """Read the chosen person, outcome and return codes (None without any); None if the choice is not whole."""
        if self._errors(form, "en"):
            return None
        letters = tuple(re.sub(r"[ ,]", "", form.get("return_codes", "").upper()))
        return self._people[form["person"]], Outcome(form["outcome"]), letters or None

    def _errors(self, form: Mapping[str, str], lang: str) -> dict[str, str]:
        texts = {
            "person": {"en": "Choose who signs in", "cy": "Dewiswch pwy sy'n mewngofnodi"},
            "outcome": {"en": "Choose how it ends", "cy": "Dewiswch sut mae'n gorffen"},
            "return_codes": {
                "en": "Return codes must be up to 9 letters, such as A B",
                "cy": "Rhaid i godau dychwelyd fod hyd at 9 llythyren, fel A B",
            },
        }
        codes = form.get("return_codes", "").strip().upper()
        wrong = {
            "person": form.get("person") not in self._people,
            "outcome": form.get("outcome") not in set(Outcome),
            "return_codes": bool(codes)
            and (not _CODES.fullmatch(codes) or len(re.findall("[A-Z]", codes)) > _MAX_CODES),
        }
        return {name: texts[name][lang] for name, is_wrong in wrong.items() if is_wrong}

    def ended(self, request: AuthorizationRequest, outcome: Outcome, language: str) -> Response:
        """The page on which a journey ends that does not lead back to the service."""
        lang = "cy" if language == "cy" else "en"
        page = _pages.render(
            "ended.html",
            lang=lang,
            in_person=outcome is Outcome.IN_PERSON,
            landing_page=request.client.landing_page_url,
        )
        return html_response(200, page)

    def refused(self, call: Call, status: int, text: str, clients: Sequence[Client]) -> Response:
        """Refuse an authorization request: as the provider does, and to a browser with what is wrong and the remedy."""
        if "text/html" not in call.headers.get("accept", ""):
            return text_response(status, text)
        query = dict(call.query)
        client = next((one for one in clients if one.client_id == query.get("client_id")), None)
        page = _pages.render(
            "refused.html",
            text=text,
            client_id=query.get("client_id", ""),
            redirect_url=query.get("redirect_uri", ""),
            client=client,
            known=[one.client_id for one in clients],
        )
        return html_response(status, page)

    def signed_out(self, query: Mapping[str, str]) -> Response:
        """The page on which people land who signed out, when no service takes them back."""
        error = query.get("error_description", "")
        return html_response(200, _pages.render("signed_out.html", error=error, code=query.get("error_code", "")))
