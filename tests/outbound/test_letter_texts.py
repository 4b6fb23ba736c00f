"""Letters in the organisation's own words: what may stand in them, and what happens to a text that fails."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.desk import closing, letter_templates, people, tickets, waiting
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.desk.tickets import Report
from helpdesk.outbound import letter_samples, letter_texts
from helpdesk.outbound.letter_texts import KINDS, Unusable, check, fill
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letter_templates import LetterTemplate, list_letter_templates
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.security import SecurityEvent
from tests.conftest import MONDAY_9, House, read_anew

REPORT = Report("Printer", "It is jammed", works=Works.NOTHING, affected=Affected.ME)


def letter(kind: str) -> Letter:
    read_anew()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id.desc()).first()


def publish(house: House, kind: str, subject: str, body: str, locale: str = "en") -> None:
    letter_templates.publish(kind, locale, subject, body, By(MONDAY_9, house.eli.id))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_text_begins_with_the_installed_words_and_says_the_same(
    house: House, kind: str, locale: str
) -> None:
    begun = letter_samples.begin(kind, locale, MONDAY_9)
    looked = [
        letter_samples.look(kind, locale, own, MONDAY_9) for own in (begun, (begun[0], "{{ installed }}"))
    ]
    own, installed = ((subject, re.sub(r"/quiet/\S+", "", text)) for subject, text, _html in looked)
    assert own == installed
    assert "{{ name }}" in begun[1]


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("{{ name", "syntax", "1"),
        ("Hello\n{% if name %}", "syntax", "2"),
        ("{% if name %}" * 4000, "syntax", "1"),
        ("Hello\n{% for x in name %}{% endfor %}", "forbidden", "2"),
        ("{{ name.__class__ }}", "forbidden", "1"),
        ("{{ name['x'] }}", "forbidden", "1"),
        ("{{ name() }}", "forbidden", "1"),
        ("{{ name|upper }}", "forbidden", "1"),
        ("{{ 'a' * 1000000000 }}", "forbidden", "1"),
        ("{% set name = 'x' %}", "forbidden", "1"),
        ("{% include 'mail/received.txt' %}", "forbidden", "1"),
        ("{% macro x() %}{% endmacro %}", "forbidden", "1"),
        ("{{ ticket }}", "unknown", "ticket"),
        ("{{ config }}", "unknown", "config"),
        ("{{ message }}", "unknown", "message"),  # not of a receipt
    ],
)
def test_nothing_but_variables_and_conditions_may_stand_in_a_text(text: str, code: str, names: str) -> None:
    with pytest.raises(Unusable) as refused:
        check("received", text)
    assert (refused.value.code, refused.value.names) == (code, names)


def test_a_condition_on_a_variable_may() -> None:
    text = "{% if hotline and not agent %}Call {{ hotline }}.{% else %}Wait.{% endif %}"
    assert check("received", text) == {"hotline", "agent"}
    values = dict.fromkeys(KINDS["received"], "") | {"hotline": "112"}
    assert fill("received", "Hi", text, values, "[HD-1] We have it") == ("[HD-1] Hi", "Call 112.")


PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "-",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "name",
    "hotline",
    "nobody",
]
PIECES += [" ", "\n", "|", ".", "(", ")", "'", "=", "+", "not", "and", "or", "raw", "你好", "set", "#}"]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_is_typed_is_refused_or_fills(text: str) -> None:
    values = dict.fromkeys(KINDS["received"], "Ana")
    with suppress(Unusable):
        subject, _body = fill("received", "Hi", text, values, "[HD-1] We have it")
        assert subject == "[HD-1] Hi"


def test_a_published_text_is_in_the_next_letter_with_number_promise_and_button(house: House) -> None:
    publish(house, "received", "Danke, {{ name }}", "{{ subject }} is noted.\n\nYours, {{ organisation }}")
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    found = letter("received")
    assert found.subject == "[HD-1] Danke, Ana"
    assert "Printer is noted.\n\nYours, Example\n\nSomeone answers by" in found.text
    assert "/follow/" in found.text
    assert "<p" in found.html
    assert "is noted." in found.html


def test_what_people_typed_is_no_template_and_no_markup(house: House) -> None:
    publish(house, "received", "{{ subject }}", "{{ subject }}")
    odd = Report("<b>{{ organisation }}</b> {% if %}", "x", works=Works.NOTHING, affected=Affected.ME)
    tickets.report(odd, house.ana, now=MONDAY_9, door="web")
    found = letter("received")
    assert found.subject == "[HD-1] <b>{{ organisation }}</b> {% if %}"
    assert "<b>{{" not in found.html
    assert "&lt;b&gt;{{ organisation }}" in found.html


def test_a_text_is_of_one_language(house: House) -> None:
    publish(house, "received", "你好", "{{ installed }}", locale="zh_Hans")
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    assert letter("received").subject == "[HD-1] We have your report: Printer"
    house.ana.locale = "zh_Hans"
    db.session.commit()
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    assert letter("received").subject == "[HD-2] 你好"


def test_an_answer_stands_in_its_letter_whatever_the_text(house: House) -> None:
    with pytest.raises(Refused) as refused:
        publish(house, "replied", "News", "There is news. Look at the page.")
    assert (refused.value.field, refused.value.code, refused.value.names) == ("body", "text_needs", "message")
    publish(house, "replied", "News", "{% if hotline %}Call.{% else %}{{ message }}{% endif %}")
    ticket = tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    tickets.reply(ticket.id, house.bo, "Please try the other tray.", now=MONDAY_9)
    assert "[HD-1] News" in letter("replied").subject
    assert "the other tray" in letter("replied").text
    get_organisation().hotline = "112"
    db.session.commit()
    tickets.reply(ticket.id, house.bo, "Or the third one.", now=MONDAY_9)
    found = letter("replied")  # the text would have kept it from Ana
    assert found.subject == "[HD-1] Answer: Printer"
    assert "Or the third one." in found.text


def test_a_text_that_fails_is_not_used_and_the_log_says_so(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    db.session.add(  # as an older release may have allowed
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
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    assert letter("received").subject == "[HD-1] We have your report: Printer"
    assert "the text of received in en cannot be used (unknown gone)" in caplog.text


def test_back_to_the_installed_text_keeps_the_history(house: House) -> None:
    publish(house, "received", "Hi", "One")
    publish(house, "received", "Hi", "One")  # the same again is nothing new
    publish(house, "received", "", "")
    tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    assert letter("received").subject == "[HD-1] We have your report: Printer"
    assert [each.body for each in list_letter_templates("received", "en")] == ["", "One"]
    events = db.session.query(SecurityEvent).filter_by(subject="letter:received:en").all()
    assert [event.what for event in events] == ["setting_changed", "setting_changed"]


def test_of_two_who_publish_at_once_the_second_is_told(house: House) -> None:
    seen = marker_of(letter_templates.state_of("received", "en"))
    publish(house, "received", "Hi", "One")
    with pytest.raises(ChangedMeanwhile):
        letter_templates.publish("received", "en", "Ho", "Two", By(MONDAY_9, house.eli.id), seen)


def test_letters_about_alarms_have_no_text_of_their_own(house: House) -> None:
    with pytest.raises(LookupError):
        publish(house, "escalated", "Hi", "One")
    assert "escalated" not in letter_texts.KINDS


def test_the_variables_of_real_letters_say_what_they_mean(house: House) -> None:
    get_organisation().hotline = "112"
    db.session.commit()
    every = "name organisation hotline number subject service reporter agent"
    body = "\n\n".join(f"{name}={{{{ {name} }}}}" for name in every.split())
    for kind, more in (
        ("asked", "message"),
        ("nudged", "message"),
        ("resolved", "message"),
        ("cancelled", "reason"),
        ("reporter_wrote", "author"),
    ):
        publish(house, kind, "{{ subject }}", f"{body}\n\n{more}={{{{ {more} }}}}")
    publish(house, "invitation", "Hi", "{{ time }} {{ zone }} {{ link }}")
    ticket = tickets.report(
        Report("Printer", "Jam", service_id=house.printing.id, works=Works.NOTHING, affected=Affected.ME),
        house.ana,
        now=MONDAY_9,
        door="web",
    )
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    waiting.wait(
        ticket.id,
        house.bo,
        waiting_for="reporter",
        question="Which tray?",
        wake_at=MONDAY_9 + timedelta(days=3),
        now=MONDAY_9,
    )
    said = letter("asked").text
    for line in (
        "name=Ana",
        "organisation=Example",
        "hotline=112",
        "number=HD-1",
        "service=Printing",
        "reporter=Ana",
        "agent=Bo",
        "message=Which tray?",
    ):
        assert line in said
    waiting.nudge(ticket.id, 1, now=MONDAY_9 + timedelta(days=1))
    assert "message=Which tray?" in letter("nudged").text
    tickets.reporter_reply(ticket.id, house.ana, "The upper one", now=MONDAY_9, door="web")
    assert "name=Bo" in letter("reporter_wrote").text
    assert "author=Ana" in letter("reporter_wrote").text
    closing.resolve(ticket.id, house.bo, cause="Paper", solution="Took it out.", now=MONDAY_9)
    assert "message=Took it out." in letter("resolved").text
    other = tickets.report(REPORT, house.ana, now=MONDAY_9, door="web")
    closing.cancel(other.id, house.bo, "Twice", now=MONDAY_9)
    assert "reason=Twice" in letter("cancelled").text
    people.invite(house.ana.id, now=MONDAY_9, actor_id=house.eli.id)
    assert "Mon 9 Mar, 09:00 Berlin time http" in letter("invitation").text
