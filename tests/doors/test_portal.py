"""What reporters do without a manual: join a known fault, follow colleagues, all of it by a letter's link."""

import io
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from helpdesk import clock
from helpdesk.desk import closing, colleagues, organisation, outages, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.outbound import links
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import Department
from helpdesk.store.people import Person
from helpdesk.store.tickets import Attachment, Entry, Participant, Ticket
from tests.conftest import MONDAY_9, Browser, House, read_anew
from tests.doors.test_queue import queries_of
from tests.doors.test_report import FAULT, shown

Browsers = Callable[[], Browser]


@pytest.fixture
def gil(house: House) -> Person:
    found = house.person("Gil", Role.REPORTER)
    db.session.commit()
    return found


@pytest.fixture
def ticket(house: House) -> Ticket:
    report = Report("Paper jams", "Tray two", service_id=house.printing.id)
    return tickets.report(report, house.ana, now=clock.now(), door="web")


def follow(ticket: Ticket, person: Person, deed: str = "") -> str:
    return urlsplit(links.follow_url(ticket, person.id)).path + deed


def afresh(ticket: Ticket) -> Ticket:
    read_anew()
    return db.session.get_one(Ticket, ticket.id)


# ---- machines ----


def test_a_form_that_comes_back_at_once_asks_for_one_more_click_and_then_is_sent(
    house: House, browser: Browsers
) -> None:
    guest = {**FAULT, "name": "Gil", "email": "gil@example.org"}
    fresh = links.sign("form", {"at": clock.now().timestamp()})
    for token in ("", "junk", links.sign("device", {"at": 0}), fresh):
        answer = browser().post("/report", data={**guest, "shown": token})
        assert answer.status_code == 422, token
        assert "press the button once more" in answer.text
        assert "ERP is down" in answer.text
    assert db.session.query(Ticket).count() == 0
    kept = shown()
    assert f'name="shown" value="{kept}"' in browser().post("/report", data={"shown": kept}).text
    assert browser().post("/report", data={**guest, "shown": kept}).status_code == 303


# ---- known faults ----


@pytest.fixture
def known(house: House, gil: Person) -> Ticket:
    """A fault of ERP that Ana and Kim have reported, put together by Chen."""
    kim = house.person("Kim", Role.REPORTER)
    db.session.commit()
    parent, child = (
        tickets.report(
            Report("ERP is away", "Ana's secret words", service_id=house.erp.id),
            who,
            now=clock.now(),
            door="web",
        )
        for who in (house.ana, kim)
    )
    outages.adopt(parent.id, [child.id], house.chen, now=clock.now())
    return parent


def test_the_form_says_how_many_have_the_fault_and_joining_it_needs_no_report(
    house: House, browser: Browsers, known: Ticket, gil: Person
) -> None:
    visitor = browser().known_as(gil)
    part = visitor.post("/report/about-service", data={"kind": "fault", "service_id": house.erp.id}).text
    assert "2 people have reported a fault of ERP" in part
    assert "secret words" not in part
    path = f"/report/same/{known.number}?service_id={house.erp.id}"
    assert "Join them" in visitor.get(path).text
    answer = visitor.post(path)
    assert (answer.status_code, answer.location) == (303, f"/my/{known.number}")
    read_anew()
    assert db.session.query(Ticket).count() == 2
    assert [each.kind for each in db.session.query(Letter).filter_by(person_id=gil.id)] == ["joined"]
    again = visitor.get(f"/report?service_id={house.erp.id}").text
    assert "You have reported this fault of ERP, or joined it." in again


def test_a_form_without_script_tells_of_a_known_fault_before_it_sends(
    house: House, browser: Browsers, known: Ticket, gil: Person
) -> None:
    visitor, sent = browser().known_as(gil), {**FAULT, "service_id": house.erp.id, "about": ""}
    told = visitor.post("/report", data={**sent, "files": (io.BytesIO(b"x"), "log.txt")})
    assert told.status_code == 422
    assert "2 people have reported a fault of ERP" in told.text
    assert "choose your files again" in told.text
    assert f'name="about" value="{house.erp.id}"' in told.text
    assert visitor.post("/report", data={**sent, "kind": "question"}).status_code == 303
    assert visitor.post("/report", data={**sent, "about": house.erp.id}).status_code == 303


