"""The pages of the service, each for what is known of a renewal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Literal

from django.contrib.auth.decorators import user_passes_test
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from govcomponents import GovComponentsError, OutcomeUnknown
from govcomponents.integrations.django import gov
from govcomponents.web import NotSignedIn, Problem
from renewal import components
from renewal.models import Renewal
from renewal.words import WORDS

log = logging.getLogger(__name__)
for_caseworkers = user_passes_test(lambda user: user.is_active and user.is_staff, login_url="casework-sign-in")


View = Callable[[HttpRequest, str], HttpResponse]


def chosen() -> Literal["en", "cy"]:
    """The language that the person has chosen."""
    return "cy" if get_language() == "cy" else "en"


def by_form(page: str) -> Callable[[View], View]:
    """Send whoever opens the address of a form, as by changing the language of its answer, to `page`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, reference: str) -> HttpResponse:
            return view(request, reference) if request.method == "POST" else redirect(page)

        return answer

    return decorate


def owner_of(request: HttpRequest) -> str:
    """The person who is signed in, as renewals name them; an empty text if nobody is."""
    person = gov.person(request)
    return f"{person.issuer} {person.subject.reveal()}" if person else ""


def everywhere(request: HttpRequest) -> dict[str, object]:
    """Return what every template has."""
    return {"words": WORDS[chosen()], "language": chosen(), "fee": components.FEE, "owner": owner_of(request)}


def message(
    request: HttpRequest,
    title: str,
    text: str = "",
    status: int = 200,
    *,
    email: str = "",
    action: str = "",
    to: str = "",
) -> HttpResponse:
    """Make a page of one message; `action` is where the person may go on, at the address `to`."""
    words = WORDS[chosen()]
    told = words[text].format(fee=components.FEE, email=email) if text else ""
    shown = {"title": words[title], "text": told, "action": words.get(action), "to": to}
    return render(request, "message.html", shown, status=status)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The first page."""
    return render(request, "start.html", {"start_text": WORDS[chosen()]["start_text"].format(fee=components.FEE)})


@require_safe
@never_cache
@gov.require_identity(confidence="medium")
def renew(request: HttpRequest) -> HttpResponse:
    """The page to check and pay on."""
    renewal = Renewal.present(owner_of(request))
    if renewal is None:
        return message(request, "nothing", "nothing_text")
    if renewal.state != "new":
        return redirect("back", renewal.reference)
    return render(request, "check.html", {"renewal": renewal})


@by_form("renew")
@gov.require_identity(confidence="medium", return_to="/renew")
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin to pay: one click, one payment."""
    renewal = Renewal.objects.filter(reference=reference, owner=owner_of(request)).first()
    if renewal is None:  # the form of somebody who was signed in before, in another tab
        return message(request, "other", "other_text", 409, action="check", to=reverse("renew"))
    back_at = reverse("back", args=[reference])
    if not renewal.start_paying(chosen()):
        return redirect(back_at)
    try:
        payment = components.pay(renewal, request.build_absolute_uri(back_at), chosen())
    except OutcomeUnknown:  # it may have been made; to ask at once would be to wait as long once more
        return message(request, "waiting", "waiting_text", 503, action="go_on", to=back_at)
    except GovComponentsError:
        renewal.let_try_again()
        raise
    return redirect(payment.redirect_url() if payment else back_at)


@require_safe
@never_cache
@gov.require_identity(confidence="medium")
def back(request: HttpRequest, reference: str) -> HttpResponse:
    """The page that tells how a payment stands."""
    renewal = get_object_or_404(Renewal, reference=reference, owner=owner_of(request))
    try:
        payment = None if renewal.state in ("paid", "refunded") else components.ask(renewal)
    except GovComponentsError as error:
        log.warning("it is not known how a payment stands: %s", error)
        return message(request, "unknown", "unknown_text", 503, email=renewal.email)
    if renewal.state == "refunded":
        return message(request, "refunded", "refunded_text")
    if renewal.state == "paid" or (payment is not None and payment.is_paid):
        text = WORDS[chosen()]["paid_text"].format(fee=components.FEE, email=renewal.email)
        return render(request, "paid.html", {"renewal": renewal, "paid_text": text})
    if payment is None and renewal.state == "paying":
        return message(request, "waiting", "waiting_text")
    if payment is None or payment.is_finished:
        return message(request, "unpaid", "unpaid_text", action="try_again", to=reverse("renew"))
    return message(request, "waiting", "waiting_text", action="go_on", to=payment.redirect_url())


@require_safe
@never_cache
@for_caseworkers
def casework(request: HttpRequest) -> HttpResponse:
    """The renewals for which somebody began to pay last, for caseworkers."""
    last_first = Renewal.objects.order_by(F("started_at").desc(nulls_last=True), "reference")
    return render(request, "casework.html", {"renewals": last_first[:200]})


@by_form("casework")
@for_caseworkers
def refund(_request: HttpRequest, reference: str) -> HttpResponse:
    """Refund a renewal."""
    components.refund(get_object_or_404(Renewal, reference=reference))
    return redirect("casework")


@gov.refused
def refused(request: HttpRequest, ended: NotSignedIn) -> HttpResponse:
    """The page for somebody who did not sign in."""
    text = "no_sign_in_text" if ended.answer.status == 503 else "unfinished_text"
    return message(request, "sorry", text, ended.answer.status, action="start", to=ended.return_to)


@gov.problem
def problem(request: HttpRequest, away: Problem) -> HttpResponse:
    """The page for somebody whose page needs a provider that is away."""
    return trouble(request, "unsure_text" if away.is_unknown else "problem_text", away.status)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for what is broken, such as the database."""
    return trouble(request, "problem_text", 500)


def trouble(request: HttpRequest, text: str, status: int) -> HttpResponse:
    """Make the page for what did not work: a caseworker reads another one than a person who pays."""
    if request.path.startswith(reverse("casework")):
        return message(request, "problem", "refund_text", status, action="list", to=reverse("casework"))
    return message(request, "problem", text, status)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django names it
    """The page for a form without the token of a page, as of one that lay open while somebody signed in."""
    if request.path.startswith(reverse("casework")):
        return trouble(request, "problem_text", 403)
    return message(request, "other", "other_text", 403, action="check", to=reverse("renew"))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django names it
    """The page for an address that is none."""
    return message(request, "missing", "missing_text", 404)
