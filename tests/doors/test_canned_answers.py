from collections.abc import Callable

import pytest

from helpdesk import clock
from helpdesk.desk import canned_answers, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.canned_answers import CannedAnswer, list_canned_answers
from helpdesk.store.drafts import find_draft
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    command = Report("Printer jams", "", service_id=house.printing.id)
    return tickets.report(command, house.ana, now=clock.now(), door="web")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def keep(house: House, name: str, team_id: int | None = None, **texts: str) -> CannedAnswer:
    values = {"name": name, "team_id": team_id, "texts": texts}
    return canned_answers.save(None, values, By(house.now, house.eli.id))


def test_an_answer_bears_the_tickets_values(house: House, ticket: Ticket, bo: Browser) -> None:
    keep(
        house,
        "All",
        en="{{ticket.number}} {{ticket.subject}} {{reporter.name}} {{ service }} {{team}} {{agent.name}} "
        "{{organisation}} <{{hotline}}> {{promise}}",
    )
    page = bo.get(f"/tickets/{ticket.number}/answers").text
    said = f"{ticket.number} Printer jams Ana Printing ERP Bo Example &lt;…&gt; "
    assert said in page
    assert page.split(said)[1][0] not in "<{"  # the promise


@pytest.mark.parametrize(
    ("locale", "expected"), [("zh_Hans", "您好"), ("zh_Hant", "Hello"), (None, "Hello"), ("en", "Hello")]
)
def test_an_answer_speaks_the_reporters_language_or_else_the_organisations(
    house: House, ticket: Ticket, bo: Browser, locale: str | None, expected: str
) -> None:
    keep(house, "Greeting", en="Hello", zh_Hans="您好")
    house.ana.locale = locale
    db.session.commit()
    assert expected in bo.get(f"/tickets/{ticket.number}/answers").text


def test_agents_find_the_answers_of_the_tickets_team_and_of_all(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    other = Team(name="Network")
    db.session.add(other)
    db.session.commit()
    keep(house, "For all", en="x")
    keep(house, "For ERP", house.team.id, en="x")
    keep(house, "For the network", other.id, en="x")
    page = bo.get(f"/tickets/{ticket.number}/answers").text
    assert "For all" in page
    assert "For ERP" in page
    assert "For the network" not in page


def test_without_script_an_answer_is_added_to_what_was_typed(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    answer = keep(house, "Office", en="Which office, {{reporter.name}}?")
    typed = {"as": "reply", "body": "Good morning", "then": "answers"}
    offered = bo.post(f"/tickets/{ticket.number}/draft", data=typed)
    assert offered.location == f"/tickets/{ticket.number}/answers"
    back = bo.post(offered.location, data={"answer": str(answer.id)})
    assert back.status_code == 303
    assert "Good morning\n\nWhich office, Ana?</textarea>" in bo.get(back.location).text
    read_anew()
    assert find_draft(ticket.id, house.bo.id) is not None


WRONG = {
    "an unknown variable": ({"name": "A", "text_en": "{{reporter.salary}}"}, "no variable reporter.salary"),
    "an open brace": ({"name": "A", "text_en": "Hello {{reporter.name"}, "no variable {{"),
    "no text": ({"name": "A"}, "Write the answer in at least one language"),
    "no name": ({"text_en": "Hello"}, "Give it a name"),
    "a name that is taken": ({"name": "Taken", "text_en": "Hello"}, "Another one has this name already"),
    "a team that is none": ({"name": "A", "text_en": "Hello", "team_id": "999"}, "Choose one from the list"),
}


@pytest.mark.parametrize(("typed", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_refused_with_what_was_typed(
    house: House, browser: Browsers, typed: dict[str, str], said: str
) -> None:
    keep(house, "Taken", en="x")
    answer = browser().known_as(house.eli).post("/admin/answers/new", data=typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert [each.name for each in list_canned_answers()] == ["Taken"]


def test_an_administrator_changes_and_deletes_and_the_log_knows(house: House, browser: Browsers) -> None:
    answer, eli = keep(house, "Office", en="Which office?"), browser().known_as(house.eli)
    path = f"/admin/answers/{answer.id}"
    marker = eli.get(path).text.split('name="marker" value="')[1].split('"')[0]
    typed = {"name": "Which office", "text_en": "Which office is it?", "marker": marker}
    assert eli.post(path, data=typed).status_code == 303
    assert eli.post(path, data=typed).status_code == 422  # somebody else has changed it since
    assert "Which office" in eli.get("/admin/answers").text
    assert eli.post(f"{path}/delete").status_code == 303
    assert eli.get(path).status_code == 404


def test_a_lead_keeps_the_answers_of_their_team_alone(house: House, browser: Browsers) -> None:
    general, own = keep(house, "General", en="x"), keep(house, "Own", house.team.id, en="x")
    chen = browser().known_as(house.chen)
    listed = chen.get("/admin/answers").text
    assert "Own" in listed
    assert "General" not in listed
    assert chen.get(f"/admin/answers/{own.id}").status_code == 200
    assert chen.get(f"/admin/answers/{general.id}").status_code == 404
    assert chen.post(f"/admin/answers/{general.id}/delete").status_code == 404
    typed = {"name": "New", "text_en": "x"}
    assert chen.post("/admin/answers/new", data=typed).status_code == 422  # for all teams: not a lead's
    assert chen.post("/admin/answers/new", data={**typed, "team_id": str(house.team.id)}).status_code == 303
    assert chen.get("/admin/people").status_code == 404


def test_an_agent_sets_up_none_and_an_auditor_reads_them(
    house: House, bo: Browser, browser: Browsers
) -> None:
    answer, fay = keep(house, "General", en="Hello there"), browser().known_as(house.fay)
    assert bo.get("/admin/answers").status_code == 404
    assert "Hello there" in fay.get(f"/admin/answers/{answer.id}").text
    assert fay.post(f"/admin/answers/{answer.id}", data={"name": "x", "text_en": "x"}).status_code == 404