def test_whoever_joined_reads_what_the_desk_says_and_not_what_others_wrote(
    house: House, browser: Browsers, known: Ticket, gil: Person
) -> None:
    upload = io.BytesIO(b"secret")
    ana = browser().known_as(house.ana)
    ana.post(f"/my/{known.number}/reply", data={"body": "My own words", "files": [(upload, "mine.txt")]})
    outages.join(known.id, gil, now=clock.now())
    tickets.reply(known.id, house.bo, "The database is full", now=clock.now())
    read_anew()
    file = db.session.query(Attachment).first()
    assert file is not None
    for visitor, here in ((browser().known_as(gil), f"/my/{known.number}"), (browser(), follow(known, gil))):
        page = visitor.get(here).text
        assert "The database is full" in page
        assert "3 people have reported this" in page
        assert "My own words" not in page
        assert "secret words" not in page
        assert visitor.get(f"{here}/files/{file.id}/mine.txt").status_code == 404
    assert browser().known_as(gil).get(f"/attachments/{file.id}/mine.txt").status_code == 404
    assert "My own words" in ana.get(f"/my/{known.number}").text


def test_a_guest_joins_by_name_and_address_and_gets_the_link_by_letter(
    house: House, browser: Browsers, known: Ticket
) -> None:
    path = f"/report/same/{known.number}?service_id={house.erp.id}"
    guest = {"name": "Lou", "email": "lou@example.org"}
    assert browser().post(path, data={"name": "Lou", "shown": shown()}).status_code == 422
    assert browser().post(path, data=guest).status_code == 422  # at once: a machine
    assert browser().post(path, data={**guest, "shown": shown(), "website": "x"}).status_code == 303
    assert db.session.query(Letter).filter_by(kind="joined").count() == 0
    visitor = browser()
    assert visitor.post(path, data={**guest, "shown": shown()}).location == "/report/sent"
    page = visitor.get("/report/sent").text
    assert "You have joined them" in page
    assert "/follow/" not in page
    read_anew()
    letter = db.session.query(Letter).filter_by(kind="joined").one()
    assert letter.to_address == "lou@example.org"
    assert "/follow/" in letter.text


def test_a_fault_that_is_solved_meanwhile_leads_back_to_the_form(
    house: House, browser: Browsers, known: Ticket, gil: Person
) -> None:
    closing.cancel(known.id, house.bo, "false alarm", now=clock.now())
    path = f"/report/same/{known.number}?service_id={house.erp.id}"
    answer = browser().known_as(gil).post(path, follow_redirects=True)
    assert "If it still does not work, report it." in answer.text
    assert db.session.query(Participant).filter_by(person_id=gil.id).count() == 0


def test_faults_of_a_restricted_service_are_known_to_its_team_alone(
    house: House, browser: Browsers, known: Ticket, gil: Person
) -> None:
    house.erp.is_restricted = True
    db.session.commit()
    path = f"/report/same/{known.number}?service_id={house.erp.id}"
    for visitor in (browser(), browser().known_as(gil)):
        part = visitor.post("/report/about-service", data={"service_id": house.erp.id}).text
        assert "have reported" not in part
        assert visitor.get(path).status_code == 303


def test_strangers_read_no_subject_and_of_services_on_no_public_page_nothing(
    house: House, browser: Browsers, known: Ticket
) -> None:
    path = f"/report/same/{known.number}?service_id={house.erp.id}"
    assert "ERP is away" not in browser().get(path).text
    house.erp.is_on_status_page = False
    db.session.commit()
    assert browser().get(path).status_code == 303


# ---- colleagues ----


@pytest.fixture
def department(house: House, gil: Person) -> Department:
    """Accounts: Ana and Gil are of it, Kim is not; the organisation lets colleagues read each other's."""
    accounts, sales = Department(name="Accounts"), Department(name="Sales")
    db.session.add_all([accounts, sales])
    db.session.flush()
    house.ana.department_id = gil.department_id = accounts.id
    house.person("Kim", Role.REPORTER).department_id = sales.id
    db.session.commit()
    organisation.change({"colleagues": True}, By(MONDAY_9, house.eli.id))
    return accounts


def kim(house: House) -> Person:
    return db.session.query(Person).filter_by(name="Kim").one()


def shared(house: House) -> Ticket:
    report = Report("Wages are wrong", "Since June", service_id=house.erp.id, is_shared=True)
    return tickets.report(report, house.ana, now=clock.now(), door="web")


