"""The words of tickets: a document each, the same tokens (rules/words) on PostgreSQL and SQLite.

PostgreSQL keeps them as tsvectors that are written as literals, so that no parser of its own has a say:
`subject` by itself, and all `words` labelled A (subject), B (public) or D (the desk's). SQLite keeps them as
text of an FTS5 table whose tokenizer does no more than split at spaces. Beside db.py the place where the two
differ.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    DDL,
    ColumnElement,
    String,
    and_,
    bindparam,
    cast,
    column,
    event,
    exists,
    func,
    not_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.expression import FromClause

from helpdesk.rules.words import MOST_OF_TEXT, Term, weight_of
from helpdesk.store.db import Base, Model, db
from helpdesk.store.tickets import Ticket

POSTGRESQL = (
    """CREATE TABLE IF NOT EXISTS ticket_words (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket (id),
        size INTEGER NOT NULL,
        subject TSVECTOR NOT NULL,
        words TSVECTOR NOT NULL
    )""",
    # So that the planner knows which words are common: the rarer of them are looked up, the others walked.
    "ALTER TABLE ticket_words ALTER subject SET STATISTICS 400, ALTER words SET STATISTICS 400",
    # Without a list of what is still to be put in, which every search would have to read.
    """CREATE INDEX IF NOT EXISTS ix_ticket_words_subject ON ticket_words USING gin (subject)
        WITH (fastupdate = off)""",
    """CREATE INDEX IF NOT EXISTS ix_ticket_words_words ON ticket_words USING gin (words)
        WITH (fastupdate = off)""",
)
# ascii takes every character but ASCII's signs for a part of a token: tokens stay as rules/words made them.
SQLITE = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS ticket_words
        USING fts5(subject, public, desk, size UNINDEXED, tokenize = "ascii tokenchars '_'")""",
)
NEWEST = 10_000
COMMON = 0.005  # of all documents: where as many of the newest have a word, they soon fill a page
GAP = "_"  # no token of ours: a phrase does not go on from one text to the next

for _dialect, _statements in (("postgresql", POSTGRESQL), ("sqlite", SQLITE)):
    for _statement in _statements:
        event.listen(Base.metadata, "after_create", DDL(_statement).execute_if(dialect=_dialect))
event.listen(Base.metadata, "before_drop", DDL("DROP TABLE IF EXISTS ticket_words"))


class WordSweep(Model):
    """Tickets of before there was a search: those up to the id `left_id` are still to be read, the newest
    first. One row; without it, or at 0, none is left."""

    __tablename__ = "word_sweep"
    id: Mapped[int] = mapped_column(primary_key=True)
    left_id: Mapped[int]


@dataclass(frozen=True, slots=True)
class Text:
    """The tokens of one text of a ticket, and whether its reporter reads it."""

    tokens: Sequence[str]
    is_public: bool


@dataclass(slots=True)
class Document:
    """What is found of a ticket: the tokens of its subject, and its texts in the order they came."""

    ticket_id: int
    subject: Sequence[str]
    texts: list[Text] = field(default_factory=list)


def is_own_table(name: str) -> bool:
    """Whether that table is one of the search's, which no model describes."""
    return name == "ticket_words" or name.startswith("ticket_words_")


def put_documents(documents: Iterable[Document]) -> None:
    """Keeps these documents in place of what there was of their tickets. For desk verbs."""
    if _is_postgresql():
        rows = [_vectors(document) for document in documents]
        db.session.execute(text(_PUT), {"rows": json.dumps(rows, ensure_ascii=False)})
        return
    found = [_texts(document) for document in documents]
    if found:
        db.session.execute(text("DELETE FROM ticket_words WHERE rowid = :id"), found)
        db.session.execute(
            text(
                "INSERT INTO ticket_words (rowid, subject, public, desk, size)"
                " VALUES (:id, :subject, :public, :desk, :size)"
            ),
            found,
        )


