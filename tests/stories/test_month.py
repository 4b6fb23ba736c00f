"""A month of forty tickets, worked out by hand: page, CSV, XLSX and API say what the table says.

Berlin, March 2026; the 2nd is a Monday, on the 29th clocks go forward. Office hours are 9 to 12 and 13 to 18.
Minor: 4 h to answer, 24 h to solve, 8 h for a further answer; reports from the 24th on: 2 h and 16 h (another
policy version). Major: 2, 8 and 4 h. Critical, day and night: 1, 4 and 1 h.
"""

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from helpdesk import clock
from helpdesk.desk import (
    closing,
    excuses,
    figures,
    goals,
    outages,
    passing_on,
    policies,
    policy_plans,
    reopenings,
    tickets,
    tokens,
    triage,
    waiting,
)
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.rules.figures import DIMENSIONS, TARGETS, Tally
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.schemas.figures import FiguresSchema
from helpdesk.store import db
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.people import Person
from helpdesk.store.policies import Policy
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from tests.conftest import Browser, House, announced, read_anew

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")

# Number, what it is about, its report (when, service, severity or kind, reporter, way in), what was done, and
# what became of each promise: R first answer, S solution, U further answer; * excused. "nobody": no agent.
MONTH = [
    (1, "kept, both", "02 09:00 erp minor ana web",
     "02 10:00 bo accepts; 02 15:00 bo resolves",
     "R1 minor erp bo met; S1 minor erp bo met"),
    (2, "answered an hour late", "03 09:00 erp minor ana web",
     "03 15:00 bo accepts; 03 16:00 bo resolves",
     "R1 minor erp bo breached; S1 minor erp bo met"),
    (3, "forgotten: open and past due", "04 09:00 wifi minor ana mail", "",
     "R1 minor wifi nobody breached; S1 minor wifi nobody breached"),
    (4, "reopened, answered late then", "05 09:00 wifi minor ana web",
     ("05 09:30 bo accepts; 05 10:00 bo resolves; 05 11:00 ana reopens; 06 09:01 bo accepts;"
      "06 11:00 bo resolves"),
     "R1 minor wifi bo met; R2 minor wifi bo breached; S1 minor wifi bo met"),
    (5, "reopened, answered in time", "09 09:00 erp minor dee web",
     ("09 09:30 chen accepts; 09 10:00 chen resolves; 09 14:00 dee reopens; 09 15:00 chen accepts;"
      "09 17:00 chen resolves"),
     "R1 minor erp chen met; R2 minor erp chen met; S1 minor erp chen met"),
    (6, "withdrawn in time", "09 09:00 erp minor ana web", "09 10:00 ana cancels", ""),
    (7, "withdrawn after its answer was due", "10 09:00 erp minor ana mail", "10 15:00 ana cancels",
     "R1 minor erp nobody breached"),
    (8, "answered in time, then cancelled", "10 09:00 erp minor dee phone",
     "10 10:00 bo accepts; 10 15:00 bo cancels", ""),
    (9, "raised: as minor promised, by the tighter time due", "11 09:00 erp minor ana web",
     "11 10:00 bo accepts; 11 11:00 bo rates critical; 11 16:00 bo resolves",
     "R1 minor erp bo met; S1 minor erp bo breached"),
    (10, "still running", "31 16:00 erp minor ana web", "31 16:30 bo accepts",
     "R1 minor erp bo met; S1 minor erp bo running"),
    (11, "of the first instant of April", "32 00:00 erp minor ana web", "", ""),
    (12, "a question, forgotten", "16 09:00 erp question ana web", "",
     "R1 minor erp nobody breached; S1 minor erp nobody breached"),
    (13, "a request", "16 10:00 erp request dee web", "16 10:30 bo accepts; 16 11:00 bo resolves",
     "R1 minor erp bo met; S1 minor erp bo met"),
    (14, "lowered an hour before it was due", "13 09:00 erp major dee web",
     "13 10:00 chen accepts; 13 17:00 chen rates minor; 16 12:00 chen resolves",
     "R1 major erp chen met; S1 major erp chen met"),
    (15, "waited two days for its reporter", "17 09:00 erp minor ana web",
     "17 09:30 bo accepts; 17 10:00 bo waits; 19 10:00 ana writes; 19 15:00 bo replies; 23 11:00 bo resolves",
     "R1 minor erp bo met; U1 minor erp bo met; S1 minor erp bo met"),
    (16, "waited a day, and late all the same", "17 09:00 erp minor ana web",
     "17 09:30 bo accepts; 17 10:00 bo waits; 18 10:00 ana writes; 19 11:00 bo replies; 23 09:01 bo resolves",
     "R1 minor erp bo met; U1 minor erp bo breached; S1 minor erp bo breached"),
    (17, "maintenance from 10 to 18 on the 18th", "18 09:00 printing minor ana web",
     "19 11:30 bo accepts; 19 14:00 bo resolves",
     "R1 minor printing bo met; S1 minor printing bo met"),
    (18, "maintenance of another service; a minute late", "18 09:00 erp minor dee web",
     "18 14:01 bo accepts; 18 15:00 bo resolves",
     "R1 minor erp bo breached; S1 minor erp bo met"),
    (19, "at the very instant", "18 09:00 erp minor ana mail",
     "18 14:00 chen accepts; 20 18:00 chen resolves",
     "R1 minor erp chen met; S1 minor erp chen met"),
    (20, "a second later", "18 09:00 erp minor ana mail",
     "18 14:00:01 chen accepts; 20 18:00:01 chen resolves",
     "R1 minor erp chen breached; S1 minor erp chen breached"),
    (21, "merged in time", "19 09:00 erp minor ana web", "19 10:00 bo merges 19", ""),
    (22, "merged after its answer was due", "19 09:00 erp minor fay web", "19 15:00 bo merges 19",
     "R1 minor erp nobody breached"),
    (23, "an outage", "20 09:00 erp critical dee phone", "20 09:30 bo accepts; 20 12:00 bo resolves",
     "R1 critical erp bo met; S1 critical erp bo met"),
    (24, "its child, answered with it", "20 09:10 erp major ana web", "20 09:40 bo adopts 23",
     "R1 major erp bo met; S1 major erp bo met"),
    (25, "its child, by its own promise too late", "20 09:05 erp major fay web", "20 11:30 bo adopts 23",
     "R1 major erp bo breached; S1 major erp bo met"),
    (26, "late and excused", "23 09:00 erp minor ana web",
     "23 15:00 bo accepts; 23 16:00 bo resolves; 24 09:00 chen excuses R1",
     "R1 minor erp bo breached*; S1 minor erp bo met"),
    (27, "late, the excuse withdrawn", "23 09:00 erp minor dee web",
     "23 15:00 bo accepts; 23 16:00 bo resolves; 24 09:30 chen excuses R1; 25 09:00 chen withdraws R1",
     "R1 minor erp bo breached; S1 minor erp bo met"),
    (28, "open, its solution excused", "23 09:00 wifi minor ana web", "30 10:00 eli excuses S1",
     "R1 minor wifi nobody breached; S1 minor wifi nobody breached*"),
    (29, "reported before the new policy; solved and never accepted", "23 17:00 erp minor ana web",
     "24 11:30 bo resolves",
     "R1 minor erp nobody met; S1 minor erp nobody met"),
    (30, "by the new policy too late", "24 09:00 erp minor ana web",
     "24 11:30 bo accepts; 25 18:00 bo resolves",
     "R1 minor erp bo breached; S1 minor erp bo met"),
    (31, "over the night when clocks go forward", "27 17:00 erp minor dee web",
     "30 10:00 chen accepts; 31 17:00 chen resolves",
     "R1 minor erp chen met; S1 minor erp chen met"),
    (32, "called at 13:00, noted at 13:30", "02 13:00 erp major dee phone",
     "02 16:00 bo accepts; 03 12:00 bo resolves",
     "R1 major erp bo breached; S1 major erp bo met"),
    (33, "answered, never solved", "26 09:00 erp major eli web", "26 09:30 chen accepts",
     "R1 major erp chen met; S1 major erp chen breached"),
    (34, "two further answers, one late", "05 09:00 erp major ana web",
     ("05 09:10 bo accepts; 05 10:00 ana writes; 05 14:00 bo replies; 05 16:00 ana writes;"
      "06 12:00 bo replies; 06 14:00 bo resolves"),
     "R1 major erp bo met; U1 major erp bo met; U2 major erp bo breached; S1 major erp bo breached"),
    (35, "solved before the further answer was due", "06 09:00 erp minor ana web",
     "06 09:30 bo accepts; 06 10:00 ana writes; 06 11:00 bo resolves",
     "R1 minor erp bo met; S1 minor erp bo met"),
    (36, "moved to another team after the answer", "10 09:00 wifi minor dee web",
     "10 10:00 bo accepts; 10 11:00 bo moves erp; 10 12:00 bo resolves",
     "R1 minor wifi bo met; S1 minor erp bo met"),
    (37, "handed on after the answer", "11 09:00 erp minor ana web",
     "11 10:00 bo accepts; 11 11:00 bo assigns chen; 11 11:30 chen accepts; 11 15:00 chen resolves",
     "R1 minor erp bo met; S1 minor erp chen met"),
    (38, "at night, at a weekend", "14 22:00 erp critical dee phone",
     "14 23:30 bo accepts; 15 02:00 bo resolves",
     "R1 critical erp bo breached; S1 critical erp bo met"),
    (39, "a reopening that was none", "16 09:00 erp minor ana web",
     "16 09:30 bo accepts; 16 10:00 bo resolves; 17 09:00 ana reopens; 17 10:00 bo parts 40",
     "R1 minor erp bo met; S1 minor erp bo met"),
    (40, "what it was instead", "", "17 11:00 bo accepts; 17 12:00 bo resolves",
     "R1 minor erp bo met; S1 minor erp bo met"),
]  # fmt: skip

