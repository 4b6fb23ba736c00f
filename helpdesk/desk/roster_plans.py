"""Plans who is on call: rosters made, their layers and overrides changed. The past stays as it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from helpdesk.desk import holidays
from helpdesk.desk.rosters import LayerDraft, draft_of, layers_of
from helpdesk.desk.security import log_event
from helpdesk.desk.turn_news import told
from helpdesk.store.db import db, transaction
from helpdesk.store.people import get_person
from helpdesk.store.rosters import (
    Absence,
    Layer,
    Override,
    Roster,
    RosterVersion,
    find_override,
    find_roster_by_name,
    get_roster_for_change,
    list_people_by_id,
)
from helpdesk.store.teams import get_team

SETTINGS = ("name", "zone", "swaps_need_lead", "holiday_calendar_id", "remind_hours")


class NameTaken(Exception):
    """Another roster has that name."""


class SlotTaken(Exception):
    """The team has such a roster already."""


class NothingLeft(Exception):
    """What was to be made or changed lies in the past."""


def create_roster(
    name: str,
    zone: str,
    *,
    team_id: int | None = None,
    as_backup: bool = False,
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Roster:
    """A roster without layers, for a team as its first line or its backup (None: no team's yet).

    Raises NameTaken, SlotTaken; LookupError where there is no such team.
    """
    with transaction():
        _require_free(name, None)
        roster = Roster(name=name, zone=zone)
        db.session.add(roster)
        db.session.flush()
        if team_id is not None:
            team, slot = get_team(team_id), "backup_roster_id" if as_backup else "roster_id"
            if getattr(team, slot) is not None:
                raise SlotTaken(team.name)
            setattr(team, slot, roster.id)
        _log("roster_added", roster, {"zone": zone}, now, actor_id, address)
    return roster


def change(
    roster_id: int, values: Mapping[str, Any], *, now: datetime, actor_id: int, address: str = ""
) -> Roster:
    """Other settings (SETTINGS, each as its column); in another zone turns begin at the same local times
    there, from now on; with another holiday calendar its holidays are proposed at once.

    Raises NameTaken; LookupError where there is no such roster.
    """
    with transaction(), told([roster_id], now=now, actor_id=actor_id):
        roster = get_roster_for_change(roster_id)
        _require_free(values.get("name", roster.name), roster_id)
        before = {name: getattr(roster, name) for name in SETTINGS}
        for name in SETTINGS:
            setattr(roster, name, values.get(name, before[name]))
        if roster.zone != before["zone"] and roster.versions:
            _move_to_zone(roster, now, actor_id)
        db.session.flush()
        holidays.propose(roster, now)
        other = [name for name in SETTINGS if getattr(roster, name) != before[name]]
        detail = {
            "from": ", ".join(f"{name} {before[name]}" for name in other),
            "to": ", ".join(f"{name} {getattr(roster, name)}" for name in other),
        }
        _log("roster_changed", roster, detail, now, actor_id, address)
    return roster


def save_layers(
    roster_id: int,
    drafts: Sequence[LayerDraft],
    *,
    effective_at: datetime | None = None,
    reason: str = "",
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Roster:
    """These layers, the lowest first, from `effective_at` on (None or past: from now on) in place of those
    there were, also of those that were to hold later. What was before stays as it was.

    Raises ScenarioError, which names the place, for what the rule refuses; LookupError for an unknown
    roster, person or calendar.
    """
    with transaction(), told([roster_id], now=now, actor_id=actor_id):
        roster = get_roster_for_change(roster_id)
        layers_of(roster.zone, drafts)
        wanted = {person for draft in drafts for person in draft["people"]}
        if missing := wanted - list_people_by_id(wanted).keys():
            raise LookupError(f"no person {min(missing)}")
        was = _said([draft_of(layer) for layer in roster.layers])
        version = add_version(roster, drafts, effective_at or now, now, actor_id, reason)
        detail = {"from": was, "to": _said(drafts), "since": version.effective_at.isoformat()}
        _log("roster_layers_changed", roster, detail, now, actor_id, address)
    return roster


def add_version(
    roster: Roster,
    drafts: Sequence[LayerDraft],
    effective_at: datetime,
    now: datetime,
    actor_id: int | None,
    reason: str = "",
) -> RosterVersion:
    """The next version of the roster, in its zone, with these layers from `effective_at` on, but not before
    now. In a transaction."""
    version = RosterVersion(
        number=len(roster.versions) + 1,
        zone=roster.zone,
        effective_at=max(effective_at, now).replace(microsecond=0),
        published_at=now,
        published_by_id=actor_id,
        reason=reason,
        layers=[Layer(position=n, **draft) for n, draft in enumerate(drafts)],
    )
    roster.versions.append(version)
    return version


def _move_to_zone(roster: Roster, now: datetime, actor_id: int) -> None:
    """The layers that hold now, and those that are to hold later, each anew in the roster's zone."""
    begun = max((v.number for v in roster.versions if v.effective_at <= now), default=1)
    for version in roster.versions[begun - 1 :]:
        drafts = [draft_of(layer) for layer in version.layers]
        add_version(roster, drafts, version.effective_at, now, actor_id, version.reason)


def add_override(
    roster_id: int,
    person_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    *,
    now: datetime,
    actor_id: int,
    address: str = "",
) -> Override:
    """The person takes [starts_at, ends_at) whatever the layers say; a start in the past becomes now.

    Raises NothingLeft where it ends before now; LookupError for an unknown roster or person.
    """
    with transaction(), told([roster_id], now=now, actor_id=actor_id):
        roster = get_roster_for_change(roster_id)
        person, starts_at = get_person(person_id), not_before(now, starts_at, ends_at)
        override = Override(
            roster_id=roster_id,
            person_id=person_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            created_by_id=actor_id,
            created_at=now,
        )
        db.session.add(override)
        detail = {"person": person.name, "span": span_text(starts_at, ends_at), "reason": reason}
        _log("override_added", roster, detail, now, actor_id, address)
    return override


def remove_override(
    roster_id: int, override_id: int, *, now: datetime, actor_id: int, address: str = ""
) -> None:
    """Takes an override away; of one that has begun, what is left of it.

    Raises NothingLeft where it is over; LookupError where there is none.
    """
    with transaction(), told([roster_id], now=now, actor_id=actor_id):
        roster = get_roster_for_change(roster_id)
        override = find_override(roster_id, override_id)
        if override is None:
            raise LookupError(f"no override {override_id}")
        detail = {
            "person": get_person(override.person_id).name,
            "span": span_text(override.starts_at, override.ends_at),
        }
        cut_off(override, now)
        _log("override_removed", roster, detail, now, actor_id, address)


def not_before(now: datetime, starts_at: datetime, ends_at: datetime) -> datetime:
    """When a span that is made now begins: what lies in the past is left out. Raises NothingLeft where all
    of it does."""
    begins_at = max(starts_at, now.replace(microsecond=0))
    if ends_at <= begins_at:
        raise NothingLeft
    return begins_at


def cut_off(span: Override | Absence, now: datetime) -> None:
    """Ends it now, or takes it away if it has not begun. Raises NothingLeft where it is over."""
    moment = now.replace(microsecond=0)
    if span.ends_at <= moment:
        raise NothingLeft
    if span.starts_at < moment:
        span.ends_at = moment
    else:
        db.session.delete(span)


def span_text(starts_at: datetime, ends_at: datetime) -> str:
    """A span as the security log keeps it."""
    return f"{starts_at.isoformat()} / {ends_at.isoformat()}"


def _require_free(name: str, roster_id: int | None) -> None:
    known = find_roster_by_name(name)
    if known is not None and known.id != roster_id:
        raise NameTaken(name)


def _said(drafts: Sequence[LayerDraft]) -> str:
    return "; ".join(
        f"{d['name']}: {', '.join(map(str, d['people']))} every {d['every']} {d['unit']}"
        f" from {d['starts_at']}{' to ' + d['ends_at'] if d['ends_at'] else ''}"
        f"{' at ' + str(d['hours']) if d['hours'] else ''}"
        for d in drafts
    )


def _log(
    what: str, roster: Roster, detail: dict[str, str], now: datetime, actor_id: int, address: str
) -> None:
    subject = f"roster:{roster.name}"
    log_event(what, now=now, actor_id=actor_id, subject=subject, detail=detail, address=address)
