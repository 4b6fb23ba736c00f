"""Reports that are sent by themselves: who schedules one, and what is written when it is due.

A report is read with the rights of whoever scheduled it, asked anew each time: where they have left or may
not schedule any more, it stops with a word to those who got it. It is composed before the transaction that
keeps its letters (reading may take a while, and on SQLite others wait for who writes); that transaction
takes the schedule on to its next instant and notes the one that was written, so that whoever dies or is at it
twice, each gets one letter.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.desk import changes, reports
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.security import log_event
from helpdesk.outbound import letters, links, report_words
from helpdesk.rules.access import Role, may
from helpdesk.rules.recurrence import Recurrence
from helpdesk.rules.schedules import last_due, next_after
from helpdesk.store.db import db, transaction
from helpdesk.store.letters import Letter
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Address, Person, find_person, find_person_by_address, get_person
from helpdesk.store.schedules import (
    ReportSchedule,
    ReportSending,
    delete_sendings,
    find_schedule,
    find_sending,
    list_due_schedules,
)

log = logging.getLogger(__name__)

FIELDS = ("name", "report", "asked", "recipients", "rule", "zone", "starts_at")
MOST_RECIPIENTS = 200


def state_of(schedule: ReportSchedule) -> State:
    """What the form shows, in the columns' shapes."""
    return {name: getattr(schedule, name) for name in FIELDS}


def when_of(values: State) -> Recurrence:
    """When a schedule of these values (as `state_of`) is due."""
    starts_at = datetime.fromisoformat(values["starts_at"])
    return Recurrence(values["rule"], starts_at, ZoneInfo(values["zone"]), 0)


def add(values: State, by: By) -> ReportSchedule:
    """Schedules a report with the rights of `by`. Raises Refused: rule never (nothing is to come),
    recipients too_many or nobody."""
    with transaction():
        values = _checked(values)
        schedule = ReportSchedule(
            **values, person_id=by.actor_id, created_at=by.now, next_at=_next(values, by.now)
        )
        db.session.add(schedule)
        db.session.flush()
        changes.log_change(_subject(schedule), None, state_of(schedule), by)
    return schedule


def change(schedule_id: int, values: State, by: By, seen: str | None = None) -> ReportSchedule:
    """All about one, whose rights stay its owner's; one that was stopped goes on. Raises Refused (as `add`),
    ChangedMeanwhile, LookupError."""
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        values = _checked(values)
        next_at = _next(values, by.now)
        changes.apply(schedule, values, state_of, _subject(schedule), by, seen)
        schedule.next_at, schedule.stopped = next_at, ""
    return schedule


def pause(schedule_id: int, by: By) -> None:
    """Nothing is sent until it goes on. LookupError if there is none."""
    with transaction():
        _stop(get_row_for_change(ReportSchedule, schedule_id), "paused", by.now, by)


def go_on(schedule_id: int, by: By) -> ReportSchedule:
    """Sent again from its next instant on, what was due meanwhile never. Raises Refused (rule never),
    LookupError."""
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        schedule.next_at, schedule.stopped = _next(state_of(schedule), by.now), ""
        changes.log_change(_subject(schedule), {"stopped": "paused"}, {}, by)
    return schedule


def take_over(schedule_id: int, by: By) -> ReportSchedule:
    """From now on it is read with the rights of `by`, and goes on. As `go_on`."""
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        before = {"person": schedule.person_id}
        schedule.person = get_person(by.actor_id)
        schedule.next_at, schedule.stopped = _next(state_of(schedule), by.now), ""
        changes.log_change(_subject(schedule), before, {"person": by.actor_id}, by)
    return schedule


def remove(schedule_id: int, by: By) -> None:
    """It is sent no more and forgotten; the letters stay. LookupError if there is none."""
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        changes.log_change(_subject(schedule), state_of(schedule), {}, by)
        delete_sendings(schedule_id)
        db.session.delete(schedule)


def preview(values: State, owner: Person, to: Person, now: datetime) -> Letter:
    """The letter as `to` would read it now, with the rights of `owner`; it is neither kept nor sent."""
    return letters.compose(
        "report", to, None, key="report:preview", now=now, **_words(values, owner, now, now)
    )


def send_now(schedule_id: int, by: By) -> int:
    """Writes it at once to all recipients, beside its rhythm; how many letters. Raises Refused: right (its
    owner may not), already (it was sent in this minute: a second click), LookupError."""
    schedule = get_schedule(schedule_id)
    if not is_allowed(schedule.person, schedule.report):
        raise Refused("", "right")
    due_at = by.now.replace(second=0, microsecond=0)
    drafts = _drafts(schedule, due_at, by.now)
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        if find_sending(schedule_id, due_at) is not None:
            raise Refused("", "already")
        return _post(schedule, due_at, drafts, by.now, by)


def write_due(now: datetime) -> int:
    """Writes every report that is due; how many letters. One that cannot be read holds up no other and is
    tried again; of several instants that were slept through the last one is written."""
    written = 0
    for schedule_id in list_due_schedules(now):
        try:
            written += _write(schedule_id, now)
        except Exception:
            log.exception("report %s could not be written", schedule_id)
            db.session.rollback()
    return written


