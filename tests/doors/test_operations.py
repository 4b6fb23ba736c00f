"""How the desk works: a March lived through by hand, on the page, in the lists behind it and taken away."""

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from openpyxl import load_workbook
from sqlalchemy import Integer, cast, literal, select, union_all

from helpdesk import clock
from helpdesk.desk import closing, feedback, tickets
from helpdesk.desk.figures import Asked
from helpdesk.desk.operations import Operations
from helpdesk.rules.access import Asker
from helpdesk.rules.distribution import Liked, Load, Spread, backlog, bounds_of
from helpdesk.rules.figures import Grain
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import list_percentiles
from helpdesk.store.facts import Question
from helpdesk.store.operation_lists import Behind, count_behind, list_behind
from helpdesk.store.operations import list_stays
from helpdesk.store.rosters import Layer
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]
MINUTE, HOUR = 60, 3600


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026 before the clocks change, in Berlin's hours (UTC+1)."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


NOW = datetime(2026, 4, 1, 7, 30, tzinfo=UTC)  # a Wednesday, 09:30 in Berlin
MARCH = Question("fault", datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC), NOW)
QUERY = "since=2026-03-01&until=2026-03-31"


@pytest.fixture
def march(house: House) -> House:
    """Faults in office hours (9 to 12, 13 to 18), all minor: 240 minutes to answer, 1440 to solve.

    In counted minutes, quick: accepted after 60, solved after 300; slow: 300 (too late) and 600, over a
    night; again: 30 and 60, then reopened, accepted after 90 and solved after 120 in all; forgotten: since 2
    March at 20:00; held: accepted on 30 March after 30; withdrawn; and one of April.
    """
    ana, bo, accept, resolve = house.ana, house.bo, tickets.accept, closing.resolve

    def report(when: datetime, subject: str, service: Service | None = None, **more: object) -> Ticket:
        said = {"works": Works.SMALL_FAULT, "affected": Affected.ME, **more}
        command = tickets.Report(subject, "", service_id=(service or house.erp).id, **said)  # type: ignore[arg-type]
        return tickets.report(command, ana, now=when, door="web")

    quick = report(at(2, 9), "quick").id
    accept(quick, bo, now=at(2, 10))
    resolve(quick, bo, "c", "s", now=at(2, 15))
    feedback.rate(quick, ana, 5, now=at(2, 16))
    report(at(2, 9), "why?", kind=Kind.QUESTION)
    report(at(2, 20), "forgotten")
    slow = report(at(3, 9, 10), "slow").id
    accept(slow, bo, now=at(3, 15, 10))
    resolve(slow, bo, "c", "s", now=at(4, 11, 10))
    feedback.rate(slow, ana, 1, now=at(4, 12))
    again = report(at(5, 9, 30), "again", house.printing).id
    accept(again, bo, now=at(5, 10))
    resolve(again, bo, "c", "s", now=at(5, 10, 30))
    closing.reopen(again, ana, "no", now=at(6, 10, 30))
    accept(again, bo, now=at(6, 12, 30))
    resolve(again, bo, "c", "s", now=at(6, 13, 30))
    feedback.rate(again, ana, 2, "Twice is not fun", now=at(6, 14))
    closing.cancel(report(at(9, 9), "withdrawn").id, ana, "r", now=at(9, 10))
    held = report(datetime(2026, 3, 30, 7, 20, tzinfo=UTC), "held").id
    accept(held, bo, now=datetime(2026, 3, 30, 7, 50, tzinfo=UTC))
    report(datetime(2026, 4, 1, 7, tzinfo=UTC), "April")
    return house


