"""Absences from people's own calendars: read every hour; what the calendar no longer says is taken back, and
one that cannot be read takes nothing back."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk import absence_calendar
from helpdesk.desk.absence_calendar import Away, Unreadable
from helpdesk.desk.changes import By
from helpdesk.desk.roster_plans import cut_off
from helpdesk.desk.security import log_event
from helpdesk.desk.turn_news import rosters_touched_by, told
from helpdesk.outbound import calendars, sealing
from helpdesk.outbound.calendars import Unfetched
from helpdesk.rules.spans import whole_second
from helpdesk.store.absence_feeds import claim_feed, find_absence_feed, list_feeds_to_read, list_imported
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person, get_person
from helpdesk.store.rosters import Absence, AbsenceFeed

log = logging.getLogger(__name__)

PURPOSE = "absence_feed.url"  # of what is sealed
EVERY = timedelta(hours=1)
AHEAD = timedelta(days=366)
WHOLE_AFTER = timedelta(days=1)  # what recurs comes nearer, also where the calendar itself does not change


def set_feed(person_id: int, url: str, by: By) -> AbsenceFeed:
    """The events of the calendar at this address are the person's absences from the next reading on, within
    a minute or so; another address takes the place of the one before.

    Raises calendars.Unusable; LookupError where there is no such person.
    """
    usable = calendars.check(url)
    with transaction():
        feed = find_absence_feed(person_id)
        if feed is None:
            feed = AbsenceFeed(person=get_person(person_id), created_at=by.now)
            db.session.add(feed)
        feed.url, feed.etag, feed.fault = sealing.seal(PURPOSE, usable), "", ""
        feed.tried_at = feed.read_at = None
        _log("absence_feed_set", feed.person, by)
    return feed


def remove_feed(person_id: int, by: By) -> None:
    """The calendar is read no more, and what it said of the time to come is taken back. LookupError where
    there is none."""
    with transaction():
        feed = find_absence_feed(person_id)
        if feed is None:
            raise LookupError(f"no absence feed of person {person_id}")
        with told(rosters_touched_by(person_id), now=by.now, actor_id=by.actor_id):
            _take_in(person_id, [], by.now)
        _log("absence_feed_removed", feed.person, by)
        db.session.delete(feed)


def read_due(now: datetime) -> None:
    """Reads every calendar whose hour has come and that nobody else is reading. What goes wrong with one is
    told on it alone."""
    for feed_id in list_feeds_to_read(now - EVERY):
        with transaction():
            is_ours = claim_feed(feed_id, now, now - EVERY)
        if is_ours:
            try:
                _read(feed_id, now)
            except Exception:  # the others' are read all the same; this one in an hour
                db.session.rollback()
                log.exception("calendar %s could not be read", feed_id)


def _read(feed_id: int, now: datetime) -> None:
    feed = db.session.get(AbsenceFeed, feed_id)
    if feed is None:
        return
    sealed, zone, person_id = feed.url, _zone(feed.person), feed.person_id
    is_fresh = feed.read_at is not None and now - feed.read_at < WHOLE_AFTER
    etag = feed.etag if is_fresh else ""
    db.session.rollback()  # no transaction stays open while a server takes its time
    away: list[Away] | None = None
    fault = ""
    try:
        fetched = calendars.fetch(sealing.unseal(PURPOSE, sealed), etag)
        etag = fetched.etag
        if fetched.data is not None:
            away = absence_calendar.read(fetched.data, zone, now, now + AHEAD)
    except (Unfetched, Unreadable) as found:
        fault = found.code
    except sealing.SealedOtherwise:
        fault = "sealed_otherwise"
    with transaction():
        held = find_absence_feed(person_id)
        if held is None or held.url != sealed:
            return  # it is another by now
        held.fault = fault
        if away is not None:
            held.etag, held.read_at = etag, now
            with told(rosters_touched_by(person_id), now=now, actor_id=None):
                _take_in(person_id, away, now)


def _take_in(person_id: int, away: list[Away], now: datetime) -> None:
    """Brings the person's imported absences up to date. What has been stays as it was."""
    moment = whole_second(now)
    wanted = {each.uid: each for each in away if each.to_at > moment}
    for absence in list_imported(person_id, moment):
        said = wanted.pop(str(absence.uid), None)
        if said is None:
            cut_off(absence, moment)
        elif absence.starts_at > moment or said.from_at <= moment:
            has_begun = absence.starts_at <= moment
            absence.starts_at = absence.starts_at if has_begun else max(said.from_at, moment)
            absence.ends_at = said.to_at
        else:  # it has begun here, and was moved to a later time
            cut_off(absence, moment)
            wanted[said.uid] = said
    db.session.add_all(
        Absence(person_id=person_id, starts_at=max(each.from_at, moment), ends_at=each.to_at, uid=each.uid)
        for each in wanted.values()
    )


def _zone(person: Person) -> ZoneInfo:
    """Where the person's whole days are."""
    organisation = find_organisation()
    return ZoneInfo(person.zone or (organisation.zone if organisation else "UTC"))


def _log(what: str, person: Person, by: By) -> None:
    subject, detail = f"person:{person.id}", {"name": person.name}
    log_event(what, now=by.now, actor_id=by.actor_id, subject=subject, detail=detail, address=by.address)
