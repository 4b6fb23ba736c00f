"""People without an account: they report by name and address, and follow by signed link."""

from datetime import datetime, timedelta

from helpdesk.desk import outages, people, tickets
from helpdesk.desk.registration import Report
from helpdesk.desk.sign_in import of_network, throttle
from helpdesk.outbound import letters, links
from helpdesk.rules.throttle import Limit
from helpdesk.store.db import transaction
from helpdesk.store.people import Person, find_person, find_person_by_address
from helpdesk.store.portal import find_own_ticket
from helpdesk.store.security import lock_attempts
from helpdesk.store.tickets import Ticket

# A mail address may be anybody's: few letters go to it; a network may be a whole office.
TO_ADDRESS = Limit(5, timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=30))
FROM_NETWORK = Limit(60, timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=10))
FRESH_LINKS = Limit(3, timedelta(hours=1), timedelta(minutes=10), timedelta(hours=1))


def report_as_guest(
    command: Report,
    name: str,
    email: str,
    *,
    now: datetime,
    address: str,
    sent_key: str | None = None,
) -> Ticket:
    """Reports for whoever has the mail address, known or not; only a letter to it bears the link.

    `address` is the network's. The name of somebody known stays as it is. Raises sign_in.Throttled.
    """
    email = email.strip().lower()
    _throttle(email, address, now)

    def guest() -> Person:
        return _guest(name, email, now, address)

    return tickets.report(command, guest, now=now, door="web", sent_key=sent_key)


def join_as_guest(ticket_id: int, name: str, email: str, *, now: datetime, address: str) -> Ticket:
    """As outages.join for whoever has the mail address, known or not; only a letter to it bears the link.

    Raises sign_in.Throttled, and LookupError where the fault is no longer known.
    """
    email = email.strip().lower()
    _throttle(email, address, now)
    with transaction():
        return outages.join(ticket_id, _guest(name, email, now, address), now=now)


def _throttle(email: str, address: str, now: datetime) -> None:
    throttle({f"guest:{email}": TO_ADDRESS, f"guest:{of_network(address)}": FROM_NETWORK}, now)


def _guest(name: str, email: str, now: datetime, address: str) -> Person:
    """Whoever has the address, made on the spot where nobody has. Inside a transaction."""
    person = find_person_by_address(email)
    if person is None:
        lock_attempts()  # two first reports from one address at once: one person
        person = find_person_by_address(email)
    return person or people.add_person(name, email, now=now, address=address)


def open_link(purpose: str, token: str) -> tuple[Ticket, Person]:
    """The ticket and the person of a `follow` or `confirm` link.

    Raises links.BadLink where it was altered or the person has left or takes part no longer, and
    links.ExpiredLink once its time is over.
    """
    return _holder(links.read(purpose, token))


def send_fresh_link(purpose: str, token: str, *, now: datetime, address: str) -> None:
    """Sends a new follow link to the person whose link has expired: to their address, nowhere else.

    Raises links.BadLink, sign_in.Throttled.
    """
    try:
        payload = links.read(purpose, token)
    except links.ExpiredLink as expired:
        payload = expired.payload
    ticket, person = _holder(payload)
    throttle({f"fresh:{person.id}": FRESH_LINKS, f"guest:{of_network(address)}": FROM_NETWORK}, now)
    with transaction():
        key = f"fresh_link:{ticket.id}:{person.id}:{now.timestamp()}"
        letters.write(
            "fresh_link", person, key=key, now=now, ticket=ticket, url=links.follow_url(ticket, person.id)
        )


def _holder(payload: dict[str, object]) -> tuple[Ticket, Person]:
    person_id, ticket_id = payload.get("p"), payload.get("t")
    if not isinstance(person_id, int) or not isinstance(ticket_id, int):
        raise links.BadLink("not ours")
    person, ticket = find_person(person_id), find_own_ticket(ticket_id, person_id)
    if person is None or not person.is_active or ticket is None or ticket.link_salt != payload.get("s"):
        raise links.BadLink("no longer good")
    return ticket, person