def append_text(ticket_id: int, added: Text) -> bool:
    """Adds a text to the ticket's document, unless that is full. False where it has none. For desk verbs."""
    values: dict[str, int | str] = {"id": ticket_id, "weight": weight_of(added.tokens), "most": MOST_OF_TEXT}
    if _is_postgresql():
        values["added"] = _vector(added.tokens, "B" if added.is_public else "")[0]
        done = db.session.execute(text(_APPEND), values)
    else:
        name = "public" if added.is_public else "desk"
        values["added"] = " ".join(("", GAP, *added.tokens))
        done = db.session.execute(text(_APPEND_TEXT.format(name=name)), values)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def list_differing(documents: Sequence[Document]) -> list[int]:
    """The tickets of which something else is kept than these documents say, or nothing; by id."""
    if _is_postgresql():
        rows = json.dumps([_vectors(document) for document in documents], ensure_ascii=False)
        return list(db.session.scalars(text(_DIFFERING), {"rows": rows}))
    ids = json.dumps([document.ticket_id for document in documents])
    kept = {
        row.rowid: row._mapping
        for row in db.session.execute(
            text(
                "SELECT rowid, subject, public, desk FROM ticket_words"
                " WHERE rowid IN (SELECT value FROM json_each(:ids))"
            ),
            {"ids": ids},
        )
    }
    ruled = {document.ticket_id: _texts(document) for document in documents}
    names = ("subject", "public", "desk")
    return sorted(i for i, d in ruled.items() if i not in kept or any(kept[i][n] != d[n] for n in names))


def find_words_left() -> int:
    """Up to which id tickets of before are still to be read; 0: none is left."""
    return db.session.scalar(select(WordSweep.left_id)) or 0


def words_table() -> tuple[FromClause, ColumnElement[int]]:
    """The table of documents, and the column of it that is the ticket's id, by which it is walked."""
    found = table("ticket_words", *map(column, ("rowid", "ticket_id", "subject", "words", "ticket_words")))
    return found, found.c.ticket_id if _is_postgresql() else found.c.rowid


def plan_for_these_words() -> None:
    """Has PostgreSQL look at the very words before it plans: a common one is found by another way than a rare
    one, and a plan for any word serves neither. Holds until the transaction ends."""
    if _is_postgresql():
        db.session.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))


def newest_words() -> tuple[FromClause, ColumnElement[int]]:
    """As `words_table`, of the NEWEST documents alone."""
    words, ticket_id = words_table()
    newest = select(words.c.ticket_id, words.c.subject, words.c.words).order_by(ticket_id.desc())
    found = newest.limit(NEWEST).subquery("newest")
    return found, found.c.ticket_id


def are_common(terms: Sequence[Term], place: str) -> bool:
    """Whether several words are asked for, and each is in many documents, as PostgreSQL last counted.

    How many have all of them it can but guess, as if words came together by chance; those of a phrase do not.
    So the newest documents are walked before it is asked about all. False on SQLite, which always walks.
    """
    tokens = {token for term in terms for token in term.tokens}
    if len(tokens) < 2 or not _is_postgresql() or any(term.is_prefix for term in terms):
        return False
    asked = {
        "column": "subject" if place == "subject" else "words",
        "tokens": sorted(tokens),
        "share": COMMON,
    }
    return db.session.scalar(text(_COMMON), asked) == len(tokens)


def holds(
    words: FromClause, terms: Sequence[Term], place: str, without: Sequence[Term] = ()
) -> ColumnElement[bool]:
    """The condition on a document that has every term in `place` ("subject", "public": what reporters read,
    or "all"), and not every one of `without` in its subject."""
    if _is_postgresql():
        asked = cast(bindparam(None, _tsquery(terms, place), String), TSQUERY)
        found = (words.c.subject if place == "subject" else words.c.words).op("@@")(asked)
        if not without:
            return found
        subject = cast(bindparam(None, _tsquery(without, "subject"), String), TSQUERY)
        return and_(found, not_(words.c.subject.op("@@")(subject)))
    asked_for = _match(terms, place)
    if without:
        asked_for = f"({asked_for}) NOT ({_match(without, 'subject')})"
    return words.c.ticket_words.op("MATCH")(bindparam(None, asked_for, String))


def has_words(words: FromClause, terms: Sequence[Term], place: str) -> ColumnElement[bool]:
    """As `holds`, of a document that was found by something else."""
    if _is_postgresql():
        return holds(words, terms, place)
    again = words.alias()
    return exists(select(1).select_from(again).where(holds(again, terms, place), again.c.rowid == Ticket.id))


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


