"""The pages of letters' texts: written, looked at, published, taken back; each language by itself."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from helpdesk.outbound.letter_texts import KINDS
from helpdesk.store import db
from helpdesk.store.letter_templates import LetterTemplate, find_letter_template
from helpdesk.store.letters import Letter
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
URL = "/admin/texts/received/en"


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def marker(eli: Browser) -> str:
    return re.search(r'name="marker" value="(\w+)"', eli.get(URL).text)[1]


def publish(eli: Browser, subject: str, body: str, url: str = URL) -> int:
    data = {"marker": marker(eli), "subject": subject, "body": body}
    return eli.post(url, data=data).status_code


def test_the_list_says_which_texts_are_the_organisations_own(eli: Browser) -> None:
    page = text_of(eli.get("/admin/texts").text)
    assert page.count("installed") == 3 * len(KINDS)
    assert publish(eli, "Thank you", "We have it.") == 303
    page = text_of(eli.get("/admin/texts").text)
    assert "The report has come in your own in force installed installed" in page


def test_a_text_begins_with_the_installed_words_and_lists_what_may_stand_in_it(eli: Browser) -> None:
    page = unescape(eli.get(URL).text)
    assert "We have your report: {{ subject }}" in page
    assert "Your report {{ number }} is registered." in page
    assert "{{ hotline }}" in page
    assert "the number to call; empty where there is none" in page
    chinese = unescape(eli.get("/admin/texts/received/zh_Hans").text)
    assert "{{ name }}，您好！" in chinese


def test_looking_publishes_nothing_and_shows_the_letter_in_a_frame_that_can_do_nothing(eli: Browser) -> None:
    typed = {"subject": "Thank you", "body": "Dear {{ name }}, <b>we</b> have {{ number }}."}
    answer = eli.post(f"{URL}/look", data=typed)
    assert "Dear Ana, &lt;b&gt;we&lt;/b&gt; have HD-12." in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in eli.get(URL).headers["Content-Security-Policy"]
    read_anew()
    assert find_letter_template("received", "en") is None
    answer = eli.post(f"{URL}/look", data={**typed, "body": "{{ ticket }}"})
    assert "There is no variable ticket in this letter." in text_of(answer.text)
    assert db.session.query(Letter).count() == 0


def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(eli: Browser) -> None:
    data = {"marker": marker(eli), "subject": "{{ nobody }}", "body": "All {{ these }} words"}
    answer = eli.post(URL, data=data)
    assert answer.status_code == 422
    assert "There is no variable nobody in this letter." in text_of(answer.text)
    assert "All {{ these }} words" in unescape(answer.text)
    assert 'aria-describedby="subject-wrong' in answer.text
    answer = eli.post(URL, data={**data, "subject": "Hi", "body": "One\n{% for x in name %}{% endfor %}"})
    assert "Look at line 2: only the variables of the list are possible" in text_of(answer.text)
    answer = eli.post("/admin/texts/replied/en", data={**data, "subject": "Hi", "body": "News"})
    assert "Put {{ message }} into it" in text_of(answer.text)


def test_history_and_back_to_the_installed_text(eli: Browser) -> None:
    assert publish(eli, "One", "First words") == 303
    assert publish(eli, "Two", "Second words") == 303
    page = text_of(eli.get(URL).text)
    assert "Your own text is in force, published by Eli." in page
    assert page.index("Second words") < page.rindex("First words")
    assert eli.post(f"{URL}/back", data={"marker": marker(eli)}).status_code == 303
    page = text_of(eli.get(URL).text)
    assert "The installed text is in force." in page
    assert "Second words" in page
    assert "We have your report: {{ subject }}" in unescape(eli.get(URL).text)


def test_somebody_who_was_faster_is_not_overwritten(eli: Browser) -> None:
    seen = marker(eli)
    assert publish(eli, "One", "First words") == 303
    answer = eli.post(URL, data={"marker": seen, "subject": "Two", "body": "Second words"})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in text_of(answer.text)
    answer = eli.post(f"{URL}/back", data={"marker": seen}, follow_redirects=True)
    assert "Somebody else has changed this" in text_of(answer.text)


def test_a_text_that_no_longer_works_is_said_in_the_list_and_on_its_page(eli: Browser, house: House) -> None:
    db.session.add(
        LetterTemplate(
            kind="received",
            locale="en",
            subject="Hi",
            body="{{ gone }}",
            published_at=MONDAY_9,
            published_by_id=house.eli.id,
        )
    )
    db.session.commit()
    assert "your own cannot be used" in text_of(eli.get("/admin/texts").text)
    page = text_of(eli.get(URL).text)
    assert "Your text cannot be used, so the installed one goes out." in page
    assert "There is no variable gone in this letter." in page


def test_auditors_read_and_others_find_nothing(eli: Browser, house: House, browser: Browsers) -> None:
    fay = browser().known_as(house.fay)
    assert fay.get(URL).status_code == 200
    assert "Your report HD-12 is registered." in fay.get(f"{URL}/look").text
    assert "Look at it" not in fay.get(URL).text
    for path in (URL, f"{URL}/look", f"{URL}/back"):
        assert fay.post(path, data={"subject": "Hi", "body": "Ho"}).status_code == 404
    for person in (house.ana, house.bo, house.chen, house.dee):
        assert browser().known_as(person).get("/admin/texts").status_code == 404
    for path in ("/admin/texts/escalated/en", "/admin/texts/received/de"):
        assert eli.get(path).status_code == 404
