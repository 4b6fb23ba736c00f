"""Which revision of the set-up is in force: promises, calendars, ladders and letters' texts, that each
process remembers.

Every change of such a row gives the organisation another `revision` in the same transaction, whichever verb
made it; whoever remembers compares it with one read (desk/reference, outbound/letter_texts).
"""

from typing import Any

from sqlalchemy import event, update
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from helpdesk.store.db import db
from helpdesk.store.escalations import EscalationPolicy, Step
from helpdesk.store.letter_templates import LetterTemplate
from helpdesk.store.organisation import Department, Organisation, new_revision
from helpdesk.store.policies import Calendar, CalendarVersion, Policy, PolicyRule, PolicyVersion

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


@event.listens_for(db.session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    """Statements in bulk, which no flush sees."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    mapper: Any = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, REMEMBERED):
        _raise_revision(state.session)