def test_the_reporter_decides_on_the_form_and_later_who_reads_it(
    house: House, browser: Browsers, department: Department, gil: Person
) -> None:
    ana = browser().known_as(house.ana)
    assert 'name="is_shared"' in ana.get("/report").text
    ana.post("/report", data={**FAULT, "is_shared": "1"})
    ana.post("/report", data={**FAULT, "subject": "My own matter"})
    listed = browser().known_as(gil).get("/my/department").text
    assert "ERP is down" in listed
    assert "My own matter" not in listed
    read_anew()
    ticket = db.session.query(Ticket).filter_by(subject="ERP is down").one()
    browser().known_as(gil).post(f"/my/{ticket.number}/join")
    assert ana.post(f"/my/{ticket.number}/share", data={"is_shared": "0"}).status_code == 303
    assert browser().known_as(gil).get(f"/my/{ticket.number}").status_code == 404  # nor who had followed it
    read_anew()
    assert [e.detail for e in db.session.query(Entry).filter_by(kind="shared")] == [{"is_shared": False}]
    assert (
        browser().known_as(gil).post(f"/my/{ticket.number}/share", data={"is_shared": "1"}).status_code == 404
    )


def test_a_colleague_reads_the_public_side_follows_it_and_leaves_again(
    house: House, browser: Browsers, department: Department, gil: Person
) -> None:
    ticket = shared(house)
    tickets.note(ticket.id, house.bo, "Between us", now=clock.now())
    visitor, here = browser().known_as(gil), f"/my/{ticket.number}"
    page = visitor.get(here).text
    assert "Since June" in page
    assert "Between us" not in page
    assert "Write to us" not in page
    for deed, data in (("reply", {"body": "x"}), ("withdraw", {"reason": "x"}), ("reopen", {})):
        assert visitor.post(f"{here}/{deed}", data=data).status_code == 404, deed
    assert visitor.post(f"{here}/join").status_code == 303
    tickets.reply(ticket.id, house.bo, "It is mended", now=clock.now())
    assert [each.kind for each in db.session.query(Letter).filter_by(person_id=gil.id)] == ["replied"]
    assert "Write to us" in visitor.get(here).text
    house.erp.is_restricted = True  # from now on a secret, for those who followed too
    db.session.commit()
    assert visitor.get(here).status_code == 404
    tickets.reply(ticket.id, house.bo, "Between the team and its reporter", now=clock.now())
    assert db.session.query(Letter).filter_by(person_id=gil.id).count() == 1
    house.erp.is_restricted = False
    db.session.commit()
    assert visitor.post(f"{here}/leave").status_code == 303
    read_anew()
    assert db.session.query(Participant).count() == 0
    assert visitor.post(f"{here}/leave").status_code == 404


def test_nobody_else_reads_what_a_department_shares(
    house: House, browser: Browsers, department: Department, gil: Person
) -> None:
    ticket = shared(house)
    here = f"/my/{ticket.number}"
    assert browser().known_as(kim(house)).get(here).status_code == 404
    assert "Wages" not in browser().known_as(kim(house)).get("/my/department").text
    house.erp.is_restricted = True
    db.session.commit()
    assert browser().known_as(gil).get(here).status_code == 404
    assert "Wages" not in browser().known_as(gil).get("/my/department").text
    house.erp.is_restricted = False
    db.session.commit()
    assert browser().known_as(gil).get(here).status_code == 200
    organisation.change({"colleagues": False}, By(MONDAY_9, house.eli.id))
    assert browser().known_as(gil).get(here).status_code == 404
    assert browser().known_as(gil).get("/my/department").status_code == 404
    assert 'name="is_shared"' not in browser().known_as(house.ana).get("/report").text


def test_a_colleague_is_asked_for_nothing(
    house: House, browser: Browsers, department: Department, gil: Person
) -> None:
    ticket = shared(house)
    closing.resolve(ticket.id, house.bo, "x", "Paid anew", now=clock.now())
    for path in ("/my/department", f"/my/{ticket.number}"):
        page = browser().known_as(gil).get(path).text
        assert "Wages are wrong" in page
        assert "tell us" not in page


def test_what_was_reported_before_or_by_mail_stays_with_its_reporter(
    house: House, browser: Browsers, department: Department, gil: Person, ticket: Ticket
) -> None:
    assert browser().known_as(gil).get(f"/my/{ticket.number}").status_code == 404
    colleagues.share(ticket.id, house.ana, True, now=clock.now())
    assert browser().known_as(gil).get(f"/my/{ticket.number}").status_code == 200


# ---- by the letter's link, without an account ----