NOW = datetime(2026, 4, 1, 7, 30, tzinfo=UTC)
QUERY = "since=2026-03-01&until=2026-03-31"
# The figures themselves, added up by hand.
TOTALS = {
    "response": Tally(met=22, breached=14, excused=1),
    "resolution": Tally(met=24, breached=7, running=1, excused=1),
    "update": Tally(met=2, breached=2),
}
SHARES = {"response": (61.1, 62.8), "resolution": (77.4, 80.0), "update": (50.0, 50.0)}
BY_SEVERITY = {
    ("Critical", "response"): Tally(met=1, breached=1),
    ("Critical", "resolution"): Tally(met=2),
    ("Critical", "update"): Tally(),
    ("Major", "response"): Tally(met=4, breached=2),
    ("Major", "resolution"): Tally(met=4, breached=2),
    ("Major", "update"): Tally(met=1, breached=1),
    ("Minor", "response"): Tally(met=17, breached=11, excused=1),
    ("Minor", "resolution"): Tally(met=18, breached=5, running=1, excused=1),
    ("Minor", "update"): Tally(met=1, breached=1),
}
KEPT = {"R": "response", "S": "resolution", "U": "update"}
NAMES = {
    "erp": "ERP",
    "wifi": "Wi-Fi",
    "printing": "Printing",
    "bo": "Bo",
    "chen": "Chen",
    "nobody": "Nobody",
}
TEAMS = {"erp": "ERP", "printing": "ERP", "wifi": "Network"}
DOORS = {"web": "Portal", "mail": "Mail", "phone": "Phone"}
# As the page parts them at the top: Sales is below Trade.
DEPARTMENTS = {"ana": "Trade", "dee": "Trade", "fay": "Plant", "eli": "No department"}
PROMISES = {"First answer": "response", "Solution": "resolution", "Further answers": "update"}


