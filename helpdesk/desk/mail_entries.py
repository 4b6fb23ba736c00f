"""What a mail makes of its ticket, once rules/threading has decided. All of it inside a transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from helpdesk.desk import attachments, closing, mail_letters, targets, tickets
from helpdesk.desk import links as ticket_links
from helpdesk.desk.attachments import Kept
from helpdesk.desk.correspondents import copy_in, is_known, others
from helpdesk.desk.letters import take_report
from helpdesk.desk.mail import Message, Outcome, finish
from helpdesk.desk.mail_commands import carry_out
from helpdesk.desk.participants import join
from helpdesk.desk.threading import HOUR
from helpdesk.desk.timeline import record
from helpdesk.outbound import links
from helpdesk.rules import threading
from helpdesk.rules.mail_commands import Unclear
from helpdesk.rules.reports import DeliveryReport
from helpdesk.rules.threading import Act, Head, Thread, Verdict
from helpdesk.store.letters import Letter, find_letter
from helpdesk.store.mail import RawMail, count_mail_from
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, find_entry, get_ticket_for_change, is_participant

PREVIEW = 20_000  # characters


@dataclass(frozen=True)
class Case:
    """A message while it is understood. `author`: the address whose words it bears ("" where it has none),
    `automatic`: why no person wrote it (None: one did, or an agent says so), `kept`: its files, `is_first`:
    nobody was known under the author's address until now."""

    raw: RawMail
    message: Message
    author: str
    own: Collection[str]
    automatic: str | None
    kept: Sequence[Kept]
    now: datetime
    is_first: bool = False

    @property
    def authentication(self) -> str:
        """What our own MX found of the author: of whom another one speaks for it knows nothing."""
        found = self.message.authentication
        return found if self.author == (self.message.head.from_address or "") else found and "none"

    @property
    def readable(self) -> str:
        """What an agent reads of it where it is on no ticket."""
        return f"{self.message.report.body}\n\n{self.message.quoted}".strip()[:PREVIEW]

    def detail(self, cause: str, sender: Person | None = None) -> dict[str, Any]:
        """Of its entry; `sender` where the entry is theirs."""
        found = {
            "quoted": self.message.quoted,
            "cause": cause,
            "authentication": self.authentication,
            "from": self.author if sender is None or self.author != sender.email else "",
            **self.message.detail,
        }
        return {name: value for name, value in found.items() if value}


def create(case: Case, sender: Person, verdict: Verdict) -> Outcome:
    """A new ticket, linked to the verdict's older one.

    Beyond what a person writes in an hour no letter answers: a loop ends, and an agent reads why.
    """
    raw, too_many = case.raw, _written_lately(case) >= _most_from(sender)
    people = others(case.message.copied, case.author, case.own)
    joins = is_known(sender) and case.authentication != "fail"
    detail = case.detail(verdict.cause, sender)
    if people and not joins:
        # They may answer, and are written to only then: else one mail of a stranger's would have the desk
        # write to whom they like.
        detail["copied"] = [address for _name, address in people]
    ticket = tickets.report(
        replace(case.message.report, reported_at=raw.received_at),
        lambda: sender,  # who was read or made in this very transaction
        now=case.now,
        door="mail",
        raw_mail_id=raw.id,
        detail=detail,
        receipt=not too_many and case.automatic is None,
    )
    entry = find_entry(ticket.id, "reported") if case.kept or detail.get("left_out") else None
    if entry is not None:
        attachments.attach(entry, case.kept)
        if not too_many and case.automatic is None:
            _tell_left_out(case, ticket, entry, sender)
    if too_many:
        _tell_too_much(case, ticket, "too_many_from_sender", always=True)
    elif joins:
        copy_in(ticket, people, sender, case.now)
    if verdict.ticket_id is not None:
        _link(ticket, get_ticket_for_change(verdict.ticket_id), verdict.cause, case.now)
    return finish(raw, "created", ticket.id, verdict.cause, case.now)


def add(case: Case, author: Person, verdict: Verdict, thread: Thread | None) -> Outcome:
    """What somebody who takes part wrote. Whom they copied in takes part too, unless the ticket was guessed:
    who forges the reporter's From and guesses a number must not copy themselves in."""
    assert verdict.ticket_id is not None  # noqa: S101 - what these verdicts are
    ticket, now = get_ticket_for_change(verdict.ticket_id), case.now
    detail = case.detail(verdict.cause, author)
    people = others(case.message.copied, case.author, case.own)
    is_proven = thread is not None and thread.is_proven and case.authentication != "fail"
    joins = is_proven and is_known(author)
    if people and is_proven and not joins:
        detail["copied"] = [address for _name, address in people]
    if ticket.subject.lower() not in case.message.head.subject.lower():
        detail.setdefault("subject", case.message.head.subject)
    written = _written_lately(case)
    too_many = verdict.cause == "too_many_on_ticket" or written >= threading.MOST_FROM_SENDER
    entry = tickets.reporter_reply(
        ticket.id,
        author,
        case.message.report.body,
        now=now,
        door="mail",
        raw_mail_id=case.raw.id,
        detail=detail,
        letter=verdict.act is not Act.REOPEN and not too_many,  # the reopening has a letter of its own
    )
    attachments.attach(entry, case.kept)
    if not is_participant(ticket, author.id):
        join(ticket, author, "copied", now=now)
    if joins:
        copy_in(ticket, people, author, now)
    if verdict.act is Act.REOPEN:
        closing.reopen(ticket.id, author, "", now=now, door="mail")
    if too_many:
        _tell_too_much(case, ticket, verdict.cause or "too_many_from_sender")
    elif written < _most_from(author):
        _tell_left_out(case, ticket, entry, author)
        if verdict.cause == "only_thanks":
            mail_letters.tell_thanks_kept(ticket, entry, author, now)
    return finish(case.raw, "entry", ticket.id, verdict.cause, now)


