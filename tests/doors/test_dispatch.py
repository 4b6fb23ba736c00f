"""Dispatch through the doors: the assign form, handing up, the API, and the set-up pages."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest

from helpdesk import clock
from helpdesk.desk import tickets, tokens
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.rosters import Absence
from helpdesk.store.skills import ServiceSkill, Skill, list_skills_of_people
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    """Ana's, about the ERP, given to nobody."""
    now = clock.now() - timedelta(minutes=5)
    return tickets.report(Report("ERP is slow", "", service_id=house.erp.id), house.ana, now=now, door="web")


@pytest.fixture
def bo(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.bo)


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def assignee(ticket: Ticket) -> str | None:
    read_anew()
    found = db.session.get_one(Ticket, ticket.id)
    return found.assignee.name if found.assignee else None


def make_senior(house: House) -> None:
    db.session.get_one(Member, (house.team.id, house.chen.id)).is_senior = True
    db.session.commit()


def test_the_assign_form_says_of_each_way_whom_it_would_choose_and_why(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    tickets.accept(
        tickets.report(Report("x", ""), house.ana, now=MONDAY_9, door="web").id, house.bo, now=MONDAY_9
    )
    page = bo.get(f"/tickets/{ticket.number}/assign").text
    for said in ("Nobody is on call.", "It is Bo’s turn.", "Chen has none in work."):
        assert said in page
    assert 'value="in_turn"' in page
    assert 'value="on_call"' not in page  # nobody there: a button would only be refused


def test_a_way_gives_the_ticket_to_whom_it_chooses_and_the_timeline_says_why(
    ticket: Ticket, bo: Browser
) -> None:
    page = bo.post(f"/tickets/{ticket.number}/assign", data={"way": "in_turn"}, follow_redirects=True).text
    assert assignee(ticket) == "Bo"
    assert "Bo has it now." in page
    assert "assigned this to <b>Bo</b>: next in turn" in page
    assert 'data-key="a"' in page  # it is still to be accepted, although Bo pressed the button


def test_a_way_that_finds_nobody_shows_the_form_again_and_says_why(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    db.session.add(ServiceSkill(service_id=house.erp.id, skill_id=_skill()))
    db.session.commit()
    answer = bo.post(f"/tickets/{ticket.number}/assign", data={"way": "least_loaded"})
    assert answer.status_code == 422
    assert "Nobody can take it: 2 lack a skill." in answer.text
    assert assignee(ticket) is None


def _skill(name: str = "SAP") -> int:
    skill = Skill(name=name)
    db.session.add(skill)
    db.session.flush()
    return skill.id


def test_a_ticket_is_handed_up_with_a_reason_from_its_page(house: House, ticket: Ticket, bo: Browser) -> None:
    path = f"/tickets/{ticket.number}/hand-up"
    assert path not in bo.get(f"/tickets/{ticket.number}").text  # there is nobody above
    make_senior(house)
    assert path in bo.get(f"/tickets/{ticket.number}").text
    assert "It goes to Chen, a senior of the team." in bo.get(path).text
    assert bo.post(path, data={"reason": ""}).status_code == 422
    page = bo.post(path, data={"reason": "Deadlock in the queue"}, follow_redirects=True).text
    assert "handed this up to <b>Chen</b>: Deadlock in the queue" in page
    assert assignee(ticket) == "Chen"


def test_a_senior_is_not_offered_to_hand_up_where_there_is_no_team_above(
    house: House, ticket: Ticket, browser: Browsers
) -> None:
    make_senior(house)
    chen = browser().known_as(house.chen)
    assert "hand-up" not in chen.get(f"/tickets/{ticket.number}").text
    answer = chen.post(f"/tickets/{ticket.number}/hand-up", data={"reason": "Hard"})
    assert answer.status_code == 422
    assert "There is nobody to hand this up to at the moment." in answer.text


def test_what_nobody_could_be_given_says_so_on_its_page(house: House, bo: Browser) -> None:
    house.team.dispatch = "in_turn"
    now = clock.now()
    for person in (house.bo, house.chen):
        db.session.add(Absence(person_id=person.id, starts_at=MONDAY_9, ends_at=now + timedelta(days=1)))
    db.session.commit()
    ticket = tickets.report(Report("x", ""), house.ana, now=now, door="web")
    page = bo.get(f"/tickets/{ticket.number}").text
    assert "This stays with the team: Nobody can take it: 2 are away." in page


def test_a_call_that_is_logged_and_accepted_is_given_to_nobody_else(house: House, bo: Browser) -> None:
    house.team.dispatch = "in_turn"
    house.team.last_in_turn_id = house.bo.id  # it would be Chen's turn
    db.session.commit()
    call = {
        "who": "Ana",
        "person_id": str(house.ana.id),
        "door": "phone",
        "subject": "Slow",
        "kind": "question",
        "then": "accept",
    }
    assert bo.post("/queue/log", data=call).status_code == 303
    read_anew()
    [ticket] = db.session.query(Ticket)
    assert [e.kind for e in list_entries(ticket.id)] == ["reported", "accepted"]
    assert ticket.assignee_id == house.bo.id


def test_programs_assign_by_a_way_and_hand_up(house: House, ticket: Ticket, browser: Browsers) -> None:
    make_senior(house)
    bearer = {"Authorization": f"Bearer {tokens.add_token(house.bo.id, 'test', now=MONDAY_9)}"}
    path = f"/api/v1/tickets/{ticket.number}"
    program = browser()
    answer = program.post(f"{path}/assign", json={"way": "on_call"}, headers=bearer)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["way"])
    answer = program.post(f"{path}/assign", json={"way": "in_turn"}, headers=bearer)
    assert answer.json["assignee"]["name"] == "Bo"
    answer = program.post(f"{path}/hand-up", json={"reason": "Hard"}, headers=bearer)
    assert answer.json["assignee"]["name"] == "Chen"
    assert program.post(f"{path}/hand-up", json={}, headers=bearer).status_code == 422
    assert program.post(f"{path}/assign", json={"way": "by_dice"}, headers=bearer).status_code == 422


def test_what_an_absent_colleague_has_is_offered_to_be_given_to_others(
    house: House, ticket: Ticket, browser: Browsers
) -> None:
    other = tickets.report(Report("x", ""), house.ana, now=MONDAY_9, door="web")
    for each in (ticket, other):
        tickets.accept(each.id, house.bo, now=clock.now())
    now = clock.now()
    db.session.add(Absence(person_id=house.bo.id, starts_at=MONDAY_9, ends_at=now + timedelta(days=1)))
    db.session.commit()
    chen = browser().known_as(house.chen)
    page = unescape(chen.get("/on-call/absences").text)
    assert "2 open tickets: give them to others" in page
    path = page.split("/bulk/new?")[1].split('"')[0]
    assert ticket.subject in chen.get(f"/bulk/new?{path}").text
    assert "open tickets" not in browser().known_as(house.dee).get("/on-call/absences").text


# Set-up


def test_skills_are_added_named_and_removed(house: House, eli: Browser) -> None:
    assert "What not everybody at the desk can do." in eli.get("/admin/skills").text
    assert eli.post("/admin/skills/new", data={"name": "SAP"}).status_code == 303
    read_anew()
    [skill] = db.session.query(Skill)
    assert "Another one has this name" in eli.post("/admin/skills/new", data={"name": "SAP"}).text
    page = eli.get(f"/admin/skills/{skill.id}").text
    assert "Nobody yet. Tick it on the page of whoever can do it." in page
    assert eli.post(f"/admin/skills/{skill.id}/remove").status_code == 303
    read_anew()
    assert db.session.query(Skill).count() == 0


def test_skills_are_ticked_at_people_and_services(house: House, eli: Browser) -> None:
    skill_id = _skill()
    db.session.commit()
    person = {"name": "Bo", "role": "agent", "addresses": "bo@example.org", f"team-{house.team.id}": "member"}
    assert eli.post(f"/admin/people/{house.bo.id}", data={**person, "skills": skill_id}).status_code == 422
    page = eli.get(f"/admin/people/{house.bo.id}").text
    marker = page.split('name="marker" value="')[1].split('"')[0]
    saved = {**person, "skills": skill_id, "marker": marker}
    assert eli.post(f"/admin/people/{house.bo.id}", data=saved).status_code == 303
    read_anew()
    assert list_skills_of_people([house.bo.id]) == {house.bo.id: frozenset({skill_id})}
    assert db.session.get_one(Member, (house.team.id, house.bo.id)).is_senior is False
    assert "checked" in eli.get(f"/admin/people/{house.bo.id}").text.split('name="skills"')[1].split(">")[0]
    page = eli.get(f"/admin/services/{house.erp.id}").text
    assert "Skills that its tickets ask for" in page


def test_a_team_says_who_is_given_new_tickets_and_who_is_senior(house: House, eli: Browser) -> None:
    above = Team(name="Second level")
    db.session.add(above)
    db.session.commit()
    path = f"/admin/teams/{house.team.id}"
    marker = eli.get(path).text.split('name="marker" value="')[1].split('"')[0]
    team = {
        "marker": marker,
        "name": "ERP",
        "is_active": "1",
        "people": [house.bo.id, house.chen.id],
        "leads": [house.chen.id],
        "seniors": [house.chen.id],
        "hands_up_to_id": above.id,
    }
    answer = eli.post(path, data={**team, "dispatch": "on_call"})
    assert answer.status_code == 422
    assert "Give the team a roster first" in answer.text
    assert eli.post(path, data={**team, "dispatch": "in_turn"}).status_code == 303
    read_anew()
    saved = db.session.get_one(Team, house.team.id)
    assert (saved.dispatch, saved.hands_up_to_id) == ("in_turn", above.id)
    assert [m.person_id for m in saved.members if m.is_senior] == [house.chen.id]
    above_path = f"/admin/teams/{above.id}"
    marker = eli.get(above_path).text.split('name="marker" value="')[1].split('"')[0]
    circle = {"marker": marker, "name": "Second level", "is_active": "1", "hands_up_to_id": house.team.id}
    assert "A team cannot hand up to itself" in eli.post(above_path, data=circle).text