class Promise(NamedTuple):
    """What the table says of a promise."""

    number: int
    target: str
    day: int
    kind: str
    of: dict[str, str]
    tally: Tally


def promises() -> list[Promise]:
    """All of the table's. A ticket that was parted from another has that one's report, two days later."""
    found = []
    for number, _what, report, _steps, kept in MONTH:
        day, _at, _service, severity, reporter, door = (report or "17 09:00 erp minor ana web").split()
        kind = severity if severity in ("question", "request") else "fault"
        for each in filter(None, kept.split("; ")):
            which, given_at, service, person, outcome = each.split()
            of = {
                "severity": given_at.capitalize(),
                "service": NAMES[service],
                "team": TEAMS[service],
                "person": NAMES[person],
                "door": DOORS[door],
                "department": DEPARTMENTS[reporter],
            }
            tally = Tally(**{outcome.rstrip("*"): 1, "excused": int(outcome.endswith("*"))})
            found.append(Promise(number, KEPT[which[0]], int(day), kind, of, tally))
    return found


def table(by: str, kind: str = "fault") -> dict[tuple[str, str], Tally]:
    """The hand-made figures by a dimension, every row with every promise."""
    found: dict[tuple[str, str], Tally] = {}
    for each in promises():
        if each.kind == kind:
            for target in TARGETS:
                found.setdefault((each.of[by], target), Tally())
            found[each.of[by], each.target] += each.tally
    return found


