"""What becomes of a mail: ticket, entry, filed quietly, duplicate, or set aside for somebody to look at."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from helpdesk.desk import attachments, mail_entries
from helpdesk.desk.attachments import Kept
from helpdesk.desk.correspondents import heard_from, new_person
from helpdesk.desk.mail import Message, Outcome, finish, outcome_of, quarantine
from helpdesk.desk.mail_entries import Case
from helpdesk.desk.threading import find_thread
from helpdesk.outbound import links
from helpdesk.rules import threading
from helpdesk.rules.automatic import why_automatic
from helpdesk.rules.threading import Act, Verdict
from helpdesk.store.db import transaction
from helpdesk.store.mail import (
    RawMail,
    claim_identity,
    get_raw_mail,
    hand_identity,
    list_raw_mail_for_change,
)
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person, find_address, get_person


class Prepared(NamedTuple):
    """A message whose files are on the disk: disks are slow, and a transaction holds others up."""

    raw_mail_id: int
    message: Message
    automatic: str | None
    kept: list[Kept]


def understand(
    messages: Sequence[tuple[int, Message]], *, own: Collection[str], now: datetime
) -> list[Outcome]:
    """Makes of each message, by the id of its row, what rules/threading decides: all in one transaction
    with their outcomes. So a crash leaves them waiting, and so does a fault, whichever of them it is of.

    A new ticket counts from when the mail was received. `own`: the desk's addresses, in lower case.
    """
    prepared = [_prepared(raw_mail_id, message, own) for raw_mail_id, message in messages]
    with transaction():
        organisation = find_organisation()
        believed = organisation.options.get("reply_to_domains", ()) if organisation else ()
        raws = list_raw_mail_for_change([each.raw_mail_id for each in prepared])
        return [_understand(raws[each.raw_mail_id], each, own, believed, now) for each in prepared]


def _prepared(raw_mail_id: int, message: Message, own: Collection[str]) -> Prepared:
    is_rescued = get_raw_mail(raw_mail_id).rescued_by_id is not None
    automatic = why_automatic(message.head, own, links.instance_id())
    if message.delivery is not None and automatic != "own_loop":
        automatic = "delivery_report"
    kept = attachments.keep(message.files) if automatic is None or is_rescued else []
    return Prepared(raw_mail_id, message, automatic, kept)


def _understand(
    raw: RawMail, prepared: Prepared, own: Collection[str], believed: Collection[str], now: datetime
) -> Outcome:
    message = prepared.message
    if raw.state != "waiting":
        return outcome_of(raw)
    now = max(now, raw.received_at)  # it may have come while others of its batch were read
    automatic, said = prepared.automatic, message.authentication
    author = threading.author_address(message.head, message.reply_to, believed, own, said) or ""
    case = Case(raw, message, author, own, automatic, prepared.kept, now)
    _label(case)
    if raw.rescued_by_id is not None:
        return _rescue(case)
    if automatic is None and not case.author:
        return quarantine(raw, "no_sender", now, case.readable)
    first = _find_first(case)
    if first is not None:
        return finish(raw, "duplicate", first.ticket_id, "same_message", now)
    return _act(case)


def _label(case: Case) -> None:
    """The row says what the message is, whatever becomes of it."""
    raw, message = case.raw, case.message
    raw.identity, raw.fingerprint = message.identity, message.fingerprint
    raw.subject, raw.from_address = message.head.subject, case.author
    raw.authentication = case.authentication


def _find_first(case: Case) -> RawMail | None:
    """The message that this one repeats, or None, and then this one has its identity from now on.

    Some programs give each mail the same Message-ID: with other words, or of another sender, it is another
    message. What was filed as automatic (over a list, say) does not keep the same words from a ticket.
    """
    identity, fingerprint = case.message.identity, case.message.fingerprint
    for each in (identity, f"{identity} {fingerprint}"):
        first = claim_identity(each, case.raw.id)
        if first is None or first.id == case.raw.id:
            return None
        if first.fingerprint in ("", fingerprint):
            if (
                case.automatic is None
                and first.outcome == "filed"
                and first.cause not in threading.FILED_WORDS
            ):
                hand_identity(each, case.raw.id)
                return None
            return first
    return None


def _act(case: Case) -> Outcome:
    address = find_address(case.author) if case.author else None
    sender = address.person if address else None
    if address is not None and address.failing_since is not None and case.automatic is None:
        heard_from(address)
    thread = find_thread(case.message, case.author, sender, case.own, case.now)
    verdict = threading.decide(case.automatic, thread, case.message.own_words, case.authentication)
    if verdict.act is Act.FILE:
        return mail_entries.file(case, verdict)
    if sender is None:
        sender, case = _new_sender(case), replace(case, is_first=True)
    if verdict.act is Act.CREATE:
        return mail_entries.create(case, sender, verdict)
    if verdict.act in (Act.NOTE, Act.ANSWER):
        return mail_entries.of_staff(case, sender, verdict)
    return mail_entries.add(case, sender, verdict, thread)


def _rescue(case: Case) -> Outcome:
    """A ticket in any case; where nobody can be answered, it is that of the agent who wants it."""
    claim_identity(case.message.identity, case.raw.id)
    address = find_address(case.author) if case.author else None
    if case.automatic == "own_loop" or case.message.delivery is not None or not case.author:
        sender = get_person(case.raw.rescued_by_id or 0)
    else:
        sender = address.person if address else _new_sender(case)
    return mail_entries.create(case, sender, Verdict(Act.CREATE))


def _new_sender(case: Case) -> Person:
    name = case.message.from_name if case.author == case.message.head.from_address else ""
    return new_person(name, case.author, case.message.own_words, case.now)
