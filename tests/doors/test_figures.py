"""Figures at the doors: who sees them, what can be asked, what pages and files say. That they are right says
tests/stories/test_month.py."""

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from helpdesk import clock
from helpdesk.desk import closing, excuses, passwords, tickets, tokens, triage
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from helpdesk.web.sheets import harmless
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
PASSWORD = "vier muntere Elche"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, in Berlin's hours (UTC+1)."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


class March:
    """A month of ten faults and a question. Minor: 240 minutes to answer, 1440 to solve, in office hours;
    major: 120 and 480; critical: 60 and 240, day and night."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.network = Team(name="Network")
        db.session.add(self.network)
        db.session.flush()
        self.wifi = Service(name="Wi-Fi", team_id=self.network.id)
        db.session.add(self.wifi)
        db.session.commit()
        self.tell()

    def report(
        self, when: datetime, subject: str, service: Service | None = None, **answers: object
    ) -> Ticket:
        said: dict[str, object] = {"works": Works.SMALL_FAULT, "affected": Affected.ME} | answers
        service = service or self.house.erp
        command = Report(subject=subject, body="It fails.", service_id=service.id, **said)  # type: ignore[arg-type]
        return tickets.report(command, self.house.ana, now=when, door="web")

    def tell(self) -> None:
        house, bo = self.house, self.house.bo
        accept, resolve = tickets.accept, closing.resolve
        # Kept, both.
        good = self.report(at(2, 9), "good")
        accept(good.id, bo, now=at(2, 10))
        resolve(good.id, bo, "c", "s", now=at(2, 15))
        # Answered after 5 counted hours, solved in time.
        late = self.report(at(3, 9), "answered late")
        accept(late.id, bo, now=at(3, 15))
        resolve(late.id, bo, "c", "s", now=at(3, 16))
        # Never answered: open and past due, both.
        self.report(at(4, 9), "forgotten", self.wifi)
        # Reopened: a second first answer, too late; solved in time all the same.
        again = self.report(at(5, 9), "=reopened()", self.wifi)
        accept(again.id, bo, now=at(5, 9, 30))
        resolve(again.id, bo, "c", "s", now=at(5, 10))
        closing.reopen(again.id, house.ana, "no", now=at(5, 11))
        accept(again.id, bo, now=at(6, 9, 1))
        resolve(again.id, bo, "c", "s", now=at(6, 11))
        # Cancelled in time: counts nowhere. Answer late, then cancelled: only the broken answer counts.
        closing.cancel(self.report(at(9, 9), "withdrawn").id, house.ana, "r", now=at(9, 10))
        closing.cancel(self.report(at(10, 9), "withdrawn too late").id, house.ana, "r", now=at(10, 15))
        # Answered as minor, then critical: the solution is promised as minor, due by the tighter one.
        raised = self.report(at(11, 9), "raised")
        accept(raised.id, bo, now=at(11, 10))
        triage.change_severity(raised.id, bo, Severity.CRITICAL, "worse", now=at(11, 11))
        resolve(raised.id, bo, "c", "s", now=at(11, 16))
        # Critical and in time.
        down = self.report(at(12, 9), "down", works=Works.NOTHING, affected=Affected.EVERYONE)
        accept(down.id, bo, now=at(12, 9, 20))
        resolve(down.id, bo, "c", "s", now=at(12, 11))
        # Reported on the last day, answered, still running.
        accept(self.report(at(31, 16), "running").id, bo, now=at(31, 16, 30))
        # The first of April is another month; a question is no fault.
        self.report(datetime(2026, 4, 1, 7, tzinfo=UTC), "April")
        self.report(at(16, 9), "why?", kind=Kind.QUESTION)


NOW = datetime(2026, 4, 1, 7, 30, tzinfo=UTC)


@pytest.fixture
def march(house: House) -> March:
    return March(house)


def sign_in(browsers: Browsers, person: Person) -> Browser:
    person.password_hash, person.password_changed_at = passwords.hashed(PASSWORD), clock.now()
    db.session.commit()
    browser = browsers()
    data = {"email": person.email, "password": PASSWORD}
    assert browser.post("/sign-in", data=data).status_code == 303
    return browser


@pytest.fixture
def in_april(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


QUERY = "since=2026-03-01&until=2026-03-31"


def test_the_page_says_shares_and_links_each_figure(march: March, browser: Browsers, in_april: None) -> None:
    page = sign_in(browser, march.house.dee).get(f"/figures?{QUERY}")
    assert page.status_code == 200
    assert "55.5%" in page.text  # 5 of 9
    assert "66.6%" in page.text  # 4 of 6
    assert "5 of 9 kept" in page.text


def test_every_figure_on_the_page_opens_as_many_promises(
    march: March, browser: Browsers, in_april: None
) -> None:
    dee = sign_in(browser, march.house.dee)
    figure = re.compile(r'<a class="(?:met|breached|running)" href="([^"]+)">(\d+) ')
    links = set(figure.findall(dee.get(f"/figures?{QUERY}").text))
    assert len(links) > 8
    for url, count in links:
        said = re.search(r"(\d+) promises?<", dee.get(html.unescape(url)).text)
        assert said is not None
        assert said[1] == count


def test_each_part_of_a_chart_leads_to_its_promises(march: March, browser: Browsers, in_april: None) -> None:
    dee = sign_in(browser, march.house.dee)

    def count(url: str) -> int:
        return sum(map(int, re.findall(r"(\d+) promises?<", dee.get(html.unescape(url)).text)))

    page = dee.get(f"/figures?{QUERY}&grain=week").text
    weeks = re.findall(r'<th scope="row"><a href="([^"]+target=resolution[^"]*)">', page)
    assert len(weeks) == 6
    assert sum(map(count, weeks)) == count(f"/figures/tickets?{QUERY}&target=resolution") == 7


def test_the_list_names_ticket_person_and_how_late(march: March, browser: Browsers, in_april: None) -> None:
    page = sign_in(browser, march.house.dee).get(f"/figures/tickets?{QUERY}&verdict=breached&target=response")
    assert "answered late" in page.text
    assert "1 h late" in page.text  # 15:00 instead of 14:00
    assert "still open" in page.text
    assert "Bo" in page.text
    assert "4 promises" in page.text


def test_reporters_and_agents_find_no_figures(march: March, browser: Browsers) -> None:
    for person in (march.house.ana, march.house.bo):
        signed_in = sign_in(browser, person)
        for path in ("/figures", "/figures/tickets", "/figures/promises.csv"):
            assert signed_in.get(path).status_code == 404
    assert browser().get("/figures").status_code == 302


def test_export_is_a_right_of_its_own(march: March, browser: Browsers) -> None:
    for person in (march.house.chen, march.house.fay):
        signed_in = sign_in(browser, person)
        assert signed_in.get("/figures").status_code == 200
        assert signed_in.get("/figures/promises.csv").status_code == 404
        assert ".csv" not in signed_in.get("/figures").text


def test_the_export_has_a_line_a_promise_and_is_logged(
    march: March, browser: Browsers, in_april: None
) -> None:
    answer = sign_in(browser, march.house.dee).get(f"/figures/promises.csv?{QUERY}", buffered=True)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    outcomes = [(row["promise"], row["outcome"]) for row in rows]
    assert outcomes.count(("response", "breached")) == 4
    assert outcomes.count(("resolution", "met")) == 4
    assert len(rows) == 16
    late = next(row for row in rows if row["subject"] == "answered late" and row["promise"] == "response")
    assert late["given_at"] == "2026-03-03T09:00:00+01:00"
    assert late["due_at"] == "2026-03-03T14:00:00+01:00"
    assert late["late_seconds"] == "3600"
    assert late["person"] == "Bo"
    assert any(row["subject"] == "'=reopened()" for row in rows)
    assert {row["time_zone"] for row in rows} == {"Europe/Berlin"}
    assert {row["as_of"] for row in rows} == {"2026-04-01T09:30:00+02:00"}
    read_anew()
    event = db.session.query(SecurityEvent).filter_by(what="exported").one()
    assert event.actor_id == march.house.dee.id
    asked = {"kind": "fault", "since": "2026-03-01", "until": "2026-03-31", "by": "severity"}
    assert event.detail == {**asked, "as_of": "2026-04-01T09:30:00+02:00", "rows": 16}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_nothing_in_an_export_begins_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("plain =1") == "plain =1"
    assert harmless(-5) == -5


@pytest.mark.parametrize(
    "query",
    [
        *("since=2026-03-01", "since=x&until=y", "since=2026-03-02&until=2026-03-01", "kind=x", "team=x"),
        *(
            "as_of=yesterday",
            "as_of=2999-01-01T00:00",
            "as_of=2199-01-01T00:00",
            "as_of=1-1-1",
            "by=x",
            "grain=x",
        ),
    ],
)
def test_a_question_that_cannot_be_read_says_so(march: March, browser: Browsers, query: str) -> None:
    answer = sign_in(browser, march.house.dee).get(f"/figures?{query}")
    assert answer.status_code == 422
    assert "Please look at this again" in answer.text


def test_a_period_without_tickets_says_what_would_be_here(house: House, browser: Browsers) -> None:
    page = sign_in(browser, house.dee).get("/figures?since=2020-01-01&until=2020-01-31")
    assert "Nothing was reported in these days" in page.text
    assert house.dee.role == Role.MANAGER


def ticket_of(subject: str) -> Ticket:
    return db.session.query(Ticket).filter_by(subject=subject).one()


@pytest.fixture
def excused(march: March) -> March:
    """The late answer of HD-2 and the forgotten solution are excused, both after the month."""
    given = {"reason": "=The line was cut", "evidence": "https://example.org/outage/7"}
    chen, when = march.house.chen, datetime(2026, 4, 1, 6, tzinfo=UTC)
    excuses.excuse(ticket_of("answered late").id, chen, "response", 1, **given, now=when)
    excuses.excuse(ticket_of("forgotten").id, march.house.eli, "resolution", 1, **given, now=when)
    return march


def test_raw_and_adjusted_stand_side_by_side(excused: March, browser: Browsers, in_april: None) -> None:
    page = sign_in(browser, excused.house.dee).get(f"/figures?{QUERY}").text
    assert "5 of 9 kept · adjusted 62.5%, 1 excused" in page
    assert "4 of 6 kept · adjusted 80.0%, 1 excused" in page
    for raw, adjusted in (("55.5%", "adjusted 62.5%"), ("66.6%", "adjusted 80.0%")):
        assert page.count(raw) > page.count(adjusted) > 1
    assert "Excused by Chen: =The line was cut" in page


def test_without_excuses_the_page_says_nothing_of_adjusted_shares(
    march: March, browser: Browsers, in_april: None
) -> None:
    page = sign_in(browser, march.house.dee).get(f"/figures?{QUERY}").text
    assert page.count("adjusted") == 1  # in how this is counted


def test_the_number_of_excused_ones_leads_to_as_many(
    excused: March, browser: Browsers, in_april: None
) -> None:
    dee = sign_in(browser, excused.house.dee)
    links = re.findall(r'<a class="excused" href="([^"]+)">(\d+) ', dee.get(f"/figures?{QUERY}").text)
    assert len(links) == 4  # of each promise one, in its row and in the sum
    for url, count in links:
        listed = dee.get(html.unescape(url)).text
        assert f"{count} promise{'' if count == '1' else 's'}<" in listed
        assert listed.count("Excused by") == int(count)
    assert (
        "3 promises" in dee.get(f"/figures/tickets?{QUERY}&verdict=breached&target=response&excused=0").text
    )


def test_the_export_names_excuses(excused: March, browser: Browsers, in_april: None) -> None:
    answer = sign_in(browser, excused.house.dee).get(f"/figures/promises.csv?{QUERY}", buffered=True)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 16
    found = {(r["subject"], r["promise"]): (r["excused"], r["excused_by"], r["excuse_reason"]) for r in rows}
    assert found["answered late", "response"] == ("yes", "Chen", "'=The line was cut")
    assert found["forgotten", "resolution"] == ("yes", "Eli", "'=The line was cut")
    others = [row for row in rows if not row["excused"]]
    assert len(others) == 14
    assert {(row["excused_by"], row["excuse_reason"]) for row in others} == {("", "")}
    assert [row["outcome"] for row in rows if row["excused"]] == ["breached", "breached"]


def test_a_row_opens_the_same_figures_of_it_alone(march: March, browser: Browsers, in_april: None) -> None:
    dee = sign_in(browser, march.house.dee)
    page = dee.get(f"/figures?{QUERY}&by=team&team={march.network.id}").text
    assert "Network" in page
    assert "1 of 3 kept" in page  # forgotten, again and again
    listed = dee.get(f"/figures/tickets?{QUERY}&team={march.network.id}&target=response").text
    assert "3 promises" in listed
    assert "good" not in listed


def test_a_line_of_the_list_leads_to_why_its_deadline_is_when_it_is(
    march: March, browser: Browsers, in_april: None
) -> None:
    dee = sign_in(browser, march.house.dee)
    listed = dee.get(f"/figures/tickets?{QUERY}&verdict=met&target=response").text
    links = [html.unescape(url) for url in re.findall(r'href="([^"]+why=[^"]+)"', listed)]
    again = f"/tickets/{ticket_of('=reopened()').number}?why=response-1#why"
    assert again in links, "an earlier answer, which the ticket does not show by itself"
    assert dee.get(again).text.count('id="why" open') == 1


def test_as_of_an_earlier_time_is_said_and_kept_on_every_way(
    march: March, browser: Browsers, in_april: None
) -> None:
    dee = sign_in(browser, march.house.dee)
    page = dee.get(f"/figures?{QUERY}&as_of=2026-03-10T14:30").text
    assert "As of 10 Mar 2026, 14:30:00" in page
    assert "As of now" in page
    ways = re.findall(r'href="(/figures/tickets[^"]+)"', page)
    assert ways
    assert all("as_of=2026-03-10T13:30:00Z" in way for way in ways)
    now = dee.get(f"/figures?{QUERY}").text
    [kept] = re.findall(r'href="([^"]+)">Link to these figures', now)
    assert "as_of=2026-04-01T07:30:00Z" in kept
    assert "As of 1 Apr 2026, 09:30:00" in dee.get(html.unescape(kept)).text


def test_whoever_may_sets_goals_and_the_log_keeps_them(
    march: March, browser: Browsers, in_april: None
) -> None:
    dee, chen = (sign_in(browser, person) for person in (march.house.dee, march.house.chen))
    goal = {"first_on": "2026-01-01", "kind": "fault", "target": "response", "percent": "97,5 %"}
    assert dee.post("/figures/goals", data=goal).status_code == 303
    assert dee.post("/figures/goals", data=goal | {"percent": "95"}).status_code == 303
    page = chen.get("/figures/goals").text
    assert "95.0%" in page
    assert "97.5%" not in page
    assert "Set a goal" not in page
    assert chen.post("/figures/goals", data=goal).status_code == 404
    assert chen.post("/figures/goals/1/remove").status_code == 404
    for wrong in ("", "101", "-1", "many", "nan", "9e999999"):
        answer = dee.post("/figures/goals", data=goal | {"percent": wrong})
        assert answer.status_code == 422
        assert "Enter a share from 0 to 100" in answer.text
    read_anew()
    changes = db.session.query(SecurityEvent).filter_by(subject="goal:fault response 2026-01-01")
    assert [change.detail["to"]["percent"] for change in changes.order_by(SecurityEvent.id)] == [
        97.5,
        95.0,
    ]
    assert dee.post("/figures/goals/1/remove").status_code == 303
    assert "No goals yet" in dee.get("/figures/goals").text


def test_the_api_refuses_what_the_page_refuses(march: March, browser: Browsers, in_april: None) -> None:
    def ask(person: Person, query: str) -> int:
        token = tokens.add_token(person.id, "test", now=NOW)
        path = f"/api/v1/figures/compliance?{query}"
        return browser().get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    house = march.house
    assert [ask(p, QUERY) for p in (house.ana, house.bo, house.chen, house.fay)] == [403, 403, 200, 200]
    for wrong in ("since=2026-03-01", "as_of=2999-01-01T00:00:00Z", "by=x", "kind=x"):
        assert ask(house.dee, wrong) == 422


def test_a_file_that_cannot_be_made_is_answered_by_its_page(
    march: March, browser: Browsers, in_april: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dee = sign_in(browser, march.house.dee)
    for path in ("severity.csv", "promises.csv", "work/times.csv", "work/tickets.csv", "games/by-team.csv",
                 "games/list.csv", "reviews/causes/causes.csv", "reviews/causes/list.csv"):  # fmt: skip
        answer = dee.get(f"/figures/{path}?since=yesterday")
        assert answer.status_code == 422, path
        assert "Write a day, for example 2026-03-31." in answer.text
    monkeypatch.setattr("helpdesk.web.figures.MOST_ROWS", 1)
    assert "<h1" in dee.get(f"/figures/promises.xlsx?{QUERY}").text