def of_staff(case: Case, author: Person, verdict: Verdict) -> Outcome:
    """What staff wrote: done where it may be, else kept as a note, and they read that it was no answer."""
    assert verdict.ticket_id is not None  # noqa: S101 - what these verdicts are
    ticket, why = get_ticket_for_change(verdict.ticket_id), verdict.cause
    if verdict.act is Act.ANSWER:
        try:
            # What their mail quotes may be a note's: of an answer the reporter reads the new words alone.
            files = [file for file in case.kept if file.role != "formatted"]
            entry = carry_out(ticket, author, case.message.own_words, files, case.now)
        except Unclear as fault:
            why = fault.why
        else:
            if entry is not None:
                entry.raw_mail_id = case.raw.id
            return finish(case.raw, "entry", ticket.id, "", case.now)
    note = record(
        ticket,
        "noted",
        now=case.now,
        door="mail",
        actor_id=author.id,
        body=case.message.report.body,
        detail=case.detail(why, author),
        raw_mail_id=case.raw.id,
    )
    attachments.attach(note, case.kept)
    targets.refresh(ticket, case.now)  # it breaks a silence
    if why == "too_many_on_ticket":
        _tell_too_much(case, ticket, why)
    elif _written_lately(case) < _most_from(author):  # nor does this letter feed a loop
        mail_letters.tell_kept_as_note(ticket, note, author, why, case.now)
    return finish(case.raw, "entry", ticket.id, why, case.now)


def file(case: Case, verdict: Verdict) -> Outcome:
    """Filed quietly: on its ticket agents see that it came; no clock hears it, no letter answers.

    A delivery report belongs to the letter that it is about, which bears it.
    """
    ticket_id, delivery = verdict.ticket_id, case.message.delivery
    letter = _reported_letter(case.message.head, delivery) if delivery is not None else None
    if delivery is not None and letter is not None:
        take_report(letter, delivery, case.now)
        case.raw.letter_id, ticket_id = letter.id, letter.ticket_id
    if ticket_id is None:
        case.raw.preview = case.readable
    else:
        _record_filed(case, get_ticket_for_change(ticket_id), verdict.cause, letter)
    return finish(case.raw, "filed", ticket_id, verdict.cause, case.now)


def _reported_letter(head: Head, delivery: DeliveryReport) -> Letter | None:
    """None where the report names no letter that we have signed: anybody could write it, of any address."""
    named = (
        *delivery.message_ids,
        *head.in_reply_to,
        *reversed(head.references[-threading.MOST_REFERENCES :]),
    )
    found = (links.is_our_message_id(each) for each in named)
    letter_id = next((each for each in found if each is not None), None)
    return find_letter(letter_id) if letter_id is not None else None


def _record_filed(case: Case, ticket: Ticket, cause: str, letter: Letter | None) -> None:
    detail = {"subject": case.raw.subject, **case.detail(cause)}
    if case.message.delivery is not None:
        detail["report"] = {**_said(case.message.delivery), "letter": letter.id if letter else None}
    entry = record(
        ticket,
        "mail_filed",
        now=case.now,
        door="mail",
        body=case.message.report.body,
        detail=detail,
        raw_mail_id=case.raw.id,
    )
    attachments.attach(entry, case.kept)


def _said(report: DeliveryReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in ("kind", "status", "address", "words")}


def _written_lately(case: Case) -> int:
    return 0 if case.is_first else count_mail_from(case.author, case.now - HOUR)


def _most_from(person: Person) -> int:
    """What they may write in an hour until no letter answers them."""
    return threading.MOST_FROM_SENDER if is_known(person) else threading.MOST_FROM_STRANGER


def _tell_left_out(case: Case, ticket: Ticket, entry: Entry, sender: Person) -> None:
    left_out = case.message.detail.get("left_out")
    if left_out:
        mail_letters.tell_left_out(ticket, entry, sender, left_out, case.now)


def _tell_too_much(case: Case, ticket: Ticket, cause: str, *, always: bool = False) -> None:
    """Agents hear once an hour that letters have stopped; the timeline says so then, or `always`."""
    about = f"ticket:{ticket.id}" if cause == "too_many_on_ticket" else f"address:{case.author}"
    if mail_letters.tell_too_much(ticket, about, case.author, cause, case.now) or always:
        detail = {"cause": cause, "from": case.author}
        record(ticket, "mail_filed", now=case.now, door="mail", detail=detail, raw_mail_id=case.raw.id)


def _link(ticket: Ticket, older: Ticket, cause: str, now: datetime) -> None:
    ticket_links.keep(ticket, "relates_to", older, now)
    for one, other in ((older, ticket), (ticket, older)):
        record(
            one,
            "linked",
            now=now,
            door="mail",
            detail={"how": "relates_to", "ticket": other.id, "cause": cause},
        )
