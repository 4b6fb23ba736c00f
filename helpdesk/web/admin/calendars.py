"""Calendars: when time counts."""

from collections.abc import Iterator
from typing import Any

from flask import abort, g, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from helpdesk.desk import calendars as desk
from helpdesk.desk.changes import Refused
from helpdesk.desk.foresight import Foresight, Move, foresee_calendar
from helpdesk.desk.reference import calendar_of
from helpdesk.i18n import say_hours, say_instant, say_weekday_and_date, zone_city
from helpdesk.rules.hours import ScenarioError
from helpdesk.schemas.calendars import CalendarVersionSchema, HolidaysSchema, NewCalendarSchema
from helpdesk.schemas.hours import hours_form
from helpdesk.schemas.people import zones
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Calendar, find_calendar, list_calendars
from helpdesk.web.admin import versions
from helpdesk.web.admin.frame import Options, Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.forms import load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.sentences import TARGETS, ticket_link

LANGUAGES = {"zh_Hans": "zh_CN", "zh_Hant": "zh_TW"}


@bp.get("/calendars")
@needs("admin.see")
def calendars() -> str:
    """All of them."""
    return list_page(
        _("Calendars"),
        [_("Calendar"), _("Week"), _("Time zone"), ""],
        [_row(calendar) for calendar in list_calendars()],
        lead=_("The hours that count towards targets. Days that have passed never change."),
        new=(url_for(".calendars_new"), _("Add a calendar")),
    )


def _row(calendar: Calendar) -> list[Any]:
    parsed, latest = calendar_of(calendar), calendar.versions[-1]
    office = get_organisation().calendar_id == calendar.id
    return [
        link(url_for(".calendars_edit", calendar_id=calendar.id), calendar.name),
        say_hours(parsed.week) or _("never open"),
        zone_city(parsed.zone.key),
        chips((office, _("office hours"), "ok"), (latest.effective_at > g.now, _("change ahead"), "wait")),
    ]


@bp.route("/calendars/new", methods=["GET", "POST"])
@needs("admin.edit")
def calendars_new() -> Page:
    """Adds one."""
    return form_page(
        "admin/calendar.html",
        {"zone": get_organisation().zone, **_hours_of_office()},
        NewCalendarSchema,
        lambda data, seen: _checked(lambda: desk.create(**data, by=by())),
        lambda calendar: url_for(".calendars_edit", calendar_id=calendar.id),
        title=_("Add a calendar"),
        calendar=None,
        zone_options=[(zone, zone) for zone in zones()],
    )


def _hours_of_office() -> dict[str, str]:
    """The office hours, for a new calendar to begin with."""
    office = find_calendar(get_organisation().calendar_id or 0)
    return hours_form({"week": desk.state_of(office)["week"]}) if office else {}


@bp.route("/calendars/<int:calendar_id>", methods=["GET", "POST"])
@needs("admin.see")
def calendars_edit(calendar_id: int) -> Page:
    """What holds, what will, and other hours from a day on; with holidays where they are asked for."""
    calendar = find_calendar(calendar_id) or abort(404)
    state = desk.state_of(calendar)
    wanted, _errors = load(HolidaysSchema, request.args)
    dates = desk.with_holidays(state["week"], state["dates"], _holidays(wanted)) if wanted else state["dates"]
    first = desk.first_day(calendar, g.now)
    typed = hours_form({"week": state["week"], "dates": dates})
    return form_page(
        "admin/calendar.html",
        {
            **typed,
            "effective_on": first.isoformat(),
            "reason": _("Holidays %(year)s", year=wanted["year"]) if wanted else "",
        },
        CalendarVersionSchema,
        lambda data, seen: _checked(lambda: desk.publish(calendar_id, **data, by=by(), seen=seen)),
        url_for(".calendars_edit", calendar_id=calendar_id),
        state=state,
        title=calendar.name,
        look=lambda data: _checked(lambda: _foresee(calendar_id, data)),
        calendar=calendar,
        imported=wanted,
        first=first.isoformat(),
        versions=versions.history(calendar.versions, versions.calendar_changes),
    )


def _foresee(calendar_id: int, data: dict[str, Any]) -> dict[str, Any]:
    """What publishing would move, in words."""
    seen = foresee_calendar(calendar_id, data["week"], data["dates"], data["effective_on"], g.now)
    return {"foreseen": {"said": list(_said(seen)), "rows": [_example(move) for move in seen.examples]}}


def _said(seen: Foresight) -> Iterator[str]:
    if seen.later:
        yield ngettext(
            "%(num)d open ticket gets a later deadline.",
            "%(num)d open tickets get a later deadline.",
            seen.later,
        )
    if seen.earlier:
        yield ngettext(
            "%(num)d open ticket gets an earlier deadline.",
            "%(num)d open tickets get an earlier deadline.",
            seen.earlier,
        )
    if not seen.later and not seen.earlier:
        yield _("No open deadline moves.")
    if seen.looked_at < seen.concerned:
        yield _(
            "Looked at: the %(some)s tickets due next, of %(all)s that this may concern.",
            some=seen.looked_at,
            all=seen.concerned,
        )


def _example(move: Move) -> list[Any]:
    zone = viewer_zone()
    to = say_instant(move.to, zone) if move.to else _("never")
    return [ticket_link(move.ticket_id), TARGETS[move.target], say_instant(move.was, zone), to]


@bp.get("/calendars/<int:calendar_id>/holidays")
@needs("admin.edit")
def calendars_holidays(calendar_id: int) -> str:
    """Holidays of a country, looked at before they are taken over."""
    calendar = find_calendar(calendar_id) or abort(404)
    asked = {name: request.args.get(name, "") for name in ("country", "region", "year")}
    wanted, _errors = load(HolidaysSchema, request.args)
    known = asked["country"] in desk.countries()
    if wanted and wanted["region"] not in (None, *desk.countries().get(wanted["country"], ())):
        asked["region"], wanted["region"] = "", None  # another country was chosen
    return render_template(
        "admin/holidays.html",
        calendar=calendar,
        asked={**asked, "year": asked["year"] or g.now.year + 1},
        wanted=wanted,
        days=[[say_weekday_and_date(day.on), day.name or "–", day.is_made_up] for day in _holidays(wanted)]
        if wanted
        else [],
        country_options=_country_options(),
        region_options=list(desk.region_names(asked["country"]).items()) if known else [],
        year_options=[(year, str(year)) for year in range(g.now.year, g.now.year + 4)],
    )


def _holidays(wanted: dict[str, Any]) -> list[desk.Holiday]:
    language = LANGUAGES.get(str(get_locale()), "en_US")
    try:
        return desk.public_holidays(wanted["country"], wanted["region"], wanted["year"], language)
    except LookupError:
        abort(404)


def _country_options() -> Options:
    names = (get_locale() or abort(500)).territories
    found = [(code, names.get(code, code)) for code in desk.countries()]
    return sorted(found, key=lambda option: option[1])


def _checked(save: Any) -> Any:
    """Saves; hours that cannot be are refused at their field."""
    try:
        return save()
    except ScenarioError as fault:
        place = str(fault).removeprefix("calendar.").split(":")[0]
        if place.startswith("dates"):
            raise Refused("dates", "no_such_date") from fault
        raise Refused(place.removeprefix("week.").split("[")[0], "no_such_hours") from fault
