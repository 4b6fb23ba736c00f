"""Figures on the page, in the list behind each and in the export, against a count made by hand."""

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import closing, excuses, passwords, tickets, triage
from helpdesk.desk.figures import harmless
from helpdesk.rules.access import Role
from helpdesk.rules.figures import Tally, tally_by
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.figures import Promises, count_promises, list_promises
from helpdesk.store.people import Person
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
PASSWORD = "vier muntere Elche"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, in Berlin's hours (UTC+1)."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


MONTH = {"since": at(1, 1) - timedelta(hours=1), "until": datetime(2026, 3, 31, 22, tzinfo=UTC)}


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
        command = tickets.Report(subject=subject, body="It fails.", service_id=service.id, **said)  # type: ignore[arg-type]
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
RESPONSE, RESOLUTION = Tally(met=5, breached=4, running=0), Tally(met=5, breached=2, running=1)


@pytest.fixture
def march(house: House) -> March:
    return March(house)


def asked(**more: object) -> Promises:
    return Promises(kind="fault", now=NOW, **(MONTH | more))  # type: ignore[arg-type]


def totals(person: Person, key: str = "target", **more: object) -> dict[str, Tally]:
    counted = count_promises(person.asker, asked(**more), [MONTH["since"]])
    return tally_by(counted, lambda row: getattr(row, key), lambda row: row.tally)


def test_totals_equal_the_count_made_by_hand(march: March) -> None:
    # Answers: kept good, again 1, raised, down, running; broken late, forgotten, again 2, withdrawn too late.
    # Solutions: kept good, late, again, down; broken forgotten and raised; running.
    assert totals(march.house.dee)["response"] == RESPONSE
    assert totals(march.house.dee)["resolution"] == Tally(met=4, breached=2, running=1)


def test_a_promise_counts_at_the_severity_it_was_given_at(march: March) -> None:
    by_severity = totals(march.house.dee, "severity", target="resolution")
    assert by_severity == {"minor": Tally(met=3, breached=2, running=1), "critical": Tally(met=1)}


def test_teams_and_services_add_up_to_the_total(march: March) -> None:
    dee = march.house.dee
    for key in ("team_id", "service_id", "severity", "part"):
        assert sum(totals(dee, key).values(), Tally()) == sum(totals(dee).values(), Tally())
    by_team = totals(dee, "team_id", target="response")
    assert by_team == {
        march.house.team.id: Tally(met=4, breached=2),
        march.network.id: Tally(met=1, breached=2),
    }


def test_the_list_behind_a_figure_has_as_many_promises_as_the_figure(march: March) -> None:
    dee = march.house.dee.asker
    found = {
        (target, verdict): len(list_promises(dee, asked(target=target, verdict=verdict), 100))
        for target in ("response", "resolution")
        for verdict in ("met", "breached", "running")
    }
    assert found == {
        ("response", "met"): 5,
        ("response", "breached"): 4,
        ("response", "running"): 0,
        ("resolution", "met"): 4,
        ("resolution", "breached"): 2,
        ("resolution", "running"): 1,
    }


def test_at_the_very_instant_it_is_due_a_promise_still_runs(march: March) -> None:
    forgotten = list_promises(march.house.dee.asker, asked(target="response", verdict="breached"), 9)
    due_at = next(row.due_at for row in forgotten if row.subject == "forgotten")
    assert due_at == at(4, 14)
    before = Promises(kind="fault", now=due_at, since=at(4, 1), until=at(5, 1), target="response")
    counted = count_promises(march.house.dee.asker, before, [before.since])
    assert [row.tally for row in counted] == [Tally(running=1)]


def test_questions_are_figures_of_their_own(march: March) -> None:
    questions = Promises(kind="question", now=NOW, **MONTH)
    counted = count_promises(march.house.dee.asker, questions, [questions.since])
    assert sum((row.tally for row in counted), Tally()) == Tally(breached=2)


def test_a_lead_reads_the_figures_of_their_teams_alone(march: March) -> None:
    assert set(totals(march.house.chen, "team_id")) == {march.house.team.id}
    assert totals(march.house.fay) == totals(march.house.eli) == totals(march.house.dee)


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
    assert "1 d" not in page.text  # lateness is counted time, never days


def test_every_figure_on_the_page_opens_as_many_promises(
    march: March, browser: Browsers, in_april: None
) -> None:
    dee = sign_in(browser, march.house.dee)
    figure = re.compile(r'<a class="(?:met|breached|running)" href="([^"]+)">(\d+) ')
    links = set(figure.findall(dee.get(f"/figures?{QUERY}").text))
    assert len(links) > 15
    for url, count in links:
        said = re.search(r"(\d+) promises?<", dee.get(html.unescape(url)).text)
        assert said is not None
        assert said[1] == count


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
        for path in ("/figures", "/figures/tickets", "/figures/figures.csv"):
            assert signed_in.get(path).status_code == 404
    assert browser().get("/figures").status_code == 302


def test_export_is_a_right_of_its_own(march: March, browser: Browsers) -> None:
    for person in (march.house.chen, march.house.fay):
        signed_in = sign_in(browser, person)
        assert signed_in.get("/figures").status_code == 200
        assert signed_in.get("/figures/figures.csv").status_code == 404
        assert "figures.csv" not in signed_in.get("/figures").text


