"""An alarm reaches a phone: from the channel's first code to the ticket accepted from the message."""

import re
from collections.abc import Callable

from flask import Flask

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.registration import Report
from helpdesk.jobs import tasks, tellers
from helpdesk.outbound import notices
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice
from helpdesk.store.tickets import Ticket
from tests.chat import Chat
from tests.conftest import Browser, House, read_anew
from tests.outbound.test_channels import code_in

DOWN = {"works": Works.NOTHING, "affected": Affected.EVERYONE}


def test_whoever_is_paged_accepts_from_the_message_on_their_phone(
    app: Flask, house: House, chat: Chat, browser: Callable[[], Browser]
) -> None:
    chen = browser().known_as(house.chen)
    chen.post("/channels", data={"name": "My phone", "url": f"ntfy://127.0.0.1:{chat.port}/alarms"})
    tellers.tell()
    chen.post("/channels/1/verify", data={"code": code_in(chat)})

    command = Report("Nobody can post orders", "504", service_id=house.erp.id, **DOWN)
    ticket_id = tickets.report(command, house.ana, now=clock.now(), door="web").id
    tasks.ring_alarms()
    notices.gather(clock.now())
    tellers.tell()
    said = chat.said[-1]
    assert said["title"] == f"[HD-{ticket_id}] Critical: Nobody can post orders"
    assert "Service: ERP" in said["message"]
    assert "An answer is due by" in said["message"]
    assert "1 alarm you have not seen" in chen.get("/bell").text

    link = re.search(r"http://desk\.example\.org(/alarm/\S+)", said["message"])
    assert link is not None
    phone = app.test_client()  # signed in nowhere
    assert "Accept as Chen" in phone.get(link[1]).text
    assert "You have accepted this ticket" in phone.post(link[1], follow_redirects=True).text
    read_anew()
    ticket = db.session.get(Ticket, ticket_id)
    assert ticket is not None
    assert ticket.assignee_id == house.chen.id
    assert db.session.query(Letter).filter_by(kind="accepted").count() == 1
    assert db.session.query(Notice).filter(Notice.letter_id.is_(None)).count() == 0
