"""Teams and who is in them."""

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Model, db

if TYPE_CHECKING:
    from helpdesk.store.people import Person


class Team(Model):
    """A support team; its rosters answer "who is on call" and "who is the backup".

    `dispatch` says who gets a new ticket: nobody (by_hand), on_call, in_turn (`last_in_turn_id` had the last
    one), least_loaded. `hands_up_to_id`: the team that takes what its seniors cannot solve.
    """

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    roster_id: Mapped[int | None] = mapped_column(ForeignKey("roster.id", use_alter=True))
    backup_roster_id: Mapped[int | None] = mapped_column(ForeignKey("roster.id", use_alter=True))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", use_alter=True))
    dispatch: Mapped[str] = mapped_column(default="by_hand")
    last_in_turn_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", use_alter=True))
    hands_up_to_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    members: Mapped[list["Member"]] = relationship(
        back_populates="team", order_by="Member.person_id", cascade="all, delete-orphan"
    )
    manager: Mapped["Person | None"] = relationship("Person", foreign_keys=[manager_id])


class Member(Model):
    """A person in a team. `is_senior`: juniors hand up to them."""

    __tablename__ = "member"
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    is_lead: Mapped[bool] = mapped_column(default=False)
    is_senior: Mapped[bool] = mapped_column(default=False)
    team: Mapped[Team] = relationship(back_populates="members")
    person: Mapped["Person"] = relationship("Person", viewonly=True)


def get_team(team_id: int) -> Team:
    """The team of that id. LookupError if there is none."""
    team = db.session.get(Team, team_id)
    if team is None:
        raise LookupError(f"no team {team_id}")
    return team


def list_teams(active_only: bool = True) -> list[Team]:
    """Teams by name."""
    query = select(Team).order_by(Team.name)
    return list(db.session.scalars(query.where(Team.is_active) if active_only else query))


def list_teams_managed_by(person_id: int) -> list[Team]:
    """Active teams whose manager the person is, by name."""
    query = select(Team).where(Team.is_active, Team.manager_id == person_id).order_by(Team.name)
    return list(db.session.scalars(query))


def list_teams_without_roster() -> list[Team]:
    """Active teams that no roster answers for first, by name."""
    return list(
        db.session.scalars(select(Team).where(Team.is_active, Team.roster_id.is_(None)).order_by(Team.name))
    )


def list_leads(team_id: int) -> list["Person"]:
    """The team's leads, by id."""
    query = (
        select(Member)
        .where(Member.team_id == team_id, Member.is_lead)
        .options(joinedload(Member.person))
        .order_by(Member.person_id)
    )
    return [member.person for member in db.session.scalars(query) if member.person]
