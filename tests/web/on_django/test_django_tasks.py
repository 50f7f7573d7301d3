"""Django's tasks do a turn of work when they are nudged, and a nudge that cannot be put down harms nobody."""

from __future__ import annotations

import pytest

pytest.importorskip("django")

from web.on_django.test_django_later import GovComponents, components, database, send  # configures Django

pytest.importorskip("django_tasks")

from django.db import OperationalError, transaction

from govcomponents.integrations.clocks import django_clock, django_tasks

__all__ = ["components", "database"]


def test_a_nudge_after_the_commit_does_a_turn(components: GovComponents) -> None:
    nudge = django_clock()
    with transaction.atomic():
        send("licence-7-receipt")
        transaction.on_commit(nudge)
        assert components.simulator.messages() == []
    assert [one.reference for one in components.simulator.messages()] == ["licence-7-receipt"]
    assert nudge()
    assert len(components.simulator.messages()) == 1


def test_a_nudge_that_cannot_be_put_down_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Away:
        def enqueue(self) -> None:
            raise OperationalError

    monkeypatch.setattr(django_tasks, "run_due", Away())
    assert django_clock()() is False
    assert "Django's tasks could not be told that there is work (OperationalError)" in caplog.text
