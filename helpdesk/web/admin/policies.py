"""Targets: what is promised, and when it counts."""

from typing import Any

from flask import abort, g, url_for
from flask_babel import gettext as _

from helpdesk.desk import policies as targets
from helpdesk.desk import policy_plans as desk
from helpdesk.desk.changes import Refused
from helpdesk.i18n import say_working_time
from helpdesk.rules.maintenance import COUNTS
from helpdesk.rules.severity import Severity
from helpdesk.schemas.policies import (
    ROUND_THE_CLOCK,
    TARGETS,
    NewPolicySchema,
    PolicyVersionSchema,
    policy_form,
)
from helpdesk.store.names import find_row
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Policy, list_calendars, list_policies
from helpdesk.web import words
from helpdesk.web.admin import policy_rules, versions
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.admin.versions import NAMES
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.roster_board import local_text


@bp.get("/policies")
@needs("admin.see")
def policies() -> str:
    """Which hold for which tickets, and all of them."""
    found = list_policies()
    return list_page(
        _("Targets"),
        [_("Name"), _("Critical"), _("Major"), _("Minor"), ""],
        [_row(policy) for policy in found],
        lead=_(
            "First answer / solution / further answers. A ticket keeps the targets it was reported under."
        ),
        new=(url_for(".policies_new"), _("Add targets")),
        template="admin/policies.html",
        **policy_rules.shown(),
    )


def _row(policy: Policy) -> list[Any]:
    latest = policy.versions[-1]
    return [
        link(url_for(".policies_edit", policy_id=policy.id), policy.name),
        *(_brief(latest.definition[severity]) for severity in Severity),
        chips(
            (latest.effective_at > g.now, _("change ahead"), "wait"),
            (bool(desk.uncovered(policy, latest.definition, g.now)), _("more than rosters cover"), "soon"),
        ),
    ]


def _brief(raw: dict[str, Any]) -> str:
    return " / ".join(say_working_time(raw[name]["minutes"] * 60) for name in TARGETS if raw.get(name))


@bp.route("/policies/new", methods=["GET", "POST"])
@needs("admin.edit")
def policies_new() -> Page:
    """Adds one, beginning from the defaults."""
    office = get_organisation().calendar_id or 0
    return form_page(
        "admin/policy.html",
        policy_form(targets.default_definition(office, office)),
        NewPolicySchema,
        lambda data, seen: desk.create(**_known(data), by=by()),
        url_for(".policies"),
        title=_("Add targets"),
        policy=None,
        **_shown(None),
    )


@bp.route("/policies/<int:policy_id>", methods=["GET", "POST"])
@needs("admin.see")
def policies_edit(policy_id: int) -> Page:
    """What holds, what will, and other targets from an instant on."""
    policy = find_row(Policy, policy_id) or abort(404)
    state = desk.state_of(policy)
    return form_page(
        "admin/policy.html",
        {**policy_form(policy.versions[-1].definition), "effective_at": local_text(g.now, viewer_zone())},
        PolicyVersionSchema(zone=viewer_zone()),
        lambda data, seen: desk.publish(policy_id, **_known(data), by=by(), seen=seen),
        url_for(".policies_edit", policy_id=policy_id),
        state=state,
        title=policy.name,
        policy=policy,
        versions=versions.history(policy.versions, versions.policy_changes),
        **_shown(policy),
    )


def _known(data: dict[str, Any]) -> dict[str, Any]:
    """What was loaded, where its calendars exist."""
    ids = {calendar.id for calendar in list_calendars()}
    for severity in Severity:
        for target in TARGETS:
            given = data["definition"][severity].get(target)
            if given and given["calendar_id"] not in (None, *ids):
                raise Refused(f"{severity}-{target}-calendar", "no_such_calendar")
    return data


def _shown(policy: Policy | None) -> dict[str, Any]:
    calendars = [(calendar.id, calendar.name) for calendar in list_calendars()]
    return {
        "severities": [(severity, str(words.SEVERITIES[severity])) for severity in Severity],
        "targets": [(name, str(NAMES[name])) for name in TARGETS],
        "counts_options": [(name, str(versions.COUNTS_WORDS[name])) for name in COUNTS],
        "calendar_options": [(ROUND_THE_CLOCK, _("day and night")), *calendars],
        "uncovered": desk.uncovered(policy, policy.versions[-1].definition, g.now) if policy else [],
    }
