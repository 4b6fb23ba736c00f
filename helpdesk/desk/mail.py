"""What becomes of a mail: ticket, entry, filed quietly, duplicate, or set aside for somebody to look at."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from helpdesk.desk import attachments, closing, targets, tickets
from helpdesk.desk.attachments import Kept, Upload
from helpdesk.desk.participants import join
from helpdesk.desk.registration import Report
from helpdesk.desk.timeline import record
from helpdesk.outbound import alarms, links
from helpdesk.rules import threading
from helpdesk.rules.access import Role
from helpdesk.rules.automatic import why_automatic
from helpdesk.rules.language import guess_locale
from helpdesk.rules.lifecycle import State
from helpdesk.rules.threading import Act, Head, Hint, Thread, Verdict
from helpdesk.store.db import after_commit, db, transaction
from helpdesk.store.files import keep_file
from helpdesk.store.letters import find_letter
from helpdesk.store.mail import (
    ROOM,
    RawMail,
    claim_identity,
    claim_waiting_mail,
    count_mail_from,
    count_mail_on,
    find_named_ticket,
    find_raw_mail_by_identity,
    get_raw_mail_for_change,
)
from helpdesk.store.people import Address, Person, find_person_by_address, get_person
from helpdesk.store.tickets import Ticket, find_entry, get_ticket_for_change, is_participant

CLAIMED_FOR = timedelta(minutes=1)
MOST_ATTEMPTS = 3
MOST_COPIED = 20
PREVIEW = 20_000  # characters
HOUR = timedelta(hours=1)
_NOBODY = ("noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")


@dataclass(frozen=True)
class Arrival:
    """A message whose bytes are on the disk (by their SHA-256) and that has no row yet. `door`: smtp, pipe.
    `sender` of the envelope: "" the null return path, None unknown to the door."""

    sha256: str
    size: int
    door: str
    sender: str | None
    recipients: Sequence[str]


@dataclass(frozen=True)
class Message:
    """A mail as its door read it. `report`: subject and visible text through the schema; `quoted`: what is
    folded; `own_words`: what the sender wrote now. `copied`: (name, address) of To and Cc."""

    head: Head
    from_name: str
    identity: str
    report: Report
    quoted: str = ""
    own_words: str = ""
    copied: Sequence[tuple[str, str]] = ()
    files: Sequence[Upload] = ()
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`outcome`: created, entry, filed, duplicate, quarantined, or waiting (to be tried again). `cause` is
    a code, "" where nothing needs saying."""

    outcome: str
    ticket_id: int | None = None
    cause: str = ""


def keep_raw(content: bytes, door: str, sender: str | None, recipients: Sequence[str]) -> Arrival:
    """The bytes on the disk, without a row yet. Raises OSError where they cannot be kept."""
    sha256, size = keep_file(ROOM, BytesIO(content))
    return Arrival(sha256, size, door, sender, recipients)


def take_in(arrivals: Iterable[Arrival], now: datetime, *, claimed: bool = False) -> list[int]:
    """Writes the rows of messages that are on the disk, in one commit; returns their ids in order.

    `claimed`: the caller understands them itself, so no worker is woken.
    """
    until = now + CLAIMED_FOR if claimed else None
    with transaction():
        rows = [
            RawMail(
                sha256=each.sha256,
                size=each.size,
                door=each.door,
                sender=each.sender,
                recipients=list(each.recipients),
                received_at=now,
                claimed_until=until,
                attempts=int(claimed),
            )
            for each in arrivals
        ]
        db.session.add_all(rows)
        if not claimed:
            after_commit("parse mail", alarms.parse_soon)
    return [row.id for row in rows]


def claim(now: datetime, limit: int) -> list[int]:
    """Ids of waiting messages that are the caller's for CLAIMED_FOR."""
    with transaction():
        return claim_waiting_mail(now, now + CLAIMED_FOR, limit)


def understand(raw_mail_id: int, message: Message, *, own: Collection[str], now: datetime) -> Outcome:
    """Makes of a message what rules/threading decides, in one transaction with its outcome.

    So a crash leaves it waiting, and understanding it again finds the outcome. A new ticket counts from
    when the mail was received. Mail gives nobody the powers of staff: From is easily forged. `own`: the
    desk's addresses, in lower case.
    """
    automatic = why_automatic(message.head, own, links.instance_id())
    kept = attachments.keep(message.files) if automatic is None else []
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state != "waiting":
            return _outcome_of(raw)
        now = max(now, raw.received_at)  # it may have come while others of its batch were read
        raw.identity, raw.subject = message.identity, message.head.subject
        raw.from_address = message.head.from_address or ""
        if raw.rescued_by_id is None and raw.from_address == "" and automatic is None:
            return _set_aside(raw, "no_sender", now, _readable(message))
        first = claim_identity(message.identity, raw.id)
        if first is not None and first.id != raw.id and raw.rescued_by_id is None:
            return _finish(raw, "duplicate", first.ticket_id, "same_message", now)
        return _act(raw, message, None if raw.rescued_by_id else automatic, own, kept, now)


