"""What people at the desk can do, and what a service asks for."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model


class Skill(Model):
    """Something that not everybody at the desk can do: "SAP", "Network"."""

    __tablename__ = "skill"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class PersonSkill(Model):
    """The person has the skill."""

    __tablename__ = "person_skill"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), primary_key=True, index=True)


class ServiceSkill(Model):
    """Tickets of the service are dispatched to those who have the skill."""

    __tablename__ = "service_skill"
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), primary_key=True, index=True)
