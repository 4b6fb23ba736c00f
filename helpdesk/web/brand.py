"""The organisation's colour and logo, as every page asks for them."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, request, url_for
from werkzeug.wrappers import Response as Answer

from helpdesk.rules import colours
from helpdesk.store.branding import get_brand, get_logo_path
from helpdesk.store.organisation import find_organisation

bp = Blueprint("brand", __name__)
PROPERTIES = ("accent", "accent-ink", "accent-soft", "accent-deep")  # of static/helpdesk.css
KEPT_FOR = 86_400  # seconds; another look has another address


def brand_context() -> dict[str, Any]:
    """What the frame of a page shows of it; where nobody can ask the database, our own."""
    brand = get_brand(g.get("organisation"))
    return {
        "brand": brand,
        "brand_css": url_for("brand.stylesheet", v=brand.accent[1:]) if brand.has_own_colour else None,
        "logo_url": url_for("brand.logo", v=brand.logo[:12]) if brand.logo else None,
    }


@bp.get("/brand.css")
def stylesheet() -> Answer:
    """The colours of both themes."""
    brand = get_brand(find_organisation())
    pairs = zip(PROPERTIES, colours.light(brand.accent), colours.dark(brand.accent), strict=True)
    rules = " ".join(f"--{name}: light-dark({light}, {dark});" for name, light, dark in pairs)
    answer = make_response(f":root {{ {rules} }}\n")
    answer.mimetype = "text/css"
    return _kept(answer)


@bp.get("/brand/logo")
def logo() -> Answer:
    """The logo."""
    brand = get_brand(find_organisation())
    path = get_logo_path(brand.logo) if brand.logo else None
    if path is None or not path.is_file():
        abort(404)
    answer = make_response(path.read_bytes())
    answer.mimetype = brand.logo_type or ""
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _kept(answer)


def _kept(answer: Response) -> Answer:
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_FOR}"
    answer.add_etag(weak=True)
    return answer.make_conditional(request)
