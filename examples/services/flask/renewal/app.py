"""The pages of the service, each for what is known of a renewal, and the application that they make."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from typing import Literal

import sqlalchemy as sa
from flask import Flask, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from govcomponents import GovComponents, GovComponentsError, OutcomeUnknown
from govcomponents.web import NotSignedIn, Problem
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
            renewal = records.present(connection, components.owner or "")
        if renewal is None:
            return page("message.html", title="nothing", text="nothing_text")
        if renewal.state != "new":
            return redirect(url_for("back", reference=renewal.reference))
        return page("check.html", renewal=renewal)

    @app.post("/renewals/<reference>/pay")
    @web.require_identity(confidence="medium", return_to="/renew")
    def pay(reference: str) -> ResponseReturnValue:
        with engine.begin() as connection:
            found = records.find(connection, reference, components.owner or "")
            renewal = records.start_paying(connection, found, chosen()) if found else None
        if found is None:  # the form of somebody who was signed in before, in another tab
            return page("message.html", title="other", text="other_text", action="check", to=url_for("renew")), 409
        if renewal is None:  # the second of two clicks, or nothing to pay
            return redirect(url_for("back", reference=reference), 303)
        back_at = url_for("back", reference=renewal.reference, _external=True)
        try:
            payment = components.pay(renewal, back_at, chosen())
            return redirect(payment.redirect_url() if payment else back_at, 303)
        except OutcomeUnknown:  # it may have been made; to ask at once would be to wait as long once more
            return page("message.html", title="waiting", text="waiting_text", action="go_on", to=back_at), 503
        except GovComponentsError:
            with engine.begin() as connection:
                records.let_try_again(connection, renewal)
            raise

    @app.get("/renewals/<reference>/pay")
    def after_pay(reference: str) -> ResponseReturnValue:  # noqa: ARG001  # Flask gives it
        """Answer whoever opens the address of the form, as by changing the language of what it answered."""
        return redirect(url_for("renew"))

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
            return not_a_caseworker()
        with engine.connect() as connection:
            return page("casework.html", renewals=records.newest(connection))

    @app.post("/casework/<reference>/refund")
    def refund(reference: str) -> ResponseReturnValue:
        if not is_caseworker(app):
            return not_a_caseworker()
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            # browsers send the password with another site's form too
            return page("message.html", title="caseworkers", text="elsewhere_text"), 403
        with engine.connect() as connection:
            renewal = records.of_anybody(connection, reference)
        if renewal is None:
            return not_found(None)
        components.refund(renewal)
        return redirect(url_for("casework"), 303)

    @app.get("/casework/<reference>/refund")
    def after_refund(reference: str) -> ResponseReturnValue:  # noqa: ARG001  # Flask gives it
        """Answer whoever opens the address of that form."""
        return redirect(url_for("casework"))

    web.language(chosen)

    @web.refused
    def refused(ended: NotSignedIn) -> ResponseReturnValue:
        text = "no_sign_in_text" if ended.answer.status == 503 else "unfinished_text"
        status = ended.answer.status
        return page("message.html", title="sorry", text=text, action="start", to=ended.return_to), status

    def not_a_caseworker() -> ResponseReturnValue:
        """Let the browser ask for the password; whoever has none reads this page."""
        asked = {"WWW-Authenticate": 'Basic realm="casework"'}
        return page("message.html", title="caseworkers", text="caseworkers_text"), 401, asked

    @app.errorhandler(MethodNotAllowed)
    def not_so(error: MethodNotAllowed) -> ResponseReturnValue:
        return (
            page("message.html", title="missing", text="missing_text"),
            405,
            {"Allow": ", ".join(error.valid_methods or ())},
        )

    @app.errorhandler(404)
    def not_found(_error: object) -> ResponseReturnValue:
        return page("message.html", title="missing", text="missing_text"), 404

    @web.problem
    def problem(away: Problem) -> ResponseReturnValue:
        return trouble("unsure_text" if away.is_unknown else "problem_text"), away.status

    @app.errorhandler(500)
    def broken(_error: object) -> ResponseReturnValue:
        return trouble("problem_text", owner=None), 500  # it may be the database, which knows who is signed in

    def trouble(text: str, **values: object) -> str:
        """Make the page for what did not work: a caseworker reads another one than a person who pays."""
        if request.path.startswith("/casework"):
            to = url_for("casework")
            return page("message.html", title="problem", text="refund_text", action="list", to=to, **values)
        return page("message.html", title="problem", text=text, **values)

    @app.after_request
    def finished(answer: Response) -> Response:
        """Keep pages with people's data out of caches, and a language that was just chosen."""
        answer.headers.setdefault("Cache-Control", "no-store")
        if request.args.get("language") in WORDS:
            answer.set_cookie("language", chosen(), max_age=YEAR, secure=True, httponly=True, samesite="Lax")
        return answer

    def page(template: str, **values: object) -> str:
        """Make a page in the person's language."""
        if "owner" not in values:
            values["owner"] = components.owner
        return render_template(template, words=WORDS[chosen()], language=chosen(), fee=FEE, **values)


def chosen() -> Literal["en", "cy"]:
    """The language that the person has chosen, on this page or before."""
    return "cy" if request.args.get("language", request.cookies.get("language")) == "cy" else "en"


def is_caseworker(app: Flask) -> bool:
    """Whether a caseworker asks. A department would put its own sign-on in the place of this."""
    expected = app.config["CASEWORK_PASSWORD"]
    given = request.authorization.password if request.authorization else None
    return bool(expected and given) and hmac.compare_digest(str(given).encode(), str(expected).encode())
