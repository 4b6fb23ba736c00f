"""Which tickets come under which policy: rules in an order that people see, the first that fits decides.

They hold for what is reported from now on; a ticket keeps its policy.
"""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.policy_plans import uncovered
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import lock_organisation
from helpdesk.store.policies import Policy, PolicyRule, list_policy_rules

FIELDS = ("kind", "service_id", "department_id", "policy_id")


def state_of(rule: PolicyRule) -> State:
    """What the form of one shows."""
    return {name: getattr(rule, name) for name in FIELDS}


def state_of_all(rules: list[PolicyRule]) -> State:
    """All of them in their order, for the marker that every form bears: whoever moves a rule must have seen
    what stands around it."""
    return {"rules": [[rule.id, *state_of(rule).values()] for rule in rules]}


def add(values: State, before_id: int | None, by: By, seen: str | None = None, cover_reason: str = "") -> int:
    """A new rule right before that one (None: before all); its id.

    Raises Refused (rule_for_all, uncovered), ChangedMeanwhile.
    """
    with transaction():
        rules = _all_for_change(seen)
        _require_something(values)
        places = [rule.id for rule in rules]
        rule = PolicyRule(**values)
        rules.insert(places.index(before_id) if before_id in places else 0, rule)
        uncovered_before = _uncovered(rule.policy_id, by)
        db.session.add(rule)
        _number(rules)
        _require_cover(rule, uncovered_before, cover_reason, by)
        changes.log_change(f"policy_rule:{rule.id}", None, _said(rule, cover_reason), by)
        return rule.id


def change(rule_id: int, values: State, by: By, seen: str | None = None, cover_reason: str = "") -> None:
    """Another policy or other tickets for a rule; the last one stays for all tickets.

    Raises Refused (rule_for_all, uncovered), ChangedMeanwhile, LookupError.
    """
    with transaction():
        rules = _all_for_change(seen)
        rule = _get(rules, rule_id)
        if rule is rules[-1]:
            values = {"policy_id": values["policy_id"]}
        else:
            _require_something(values)
        before = _said(rule, "")
        uncovered_before = _uncovered(values["policy_id"], by)
        for name, value in values.items():
            setattr(rule, name, value)
        db.session.flush()
        db.session.refresh(rule)
        _require_cover(rule, uncovered_before, cover_reason, by)
        changes.log_change(f"policy_rule:{rule_id}", before, _said(rule, cover_reason), by)


def move(rule_id: int, step: int, by: By, seen: str | None = None) -> None:
    """Up (-1) or down (1) by one; the last rule stays the last, and at the ends nothing moves.

    Raises ChangedMeanwhile, LookupError.
    """
    with transaction():
        rules = _all_for_change(seen)
        rule = _get(rules, rule_id)
        was = rules.index(rule)
        place = was + step
        if rule is rules[-1] or not 0 <= place < len(rules) - 1:
            return
        rules.insert(place, rules.pop(was))
        _number(rules)
        changes.log_change(f"policy_rule:{rule_id}", {"place": was + 1}, {"place": place + 1}, by)


def remove(rule_id: int, by: By, seen: str | None = None) -> None:
    """Takes a rule away; its tickets-to-be come to the next that fits.

    Raises Refused (last_rule), ChangedMeanwhile, LookupError.
    """
    with transaction():
        rules = _all_for_change(seen)
        rule = _get(rules, rule_id)
        if rule is rules[-1]:
            raise Refused("", "last_rule")
        changes.log_change(f"policy_rule:{rule_id}", _said(rule, ""), {}, by)
        rules.remove(rule)
        db.session.delete(rule)
        _number(rules)


def _all_for_change(seen: str | None) -> list[PolicyRule]:
    lock_organisation()  # whoever comes second waits here, and sees what the first has done
    rules = list_policy_rules()
    changes.require_unchanged(state_of_all(rules), seen)
    return rules


def _get(rules: list[PolicyRule], rule_id: int) -> PolicyRule:
    for rule in rules:
        if rule.id == rule_id:
            return rule
    raise LookupError(f"no policy rule {rule_id}")


def _number(rules: list[PolicyRule]) -> None:
    for position, rule in enumerate(rules):
        rule.position = position
    db.session.flush()


def _require_something(values: State) -> None:
    if values["kind"] is values["service_id"] is values["department_id"] is None:
        raise Refused("kind", "rule_for_all")


def _uncovered(policy_id: int, by: By) -> set[int]:
    """The teams to whom the policy as it stands promises more than a roster covers."""
    policy = get_row_for_change(Policy, policy_id)
    return {each.team.id for each in uncovered(policy, policy.versions[-1].definition, by.now)}


def _require_cover(rule: PolicyRule, before: set[int], cover_reason: str, by: By) -> None:
    """A rule that puts more teams under promises which nobody covers needs a reason."""
    policy = rule.policy
    more = [
        each.team.name
        for each in uncovered(policy, policy.versions[-1].definition, by.now)
        if each.team.id not in before
    ]
    if more and not cover_reason:
        raise Refused("cover_reason", "uncovered", ", ".join(more))


def _said(rule: PolicyRule, cover_reason: str) -> State:
    """The rule by names, for the security log."""
    return {
        "kind": rule.kind,
        "service": rule.service.name if rule.service else None,
        "department": rule.department.name if rule.department else None,
        "targets": rule.policy.name,
        "reason": cover_reason,
    }
