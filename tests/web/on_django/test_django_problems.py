"""A Django project has a page for a provider that is away while a page needs it, and what that page did is undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("django")

from web.on_django.test_django import DjangoClient, database, empty  # configures Django, makes its tables

pytest.importorskip("django.contrib.auth")

from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from govcomponents import GovComponents, InvalidInput
from govcomponents.integrations.django import gov as project
from govcomponents.integrations.django.models import UsedOnce
from govcomponents.web import Problem

__all__ = ["database", "empty"]


@pytest.fixture
def gov() -> Iterator[GovComponents]:
    with GovComponents.sandbox() as made:
        project.use(made)
        yield made
    project.problem_page = None


@pytest.mark.parametrize(
    ("page", "fault", "told"),
    [
        ("/look", "unavailable", "This page cannot be shown at the moment"),
        ("/look-async", "key_revoked", "If you have paid, do not pay again"),
        (
            "/pay",
            "unavailable",
            "nothing was taken for it. If you have paid already, do not pay again",
        ),
        ("/pay", "time_out_after_acceptance", "We do not know yet whether what you asked for was done"),
    ],
)
def test_a_page_that_needs_a_provider_that_is_away_says_what_is_known(
    gov: GovComponents, page: str, fault: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    gov.simulator.control.arm("pay", fault, times=99)
    answer = DjangoClient().send("GET", page, {}, b"")
    assert (answer.status, told in answer.text) == (503, True), answer.text
    in_welsh = DjangoClient().send("GET", page, {"Cookie": "language=cy"}, b"")
    assert "<h1>Mae'n ddrwg gennym, mae problem gyda'r gwasanaeth</h1>" in in_welsh.text
    assert "a page could not be given: pay." in caplog.text


def test_what_the_page_did_in_its_transaction_is_undone(gov: GovComponents) -> None:
    gov.simulator.control.arm("pay", "unavailable", times=99)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert DjangoClient().send("GET", "/pay", {}, b"").status == 503
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert not UsedOnce.objects.exists()


def test_a_project_has_a_page_of_its_own_in_the_place_of_it(gov: GovComponents) -> None:
    @project.problem
    def own(_request: HttpRequest, problem: Problem) -> HttpResponse:
        return HttpResponse(f"our own, {problem.is_unknown}", status=problem.status)

    gov.simulator.control.arm("pay", "time_out_after_acceptance", times=99)
    answer = DjangoClient().send("GET", "/pay", {}, b"")
    assert (answer.status, answer.text, answer.header("cache-control")) == (503, "our own, True", "no-store")


def test_a_mistake_of_the_projects_own_is_left_to_django(gov: GovComponents) -> None:
    with pytest.raises(InvalidInput):
        Client(headers={"host": "service.example.gov.uk"}).get("/pay?fee=0.00")


def test_a_project_without_the_middleware_is_told_so(gov: GovComponents) -> None:
    assert "govcomponents.E016" not in [one.id for one in run_checks()]
    with override_settings(MIDDLEWARE=settings.MIDDLEWARE[:-1]):
        (found,) = [one for one in run_checks() if one.id == "govcomponents.E016"]
    assert "ProblemMiddleware" in str(found.hint)
