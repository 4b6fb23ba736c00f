"""The promise a reporter reads: by when somebody answers, and why then."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk import policies, targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules import hours, sla
from helpdesk.rules.severity import Answers, severity_of
from helpdesk.rules.timeline import Happening
from helpdesk.store.services import find_service
from helpdesk.store.tickets import Ticket, list_entries


@dataclass(frozen=True)
class Promise:
    """By when somebody answers: `due_at` (None: the calendar never opens) after `seconds` counted in
    `calendar` (None: round the clock), at this severity for this reason (codes). `pauses` says what does
    not count until then: closed, maintenance."""

    severity: str
    reason: str
    due_at: datetime | None
    seconds: int
    calendar: hours.Calendar | None
    pauses: frozenset[str]


def targets_for(kind: str, service_id: int | None, department_id: int | None, *, now: datetime) -> sla.Policy:
    """What is promised at each severity for such a ticket reported now. LookupError where no policy fits."""
    return policies.choose_policy(Grounds(now).reference, kind, service_id, department_id, now).targets


def promise_for(
    kind: str, service_id: int | None, department_id: int | None, answers: Answers, *, now: datetime
) -> Promise:
    """What would be promised if somebody of that department (None: of none) reported this now; nothing is
    written. LookupError as for `report`."""
    service = find_service(service_id) if service_id else None
    verdict = severity_of(answers, bool(service and service.is_core))
    grounds = Grounds(now)
    terms = policies.choose_policy(grounds.reference, kind, service_id, department_id, now)
    policy, windows = terms.targets, grounds.windows_of(service.id, terms) if service else ()
    events = [sla.Event(now, "reported", verdict.severity)]
    promised = sla.explain(policy, windows, events, now)[0]
    ahead = sla.explain(policy, windows, events, promised.due_at)[0] if promised.due_at else promised
    return _promise(verdict.severity, verdict.reason, ahead, policy)


def promise_of(ticket: Ticket, now: datetime) -> Promise | None:
    """What is promised for the answer that the reporter waits for; None where no answer is owed."""
    grounds = Grounds(ticket.reported_at)
    timeline = targets.happenings(list_entries(ticket.id))
    return promise_in(ticket, timeline, targets.cycles_of(ticket, timeline, grounds, now), grounds, now)


def promise_in(
    ticket: Ticket, timeline: list[Happening], cycles: tuple[sla.Cycle, ...], grounds: Grounds, now: datetime
) -> Promise | None:
    """As `promise_of`, where the caller has the timeline, the cycles as they stand and their grounds."""
    owed = [c for c in cycles if c.target != "resolution" and c.stopped_at is None]
    if not owed or not ticket.is_open:
        return None
    cycle = owed[-1]
    if cycle.due_at is not None and cycle.due_at > now:
        ahead = targets.cycles_of(ticket, timeline, grounds, cycle.due_at)
        cycle = next(c for c in ahead if (c.target, c.cycle) == (cycle.target, cycle.cycle))
    policy = grounds.terms_of(ticket.policy_version_id).targets
    return _promise(ticket.severity, ticket.severity_reason, cycle, policy)


def _promise(severity: str, reason: str, cycle: sla.Cycle, policy: sla.Policy) -> Promise:
    target = policy[severity].get(cycle.target)
    return Promise(
        severity=severity,
        reason=reason,
        due_at=cycle.due_at,
        seconds=cycle.allowance_seconds,
        calendar=target.calendar if target else None,
        pauses=frozenset(s.reason for s in cycle.segments if not s.counted),
    )