def test_all_is_done_by_the_link_in_a_letter(house: House, browser: Browsers, ticket: Ticket) -> None:
    stranger, here = browser(), follow(ticket, house.ana)
    answer = {"body": "And the other tray", "files": [(io.BytesIO(b"x"), "tray.txt")]}
    assert stranger.post(f"{here}/reply", data=answer).status_code == 303
    assert "And the other tray" in stranger.get(here).text
    closing.resolve(ticket.id, house.bo, "dust", "Cleaned", now=clock.now())
    assert "Is it solved?" in stranger.get(f"{here}/confirm").text
    assert stranger.post(f"{here}/confirm", data={"solved": "0", "words": "It jams"}).status_code == 303
    assert afresh(ticket).reopen_count == 1
    closing.resolve(ticket.id, house.bo, "dust", "Cleaned again", now=clock.now())
    assert stranger.post(f"{here}/confirm", data={"solved": "1", "stars": "5"}).status_code == 303
    assert afresh(ticket).state == "closed"


def test_a_report_is_withdrawn_by_its_link(house: House, browser: Browsers, ticket: Ticket) -> None:
    assert (
        browser().post(follow(ticket, house.ana, "/withdraw"), data={"reason": "it works"}).status_code == 303
    )
    assert afresh(ticket).state == "cancelled"


def test_whoever_takes_part_leaves_by_their_link_and_it_leads_nowhere_then(
    house: House, browser: Browsers, ticket: Ticket, gil: Person
) -> None:
    assert browser().post(follow(ticket, gil, "/join")).status_code == 404
    colleagues.follow(ticket.id, gil, now=clock.now())
    assert browser().post(follow(ticket, gil, "/withdraw"), data={"reason": "x"}).status_code == 404
    assert browser().post(follow(ticket, gil, "/leave")).status_code == 303
    assert browser().get(follow(ticket, gil)).status_code == 404


def test_language_zone_and_letters_are_chosen_by_link_and_pages_follow(
    house: House, browser: Browsers, ticket: Ticket
) -> None:
    stranger, here = browser(), urlsplit(links.quiet_url(house.ana.id)).path
    chosen = {"mail_mode": "milestones", "locale": "zh_Hans", "zone": "Asia/Shanghai"}
    assert stranger.post(f"{here}/choice", data={**chosen, "zone": "Moon/Base"}).status_code == 422
    assert stranger.post(f"{here}/choice", data=chosen).status_code == 303
    read_anew()
    ana = db.session.get_one(Person, house.ana.id)
    assert (ana.mail_mode, ana.locale, ana.zone) == ("milestones", "zh_Hans", "Asia/Shanghai")
    assert "Shanghai time" in stranger.get(follow(ticket, ana)).text


# ---- what is promised, and one's own ----


def test_each_severity_says_what_is_promised_and_when_it_counts(house: House, browser: Browsers) -> None:
    page = browser().get("/promises").text
    for said in (
        "1 h, day and night",
        "8 h of working time",
        "Our team is there Monday to Friday 09:00–12:00, 13:00–18:00 (Berlin time).",
        "core work stands still",
        "24 h of working time",
    ):
        assert said in page, said
    assert browser().get(f"/promises?service_id={house.erp.id}").status_code == 200
    assert browser().get("/promises?service_id=junk").status_code == 200


def test_a_list_asks_no_more_for_many_reports_than_for_few(house: House, browser: Browsers) -> None:
    ana = browser().known_as(house.ana)
    asked = []
    for count in (2, 12):
        for n in range(count):
            report = Report(f"Paper {n}", "", service_id=house.printing.id)
            tickets.report(report, house.ana, now=clock.now(), door="web")
        asked.append(queries_of(ana, "/my"))
    assert asked[1] <= asked[0]


def test_ones_own_reports_are_found_by_their_words_and_nobody_elses(
    house: House, browser: Browsers, ticket: Ticket, gil: Person
) -> None:
    mine = browser().known_as(house.ana).get("/my?q=tray").text
    assert "Paper jams" in mine
    assert "<mark>" in mine
    assert "Nothing found" in browser().known_as(gil).get("/my?q=tray").text


def test_the_list_says_in_plain_words_what_is_next(house: House, browser: Browsers, ticket: Ticket) -> None:
    ana = browser().known_as(house.ana)
    assert "Someone answers by" in ana.get("/my").text
    closing.resolve(ticket.id, house.bo, "dust", "Cleaned", now=clock.now() + timedelta(seconds=1))
    assert "Is it solved?" in ana.get("/my").text
