"""Answers that a team gives often, ready to be put into a reply."""

from collections.abc import Collection

from sqlalchemy import ForeignKey, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, db
from helpdesk.store.teams import Team


class CannedAnswer(Model):
    """A text for replies, of one team or (`team_id` None) of all. `texts`: Markdown with variables, by locale
    (en, zh_Hans, zh_Hant); the reporter's language is taken, else the organisation's, else any."""

    __tablename__ = "canned_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str]
    texts: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    team: Mapped[Team | None] = relationship()


def list_canned_answers(
    team_ids: Collection[int] | None = None, with_general: bool = True
) -> list[CannedAnswer]:
    """Answers by name, with their teams: of these teams (None: of all) and, `with_general`, those of no
    team."""
    query = (
        select(CannedAnswer)
        .options(joinedload(CannedAnswer.team))
        .order_by(CannedAnswer.name, CannedAnswer.id)
    )
    if team_ids is not None:
        of_teams = CannedAnswer.team_id.in_(team_ids)
        query = query.where(or_(of_teams, CannedAnswer.team_id.is_(None)) if with_general else of_teams)
    return list(db.session.scalars(query))


def find_canned_answer(answer_id: int) -> CannedAnswer | None:
    """The answer of that id, or None."""
    return db.session.get(CannedAnswer, answer_id)


def find_canned_answer_named(team_id: int | None, name: str) -> CannedAnswer | None:
    """The answer of that team (None: of all) with exactly that name, or None."""
    of_team = CannedAnswer.team_id.is_(None) if team_id is None else CannedAnswer.team_id == team_id
    return db.session.scalar(select(CannedAnswer).where(of_team, CannedAnswer.name == name).limit(1))