@pytest.fixture
def in_april(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def looked(asker: Asker, by: str = "service", question: Question = MARCH) -> Operations:
    asked = Asked(question, date(2026, 3, 1), date(2026, 3, 31), "Europe/Berlin", Grain.WEEK, by)
    return Operations(asker, asked)


def test_times_equal_those_counted_by_hand(march: House) -> None:
    found = {each.what: each for each in looked(march.dee.asker).times}
    # 30, 30, 60, 300; the second acceptance of what was reopened is an answer, but no first acceptance.
    assert found["accepted"].counted == Spread(4, 45 * MINUTE, 228 * MINUTE, 105 * MINUTE)
    assert found["accepted"].clock == Spread(4, 45 * MINUTE, 270 * MINUTE, 120 * MINUTE)
    assert found["answered"].counted == Spread(5, 60 * MINUTE, 216 * MINUTE, 102 * MINUTE)  # and 90
    assert found["answered"].clock == Spread(5, 60 * MINUTE, 264 * MINUTE, 120 * MINUTE)  # and 120
    assert found["solved"].counted == Spread(3, 300 * MINUTE, 540 * MINUTE, 360 * MINUTE)  # 180, 300, 600
    assert found["solved"].clock == Spread(3, 26 * HOUR, round(27.6 * HOUR), 20 * HOUR)  # 6, 26, 28 hours


def test_the_last_fraction_of_a_second_is_of_that_second(house: House) -> None:
    when = at(2, 9).replace(microsecond=999_900)
    ticket = tickets.report(
        tickets.Report("Slow", "", service_id=house.erp.id), house.ana, now=when, door="web"
    )
    tickets.accept(ticket.id, house.bo, now=when + timedelta(seconds=61))
    [accepted, _answered] = looked(house.dee.asker).times
    assert (accepted.counted, accepted.clock) == (Spread(1, 61, 61, 61), Spread(1, 61, 61, 61))


def test_what_is_still_open_is_in_no_time_but_said_beside(march: House) -> None:
    assert looked(march.dee.asker).undone == {"accepted": 1, "answered": 1, "solved": 2}


def test_times_are_parted_by_any_dimension(march: House) -> None:
    keys = {"severity": {"minor": 3}, "team": {march.team.id: 3}, "person": {march.bo.id: 3}}
    keys |= {"service": {march.erp.id: 2, march.printing.id: 1}, "door": {"web": 3}, "department": {0: 3}}
    for by, counts in keys.items():
        times = looked(march.dee.asker, by).times_by
        assert {t.key or 0: t.clock.count for t in times if t.what == "solved"} == counts


def test_the_backlog_goes_by_what_was_open_then_and_how_old_it_was(march: House) -> None:
    found = looked(march.dee.asker)
    assert [(each.at.day, each.bands) for each in found.backlog] == [
        (1, (0, 0, 0, 0)),  # midnight of the 2nd in Berlin
        (8, (0, 1, 0, 0)),
        (15, (0, 0, 1, 0)),
        (22, (0, 0, 1, 0)),
        (29, (0, 0, 1, 0)),
        (31, (0, 1, 0, 1)),
    ]
    assert found.open_now.bands == (1, 1, 0, 1)


def test_what_was_resolved_and_reopened_is_open_only_in_between(march: House) -> None:
    instants = [at(5, 20), at(6, 11), at(6, 20)]
    stays = list_stays(march.dee.asker, MARCH, instants)
    assert [sum(bands) for bands in backlog(stays, bounds_of(instants), instants)] == [1, 2, 1]


def test_arrivals_are_counted_by_weekday_and_hour_of_the_desk(march: House) -> None:
    assert looked(march.dee.asker).arrivals == {(0, 9): 3, (0, 20): 1, (1, 9): 1, (3, 9): 1}


def test_cover_says_who_was_on_call_first_and_when_nobody_was(march: House) -> None:
    people = [march.bo.id, march.chen.id]
    layer = {"position": 0, "name": "Weeks", "people": people, "starts_at": "2026-03-02T00:00"}
    roster = a_roster("First line", Layer(**layer, every=1, unit="weeks"))
    backup = a_roster("Backup", Layer(**layer, every=1, unit="days"))
    db.session.add_all([roster, backup])
    db.session.flush()
    march.team.roster_id, march.team.backup_roster_id = roster.id, backup.id
    db.session.commit()
    cover = looked(march.dee.asker).cover
    # On 1 March nobody; Chen's second week is the one in which the clocks are put forward.
    hours = [(each.name, each.seconds / HOUR) for each in cover]
    assert hours == [("Bo", 168 + 168 + 48), ("Chen", 168 + 167), (None, 24)]
    assert [each.cells[0, 9] for each in cover] == [3 * HOUR, 2 * HOUR, 0]


def test_what_was_solved_reopened_and_rated_is_counted_by_service(march: House) -> None:
    found = looked(march.dee.asker)
    assert found.liked == Liked(3, 1, (1, 1, 0, 0, 1))
    assert found.liked_by == {
        march.erp.id: Liked(2, 0, (1, 0, 0, 0, 1)),
        march.printing.id: Liked(1, 1, (0, 1, 0, 0, 0)),
    }


def test_each_person_has_a_load_and_nobody_a_rank(march: House) -> None:
    closing.resolve(ticket_of("held"), march.chen, "c", "s", now=datetime(2026, 3, 31, 8, tzinfo=UTC))
    loads = looked(march.dee.asker).loads
    assert [(name, load) for _id, name, load in loads] == [("Bo", Load(0, 4, 3)), ("Chen", Load(0, 0, 1))]


def ticket_of(subject: str) -> int:
    return db.session.scalars(select(Ticket.id).where(Ticket.subject == subject)).one()


def listed(person_asker: Asker, what: str, **narrowed: object) -> list[str]:
    behind = Behind(what, **narrowed)  # type: ignore[arg-type]
    rows = list_behind(person_asker, MARCH, behind)
    assert count_behind(person_asker, MARCH, behind) == len(rows)
    return [row.subject for row in rows]


def test_the_list_behind_each_figure_names_its_tickets(march: House) -> None:
    dee = march.dee.asker
    assert listed(dee, "accepted") == ["slow", "quick", "held", "again"]
    assert listed(dee, "answered") == ["slow", "again", "quick", "held", "again"]
    assert listed(dee, "solved") == ["slow", "quick", "again"]
    assert listed(dee, "open") == ["forgotten", "held", "April"]
    assert [listed(dee, "open", age=age) for age in range(4)] == [["April"], ["held"], [], ["forgotten"]]
    assert listed(dee, "open", at=at(5, 20)) == ["forgotten"]
    assert listed(dee, "open", at=at(6, 11)) == ["forgotten", "again"]
    assert listed(dee, "open", at=at(6, 20), age=1) == ["forgotten"]
    assert listed(dee, "unaccepted") == listed(dee, "unanswered") == ["forgotten"]
    assert listed(dee, "unsolved") == ["forgotten", "held"]
    assert listed(dee, "finished") == ["again", "slow", "quick"]
    assert listed(dee, "reopened") == ["again"]
    assert listed(dee, "rated") == ["again", "slow", "quick"]
    assert listed(dee, "rated", stars=1) == ["slow"]
    assert listed(dee, "badly_rated") == ["again", "slow"]
    assert sorted(listed(dee, "taken", actor_id=march.bo.id)) == ["again", "held", "quick", "slow"]
    assert sorted(listed(dee, "resolved", actor_id=march.bo.id)) == ["again", "quick", "slow"]


def test_green_but_unhappy_is_what_kept_every_promise_and_was_rated_badly(march: House) -> None:
    assert listed(march.dee.asker, "unhappy") == ["again"]  # slow was answered too late
    ticket = db.session.query(Ticket).filter_by(subject="again").one()
    closing.reopen(ticket.id, march.ana, "and again", now=datetime(2026, 3, 7, 9, tzinfo=UTC))
    assert listed(march.dee.asker, "unhappy") == []  # its solution is open again


def test_kinds_are_never_mixed(march: House) -> None:
    question = Question("question", MARCH.since, MARCH.until, NOW)
    found = looked(march.dee.asker, question=question)
    assert (found.arrivals, found.open_now.total, found.loads) == ({(0, 9): 1}, 1, [])


def test_a_lead_reads_the_work_of_their_teams_alone(march: House) -> None:
    chen, stranger = looked(march.chen.asker), looked(Asker(march.bo.id, march.chen.asker.role))
    assert chen.times == looked(march.dee.asker).times
    assert (stranger.times, stranger.arrivals.total(), stranger.open_now.total) == ([], 0, 0)
    assert (stranger.liked, stranger.loads, stranger.cover) == (Liked(), [], [])


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101])
def test_percentiles_are_those_of_a_spreadsheet_on_both_databases(house: House, count: int) -> None:
    random = Random(count)
    drawn = [("a", random.randrange(10**6)) for _ in range(count)] + [("b", 7)]
    missing = [("a", None), ("b", None), ("none", None)]
    rows = union_all(
        *(select(literal(k).label("key"), cast(v, Integer).label("value")) for k, v in drawn + missing)
    )
    listed = list_percentiles(select(rows.subquery()), ("value",), (0, 50, 90, 100))
    found = {(is_of_all, key): values for is_of_all, key, *values in listed}

    def percentile(percent: int) -> float:
        values = sorted(v for k, v in drawn if k == "a")
        place = (count - 1) * percent / 100
        low, high = values[int(place)], values[min(int(place) + 1, count - 1)]
        return low + (high - low) * (place - int(place))

    assert found[False, "a"] == [
        count,
        sum(v for k, v in drawn if k == "a"),
        *map(_about, map(percentile, (0, 50, 90, 100))),
    ]
    assert found[False, "b"] == [1, 7, 7, 7, 7, 7]
    assert found[False, "none"] == [0, None, None, None, None, None]
    of_all = found[True, None]
    assert [of_all[0], of_all[1]] == [count + 1, sum(v for _, v in drawn)]
    assert [of_all[2], of_all[-1]] == [min(v for _, v in drawn), max(v for _, v in drawn)]


