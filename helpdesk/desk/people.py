"""Accounts: adding people, inviting them, passwords, roles, and ending their sessions."""

from datetime import datetime
from typing import Any

from helpdesk.desk import passwords
from helpdesk.desk.security import log_event
from helpdesk.desk.sign_in import ADDRESS, Throttled, of_network, throttle
from helpdesk.outbound import letters, links
from helpdesk.rules.access import Role
from helpdesk.rules.throttle import Limit
from helpdesk.store.db import db, transaction
from helpdesk.store.people import (
    Address,
    Person,
    find_person_by_address,
    get_person,
    get_person_for_change,
    is_last_administrator,
)
from helpdesk.store.security import forget_account

RESETS = Limit(3, links.LASTS["reset"], links.LASTS["reset"], links.LASTS["reset"])


class AddressTaken(Exception):
    """Somebody has that mail address already: `person`."""

    def __init__(self, person: Person) -> None:
        super().__init__(f"taken by person {person.id}")
        self.person = person


class LastAdministrator(Exception):
    """Nobody would be left who could set anything up."""


def add_person(
    name: str,
    email: str | None,
    role: Role = Role.REPORTER,
    *,
    now: datetime,
    actor_id: int | None = None,
    address: str = "",
    **details: Any,
) -> Person:
    """A new person, without a password until they are invited or given one.

    `details`: further columns of Person (phone, staff_number, department_id, location_id, locale, zone).
    Raises AddressTaken.
    """
    with transaction():
        if email is not None and (known := find_person_by_address(email)) is not None:
            raise AddressTaken(known)
        person = Person(name=name, role=role, created_at=now, **details)
        if email is not None:
            person.addresses.append(Address(email=email.strip().lower(), is_primary=True))
        db.session.add(person)
        db.session.flush()
        log_event(
            "person_added",
            now=now,
            actor_id=actor_id,
            subject=f"person:{person.id}",
            detail={"role": role},
            address=address,
        )
    return person


def invite(person_id: int, *, now: datetime, actor_id: int, address: str = "") -> None:
    """Sends the letter whose link lets the person choose a password. LookupError if there is none."""
    with transaction():
        person = get_person(person_id)
        _write_link("invitation", "invite", person, now)
        log_event("invited", now=now, actor_id=actor_id, subject=f"person:{person_id}", address=address)


def password_link(person: Person, purpose: str) -> str:
    """The address of the page on which the person chooses a password (`purpose`: invite, reset).

    It holds the session epoch, which a new password raises: so it can be used once.
    """
    token = links.sign(purpose, {"p": person.id, "e": person.session_epoch})
    return links.url(f"/{PASSWORD_PAGES[purpose]}/{token}")


PASSWORD_PAGES = {"invite": "invitation", "reset": "new-password"}


def person_of_link(purpose: str, token: str) -> Person:
    """Whose link it is. Raises links.BadLink if it was altered, has expired, or was used."""
    payload = links.read(purpose, token)
    person = get_person(payload["p"])
    if not person.is_active or person.session_epoch != payload["e"]:
        raise links.BadLink("used")
    return person


def reset(email: str, *, now: datetime, address: str) -> None:
    """Sends a link for a new password, if somebody active has that address.

    Answers the same whether or not. Raises Throttled for a network address that asks very often.
    """
    throttle({of_network(address): ADDRESS}, now)
    try:
        throttle({f"reset:{email.strip().lower()[:254]}": RESETS}, now)
    except Throttled:
        return
    with transaction():
        person = find_person_by_address(email)
        if person is None or not person.is_active:
            return
        _write_link("password_reset", "reset", person, now)
        log_event("reset_asked", now=now, subject=f"person:{person.id}", address=address)


