"""An administrator enters a holiday, sees what it will move, publishes it, and everybody reads why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale

from helpdesk import i18n
from helpdesk.desk.check import check
from helpdesk.jobs import tasks
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.tickets import Entry, Target, Ticket
from tests.conftest import Browser, House, read_anew
from tests.doors.test_admin import typed_of

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")


def report(ana: Browser, house: House, subject: str, **answers: str) -> Ticket:
    data = {"kind": "fault", "subject": subject, "body": "As it says", "service_id": house.erp.id}
    data |= {"works": "small_fault", "affected": "me", **answers}
    assert ana.post("/report", data=data).status_code == 303
    read_anew()
    return db.session.query(Ticket).filter_by(subject=subject).one()


def solved_by(ticket: Ticket) -> datetime:
    read_anew()
    row = db.session.query(Target).filter_by(ticket_id=ticket.id, target="resolution").one()
    assert row.due_at is not None
    return row.due_at


def test_a_holiday_moves_deadlines_and_each_ticket_says_why(house: House, browser: Browsers) -> None:
    ana, bo, eli = (browser().known_as(person) for person in (house.ana, house.bo, house.eli))
    slow = report(ana, house, "List is slow")
    stands = report(ana, house, "All stands", works="nothing", affected="everyone")
    before, untouched = solved_by(slow), solved_by(stands)
    holiday = before.astimezone(BERLIN).date()
    path = f"/admin/calendars/{get_organisation().calendar_id}"

    form = typed_of(eli.get(path)) | {"dates": f"{holiday} -", "reason": "Founding day"}
    seen = eli.post(path, data=form | {"do": "look"}).text
    after = before + timedelta(days=1)
    while after.astimezone(BERLIN).weekday() > 4:
        after += timedelta(days=1)
    after = datetime.combine(after.astimezone(BERLIN), before.astimezone(BERLIN).time(), BERLIN)
    assert "1 open ticket gets a later deadline." in seen
    assert is_said_in(seen, before, after)
    assert solved_by(slow) == before, "looking moves nothing"

    assert eli.post(path, data=form | {"do": "save"}).status_code == 303
    page = eli.get(path).text
    assert "deadlines are computed anew" in page
    assert "Founding day" in page
    assert "published by Eli" in page

    tasks.recompute_deadlines()
    assert solved_by(slow) == after
    assert solved_by(stands) == untouched, "it counts day and night"
    assert "1 ticket has another deadline." in eli.get(path).text
    assert "1 ticket has another deadline." in bo.get("/maintenance").text

    worked = bo.get(f"/tickets/{slow.number}").text
    assert is_said_in(worked, before, after)
    assert "The calendar changed (Office hours: Founding day): the deadline moved from" in worked
    assert db.session.query(Entry).filter_by(kind="deadline_moved").count() == 1
    assert [difference for batch in check() for difference in batch.differences] == []


def is_said_in(page: str, *instants: datetime) -> bool:
    """Whether the page says these instants as people in Berlin read them."""
    with force_locale("en"):
        return all(i18n.say_instant(at, "Europe/Berlin") in page for at in instants)
