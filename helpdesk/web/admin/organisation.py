"""The organisation's own settings."""

from flask_babel import ngettext

from helpdesk.desk import organisation as desk
from helpdesk.i18n import LOCALES
from helpdesk.rules.window_notices import CHOICES
from helpdesk.schemas.organisation import OrganisationSchema
from helpdesk.schemas.people import zones
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import list_calendars
from helpdesk.store.teams import list_teams
from helpdesk.web.admin.frame import Page, bp, by, form_page
from helpdesk.web.frame import needs


@bp.route("/organisation", methods=["GET", "POST"])
@needs("admin.see")
def organisation() -> Page:
    """Name, zone, hotline, who answers at night, and what is asked of passwords."""
    state = desk.state_of(get_organisation())
    return form_page(
        "admin/organisation.html",
        state,
        OrganisationSchema,
        lambda data, seen: desk.change(data, by(), seen),
        "/admin/organisation",
        state=state,
        language_options=list(LOCALES.items()),
        zone_options=[(zone, zone) for zone in zones()],
        team_options=[(team.id, team.name) for team in list_teams()],
        notice_options=[(minutes, _say_before(minutes)) for minutes in CHOICES],
        calendar_options=[(calendar.id, calendar.name) for calendar in list_calendars()],
    )


def _say_before(minutes: int) -> str:
    """So long a time in whole units."""
    if minutes % 1440 == 0:
        return ngettext("%(num)d day", "%(num)d days", minutes // 1440)
    if minutes % 60 == 0:
        return ngettext("%(num)d hour", "%(num)d hours", minutes // 60)
    return ngettext("%(num)d minute", "%(num)d minutes", minutes)
