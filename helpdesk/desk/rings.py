"""Alarms that ring by telling somebody: who hears of it, over which way. outbound/notices makes letters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk.alarms import Due
from helpdesk.outbound.alarms import send_soon
from helpdesk.rules.escalation import Around, Channel, Told
from helpdesk.store.channels import Reach, list_reaches, list_team_channels
from helpdesk.store.db import after_commit
from helpdesk.store.notices import insert_notices


@dataclass(frozen=True, slots=True)
class Ring:
    """One alarm that rings by telling somebody: `said` is the detail of its entry, `around` who was there."""

    ticket: Any
    due: Due
    told: Told
    around: Around
    said: dict[str, Any]

    @property
    def warned(self) -> tuple[int, ...]:
        """Who hears, once a step, that nobody was there or could be reached: whoever can mend it."""
        if not self.told.gaps or self.said["occurrence"]:
            return ()
        leads = tuple(person for person in self.around.leads if self.around.reaches(person, "all"))
        return leads or self.around.administrators


def write(rings: Sequence[tuple[Ring, int]], now: datetime) -> None:
    """Writes the notices of these rings, each with the id of its entry; letters leave after the commit."""
    everybody = {person for ring, _entry in rings for person in (*ring.told.people, *ring.warned)}
    reaches = list_reaches(everybody) if everybody else {}
    teams = {ring.ticket.team_id for ring, _entry in rings if _is_told_as_team(ring)}
    channels = {team_id: list_team_channels(team_id) for team_id in teams}
    rows = [
        {
            "kind": kind,
            "alarm_id": ring.due.alarm.id,
            "entry_id": entry_id,
            "ticket_id": ring.ticket.id,
            "person_id": person_id,
            "channel_id": channel_id,
            "created_at": now,
        }
        for ring, entry_id in rings
        for kind, person_id, channel_id in _recipients(ring, reaches, channels)
    ]
    if rows:
        insert_notices(rows)
        after_commit("send letters", send_soon)


def _recipients(
    ring: Ring, reaches: Mapping[int, Reach], channels: Mapping[int, Sequence[int]]
) -> Iterator[tuple[str, int | None, int | None]]:
    """(kind, person, channel) of each notice: channel None is by mail, person None a team's channel."""
    for person in ring.told.people:
        for channel_id in _ways(reaches.get(person), ring.told.channel):
            yield "escalated", person, channel_id
    for channel_id in channels.get(ring.ticket.team_id, ()) if _is_told_as_team(ring) else ():
        yield "escalated", None, channel_id
    for person in ring.warned:
        for channel_id in _ways(reaches.get(person), "all"):
            yield "uncovered", person, channel_id


def _ways(reach: Reach | None, channel: Channel) -> Iterator[int | None]:
    if reach is None:
        return
    if reach.by_mail and channel != "chat":
        yield None
    if channel != "mail":
        yield from reach.channels


def _is_told_as_team(ring: Ring) -> bool:
    """Whether the step speaks to the team, whose own channels then say so even where no member is there."""
    detail = ring.due.planned.detail
    return detail.get("to") == "team" and detail.get("channel") != "mail"
