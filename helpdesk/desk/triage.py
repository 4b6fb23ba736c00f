"""Triage: what a report is about, how severe it is, and whose it is."""

from datetime import datetime

from helpdesk.desk import attention, dispatch, targets, tickets
from helpdesk.desk.timeline import record
from helpdesk.rules.attention import is_raised
from helpdesk.rules.lifecycle import require
from helpdesk.rules.severity import Answers, Severity, severity_of
from helpdesk.store.db import transaction
from helpdesk.store.people import Person, get_person
from helpdesk.store.services import get_service
from helpdesk.store.teams import get_team
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change


def triage(
    ticket_id: int,
    actor: Person,
    *,
    answers: Answers | None = None,
    service_id: int | None = None,
    severity: Severity | None = None,
    reason: str = "",
    now: datetime,
    door: str = "web",
) -> Ticket:
    """Settles service and severity of a report, from answers given later or by hand with a reason.

    Answers are judged by the severity rule, unless an agent has set the severity by hand; deadlines and
    alarms follow at once. None of answers, service and severity leaves them as they are, and the ticket
    counts as looked at.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("triage", ticket.state)
        given = None
        if service_id is not None and service_id != ticket.service_id:
            given = _move(ticket, actor, service_id, None, reason, now, door)
        said = _said(answers) if answers else {}
        record(
            ticket,
            "triaged",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=answers is not None,
            detail={"reason": reason, **said},
        )
        ticket.answers = {**ticket.answers, **said}
        wanted, why = severity, "by_hand"
        if severity is None and answers is not None and ticket.severity_reason != "by_hand":
            verdict = severity_of(answers, bool(ticket.service and ticket.service.is_core))
            wanted, why = verdict.severity, verdict.reason
        if wanted is not None:
            _judge(ticket, actor, wanted, why, reason, now, door)
        ticket.is_triaged = True
        dispatch.tell(ticket, given, targets.refresh(ticket, now), now=now)
    return ticket


def _said(answers: Answers) -> dict[str, object]:
    return {
        "works": answers.works,
        "affected": answers.affected,
        "core_work_stands_still": answers.core_work_stands_still,
    }


def _judge(
    ticket: Ticket, actor: Person, severity: Severity, why: str, reason: str, now: datetime, door: str
) -> None:
    if severity != ticket.severity:
        raised = ticket.is_open and is_raised(ticket.severity, severity)
        record(
            ticket,
            "severity_changed",
            now=now,
            door=door,
            actor_id=actor.id,
            is_public=True,
            detail={
                "from": ticket.severity,
                "to": severity,
                "reason": reason,
                "rule": why,
                **({"accept": "raised"} if raised else {}),
            },
        )
        if raised:
            attention.ask_anew(ticket)
        else:
            ticket.update_by = None
    ticket.severity, ticket.severity_reason = severity, why


def change_severity(
    ticket_id: int, actor: Person, severity: Severity, reason: str, *, now: datetime, door: str = "web"
) -> Ticket:
    """Another severity, with the reason; the deadlines follow by the rule of the SLA clock.

    A graver one asks for acceptance anew and tells its ladder from the beginning, whoever had accepted.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("change_severity", ticket.state)
        _judge(ticket, actor, severity, "by_hand", reason, now, door)
        ticket.is_triaged = True
        targets.refresh(ticket, now)
    return ticket


def move(
    ticket_id: int,
    actor: Person,
    *,
    service_id: int | None = None,
    team_id: int | None = None,
    reason: str = "",
    now: datetime,
    door: str = "web",
) -> Ticket:
    """To another service (whose team takes it unless `team_id` says another) or to another team.

    Whoever had it has it no longer, unless they are in the new team. Another team has to accept it, unless
    the actor goes on with it there; where nobody has it then, its team's rule gives it to somebody
    (desk/dispatch). LookupError for an unknown one.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("move", ticket.state)
        given = _move(ticket, actor, service_id, team_id, reason, now, door)
        dispatch.tell(ticket, given, targets.refresh(ticket, now), now=now)
    return ticket


def _move(
    ticket: Ticket,
    actor: Person,
    service_id: int | None,
    team_id: int | None,
    reason: str,
    now: datetime,
    door: str,
) -> Entry | None:
    """Moves it; returns the entry by which its new team's rule gave it to somebody, if it did."""
    service = get_service(service_id) if service_id is not None else ticket.service
    team = get_team(team_id) if team_id is not None else service.team if service else ticket.team
    stays = any(m.person_id == ticket.assignee_id for m in team.members)
    is_handed = team.id != ticket.team_id and not (stays and ticket.assignee_id == actor.id)
    record(
        ticket,
        "moved",
        now=now,
        door=door,
        actor_id=actor.id,
        is_public=True,
        detail={
            "from_service": ticket.service_id,
            "to_service": service.id if service else None,
            "from_team": ticket.team_id,
            "to_team": team.id,
            "reason": reason,
            **({"accept": "handed"} if is_handed else {}),
        },
    )
    ticket.service, ticket.team = service, team
    if is_handed:
        attention.ask_anew(ticket)
    if not stays:
        ticket.assignee, ticket.assignee_id = None, None
    return dispatch.dispatch(ticket, now=now, door=door)


def assign(
    ticket_id: int, actor: Person, assignee_id: int | None, *, now: datetime, door: str = "web"
) -> Ticket:
    """Hands the ticket to a person (None: back to the team), who has to accept it.

    It does not count as a response; whoever hands it to themselves accepts it, which does. Handing it to
    whoever has it already changes nothing.
    """
    if assignee_id == actor.id:
        return tickets.accept(ticket_id, actor, now=now, door=door)
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        require("assign", ticket.state)
        if assignee_id == ticket.assignee_id:
            return ticket
        assignee = get_person(assignee_id) if assignee_id is not None else None
        entry = dispatch.hand_to(ticket, assignee, now=now, door=door, actor_id=actor.id)
        dispatch.tell(ticket, entry, targets.refresh(ticket, now), now=now, agent=actor)
    return ticket
