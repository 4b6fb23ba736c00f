"""Games beside the figures against a count made by hand: in all, by team and person, each with its list."""

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.desk import closing, excuses, games, tickets, triage, waiting
from helpdesk.rules.games import Game, Played
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.facts import Question
from helpdesk.store.games import LISTED, count_listed, list_listed
from helpdesk.store.security import SecurityEvent
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew
from tests.desk.test_escalations import ring_until

Browsers = Callable[[], Browser]
DOWN = {"works": Works.NOTHING, "affected": Affected.EVERYONE}
ASKED = "since=2026-03-01&until=2026-03-31"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, in Berlin's hours (UTC+1)."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


class March:
    """A month in which every game was played once. Minor: 4 h to answer, 24 h to solve, in office hours;
    critical: 1 h and 4 h, day and night."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.wait()
        self.lower()
        self.fall_silent()
        self.reopen()
        self.cancel()
        self.report(at(20, 9), "Why?", kind=Kind.QUESTION)  # of another kind
        ring_until(at(31, 12))
        db.session.rollback()

    def report(self, when: datetime, subject: str, **more: Any) -> Ticket:
        said = {"works": Works.SMALL_FAULT, "affected": Affected.ME, "service_id": self.house.erp.id} | more
        return tickets.report(tickets.Report(subject, "", **said), self.house.ana, now=when, door="web")  # type: ignore[arg-type]

    def wait(self) -> None:
        """An hour of work, two of waiting, noon, another hour of work."""
        ana, bo = self.house.ana, self.house.bo
        found = self.report(at(2, 9), "Waited for")
        tickets.accept(found.id, bo, now=at(2, 9))
        waiting.wait(found.id, bo, waiting_for="reporter", wake_at=at(4, 9), question="Which?", now=at(2, 10))
        tickets.reporter_reply(found.id, ana, "That one", now=at(2, 12), door="web")
        closing.resolve(found.id, bo, "c", "s", now=at(2, 14))

    def lower(self) -> None:
        """Late: 50 of 60 minutes were gone. Another was lowered once all was broken: that wins nothing."""
        bo = self.house.bo
        late = self.report(at(3, 9), "Lowered late", **DOWN)
        triage.change_severity(late.id, bo, Severity.MINOR, "not so bad", now=at(3, 9, 50))
        tickets.accept(late.id, bo, now=at(3, 10))
        closing.resolve(late.id, bo, "c", "s", now=at(3, 11))
        broken = self.report(at(4, 9), "Lowered too late", **DOWN)
        triage.change_severity(broken.id, self.house.chen, Severity.MINOR, "never mind", now=at(4, 14))
        given = {"reason": "The line was cut", "evidence": "https://example.org/7"}
        excuses.excuse(broken.id, self.house.chen, "response", 1, **given, now=at(4, 14))
        tickets.accept(broken.id, bo, now=at(4, 14))
        closing.resolve(broken.id, bo, "c", "s", now=at(4, 15))

    def fall_silent(self) -> None:
        """Accepted at once, solved in time, and not a word between."""
        found = self.report(at(5, 9), "Silent", **DOWN)
        tickets.accept(found.id, self.house.bo, now=at(5, 9, 1))
        ring_until(at(5, 10))
        closing.resolve(found.id, self.house.bo, "c", "s", now=at(5, 11))

    def reopen(self) -> None:
        found = self.report(at(6, 9), "Back again")
        tickets.accept(found.id, self.house.bo, now=at(6, 9))
        closing.resolve(found.id, self.house.bo, "c", "s", now=at(6, 10))
        closing.reopen(found.id, self.house.ana, "no", now=at(6, 11))
        tickets.accept(found.id, self.house.bo, now=at(6, 11, 30))
        closing.resolve(found.id, self.house.bo, "c", "s", now=at(6, 12))

    def cancel(self) -> None:
        """One in time, which is none; one after the answer was due."""
        closing.cancel(self.report(at(9, 9), "In time").id, self.house.ana, "r", now=at(9, 10))
        closing.cancel(self.report(at(10, 9), "Too late").id, self.house.bo, "r", now=at(10, 15))


@pytest.fixture
def month(house: House) -> House:
    return March(house).house


def question(**more: Any) -> Question:
    asked = {"kind": "fault", "since": at(1, 1), "until": at(31, 23), "now": at(31, 23)}
    return Question(**(asked | more))  # type: ignore[arg-type]


HOUR = 3600
# Seven faults, five of them resolved. Broken: both promises of "Lowered too late", the answer to "Too late".
# Solutions took 2 + 2 + 6 + 2 + 2 hours without the waiting.
BY_HAND = {
    Game.WAITING: Played(2 * HOUR, 16 * HOUR),
    Game.LOWERED: Played(1, 7),
    Game.SILENT: Played(1, 7),
    Game.REOPENED: Played(1, 5),
    Game.EXCUSED: Played(1, 3),
    Game.CANCELLED: Played(1, 3),
}


def test_the_games_of_a_month_equal_the_count_made_by_hand(month: House) -> None:
    found = games.games_of(month.dee.asker, question())
    assert found.totals == BY_HAND
    assert found.teams == {month.team.id: BY_HAND}
    assert {game: sum((row[game] for row in found.people.values()), Played()) for game in Game} == BY_HAND
    nobody = found.people[None]
    assert (nobody[Game.LOWERED], nobody[Game.CANCELLED]) == (Played(0, 2), Played(1, 1))
    assert list(found.people) == [month.bo.id, None]


def test_the_list_behind_a_game_has_as_many_rows_as_the_game(month: House) -> None:
    asker = month.dee.asker
    for game in LISTED:
        rows = list_listed(asker, question(), game)
        assert len(rows) == count_listed(asker, question(), game) == 1, game
    subjects = {game: list_listed(asker, question(), game)[0].subject for game in LISTED}
    assert subjects == {
        Game.WAITING: "Waited for",
        Game.LOWERED: "Lowered late",
        Game.SILENT: "Silent",
        Game.REOPENED: "Back again",
        Game.CANCELLED: "Too late",
    }
    assert list_listed(asker, question(kind="question"), Game.SILENT) == []
    assert list_listed(asker, question(person_id=0), Game.LOWERED) == []
    assert list_listed(asker, question(team_id=month.team.id + 1), Game.WAITING) == []


def test_how_late_a_severity_was_lowered_is_counted_by_the_clock(month: House) -> None:
    rows = list_listed(month.dee.asker, question(), Game.LOWERED)
    assert list(games.used_when_lowered(rows).values()) == [83]
    assert (rows[0].was, rows[0].became, rows[0].actor) == ("critical", "minor", "Bo")


def test_a_lead_sees_the_games_of_their_teams_alone(month: House) -> None:
    other = Team(name="Network")
    db.session.add(other)
    db.session.flush()
    for ticket in db.session.query(Ticket):
        ticket.team_id = other.id
    db.session.commit()
    assert list_listed(month.chen.asker, question(), Game.REOPENED) == []
    assert len(list_listed(month.dee.asker, question(), Game.REOPENED)) == 1


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_says_how_often_of_how_many_and_leads_to_the_tickets(
    month: House, browser: Browsers
) -> None:
    dee = browser().known_as(month.dee)
    page = dee.get(f"/figures/games?{ASKED}").text
    said = plain(page)
    assert "Time paused by waiting 12.5% of the time solutions took" in said
    assert "Severity lowered in time 1 14.2% of 7 tickets" in said
    assert "Cancelled after the breach 1 33.3% of 3 broken promises" in said
    links = {html.unescape(link) for link in re.findall(r'class="card stat[^"]*" href="([^"]+)"', page)}
    assert len(links) == len(Game)
    for link in links:
        assert dee.get(link).status_code == 200, link
    lowered = plain(dee.get(f"/figures/games/list?game=lowered&{ASKED}").text)
    assert "Critical to Minor by Bo, 83% used up late" in lowered
    assert "2 h 00 min of 4 h 00 min, 50.0%" in plain(
        dee.get(f"/figures/games/list?game=waiting&{ASKED}").text
    )


def test_the_line_of_games_stands_beside_figures_however_they_are_narrowed(
    month: House, browser: Browsers
) -> None:
    """Of the days of the page, and of more than it where it must be: which it says."""
    dee = browser().known_as(month.dee)
    wider = "of all severities and departments, as they are now known"
    page = dee.get(f"/figures?{ASKED}").text
    assert "1 , Cancelled after the breach" in plain(page)
    assert wider not in page
    for narrowed in ("severity=critical", "as_of=2026-03-04T12:00"):
        page = dee.get(f"/figures?{ASKED}&{narrowed}").text
        assert wider in page
        assert "1 , Cancelled after the breach" in plain(page)
    page = dee.get("/figures?period=month&as_of=2026-03-31T23:00").text
    found = html.unescape(page[page.index("games-strip") :])
    assert "games?kind=fault&by=severity&since=2026-03-01&until=2026-03-31" in found
    assert "1 , Cancelled after the breach" in plain(found)


def test_tables_and_lists_are_taken_out_by_who_may_and_the_log_knows(month: House, browser: Browsers) -> None:
    dee = browser().known_as(month.dee)
    rows = list(
        csv.reader(io.StringIO(dee.get(f"/figures/games/by-team.csv?{ASKED}").data.decode("utf-8-sig")))
    )
    assert [row[0] for row in rows] == ["Team", "ERP", "All"]
    assert rows[1][1:4] == ["7200", "57600", "12.5"]
    assert rows[1][-3:] == ["2026-03-01", "2026-03-31", "Europe/Berlin"]
    assert rows[1][1:] == rows[2][1:]
    body = dee.get(f"/figures/games/list.csv?game=silent&{ASKED}").data.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(body))
    assert (row["Subject"], row["Person"]) == ("Silent", "Bo")
    assert (row["When"], row["Time zone"]) == ("2026-03-05 09:31:00", "Europe/Berlin")
    assert dee.get(f"/figures/games/by-person.xlsx?{ASKED}").data
    assert browser().known_as(month.chen).get("/figures/games/by-team.csv").status_code == 404
    read_anew()
    assert db.session.query(SecurityEvent).filter_by(what="exported").count() == 3
