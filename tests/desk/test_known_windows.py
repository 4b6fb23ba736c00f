"""What processes remember of maintenance, and that every one of them hears of a change at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, select, update

from helpdesk.desk import emergencies, known_windows, maintenance, tickets, window_audience, window_notices
from helpdesk.desk.changes import By
from helpdesk.desk.registration import Report
from helpdesk.store.db import db, savepoint, transaction
from helpdesk.store.maintenance import Window, WindowFollower, WindowService
from helpdesk.store.organisation import Department, Organisation, find_organisation
from helpdesk.store.people import Person
from helpdesk.store.services import Audience, Service
from helpdesk.store.teams import Member, Team
from tests.conftest import MONDAY_9, House, announced, read_anew

HOUR = timedelta(hours=1)
START, END = MONDAY_9 + 2 * HOUR, MONDAY_9 + 4 * HOUR
Change = Callable[[House, Window], object]


@pytest.fixture
def window(house: House) -> Window:
    """Of a service that only Sales uses: of ERP, which Bo's team keeps, and whose lead Chen announced it."""
    sales = Department(name="Sales")
    db.session.add_all([sales, Department(name="Office", parent=sales)])
    db.session.flush()
    db.session.add(Audience(service_id=house.erp.id, department_id=sales.id))
    db.session.commit()
    return announced(house, house.erp, START, END)


def department(name: str) -> Department:
    return db.session.scalars(select(Department).filter_by(name=name)).one()


def heard(who: str) -> tuple[list[tuple[int, list[str]]], int]:
    """What a request of that person shows: windows with the names of services, and the number of news."""
    read_anew()
    person = db.session.scalars(select(Person).filter_by(name=who)).one()
    windows = window_audience.windows_for(person, MONDAY_9 + HOUR)
    news = window_audience.count_steps(person, MONDAY_9 - HOUR)
    return [(each.window.id, each.names) for each in windows], news


def revision() -> str:
    found = db.session.scalar(select(Organisation.maintenance_revision))
    assert found is not None
    return found


def _join_team(house: House, _window: Window) -> None:
    with transaction():
        db.session.add(Member(team_id=house.team.id, person_id=house.ana.id))


def _manage(house: House, _window: Window) -> None:
    with transaction():
        db.session.get_one(Team, house.team.id).manager_id = house.ana.id


def _open_to_all(house: House, _window: Window) -> None:
    with transaction():
        db.session.execute(delete(Audience))


def _serve_her_department(house: House, _window: Window) -> None:
    with transaction():
        db.session.add(Audience(service_id=house.erp.id, department_id=house.ana.department_id or 0))


def _stand_below(house: House, _window: Window) -> None:
    with transaction():
        department("Post").parent = department("Sales")


def _cover_another(house: House, window: Window) -> None:
    with transaction():
        db.session.add(WindowService(window_id=window.id, service_id=house.printing.id))


def _own(house: House, window: Window) -> None:
    with transaction():
        db.session.execute(update(Window).where(Window.id == window.id).values(owner_id=house.ana.id))


def _announce(house: House, _window: Window) -> None:
    announced(house, house.printing, START, END)


@pytest.mark.parametrize(
    "change",
    [_join_team, _manage, _open_to_all, _serve_her_department, _stand_below, _cover_another, _own, _announce],
)
def test_whoever_is_newly_concerned_hears_at_the_next_request(
    house: House, window: Window, change: Change
) -> None:
    with transaction():
        db.session.add(post := Department(name="Post"))
        db.session.flush()
        db.session.get_one(Person, house.ana.id).department_id = post.id
    read_anew()
    assert heard("Ana") == ([], 0)
    elsewhere = dict(known_windows._remembered)
    change(house, window)
    heard("Bo")
    known_windows._remembered.clear()
    known_windows._remembered.update(elsewhere)  # as a process that has had no request since
    windows, news = heard("Ana")
    assert len(windows) == 1
    assert news > 0


def _restrict(house: House, _window: Window) -> None:
    with transaction():
        db.session.get_one(Service, house.erp.id).is_restricted = True


def _leave_team(house: House, _window: Window) -> None:
    with transaction():
        db.session.delete(db.session.get_one(Member, (house.team.id, house.bo.id)))


