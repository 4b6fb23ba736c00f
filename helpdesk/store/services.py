"""Services that people report about."""

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Model, db
from helpdesk.store.people import Person
from helpdesk.store.teams import Team


class Service(Model):
    """A service, its team and owner. `is_core`: its standstill is critical. `is_restricted`: only its
    team (and those who see everything) see its tickets."""

    __tablename__ = "service"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_core: Mapped[bool] = mapped_column(default=False)
    is_restricted: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    # Whether it stands on the public status page; a restricted one never does.
    is_on_status_page: Mapped[bool] = mapped_column(default=True)
    team: Mapped[Team] = relationship()
    owner: Mapped[Person | None] = relationship()

    @property
    def is_shown(self) -> bool:
        """Whether it stands on the status page (store/status.list_shown_services)."""
        return self.is_active and self.is_on_status_page and not self.is_restricted


class Dependency(Model):
    """`service` does not work without `needs`: what covers the one covers the other."""

    __tablename__ = "service_dependency"
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, index=True)


class Audience(Model):
    """People of the department, and of those below it, use the service: they hear of its maintenance. A
    service without any: everybody does."""

    __tablename__ = "service_audience"
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)


def find_service(service_id: int) -> Service | None:
    """The service of that id, or None."""
    return db.session.get(Service, service_id)


def find_service_to_report(service_id: int) -> Service | None:
    """As `find_service`; until the transaction ends no window of it can begin unseen (store/maintenance)."""
    return db.session.scalar(
        select(Service).where(Service.id == service_id).with_for_update(read=True, key_share=True)
    )


def get_service(service_id: int) -> Service:
    """The service of that id. LookupError if there is none."""
    service = find_service(service_id)
    if service is None:
        raise LookupError(f"no service {service_id}")
    return service


def list_services(active_only: bool = True) -> list[Service]:
    """Services by name, their teams loaded."""
    query = select(Service).options(joinedload(Service.team)).order_by(Service.name)
    return list(db.session.scalars(query.where(Service.is_active) if active_only else query))


def list_restricted_ids() -> frozenset[int]:
    """The ids of restricted services, whose tickets only their team reads."""
    return frozenset(db.session.scalars(select(Service.id).where(Service.is_restricted)))


def list_dependencies() -> list[tuple[int, int]]:
    """(service id, id of one that it needs) of all services."""
    rows = db.session.execute(select(Dependency.service_id, Dependency.needs_id))
    return [(service_id, needs_id) for service_id, needs_id in rows]


def list_needed_ids(service_id: int) -> list[int]:
    """The ids of the services that this one needs itself."""
    query = select(Dependency.needs_id).where(Dependency.service_id == service_id)
    return list(db.session.scalars(query.order_by(Dependency.needs_id)))


def list_audience_ids(service_id: int) -> list[int]:
    """The ids of the departments that use the service; none: everybody does."""
    query = select(Audience.department_id).where(Audience.service_id == service_id)
    return list(db.session.scalars(query.order_by(Audience.department_id)))


def replace_needed(service_id: int, needed_ids: list[int]) -> None:
    """The service needs these and no others. For desk verbs."""
    db.session.execute(delete(Dependency).where(Dependency.service_id == service_id))
    db.session.add_all([Dependency(service_id=service_id, needs_id=each) for each in needed_ids])


def replace_audience(service_id: int, department_ids: list[int]) -> None:
    """People of these departments use the service; none: everybody does. For desk verbs."""
    db.session.execute(delete(Audience).where(Audience.service_id == service_id))
    db.session.add_all([Audience(service_id=service_id, department_id=each) for each in department_ids])
