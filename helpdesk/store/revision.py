"""Which revision is in force of what each process remembers: of the set-up (promises, calendars, ladders and
letters' texts), and of maintenance (windows, their steps, and whom they concern).

Every change of such a row gives the organisation another `revision` or `maintenance_revision` in the same
transaction, whichever verb made it; whoever remembers compares it with one read (desk/reference,
outbound/letter_texts, desk/known_windows).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import event, inspect, update
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from helpdesk.rules.window_notices import TOLD
from helpdesk.store.db import db
from helpdesk.store.escalations import EscalationPolicy, Step
from helpdesk.store.letter_templates import LetterTemplate
from helpdesk.store.maintenance import Window, WindowEntry, WindowNotice, WindowService
from helpdesk.store.organisation import Department, Organisation, new_revision
from helpdesk.store.policies import Calendar, CalendarVersion, Policy, PolicyRule, PolicyVersion
from helpdesk.store.services import Audience, Service
from helpdesk.store.teams import Member, Team

REMEMBERED = (
    Calendar,
    CalendarVersion,
    Policy,
    PolicyVersion,
    PolicyRule,
    Department,
    EscalationPolicy,
    Step,
    LetterTemplate,
)

# By class, which columns count once a row is there. Not all do: a dispatch notes at its team who had the last
# ticket, a round at its notice how far it is written.
MAINTENANCE: Mapping[type, tuple[str, ...]] = {
    Window: ("state", "starts_at", "ends_at", "started_at", "owner_id", "effect", "reason"),
    WindowService: ("is_named",),
    WindowEntry: (),
    WindowNotice: (),
    Service: ("name", "team_id", "is_restricted"),
    Audience: (),
    Department: ("parent_id",),
    Member: (),
    Team: ("manager_id",),
}
_CHANGED = "maintenance_changed"


def is_maintenance_changing() -> bool:
    """Whether the present transaction has changed what is remembered of maintenance: until it commits, nobody
    may remember what it reads."""
    db.session.flush()
    return _CHANGED in db.session.info


def _raise_revision(session: Session) -> None:
    session.execute(
        update(Organisation).values(revision=new_revision()),
        execution_options={"synchronize_session": False},
    )


@event.listens_for(db.session, "after_flush")
def _flushed(session: Session, _context: UOWTransaction) -> None:
    changed = (each for rows in (session.new, session.dirty, session.deleted) for each in rows)
    if any(isinstance(each, REMEMBERED) for each in changed):
        _raise_revision(session)
    if any(map(_counts, (*session.new, *session.deleted))) or any(map(_is_changed, session.dirty)):
        session.info[_CHANGED] = True


def _counts(row: object) -> bool:
    """Whether it matters that the row has come, or gone."""
    return type(row) in MAINTENANCE and (not isinstance(row, WindowEntry) or row.kind in TOLD)


def _is_changed(row: object) -> bool:
    """Whether what counts of a row is another now."""
    columns = MAINTENANCE.get(type(row), ())
    return any(inspect(row).attrs[name].history.has_changes() for name in columns)


@event.listens_for(db.session, "before_commit")
def _committing(session: Session) -> None:
    # As the last statement of all: who has the organisation's row waits for nobody's any more, so two
    # transactions which lock tickets, windows and services in other orders cannot meet in it.
    if session.in_nested_transaction():
        return
    session.flush()
    if session.info.pop(_CHANGED, False):
        session.execute(update(Organisation).values(maintenance_revision=new_revision()))


@event.listens_for(db.session, "after_transaction_end")
def _ended(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_CHANGED, None)


@event.listens_for(db.session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    """Statements in bulk, which no flush sees."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    mapper: Any = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, REMEMBERED):
        _raise_revision(state.session)
    columns = MAINTENANCE.get(mapper.class_) if mapper is not None else None
    if columns is not None and (columns or not state.is_update):
        state.session.info[_CHANGED] = True