def put_off(raw_mail_id: int, cause: str, now: datetime) -> Outcome:
    """It could not be understood: tried again a little later, set aside after MOST_ATTEMPTS."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state != "waiting":
            return _outcome_of(raw)
        if raw.attempts >= MOST_ATTEMPTS:
            return _set_aside(raw, cause, now)
        raw.cause, raw.claimed_until = cause, now + timedelta(seconds=5 * raw.attempts)
        return Outcome("waiting", None, cause)


def set_aside(raw_mail_id: int, cause: str, now: datetime) -> Outcome:
    """It waits in quarantine for somebody to look at it."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        return _set_aside(raw, cause, now) if raw.state == "waiting" else _outcome_of(raw)


def retry(raw_mail_id: int) -> None:
    """Tries a quarantined message once more."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state == "quarantined":
            _wait_again(raw)


def rescue(raw_mail_id: int, actor: Person) -> None:
    """Makes a ticket of a message that is on none, whatever the rules say of it; a worker does so soon."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state != "waiting" and raw.ticket_id is None:
            raw.rescued_by_id = actor.id
            _wait_again(raw)


def _wait_again(raw: RawMail) -> None:
    raw.state, raw.outcome, raw.cause = "waiting", None, ""
    raw.attempts, raw.claimed_until, raw.done_at = 0, None, None
    after_commit("parse mail", alarms.parse_soon)


def _act(
    raw: RawMail,
    message: Message,
    automatic: str | None,
    own: Collection[str],
    kept: list[Kept],
    now: datetime,
) -> Outcome:
    sender = _find_sender(raw, message)
    thread = None if raw.rescued_by_id else _thread(message, sender, own, now)
    verdict = threading.decide(automatic, thread, message.own_words)
    if verdict.act is Act.FILE:
        return _file(raw, verdict, _readable(message), now)
    sender = sender or _new_person(message.from_name, raw.from_address, message.own_words, now)
    if verdict.act is Act.CREATE:
        return _create(raw, message, sender, verdict, own, kept, now)
    proven = thread is not None and thread.is_proven
    return _add(raw, message, sender, verdict, own, kept, proven, now)


def _create(
    raw: RawMail,
    message: Message,
    sender: Person,
    verdict: Verdict,
    own: Collection[str],
    kept: list[Kept],
    now: datetime,
) -> Outcome:
    # Beyond what a person writes in an hour no letter answers: a loop ends, and an agent reads why.
    most = threading.MOST_FROM_SENDER if _is_known(sender) else threading.MOST_FROM_STRANGER
    too_many = count_mail_from(raw.from_address, now - HOUR) >= most
    ticket = tickets.report(
        replace(message.report, reported_at=raw.received_at),
        sender,
        now=now,
        door="mail",
        raw_mail_id=raw.id,
        detail=_detail(message, verdict.cause),
        receipt=not too_many,
    )
    if kept and (entry := find_entry(ticket.id, "reported")):
        attachments.attach(entry, kept)
    if too_many:
        _tell_agent(ticket, raw, "too_many_from_sender", now)
    else:
        _copy(ticket, message, sender, own, now)
    if verdict.ticket_id is not None:
        _link(ticket, get_ticket_for_change(verdict.ticket_id), verdict.cause, now)
    return _finish(raw, "created", ticket.id, verdict.cause, now)


def _add(
    raw: RawMail,
    message: Message,
    author: Person,
    verdict: Verdict,
    own: Collection[str],
    kept: list[Kept],
    is_proven: bool,
    now: datetime,
) -> Outcome:
    assert verdict.ticket_id is not None  # noqa: S101 - what these verdicts are
    ticket = get_ticket_for_change(verdict.ticket_id)
    body, detail = message.report.body, _detail(message, verdict.cause)
    if verdict.act is Act.NOTE:
        entry = record(
            ticket,
            "noted",
            now=now,
            door="mail",
            actor_id=author.id,
            body=body,
            detail=detail,
            raw_mail_id=raw.id,
        )
        targets.refresh(ticket, now)  # it breaks a silence
    else:
        entry = tickets.reporter_reply(
            ticket.id,
            author,
            body,
            now=now,
            door="mail",
            raw_mail_id=raw.id,
            detail=detail,
            letter=verdict.act is not Act.REOPEN,  # the reopening has a letter of its own
        )
        # Who forges the reporter's From and guesses a number must not copy themselves in.
        if is_proven and author.id == ticket.reporter_id:
            _copy(ticket, message, author, own, now)
    attachments.attach(entry, kept)
    if verdict.act is Act.REOPEN:
        closing.reopen(ticket.id, author, "", now=now, door="mail")
    if verdict.cause == "too_many_on_ticket":
        _tell_agent(ticket, raw, verdict.cause, now)
    return _finish(raw, "entry", ticket.id, verdict.cause, now)


