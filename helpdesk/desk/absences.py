"""When people are away: a roster's turns then go to the next in order."""

from datetime import datetime

from helpdesk.desk.roster_plans import cut_off, not_before, span_text
from helpdesk.desk.security import log_event
from helpdesk.desk.turn_news import rosters_touched_by, told
from helpdesk.rules.access import Asker, may, may_for_team
from helpdesk.store.db import db, transaction
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import Absence, find_absence


def may_edit(asker: Asker, person: Person) -> bool:
    """Whether the asker may say when this person is away: of themselves, or as a lead of their team."""
    if person.id == asker.person_id:
        return may(asker, "absence.edit_own")
    teams: list[int | None] = [member.team_id for member in person.memberships]
    return any(may_for_team(asker, "absence.edit", team_id) for team_id in teams or [None])


def add_absence(
    person_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    *,
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Absence:
    """The person is away in [starts_at, ends_at), in every roster; a start in the past becomes now.

    Raises NothingLeft where it ends before now; LookupError where there is no such person.
    """
    with transaction(), told(rosters_touched_by(person_id), now=now, actor_id=actor_id):
        person, starts_at = get_person(person_id), not_before(now, starts_at, ends_at)
        absence = Absence(person_id=person_id, starts_at=starts_at, ends_at=ends_at, reason=reason)
        db.session.add(absence)
        _log("absence_added", person, absence, now, actor_id, address)
    return absence


def remove_absence(absence_id: int, *, now: datetime, actor_id: int, address: str = "") -> None:
    """The person is there after all; of an absence that has begun, from now on.

    Raises NothingLeft where it is over; LookupError where there is none.
    """
    with transaction():
        absence = find_absence(absence_id)
        if absence is None:
            raise LookupError(f"no absence {absence_id}")
        _log("absence_removed", absence.person, absence, now, actor_id, address)
        with told(rosters_touched_by(absence.person_id), now=now, actor_id=actor_id):
            cut_off(absence, now)


def _log(what: str, person: Person, absence: Absence, now: datetime, actor_id: int, address: str) -> None:
    log_event(
        what,
        now=now,
        actor_id=actor_id,
        subject=f"person:{person.id}",
        detail={"name": person.name, "span": span_text(absence.starts_at, absence.ends_at)},
        address=address,
    )
