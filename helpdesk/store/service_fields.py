"""What the report form asks for one service beyond what it asks for all."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model


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
