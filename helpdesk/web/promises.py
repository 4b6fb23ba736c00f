"""What is promised: for each severity how soon, when that counts, and what makes a report so severe."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk.desk.promises import targets_for
from helpdesk.i18n import say_hours, say_working_time, zone_city
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla import Policy, SeverityTargets, Target
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
    """What is promised at a severity: `when` something is of it, and what happens within which time, as pairs
    of name and length."""

    severity: Severity
    when: str
    lengths: list[tuple[str, str]]


@bp.get("/promises")
def index() -> str:
    """For the service in the address, or for reports about none."""
    if find_organisation() is None:
        abort(404)
    services = list_services()
    chosen = next((s for s in services if str(s.id) == request.args.get("service_id")), None)
    department_id = current_user.person.department_id if current_user.is_authenticated else None
    service_id = chosen.id if chosen else None
    targets = {kind: targets_for(kind, service_id, department_id, now=g.now) for kind in Kind}
    return render_template(
        "portal/promises.html",
        promises=[(str(HEADINGS[kind]), kind is Kind.FAULT, _of_kind(kind, targets[kind])) for kind in Kind],
        counts=_counts(each for kind in Kind for each in _graded(kind, targets[kind]).values()),
        services=[(s.id, s.name) for s in services],
        chosen=chosen,
        organisation=find_organisation(),
    )


def _graded(kind: Kind, policy: Policy) -> dict[Severity, SeverityTargets]:
    """The severities that a report of that kind can begin with: whoever asks for something is asked nothing
    that would make it graver."""
    return {each: policy[each] for each in (Severity if kind is Kind.FAULT else [Severity.MINOR])}


def _of_kind(kind: Kind, policy: Policy) -> list[Promised]:
    return [_promised(kind, *each) for each in _graded(kind, policy).items()]


def _promised(kind: Kind, severity: Severity, targets: SeverityTargets) -> Promised:
    solved = _("It is solved within") if kind is Kind.FAULT else _("It is done within")
    lengths = [
        (_("Someone answers within"), _length(targets.response)),
        (solved, _length(targets.resolution)),
    ]
    if targets.update is not None:
        lengths.append((_("A further answer comes within"), _length(targets.update)))
    return Promised(severity, str(WHEN[severity]) if kind is Kind.FAULT else "", lengths)


def _length(target: Target) -> str:
    length = say_working_time(target.seconds)
    if target.calendar is None:
        return _("%(length)s, day and night", length=length)
    return _("%(length)s of working time", length=length)


def _counts(found: Iterable[SeverityTargets]) -> list[str]:
    """When working time is, and what does not count: a sentence each, none twice."""
    said: dict[str, None] = {}
    pauses = False
    for targets in found:
        pauses |= targets.maintenance_pauses
        for target in (targets.response, targets.resolution, targets.update):
            if target is not None and target.calendar is not None:
                hours, zone = say_hours(target.calendar.week), zone_city(target.calendar.zone.key)
                said[_("Our team is there %(hours)s (%(zone)s).", hours=hours, zone=zone)] = None
    if said:
        said[_("Only that is working time; holidays are not.")] = None
    if pauses:
        said[_("While announced maintenance of the service runs, working time stands still.")] = None
    return list(said)
