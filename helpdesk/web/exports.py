"""The register of tickets as a workbook: ordered here, made in the background, fetched for a week."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import exports
from helpdesk.desk.changes import By
from helpdesk.i18n import say_date
from helpdesk.outbound.figure_words import PERIODS
from helpdesk.rules.figures import Period, days_of
from helpdesk.schemas.exports import RegisterSchema
from helpdesk.store.exports import Export, find_export, list_exports
from helpdesk.store.organisation import find_organisation
from helpdesk.web.auth import address
from helpdesk.web.forms import load, sending, sent_key
from helpdesk.web.frame import needs
from helpdesk.web.sheets import XLSX

bp = Blueprint("exports", __name__, url_prefix="/figures/register")
SHOWN = 20
OFFERED = (
    *(Period.MONTH, Period.LAST_MONTH, Period.QUARTER, Period.LAST_QUARTER),
    *(Period.YEAR, Period.LAST_YEAR),
)

Page = Answer | str | tuple[str, int]


@bp.get("")
@needs("figures.export")
def index() -> Page:
    """Order one, and those of before."""
    first, last = days_of(Period.LAST_MONTH, _today())
    days = {"since": first, "until": last}
    return _page({name: request.args.get(name) or days[name] for name in days}, {})


@bp.post("")
@needs("figures.export")
def order() -> Page:
    """Orders the register of these days; a second click orders no other."""
    data, errors = load(RegisterSchema, request.form)
    if data is None:
        return _page(request.form, errors), 422
    export = exports.order_register(
        data["since"],
        data["until"],
        zone=_zone(),
        locale=str(get_locale()),
        by=By(g.now, current_user.id, address()),
        sent_key=sent_key(request.form, current_user.id, data),
    )
    return redirect(url_for(".show", export_id=export.id), 303)


@bp.get("/<int:export_id>")
@needs("figures.export")
def show(export_id: int) -> Page:
    """How far it is, and the way to it."""
    return render_template("exports/show.html", **_progress(export_id))


@bp.get("/<int:export_id>/progress")
@needs("figures.export")
def progress(export_id: int) -> Page:
    """The same without its frame, for the page that keeps itself fresh until it is made."""
    answer = make_response(render_template("exports/progress.html", **_progress(export_id)))
    answer.add_etag(weak=True)
    return answer.make_conditional(request)


@bp.get("/<int:export_id>/file")
@needs("figures.export")
def fetch(export_id: int) -> Page:
    """The workbook, for whoever ordered it and may still have it."""
    export = _ordered(export_id)
    path = exports.fetch(export, By(g.now, current_user.id, address()))
    if path is None:
        flash(_("This file is not there any more. Order it anew."), "warning")
        return redirect(url_for(".index", since=export.asked["first"], until=export.asked["last"]))
    name = f"tickets-{export.asked['first']}-{export.asked['last']}.xlsx"
    answer = send_file(path, XLSX, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _page(typed: Any, errors: dict[str, list[str]]) -> str:
    today = _today()
    tabs = []
    for period in OFFERED:
        first, last = days_of(period, today)
        tabs.append(
            {
                "label": str(PERIODS[period]),
                "url": url_for(".index", since=first, until=last),
                "current": (str(first), str(last)) == (str(typed.get("since")), str(typed.get("until"))),
            }
        )
    return render_template(
        "exports/index.html",
        typed=typed,
        errors=errors,
        period_tabs=tabs,
        zone=_zone(),
        sending=sending(request.form),
        orders=[_shown(export) for export in list_exports(current_user.id, SHOWN)],
    )


def _progress(export_id: int) -> dict[str, Any]:
    return {"order": _shown(_ordered(export_id))}


def _ordered(export_id: int) -> Export:
    return find_export(export_id, current_user.id) or abort(404)


def _shown(export: Export) -> dict[str, Any]:
    """An order as the pages show it; one whose week is over is gone, whether or not it was swept."""
    first, last = (date.fromisoformat(export.asked[name]) for name in ("first", "last"))
    is_over = export.expires_at is not None and export.expires_at <= g.now
    return {
        "id": export.id,
        "days": _("%(first)s to %(last)s", first=say_date(first), last=say_date(last)),
        "since": first,
        "until": last,
        "state": "gone" if is_over else export.state,
        "ordered_at": export.ordered_at,
        "expires_at": export.expires_at,
        "done": export.done_rows,
        "all": export.all_rows,
        "done_said": format_decimal(export.done_rows),
        "all_said": format_decimal(export.all_rows or 0),
    }


def _zone() -> str:
    """Days and instants are the organisation's, as in all figures."""
    organisation = find_organisation()
    return organisation.zone if organisation else "UTC"


def _today() -> date:
    return g.now.astimezone(ZoneInfo(_zone())).date()
