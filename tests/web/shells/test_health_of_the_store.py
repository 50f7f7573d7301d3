"""Health tells of the durable layer too: a service that cannot put anything down is not ready."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

pytest.importorskip("flask")
pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

import sqlalchemy as sa
from fastapi import FastAPI
from flask import Flask

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.durable import AsyncDurable, Durable
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.integrations.flask import GovComponentsFlask

from .test_fastapi import AsgiClient

SECRET = "a secret of the tests, of forty characters"


def told(status: int, body: bytes) -> tuple[int, bool, object, set[bool]]:
    """What an answer says: of all, of the store, and of the providers."""
    health = json.loads(body)
    return status, health["ok"], health["store"], {one["ok"] for one in health["components"]}


WELL = (200, True, {"ok": True}, {True})
NO_TABLE = (503, False, {"ok": False}, {True})


def test_a_flask_service_without_its_tables_is_not_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with GovComponents.sandbox() as gov:
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        later.migrate()
        app = Flask("service")
        app.config["SECRET_KEY"] = SECRET
        GovComponentsFlask(app, later=later)
        answer = app.test_client().get("/gov/health")
        assert told(answer.status_code, answer.data) == WELL
        with later.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE gov_outbox"))
        gov.simulator.clock.advance(5)
        with caplog.at_level(logging.WARNING):
            answer = app.test_client().get("/gov/health")
        assert told(answer.status_code, answer.data) == NO_TABLE
        assert "gov_outbox" not in answer.text  # anybody may ask: what is wrong is logged
        assert "no table gov_outbox" in caplog.text
        later.engine.dispose()


def test_a_fastapi_service_without_its_tables_is_not_well(tmp_path: Path) -> None:
    async def ask() -> None:
        gov = AsyncGovComponents.sandbox()
        later = AsyncDurable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        await later.migrate()
        ext = FastAPIGov(SECRET, later=later)
        app = FastAPI(lifespan=ext.lifespan)
        app.include_router(ext.router, prefix="/gov")
        async with ext.lifespan(app):
            reply = await AsgiClient(app).send_now("GET", "/gov/health", {}, b"")
            assert told(reply.status, reply.body) == WELL
            with later.engine.begin() as connection:
                connection.execute(sa.text("DROP TABLE gov_outbox"))
            gov.simulator.clock.advance(5)
            reply = await AsgiClient(app).send_now("GET", "/gov/health", {}, b"")
            assert told(reply.status, reply.body) == NO_TABLE
        later.engine.dispose()

    asyncio.run(ask())
