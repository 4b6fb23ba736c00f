"""The first half hour: what is still to be set up, in the order in which it is best done."""

from typing import NamedTuple

from flask import current_app, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.store.first_steps import FirstSteps, get_first_steps
from helpdesk.web.admin.frame import bp
from helpdesk.web.frame import needs


class Step(NamedTuple):
    """Something to set up: `said` how far it is, else what it is for; where it is done."""

    name: str
    is_done: bool
    said: str
    url: str
    verb: str


@bp.get("")
@needs("admin.see")
def index() -> str:
    """The list, what is missing first."""
    steps = _steps(get_first_steps())
    return render_template(
        "admin/first_steps.html",
        steps=sorted(steps, key=lambda step: step.is_done),
        done=sum(step.is_done for step in steps),
    )


def _steps(found: FirstSteps) -> list[Step]:
    return [*_people(found), *_desk(found), *_mail(found)]


def _people(found: FirstSteps) -> list[Step]:
    return [
        Step(
            _("Departments and locations"),
            found.departments > 0,
            ngettext("%(num)d department", "%(num)d departments", found.departments)
            if found.departments
            else _("Where people work: take them in from a table, or add them by hand."),
            url_for(".imports_new", what="departments"),
            _("Take in departments"),
        ),
        Step(
            _("People who report"),
            found.people > 0,
            ngettext("%(num)d person", "%(num)d people", found.people)
            if found.people
            else _("From a table with staff numbers or mail addresses. Whoever writes a mail is added too."),
            url_for(".imports_new", what="people"),
            _("Take in people"),
        ),
        Step(
            _("People who help"),
            found.agents > 0,
            _say_agents(found),
            url_for(".people_new") if not found.invited else url_for(".people", role="agent"),
            _("Add an agent") if not found.invited else _("Show agents"),
        ),
    ]


def _say_agents(found: FirstSteps) -> str:
    if found.invited:
        return ngettext(
            "%(num)d agent or lead has no password yet. Send them an invitation.",
            "%(num)d agents and leads have no password yet. Send them invitations.",
            found.invited,
        )
    if found.agents:
        return ngettext("%(num)d agent or lead", "%(num)d agents and leads", found.agents)
    return _("Add agents and leads, put them into teams, and invite them.")


def _desk(found: FirstSteps) -> list[Step]:
    by_day = found.night_answer == "nobody"
    return [
        Step(
            _("Services"),
            found.services > 1,
            ngettext("%(num)d service", "%(num)d services", found.services)
            if found.services > 1
            else _("What people report about, and which team answers."),
            url_for(".services"),
            _("Show services"),
        ),
        Step(
            _("Who is on call"),
            found.rosters > 0 and found.teams_with_roster > 0,
            _say_rosters(found, by_day),
            url_for("rosters.index") if not found.rosters else url_for(".teams"),
            _("Make a roster") if not found.rosters else _("Show teams"),
        ),
        Step(
            _("A number to call"),
            found.has_hotline,
            _("It stands on the report page and in receipts.")
            if found.has_hotline
            else _("For what cannot wait: it stands on the report page and in receipts."),
            f"{url_for('.organisation')}#hotline",
            _("Enter the number"),
        ),
    ]


def _say_rosters(found: FirstSteps, by_day: bool) -> str:
    if not found.rosters:
        if by_day:
            return _("Nobody answers at night, so this can wait. By day alarms go to the whole team.")
        return _("Somebody is promised at night: say who, or alarms go to the whole team.")
    if not found.teams_with_roster:
        return _("There is a roster, but no team uses it yet.")
    return ngettext("%(num)d roster", "%(num)d rosters", found.rosters)


def _mail(found: FirstSteps) -> list[Step]:
    settings = current_app.config["SETTINGS"]
    is_sending = settings.smtp_server is not None
    return [
        Step(
            _("Mail out"),
            is_sending,
            _("Letters leave. Send yourself one to be sure.")
            if is_sending
            else _("No mail server is set, so no letter leaves the house."),
            url_for(".mail"),
            _("Show how"),
        ),
        Step(
            _("Mail in"),
            found.mailboxes > 0,
            ngettext("%(num)d mailbox", "%(num)d mailboxes", found.mailboxes)
            if found.mailboxes
            else _("Fetch a mailbox, so that people can report by mail and answer letters."),
            url_for(".mailboxes"),
            _("Add a mailbox"),
        ),
    ]
