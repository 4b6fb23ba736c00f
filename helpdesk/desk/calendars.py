"""Calendars: made, published anew from a day to come on, and filled with public holidays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.stale import after_calendar_change
from helpdesk.desk.turn_news import told
from helpdesk.rules import hours
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import find_organisation
from helpdesk.store.policies import Calendar, CalendarVersion
from helpdesk.store.rosters import list_following

Intervals = list[list[str]]
FARTHEST = 3660  # days ahead that a version may wait


@dataclass(frozen=True)
class Holiday:
    """A public holiday, or (`is_made_up`) a day at the weekend that is worked in return for one."""

    on: date
    name: str
    is_made_up: bool = False


def state_of(calendar: Calendar) -> State:
    """What the form shows: the latest version, whether it holds already or waits for its day."""
    definition = calendar.versions[-1].definition
    return {
        "name": calendar.name,
        "version": calendar.versions[-1].number,
        "week": definition.get("week", {}),
        "dates": definition.get("dates", {}),
    }


def create(name: str, zone: str, week: dict[str, Intervals], dates: dict[str, Intervals], by: By) -> Calendar:
    """A new calendar. Raises Refused (name_taken), rules.hours.ScenarioError for hours that cannot be."""
    definition = _definition(zone, week, dates)
    with transaction():
        changes.require_free_name(Calendar, name, None)
        calendar = Calendar(name=name)
        calendar.versions.append(_version(1, definition, by.now, "", by))
        db.session.add(calendar)
        db.session.flush()
        changes.log_change(f"calendar:{name}", None, {**state_of(calendar), "zone": zone}, by)
    return calendar


def first_day(calendar: Calendar, now: datetime) -> date:
    """From which day on another version can hold: tomorrow there, for what has been counted stays counted."""
    return now.astimezone(_zone(calendar)).date() + timedelta(days=1)


def publish(
    calendar_id: int,
    week: dict[str, Intervals],
    dates: dict[str, Intervals],
    effective_on: date,
    reason: str,
    by: By,
    seen: str | None = None,
) -> Calendar:
    """Other hours from a day to come on; days before it stay as they are. Open deadlines follow, and turns in
    layers whose hours they are.

    The zone stays: it would move days that are past. Raises Refused (too_early, too_far), ChangedMeanwhile,
    rules.hours.ScenarioError for hours that cannot be, LookupError.
    """
    with transaction():
        calendar = get_row_for_change(Calendar, calendar_id)
        before = state_of(calendar)
        changes.require_unchanged(before, seen)
        definition, effective_at = version_from(calendar, week, dates, effective_on, by.now)
        version = _version(before["version"] + 1, definition, effective_at, reason, by)
        with told(list_following(calendar_id), now=by.now, actor_id=by.actor_id):
            calendar.versions.append(version)
        after = {**state_of(calendar), "from day": effective_on.isoformat(), "reason": reason}
        changes.log_change(f"calendar:{calendar.name}", before, after, by)
        organisation = find_organisation()
        is_office = organisation is not None and organisation.calendar_id == calendar_id
        after_calendar_change(effective_at, by.now, f"{calendar.name}: {reason}", is_office)
    return calendar


def version_from(
    calendar: Calendar,
    week: dict[str, Intervals],
    dates: dict[str, Intervals],
    effective_on: date,
    now: datetime,
) -> tuple[dict[str, Any], datetime]:
    """A version's definition, and from which instant on it would hold. Raises Refused and ScenarioError as
    `publish` does."""
    first = first_day(calendar, now)
    if not first <= effective_on <= first + timedelta(days=FARTHEST):
        raise Refused("effective_on", "too_early" if effective_on < first else "too_far")
    midnight = datetime.combine(effective_on, datetime.min.time())
    definition = _definition(_zone(calendar).key, week, dates)
    return definition, hours.local_to_instant(_zone(calendar), midnight)


def countries() -> Mapping[str, Sequence[str]]:
    """Countries (ISO 3166 codes) whose holidays are known, each with its regions' codes."""
    return {code: regions for code, regions in holidays.list_supported_countries().items() if len(code) == 2}


def region_names(country: str) -> dict[str, str]:
    """The regions of a country by code; a code without a known name stands for itself."""
    codes = countries().get(country, ())
    names = {code: name for name, code in holidays.country_holidays(country).subdivisions_aliases.items()}
    return {code: names.get(code, code) for code in codes}


def public_holidays(country: str, region: str | None, year: int, language: str) -> list[Holiday]:
    """The holidays of a year and its made-up working days where they are published, by date.

    `language`: of the names where the source has it ("zh_CN"), else the country's own. Raises LookupError
    for a country or region that is not known.
    """
    if country not in countries() or (region and region not in countries()[country]):
        raise LookupError(f"no holidays of {country} {region or ''}")
    known = holidays.country_holidays(country).supported_languages
    found = holidays.country_holidays(
        country, subdiv=region or None, years=year, language=language if language in known else None
    )
    days = [Holiday(on, name) for on, name in found.items()]
    made_up = [Holiday(on, "", True) for on in getattr(found, "weekend_workdays", ()) if on.year == year]
    return sorted([*days, *made_up], key=lambda day: day.on)


def with_holidays(
    week: Mapping[str, Intervals], dates: Mapping[str, Intervals], found: Sequence[Holiday]
) -> dict[str, Intervals]:
    """The dates with these added: holidays closed, made-up days with the hours of the week's first open day.

    A date that has hours of its own already keeps them.
    """
    usual = next((week[day] for day in hours.DAYS if week.get(day)), [])
    return {day.on.isoformat(): usual if day.is_made_up else [] for day in found} | dict(dates)


def _definition(zone: str, week: dict[str, Intervals], dates: dict[str, Intervals]) -> dict[str, Any]:
    definition = {"timezone": zone, "week": week, "dates": dates}
    hours.parse_calendar(definition, "calendar")
    return definition


def _version(
    number: int, definition: dict[str, Any], effective_at: datetime, reason: str, by: By
) -> CalendarVersion:
    return CalendarVersion(
        number=number,
        definition=definition,
        published_at=by.now,
        effective_at=effective_at,
        published_by_id=by.actor_id,
        reason=reason,
    )


def _zone(calendar: Calendar) -> ZoneInfo:
    return ZoneInfo(calendar.versions[-1].definition["timezone"])
