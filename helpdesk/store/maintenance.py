"""Maintenance windows."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, and_, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.rules.maintenance import RUNNING, State
from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.people import Person
from helpdesk.store.services import Service


class WindowService(Model):
    """A service that the window covers. `is_named`: it was chosen; else it depends on one that was."""

    __tablename__ = "window_service"
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, index=True)
    is_named: Mapped[bool] = mapped_column(default=True)
    service: Mapped[Service] = relationship(lazy="joined")


class Window(Model):
    """Services are under maintenance in [starts_at, ends_at), as planned; an extension moves `ends_at`.

    `announced_at`: when its present start was announced. `started_at`, `ended_at`: when it really began and
    ended; None: not yet. `state`: draft; approved (by somebody else than its author); announced (people and
    clock know of it; its services are fixed); running; extended (running, with a later end); finished;
    cancelled. Each step stands in its timeline (WindowEntry). What the clock takes of it says
    rules/maintenance. What was known of it at an earlier instant stands in its versions. `effect`: one of
    rules/maintenance.EFFECTS. `series_id`: it recurs.
    """

    __tablename__ = "maintenance_window"
    __table_args__ = (Index(None, "ends_at"), Index(None, "state", "starts_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="draft")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    effect: Mapped[str] = mapped_column(default="down")
    rollback_plan: Mapped[str] = mapped_column(default="")
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("window_series.id"), index=True)
    covered: Mapped[list[WindowService]] = relationship(
        order_by="WindowService.is_named.desc(), WindowService.service_id",
        cascade="all, delete-orphan",
        lazy="selectin",
    )
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])

    @property
    def services(self) -> list[Service]:
        """The services it covers, those that were chosen first."""
        return [each.service for each in self.covered]

    @property
    def service(self) -> Service:
        """The first of its services."""
        return self.covered[0].service

    @property
    def is_cancelled(self) -> bool:
        """Whether it was called off."""
        return self.cancelled_at is not None

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it is left to come."""
        return self.ends_at <= now or self.ended_at is not None or self.cancelled_at is not None

    def is_running(self, now: datetime) -> bool:
        """Whether `now` lies in it."""
        begins_at = self.started_at or self.starts_at
        return self.announced_at is not None and begins_at <= now and not self.is_over(now)


