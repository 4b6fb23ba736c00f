"""The form of a report that is sent by itself: what it begins with, what can be chosen, what was typed."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk.desk.reports import NARROWING, REPORTS, readable
from helpdesk.desk.schedules import MOST_RECIPIENTS
from helpdesk.i18n import LOCALES
from helpdesk.outbound.figure_words import KINDS, PERIODS
from helpdesk.outbound.report_words import NAMES
from helpdesk.rules.access import figures_teams
from helpdesk.rules.schedules import rhythm_of
from helpdesk.schemas.people import zones
from helpdesk.schemas.schedules import ScheduleSchema, zone_of
from helpdesk.store.people import find_person, list_people
from helpdesk.store.schedules import ReportSchedule
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import words
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, viewer_zone
from helpdesk.web.numbers import id_of

STAFF = ("agent", "lead", "manager", "administrator", "auditor")
RHYTHM_WORDS = {
    "daily": _l("every day"),
    "weekly": _l("every week, on the same day"),
    "monthly": _l("every month, on the same date"),
    "quarterly": _l("every three months, on the same date"),
    "rule": _l("by a rule of your own"),
}


def given() -> tuple[dict[str, Any] | None, Errors]:
    """What was typed, in the shapes of the columns; None where there is something to mend."""
    zone = zone_of(request.form.get("zone"), viewer_zone())
    data, errors = load(ScheduleSchema(zone=zone, reports=readable(asker())), request.form)
    if data is not None:
        errors = _out_of_reach(data)
    return (None if errors else data), errors


def _out_of_reach(data: dict[str, Any]) -> Errors:
    """Teams, services and people that are not theirs to choose."""
    options = _options()
    wrong = [name for name in ("team", "service") if not _offers(options[name], data["asked"].get(name))]
    strange = [
        each for each in data["recipients"] if "person" in each and find_person(each["person"]) is None
    ]
    errors = {name: [_("Choose one of the list.")] for name in (*wrong, *(["people"] if strange else []))}
    whole = [name for name in NARROWING if name in data["asked"]]
    for name in set(whole) - set(REPORTS[data["report"]].narrowing):
        errors[name] = [_("This report cannot be of some of it alone. Choose all here.")]
    return errors


def _offers(options: list[tuple[int, str]], chosen: int | None) -> bool:
    return chosen is None or chosen in [value for value, _label in options]


def _options() -> dict[str, list[tuple[int, str]]]:
    """What a report can be narrowed to."""
    mine = figures_teams(asker())
    return {
        "team": [(team.id, team.name) for team in list_teams() if mine is None or team.id in mine],
        "service": [(service.id, service.name) for service in list_services()],
    }


def choices_of(typed: Any) -> dict[str, Any]:
    """What there is to choose, and who was chosen."""
    chosen = typed.getlist("people") if hasattr(typed, "getlist") else typed["people"]
    staff = [(person.id, person.name) for person in list_people(roles=STAFF, limit=1000) if person.email]
    known = {value for value, _label in staff}
    typed_ids = {id_of(str(each)) for each in chosen} - known
    others = [find_person(each) for each in sorted(filter(None, typed_ids))[:MOST_RECIPIENTS]]
    return {
        "chosen": chosen,
        "staff": staff + [(person.id, person.name) for person in others if person is not None],
        "reports": [(code, str(NAMES[code])) for code in readable(asker())],
        "kinds": _choices(KINDS),
        "periods": _choices(PERIODS),
        "rhythms": _choices(RHYTHM_WORDS),
        "severities": _choices(words.SEVERITIES),
        "zones": [(zone, zone) for zone in zones()],
        "languages": list(LOCALES.items()),
        **{f"{name}s": options for name, options in _options().items()},
    }


def _choices(said: Mapping[Any, Any]) -> list[tuple[str, str]]:
    return [(str(code), str(label)) for code, label in said.items()]


def empty() -> dict[str, Any]:
    """A new one; what an address names is filled in."""
    monday = _next_monday(g.now.astimezone(ZoneInfo(viewer_zone())).date())
    begun = {
        "report": "compliance",
        "kind": "fault",
        "period": "last_week",
        "rhythm": "weekly",
        "starts_at": f"{monday}T08:00",
        "zone": viewer_zone(),
        "locale": str(get_locale()),
        "people": [current_user.id],
    }
    names = ("report", "kind", "period", "team", "service", "severity")
    return begun | {name: request.args[name] for name in names if request.args.get(name)}


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def typed_of(schedule: ReportSchedule) -> dict[str, Any]:
    """One that there is, as its form shows it."""
    strangers = [each for each in schedule.recipients if "email" in each]
    start = datetime.fromisoformat(schedule.starts_at)
    rhythm = rhythm_of(schedule.rule, start.date())
    return {
        **schedule.asked,
        "name": schedule.name,
        "report": schedule.report,
        "rhythm": rhythm or "rule",
        "rule": "" if rhythm else schedule.rule,
        "starts_at": schedule.starts_at,
        "zone": schedule.zone,
        "people": [each["person"] for each in schedule.recipients if "person" in each],
        "addresses": "\n".join(each["email"] for each in strangers),
        "locale": strangers[0]["locale"] if strangers else str(get_locale()),
    }
