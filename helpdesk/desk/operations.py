"""How the desk works: what the page, its downloads and its letter say beyond the store's counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from helpdesk.desk.figures import Asked, Key, begins, names_of
from helpdesk.desk.roster_sources import gather
from helpdesk.desk.rosters import turns_by
from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.distribution import (
    Cell,
    Liked,
    Load,
    backlog,
    bounds_of,
    by_cell,
    covered,
)
from helpdesk.rules.severity import Severity
from helpdesk.store.operations import (
    Timed,
    count_undone,
    list_arrivals,
    list_liked,
    list_loads,
    list_stays,
    list_times,
)
from helpdesk.store.people import get_names
from helpdesk.store.teams import Team, list_teams


@dataclass(frozen=True)
class Backlog:
    """How many tickets were open at an instant, by how long ago they were reported: in the bands that
    rules/distribution.AGES ends."""

    at: datetime
    bands: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.bands)


@dataclass(frozen=True)
class Cover:
    """How many seconds somebody was on call in each cell; `name` None: how long nobody was."""

    name: str | None
    cells: Counter[Cell]

    @property
    def seconds(self) -> int:
        """All of them."""
        return self.cells.total()


class Operations:
    """What the asker may see of how the desk works; each figure is counted when first looked at, and then
    kept. Everything is as it is now known."""

    def __init__(self, asker: Asker, asked: Asked) -> None:
        self.asker, self.asked = asker, asked
        self._question, self._zone = asked.question, ZoneInfo(asked.zone)

    @cached_property
    def _times(self) -> tuple[list[Timed], list[Timed]]:
        return list_times(self.asker, self._question, self.asked.by)

    @property
    def times(self) -> list[Timed]:
        """How long it took to accept, to answer and to solve, all together."""
        return self._times[0]

    @property
    def times_by(self) -> list[Timed]:
        """The same by the dimension that is asked for."""
        return self._times[1]

    @cached_property
    def undone(self) -> Mapping[str, int]:
        """How much is not accepted, answered or solved yet."""
        return count_undone(self.asker, self._question)

    @cached_property
    def backlog(self) -> list[Backlog]:
        """How many tickets were open at the end of each part of the period, in that which now runs as of
        now; [] where none has begun."""
        return [found for found in self._backlogs if found.at in self._ends]

    @property
    def open_now(self) -> Backlog:
        """How many tickets are open now."""
        return self._backlogs[-1]

    @cached_property
    def _ends(self) -> list[datetime]:
        now, asked = self._question.now, self.asked
        starts = [begins(day, asked.zone) for day in asked.parts]
        parts = zip(starts, [*starts[1:], self._question.until], strict=True)
        return [min(end, now) for start, end in parts if start <= now]

    @cached_property
    def _backlogs(self) -> list[Backlog]:
        """At these ends, and now."""
        instants = sorted({*self._ends, self._question.now})
        stays = list_stays(self.asker, self._question, instants)
        found = backlog(stays, bounds_of(instants), instants)
        return [Backlog(at, bands) for at, bands in zip(instants, found, strict=True)]

    @cached_property
    def arrivals(self) -> Counter[Cell]:
        """How many tickets were reported, by weekday and hour of the organisation's clock."""
        return by_cell(list_arrivals(self.asker, self._question), self._zone)

    @cached_property
    def cover(self) -> list[Cover]:
        """Who was on call first in these cells, up to now, by name; the time when nobody was last.

        The rosters are those of the teams asked for: the hours of several are added up, and backups are not
        among them.
        """
        start, end = self._question.since, min(self._question.until, self._question.now)
        rosters = {team.roster_id for team in self._teams if team.roster_id is not None}
        if not rosters or start >= end:
            return []
        turns = [
            (turn.person, turn.from_at, turn.to_at)
            for plan in gather(rosters, start, end).values()
            for turn in turns_by(plan, start, end)
        ]
        names = {who.id: who.name for who, _from, _to in turns if who is not None}
        found = covered(((who and who.id, from_at, to_at) for who, from_at, to_at in turns), self._zone)
        order = sorted(found, key=lambda each: (each is None, names.get(each or 0, "").casefold(), each))
        return [Cover(names.get(each or 0), found[each]) for each in order]

    @property
    def _teams(self) -> list[Team]:
        """Those whose tickets are asked for."""
        seen, wanted = figures_teams(self.asker), self._question.team_id
        return [
            team
            for team in list_teams(active_only=False)
            if (seen is None or team.id in seen) and wanted in (None, team.id)
        ]

    @cached_property
    def liked(self) -> Liked:
        """What was solved, reopened and rated, all together."""
        return list_liked(self.asker, self._question).get("", Liked())

    @cached_property
    def liked_by(self) -> dict[Key, Liked]:
        """The same by the dimension that is asked for (0 or "": none)."""
        found = list_liked(self.asker, self._question, self.asked.by)
        return {key or 0: each for key, each in found.items()}

    @cached_property
    def loads(self) -> list[tuple[int, str, Load]]:
        """What each person has open, has taken and has resolved: id, name, load; by name, never by rank."""
        found = list_loads(self.asker, self._question)
        names = get_names(set(found))
        order = sorted(found, key=lambda each: (names[each].casefold(), each))
        return [(each, names[each], found[each]) for each in order]

    def ordered(self, keys: Sequence[Key]) -> dict[Key, str]:
        """Keys of the dimension in the order in which they are shown, with what they are called: severities
        the gravest first, all else by name; what is none comes last."""
        names = names_of(self.asked.by, keys)
        gravest = {severity.value: rank for rank, severity in enumerate(Severity)}
        order = sorted(
            keys, key=lambda key: (not key, gravest.get(str(key), 0), names[key].casefold(), str(key))
        )
        return {key: names[key] for key in order}


def cover_of(cover: Sequence[Cover], cell: Cell) -> list[tuple[str | None, int]]:
    """Who was on call in a cell and for how many seconds; who was not is left out."""
    return [(each.name, each.cells[cell]) for each in cover if each.cells[cell]]
