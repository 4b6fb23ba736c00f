"""What the report form asks for one service beyond what it asks for all."""

from collections.abc import Collection

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model, db


class ServiceField(Model):
    """A further question of a service's form. `kind`: text, choice, date, number, file; `label` and `hint` as
    typed by the administrator; `choices` for kind choice. One that is taken out stays (`is_active`), for
    tickets bear answers to it (Ticket.fields, by id as text)."""

    __tablename__ = "service_field"
    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    label: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    choices: Mapped[list[str]] = mapped_column(Json, default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices as a form's select takes them: value and label."""
        return [(each, each) for each in self.choices]


def list_service_fields(service_id: int, active_only: bool = True) -> list[ServiceField]:
    """The questions of a service in the order in which its form asks them."""
    query = select(ServiceField).where(ServiceField.service_id == service_id)
    if active_only:
        query = query.where(ServiceField.is_active)
    return list(db.session.scalars(query.order_by(ServiceField.position, ServiceField.id)))


def find_service_field(field_id: int) -> ServiceField | None:
    """The question of that id, or None."""
    return db.session.get(ServiceField, field_id)


def list_answered_fields(field_ids: Collection[int]) -> list[ServiceField]:
    """The questions of these ids, also those that are asked no longer, in their forms' order."""
    if not field_ids:
        return []
    query = select(ServiceField).where(ServiceField.id.in_(field_ids))
    return list(db.session.scalars(query.order_by(ServiceField.position, ServiceField.id)))
