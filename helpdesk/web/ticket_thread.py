"""The conversation on a ticket's page: messages with their files, everything else as a line between them."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from helpdesk.store.attachments import list_attachments
from helpdesk.store.deliveries import list_undelivered
from helpdesk.store.rosters import list_people_by_id
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import Attachment, Entry, Ticket, find_last_entry_id
from helpdesk.web import deliveries, sentences, timeline
from helpdesk.web.frame import may
from helpdesk.web.mail_parts import Parts, parts_of, reopenable
from helpdesk.web.rich_text import rendered


def facts_of(ticket: Ticket) -> object:
    """Others whenever the conversation looks different: cheap, for it is asked all the time."""
    return (
        find_last_entry_id(ticket.id),  # what changes an older entry writes one of its own
        [(each.id, each.state, each.fault, each.report) for each in list_undelivered(ticket.id)],
    )


def conversation(ticket: Ticket, entries: Sequence[Entry]) -> dict[str, Any]:
    """What tickets/entries.html draws."""
    files: dict[int, list[Attachment]] = {}
    for each in list_attachments(ticket.id):
        files.setdefault(each.entry_id, []).append(each)
    names = names_in(entries)
    return {
        "entries": entries,
        "parts_of": lambda entry: _parts(entry, files.get(entry.id, ())),
        "via_of": timeline.via,
        "troubles": deliveries.troubles(list_undelivered(ticket.id)),
        "reopenable": reopenable(entries, ticket.state) if may("ticket.work") else None,
        "messages": timeline.MESSAGES,
        "say": lambda entry: timeline.say(entry, names),
        "promised": timeline.promised,
        "tone": timeline.tone,
        "promised_news": timeline.promised_news,
        "voided": timeline.voided_by(entries),
        "clock_time": sentences.clock_time,
        "rendered": rendered,
        "last_entry": entries[-1].id if entries else 0,
    }


def _parts(entry: Entry, files: Sequence[Attachment]) -> Parts:
    return parts_of(
        entry,
        files,
        lambda each: url_for("attachments.attachment", attachment_id=each.id, name=each.name),
        for_desk=True,
    )


def names_in(entries: Sequence[Entry]) -> sentences.Names:
    """What the ids in these entries are called."""
    known = {e.actor.id: e.actor.name for e in entries if e.actor is not None}
    missing = timeline.people_in(entries) - known.keys()
    if missing:
        known |= {p.id: p.name for p in list_people_by_id(missing).values()}
    moved = any(e.kind == "moved" for e in entries)
    return sentences.Names(
        known,
        {t.id: t.name for t in list_teams(active_only=False)} if moved else {},
        {s.id: s.name for s in list_services(active_only=False)} if moved else {},
    )