def _about(value: float) -> object:
    return pytest.approx(value, abs=1e-6)


def test_the_page_says_it_all_and_each_number_opens_as_many_tickets(
    march: House, browser: Browsers, in_april: None
) -> None:
    dee = browser().known_as(march.dee)
    page = dee.get(f"/figures/work?{QUERY}&by=service")
    assert page.status_code == 200
    for said in ("4 h 30 min", "1 d 2 h", "Monday 09:00–10:00", "Twice is not fun", "33.3%"):
        assert said in page.text, said
    links = set(re.findall(r'<a href="(/figures/work/tickets[^"]+)">(\d+)</a>', page.text))
    assert len(links) > 12
    for url, count in links:
        text = dee.get(html.unescape(url)).text
        found = re.search(r"(\d+) tickets?<", text)
        assert found is not None, url
        assert found[1] == count, url
    for what, run in (("solved", "resolution-1"), ("answered", "response-2"), ("accepted", "response-1")):
        assert f"?why={run}#why" in dee.get(f"/figures/work/tickets?{QUERY}&what={what}").text


def test_an_hour_of_the_week_opens_its_tickets_and_says_who_was_on_call(
    march: House, browser: Browsers, in_april: None
) -> None:
    layer = {"position": 0, "name": "All", "people": [march.bo.id], "starts_at": "2026-01-01T00:00"}
    roster = a_roster("First line", Layer(**layer, every=1, unit="weeks"))
    db.session.add(roster)
    db.session.flush()
    march.team.roster_id = roster.id
    db.session.commit()
    page = browser().known_as(march.dee).get(f"/figures/work/tickets?{QUERY}&what=arrived&weekday=0&hour=9")
    assert "3 tickets" in page.text
    assert "On call in these hours: Bo 5 h." in page.text


