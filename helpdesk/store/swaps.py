"""Swaps of turns: those that are open, and those that were. (Their model stands in store/rosters.)"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from helpdesk.rules.swaps import OPEN
from helpdesk.store.db import db
from helpdesk.store.rosters import Swap

_LOADED = (
    joinedload(Swap.roster),
    joinedload(Swap.asker),
    joinedload(Swap.offered_to),
    joinedload(Swap.taken_by),
)


def find_swap(swap_id: int) -> Swap | None:
    """The swap of that id with its roster and people, or None."""
    return db.session.get(Swap, swap_id, options=_LOADED)


def list_open_swaps() -> list[Swap]:
    """Every swap that waits for somebody, with rosters and people, by when its turn begins."""
    query = select(Swap).where(Swap.state.in_(OPEN)).options(*_LOADED)
    return list(db.session.scalars(query.order_by(Swap.starts_at, Swap.id)))


def list_swaps_past(person_id: int, limit: int) -> list[Swap]:
    """Swaps that are done or over and that this person asked for, was asked for or took, newest first."""
    is_theirs = or_(
        Swap.asker_id == person_id, Swap.offered_to_id == person_id, Swap.taken_by_id == person_id
    )
    query = select(Swap).where(Swap.state.not_in(OPEN), is_theirs).options(*_LOADED)
    return list(db.session.scalars(query.order_by(Swap.id.desc()).limit(limit)))


def list_swaps_begun(at: datetime) -> list[int]:
    """The ids of open swaps of which a turn has begun by then."""
    begun = or_(Swap.starts_at <= at, Swap.return_starts_at <= at)
    return list(db.session.scalars(select(Swap.id).where(Swap.state.in_(OPEN), begun).order_by(Swap.id)))