class WindowVersion(Model):
    """The window as it was known from `known_at` on, until a later version; written with each change from
    its announcement on."""

    __tablename__ = "window_version"
    __table_args__ = (Index(None, "window_id", "known_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class WindowEntry(Model):
    """A step in a window's life, append-only. `kind`: drafted, changed, approved, announced, moved, started,
    extended, finished, cancelled, emergency, outcome. `actor_id` None: the clock."""

    __tablename__ = "window_entry"
    __table_args__ = (Index(None, "window_id", "id"), Index(None, "at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    window: Mapped[Window] = relationship()
    actor: Mapped[Person | None] = relationship()


class WindowSeries(Model):
    """Windows that recur: `rule` (RRULE, RFC 5545) from the local `starts_at` in `zone` on, `minutes` long,
    but for the local starts in `exceptions` (texts "2026-03-02T18:00"). `author_ids`: whoever
    wrote any of it, and so does not approve it. Its windows are made weeks ahead and announced, once the
    series is approved: so far those that begin before `made_until`. `stopped_at`: no further ones."""

    __tablename__ = "window_series"
    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str]
    zone: Mapped[str]
    starts_at: Mapped[str]
    minutes: Mapped[int]
    exceptions: Mapped[list[str]] = mapped_column(Json, default=list)
    service_ids: Mapped[list[int]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(default="")
    effect: Mapped[str] = mapped_column(default="down")
    rollback_plan: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author_ids: Mapped[list[int]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])


class Freeze(Model):
    """No changes in these days of the organisation's zone: from `first_on`, `days` long, again by `rule`
    (RRULE; "": once). Windows in it are warned about, not refused."""

    __tablename__ = "freeze"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    first_on: Mapped[date]
    days: Mapped[int]
    rule: Mapped[str] = mapped_column(default="")


class WindowNotice(Model):
    """A round of letters about a window, due at `due_at`. `kind`: announced, before (`minutes` before it
    starts), started, extended, moved, finished, cancelled. `up_to_person_id`: written up to that person;
    `done_at`: all are."""

    __tablename__ = "window_notice"
    __table_args__ = (Index(None, "done_at", "due_at"), Index(None, "window_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    kind: Mapped[str]
    minutes: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    up_to_person_id: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window: Mapped[Window] = relationship()


class WindowFollower(Model):
    """Somebody who asked to be told of this window, whether they use its services or not."""

    __tablename__ = "window_follower"
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class EmergencyRequest(Model):
    """Urgent business during a window: a critical ticket, told to the window's owner and on call at once.
    `outcome`: interrupt (the window ends or is put back), work_around, wait; None: not decided yet."""

    __tablename__ = "emergency_request"
    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), unique=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None]
    words: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window: Mapped[Window] = relationship()
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])


def find_window(window_id: int) -> Window | None:
    """The window of that id, cancelled or not, or None."""
    return db.session.get(Window, window_id)


def get_window_for_change(window_id: int) -> Window:
    """The window, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    window = db.session.scalar(
        select(Window)
        .where(Window.id == window_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if window is None:
        raise LookupError(f"no window {window_id}")
    return window


def lock_service(service_id: int) -> None:
    """Waits for reports and moves to this service that have begun, and holds back new ones, until the
    transaction ends: none may miss a window. LookupError if there is no such service. For desk verbs."""
    if db.session.scalar(select(Service.id).where(Service.id == service_id).with_for_update()) is None:
        raise LookupError(f"no service {service_id}")


def list_windows(service_ids: list[int], start: datetime, end: datetime) -> list[Window]:
    """Announced windows of these services, not cancelled, that touch [start, end), by start: as they really
    began and ended, or as planned."""
    return list(
        db.session.scalars(
            select(Window)
            .where(
                Window.id.in_(_of_services(service_ids)),
                Window.announced_at.is_not(None),
                Window.cancelled_at.is_(None),
                func.coalesce(Window.started_at, Window.starts_at) < end,
                func.coalesce(Window.ended_at, Window.ends_at) > start,
            )
            .order_by(Window.starts_at, Window.id)
        )
    )


def _of_services(service_ids: list[int]) -> Select[int]:
    return select(WindowService.window_id).where(WindowService.service_id.in_(service_ids))


def list_window_versions(
    service_ids: Collection[int], since: datetime
) -> dict[int, dict[int, list[WindowVersion]]]:
    """All versions, in their order, of those windows which by one of them end after `since`: by the service
    that they cover and the window's id. A service of which there is none has an empty dict."""
    ending = select(WindowVersion.window_id).where(WindowVersion.ends_at > since)
    query = (
        select(WindowService.service_id, WindowVersion)
        .join(WindowVersion, WindowVersion.window_id == WindowService.window_id)
        .where(WindowService.service_id.in_(service_ids), WindowVersion.window_id.in_(ending))
        .order_by(WindowVersion.id)
    )
    found: dict[int, dict[int, list[WindowVersion]]] = {service_id: {} for service_id in service_ids}
    for service_id, version in db.session.execute(query):
        found[service_id].setdefault(version.window_id, []).append(version)
    return found


def list_windows_ahead(now: datetime, until: datetime) -> list[Window]:
    """Windows that run at `now` or start by `until`, not cancelled, services loaded, by start."""
    query = select(Window).where(
        Window.cancelled_at.is_(None),
        Window.ended_at.is_(None),
        Window.ends_at > now,
        Window.starts_at < until,
    )
    query = query.order_by(Window.starts_at, Window.id)
    return list(db.session.scalars(query))


def list_windows_over(now: datetime, limit: int = 50) -> list[Window]:
    """Windows that are over or were cancelled, latest first, services loaded."""
    is_over = (Window.ends_at <= now) | Window.ended_at.is_not(None) | Window.cancelled_at.is_not(None)
    query = select(Window).where(is_over)
    query = query.order_by(Window.starts_at.desc(), Window.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def list_running_windows(now: datetime) -> list[Window]:
    """Windows that run at `now`, services loaded, by their end."""
    return list(
        db.session.scalars(
            select(Window)
            .where(
                Window.announced_at.is_not(None),
                Window.cancelled_at.is_(None),
                Window.ended_at.is_(None),
                func.coalesce(Window.started_at, Window.starts_at) <= now,
                Window.ends_at > now,
            )
            .order_by(Window.ends_at, Window.id)
        )
    )


def list_windows_due(now: datetime) -> list[int]:
    """The ids of windows that should have started or ended by `now` and have not yet, the earliest first."""
    to_start = and_(Window.state == State.ANNOUNCED, Window.starts_at <= now)
    to_end = and_(Window.state.in_(RUNNING), Window.ends_at <= now)
    query = select(Window.id).where(or_(to_start, to_end)).order_by(Window.starts_at, Window.id)
    return list(db.session.scalars(query))


def list_window_entries(window_ids: Collection[int]) -> list[WindowEntry]:
    """The timelines of these windows, in their order."""
    query = select(WindowEntry).where(WindowEntry.window_id.in_(window_ids))
    return list(db.session.scalars(query.order_by(WindowEntry.window_id, WindowEntry.id)))
