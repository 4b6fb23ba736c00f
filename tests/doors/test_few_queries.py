"""A page asks the database as often for many rows as for few."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from helpdesk import clock
from helpdesk.desk import bulk, closing, links, organisation, outages, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.bulk import BulkAction
from helpdesk.store.canned_answers import CannedAnswer
from helpdesk.store.locations import Location
from helpdesk.store.organisation import Department
from helpdesk.store.people import Person
from helpdesk.store.skills import PersonSkill, ServiceSkill, Skill
from helpdesk.store.tickets import Participant, Ticket
from helpdesk.store.views import SavedView
from tests.conftest import Browser, House, announced

Browsers = Callable[[], Browser]
SOLVED = {"cause": "disk", "solution": "Made room."}


@pytest.fixture
def parent(house: House) -> Ticket:
    """What many have, in a house whose colleagues read each other's reports."""
    sales, now = Department(name="Sales"), clock.now()
    db.session.add(sales)
    db.session.flush()
    house.ana.department_id = house.dee.department_id = sales.id
    db.session.commit()
    organisation.change({"colleagues": True}, By(now, house.eli.id))
    return tickets.report(Report("ERP", "Error", service_id=house.erp.id), house.ana, now=now, door="web")


def add(house: House, parent: Ticket, some: range) -> None:
    """Of everything as many more."""
    for n in some:
        person = set_up(house, parent, n)
        report(house, parent, person, f"ERP {n}")


def set_up(house: House, parent: Ticket, n: int) -> Person:
    person, location, skill = (
        house.person(f"Kim{n}", Role.AGENT),
        Location(name=f"Floor {n}"),
        Skill(name=f"{n}"),
    )
    db.session.add_all([location, skill, CannedAnswer(name=f"Answer {n}", texts={"en": "Hello"})])
    db.session.flush()
    person.location_id, person.department_id = location.id, house.ana.department_id
    asked = {"view": "all", "assignee": str(person.id)}
    db.session.add_all(
        [
            SavedView(owner_id=house.bo.id, name=f"View {n}", asked=asked),
            PersonSkill(person_id=person.id, skill_id=skill.id),
            ServiceSkill(service_id=house.printing.id, skill_id=skill.id),
            Participant(ticket_id=parent.id, person_id=person.id, how="follower", since=clock.now()),
        ]
    )
    db.session.commit()
    return person


def report(house: House, parent: Ticket, person: Person, subject: str) -> None:
    now, each = clock.now(), Report(subject, "Error", service_id=house.erp.id, is_shared=True)
    child, lone, solved = (
        tickets.report(each, who, now=now - timedelta(minutes=1), door="web")
        for who in (person, person, house.ana)
    )
    outages.adopt(parent.id, [child.id], house.bo, now=now)
    tickets.reporter_reply(child.id, person, "Me too", now=now, door="web")
    tickets.accept(lone.id, person, now=now)
    links.link(parent.id, house.bo, lone.id, now=now)
    closing.resolve(solved.id, house.bo, **SOLVED, now=now)
    bulk.order(house.bo, "resolve", SOLVED, [ticket.id for ticket in db.session.query(Ticket)], now=now)


def pages(house: House, parent: Ticket) -> list[tuple[str, str, str]]:
    """Whose each list is, its name, and its address."""
    at, ids = f"/tickets/{parent.number}", [str(ticket.id) for ticket in db.session.query(Ticket)]
    latest = max(action.id for action in db.session.query(BulkAction))
    same = {
        "bo": (
            *("/queue?view=all", "/queue/rows?view=all", "/queue/views", "/search?q=erp", "/bell", "/bulk"),
            *(at, f"{at}/thread", f"{at}/followers", f"{at}/answers", f"{at}/assign"),
            *(f"/outages/of/{parent.number}", f"/outages/new?service={house.erp.id}"),
        ),
        "dee": ("/my/department",),
        "ana": ("/my", "/my?q=erp", f"/my/{parent.number}", f"/report?service_id={house.erp.id}"),
        "eli": tuple(f"/admin/{of}" for of in ("", "locations", "skills", "answers", "people", "services")),
    }
    return [
        *((name, each, each.rstrip("/")) for name, addresses in same.items() for each in addresses),
        ("bo", "choose", f"/bulk/new?tickets={','.join(ids)}"),
        ("bo", "progress", f"/bulk/{latest}"),
    ]


def test_many_rows_are_asked_for_as_often_as_few(house: House, parent: Ticket, browser: Browsers) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("both databases are asked the same")
    people = {name: browser().known_as(getattr(house, name)) for name in ("bo", "dee", "ana", "eli")}
    ran: list[str] = []

    def count(who: str, address: str) -> int:
        ran.clear()
        assert people[who].get(address).status_code == 200, address
        return len(ran)

    def asked() -> dict[str, int]:
        return {name: count(who, address) for who, name, address in pages(house, parent)}

    add(house, parent, range(2))
    asked()  # what is read once and kept
    event.listen(db.engine, "before_cursor_execute", listener := lambda *given: ran.append(given[2]))
    try:
        few = asked()
        add(house, parent, range(2, 5))
        # One query more may be of what is looked at once a minute, whoever asks.
        assert {name: count for name, count in asked().items() if count > few[name] + 1} == {}
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)


# How many statements each page asks at most; beside them once in five seconds who is on call.
MOST = {
    "/queue?view=all": 9,
    "/queue/rows?view=all": 6,
    "/search?q=erp": 9,
    "/bell": 5,
    "/bell/news": 3,
    "/profile": 3,
}


def test_every_page_asks_little_beyond_its_own(house: House, parent: Ticket, browser: Browsers) -> None:
    """Who asks, in which organisation, is one question; what waits for them another; of maintenance, that all
    pages tell of, there is none while it stays as it is."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("both databases are asked the same")
    add(house, parent, range(2))
    now, hour = clock.now(), timedelta(hours=1)
    announced(house, house.erp, now + hour, now + 2 * hour, now=now)
    bo, ran = browser().known_as(house.bo), list[str]()
    for address in MOST:
        bo.get(address)  # what is read once and kept
    event.listen(db.engine, "before_cursor_execute", listener := lambda *given: ran.append(given[2]))
    try:
        for address, most in MOST.items():
            ran.clear()
            assert bo.get(address).status_code == 200
            asked = [text for text in ran if text != "BEGIN" and "roster" not in text]
            assert len(asked) <= most, (address, asked)
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