def exported(answer: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.decode("utf-8-sig"))))


def test_every_table_can_be_taken_away_with_its_zone_and_is_logged(
    march: House, browser: Browsers, in_april: None
) -> None:
    dee = browser().known_as(march.dee)
    for what in ("times", "backlog", "arrivals", "cover", "ratings", "load", "tickets"):
        answer = dee.get(f"/figures/work/{what}.csv?{QUERY}&by=service", buffered=True)
        assert answer.status_code == 200, what
        head, *lines = exported(answer.data)
        zone = head.index("time_zone" if what == "tickets" else "Time zone")
        assert all(line[zone] == "Europe/Berlin" for line in lines), what
    times = exported(dee.get(f"/figures/work/times.csv?{QUERY}&by=service", buffered=True).data)
    assert times[-1][:10] == ["All", "To solve", "5.0", "9.0", "6.0", "3", "26.0", "27.6", "20.0", "3"]
    sheet = dee.get(f"/figures/work/ratings.xlsx?{QUERY}&by=service", buffered=True).data
    rows = list(load_workbook(io.BytesIO(sheet)).worksheets[0].iter_rows(values_only=True))
    assert rows[3][:10] == ("All", 3, 1, 33.3, 3, 1, 0, 0, 1, 1)
    read_anew()
    events = db.session.scalars(select(SecurityEvent).where(SecurityEvent.what == "exported")).all()
    assert len(events) == 9
    assert {each.actor_id for each in events} == {march.dee.id}


def test_pages_and_files_are_for_those_with_the_right(march: House, browser: Browsers) -> None:
    for person in (march.ana, march.bo):
        for path in ("", "/tickets", "/load.csv", "/tickets.csv"):
            assert browser().known_as(person).get(f"/figures/work{path}").status_code == 404
    for person in (march.chen, march.fay):
        assert browser().known_as(person).get("/figures/work").status_code == 200
        assert browser().known_as(person).get("/figures/work/load.csv").status_code == 404


@pytest.mark.parametrize("query", ["since=2026-03-01", "kind=x", "by=x"])
def test_a_question_that_cannot_be_read_says_so(march: House, browser: Browsers, query: str) -> None:
    answer = browser().known_as(march.dee).get(f"/figures/work?{query}")
    assert answer.status_code == 422
    assert "Please look at this again" in answer.text


def test_days_without_anything_say_what_would_be_here(house: House, browser: Browsers) -> None:
    page = browser().known_as(house.dee).get("/figures/work?since=2020-01-01&until=2020-01-31")
    assert "Nothing was reported in these days" in page.text
