"""The history of what is published in versions: who, when, why, and what changed, in words."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from flask import g
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_duration, say_weekday_and_date, say_working_time
from helpdesk.rules.hours import DAYS
from helpdesk.rules.maintenance import COUNTS, Counts
from helpdesk.rules.severity import Severity
from helpdesk.schemas.hours import hours_text
from helpdesk.schemas.policies import TARGETS
from helpdesk.store.people import get_names
from helpdesk.store.policies import CalendarVersion, PolicyVersion, list_calendars
from helpdesk.web import words

NAMES = {"response": _l("First answer"), "resolution": _l("Solution"), "update": _l("Further answers")}
COUNTS_WORDS: dict[Counts, Any] = {
    "actual_within_planned": _l("real times, within the announced"),
    "planned": _l("announced times"),
    "actual": _l("real times"),
}
MOST_DATES = 12
Definition = dict[str, Any]


def history(
    versions: Sequence[CalendarVersion | PolicyVersion],
    changes: Callable[[Definition, Definition], list[str]],
) -> list[dict[str, Any]]:
    """The versions, the latest first, as templates/admin/versions.html shows them."""
    names = get_names({v.published_by_id for v in versions if v.published_by_id is not None})
    changed = [None, *(changes(a.definition, b.definition) for a, b in pairwise(versions))]
    return [
        {
            "number": version.number,
            "effective_at": version.effective_at,
            "is_ahead": version.effective_at > g.now,
            "reason": version.reason,
            "by": names.get(version.published_by_id or 0),
            "published_at": version.published_at,
            "changes": lines,
        }
        for version, lines in reversed(list(zip(versions, changed, strict=True)))
    ]


def policy_changes(before: Definition, after: Definition) -> list[str]:
    """What differs between two definitions of a policy."""
    calendars = {calendar.id: calendar.name for calendar in list_calendars()}
    found = []
    for severity in Severity:
        was, now_is = before[severity], after[severity]
        for target in TARGETS:
            what = _("%(severity)s, %(target)s", severity=words.SEVERITIES[severity], target=NAMES[target])
            found.append(_from_to(what, *(_target(each.get(target), calendars) for each in (was, now_is))))
        what = _("%(severity)s, maintenance stops the clock", severity=words.SEVERITIES[severity])
        found.append(_from_to(what, *(_yes(each["maintenance_pauses"]) for each in (was, now_is))))
    supplier = (_yes(each.get("supplier_pauses")) for each in (before, after))
    found.append(_from_to(_("Waiting for a supplier stops the clock"), *supplier))
    triage = (say_duration(each.get("triage_minutes", 15) * 60) for each in (before, after))
    found.append(_from_to(_("Mail is looked at within"), *triage))
    lead = (say_duration(each.get("maintenance_lead_minutes", 0) * 60) for each in (before, after))
    found.append(_from_to(_("Maintenance announced at least"), *lead))
    counts = (str(COUNTS_WORDS[each.get("maintenance_counts") or COUNTS[0]]) for each in (before, after))
    found.append(_from_to(_("What stops the clock of maintenance"), *counts))
    return [line for line in found if line]


def _target(raw: dict[str, Any] | None, calendars: dict[int, str]) -> str:
    if not raw:
        return _("none")
    name = calendars.get(raw["calendar_id"] or 0, "") if raw["calendar_id"] else _("day and night")
    return _("%(time)s (%(calendar)s)", time=say_working_time(raw["minutes"] * 60), calendar=name)


def _yes(given: object) -> str:
    return _("yes") if given else _("no")


def calendar_changes(before: Definition, after: Definition) -> list[str]:
    """What differs between two definitions of a calendar; of many dates the first."""
    names = get_locale().days["stand-alone"]["wide"]
    was, now_is = before.get("week", {}), after.get("week", {})
    found = [
        _from_to(names[number], *(hours_text(week.get(day, [])) or _("closed") for week in (was, now_is)))
        for number, day in enumerate(DAYS)
    ]
    was, now_is = before.get("dates", {}), after.get("dates", {})
    dates = [day for day in sorted(was | now_is) if was.get(day) != now_is.get(day)]
    found += [
        _from_to(say_weekday_and_date(date.fromisoformat(day)), _on(was, day), _on(now_is, day))
        for day in dates[:MOST_DATES]
    ]
    if len(dates) > MOST_DATES:
        more = len(dates) - MOST_DATES
        found.append(ngettext("and %(num)d more date", "and %(num)d more dates", more))
    return [line for line in found if line]


def _on(dates: dict[str, Any], day: str) -> str:
    return (hours_text(dates[day]) or _("closed")) if day in dates else _("as every week")


def _from_to(what: Any, was: str, now_is: str) -> str:
    return "" if was == now_is else _("%(what)s: %(was)s → %(now_is)s", what=what, was=was, now_is=now_is)
