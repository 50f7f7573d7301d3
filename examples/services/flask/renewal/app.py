"""The pages of the service, each for what is known of a renewal, and the application that they make."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from typing import Literal

import sqlalchemy as sa
from flask import Flask, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from govcomponents import GovComponents, GovComponentsError, OutcomeUnknown
from govcomponents.web import NotSignedIn
from renewal import records
from renewal.components import FEE, Components
from renewal.words import WORDS

YEAR = 31_536_000


def create_app(gov: GovComponents | None = None, config: Mapping[str, object] | None = None) -> Flask:
    """Make the application. Without `gov` the environment says which providers there are; see README.md."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("RENEWAL_SECRET_KEY")
    app.config["DATABASE"] = os.environ.get("RENEWAL_DATABASE", "sqlite:///renewal.db")
    app.config["CASEWORK_PASSWORD"] = os.environ.get("RENEWAL_CASEWORK_PASSWORD")
    app.config["DATA_KEYS"] = [key for key in os.environ.get("RENEWAL_DATA_KEYS", "").split(",") if key]
    app.config.from_mapping(config)
    engine = sa.create_engine(app.config["DATABASE"])
    records.make_table(engine)
    components = Components(app, engine, gov)
    components.later.migrate()
    app.extensions["renewal"] = components
    add_pages(app, components)
    return app


def add_pages(app: Flask, components: Components) -> None:
    """Add the pages."""
    engine, web = components.engine, components.web

    @app.get("/")
    def start() -> ResponseReturnValue:
        return page("start.html")

    @app.get("/renew")
    @web.require_identity(confidence="medium")
    def renew() -> ResponseReturnValue:
        with engine.connect() as connection:
            renewal = records.unpaid(connection, components.owner or "")
        if renewal is None:
            return page("message.html", title="nothing", text="nothing_text")
        if renewal.state == "paying":
            return redirect(url_for("back", reference=renewal.reference))
        return page("check.html", renewal=renewal)

    @app.post("/renew")
    @web.require_identity(confidence="medium", return_to="/renew")
    def pay() -> ResponseReturnValue:
        with engine.begin() as connection:
            found = records.unpaid(connection, components.owner or "")
            renewal = records.start_paying(connection, found, chosen()) if found else None
        if renewal is None:  # the second of two clicks, or nothing to pay
            return redirect(url_for("back", reference=found.reference) if found else url_for("renew"), 303)
        back_at = url_for("back", reference=renewal.reference, _external=True)
        try:
            payment = components.pay(renewal, back_at, chosen())
            return redirect(payment.redirect_url() if payment else back_at, 303)
        except OutcomeUnknown:  # it may have been made: the page that asks tells what is known
            return redirect(back_at, 303)
        except GovComponentsError:
            with engine.begin() as connection:
                records.let_try_again(connection, renewal)
            raise

    @app.get("/renewals/<reference>")
    @web.require_identity(confidence="medium")
    def back(reference: str) -> ResponseReturnValue:
        with engine.connect() as connection:
            renewal = records.find(connection, reference, components.owner or "")
        if renewal is None:
            return not_found(None)
        try:
            payment = None if renewal.state in ("paid", "refunded") else components.ask(renewal)
        except GovComponentsError:
            return page("message.html", title="unknown", text="unknown_text", renewal=renewal), 503
        if renewal.state == "refunded":
            return page("message.html", title="refunded", text="refunded_text")
        if renewal.state == "paid" or (payment is not None and payment.is_paid):
            return page("paid.html", renewal=renewal)
        if payment is None and renewal.state == "paying":
            return page("message.html", title="waiting", text="waiting_text", renewal=renewal)
        if payment is None or payment.is_finished:
            return page("message.html", title="unpaid", text="unpaid_text", action="try_again", to=url_for("renew"))
        return page("message.html", title="waiting", text="waiting_text", action="go_on", to=payment.redirect_url())

    @app.get("/casework")
    def casework() -> ResponseReturnValue:
        if not is_caseworker(app):
            return "Caseworkers only\n", 401, {"WWW-Authenticate": 'Basic realm="casework"'}
        with engine.connect() as connection:
            return page("casework.html", renewals=records.newest(connection))

    @app.post("/casework/<reference>/refund")
    def refund(reference: str) -> ResponseReturnValue:
        if not is_caseworker(app):
            return "Caseworkers only\n", 401, {"WWW-Authenticate": 'Basic realm="casework"'}
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return "From this service's own page only\n", 403  # browsers send the password with another site's form too
        with engine.connect() as connection:
            renewal = next((one for one in records.newest(connection) if one.reference == reference), None)
        if renewal is None:
            return not_found(None)
        components.refund(renewal)
        return redirect(url_for("casework"), 303)

    web.language(chosen)

    @web.refused
    def refused(ended: NotSignedIn) -> ResponseReturnValue:
        return page("message.html", title="sorry", action="start", to=url_for("renew")), ended.answer.status

    @app.errorhandler(404)
    def not_found(_error: object) -> ResponseReturnValue:
        return page("message.html", title="missing", text="missing_text"), 404

    @app.errorhandler(GovComponentsError)
    def problem(error: GovComponentsError) -> ResponseReturnValue:
        app.logger.error("a page could not be given: %s", error)
        return page("message.html", title="problem", text="problem_text"), 503

    @app.after_request
    def finished(answer: Response) -> Response:
        """Keep pages with people's data out of caches, and a language that was just chosen."""
        answer.headers.setdefault("Cache-Control", "no-store")
        if request.args.get("language") in WORDS:
            answer.set_cookie("language", chosen(), max_age=YEAR, secure=True, httponly=True, samesite="Lax")
        return answer

    def page(template: str, **values: object) -> str:
        """Make a page in the person's language."""
        words = WORDS[chosen()]
        return render_template(template, words=words, language=chosen(), fee=FEE, owner=components.owner, **values)


def chosen() -> Literal["en", "cy"]:
    """The language that the person has chosen, on this page or before."""
    return "cy" if request.args.get("language", request.cookies.get("language")) == "cy" else "en"


def is_caseworker(app: Flask) -> bool:
    """Whether a caseworker asks. A department would put its own sign-on in the place of this."""
    expected = app.config["CASEWORK_PASSWORD"]
    given = request.authorization.password if request.authorization else None
    return bool(expected and given) and hmac.compare_digest(str(given).encode(), str(expected).encode())
