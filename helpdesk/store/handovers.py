"""How far the turns of each roster have been followed, and the notes that went from one to the next."""

from datetime import datetime

from sqlalchemy import ForeignKey, and_, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from helpdesk.rules.access import Asker, ticket_reach
from helpdesk.rules.lifecycle import State
from helpdesk.rules.severity import Severity
from helpdesk.store.db import Model, UtcDateTime, among, db, insert_missing
from helpdesk.store.rosters import Handover, Roster
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket


class TurnWatch(Model):
    """Turns of the roster that ended before `followed_until` were handed over; at `follow_at` the next ends,
    or somebody is to be reminded of theirs, or it is time to see whether anything was changed."""

    __tablename__ = "turn_watch"
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"), primary_key=True)
    followed_until: Mapped[datetime] = mapped_column(UtcDateTime)
    follow_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def list_rosters_to_follow(now: datetime, limit: int) -> list[int]:
    """The ids of rosters that are to be looked at by now, at most `limit`: new ones first, then the longest
    waiting."""
    query = (
        select(Roster.id)
        .outerjoin(TurnWatch, TurnWatch.roster_id == Roster.id)
        .where(or_(TurnWatch.roster_id.is_(None), TurnWatch.follow_at <= now))
        .order_by(TurnWatch.roster_id.is_not(None), TurnWatch.follow_at, Roster.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def claim_watch(roster_id: int, now: datetime) -> TurnWatch | None:
    """How far the roster was followed, locked until the transaction ends; None: another clock was faster. One
    that was never followed is from `now` on."""
    first = insert_missing(TurnWatch).values(roster_id=roster_id, followed_until=now, follow_at=now)
    db.session.execute(first)
    return db.session.scalar(
        select(TurnWatch)
        .where(TurnWatch.roster_id == roster_id, TurnWatch.follow_at <= now)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def find_handover(roster_id: int, at: datetime) -> Handover | None:
    """The note of the turn in that roster which ends at that instant, or None."""
    return db.session.scalar(select(Handover).where(Handover.roster_id == roster_id, Handover.at == at))


def find_words(roster_id: int, person_id: int) -> Handover | None:
    """The note that the person has begun in that roster and that has not been handed over, or None."""
    return db.session.scalar(
        select(Handover)
        .where(
            Handover.roster_id == roster_id,
            Handover.from_person_id == person_id,
            Handover.sent_at.is_(None),
        )
        .order_by(Handover.at)
        .limit(1)
    )


def get_handover(handover_id: int) -> Handover:
    """The note of that id. LookupError if there is none."""
    found = db.session.get(Handover, handover_id)
    if found is None:
        raise LookupError(f"no handover {handover_id}")
    return found


def find_sent_handover(handover_id: int) -> Handover | None:
    """The note of that id if it was handed over, or None."""
    return db.session.scalar(
        select(Handover).where(Handover.id == handover_id, Handover.sent_at.is_not(None))
    )


def list_handovers(asker: Asker, limit: int) -> list[Handover]:
    """The notes that were handed over and that the asker reads, the latest first: from or to them, of rosters
    of their teams, or all for who sees everything."""
    query = select(Handover).where(Handover.sent_at.is_not(None))
    if not ticket_reach(asker).everything:
        teams = Team.id.in_(asker.team_ids)
        query = query.where(
            or_(
                Handover.from_person_id == asker.person_id,
                Handover.to_person_id == asker.person_id,
                Handover.roster_id.in_(select(Team.roster_id).where(teams, Team.roster_id.is_not(None))),
                Handover.roster_id.in_(
                    select(Team.backup_roster_id).where(teams, Team.backup_roster_id.is_not(None))
                ),
            )
        )
    query = query.options(
        joinedload(Handover.roster), joinedload(Handover.from_person), joinedload(Handover.to_person)
    )
    return list(db.session.scalars(query.order_by(Handover.at.desc(), Handover.id.desc()).limit(limit)))


def list_to_hand_over(roster_id: int, soon: datetime, limit: int) -> dict[str, list[int]]:
    """What is open with the teams that this roster answers for, ids of tickets, soonest due first, at most
    `limit` each: "critical"; of the others "waiting"; of the rest "promised" (news was promised, or they are
    due by `soon`)."""
    teams = select(Team.id).where(or_(Team.roster_id == roster_id, Team.backup_roster_id == roster_id))
    base = select(Ticket.id).where(Ticket.is_open, Ticket.parent_id.is_(None), Ticket.team_id.in_(teams))
    base = base.order_by(Ticket.next_due_at.is_(None), Ticket.next_due_at, Ticket.id).limit(limit)
    is_critical, is_waiting = Ticket.severity == Severity.CRITICAL, Ticket.state == State.WAITING
    is_promised = or_(Ticket.update_by.is_not(None), Ticket.next_due_at <= soon)
    kinds = {
        "critical": is_critical,
        "waiting": and_(~is_critical, is_waiting),
        "promised": and_(~is_critical, ~is_waiting, is_promised),
    }
    return {kind: list(db.session.scalars(base.where(which))) for kind, which in kinds.items()}


def list_tickets_by_id(ticket_ids: set[int]) -> dict[int, Ticket]:
    """These tickets by id, with whom and what they are about."""
    query = select(Ticket).where(among(Ticket.id, ticket_ids))
    query = query.options(joinedload(Ticket.service), joinedload(Ticket.assignee))
    return {ticket.id: ticket for ticket in db.session.scalars(query)}
