"""What people at the desk can do, and what a service asks for."""

from collections.abc import Collection

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, db
from helpdesk.store.people import Person
from helpdesk.store.services import Service


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


def list_skills() -> list[Skill]:
    """All skills by name."""
    return list(db.session.scalars(select(Skill).order_by(func.lower(Skill.name), Skill.id)))


def list_skill_counts() -> dict[int, tuple[int, int]]:
    """By skill id, how many people who are here have it, and how many services ask for it."""
    has_it = (
        select(func.count())
        .select_from(PersonSkill)
        .join(Person, Person.id == PersonSkill.person_id)
        .where(PersonSkill.skill_id == Skill.id, Person.left_at.is_(None))
    )
    asks = select(func.count()).select_from(ServiceSkill).where(ServiceSkill.skill_id == Skill.id)
    query = select(Skill.id, has_it.scalar_subquery(), asks.scalar_subquery())
    return {skill_id: (people, services) for skill_id, people, services in db.session.execute(query)}


def list_skilled(skill_id: int) -> list[Person]:
    """People who are here and have the skill, by name."""
    query = select(Person).join(PersonSkill, PersonSkill.person_id == Person.id)
    query = query.where(PersonSkill.skill_id == skill_id, Person.left_at.is_(None))
    return list(db.session.scalars(query.order_by(Person.name, Person.id)))


def list_services_asking(skill_id: int) -> list[Service]:
    """Services that ask for the skill, by name."""
    query = select(Service).join(ServiceSkill, ServiceSkill.service_id == Service.id)
    return list(db.session.scalars(query.where(ServiceSkill.skill_id == skill_id).order_by(Service.name)))


def list_skills_of_people(person_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The skills (ids) of each of these people; who has none is not in it."""
    query = select(PersonSkill.person_id, PersonSkill.skill_id).where(PersonSkill.person_id.in_(person_ids))
    found: dict[int, set[int]] = {}
    for person_id, skill_id in db.session.execute(query):
        found.setdefault(person_id, set()).add(skill_id)
    return {person_id: frozenset(skills) for person_id, skills in found.items()}


def list_skill_ids_of_service(service_id: int) -> list[int]:
    """The ids of the skills that the service asks for; none: anybody can."""
    query = select(ServiceSkill.skill_id).where(ServiceSkill.service_id == service_id)
    return list(db.session.scalars(query.order_by(ServiceSkill.skill_id)))


def list_skill_ids_of_person(person_id: int) -> list[int]:
    """The ids of the skills that the person has."""
    return sorted(list_skills_of_people([person_id]).get(person_id, frozenset()))


def replace_skills_of_person(person_id: int, skill_ids: Collection[int]) -> None:
    """The person has these skills and no others. For desk verbs."""
    db.session.execute(delete(PersonSkill).where(PersonSkill.person_id == person_id))
    db.session.add_all([PersonSkill(person_id=person_id, skill_id=each) for each in sorted(set(skill_ids))])


def replace_skills_of_service(service_id: int, skill_ids: Collection[int]) -> None:
    """The service asks for these skills and no others. For desk verbs."""
    db.session.execute(delete(ServiceSkill).where(ServiceSkill.service_id == service_id))
    db.session.add_all(
        [ServiceSkill(service_id=service_id, skill_id=each) for each in sorted(set(skill_ids))]
    )


def delete_skill(skill: Skill) -> None:
    """Nobody has the skill and no service asks for it any more. For desk verbs."""
    db.session.execute(delete(PersonSkill).where(PersonSkill.skill_id == skill.id))
    db.session.execute(delete(ServiceSkill).where(ServiceSkill.skill_id == skill.id))
    db.session.delete(skill)