def local(words: str) -> datetime:
    """ "18 14:00:01" of March; the 32nd is the first of April."""
    day, time = words.split()
    naive = datetime.fromisoformat(f"2026-03-01T{time}") + timedelta(days=int(day) - 1)
    return naive.replace(tzinfo=BERLIN).astimezone(UTC)


class Month:
    """The month as it is lived, in the order of time."""

    def __init__(self, house: House) -> None:
        self.house, self.ids = house, dict[int, int]()
        network = Team(name="Network")
        trade, plant = Department(name="Trade"), Department(name="Plant")
        db.session.add_all([network, trade, plant])
        db.session.flush()
        sales = Department(name="Sales", parent_id=trade.id)
        wifi = Service(name="Wi-Fi", team_id=network.id)
        db.session.add_all([sales, wifi])
        db.session.flush()
        for person, department in ((house.ana, sales), (house.dee, trade), (house.fay, plant)):
            person.department_id = department.id
        db.session.commit()
        self.services = {"erp": house.erp, "wifi": wifi, "printing": house.printing}
        self.snapshots: dict[datetime, Any] = {}

    def person(self, name: str) -> Person:
        found: Person = getattr(self.house, name)
        return found

    def live(self) -> None:
        deeds: list[tuple[datetime, int, Callable[[], object]]] = []
        for number, what, report, steps, _kept in MONTH:
            if report:
                noted = "02 13:30" if number == 32 else report[:8]
                deeds.append((local(noted), number, partial(self.report, number, what, report)))
            for step in filter(None, (each.strip() for each in steps.split(";"))):
                day, time, *said = step.split()
                at = local(f"{day} {time}")
                deeds.append((at, number + 100, partial(self.do, number, at, said)))
        deeds.append((local("16 17:00"), 0, self.announce))
        deeds.append((local("20 17:00"), 0, self.publish))
        for at in map(local, ("10 14:30", "17 09:30", "24 12:00", "27 12:00")):
            deeds.append((at, 999, partial(self.look, at)))
        for _at, _number, deed in sorted(deeds, key=lambda each: each[:2]):
            deed()

    def report(self, number: int, what: str, report: str) -> None:
        day, time, service, severity, reporter, door = report.split()
        at = local(f"{day} {time}")
        answers = {
            "critical": (Works.NOTHING, Affected.EVERYONE),
            "major": (Works.MAIN_FUNCTION_FAILS, Affected.SEVERAL),
        }.get(severity, (Works.SMALL_FAULT, Affected.ME))
        kind = Kind(severity) if severity in ("question", "request") else Kind.FAULT
        late: Any = {"reported_at": at, "backdate_reason": "By phone"} if number == 32 else {}
        command = Report(
            subject=what, body="It fails.", kind=kind, service_id=self.services[service].id,
            works=answers[0], affected=answers[1], **late,
        )  # fmt: skip
        now = local("02 13:30") if late else at
        actor = self.house.bo if door == "phone" else None
        self.ids[number] = tickets.report(command, self.person(reporter), now=now, door=door, actor=actor).id

    def do(self, number: int, at: datetime, said: list[str]) -> None:
        who, verb, *about = said
        actor, ticket_id = self.person(who), self.ids[number]
        more: Any = {"now": at}
        other = self.ids.get(int(about[0])) if about and about[0].isdigit() else None
        deeds: dict[str, Callable[[], object]] = {
            "accepts": lambda: tickets.accept(ticket_id, actor, **more),
            "resolves": lambda: closing.resolve(ticket_id, actor, "c", "s", **more),
            "reopens": lambda: closing.reopen(ticket_id, actor, "still not", **more),
            "cancels": lambda: closing.cancel(ticket_id, actor, "r", **more),
            "writes": lambda: tickets.reporter_reply(ticket_id, actor, "Here", door="web", **more),
            "replies": lambda: tickets.reply(ticket_id, actor, "We look", **more),
            "waits": lambda: waiting.wait(
                ticket_id, actor, waiting_for="reporter", wake_at=local("24 10:00"), question="Which?", **more
            ),
            "rates": lambda: triage.change_severity(ticket_id, actor, Severity(about[0]), "so", **more),
            "moves": lambda: triage.move(
                ticket_id, actor, service_id=self.services[about[0]].id, **more
            ),
            "assigns": lambda: triage.assign(ticket_id, actor, self.person(about[0]).id, **more),
            "merges": lambda: closing.merge(ticket_id, actor, other or 0, **more),
            "adopts": lambda: outages.adopt(other or 0, [ticket_id], actor, **more),
            "excuses": lambda: excuses.excuse(
                ticket_id, actor, KEPT[about[0][0]], 1, reason="The line was cut", evidence="HD-1", **more
            ),
            "withdraws": lambda: excuses.withdraw(
                ticket_id, actor, KEPT[about[0][0]], 1, reason="Our own switch", **more
            ),
            "parts": lambda: self.part(ticket_id, actor, int(about[0]), at),
        }  # fmt: skip
        deeds[verb]()
        passing_on.pass_on(at)

    def part(self, ticket_id: int, actor: Person, number: int, at: datetime) -> None:
        self.ids[number] = reopenings.not_a_reopening(ticket_id, actor, "Another thing", now=at).id

    def announce(self) -> None:
        span = local("18 10:00"), local("18 18:00")
        announced(self.house, self.house.printing, *span, now=local("16 17:00"))

    def publish(self) -> None:
        definition = policies.default_definition(get_organisation().calendar_id, None)
        definition["minor"]["response"]["minutes"] = 120
        definition["minor"]["resolution"]["minutes"] = 960
        standard = db.session.query(Policy).filter_by(name="Standard").one()
        by = By(local("20 17:00"), self.house.eli.id)
        policy_plans.publish(
            standard.id, definition, local("24 00:00"), "Faster", by, cover_reason="We watch"
        )

    def look(self, at: datetime) -> None:
        self.snapshots[at] = seen(self.house.dee, at)


