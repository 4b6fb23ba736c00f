"""Does what an agent's mail says: a public answer, or one of the commands at its top."""

from collections.abc import Sequence
from datetime import datetime

from helpdesk.desk import attachments, closing, tickets, waiting
from helpdesk.desk.attachments import Kept
from helpdesk.desk.grounds import Grounds
from helpdesk.outbound import links
from helpdesk.rules import hours
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.mail_commands import Commands, Unclear, read_commands, repeats_any
from helpdesk.store.db import savepoint
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, find_entry, list_entries


def carry_out(ticket: Ticket, agent: Person, text: str, files: Sequence[Kept], now: datetime) -> Entry | None:
    """The entry that the mail's own words became; None where it only accepted. All of it or nothing: Unclear
    says why not (a code). Inside a transaction.

    Nothing of a note leaves the desk: words that stand in one, and whole mails as files, are refused; signed
    links are cut.
    """
    commands = read_commands(text)
    if not commands.note:
        _require_public(ticket, f"{commands.resolve or ''}\n{commands.words}", files)
    try:
        with savepoint():
            entry = _carry_out(ticket, agent, commands, now)
            if entry is not None:
                attachments.attach(entry, files)
            return entry
    except NotAllowed as fault:
        raise Unclear(f"not_allowed:{fault.verb}") from fault


def _require_public(ticket: Ticket, words: str, files: Sequence[Kept]) -> None:
    notes = [entry.body for entry in list_entries(ticket.id) if not entry.is_public]
    if repeats_any(words, notes):
        raise Unclear("repeats_a_note")
    if any(file.media_type.startswith("message/") for file in files):
        raise Unclear("holds_a_mail")


def _carry_out(ticket: Ticket, agent: Person, commands: Commands, now: datetime) -> Entry | None:
    words = links.without_signed(commands.words)
    if commands.accept:
        tickets.accept(ticket.id, agent, now=now, door="mail")
    if commands.note:
        return tickets.note(ticket.id, agent, words, now=now, door="mail")
    if commands.resolve is not None:
        closing.resolve(ticket.id, agent, commands.resolve, words, now=now, door="mail")
        return find_entry(ticket.id, "resolved")
    if commands.wait is not None:
        wake_at = hours.after_working_days(Grounds(now).office, now, commands.wait)
        if wake_at is None:
            raise Unclear("no_days")
        waiting.wait(
            ticket.id, agent, waiting_for="reporter", wake_at=wake_at, question=words, now=now, door="mail"
        )
        return find_entry(ticket.id, "replied")
    return tickets.reply(ticket.id, agent, words, now=now, door="mail") if words else None
