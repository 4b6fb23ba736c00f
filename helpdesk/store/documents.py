"""What tickets are found by, read from them as desk/search keeps it entry by entry; and how far that has come
with tickets of before there was a search."""

from collections.abc import Sequence

from sqlalchemy import func, select

from helpdesk.rules.words import tokens_of
from helpdesk.store.db import among, db
from helpdesk.store.search import Document, Text, WordSweep
from helpdesk.store.tickets import Attachment, Entry, Ticket


def get_sweep_for_change() -> WordSweep:
    """How far the sweep has come with tickets of before, locked until the transaction ends. For desk
    verbs."""
    sweep = db.session.scalar(select(WordSweep).with_for_update())
    if sweep is None:
        sweep = WordSweep(id=1, left_id=0)
        db.session.add(sweep)
    return sweep


def find_newest_id() -> int:
    """The highest id of a ticket; 0 where there is none."""
    return db.session.scalar(select(func.max(Ticket.id))) or 0


def list_ids_below(last_id: int, limit: int) -> list[int]:
    """The next ids of tickets from `last_id` on downwards."""
    return list(
        db.session.scalars(
            select(Ticket.id).where(Ticket.id <= last_id).order_by(Ticket.id.desc()).limit(limit)
        )
    )


def list_documents(ids: Sequence[int]) -> list[Document]:
    """What is to be found of these tickets, by id: as desk/search keeps it entry by entry."""
    tickets = (
        select(Ticket.id, Ticket.subject, Ticket.fields).where(among(Ticket.id, ids)).order_by(Ticket.id)
    )
    files: dict[int, list[str]] = {}
    named = (
        select(Attachment.entry_id, Attachment.name)
        .where(among(Attachment.ticket_id, ids), Attachment.role != "formatted")
        .order_by(Attachment.id)
    )
    for row in db.session.execute(named):
        files.setdefault(row.entry_id, []).append(row.name)
    found: dict[int, Document] = {}
    for row in db.session.execute(tickets):
        found[row.id] = Document(row.id, tokens_of(row.subject))
        found[row.id].texts += answers_of(row.fields)
    columns = (Entry.id, Entry.ticket_id, Entry.kind, Entry.body, Entry.detail, Entry.is_public)
    entries = select(*columns).where(among(Entry.ticket_id, ids), Entry.voided_at.is_(None))
    for row in db.session.execute(entries.order_by(Entry.id)):
        texts = texts_of(row.kind, row.body, row.detail, row.is_public)
        found[row.ticket_id].texts += texts + names_of(files.get(row.id, ()), row.is_public)
    return list(found.values())


def answers_of(fields: dict[str, object] | None) -> list[Text]:
    """What the service's own questions were answered, as texts that reporters read."""
    tokens = [token for value in (fields or {}).values() for token in tokens_of(_said(value))]
    return [Text(tokens, True)] if tokens else []


def texts_of(kind: str, body: str, detail: dict[str, object], is_public: bool) -> list[Text]:
    """The texts of an entry: its body, and with a solution the cause, which reporters do not read."""
    cause = str(detail.get("cause") or "") if kind == "resolved" else ""
    texts = [Text(tokens_of(body), is_public), Text(tokens_of(cause), False)]
    return [each for each in texts if each.tokens]


def names_of(files: Sequence[str], is_public: bool) -> list[Text]:
    """The names of an entry's files as a text."""
    tokens = [token for name in files for token in tokens_of(name)]
    return [Text(tokens, is_public)] if tokens else []


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
