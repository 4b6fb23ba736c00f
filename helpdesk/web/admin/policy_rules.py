"""Which targets apply: rules in their order, tried out for a ticket that might come."""

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.desk import policies, reference
from helpdesk.desk import policy_rules as desk
from helpdesk.desk.changes import ChangedMeanwhile, Refused, marker_of
from helpdesk.rules import policies as rules
from helpdesk.rules.lifecycle import Kind
from helpdesk.schemas.policies import PolicyRuleSchema, TrySchema
from helpdesk.store.organisation import list_departments
from helpdesk.store.policies import PolicyRule, list_policies, list_policy_rules
from helpdesk.store.services import list_services
from helpdesk.web.admin.frame import SAID, Page, bp, by, changed_meanwhile, form_page
from helpdesk.web.forms import load
from helpdesk.web.frame import needs

KINDS = {
    None: _l("Every ticket"),
    Kind.FAULT: _l("Faults"),
    Kind.REQUEST: _l("Requests"),
    Kind.QUESTION: _l("Questions"),
}


def shown() -> dict[str, Any]:
    """The rules in words, and what was tried, for the page of all targets."""
    found = list_policy_rules()
    _organisation, known = reference.current()
    unreached = rules.never_reached(known.rules, known.departments)
    return {
        "rules": [(rule, say(rule), rule.id in unreached) for rule in found],
        "marker": marker_of(desk.state_of_all(found)),
        "tried": _tried(found, known),
        "asked": request.args,
        **_choices(),
    }


def say(rule: PolicyRule) -> str:
    """Which tickets the rule is for, as one phrase."""
    said = {"tickets": KINDS[Kind(rule.kind) if rule.kind else None]}
    if rule.service is not None:
        said["service"] = rule.service.name
    if rule.department is not None:
        said["department"] = rule.department.name
    if rule.service and rule.department:
        return _("%(tickets)s about %(service)s from %(department)s and what belongs to it", **said)
    if rule.service:
        return _("%(tickets)s about %(service)s", **said)
    if rule.department:
        return _("%(tickets)s from %(department)s and what belongs to it", **said)
    return str(said["tickets"])


def _tried(found: list[PolicyRule], known: reference.Reference) -> dict[str, Any] | None:
    """What would hold for the ticket asked for: the rule with its place, and the version now in force."""
    asked, _errors = load(TrySchema, request.args)
    if not asked or not found:
        return None
    place = (asked["kind"], asked["service_id"], asked["department_id"])
    decisive = policies.rule_for(known, *place).id
    in_force = policies.choose_policy(known, *place, g.now).id
    number, rule = next((n, rule) for n, rule in enumerate(found, 1) if rule.id == decisive)
    version = next(v for v in rule.policy.versions if v.id == in_force)
    return {"number": number, "rule": rule, "said": say(rule), "version": version}


@bp.post("/policies/rules")
@needs("admin.edit")
def policies_rules() -> Page:
    """`do`: up-ID or down-ID."""
    step, _dash, rule_id = request.form.get("do", "").partition("-")
    if step not in ("up", "down") or not rule_id.isdigit():
        abort(400)
    try:
        desk.move(int(rule_id), -1 if step == "up" else 1, by(), request.form.get("marker", ""))
    except LookupError:
        abort(404)
    except ChangedMeanwhile:
        flash(_("Somebody else has changed the rules since you opened them. Look again."), "warning")
    return redirect(url_for(".policies") + f"#rule-{rule_id}", 303)


@bp.route("/policies/rules/new", methods=["GET", "POST"])
@needs("admin.edit")
def policies_rules_new() -> Page:
    """Adds one, before which one is to be chosen."""
    found = list_policy_rules()
    return form_page(
        "admin/policy_rule.html",
        {"before_id": found[0].id if found else None},
        PolicyRuleSchema,
        lambda data, seen: desk.add(_values(data), data["before_id"], by(), seen, data["cover_reason"]),
        url_for(".policies"),
        state=desk.state_of_all(found),
        title=_("Add a rule"),
        rule=None,
        is_last=False,
        before_options=[(rule.id, f"{n}. {say(rule)}") for n, rule in enumerate(found, 1)],
        **_choices(),
    )


@bp.route("/policies/rules/<int:rule_id>", methods=["GET", "POST"])
@needs("admin.see")
def policies_rules_edit(rule_id: int) -> Page:
    """Another policy, other tickets, or away with it."""
    found = list_policy_rules()
    rule = next((rule for rule in found if rule.id == rule_id), None) or abort(404)
    return form_page(
        "admin/policy_rule.html",
        desk.state_of(rule),
        PolicyRuleSchema,
        lambda data, seen: _save(rule_id, data, seen),
        url_for(".policies"),
        state=desk.state_of_all(found),
        title=_("Which targets apply"),
        rule=rule,
        is_last=rule is found[-1],
        **_choices(),
    )


@bp.post("/policies/rules/<int:rule_id>/remove")
@needs("admin.edit")
def policies_rules_remove(rule_id: int) -> Page:
    """Takes one away."""
    try:
        desk.remove(rule_id, by(), request.form.get("marker", ""))
        flash(_("The rule is removed."))
    except LookupError:
        abort(404)
    except Refused as fault:
        flash(str(SAID[fault.code]), "warning")
    except ChangedMeanwhile:
        flash(changed_meanwhile(), "warning")
    return redirect(url_for(".policies"), 303)


def _save(rule_id: int, data: dict[str, Any], seen: str | None) -> None:
    desk.change(rule_id, _values(data), by(), seen, data["cover_reason"])


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """What was chosen, where it stands in the lists."""
    for name, options in _choices().items():
        field = name.replace("_options", "_id")
        if field in data and data[field] not in (None, *(option[0] for option in options)):
            raise Refused(field, "not_in_list")
    return {name: data[name] for name in desk.FIELDS}


def _choices() -> dict[str, Any]:
    return {
        "kind_options": [(kind.value, str(label)) for kind, label in KINDS.items() if kind],
        "service_options": [(service.id, service.name) for service in list_services(active_only=False)],
        "department_options": [(department.id, department.name) for department in list_departments()],
        "policy_options": [(policy.id, policy.name) for policy in list_policies()],
    }