_COMMON = """
SELECT count(*) FROM pg_stats,
    unnest(CAST(CAST(most_common_elems AS TEXT) AS TEXT[]), most_common_elem_freqs) AS known (word, share)
WHERE schemaname = current_schema() AND tablename = 'ticket_words' AND attname = :column
    AND share > :share AND word = ANY(:tokens)
"""
_ROWS = (
    "json_to_recordset(CAST(:rows AS JSON)) AS new(ticket_id INTEGER, size INTEGER, subject TEXT, words TEXT)"
)
_PUT = f"""
INSERT INTO ticket_words (ticket_id, size, subject, words)
SELECT ticket_id, size, CAST(subject AS TSVECTOR), CAST(words AS TSVECTOR) FROM {_ROWS}
ON CONFLICT (ticket_id) DO UPDATE
SET size = EXCLUDED.size, subject = EXCLUDED.subject, words = EXCLUDED.words
"""
_APPEND = """
UPDATE ticket_words SET
    words = CASE WHEN size < :most THEN words || CAST(:added AS TSVECTOR) ELSE words END,
    size = CASE WHEN size < :most THEN size + :weight ELSE size END
WHERE ticket_id = :id
"""
_APPEND_TEXT = """
UPDATE ticket_words SET
    {name} = CASE WHEN size < :most THEN {name} || :added ELSE {name} END,
    size = CASE WHEN size < :most THEN size + :weight ELSE size END
WHERE rowid = :id
"""
# Without positions, of which PostgreSQL keeps 255 of a word.
_DIFFERING = f"""
SELECT new.ticket_id FROM {_ROWS} LEFT JOIN ticket_words kept ON kept.ticket_id = new.ticket_id
WHERE kept.ticket_id IS NULL OR kept.subject <> CAST(new.subject AS TSVECTOR)
    OR strip(kept.words) <> strip(CAST(new.words AS TSVECTOR))
    OR strip(ts_filter(kept.words, '{{a,b}}')) <> strip(ts_filter(CAST(new.words AS TSVECTOR), '{{a,b}}'))
ORDER BY new.ticket_id
"""


def _kept_texts(document: Document) -> tuple[list[Text], int]:
    """Those texts that find room, and what the document then weighs."""
    size, kept = weight_of(document.subject), []
    for each in document.texts:
        if each.tokens and size < MOST_OF_TEXT:
            kept.append(each)
            size += weight_of(each.tokens)
    return kept, size


def _vectors(document: Document) -> dict[str, int | str]:
    """A row for PostgreSQL."""
    kept, size = _kept_texts(document)
    subject, last = _vector(document.subject, "A")
    parts = [subject]
    for each in kept:
        vector, last = _vector(each.tokens, "B" if each.is_public else "", last)
        parts.append(vector)
    return {"ticket_id": document.ticket_id, "size": size, "subject": subject, "words": " ".join(parts)}


def _vector(tokens: Sequence[str], label: str, after: int = 0) -> tuple[str, int]:
    """The tokens as a tsvector's literal, with a gap after position `after`, and the last position."""
    first = after + 2 if tokens else after + 1
    return " ".join(f"'{t}':{n}{label}" for n, t in enumerate(tokens, first)), first + len(tokens) - 1


def _texts(document: Document) -> dict[str, int | str]:
    """A row for SQLite."""
    kept, size = _kept_texts(document)
    found: dict[str, int | str] = {"id": document.ticket_id, "size": size}
    found["subject"] = " ".join(document.subject)
    for name, is_public in (("public", True), ("desk", False)):
        parts = (" ".join(("", GAP, *each.tokens)) for each in kept if each.is_public == is_public)
        found[name] = "".join(parts)
    return found


def _tsquery(terms: Sequence[Term], place: str) -> str:
    """Tokens hold letters and digits alone: nothing in them needs escaping."""
    labels = "AB" if place == "public" else ""
    return " & ".join(f"({_tsphrase(term, labels)})" for term in terms)


def _tsphrase(term: Term, labels: str) -> str:
    marks = [labels] * (len(term.tokens) - 1) + [("*" if term.is_prefix else "") + labels]
    return " <-> ".join(f"'{t}'{':' + m if m else ''}" for t, m in zip(term.tokens, marks, strict=True))


_PLACES = {"subject": "subject", "public": "{subject public}", "all": "{subject public desk}"}


def _match(terms: Sequence[Term], place: str) -> str:
    phrases = (f'"{" ".join(term.tokens)}"{" *" if term.is_prefix else ""}' for term in terms)
    return f"{_PLACES[place]} : ({' AND '.join(phrases)})"