def seen(person: Person, at: datetime, as_of: datetime | None = None, **said: Any) -> Any:
    """All figures of the month as they are found: by each dimension, and over time."""
    found = {}
    for by in DIMENSIONS:
        data = FiguresSchema().load({"since": "2026-03-01", "until": "2026-03-31", "by": by, **said})
        asked = figures.settled(figures.ask(data | {"as_of": as_of}, "Europe/Berlin", at))
        answer = figures.compliance(person.asker, asked)
        found[by] = (answer.totals, dict(answer.rows), [part[:2] for part in answer.parts])
    return found


@pytest.fixture
def month(house: House) -> Month:
    lived = Month(house)
    lived.live()
    return lived


def test_the_hand_made_table_adds_up_to_the_hand_made_totals() -> None:
    assert len(MONTH) == 40
    for by in DIMENSIONS:
        added = {target: Tally() for target in TARGETS}
        for (_name, target), tally in table(by).items():
            added[target] += tally
        assert added == TOTALS
    assert table("severity") == BY_SEVERITY
    for target, tally in TOTALS.items():
        assert (tally.tenths, tally.adjusted_tenths) == tuple(round(10 * share) for share in SHARES[target])


def test_wherever_the_month_is_read_it_says_what_the_table_says(
    month: Month, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one test: forty tickets take seconds to live."""
    a_report_run_again_as_of_then_says_what_it_said_then(month)
    a_lead_sees_the_same_table_of_their_team_alone(month)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    the_list_of_all_promises_is_the_table(month, browser)
    page_csv_xlsx_and_api_say_what_the_table_says(month, browser)
    every_number_on_the_page_opens_as_many_promises(month, browser)
    weeks_add_up_to_the_month(month, browser)
    the_goal_of_a_quarter_is_a_line_in_the_chart(month, browser)


def page_csv_xlsx_and_api_say_what_the_table_says(month: Month, browser: Browsers) -> None:
    dee = browser().known_as(month.house.dee)
    api = Api(browser(), tokens.add_token(month.house.dee.id, "test", now=NOW))
    for by in DIMENSIONS:
        wanted = table(by) | {("All", target): tally for target, tally in TOTALS.items()}
        assert of_page(dee, by) == wanted, by
        assert of_lines(lines_of_csv(dee, f"{by}.csv")) == wanted, by
        assert of_lines(lines_of_xlsx(dee, f"{by}.xlsx")) == wanted, by
        assert api.figures(by) == wanted, by
    for kind in ("question", "request"):
        asked = f"&kind={kind}"
        assert of_lines(lines_of_csv(dee, "team.csv", asked)) == {
            ("ERP", target): tally for target, tally in _by_target(kind).items()
        } | {("All", target): tally for target, tally in _by_target(kind).items()}


def _by_target(kind: str) -> dict[str, Tally]:
    return {target: tally for (_team, target), tally in table("team", kind).items()}


def every_number_on_the_page_opens_as_many_promises(month: Month, browser: Browsers) -> None:
    dee = browser().known_as(month.house.dee)
    link = re.compile(r'<a class="(?:met|breached|running|excused)" href="([^"]+)">(\d+) ')
    links = {each for by in ("person", "department") for each in link.findall(_page(dee, by))}
    assert len(links) > 20
    for url, count in links:
        said = re.search(r"(\d+) promises?<", dee.get(html.unescape(url)).text)
        assert said is not None, url
        assert said[1] == count, url


def the_list_of_all_promises_is_the_table(month: Month, browser: Browsers) -> None:
    dee = browser().known_as(month.house.dee)
    wanted = Counter(
        (f"HD-{month.ids[each.number]}", each.target, _outcome(each.tally), bool(each.tally.excused))
        for each in promises()
        if each.kind == "fault"
    )
    for rows in (lines_of_csv(dee, "promises.csv"), lines_of_xlsx(dee, "promises.xlsx")):
        found = ((r["ticket"], r["promise"], r["outcome"], r["excused"] == "yes") for r in rows)
        assert Counter(found) == wanted
    [second] = [
        r
        for r in lines_of_csv(dee, "promises.csv")
        if r["late_seconds"] == "1" and r["promise"] == "response"
    ]
    assert (second["ticket"], second["given_at"]) == (f"HD-{month.ids[20]}", "2026-03-18T09:00:00+01:00")
    rows = lines_of_xlsx(dee, "promises.xlsx")
    [same] = [r for r in rows if r["ticket"] == second["ticket"] and r["promise"] == "response"]
    assert same["given_at"] == datetime(2026, 3, 18, 9)  # noqa: DTZ001 - a workbook knows no zones
    assert {r["time_zone"] for r in rows} == {"Europe/Berlin"}
    assert {r["as_of"] for r in rows} == {"2026-04-01T09:30:00+02:00"}
    read_anew()
    events = db.session.query(SecurityEvent).filter_by(what="exported").all()
    assert {event.subject for event in events} == {"figures:promises.csv", "figures:promises.xlsx"}
    assert {event.detail["rows"] for event in events} == {sum(wanted.values())}


def _outcome(tally: Tally) -> str:
    return next(name for name in ("met", "breached", "running") if getattr(tally, name))


def weeks_add_up_to_the_month(month: Month, browser: Browsers) -> None:
    dee = browser().known_as(month.house.dee)
    rows = lines_of_csv(dee, "time.csv", "&grain=week")
    weeks: dict[tuple[str, str], Tally] = {}
    for each in promises():
        if each.kind == "fault":
            monday = date(2026, 3, each.day) - timedelta((each.day - 2) % 7)
            key = monday.isoformat(), each.target
            weeks[key] = weeks.get(key, Tally()) + each.tally
    found = {key: tally for key, tally in of_lines(rows).items() if key[0] != "All" and tally != Tally()}
    assert found == weeks


def a_report_run_again_as_of_then_says_what_it_said_then(month: Month) -> None:
    assert len(month.snapshots) == 4
    for at, then in month.snapshots.items():
        again = seen(month.house.dee, NOW, as_of=at)
        for by in DIMENSIONS:
            assert again[by] == then[by], (at, by)
    assert seen(month.house.dee, NOW, as_of=NOW) == seen(month.house.dee, NOW)


def a_lead_sees_the_same_table_of_their_team_alone(month: Month) -> None:
    totals, rows, _parts = seen(month.house.chen, NOW)["service"]
    wanted = {(n, t): tally for (n, t), tally in table("service").items() if n != "Wi-Fi"}
    names = {month.services[key].id: NAMES[key] for key in month.services}
    assert {(names[key], t): tally for key, tallies in rows.items() for t, tally in tallies.items()} == wanted
    assert totals["response"] == sum((tally for (_n, t), tally in wanted.items() if t == "response"), Tally())


def the_goal_of_a_quarter_is_a_line_in_the_chart(month: Month, browser: Browsers) -> None:
    goals.set_goal(date(2026, 2, 3), "fault", "response", 600, By(NOW, month.house.dee.id))
    dee = browser().known_as(month.house.dee)
    page = _page(dee, "severity")
    assert "goal 60.0%" in page
    assert page.count('class="goal"') > 0
    picture = dee.get(f"/figures?{QUERY}&chart=response")
    assert picture.content_type.startswith("image/svg+xml")
    assert "<title" in picture.text


class Api:
    """A program with a token."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.browser, self.headers = browser, {"Authorization": f"Bearer {token}"}

    def figures(self, by: str) -> dict[tuple[str, str], Tally]:
        answer = self.browser.get(f"/api/v1/figures/compliance?{QUERY}&by={by}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json or {}
        assert (said["zone"], said["since"], said["until"]) == ("Europe/Berlin", "2026-03-01", "2026-03-31")
        for each in said["totals"]:
            assert (each["share"], each["adjusted_share"]) == SHARES[each["promise"]]
        words = {"door": DOORS, "severity": {s: s.capitalize() for s in ("critical", "major", "minor")}}
        none = {"person": "Nobody", "department": "No department"}
        rows = [
            (words.get(by, {}).get(row["key"], row["name"]) or none[by], row["kept"]) for row in said["rows"]
        ]
        return {
            (name, each["promise"]): Tally(**{k: each[k] for k in ("met", "breached", "running", "excused")})
            for name, kept in [*rows, ("All", said["totals"])]
            for each in kept
        }


def _page(browser: Browser, by: str) -> str:
    answer = browser.get(f"/figures?{QUERY}&by={by}")
    assert answer.status_code == 200
    return answer.text


def of_page(browser: Browser, by: str) -> dict[tuple[str, str], Tally]:
    """The table of the page, with its shares."""
    body = _page(browser, by).split('<div class="card figures">')[1].split("</table>")[0]
    found = {}
    for row in body.split('<tr role="row"')[2:]:
        head = re.search(r'role="rowheader">(.*?)</th>', row, re.S)
        assert head is not None
        name = html.unescape(re.sub(r"<[^>]+>", "", head[1])).strip()
        for cell in row.split('<td role="cell"')[1:]:
            label = re.search(r'data-label="([^"]+)"', cell)
            assert label is not None
            counts = dict(re.findall(r'<a class="(\w+)" href="[^"]+">(\d+) ', cell))
            tally = Tally(**{key: int(count) for key, count in counts.items()})
            share = re.search(r'<b class="num">([^<]+)</b>', cell)
            assert share is not None
            assert share[1] == _say(tally.tenths)
            assert ("adjusted" in cell) == bool(tally.excused)
            found[name, PROMISES[label[1]]] = tally
    return found


def _say(tenths: int | None) -> str:
    if tenths is None:
        return "–"
    return "100%" if tenths == 1000 else f"{tenths / 10:.1f}%"


def of_lines(rows: list[dict[str, Any]]) -> dict[tuple[str, str], Tally]:
    """The lines of a file, with their shares."""
    found = {}
    for row in rows:
        counts = [int(row[name]) for name in ("Kept", "Broken", "Still running", "Broken and excused")]
        tally = Tally(*counts)
        for name, tenths in (("Share kept (%)", tally.tenths), ("Adjusted share (%)", tally.adjusted_tenths)):
            assert row[name] in (None, "") if tenths is None else round(float(row[name]) * 10) == tenths
        assert row["Time zone"] == "Europe/Berlin"
        assert row["As of"] == "2026-04-01T09:30:00+02:00"
        found[str(next(iter(row.values()))), PROMISES[row["Promise"]]] = tally
    return found


def lines_of_csv(browser: Browser, name: str, more: str = "") -> list[dict[str, Any]]:
    answer = browser.get(f"/figures/{name}?{QUERY}{more}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def lines_of_xlsx(browser: Browser, name: str) -> list[dict[str, Any]]:
    answer = browser.get(f"/figures/{name}?{QUERY}")
    assert answer.status_code == 200
    head, *rows = load_workbook(io.BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    return found[:-2]  # an empty one, and the note
