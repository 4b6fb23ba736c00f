"""What is promised: for each severity how soon, when that counts, and what makes a report so severe."""

from dataclasses import dataclass

from flask import Blueprint, abort, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk.desk.promises import targets_for
from helpdesk.i18n import say_hours, say_working_time, zone_city
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla import SeverityTargets, Target
from helpdesk.store.organisation import find_organisation
from helpdesk.store.services import list_services

bp = Blueprint("promises", __name__)
# What makes a fault so severe (rules/severity.severity_of), for readers.
WHEN = {
    Severity.CRITICAL: _l(
        "A department or more cannot do its core work, or nothing works of a service that everyone needs."
    ),
    Severity.MAJOR: _l(
        "Nothing works, or a main function fails, for several people; or core work stands still for one."
    ),
    Severity.MINOR: _l("Few are affected, and work goes on."),
}
HEADINGS = {
    Kind.FAULT: _l("When something is not working"),
    Kind.REQUEST: _l("When you need something"),
    Kind.QUESTION: _l("When you have a question"),
}


@dataclass(frozen=True)
class Promised:
    """What is promised at a severity: `when` something is of it, and sentences."""

    severity: Severity
    when: str
    sentences: list[str]


@bp.get("/promises")
def index() -> str:
    """For the service in the address, or for reports about none."""
    if find_organisation() is None:
        abort(404)
    services = list_services()
    chosen = next((s for s in services if str(s.id) == request.args.get("service_id")), None)
    department_id = current_user.person.department_id if current_user.is_authenticated else None
    found = []
    for kind in Kind:
        targets = targets_for(kind, chosen.id if chosen else None, department_id, now=g.now)
        # Whoever asks for something is asked no questions that would make it graver.
        severities = list(Severity) if kind is Kind.FAULT else [Severity.MINOR]
        promised = [_promised(kind, each, targets[each]) for each in severities]
        found.append((str(HEADINGS[kind]), kind is Kind.FAULT, promised))
    return render_template(
        "portal/promises.html",
        promises=found,
        services=[(s.id, s.name) for s in services],
        chosen=chosen,
        organisation=find_organisation(),
    )


def _promised(kind: Kind, severity: Severity, targets: SeverityTargets) -> Promised:
    first, solved, again = targets.response, targets.resolution, targets.update
    ends = _("It is solved within %(length)s.") if kind is Kind.FAULT else _("It is done within %(length)s.")
    answers = _("Someone answers within %(length)s.", length=_length(first))
    said = [answers, ends % {"length": _length(solved)}]
    if again is not None:
        said.append(_("When you write again, someone answers within %(length)s.", length=_length(again)))
    calendars = {each.calendar for each in (first, solved, again) if each and each.calendar is not None}
    for calendar in sorted(calendars, key=lambda each: each.zone.key):
        hours, zone = say_hours(calendar.week), zone_city(calendar.zone.key)
        said.append(_("Our team is there %(hours)s (%(zone)s).", hours=hours, zone=zone))
    if calendars:
        said.append(_("Holidays do not count."))
    if targets.maintenance_pauses:
        said.append(_("While announced maintenance of the service runs, the time stands still."))
    return Promised(severity, str(WHEN[severity]) if kind is Kind.FAULT else "", said)


def _length(target: Target) -> str:
    length = say_working_time(target.seconds)
    if target.calendar is None:
        return _("%(length)s, day and night", length=length)
    return _("%(length)s of working time", length=length)
