"""One message is one ticket however it comes; other words are never taken for it."""

from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.mail import RawMail, get_raw_mail
from helpdesk.store.tickets import Ticket
from tests.conftest import House
from tests.mail.taking import LATER, take

ID = "<one@example.org>"


def outcomes(*raws: RawMail) -> list[tuple[str | None, int | None]]:
    return [(raw.outcome, raw.ticket_id) for raw in raws]


def test_the_same_message_to_two_addresses_of_the_desk_is_one_ticket(house: House) -> None:
    head = "From: ana@example.org\r\nTo: desk@example.org, help@example.org\r\nSubject: Printer\r\n"
    ways = [f"Received: from a by b{n}\r\n{head}Message-ID: {ID}\r\n\r\nIt jams.\r\n" for n in range(2)]
    ids = [receive.store_raw(way.encode(), "lmtp", "ana@example.org", [], LATER) for way in ways]
    receive.parse_waiting(LATER)
    first, second = [get_raw_mail(each) for each in ids]
    assert outcomes(first, second) == [("created", 1), ("duplicate", 1)]


def test_another_transfer_encoding_and_line_length_is_the_same_message(house: House) -> None:
    first = take("It jams all the time", Message_ID=ID)
    second = take("It jams=\r\n all the time", Message_ID=ID, Content_Transfer_Encoding="quoted-printable")
    assert outcomes(first, second) == [("created", 1), ("duplicate", 1)]


def test_other_words_under_the_same_message_id_are_another_message(house: House) -> None:
    raws = [take(words, Message_ID=ID) for words in ("It jams.", "It burns!", "It burns!", "It jams.")]
    assert outcomes(*raws) == [("created", 1), ("created", 2), ("duplicate", 2), ("duplicate", 1)]
    bodies = [ticket.entries[0].body for ticket in db.session.query(Ticket).order_by(Ticket.id)]
    assert bodies == ["It jams.", "It burns!"]


def test_another_sender_under_the_same_message_id_is_another_message(house: House) -> None:
    raws = [take("It jams.", Message_ID=ID, author=f"{name}@example.org") for name in ("ana", "kim")]
    assert [raw.outcome for raw in raws] == ["created", "created"]


def test_a_copy_over_a_list_does_not_keep_the_words_from_a_ticket(house: House) -> None:
    over_list = take("It jams.", Message_ID=ID, List_Id="<all.example.org>")
    direct = take("It jams.", Message_ID=ID)
    again = take("It jams.", Message_ID=ID)
    assert outcomes(over_list, direct, again) == [("filed", None), ("created", 1), ("duplicate", 1)]


def test_without_message_id_the_content_tells(house: House) -> None:
    raws = [
        take(words, Date="Mon, 2 Mar 2026 09:00:00 +0100") for words in ("It jams.", "It jams.", "It burns!")
    ]
    assert outcomes(*raws) == [("created", 1), ("duplicate", 1), ("created", 2)]
