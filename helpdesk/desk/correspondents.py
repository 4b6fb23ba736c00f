"""Whoever writes to the desk by mail, and whom they copy in."""

from collections.abc import Collection, Sequence
from datetime import datetime

from helpdesk.desk.participants import join
from helpdesk.rules.access import Role
from helpdesk.rules.language import guess_locale
from helpdesk.rules.threading import is_ours
from helpdesk.store.db import db
from helpdesk.store.people import Address, Person, find_person_by_address
from helpdesk.store.tickets import Ticket

MOST_COPIED = 20
_NOBODY = ("noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")


def new_person(name: str, address: str, text: str, now: datetime) -> Person:
    """Somebody who has no account: name from the mail, language from its words. Inside a transaction."""
    person = Person(
        name=name or address.partition("@")[0],
        role=Role.REPORTER,
        created_at=now,
        locale=guess_locale(text),
    )
    person.addresses.append(Address(email=address, is_primary=True))
    db.session.add(person)
    db.session.flush()
    return person


def is_known(person: Person) -> bool:
    """Whether the organisation knows them, beyond that they wrote: staff, an account, a department."""
    return person.is_active and (
        person.role != Role.REPORTER
        or person.password_hash is not None
        or person.department_id is not None
        or person.staff_number is not None
    )


def others(copied: Sequence[tuple[str, str]], author: str, own: Collection[str]) -> list[tuple[str, str]]:
    """(name, address) of those to whom a mail went beside the desk: neither its author, nor the desk's own
    addresses, nor those that nobody reads; at most MOST_COPIED."""
    people = [
        (name, address)
        for name, address in copied
        if address != author and not is_ours(address, own) and not address.startswith(_NOBODY)
    ]
    return people[:MOST_COPIED]


def copy_in(ticket: Ticket, people: Sequence[tuple[str, str]], author: Person, now: datetime) -> None:
    """They take part in the ticket from now on, and have its letters. Inside a transaction."""
    for name, address in people:
        person = find_person_by_address(address) or new_person(name, address, "", now)
        if person.is_active and person.id != author.id:
            join(ticket, person, "copied", now=now)


def heard_from(address: Address) -> None:
    """Whoever writes from an address can be reached there again. Inside a transaction."""
    address.failing_since, address.fault = None, ""