def _file(raw: RawMail, verdict: Verdict, readable: str, now: datetime) -> Outcome:
    """Filed quietly: on its ticket agents see that it came; no clock hears it, no letter answers."""
    if verdict.ticket_id is None:
        raw.preview = readable
    else:
        ticket = get_ticket_for_change(verdict.ticket_id)
        detail = {"cause": verdict.cause, "from": raw.from_address, "subject": raw.subject}
        record(ticket, "mail_filed", now=now, door="mail", body=readable, detail=detail, raw_mail_id=raw.id)
    return _finish(raw, "filed", verdict.ticket_id, verdict.cause, now)


def _tell_agent(ticket: Ticket, raw: RawMail, cause: str, now: datetime) -> None:
    detail = {"cause": cause, "from": raw.from_address}
    record(ticket, "mail_filed", now=now, door="mail", detail=detail, raw_mail_id=raw.id)


def _link(ticket: Ticket, older: Ticket, cause: str, now: datetime) -> None:
    for one, other in ((older, ticket), (ticket, older)):
        record(
            one, "linked", now=now, door="mail", detail={"how": "related", "ticket": other.id, "cause": cause}
        )


def _thread(message: Message, sender: Person | None, own: Collection[str], now: datetime) -> Thread | None:
    """The ticket that the strongest hint leads to, as the rule needs it."""
    for hint in threading.hints(message.head, own):
        ticket_id, written_to = _ticket_of(hint)
        found = find_named_ticket(ticket_id) if ticket_id is not None else None
        if found is None or (hint.kind == "token" and not links.is_salt_of(found[0], hint.value)):
            continue
        named, ticket = found
        return Thread(
            ticket_id=ticket.id,
            state=State(ticket.state),
            is_proven=hint.kind != "number",
            takes_part=sender is not None
            and sender.is_active
            and (sender.id == written_to or any(is_participant(each, sender.id) for each in found)),
            is_staff=sender is not None
            and sender.role != Role.REPORTER
            and sender.id not in (ticket.reporter_id, named.reporter_id),
            mails_this_hour=count_mail_on(ticket.id, now - HOUR),
        )
    return None


def _ticket_of(hint: Hint) -> tuple[int | None, int | None]:
    """The id of the ticket a hint names, and of the person our letter went to where it is one."""
    if hint.kind != "letter":
        return hint.ticket_id, None
    letter_id = links.is_our_message_id(hint.value)
    letter = find_letter(letter_id) if letter_id is not None else None
    if letter is not None:
        return letter.ticket_id, letter.person_id
    thread = links.ticket_of_thread(hint.value)
    # Or a colleague answers all on the mail that became the ticket.
    raw = find_raw_mail_by_identity(hint.value) if thread is None else None
    return (raw.ticket_id if raw else thread), None


def _find_sender(raw: RawMail, message: Message) -> Person | None:
    if message.head.from_address:
        return find_person_by_address(message.head.from_address)
    return get_person(raw.rescued_by_id) if raw.rescued_by_id else None


def _new_person(name: str, address: str, text: str, now: datetime) -> Person:
    """Somebody who has no account: name from the mail, language from its words."""
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


def _copy(ticket: Ticket, message: Message, author: Person, own: Collection[str], now: datetime) -> None:
    """Whom somebody known copied in takes part: never the desk's own addresses, nor those nobody reads.

    A stranger's do not: else one mail would have the desk write to whom they like.
    """
    if not _is_known(author):
        return
    people = [
        (name, address)
        for name, address in message.copied
        if not threading.is_ours(address, own) and not address.startswith(_NOBODY)
    ]
    for name, address in people[:MOST_COPIED]:
        person = find_person_by_address(address) or _new_person(name, address, "", now)
        if person.is_active and person.id != author.id:
            join(ticket, person, "copied", now=now)


def _is_known(person: Person) -> bool:
    """Whether the organisation knows them, beyond that they wrote: staff, an account, a department."""
    return person.is_active and (
        person.role != Role.REPORTER
        or person.password_hash is not None
        or person.department_id is not None
        or person.staff_number is not None
    )


def _detail(message: Message, cause: str) -> dict[str, Any]:
    found = {"quoted": message.quoted, "cause": cause, **message.detail}
    return {name: value for name, value in found.items() if value}


def _readable(message: Message) -> str:
    return f"{message.report.body}\n\n{message.quoted}".strip()[:PREVIEW]


def _set_aside(raw: RawMail, cause: str, now: datetime, readable: str = "") -> Outcome:
    raw.preview = readable
    outcome = _finish(raw, "quarantined", None, cause, now)
    raw.state = "quarantined"
    return outcome


def _finish(raw: RawMail, outcome: str, ticket_id: int | None, cause: str, now: datetime) -> Outcome:
    raw.state, raw.outcome, raw.ticket_id, raw.cause = "done", outcome, ticket_id, cause
    raw.done_at, raw.claimed_until = now, None
    return _outcome_of(raw)


def _outcome_of(raw: RawMail) -> Outcome:
    return Outcome(raw.outcome or "waiting", raw.ticket_id, raw.cause)
