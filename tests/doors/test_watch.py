"""The watch page: alarms to come and those that rang, how late, and failed jobs tried again."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape

import pytest
import redis
from flask import Flask
from rq import Queue
from rq.worker import SimpleWorker
from sqlalchemy import event, insert

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.outbound import alarms
from helpdesk.store import db
from helpdesk.store.escalations import Alarm, put_off_alarms
from helpdesk.store.fact_rows import FactGap
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    """A minor ticket of a moment ago; its own alarms are taken away."""
    found = tickets.report(Report("Printer", "jam"), house.ana, now=clock.now(), door="web")
    db.session.query(Alarm).delete()
    db.session.commit()
    return found


@pytest.fixture
def empty_queue(app: Flask) -> Iterator[None]:
    alarms.queue_connection().flushdb()
    yield
    alarms.queue_connection().flushdb()


def add_alarms(ticket: Ticket, state: str, *each: tuple[datetime, float], **detail: object) -> None:
    """Alarms due then, each so many seconds late where it rang."""
    known = db.session.query(Alarm).count()
    rows = [
        {
            "ticket_id": ticket.id,
            "kind": "step",
            "key": f"response:1:minor:0:{known + n}",
            "due_at": due_at,
            "state": state,
            "fired_at": None if state == "pending" else due_at + timedelta(seconds=late),
            "detail": {"target": "response", "to": "lead", **detail},
        }
        for n, (due_at, late) in enumerate(each)
    ]
    db.session.execute(insert(Alarm), rows)
    db.session.commit()


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def fail() -> None:
    """What a broken errand does."""
    raise ValueError("the disk is full")


def failed_job() -> str:
    """A job that a real worker has just failed at; it calls itself an errand of ours."""
    connection = alarms.queue_connection()
    queue = Queue(alarms.QUEUE, connection=connection)
    job = queue.enqueue(fail, description=f"{alarms.ERRANDS['send']}()", failure_ttl=86400)
    worker = SimpleWorker([queue], connection=connection)
    worker.log_job_description = False
    worker.work(burst=True, logging_level="CRITICAL")
    return job.id


def test_it_shows_what_comes_what_rang_how_late_and_what_was_skipped(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    now = clock.now()
    ago = [now - timedelta(minutes=n + 2) for n in range(4)]
    add_alarms(ticket, "pending", (now + timedelta(hours=3), 0))
    add_alarms(ticket, "fired", (ago[0], 0.4), (ago[1], 1.2), (ago[2], 90), (ago[3], 0.2))
    add_alarms(ticket, "skipped", (ago[0], 2), because="waiting")
    page = text_of(browser().known_as(house.eli).get("/watch").text)
    assert "No alarm is late." in page
    assert "Last hour 1 min 99 of 100 no later; half 0.4 s, 95 of 100 1 min; 4 alarms" in page
    assert "Job queue reachable 0 jobs wait" in page
    assert page.count("First answer, the lead") == 6
    assert page.count("First answer, the lead 1 min") == 1
    assert "it waits" in page


def test_an_alarm_that_should_have_rung_is_said_in_red(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    add_alarms(ticket, "pending", (clock.now() - timedelta(minutes=5, seconds=2), 0))
    page = browser().known_as(house.eli).get("/watch").text
    assert '<div class="banner late">' in page
    assert "An alarm should have rung 5 min ago" in text_of(page)


def test_an_alarm_that_could_not_ring_says_when_it_is_tried_again(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    now = clock.now()
    add_alarms(ticket, "pending", (now - timedelta(minutes=9, seconds=2), 0))
    put_off_alarms(ticket.id, now + timedelta(minutes=4))
    db.session.commit()
    page = text_of(browser().known_as(house.eli).get("/watch").text)
    assert "An alarm should have rung 9 min ago" in page
    assert re.search(r"First answer, the lead 9 min Could not ring, tried again at \w+ \d\d:\d\d", page)


def test_a_failed_job_is_tried_again_or_forgotten(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    first, second, third = failed_job(), failed_job(), failed_job()
    eli = browser().known_as(house.eli)
    page = eli.get("/watch")
    assert page.text.count("ValueError: the disk is full") == 3
    assert "Traceback" not in page.text
    assert "send letters" in page.text
    assert "Try all again" in page.text
    waiting = Queue(alarms.QUEUE, connection=alarms.queue_connection())

    assert eli.post("/watch/jobs/forget", data={"job": first}).status_code == 303
    assert waiting.count == 0
    assert eli.post("/watch/jobs/retry", data={"job": second}).status_code == 303
    assert waiting.job_ids == [second]
    assert "This job is gone already" in eli.post(
        "/watch/jobs/retry", data={"job": second}, follow_redirects=True
    ).text  # fmt: skip
    said = eli.post("/watch/jobs/retry", follow_redirects=True).text
    assert "1 job is tried again." in said
    assert waiting.job_ids == [second, third]
    assert alarms.failed_jobs(50) == []


def test_an_auditor_reads_and_finds_no_button_and_others_find_nothing(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    job = failed_job()
    fay = browser().known_as(house.fay)
    assert "the disk is full" in fay.get("/watch").text
    assert "Try again" not in fay.get("/watch").text
    assert fay.post("/watch/jobs/retry", data={"job": job}).status_code == 404
    for person in (house.ana, house.bo, house.chen, house.dee):
        assert browser().known_as(person).get("/watch").status_code == 404
    assert len(alarms.failed_jobs(50) or []) == 1


def test_with_a_queue_server_that_is_gone_it_still_shows_the_alarms(
    ticket: Ticket, house: House, browser: Browsers, app: Flask
) -> None:
    add_alarms(ticket, "pending", (clock.now() + timedelta(hours=3), 0))
    kept = app.extensions.pop("helpdesk.redis", None)
    app.extensions["helpdesk.redis"] = redis.Redis.from_url("redis://127.0.0.1:1/0")
    try:
        eli = browser().known_as(house.eli)
        page = text_of(eli.get("/watch").text)
        answer = eli.post("/watch/jobs/retry", data={"job": "x"}, follow_redirects=True)
    finally:
        app.extensions.pop("helpdesk.redis")
        if kept is not None:
            app.extensions["helpdesk.redis"] = kept
    assert "Job queue unreachable" in page
    assert "First answer, the lead" in page
    assert "The queue server cannot be reached. Nothing was changed." in answer.text


def test_no_query_reads_more_than_a_page_of_a_hundred_thousand_alarms(
    ticket: Ticket, house: House, browser: Browsers, empty_queue: None
) -> None:
    """Each statement walks along an index and stops: none sorts what it has read."""
    now = clock.now()
    add_alarms(ticket, "pending", *((now + timedelta(seconds=n), 0.0) for n in range(3000)))
    add_alarms(ticket, "fired", *((now - timedelta(seconds=n), 0.5) for n in range(1, 3000)))
    asked: list[tuple[str, object]] = []

    def listen(_connection, _cursor, statement, parameters, *_: object) -> None:
        if " FROM alarm" in statement.replace("\n", " "):
            asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        assert browser().known_as(house.eli).get("/watch").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len(asked) == 4
    read_anew()
    if db.engine.dialect.name == "postgresql":
        # Of six thousand rows it may read all, as they lie: what is asked is whether an index could serve.
        for other in ("seqscan", "bitmapscan", "sort"):
            db.session.connection().exec_driver_sql(f"SET LOCAL enable_{other} = off")
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    for statement, parameters in asked:
        plan = str(db.session.connection().exec_driver_sql(explain + statement, parameters).all())
        assert "SCAN alarm'" not in plan, plan
        assert "Seq Scan on alarm" not in plan, plan
        assert "Sort" not in plan.replace("Incremental Sort", ""), plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_pages_say_for_how_many_tickets_figures_are_still_being_made(house: House, browser: Browsers) -> None:
    eli = browser().known_as(house.eli)
    db.session.add(FactGap(first_id=1, last_id=1234))
    db.session.commit()
    assert "1,234" in eli.get("/watch").text
    assert "timelines of about 1,234 tickets" in eli.get("/figures").text
    db.session.query(FactGap).delete()
    db.session.commit()
    assert "timelines of about" not in eli.get("/figures").text
