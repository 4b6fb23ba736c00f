"""Signing in and out, and holding off those who guess."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from helpdesk.desk import passwords
from helpdesk.desk.security import log_event
from helpdesk.rules.throttle import Limit, allowed_at
from helpdesk.store.db import db, transaction
from helpdesk.store.people import Person, find_person_by_address, get_person
from helpdesk.store.security import (
    EndedSession,
    SignInAttempt,
    delete_attempts,
    find_ended_session,
    list_attempts,
    lock_attempts,
)

# An account takes about a hundred guesses a day at most (NIST SP 800-63B, 3.2.2); an address may be that
# of a whole office.
ACCOUNT = Limit(5, timedelta(days=1), timedelta(minutes=1), timedelta(minutes=15))
ADDRESS = Limit(50, timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=5))
LONGEST_SESSION = timedelta(days=30)  # NIST SP 800-63B, 2.1.3: then everybody signs in again


class Throttled(Exception):
    """Too many tries; `until` is when the next one is allowed."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"wait until {until}")
        self.until = until


class Refused(Exception):
    """Address and password do not belong together; which of them was wrong is not said."""


def sign_in(
    email: str, password: str, *, now: datetime, address: str, device: tuple[int, str] | None = None
) -> Person:
    """The person whose address and password these are, noted in the security log.

    `device`: person id and name of a browser that has signed in as them before: it has tries of its own,
    so that a stranger's guessing does not keep them out. Raises Throttled or Refused; an unknown address
    takes as long and is told the same as a wrong password.
    """
    person = find_person_by_address(email)
    password_hash = person.password_hash if person and person.is_active else None
    bucket = _bucket(email, person, device)
    tries = throttle({bucket: ACCOUNT, of_network(address): ADDRESS}, now)
    if not passwords.verify(password_hash, password) or person is None or password_hash is None:
        with transaction():
            subject = f"person:{person.id}" if person else ""
            log_event(
                "sign_in_refused", now=now, subject=subject, detail={"as": email[:254]}, address=address
            )
        raise Refused
    fresh = passwords.hashed(password) if passwords.needs_rehash(password_hash) else password_hash
    with transaction():
        person = get_person(person.id)
        person.password_hash = fresh
        delete_attempts(tries, bucket)
        log_event("signed_in", now=now, actor_id=person.id, address=address)
    return person


def note_sign_in(person_id: int, *, now: datetime, address: str) -> None:
    """Notes a sign-in by a single-use link."""
    with transaction():
        log_event("signed_in", now=now, actor_id=person_id, detail={"by": "link"}, address=address)


def sign_out(person_id: int, session: str, *, now: datetime, address: str) -> None:
    """Ends the person's session of that name, for every copy of its cookie."""
    with transaction():
        if find_ended_session(session) is None:
            db.session.add(EndedSession(name=session, at=now))
        log_event("signed_out", now=now, actor_id=person_id, address=address)


def confirm_password(person: Person, password: str, *, now: datetime, address: str) -> None:
    """Asks somebody who is signed in for their password again. Raises Throttled or Refused."""
    bucket = f"confirm:{person.id}"
    tries = throttle({bucket: ACCOUNT}, now)
    if not passwords.verify(person.password_hash, password):
        raise Refused
    with transaction():
        delete_attempts(tries, bucket)


def throttle(limits: Mapping[str, Limit], now: datetime) -> list[int]:
    """Counts a try in each bucket and returns its rows, to be removed if it succeeds. Raises Throttled.

    A try that has to wait is not counted: hammering makes no wait longer.
    """
    with transaction():
        lock_attempts()
        waits = [
            until
            for bucket, limit in limits.items()
            if (until := allowed_at(list_attempts(bucket, now - limit.window), limit, now))
        ]
        if waits:
            raise Throttled(max(waits))
        tries = [SignInAttempt(bucket=bucket, at=now) for bucket in limits]
        db.session.add_all(tries)
        db.session.flush()
        return [one.id for one in tries]


def _bucket(email: str, person: Person | None, device: tuple[int, str] | None) -> str:
    if person is None:
        return f"account:{email.strip().lower()[:254]}"
    if device is not None and device[0] == person.id:
        return f"device:{person.id}:{device[1]}"
    return f"account:{person.id}"


def of_network(address: str) -> str:
    """The bucket of a network address; one for the whole network, as an IPv6 guesser has a /64 of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"address:{address[:64]}"
    return f"address:{ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed}"