def test_the_export_has_a_line_a_promise_and_is_logged(
    march: March, browser: Browsers, in_april: None
) -> None:
    answer = sign_in(browser, march.house.dee).get(f"/figures/figures.csv?{QUERY}", buffered=True)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    outcomes = [(row["promise"], row["outcome"]) for row in rows]
    assert outcomes.count(("response", "breached")) == 4
    assert outcomes.count(("resolution", "met")) == 4
    assert len(rows) == 16
    late = next(row for row in rows if row["subject"] == "answered late" and row["promise"] == "response")
    assert late["given_at"] == "2026-03-03T08:00:00Z"
    assert late["due_at"] == "2026-03-03T13:00:00Z"
    assert late["late_seconds"] == "3600"
    assert late["person"] == "Bo"
    assert any(row["subject"] == "'=reopened()" for row in rows)
    assert "Europe/Berlin" in answer.data.decode().splitlines()[0]
    read_anew()
    event = db.session.query(SecurityEvent).filter_by(what="exported").one()
    assert event.actor_id == march.house.dee.id
    assert event.detail == {"kind": "fault", "since": "2026-03-01", "until": "2026-03-31", "rows": 16}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_nothing_in_an_export_begins_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("plain =1") == "plain =1"
    assert harmless(-5) == -5


@pytest.mark.parametrize(
    "query", ["since=2026-03-01", "since=x&until=y", "since=2026-03-02&until=2026-03-01", "kind=x", "team=x"]
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


def test_the_raw_figures_never_change_by_excusing(march: March, request: pytest.FixtureRequest) -> None:
    dee = march.house.dee
    before = {key: totals(dee, key) for key in ("target", "severity", "team_id", "service_id")}
    request.getfixturevalue("excused")
    for key, tallies in before.items():
        after = totals(dee, key)
        raw = {name: (t.met, t.breached, t.running, t.tenths) for name, t in after.items()}
        assert raw == {name: (t.met, t.breached, t.running, t.tenths) for name, t in tallies.items()}
        assert sum(t.excused for t in after.values()) == 2
    assert totals(dee)["response"] == Tally(met=5, breached=4, excused=1)
    assert totals(dee)["resolution"] == Tally(met=4, breached=2, running=1, excused=1)


def test_a_figure_of_an_earlier_instant_knows_no_later_excuse(excused: March) -> None:
    dee = excused.house.dee.asker
    before = Promises(kind="fault", now=datetime(2026, 4, 1, 5, 59, tzinfo=UTC), **MONTH)
    assert sum((row.tally for row in count_promises(dee, before, [before.since])), Tally()).excused == 0
    at_two = {"reason": "Our own switch", "now": datetime(2026, 4, 1, 7, 15, tzinfo=UTC)}
    excuses.withdraw(ticket_of("forgotten").id, excused.house.eli, "resolution", 1, **at_two)  # type: ignore[arg-type]
    assert totals(excused.house.dee)["resolution"].excused == 0
    between = Promises(kind="fault", now=datetime(2026, 4, 1, 7, tzinfo=UTC), **MONTH)
    assert sum((row.tally for row in count_promises(dee, between, [between.since])), Tally()).excused == 2


def test_each_excuse_counts_in_the_part_in_which_the_promise_was_given(excused: March) -> None:
    parts = [MONTH["since"], at(4, 1), at(5, 1)]
    counted = count_promises(excused.house.dee.asker, asked(), parts)
    assert {(row.part, row.target) for row in counted if row.tally.excused} == {
        (0, "response"),
        (1, "resolution"),
    }


def test_a_lead_counts_the_excuses_of_their_teams_alone(excused: March) -> None:
    assert sum(t.excused for t in totals(excused.house.chen).values()) == 1


def test_raw_and_adjusted_stand_side_by_side(excused: March, browser: Browsers, in_april: None) -> None:
    page = sign_in(browser, excused.house.dee).get(f"/figures?{QUERY}").text
    assert "5 of 9 kept; adjusted 62.5%, 1 excused" in page
    assert "4 of 6 kept; adjusted 80.0%, 1 excused" in page
    for raw, adjusted in (("55.5%", "adjusted 62.5%"), ("66.6%", "adjusted 80.0%")):
        assert page.count(raw) > page.count(adjusted) > 1
    assert page.count('class="series  adjusted"') == page.count('class="series major adjusted"') > 0
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
    assert len(links) > 4
    for url, count in links:
        listed = dee.get(html.unescape(url)).text
        assert f"{count} promise{'' if count == '1' else 's'}<" in listed
        assert listed.count("Excused by") == int(count)
    assert (
        "3 promises" in dee.get(f"/figures/tickets?{QUERY}&verdict=breached&target=response&excused=0").text
    )


def test_the_export_names_excuses(excused: March, browser: Browsers, in_april: None) -> None:
    answer = sign_in(browser, excused.house.dee).get(f"/figures/figures.csv?{QUERY}", buffered=True)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 16
    found = {(r["subject"], r["promise"]): (r["excused"], r["excused_by"], r["excuse_reason"]) for r in rows}
    assert found["answered late", "response"] == ("yes", "Chen", "'=The line was cut")
    assert found["forgotten", "resolution"] == ("yes", "Eli", "'=The line was cut")
    others = [row for row in rows if not row["excused"]]
    assert len(others) == 14
    assert {(row["excused_by"], row["excuse_reason"]) for row in others} == {("", "")}
    assert [row["outcome"] for row in rows if row["excused"]] == ["breached", "breached"]
