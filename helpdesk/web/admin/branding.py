"""The look: the desk's name, its colour and logo."""

from typing import Any

from flask import request
from flask_babel import gettext as _

from helpdesk.desk import branding as desk
from helpdesk.rules import colours
from helpdesk.schemas.branding import BrandSchema
from helpdesk.store.branding import get_brand
from helpdesk.store.organisation import get_organisation
from helpdesk.web.admin.frame import Page, bp, by, form_page
from helpdesk.web.frame import needs


@bp.route("/look", methods=["GET", "POST"])
@needs("admin.see")
def look() -> Page:
    """What pages and letters look like; how legible the colour is in both themes."""
    organisation = get_organisation()
    state, brand = desk.state_of(organisation), get_brand(organisation)
    return form_page(
        "admin/look.html",
        {**state, "accent": brand.accent},
        BrandSchema,
        _save,
        "/admin/look",
        state=state,
        title=_("Look"),
        themes=[
            _theme(_("Light"), colours.light(brand.accent), "#ffffff"),
            _theme(_("Dark"), colours.dark(brand.accent), "#1a202a"),
        ],
    )


def _save(data: dict[str, Any], seen: str | None) -> None:
    file = request.files.get("logo")
    desk.change(
        data["brand_name"],
        colours.colour_of(data["accent"]) or "",
        by(),
        seen,
        logo=file.read(desk.MOST_BYTES + 1) if file and file.filename else b"",
        without_logo=data["without_logo"],
    )


def _theme(name: str, accent: colours.Accent, paper: str) -> dict[str, Any]:
    """What the sample of a theme shows, and the contrast of its text, rounded down."""
    found = min(colours.contrast(accent.accent, ground) for ground in (paper, accent.soft, accent.ink))
    return {"name": name, "accent": accent, "paper": paper, "contrast": f"{int(found * 10) / 10:.1f}"}