def _write(schedule_id: int, now: datetime) -> int:
    schedule = find_schedule(schedule_id)
    if schedule is None or schedule.next_at is None or schedule.next_at > now:
        return 0  # somebody was faster
    state, was_due = state_of(schedule), schedule.next_at
    when = when_of(state)
    due_at = last_due(when, was_due, now)
    drafts = _drafts(schedule, due_at, now) if is_allowed(schedule.person, schedule.report) else None
    with transaction():
        schedule = get_row_for_change(ReportSchedule, schedule_id)
        if schedule.next_at != was_due or state_of(schedule) != state:
            return 0
        if drafts is None:
            _end(schedule, now)
            return 0
        schedule.next_at = next_after(when, now)
        schedule.stopped = "" if schedule.next_at else "over"
        if find_sending(schedule_id, due_at) is not None:
            return 0
        return _post(schedule, due_at, drafts, now, None)


def _drafts(schedule: ReportSchedule, due_at: datetime, now: datetime) -> list[Letter]:
    """A letter to each recipient who has an address and has not left."""
    words = _words(state_of(schedule), schedule.person, due_at, now)
    key = f"report:{schedule.id}:{due_at.isoformat()}"
    made = [
        letters.draft("report", to, key=f"{key}:{to.email}", now=now, **words)
        for to in addressees(schedule.recipients)
    ]
    return [letter for letter in made if letter is not None]


def _words(values: State, owner: Person, due_at: datetime, now: datetime) -> dict[str, Any]:
    zone = get_organisation().zone
    report = reports.read(values["report"], owner.asker, values["asked"], zone, due_at, now)
    return {
        "name": values["name"],
        "owner": owner,
        "url": links.url(report.path),
        "say_report": lambda reader_zone: report_words.say(report, reader_zone),
    }


def _post(
    schedule: ReportSchedule, due_at: datetime, drafts: Sequence[Letter], now: datetime, by: By | None
) -> int:
    db.session.add(ReportSending(schedule_id=schedule.id, due_at=due_at, written_at=now, letters=len(drafts)))
    for letter in drafts:
        letters.post(letter)
    log_event(
        "exported",
        now=now,
        actor_id=by.actor_id if by else schedule.person_id,
        subject=f"report:{schedule.report}",
        detail={"name": schedule.name, "to": [letter.to_address for letter in drafts]},
        address=by.address if by else "",
    )
    return len(drafts)


def addressees(recipients: Sequence[State]) -> list[Person]:
    """Whom these are: people who have not left, and strangers known by their address alone, each once."""
    found: dict[str, Person] = {}
    for each in recipients:
        to = find_person(each["person"]) if "person" in each else _stranger(each)
        if to is not None and to.is_active and to.email:
            found.setdefault(to.email, to)
    return list(found.values())


def _stranger(recipient: State) -> Person:
    """Somebody who is known by an address alone, for as long as a letter is written to it."""
    address = Address(email=recipient["email"], is_primary=True)
    return Person(
        name="",
        role=Role.REPORTER,
        mail_mode="every",
        locale=recipient.get("locale"),
        zone=recipient.get("zone"),
        addresses=[address],
    )


def is_allowed(owner: Person, report: str) -> bool:
    """Whether that report is sent with the rights of that person."""
    asker = owner.asker
    return owner.is_active and may(asker, "figures.schedule") and report in reports.readable(asker)


def get_schedule(schedule_id: int) -> ReportSchedule:
    """The schedule. LookupError if there is none."""
    found = find_schedule(schedule_id)
    if found is None:
        raise LookupError(f"no schedule {schedule_id}")
    return found


def _end(schedule: ReportSchedule, now: datetime) -> None:
    """Its owner may not read it any more: those who got it are told."""
    key = f"report_stopped:{schedule.id}:{now.isoformat()}"
    for to in addressees(schedule.recipients):
        letters.write(
            "report_stopped",
            to,
            key=f"{key}:{to.email}",
            now=now,
            name=schedule.name,
            owner=schedule.person,
            url=links.url("/figures/schedules"),
        )
    _stop(schedule, "right", now, None)


def _stop(schedule: ReportSchedule, why: str, now: datetime, by: By | None) -> None:
    schedule.next_at, schedule.stopped = None, why
    log_event(
        "setting_changed",
        now=now,
        actor_id=by.actor_id if by else None,
        subject=_subject(schedule),
        detail={"to": {"stopped": why}},
        address=by.address if by else "",
    )


def _checked(values: State) -> State:
    """The values, each recipient once: an address that belongs to somebody is that person."""
    if len(values["recipients"]) > 2 * MOST_RECIPIENTS:  # each is looked up; half of them may be people twice
        raise Refused("people", "too_many")
    recipients: list[State] = []
    for each in values["recipients"]:
        person = find_person_by_address(each["email"]) if "email" in each else None
        known = {"person": person.id} if person is not None else each
        if known not in recipients:
            recipients.append(known)
    if not recipients:
        raise Refused("people", "nobody")
    if len(recipients) > MOST_RECIPIENTS:
        raise Refused("people", "too_many")
    return {**values, "recipients": recipients}


def _next(values: State, now: datetime) -> datetime:
    found = next_after(when_of(values), now)
    if found is None:
        raise Refused("rule", "never")
    return found


def _subject(schedule: ReportSchedule) -> str:
    return f"report_schedule:{schedule.name}"
