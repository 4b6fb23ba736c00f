"""What goes from one turn to the next: a note of what is open, and a reminder of one's own turn."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk.changes import By
from helpdesk.desk.roster_sources import gather
from helpdesk.desk.turn_news import rosters_touched_by
from helpdesk.outbound import letters
from helpdesk.rules import handovers as rules
from helpdesk.rules.access import Asker, ticket_reach
from helpdesk.rules.handovers import Change, Reminder
from helpdesk.rules.oncall import Shift
from helpdesk.rules.rosters import shifts
from helpdesk.store.db import db, transaction
from helpdesk.store.handovers import (
    claim_watch,
    find_handover,
    find_words,
    get_handover,
    list_rosters_to_follow,
    list_tickets_by_id,
    list_to_hand_over,
)
from helpdesk.store.letters import find_letter_by_key
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import (
    Handover,
    Roster,
    get_roster,
    list_left,
    list_overrides,
    list_rosters,
    list_teams_of_roster,
)
from helpdesk.store.tickets import Ticket, list_desk_side

log = logging.getLogger(__name__)

AT_A_TIME = 50  # rosters; a sweep has other work too
SEES_CHANGES = timedelta(minutes=10)  # how soon a turn that was changed meanwhile is noticed
LATEST = timedelta(days=1)  # a turn that ended longer ago is not handed over any more
OVERLAP = timedelta(minutes=1)  # a change may be committed after the instant that it names
HORIZON = timedelta(days=62)  # as far ahead whoever comes next is looked for
MOSTLY_ENDS = timedelta(days=8)  # after its beginning a turn has: the reminder says when
WRITTEN_AHEAD = timedelta(days=14)
SOON = timedelta(hours=24)  # what is due by then is said as promised
KINDS = ("critical", "waiting", "promised")
LISTED = 30  # tickets of each


def sweep(now: datetime) -> int:
    """Hands over the turns that have ended and reminds people of theirs, each exactly once, however many
    clocks run; returns how many rosters were looked at. Costs one query where nothing is due."""
    due = list_rosters_to_follow(now, AT_A_TIME)
    for roster_id in due:
        try:
            _follow(roster_id, now)
        except Exception:  # the others have turns as well
            log.exception("the turns of roster %s could not be followed", roster_id)
    return len(due)


def write_words(roster_id: int, words: str, by: By) -> Handover:
    """Keeps what the person, whose turn ends next, writes for whoever comes then; "" takes it back.

    LookupError where no turn of theirs ends in the next two weeks.
    """
    with transaction():
        roster = get_roster(roster_id)
        change = end_of_turn(roster, by.actor_id, by.now)
        if change is None:
            raise LookupError(f"no turn of person {by.actor_id} in roster {roster_id}")
        note = _note_for(roster_id, change)
        note.to_person_id, note.words = change.to_person, words
    return note


def rosters_with(person_id: int, now: datetime) -> list[Roster]:
    """The rosters in which the person takes turns by a layer or, in the next two months, by an override."""
    every = list_rosters()
    covers = list_overrides([roster.id for roster in every], now, now + HORIZON)
    found = {*rosters_touched_by(person_id), *(o.roster_id for o in covers if o.person_id == person_id)}
    return [roster for roster in every if roster.id in found]


def end_of_turn(roster: Roster, person_id: int, now: datetime) -> Change | None:
    """When the person's turn in the roster, the present one or the next, goes over to somebody; None where
    that is not so in the next two weeks."""
    found = _changes(roster.id, now, now + WRITTEN_AHEAD)
    return next((change for change in found if change.from_person == person_id and change.at > now), None)


def see(handover_id: int, by: By) -> None:
    """The next person has read the note. Of anybody else it is not noted."""
    with transaction():
        note = get_handover(handover_id)
        if note.to_person_id == by.actor_id and note.seen_at is None:
            note.seen_at = by.now


def may_read(asker: Asker, note: Handover) -> bool:
    """Whether the asker reads the note: from or to them, of a team of theirs, or they see everything."""
    if asker.person_id in (note.from_person_id, note.to_person_id):
        return True
    teams = {team.id for team in list_teams_of_roster(note.roster_id)}
    return ticket_reach(asker).everything or bool(teams & asker.team_ids)


def tickets_of(note: Handover, asker: Asker) -> dict[str, list[Ticket]]:
    """The note's tickets by kind (critical, waiting, promised), those which the asker reads as the desk."""
    ids = {ticket_id for kind in note.summary.values() for ticket_id in kind}
    known = list_tickets_by_id(list_desk_side(ids, asker))
    return {kind: [known[t] for t in note.summary.get(kind, ()) if t in known] for kind in KINDS}


