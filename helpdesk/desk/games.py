"""Games beside the figures: gathered by team and by person, and how late a severity was lowered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpdesk.desk import targets
from helpdesk.desk.grounds import Grounds
from helpdesk.rules.access import Asker
from helpdesk.rules.games import Game, Played, used_up
from helpdesk.store.facts import Question
from helpdesk.store.games import count_games
from helpdesk.store.people import get_names
from helpdesk.store.targets import Facts, list_facts, list_rows
from helpdesk.store.teams import list_teams

Row = Mapping[Game, Played]
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Games:
    """What was played: in all, by team and by person (None: nobody's), each by id, in the order of names."""

    totals: Row
    teams: Mapping[int | None, Row]
    people: Mapping[int | None, Row]
    names: Mapping[tuple[str, int], str]


def games_of(asker: Asker, asked: Question) -> Games:
    """The games of a question, narrowed to nothing or to a team or person."""
    by_team, by_person = (count_games(asker, asked, by) for by in ("team", "person"))
    people = {key for counts in by_person.values() for key in counts if key is not None}
    names = {("team", team.id): team.name for team in list_teams(active_only=False)}
    names |= {("person", person_id): name for person_id, name in get_names(people).items()}
    return Games(_totals(by_team), _rows("team", by_team, names), _rows("person", by_person, names), names)


def totals_of(asker: Asker, asked: Question) -> Row:
    """The games of a question in all, without of how many tickets."""
    return _totals(count_games(asker, asked, "team", of_tickets=False))


def _totals(counts: Mapping[Game, Mapping[int | None, Played]]) -> dict[Game, Played]:
    return {game: sum(counts[game].values(), Played()) for game in Game}


def _rows(
    by: str, counts: Mapping[Game, Mapping[int | None, Played]], names: Mapping[tuple[str, int], str]
) -> dict[int | None, Row]:
    keys = {key for of_game in counts.values() for key, played in of_game.items() if played.of}
    order = sorted(keys, key=lambda key: (key is None, names.get((by, key or 0), "").casefold(), key or 0))
    return {key: {game: counts[game].get(key, Played()) for game in Game} for key in order}


def used_when_lowered(rows: Sequence[Any]) -> dict[int, int | None]:
    """How much of the tightest open promise was used up when the severity was lowered, in percent, by the id
    of the entry that says so. `rows` as store/games lists what was lowered: `ticket_id`, `entry_id`, `at`."""
    found = {facts.ticket.id: facts for facts in list_facts(list_rows(sorted({r.ticket_id for r in rows})))}
    grounds = Grounds(min((facts.ticket.reported_at for facts in found.values()), default=NEVER))
    return {row.entry_id: _used(found[row.ticket_id], row, grounds) for row in rows}


def _used(facts: Facts, row: Any, grounds: Grounds) -> int | None:
    before = Facts(facts.ticket, [entry for entry in facts.timeline if entry.id < row.entry_id])
    return used_up(targets.cycles_of(facts.ticket, targets.happenings_of(before), grounds, row.at))
