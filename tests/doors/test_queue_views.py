"""Views of the queue: the address is the view, some are kept and shared, all are counted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from helpdesk import clock
from helpdesk.desk import closing, tickets, views
from helpdesk.desk.changes import Refused
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.locations import Location
from helpdesk.store.organisation import Department
from helpdesk.store.people import Person
from helpdesk.store.queue import Wanted, get_counts, list_queue
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from helpdesk.store.views import SavedView, list_views
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


def report(house: House, subject: str, minutes: int = 5, **more: object) -> Ticket:
    now = clock.now() - timedelta(minutes=minutes)
    return tickets.report(Report(subject, "It does not work.", **more), house.ana, now=now, door="mail")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


@pytest.fixture
def peer(house: House) -> Person:
    """An agent of the team "HR" alone."""
    team = Team(name="HR")
    db.session.add(team)
    found = house.person("Another agent", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=team.id, person_id=found.id))
    db.session.commit()
    return found


def keep(person: Browser, name: str, address: str, **more: object) -> None:
    answer = person.post(f"/queue/views/new?{address}", data={"name": name, **more})
    assert answer.status_code == 303, answer.text
    assert answer.location == f"/queue?{address}"


def the_view(name: str) -> SavedView:
    read_anew()
    return db.session.query(SavedView).filter_by(name=name).one()


FILTERS = [
    ("severity=critical", "Gate"),
    ("severity=minor", "Toner"),
    ("service={printing}", "Toner"),
    ("kind=question", "Which form"),
    ("assignee=0&severity=critical", "Gate"),
    ("assignee={bo}", "Taken"),
    ("state=in_work", "Taken"),
    ("state=resolved", "Mended"),
    ("department={sales}", "Which form"),
    ("location={floor}", "Which form"),
    ("days=7&kind=request", "Folder"),
    ("late=1", "Gate"),
    ("untriaged=1&kind=question", "Which form"),
]


def test_every_filter_narrows_alone_and_says_so_in_a_chip(house: House, bo: Browser) -> None:
    subjects = _one_of_each(house)
    sales, floor = db.session.query(Department).one(), db.session.query(Location).one()
    ids = {"printing": house.printing.id, "bo": house.bo.id, "sales": sales.id, "floor": floor.id}
    for address, found in FILTERS:
        page = bo.get(f"/queue?view=all&{address.format(**ids)}").text
        assert {s for s in subjects if s in page} == {found}, address
        assert page.count("chip filter") == address.count("="), address


def _one_of_each(house: House) -> list[str]:
    sales, floor = Department(name="Sales"), Location(name="Second floor")
    db.session.add_all([sales, floor])
    db.session.flush()
    house.dee.department_id, house.dee.location_id = sales.id, floor.id
    db.session.commit()
    everyone = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    several = {"works": Works.NOTHING, "affected": Affected.SEVERAL, "service_id": house.erp.id}
    now = clock.now()
    report(house, "Gate", 300, **everyone)
    report(house, "Toner", works=Works.SMALL_FAULT, affected=Affected.ME, service_id=house.printing.id)
    taken, mended = report(house, "Taken", **several), report(house, "Mended", **several)
    asked = Report("Which form", "Which form is it?", kind="question", **several)
    tickets.report(asked, house.dee, now=now, door="mail")
    report(house, "Folder", kind="request", **several)
    report(house, "Old folder", 60 * 24 * 20, kind="request", **several)
    tickets.accept(taken.id, house.bo, now=now)
    for each in db.session.query(Ticket).all():
        each.is_triaged = each.subject != "Which form"
        if each.severity == "major":
            each.next_due_at = now + timedelta(days=2)
    db.session.commit()
    tickets.accept(mended.id, house.chen, now=now)
    closing.resolve(mended.id, house.chen, cause="", solution="Mended it.", now=now)
    return ["Gate", "Toner", "Taken", "Mended", "Which form", "Folder", "Old folder"]


def test_a_state_looks_beyond_what_is_open_of_mine_and_my_teams(house: House, bo: Browser) -> None:
    ticket = report(house, "Printer jams")
    tickets.accept(ticket.id, house.bo, now=clock.now())
    closing.resolve(ticket.id, house.bo, cause="", solution="Paper.", now=clock.now())
    assert "Printer jams" not in bo.get("/queue?view=mine").text
    assert "Printer jams" in bo.get("/queue?view=mine&state=resolved").text
    assert "Printer jams" in bo.get("/queue?view=teams&state=resolved").text


def test_the_address_says_what_is_asked_and_no_more(house: House, bo: Browser) -> None:
    answer = bo.get("/queue?view=mine&severity=major&state=&service=&q=")
    assert answer.location == "/queue?view=mine&severity=major"
    old = bo.get("/queue?q=HD-12")
    assert (old.status_code, old.location) == (302, "/search?q=HD-12")


def test_a_kept_view_stands_in_the_rail_with_its_number_and_names_the_page(house: House, bo: Browser) -> None:
    report(house, "Invoices", service_id=house.erp.id)
    address = f"view=all&service={house.erp.id}&days=7"
    keep(bo, "ERP this week", address)
    view = the_view("ERP this week")
    page = bo.get(f"/queue?{address}").text
    assert "<h1>ERP this week</h1>" in page
    assert f'id="count-kept-{view.id}">1<' in page
    assert f'data-also="count-kept-{view.id}">1<' in bo.get(f"/queue/rows?{address}").text
    assert "ERP this week" in bo.get("/queue?view=mine").text


def test_a_private_view_is_nobody_elses_and_a_shared_one_is_its_teams(
    house: House, bo: Browser, browser: Browsers, peer: Person
) -> None:
    chen, other = browser().known_as(house.chen), browser().known_as(peer)
    keep(bo, "Mine alone", "view=all&severity=critical")
    keep(bo, "For us all", "view=all&severity=minor", team_id=house.team.id)
    assert "Mine alone" not in chen.get("/queue").text
    assert "For us all" in chen.get("/queue").text
    assert "For us all" not in other.get("/queue").text
    private, shared = the_view("Mine alone"), the_view("For us all")
    assert chen.get(f"/queue/views/{private.id}").status_code == 404
    assert other.get(f"/queue/views/{shared.id}").status_code == 404
    assert other.post(f"/queue/views/{shared.id}/delete").status_code == 404


def test_a_shared_view_is_changed_by_its_owner_and_the_teams_lead_alone(
    house: House, bo: Browser, browser: Browsers, peer: Person
) -> None:
    db.session.add(Member(team_id=house.team.id, person_id=peer.id))
    db.session.commit()
    keep(bo, "For us all", "view=all&severity=minor", team_id=house.team.id)
    view, member = the_view("For us all"), browser().known_as(peer)
    assert "For us all" in member.get("/queue/views").text
    assert "Change For us all" not in member.get("/queue/views").text
    assert member.post(f"/queue/views/{view.id}", data={"name": "Ours"}).status_code == 404
    lead = browser().known_as(house.chen)
    renamed = lead.post(f"/queue/views/{view.id}", data={"name": "Ours", "team_id": house.team.id})
    assert renamed.status_code == 303
    assert lead.post(f"/queue/views/{the_view('Ours').id}/delete").status_code == 303
    assert "Ours" not in bo.get("/queue?view=mine").text


def test_a_view_is_shared_only_with_a_team_one_is_in(house: House, bo: Browser, peer: Person) -> None:
    hr = db.session.query(Team).filter_by(name="HR").one()
    answer = bo.post("/queue/views/new?view=all", data={"name": "Theirs", "team_id": hr.id})
    assert answer.status_code == 422
    assert "Choose a team that you are in" in answer.text
    assert bo.post("/queue/views/new?view=all", data={"name": " "}).status_code == 422
    assert db.session.query(SavedView).count() == 0


def test_a_name_that_one_has_already_is_given_the_new_question(house: House, bo: Browser) -> None:
    keep(bo, "Gate", "view=all&severity=critical")
    keep(bo, "Gate", "view=mine&severity=major")
    assert the_view("Gate").asked == {"view": "mine", "severity": "major"}


def test_views_are_kept_up_to_a_number(house: House) -> None:
    db.session.commit()
    for n in range(views.MOST_OWN):
        views.save(house.bo.asker, f"View {n}", None, {"view": "all"})
    with pytest.raises(Refused, match="too_many_views"):
        views.save(house.bo.asker, "One more", None, {"view": "all"})
    assert len(list_views(house.bo.asker)) == views.MOST_OWN


def test_every_number_in_the_rail_is_that_of_its_list(house: House) -> None:
    _one_of_each(house)
    now, asker = clock.now(), house.bo.asker
    saved = [
        Wanted(severity="critical"),
        Wanted(view="teams", assignee_id=0),
        Wanted(view="mine", state="resolved"),
        Wanted(is_late=True),
        Wanted(days=7, service_id=house.erp.id, is_untriaged=True),
    ]
    in_views, in_saved, _last = get_counts(asker, saved, now)
    for view, number in in_views.items():
        assert number == len(list_queue(asker, Wanted(view=view), now)), view
    assert in_saved == [len(list_queue(asker, wanted, now)) for wanted in saved]


def test_what_has_ended_is_not_counted_and_much_is_not_said_to_the_ticket(house: House, bo: Browser) -> None:
    first = report(house, "Printer jams")
    columns = {
        c.key: getattr(first, c.key) for c in Ticket.__table__.columns if c.key not in ("id", "sent_key")
    }
    db.session.add_all([Ticket(**columns) for _ in range(1000)])
    db.session.commit()
    keep(bo, "Closed ones", "view=all&state=closed")
    _in_views, saved, _last = get_counts(
        house.bo.asker, [Wanted(view="teams"), Wanted(state="closed")], clock.now()
    )
    assert saved == [1001, None]
    page = bo.get("/queue").text
    assert 'id="count-teams">999+<' in page
    assert f'id="count-kept-{the_view("Closed ones").id}"' not in page


def test_counting_reads_no_ticket_but_an_index_of_what_is_living(house: House) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by how much there is")
    plans: list[str] = []

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        if statement.startswith("SELECT count"):
            raw = connection.connection.driver_connection
            plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values))

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        get_counts(
            house.bo.asker, [Wanted(kind="fault", severity="critical", department_id=1, days=7)], clock.now()
        )
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    assert any("ticket USING COVERING INDEX ix_ticket_living" in plan for plan in plans), plans


def test_children_stand_in_no_list_and_no_number_but_beside_their_parent(house: House, bo: Browser) -> None:
    parent, child = report(house, "ERP stands still"), report(house, "ERP does not open")
    child.parent_id = parent.id
    db.session.commit()
    page = bo.get("/queue?view=all").text
    assert "ERP does not open" not in page
    assert "and 1 more report" in page
    assert 'id="count-unaccepted">1<' in page


def test_rows_stand_as_one_likes_them(house: House, bo: Browser, browser: Browsers) -> None:
    report(house, "Printer jams")
    look = {"density": "dense", "columns": ["reporter", "team"]}
    answer = bo.post("/queue/look?view=mine&severity=major", data=look)
    assert (answer.status_code, answer.location) == (303, "/queue?view=mine&severity=major")
    page = bo.get("/queue?view=all").text
    assert "card queue dense" in page
    assert "aside reporter" in page
    assert "reported" not in page
    assert "aside reporter" not in browser().known_as(house.chen).get("/queue?view=all").text
    assert bo.post("/queue/look", data={"density": "huge"}).status_code == 422


def test_only_whoever_works_tickets_can_choose_them(house: House, bo: Browser, browser: Browsers) -> None:
    ticket = report(house, "Printer jams")
    box = f'name="ticket" value="{ticket.id}"'
    assert box in bo.get("/queue?view=all").text
    assert box not in browser().known_as(house.fay).get("/queue?view=all").text