def _follow(roster_id: int, now: datetime) -> None:
    with transaction():
        watch = claim_watch(roster_id, now)
        if watch is None:
            return
        roster = get_roster(roster_id)
        since = max(watch.followed_until, now - LATEST) - OVERLAP
        start = min(since, now) - timedelta(days=1)
        until = now + timedelta(hours=roster.remind_hours) + MOSTLY_ENDS
        found = shifts(gather([roster_id], start, until)[roster_id], start, until)
        left = _left(found)
        ends = rules.changes(found, left, until)
        for change in ends:
            if since < change.at <= now:
                _hand_over(roster, change, now)
        due = rules.reminders(found, ZoneInfo(roster.zone), left, roster.remind_hours, now)
        for reminder in due:
            if reminder.due_at <= now:
                _remind(roster, reminder, until, now)
        ahead = [at for at in (*(c.at for c in ends), *(r.due_at for r in due)) if at > now]
        watch.followed_until, watch.follow_at = now, min([*ahead, now + SEES_CHANGES])


def _hand_over(roster: Roster, change: Change, now: datetime) -> None:
    known = find_handover(roster.id, change.at)
    if known is not None and known.sent_at is not None:
        return
    if change.to_person is None:  # perhaps further ahead
        later = _changes(roster.id, change.at - timedelta.resolution, now + HORIZON)
        change = next((c for c in later if c.at == change.at), change)
    note = _note_for(roster.id, change)
    note.to_person_id, note.sent_at = change.to_person, now
    note.summary = list_to_hand_over(roster.id, now + SOON, LISTED)
    db.session.flush()
    if change.to_person is not None:
        leaving, following = get_person(change.from_person), get_person(change.to_person)
        _write_handover(roster, note, leaving, following, now)


def _note_for(roster_id: int, change: Change) -> Handover:
    """The note that the leaving person has begun, else a new one, for that end of their turn."""
    begun, known = find_words(roster_id, change.from_person), find_handover(roster_id, change.at)
    if known is not None and known is not begun and known.sent_at is None:
        db.session.delete(known)  # that turn has become another's
        db.session.flush()
    if begun is None:
        begun = Handover(roster_id=roster_id, from_person_id=change.from_person)
        db.session.add(begun)
    begun.at = change.at
    return begun


def _write_handover(roster: Roster, note: Handover, leaving: Person, to: Person, now: datetime) -> None:
    letters.write(
        "handover",
        to,
        key=f"handover:{note.id}",
        now=now,
        roster=roster,
        note=note,
        leaving=leaving,
        tickets=tickets_of(note, to.asker),
    )


def _remind(roster: Roster, reminder: Reminder, until: datetime, now: datetime) -> None:
    key = f"turn_reminder:{roster.id}:{reminder.person}:{reminder.starts_at.isoformat()}"
    if find_letter_by_key(key) is None:
        letters.write(
            "turn_reminder",
            get_person(reminder.person),
            key=key,
            now=now,
            roster=roster,
            starts_at=reminder.starts_at,
            ends_at=reminder.ends_at if reminder.ends_at < until else None,
        )


def _changes(roster_id: int, start: datetime, end: datetime) -> Sequence[Change]:
    found = shifts(gather([roster_id], start, end)[roster_id], start, end)
    return rules.changes(found, _left(found), end)


def _left(found: Iterable[Shift]) -> dict[int, datetime]:
    return list_left({shift.person for shift in found if isinstance(shift.person, int)})
