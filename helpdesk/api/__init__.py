"""DOOR: JSON, OpenAPI 3.1 at /api/openapi.json. Bearer tokens alone let in; faults are RFC 9457 problems."""

from flask import Flask, Response
from flask_babel import gettext as _
from flask_smorest import Api, Blueprint

from helpdesk.api import excuses, links, on_call, previews, tickets  # noqa: F401 - two add to tickets.bp
from helpdesk.api.problems import answer_faults, problem

nowhere = Blueprint("api_nowhere", __name__, url_prefix="/api")
BLUEPRINTS = (tickets.bp, on_call.bp, previews.bp, nowhere)


@nowhere.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def no_such_page(path: str) -> Response:
    """Whatever else stands below /api is answered as the API answers, not as a page."""
    return problem(404, _("There is nothing here, or you may not see it."))


answer_faults(nowhere)


class _Api(Api):
    def _register_error_handlers(self) -> None:
        """Pages keep theirs; ours are the blueprints'."""


def init_app(app: Flask) -> None:
    """Sets up the API's addresses, its description and its faults."""
    app.config.update(
        API_TITLE="Helpdesk",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(
        app,
        spec_kwargs={
            "info": {"description": "Report, read and work tickets with a token from your profile page."},
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
        },
    )
    for bp in (tickets.bp, on_call.bp, previews.bp):
        api.register_blueprint(bp)
    app.register_blueprint(nowhere)  # not through `api`: it is no part of the description
