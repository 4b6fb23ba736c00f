"""What a mail brought, on the ticket's page and the reporter's: written as intake writes it."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from helpdesk.desk import attachments, closing, tickets
from helpdesk.desk.attachments import Upload
from helpdesk.desk.tickets import Report
from helpdesk.desk.timeline import record
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Attachment, Entry, Ticket, find_entry
from tests.conftest import MONDAY_9, Browser, House, read_anew

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
HTML = (
    '<p style="color: red">Look &amp; see <img src="cid:shot@x" alt="the &quot;screen&quot;">'
    '<img data-remote="https://pictures.example.org/a.png?a=1&amp;b=2" alt="Logo">'
    '<img src="/sign-out"><img src="cid:unknown@x"> data-remote="no image"</p>'
)


@pytest.fixture
def mailed(house: House) -> Callable[..., Ticket]:
    """Reports by mail with that detail."""

    def report(body: str = "The printer jams.", **detail: Any) -> Ticket:
        command = Report("Printer jams", body)
        return tickets.report(command, house.ana, now=MONDAY_9, door="mail", detail=detail)

    return report


@pytest.fixture
def bo(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.bo)


@pytest.fixture
def ana(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.ana)


def attach(ticket: Ticket, name: str, content: bytes, role: str, content_id: str | None = None) -> Attachment:
    kept = attachments.keep([Upload(name, BytesIO(content), content_id)])
    entry = find_entry(ticket.id, "reported")
    assert entry is not None
    with transaction():
        attachments.attach(entry, kept)
    found = db.session.query(Attachment).order_by(Attachment.id.desc()).first()
    assert found is not None
    found.role = role
    db.session.commit()
    return found


def page_of(asker: Browser, ticket: Ticket) -> str:
    return asker.get(f"/tickets/{ticket.number}").text


def test_history_and_signature_are_folded_and_quoted_lines_are_set_off(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed(
        "> Which printer?\nThe one on floor 2.\n\n> Since when?\nToday.", quoted="-- \nAna <Sales>"
    )
    for text in (page_of(bo, ticket), ana.get(f"/my/{ticket.number}").text):
        assert '<blockquote class="typed">Which printer?</blockquote>' in text
        assert '<p class="typed">The one on floor 2.</p>' in text
        folded = text.partition('<details class="folded" id="q')[2].partition("</details>")[0]
        assert "Show more" in folded
        assert "Ana &lt;Sales&gt;" in folded


def test_what_a_colleague_noted_by_mail_is_shown_as_typed(
    house: House, bo: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed()
    with transaction():
        record(
            ticket, "noted", now=MONDAY_9, door="mail", actor_id=house.chen.id, body="# 3 is <b>broken</b>"
        )
    assert '<p class="typed"># 3 is &lt;b&gt;broken&lt;/b&gt;</p>' in page_of(bo, ticket)


def test_a_picture_stands_where_the_text_had_it_and_others_below(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed("It says [cid:shot@x]\nand [cid:unknown].")
    shot = attach(ticket, "shot.png", PNG, "inline", "shot@x")
    other = attach(ticket, "other.png", PNG, "inline", "other@x")
    repeated = attach(ticket, "logo.png", PNG, "repeated", "logo@x")
    for text, room in (
        (page_of(bo, ticket), "/attachments"),
        (ana.get(f"/my/{ticket.number}").text, "/files"),
    ):
        words = text.partition("It says ")[2].partition("</p>")[0]
        assert words.startswith('<a class="shot"')
        assert f"{room}/{shot.id}/shot.png" in words
        assert words.endswith("and [cid:unknown].")
        below = text.partition('<ul class="shots">')[2]
        assert f"{room}/{other.id}/other.png" in below
        assert f"{room}/{shot.id}/" not in below
        assert "1 picture that came before" in text
        assert (
            f"{room}/{repeated.id}/logo.png"
            in text.partition("that came before")[2].partition("</details>")[0]
        )


def test_a_picture_of_a_kind_that_is_not_shown_is_a_file(bo: Browser, mailed: Callable[..., Ticket]) -> None:
    ticket = mailed("See [cid:draw@x]")
    attach(ticket, "draw.svg", b"<svg onload='x'/>", "inline", "draw@x")
    text = page_of(bo, ticket)
    assert 'alt="draw.svg"' not in text
    assert "draw.svg <small>" in text.partition('<ul class="files"')[2]


def test_what_was_left_out_is_listed_with_its_reason(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    left_out = [
        {"name": "film.mp4", "size": 41_000_000, "why": "too_large"},
        {"name": "", "size": 0, "why": "unheard_of"},
    ]
    ticket = mailed(left_out=left_out)
    for text in (page_of(bo, ticket), ana.get(f"/my/{ticket.number}").text):
        assert "<li>film.mp4 (41 MB): too large for one file</li>" in text
        assert "<li>a file without a name</li>" in text
    assert "<li>3 parts</li>" in page_of(bo, mailed(left_out=3))


def test_an_invitation_is_shown_in_the_readers_zone_and_answered_by_nobody(
    bo: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed(
        events=[
            {
                "summary": "Printer <repair>",
                "starts_at": "2026-03-05T13:00:00+00:00",
                "ends_at": "2026-03-05T14:30:00+00:00",
                "where": "Floor 2",
                "organizer": "ana@example.org",
                "method": "REQUEST",
            },
            {"summary": "Trade fair", "starts_at": "2026-03-09", "ends_at": "2026-03-12", "method": "CANCEL"},
            {"summary": "", "starts_at": "soon", "ends_at": ""},
            {"summary": "Lunch", "starts_at": "2026-03-05T12:00:00", "ends_at": "2026-03-06T13:00:00"},
        ],
        notices=["calendar"],
    )
    text = page_of(bo, ticket)
    assert "Printer &lt;repair&gt;" in text
    assert "Thu 5 Mar, 14:00 to 15:30" in text
    assert "Mon 9 Mar 2026 to Wed 11 Mar 2026" in text
    assert "Called off" in text
    assert "Event without a name" in text
    assert "Thu 5 Mar, 12:00 to Fri 6 Mar, 13:00" in text
    assert text.count("Nothing was answered to it.") == 4
    assert "Has a calendar file" not in text


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        ("signed_smime", "Signed with S/MIME"),
        ("encrypted_pgp", "Encrypted with PGP"),
        ("winmail", "winmail.dat"),
        ("calendar", "Has a calendar file"),
        ("heard_of_later", "heard_of_later"),
    ],
)
def test_what_the_desk_keeps_but_does_not_open_is_said(
    bo: Browser, mailed: Callable[..., Ticket], notice: str, said: str
) -> None:
    assert said in page_of(bo, mailed(notices=[notice]))


@pytest.mark.parametrize(
    ("authentication", "badge"), [("fail", "Sender may be forged"), ("none", "Sender not checked")]
)
def test_a_sender_who_is_not_proven_bears_a_badge_for_the_desk_alone(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket], authentication: str, badge: str
) -> None:
    ticket = mailed(authentication=authentication)
    assert badge in page_of(bo, ticket).partition("<article")[2].partition("</header>")[0]
    assert page_of(bo, ticket).count("Ask before you act on it.") == (authentication == "fail")
    assert badge not in ana.get(f"/my/{ticket.number}").text
    assert badge not in page_of(bo, mailed(authentication="pass"))


def test_the_address_it_came_from_and_its_date_are_shown_to_the_desk(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed(
        **{"from": "ana@home.example.org", "dated": "2026-02-27T23:30:00+00:00", "subject": "Long"}
    )
    text = page_of(bo, ticket)
    assert "by mail from ana@home.example.org" in text
    assert "<dt>Dated</dt><dd>Sat 28 Feb, 00:30</dd>" in text
    assert "ana@home.example.org" not in ana.get(f"/my/{ticket.number}").text
    for odd in ("yesterday", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", 7):
        assert "<dt>Dated</dt>" not in page_of(bo, mailed(dated=odd))


def test_what_was_filed_quietly_says_from_whom_why_and_what(
    house: House, bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed()
    detail = {"cause": "automatic_reply", "from": "chen@example.org", "subject": "Out of office"}
    with transaction():
        record(ticket, "mail_filed", now=MONDAY_9, door="mail", body="I am <away>.", detail=detail)
    text = page_of(bo, ticket)
    assert (
        "Mail from <b>chen@example.org</b> was filed; it changed nothing. It is an automatic answer. ·"
        in text
    )
    assert "I am &lt;away&gt;." in text
    assert "away" not in ana.get(f"/my/{ticket.number}").text


def test_a_letter_that_came_back_is_said_on_the_message_it_was_about(
    house: House, bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed()
    entry = tickets.reply(ticket.id, house.bo, "Try again.", now=MONDAY_9 + timedelta(minutes=5))
    letter = db.session.query(Letter).filter_by(kind="replied").one()
    letter.state, letter.report = "bounced", "5.1.1 550 5.1.1 <no> such user"
    house.ana.addresses[0].failing_since, house.ana.addresses[0].fault = MONDAY_9, "550 no such user"
    house.ana.phone = "extension 201"
    db.session.merge(house.ana)
    db.session.commit()
    with transaction():
        report = {"kind": "failed", "status": "5.1.1", "address": "ana@example.org", "words": "no such user"}
        detail = {"cause": "delivery_report", "report": {**report, "letter": letter.id}}
        record(ticket, "mail_filed", now=MONDAY_9, door="mail", body="Undelivered", detail=detail)
    text = page_of(bo, ticket)
    message = text.partition(f'id="e{entry.id}"')[2].partition("</article>")[0]
    assert "The letter to ana@example.org came back: 550 5.1.1 &lt;no&gt; such user" in message
    assert f'href="/letters/{letter.id}"' in message
    assert text.count("such user") == 1
    assert "Letters to ana@example.org have come back since Mon 2 Mar, 09:00." in text
    assert "Call Ana: extension 201." in text
    assert "Our letters to ana@example.org come back." in ana.get(f"/my/{ticket.number}").text


@pytest.mark.parametrize(
    ("state", "fault", "report", "said"),
    [
        ("failed", "refused", "", "could not be sent"),
        ("waiting", "421 busy", "", "is tried again"),
        ("sent", "", "4.4.1 delayed", "is delayed"),
        ("sent", "", "", None),
        ("waiting", "", "", None),
    ],
)
def test_a_letter_that_is_late_is_told_from_one_that_is_lost(
    house: House,
    bo: Browser,
    mailed: Callable[..., Ticket],
    state: str,
    fault: str,
    report: str,
    said: str | None,
) -> None:
    ticket = mailed()
    letter = db.session.query(Letter).filter_by(kind="received").one()
    letter.state, letter.fault, letter.report = state, fault, report
    db.session.commit()
    text = page_of(bo, ticket)
    assert (said in text) if said else ('class="trouble' not in text)


def test_the_conversation_is_fresh_again_once_a_letter_is_lost(
    house: House, bo: Browser, mailed: Callable[..., Ticket]
) -> None:
    path = f"/tickets/{mailed().number}/thread"
    etag = bo.get(path).headers["ETag"]
    assert bo.get(path, headers={"If-None-Match": etag}).status_code == 304
    db.session.query(Letter).filter_by(kind="received").one().state = "failed"
    db.session.commit()
    assert "could not be sent" in bo.get(path, headers={"If-None-Match": etag}).text


@pytest.fixture
def thanked(house: House, mailed: Callable[..., Ticket]) -> Ticket:
    """A resolved ticket whose reporter has answered with thanks."""
    ticket = mailed()
    tickets.accept(ticket.id, house.bo, now=MONDAY_9)
    closing.resolve(ticket.id, house.bo, "Paper", "New paper", now=MONDAY_9)
    detail = {"cause": "only_thanks"}
    tickets.reporter_reply(ticket.id, house.ana, "Thanks!", now=MONDAY_9, door="mail", detail=detail)
    return ticket


def test_thanks_do_not_reopen_but_one_click_of_an_agent_does(
    house: House, bo: Browser, thanked: Ticket, browser: Callable[[], Browser]
) -> None:
    path = f"/tickets/{thanked.number}/reopen"
    text = page_of(bo, thanked)
    assert "It only says thanks, so nothing was reopened." in text
    assert f'action="{path}"' in text
    assert path not in page_of(browser().known_as(house.dee), thanked)
    assert browser().known_as(house.dee).post(path).status_code == 404
    assert bo.post(path).status_code == 303
    read_anew()
    assert db.session.get(Ticket, thanked.id).state == "new"  # type: ignore[union-attr]
    assert f'action="{path}"' not in page_of(bo, thanked)
    assert bo.post(path, follow_redirects=True).status_code == 200  # a second click is told kindly
    read_anew()
    assert db.session.query(Entry).filter_by(kind="reopened").count() == 1


def test_thanks_do_not_reopen_but_one_click_of_the_reporter_does(
    house: House, ana: Browser, thanked: Ticket, browser: Callable[[], Browser]
) -> None:
    address = links.follow_url(thanked, house.ana.id).removeprefix("http://desk.example.org")
    stranger = browser()
    for who, path in ((ana, f"/my/{thanked.number}"), (stranger, address)):
        assert f'action="{path}/reopen"' in who.get(path).text
    assert stranger.post(f"{address}/reopen").status_code == 303
    read_anew()
    assert db.session.get(Ticket, thanked.id).state == "new"  # type: ignore[union-attr]


def test_who_only_takes_part_reopens_nothing(
    house: House, thanked: Ticket, browser: Callable[[], Browser]
) -> None:
    from helpdesk.desk.participants import join

    with transaction():
        join(thanked, house.person("Gil", "reporter"), "copied", now=MONDAY_9)
    gil = db.session.query(type(house.ana)).filter_by(name="Gil").one()
    asker = browser().known_as(gil)
    assert "/reopen" not in asker.get(f"/my/{thanked.number}").text
    assert asker.post(f"/my/{thanked.number}/reopen").status_code == 404


def test_an_answer_of_a_stranger_is_said_on_both_tickets(
    house: House, bo: Browser, mailed: Callable[..., Ticket]
) -> None:
    old, new = mailed(), mailed()
    with transaction():
        for one, other in ((old, new), (new, old)):
            detail = {"how": "related", "ticket": other.id, "cause": "takes_no_part"}
            record(one, "linked", now=MONDAY_9, door="mail", detail=detail)
    assert "Somebody who takes no part here answered by mail" in page_of(bo, old)
    assert "in which its sender takes no part" in page_of(bo, new)


def test_a_formatted_mail_runs_nothing_and_fetches_no_picture_from_elsewhere(
    bo: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed(notices=["remote_pictures"])
    shot = attach(ticket, "shot.png", PNG, "inline", "shot@x")
    mail = attach(ticket, "mail.html", HTML.encode(), "formatted")
    assert f"/attachments/{mail.id}/formatted" in page_of(bo, ticket)
    assert "mail.html" not in page_of(bo, ticket)
    page = bo.get(f"/attachments/{mail.id}/formatted")
    assert "Show the pictures" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    inner = bo.get(f"/attachments/{mail.id}/formatted/mail")
    policy = inner.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert policy.endswith("img-src 'self'")
    assert inner.headers["Referrer-Policy"] == "no-referrer"
    assert f'<img alt="the &#34;screen&#34;" src="/attachments/{shot.id}/shot.png">' in inner.text
    assert '<img alt="Logo">' in inner.text
    assert "pictures.example.org" not in inner.text
    assert "/sign-out" not in inner.text
    assert ' data-remote="no image"' in inner.text  # words stay words


def test_pictures_from_elsewhere_come_once_somebody_asks(bo: Browser, mailed: Callable[..., Ticket]) -> None:
    mail = attach(mailed(), "mail.html", HTML.encode(), "formatted")
    inner = bo.post(f"/attachments/{mail.id}/formatted/mail")
    assert '<img alt="Logo" src="https://pictures.example.org/a.png?a=1&amp;b=2">' in inner.text
    assert inner.headers["Content-Security-Policy"].endswith("img-src 'self' http: https:")
    assert "/sign-out" not in inner.text


def test_a_formatted_mail_exists_for_those_alone_who_see_its_ticket(
    house: House, ana: Browser, mailed: Callable[..., Ticket], browser: Callable[[], Browser]
) -> None:
    mail = attach(mailed(), "mail.html", HTML.encode(), "formatted")
    file = attach(mailed(), "formatted", b"a file of that name", "file")
    db.session.add(other := house.person("Gil", "reporter"))
    db.session.commit()
    for path in (f"/attachments/{mail.id}/formatted", f"/attachments/{mail.id}/formatted/mail"):
        assert ana.get(path).status_code == 200
        assert browser().known_as(other).get(path).status_code == 404
    answer = ana.get(f"/attachments/{file.id}/formatted")
    assert answer.data == b"a file of that name"
    answer.close()
    assert ana.get(f"/attachments/{file.id}/formatted/mail").status_code == 404


def test_many_files_are_folded_but_for_the_first_dozen(
    bo: Browser, ana: Browser, mailed: Callable[..., Ticket]
) -> None:
    ticket = mailed()
    for number in range(14):
        attach(ticket, f"trace-{number}.log", b"x%d" % number, "file")
    for text in (page_of(bo, ticket), ana.get(f"/my/{ticket.number}").text):
        shown, _, folded = text.partition("2 more files")
        assert "trace-11.log" in shown
        assert "trace-12.log" not in shown
        assert "trace-13.log" in folded


@pytest.mark.parametrize(
    ("cause", "said"),
    [("takes_no_part", "Its sender takes no part"), ("had_ended", "The ticket it answers had ended")],
)
def test_why_an_answer_became_a_ticket_is_left_to_the_line_with_the_link(
    bo: Browser, mailed: Callable[..., Ticket], cause: str, said: str
) -> None:
    assert said not in page_of(bo, mailed(cause=cause))
