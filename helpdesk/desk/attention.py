"""The alarms of what falls between people (rules/attention), and the promise of news that they watch."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from helpdesk.desk.grounds import Grounds
from helpdesk.desk.timeline import record
from helpdesk.rules import attention, escalation, sla
from helpdesk.rules.hours import is_open
from helpdesk.rules.lifecycle import State, state_in_hand
from helpdesk.rules.severity import EMERGENCY, Severity
from helpdesk.rules.timeline import Happening
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket

Alarm: TypeAlias = tuple[str, str, datetime, dict[str, Any]]
"""Key, kind, due instant and detail: see store.Alarm."""


def planned(
    ticket: Ticket,
    timeline: Sequence[Happening],
    cycles: Sequence[sla.Cycle],
    rung: Mapping[str, escalation.Rung],
    grounds: Grounds,
) -> Iterator[Alarm]:
    """Every alarm of an open ticket that watches acceptance, silence and promised news.

    `timeline` has nothing voided, `rung` the last ring of each step (escalation.firings).
    """
    yield from _emergency(ticket, timeline, grounds)
    open_ends = attention.read(timeline)
    policy = grounds.terms_of(ticket.policy_version_id).targets
    for asking in open_ends.askings:
        cycle = attention.acceptance(asking, timeline, cycles, policy)
        raised = asking.why == "raised"
        ladder = grounds.ladders_of(ticket.severity)["response"] if raised else attention.HANDED
        for firing in escalation.firings(ladder, cycle, ticket.severity, rung) if cycle else ():
            yield firing.key, "step", firing.due_at, firing.detail
    if open_ends.silence is not None and ticket.state != State.WAITING:
        told = attention.silence_alarms(open_ends.silence, timeline, cycles, policy, ticket.severity)
        for to, due_at in told:
            yield f"silent:{open_ends.silence.number}:{to}", "silent", due_at, {"to": to}
    if ticket.update_by is not None:
        for to, due_at in attention.news_alarms(ticket.update_by):
            yield f"news:{ticket.update_by.timestamp():.0f}:{to}", "news", due_at, {"to": to}


def _emergency(ticket: Ticket, timeline: Sequence[Happening], grounds: Grounds) -> Iterator[Alarm]:
    """Urgent business during maintenance: the window's owner hears of it at once, and so does who is on call,
    where the ladder does not begin with them, or would wait for the hours of the response to begin."""
    reported = next(happening for happening in timeline if happening.kind == "reported")
    if reported.detail.get("reason") != EMERGENCY:
        return
    owner = reported.detail.get("owner")
    if owner is not None:
        yield "emergency:owner", "emergency", reported.at, {"to": "person", "person": owner}
    ladder = grounds.ladders_of(Severity.CRITICAL)["response"]
    begins = any(_is_on_call_at_once(step) for step in ladder)
    hours_of = grounds.terms_of(ticket.policy_version_id).targets[Severity.CRITICAL].response.calendar
    if not (begins and is_open(hours_of, reported.at)):
        yield "emergency:on_call", "emergency", reported.at, {"to": "on_call"}


def _is_on_call_at_once(step: escalation.Step) -> bool:
    """Whether it tells whoever is on call for the team in the counted minute of the report, by every way."""
    starts = step.minutes == 0 and step.anchor == "start"
    return starts and step.to == "on_call" and step.roster_id is None and step.channel == "all"


def ask_anew(ticket: Ticket) -> None:
    """Somebody has to accept it, whoever did before; its entry's detail says why ("accept", see rules)."""
    ticket.accepted_at = None
    if ticket.state == State.IN_WORK:
        ticket.enter(State.NEW)


def has_to_accept(ticket: Ticket, person: Person) -> bool:
    """Whether the person was given the ticket and has not accepted it yet."""
    return ticket.is_open and ticket.accepted_at is None and ticket.assignee_id == person.id


def take_up(ticket: Ticket, actor: Person, *, now: datetime, door: str) -> Entry:
    """The actor has it from now on, with the entry that says so. Inside a transaction."""
    ticket.assignee, ticket.assignee_id, ticket.accepted_at = actor, actor.id, now
    if ticket.state == State.NEW:
        ticket.enter(state_in_hand(now))
    promise_news(ticket, now)
    said = promised_in(ticket)
    return record(ticket, "accepted", now=now, door=door, actor_id=actor.id, is_public=True, detail=said)


def promise_news(
    ticket: Ticket, now: datetime, *, chosen: datetime | None = None, has_spoken: bool = False
) -> None:
    """Settles by when the reporter is promised news, after whatever has just happened.

    `chosen` wins. A public answer (`has_spoken`) has kept the promise before. A critical ticket that somebody
    works on bears one always: by default after the time of its `update` target. None is left once it is
    resolved or has ended, and while the reporter's answer is waited for.
    """
    if not ticket.is_open or ticket.waiting_for == "reporter":
        ticket.update_by = None
    elif chosen is not None:
        ticket.update_by = chosen
    elif has_spoken or ticket.update_by is None:
        is_due = ticket.severity == Severity.CRITICAL and (has_spoken or ticket.accepted_at is not None)
        ticket.update_by = default_news(ticket, now) if is_due else None


def default_news(ticket: Ticket, now: datetime, known: Grounds | None = None) -> datetime | None:
    """When a message of this instant would be due an answer; None where the severity promises none. `known`:
    the ticket's grounds, where they were read already."""
    grounds = known or Grounds(now)
    terms = grounds.terms_of(ticket.policy_version_id)
    policy = terms.targets
    if policy[ticket.severity].update is None:
        return None
    windows: Sequence[sla.Window] = ()
    if ticket.service_id is not None and ticket.severity_reason != EMERGENCY:
        windows = grounds.windows_of(ticket.service_id, terms)
    kinds = ("reported", "responded", "reporter_replied")
    events = [sla.Event(now, kind, ticket.severity if kind == "reported" else None) for kind in kinds]
    return sla.explain(policy, windows, events, now)[-1].due_at


def promised_in(ticket: Ticket) -> dict[str, str]:
    """The promise as entries bear it; {} where there is none."""
    return {"update_by": ticket.update_by.isoformat()} if ticket.update_by else {}