def _pass_on(house: House, _window: Window) -> None:
    with transaction():
        db.session.add(team := Team(name="Others"))
        db.session.flush()
        db.session.get_one(Service, house.erp.id).team_id = team.id


def _move(house: House, window: Window) -> None:
    maintenance.move(window.id, START + 90 * HOUR, END + 90 * HOUR, By(MONDAY_9, house.chen.id), "Late")


def _cancel(house: House, window: Window) -> None:
    maintenance.cancel(window.id, By(MONDAY_9, house.chen.id), "Not needed")


@pytest.mark.parametrize("change", [_leave_team, _pass_on, _move, _cancel])
def test_whoever_is_concerned_no_more_does_not(house: House, window: Window, change: Change) -> None:
    assert [id for id, _names in heard("Bo")[0]] == [window.id]
    elsewhere = dict(known_windows._remembered)
    change(house, window)
    known_windows._remembered.clear()
    known_windows._remembered.update(elsewhere)
    assert heard("Bo")[0] == []


def test_a_restricted_service_is_heard_of_by_its_team_alone(house: House, window: Window) -> None:
    with transaction():
        db.session.execute(delete(Audience))
    assert len(heard("Ana")[0]) == 1
    _restrict(house, window)
    assert heard("Ana") == ([], 0)
    assert len(heard("Bo")[0]) == 1


def test_followers_hear_at_once_and_are_asked_for_only_where_it_matters(house: House, window: Window) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", listener := lambda *given: said.append(given[2]))
    try:
        assert heard("Ana") == ([], 0)
        assert "window_follower" in " ".join(said)
        window_notices.follow(window.id, house.ana.id, MONDAY_9)
        assert heard("Ana") == ([(window.id, ["ERP"])], 1)
        said.clear()
        assert len(heard("Bo")[0]) == 1
        assert not [text for text in said if "window" in text]
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    assert db.session.query(WindowFollower).count() == 1


def test_steps_are_news_as_they_happen(house: House, window: Window) -> None:
    assert heard("Bo")[1] == 1
    maintenance.sweep(START)
    assert heard("Bo")[1] == 2
    maintenance.extend(window.id, END + HOUR, By(START + HOUR, house.chen.id), "Slow")
    assert heard("Bo")[1] == 3
    assert heard("Chen")[1] == 1, "what they did themselves is no news to them"


def test_a_change_holds_within_its_own_transaction_and_not_after_a_rollback(
    house: House, window: Window
) -> None:
    before = heard("Ana")
    with suppress(ZeroDivisionError), transaction():
        db.session.execute(delete(Audience))
        ana = db.session.get_one(Person, house.ana.id)
        assert len(window_audience.windows_for(ana, MONDAY_9 + HOUR)) == 1
        raise ZeroDivisionError
    assert heard("Ana") == before
    with transaction():
        with suppress(ZeroDivisionError), savepoint():
            db.session.execute(delete(Audience))
            raise ZeroDivisionError
        with savepoint():
            db.session.get_one(Service, house.erp.id).name = "SAP"
        db.session.flush()
    assert heard("Bo")[0] == [(window.id, ["SAP"])]


def test_the_transaction_that_changes_it_reads_it_anew_afterwards(house: House, window: Window) -> None:
    assert heard("Ana") == ([], 0)
    with transaction():
        known = find_organisation()
        db.session.execute(delete(Audience))
    ana = db.session.get_one(Person, house.ana.id)
    assert len(window_audience.windows_for(ana, MONDAY_9 + HOUR)) == 1
    assert known is not None


def test_nothing_else_gives_it_another_revision(house: House, window: Window) -> None:
    """Else all who register, dispatch or write letters would wait for one row."""
    before = revision()
    tickets.report(Report("Printer jams", "On every page"), house.ana, now=MONDAY_9, door="web")
    while window_notices.write_due(MONDAY_9):
        pass
    with transaction():
        db.session.get_one(Team, house.team.id).last_in_turn_id = house.bo.id
        db.session.get_one(Person, house.ana.id).phone = "1"
    assert revision() == before
    maintenance.sweep(START)
    started = revision()
    assert started != before
    urgent = Report("Month's end", "Wages", service_id=house.erp.id)
    emergencies.ask(window.id, urgent, house.bo, now=START + HOUR, door="web")
    assert revision() == started
