"""The organisation's own key figures: how each stands, what was measured, and setting them."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import kpis as desk
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.kpis import Course
from helpdesk.desk.security import note_export
from helpdesk.i18n import say_date, say_number, zone_city
from helpdesk.outbound.kpi_words import DOORS, STANDINGS, actuals_table, kpis_table, say_course
from helpdesk.schemas.kpis import SAY_FUTURE, ActualSchema, KpiSchema
from helpdesk.store.kpis import Kpi, find_kpi, list_kpis
from helpdesk.store.organisation import find_organisation
from helpdesk.web import kpi_tables
from helpdesk.web.admin.frame import form_page
from helpdesk.web.auth import address
from helpdesk.web.charts import Line, picture_asked
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import may, needs
from helpdesk.web.numbers import id_of
from helpdesk.web.sheets import ANSWERS

bp = Blueprint("kpis", __name__, url_prefix="/figures/key-figures")
bp.register_blueprint(kpi_tables.bp)
Page = Answer | str | tuple[str, int]


@bp.get("")
@needs("figures.see")
def index() -> Response | str:
    """How each of them stands; those put away only for whoever sets them."""
    today = desk.today_at(g.now)
    courses = [desk.course_of(kpi, today) for kpi in list_kpis()]
    shown = [_row(course) for course in courses if course.kpi.is_active]
    if picture := picture_asked([row["chart"] for row in shown], "figures:key"):
        return picture
    return render_template(
        "kpis/index.html",
        rows=shown,
        put_away=[course.kpi for course in courses if not course.kpi.is_active] if may("kpi.edit") else [],
        downloads=_downloads() if courses else [],
    )


@bp.get("/<int:kpi_id>")
@needs("figures.see")
def show(kpi_id: int) -> Response | str:
    """All that was measured of one, and where the next value is noted."""
    course = desk.course_of(_known(kpi_id), desk.today_at(g.now))
    if picture := picture_asked([_chart(course)], "figures:key"):
        return picture
    return _shown(course, {}, {})


@bp.post("/<int:kpi_id>")
@needs("kpi.edit")
def measure(kpi_id: int) -> Page:
    """Notes what was measured on a day."""
    kpi = _known(kpi_id)
    data, errors = load(ActualSchema, request.form)
    if data is not None:
        try:
            desk.measure(kpi.id, **data, by=_by(), door="web")
            flash(_("Noted."))
            return redirect(url_for(".show", kpi_id=kpi.id), 303)
        except Refused:
            errors = {"on": [str(SAY_FUTURE)]}
    return _shown(desk.course_of(kpi, desk.today_at(g.now)), request.form, errors), 422


@bp.post("/<int:kpi_id>/values/<on>/remove")
@needs("kpi.edit")
def take_back(kpi_id: int, on: str) -> Answer:
    """Removes what was measured on a day."""
    try:
        desk.take_back(_known(kpi_id).id, date.fromisoformat(on), _by())
    except (ValueError, LookupError):
        abort(404)
    flash(_("The value is gone; the security log still tells of it."))
    return redirect(url_for(".show", kpi_id=kpi_id), 303)


@bp.route("/new", methods=["GET", "POST"])
@needs("kpi.edit")
def new() -> Page:
    """Sets another one."""
    return form_page(
        "kpis/edit.html",
        {"baseline_on": desk.today_at(g.now).isoformat(), "position": 0, "is_active": True},
        KpiSchema,
        lambda data, seen: desk.save(None, data, _by()),
        lambda kpi: url_for(".show", kpi_id=kpi.id),
        right="kpi.edit",
        title=_("Add a key figure"),
        back=url_for(".index"),
    )


@bp.route("/<int:kpi_id>/edit", methods=["GET", "POST"])
@needs("kpi.edit")
def edit(kpi_id: int) -> Page:
    """Another name, other numbers or days."""
    kpi = _known(kpi_id)
    state = desk.state_of(kpi)
    return form_page(
        "kpis/edit.html",
        state,
        KpiSchema,
        lambda data, seen: desk.save(kpi_id, data, _by(), seen),
        url_for(".show", kpi_id=kpi_id),
        state=state,
        right="kpi.edit",
        title=kpi.name,
        back=url_for(".show", kpi_id=kpi_id),
    )


@bp.get("/<any(figures, values):what>.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(what: str, ending: str) -> Response:
    """A line for each key figure, or for each value (of one of them: `kpi`); the security log keeps it."""
    kpi_id = id_of(request.args.get("kpi"))
    kpis = list_kpis() if kpi_id is None else [_known(kpi_id)]
    today, zone = desk.today_at(g.now), _zone()
    courses = [desk.course_of(kpi, today) for kpi in kpis]
    columns, rows = kpis_table(courses) if what == "figures" else actuals_table(courses, zone)
    note_export(
        f"figures:key {what}.{ending}",
        {"rows": len(rows)} | ({"name": kpis[0].name} if kpi_id is not None else {}),
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    note = _("Days and times are those of %(zone)s.", zone=zone)
    more = {"sheet": _("Key figures"), "note": note} if ending == "xlsx" else {}
    return ANSWERS[ending](f"helpdesk-key-{what}-{today}", columns, rows, **more)


def _shown(course: Course, typed: Any, errors: Errors) -> str:
    kpi = course.kpi
    return render_template(
        "kpis/show.html",
        **_row(course),
        typed=typed or {"on": desk.today_at(g.now)},
        errors=errors,
        values=[
            {
                "on": each.on.isoformat(),
                "day": say_date(each.on),
                "value": say_number(each.value, kpi.unit),
                "asked": say_number(round(course.way.at(each.on), 2), kpi.unit),
                "words": each.words,
                "by": each.by.name,
                "at": each.at,
                "door": str(DOORS[each.door]),
            }
            for each in reversed(kpi.actuals)
        ],
        zone=zone_city(_zone()),
        downloads=_downloads(kpi) if kpi.actuals else [],
    )


def _row(course: Course) -> dict[str, Any]:
    """A key figure as the pages show it."""
    kpi, latest = course.kpi, course.latest
    label, tone = STANDINGS[course.standing]
    return {
        "kpi": kpi,
        "url": url_for("kpis.show", kpi_id=kpi.id),
        "standing": str(label),
        "tone": tone,
        "said": say_course(course),
        "stats": [
            (_("Baseline"), say_number(kpi.baseline, kpi.unit), say_date(kpi.baseline_on)),
            (_("Latest"), say_number(latest.value if latest else None, kpi.unit), _latest_on(course)),
            (_("Target"), say_number(kpi.target, kpi.unit), say_date(kpi.target_on)),
        ],
        "chart": _chart(course),
    }


def _latest_on(course: Course) -> str:
    if course.latest is None:
        return ""
    day = say_date(course.latest.on)
    return _("%(day)s, %(percent)s of the way", day=day, percent=say_number(course.percent, "%"))


def _chart(course: Course) -> Line:
    """What was measured, beside the straight way from the baseline to the target."""
    kpi = course.kpi
    measured = {kpi.baseline_on: kpi.baseline} | {each.on: each.value for each in kpi.actuals}
    days = sorted({*measured, kpi.target_on})
    whole = (days[-1] - days[0]).days
    return Line(
        f"key-{kpi.id}",
        kpi.name,
        say_course(course),
        [say_date(day) for day in days],
        [(_("Measured"), [measured.get(day) for day in days])],
        kpi.unit,
        goal=[round(course.way.at(day), 2) for day in days],
        goal_label=_("Straight way"),
        positions=[(day - days[0]).days / whole for day in days],
        note=_(
            "From %(baseline)s on %(since)s to %(target)s on %(until)s",
            baseline=say_number(kpi.baseline, kpi.unit),
            since=say_date(kpi.baseline_on),
            target=say_number(kpi.target, kpi.unit),
            until=say_date(kpi.target_on),
        ),
    )


def _downloads(kpi: Kpi | None = None) -> list[tuple[str, str]]:
    """The ways to the tables as files, for whoever may take them out."""
    if not may("figures.export"):
        return []
    names = {"values": _("Values")} if kpi else {"figures": _("Key figures"), "values": _("Values")}
    return [
        (f"{name} ({ending.upper()})", url_for("kpis.export", what=what, ending=ending, kpi=kpi and kpi.id))
        for what, name in names.items()
        for ending in ANSWERS
    ]


def _known(kpi_id: int) -> Kpi:
    kpi = find_kpi(kpi_id)
    if kpi is None or not (kpi.is_active or may("kpi.edit")):
        abort(404)  # put away: there only for whoever sets them
    return kpi


def _zone() -> str:
    organisation = find_organisation()
    return organisation.zone if organisation else "UTC"


def _by() -> By:
    return By(g.now, current_user.id, address())
