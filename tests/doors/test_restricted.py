"""An agent who reported something to a restricted service of another team sees of it what reporters see."""

from collections.abc import Callable
from io import BytesIO

import pytest

from helpdesk.desk import closing, tickets, tokens
from helpdesk.desk.attachments import Upload
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.attachments import list_attachments
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.services import Service
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House

SECRET = "salary list attached"


class Restricted:
    """Bo, an agent elsewhere, has reported to the service Payroll, which only its own team sees."""

    def __init__(self, house: House) -> None:
        team = Team(name="Payroll")
        db.session.add(team)
        db.session.flush()
        self.gil = house.person("Gil", Role.AGENT)
        db.session.flush()
        db.session.add(Member(team_id=team.id, person_id=self.gil.id))
        payroll = Service(name="Payroll", team_id=team.id, is_restricted=True)
        db.session.add(payroll)
        db.session.commit()
        command = tickets.Report("Wrong pay", "Too little.", service_id=payroll.id, works=Works.NOTHING)
        self.ticket = tickets.report(command, house.bo, now=house.now, door="web")
        file = Upload("salaries.txt", BytesIO(b"1, 2, 3"))
        self.note = tickets.note(self.ticket.id, self.gil, SECRET, files=[file], now=house.now)
        raw = RawMail(
            sha256="0" * 64,
            size=1,
            door="smtp",
            sender="gil@example.org",
            recipients=[],
            received_at=house.now,
            state="done",
            outcome="entry",
            subject=SECRET,
            ticket_id=self.ticket.id,
        )
        db.session.add(raw)
        db.session.commit()
        self.raw_id = raw.id


@pytest.fixture
def restricted(house: House) -> Restricted:
    return Restricted(house)


def test_the_page_is_the_reporters_without_the_note(
    house: House, restricted: Restricted, browser: Callable[[], Browser]
) -> None:
    bo = browser().known_as(house.bo)
    number = restricted.ticket.number
    answer = bo.get(f"/tickets/{number}")
    assert (answer.status_code, answer.location) == (302, f"/my/{number}")
    assert SECRET not in bo.get(f"/my/{number}").text
    assert bo.get(f"/tickets/{number}/thread").status_code == 404
    gil = browser().known_as(restricted.gil)
    assert SECRET in gil.get(f"/tickets/{number}").text


def test_a_file_of_a_note_is_not_handed_out(
    house: House, restricted: Restricted, browser: Callable[[], Browser]
) -> None:
    (file,) = list_attachments(restricted.ticket.id)
    path = f"/attachments/{file.id}/salaries.txt"
    assert browser().known_as(house.bo).get(path).status_code == 404
    with browser().known_as(restricted.gil).get(path) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "deed", ["accept", "resume", "say", "resolve", "assign", "cancel", "severity", "move"]
)
def test_nothing_can_be_worked_on(
    house: House, restricted: Restricted, browser: Callable[[], Browser], deed: str
) -> None:
    path = f"/tickets/{restricted.ticket.number}/{deed}"
    assert browser().known_as(house.bo).post(path, data={"as": "note", "body": "x"}).status_code == 404


def test_letters_to_others_and_raw_mail_stay_with_its_team(
    house: House, restricted: Restricted, browser: Callable[[], Browser]
) -> None:
    closing.resolve(restricted.ticket.id, restricted.gil, "typo", "paid", now=house.now)
    to_others = Letter(
        key="x",
        kind="escalated",
        to_address="gil@example.org",
        person_id=restricted.gil.id,
        ticket_id=restricted.ticket.id,
        locale="en",
        subject=SECRET,
        text=SECRET,
        html=SECRET,
        message_id="<x@example.org>",
        created_at=house.now,
        next_try_at=house.now,
    )
    db.session.add(to_others)
    db.session.commit()
    bo = browser().known_as(house.bo)
    assert bo.get(f"/letters/{to_others.id}").status_code == 404
    assert bo.get(f"/mail/{restricted.raw_id}").status_code == 404
    assert SECRET not in bo.get("/letters").text + bo.get("/mail?outcome=all").text
    assert browser().known_as(restricted.gil).get(f"/letters/{to_others.id}").status_code == 200


def test_the_api_holds_to_the_same(
    house: House, restricted: Restricted, browser: Callable[[], Browser]
) -> None:
    plain = tokens.add_token(house.bo.id, "try", now=house.now)
    headers = {"Authorization": f"Bearer {plain}"}
    path = f"/api/v1/tickets/{restricted.ticket.number}"
    client = browser()
    assert SECRET not in client.get(path, headers=headers).text
    for deed, body in (
        ("accept", {}),
        ("notes", {"body": "x"}),
        ("resolve", {"cause": "x", "solution": "x"}),
        ("assign", {"assignee_id": house.bo.id}),
        ("severity", {"severity": "critical", "reason": "x"}),
    ):
        assert client.post(f"{path}/{deed}", json=body, headers=headers).status_code == 403, deed


def test_a_ticket_is_not_merged_into_one_that_is_only_taken_part_in(
    house: House, restricted: Restricted, browser: Callable[[], Browser]
) -> None:
    command = tickets.Report("Other", "", works=Works.SMALL_FAULT, affected=Affected.ME)
    own = tickets.report(command, house.ana, now=house.now, door="web")
    bo = browser().known_as(house.bo)
    data = {"number": restricted.ticket.number}
    assert bo.post(f"/tickets/{own.number}/merge", data=data).status_code == 422
    db.session.expire_all()
    assert db.session.get(Ticket, own.id).merged_into_id is None