def set_password(
    person_id: int,
    password: str,
    *,
    now: datetime,
    address: str = "",
    actor_id: int | None = None,
    epoch: int | None = None,
) -> Person:
    """A new password: ends every session and open link of the person, and tells them by letter.

    `epoch` is what a single-use link holds: BadLink where the person's has moved on. Raises
    PasswordRefused.
    """
    person = get_person(person_id)
    passwords.require_good(password, person)
    password_hash = passwords.hashed(password)  # slow on purpose: before the transaction
    with transaction():
        person = get_person_for_change(person_id)
        if epoch is not None and person.session_epoch != epoch:
            raise links.BadLink("used")
        had_one = person.password_hash is not None
        person.password_hash, person.password_changed_at = password_hash, now
        person.session_epoch += 1
        forget_account(person.id)
        log_event(
            "password_changed",
            now=now,
            actor_id=actor_id or person_id,
            subject=f"person:{person_id}",
            address=address,
        )
        if had_one:
            key = f"password_changed:{person_id}:{person.session_epoch}"
            letters.write("password_changed", person, key=key, now=now)
    return person


def change_role(
    person_id: int, role: Role, *, now: datetime, actor_id: int | None = None, address: str = ""
) -> Person:
    """Another role, at once in every session. Raises LastAdministrator, LookupError."""
    with transaction():
        person = get_person_for_change(person_id)
        if role is not Role.ADMINISTRATOR and is_last_administrator(person):
            raise LastAdministrator
        detail = {"from": person.role, "to": role}
        if person.role != role:
            person.role = role
            log_event(
                "role_changed",
                now=now,
                actor_id=actor_id,
                subject=f"person:{person_id}",
                detail=detail,
                address=address,
            )
    return person


def edit_profile(person_id: int, *, now: datetime, address: str = "", **details: Any) -> Person:
    """The person's own name, language, zone and phone, and which of their addresses letters go to
    (`primary_address`). LookupError where that address is not theirs."""
    with transaction():
        person = get_person_for_change(person_id)
        primary = details.pop("primary_address", None)
        if primary:
            if primary not in [each.email for each in person.addresses]:
                raise LookupError(f"no address {primary} of person {person_id}")
            for each in person.addresses:
                each.is_primary = each.email == primary
        for name, value in details.items():
            setattr(person, name, value)
        log_event(
            "profile_changed", now=now, actor_id=person_id, subject=f"person:{person_id}", address=address
        )
    return person


def choose_language(person_id: int, locale: str) -> None:
    """The language of the person's pages and letters."""
    with transaction():
        get_person_for_change(person_id).locale = locale


def choose_by_link(
    person_id: int, mode: str, locale: str | None, zone: str | None, *, now: datetime, address: str = ""
) -> None:
    """What people without an account settle by a letter's link: which letters, in which language and zone
    (None: the organisation's)."""
    chosen = {"mail_mode": mode, "locale": locale, "zone": zone}
    with transaction():
        person = get_person_for_change(person_id)
        changed = {name: value for name, value in chosen.items() if getattr(person, name) != value}
        for name, value in changed.items():
            setattr(person, name, value)
        if changed:
            log_event(
                "profile_changed",
                now=now,
                actor_id=person_id,
                subject=f"person:{person_id}",
                detail={"to": changed},
                address=address,
            )


def choose_mail_mode(person_id: int, mode: str, *, now: datetime, address: str = "") -> None:
    """Which letters the person gets (rules/letters.MODES), by themselves or by a letter's link."""
    with transaction():
        person = get_person_for_change(person_id)
        if person.mail_mode == mode:
            return
        person.mail_mode = mode
        log_event(
            "profile_changed",
            now=now,
            actor_id=person_id,
            subject=f"person:{person_id}",
            detail={"to": {"mail_mode": mode}},
            address=address,
        )


def sign_out_everywhere(
    person_id: int, *, now: datetime, actor_id: int | None = None, address: str = ""
) -> Person:
    """Ends every session and open link of the person; API tokens stay."""
    with transaction():
        person = get_person_for_change(person_id)
        person.session_epoch += 1
        log_event(
            "signed_out_everywhere",
            now=now,
            actor_id=actor_id or person_id,
            subject=f"person:{person_id}",
            address=address,
        )
    return person


def _write_link(kind: str, purpose: str, person: Person, now: datetime) -> None:
    letters.write(
        kind,
        person,
        key=f"{kind}:{person.id}:{now.timestamp()}",
        now=now,
        link=password_link(person, purpose),
        valid_until=now + links.LASTS[purpose],
    )
