from datetime import UTC, datetime

from flask_babel import force_locale

from helpdesk import i18n
from helpdesk.desk import promises, tickets
from helpdesk.desk.policies import OFFICE_WEEK
from helpdesk.desk.tickets import Report
from helpdesk.rules import hours
from helpdesk.rules.severity import Affected, Answers, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House, announced

NOT_ASKED = Answers(None, None)
# Friday 17:30 in Berlin: half an hour before closing time.
FRIDAY_EVENING = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)


def test_a_promise_writes_nothing_and_is_what_the_report_then_gets(house: House) -> None:
    answers = Answers(Works.MAIN_FUNCTION_FAILS, Affected.SEVERAL)
    promised = promises.promise_for("fault", house.erp.id, None, answers, now=FRIDAY_EVENING)
    assert db.session.query(Ticket).count() == 0
    command = Report("x", "y", service_id=house.erp.id, works=answers.works, affected=answers.affected)
    ticket = tickets.report(command, house.ana, now=FRIDAY_EVENING, door="web")
    assert promised.due_at == ticket.next_due_at == datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
    assert promises.promise_of(ticket, FRIDAY_EVENING) == promised


def test_outside_hours_the_promise_says_that_hours_are_the_reason(house: House) -> None:
    promised = promises.promise_for("fault", None, None, NOT_ASKED, now=FRIDAY_EVENING)
    assert promised.pauses == {"closed"}
    assert promised.calendar is not None
    assert promised.calendar.zone.key == "Europe/Berlin"


def test_round_the_clock_nothing_pauses_the_promise(house: House) -> None:
    answers = Answers(Works.NOTHING, Affected.EVERYONE)
    promised = promises.promise_for("fault", house.erp.id, None, answers, now=FRIDAY_EVENING)
    assert (promised.calendar, promised.pauses) == (None, frozenset())
    assert promised.due_at == datetime(2026, 3, 6, 17, 30, tzinfo=UTC)


def test_announced_maintenance_is_named_as_a_reason(house: House) -> None:
    start, end = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    announced(house, house.printing, start, end)
    promised = promises.promise_for("fault", house.printing.id, None, NOT_ASKED, now=MONDAY_9)
    assert promised.pauses == {"closed", "maintenance"}


def test_an_answered_report_promises_no_answer_until_the_reporter_writes_again(house: House) -> None:
    ticket = tickets.report(Report("x", "y"), house.ana, now=MONDAY_9, door="web")
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    assert promises.promise_of(ticket, MONDAY_9) is None
    tickets.reporter_reply(ticket.id, house.ana, "more", now=MONDAY_9, door="web")
    promised = promises.promise_of(ticket, MONDAY_9)
    assert promised is not None
    # Update: eight working hours.
    assert promised.due_at == datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def test_the_receipt_says_number_promise_hours_and_link(house: House) -> None:
    tickets.report(Report("x", "y"), house.ana, now=FRIDAY_EVENING, door="mail")
    receipt = db.session.query(Letter).one()
    assert "Someone answers by Mon 9 Mar, 13:30 (Berlin time)" in receipt.text
    assert "Our team answers Monday to Friday 09:00–12:00, 13:00–18:00 (Berlin time)." in receipt.text
    assert "#questions" in receipt.text
    assert "http://desk.example.org/follow/" in receipt.text


def test_hours_are_said_with_like_days_together(house: House) -> None:
    raw = {"timezone": "Europe/Berlin", "week": {**OFFICE_WEEK, "sat": [["10:00", "14:00"]]}}
    with force_locale("en"):
        said = i18n.say_hours(hours.parse_calendar(raw, "calendar").week)
    assert said == "Monday to Friday 09:00–12:00, 13:00–18:00; Saturday 10:00–14:00"
