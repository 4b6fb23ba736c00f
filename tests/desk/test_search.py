"""What is found, by whom, in which order: on both databases the same, as the rules alone would say."""

import io
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from helpdesk.desk import closing, participants, reopenings, search, tickets
from helpdesk.desk.attachments import Upload
from helpdesk.desk.check import check
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Asker, Role
from helpdesk.rules.search import parse
from helpdesk.rules.severity import Affected, Works
from helpdesk.rules.words import marked_spans, places
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.people import Person
from helpdesk.store.search import WordSweep, find_words_left
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.at_once import at_once
from tests.conftest import House

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def report(house: House, subject: str, body: str = "", at: datetime = NOW, **more: object) -> Ticket:
    reporter = more.pop("reporter", house.ana)
    return tickets.report(Report(subject, body, **more), reporter, now=at, door="web")


def found(who: Person | Asker, asked: str, **more: object) -> list[str]:
    """The subjects of what they find, in its order."""
    asker = who.asker if isinstance(who, Person) else who
    page = search.look(asker, asked, zone=BERLIN, now=NOW + timedelta(hours=1), **more)
    return [hit.ticket.subject for hit in page.hits]


def resolve(ticket: Ticket, house: House, cause: str, solution: str) -> None:
    closing.resolve(ticket.id, house.bo, cause, solution, now=NOW)


def test_subjects_messages_notes_solutions_causes_and_file_names_are_found(house: House) -> None:
    ticket = report(house, "Printer jams", "It began this morning.")
    tickets.reply(ticket.id, house.bo, "Please open the *rear* flap.", now=NOW)
    tickets.note(ticket.id, house.bo, "A known weakness", now=NOW)
    upload = Upload("picture-of-tray.png", io.BytesIO(b"x"))
    tickets.reporter_reply(ticket.id, house.ana, "", files=[upload], now=NOW, door="web")
    resolve(ticket, house, "A worn roller", "Replaced the feeder")
    report(house, "Something else", "Nothing of the kind")
    for asked in (
        "jams",
        "morning",
        "REAR flap",
        "weakness",
        "picture tray",
        "worn roller",
        "feeder",
        "-kind",
    ):
        assert found(house.bo, asked) == ["Printer jams"], asked
    for asked in ("jam", "rear -printer", '"flap rear"', '"jams it"', "morning weaknes"):
        assert found(house.bo, asked) == [], asked


def test_chinese_is_found_by_any_of_its_words(house: House) -> None:
    report(house, "打印机卡纸", "二楼东侧的打印机，从今天早上开始。")
    report(house, "无法打印", "三楼")
    assert found(house.bo, "卡纸") == ["打印机卡纸"]
    assert found(house.bo, "打印") == ["无法打印", "打印机卡纸"]
    assert found(house.bo, "“今天早上” 东侧") == ["打印机卡纸"]
    assert found(house.bo, "楼") == ["无法打印", "打印机卡纸"]
    assert found(house.bo, "印卡") == []
    assert found(house.bo, "打印 -卡纸") == ["无法打印"]


def test_subjects_come_first_then_the_newest(house: House) -> None:
    report(house, "VPN one")
    report(house, "Two", "vpn")
    report(house, "Three vpn", "vpn")
    report(house, "Four", "the VPN")
    assert found(house.bo, "vpn") == ["Three vpn", "VPN one", "Four", "Two"]


def test_a_number_leads_to_its_ticket_and_to_what_speaks_of_it(house: House) -> None:
    first = report(house, "First")
    report(house, "Speaks of it", f"the same as HD-{first.id}, in room {first.id}")
    assert found(house.bo, f"HD-{first.id}") == ["First", "Speaks of it"]
    assert found(house.bo, str(first.id)) == ["First", "Speaks of it"]
    assert found(house.ana, f"hd-{first.id}") == ["First", "Speaks of it"]


def test_filters_alone_and_with_words(house: House) -> None:
    erp = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    critical = report(house, "Nobody can post", "all of it", datetime(2026, 2, 27, 23, 30, tzinfo=UTC), **erp)
    small = report(house, "All slow", files=[Upload("a.txt", io.BytesIO(b"x"))], service_id=house.printing.id)
    mail = report(house, "All by mail", reporter=house.bo)
    tickets.accept(small.id, house.bo, now=NOW)
    closing.cancel(mail.id, house.ana, "twice", now=NOW)
    everything = ["All by mail", "All slow", "Nobody can post"]
    for asked, subjects in {
        "severity:critical": ["Nobody can post"],
        "severity:critical severity:minor": everything,
        "is:open": everything[1:],
        "is:new is:late": ["Nobody can post"],
        "is:closed": ["All by mail"],
        "-is:closed all": ["All slow", "Nobody can post"],
        "service:erp": ["Nobody can post"],
        "-service:erp": everything[:2],
        'service:"Printing" assignee:me': ["All slow"],
        "assignee:nobody is:unassigned": ["All by mail", "Nobody can post"],
        "reporter:bo@example.org": ["All by mail"],
        "-reporter:bo": everything[1:],
        "team:ERP kind:fault": everything,
        "has:file": ["All slow"],
        "on:2026-02-28": ["Nobody can post"],
        "before:2026-02-28": [],
        "before:2026-03 all": ["Nobody can post"],
        "after:2026-02": everything[:2],
        "service:nowhere all": everything,
        "nonsense:x": [],
    }.items():
        assert sorted(found(house.bo, asked)) == sorted(subjects), asked
    assert critical.severity == "critical"


def restricted(house: House) -> Service:
    team = Team(name="HR")
    db.session.add(team)
    db.session.flush()
    service = Service(name="Payroll", team_id=team.id, is_restricted=True)
    db.session.add(service)
    db.session.commit()
    return service


def test_nobody_finds_what_they_may_not_read(house: House) -> None:
    own = report(house, "Salary of mine", "public", service_id=restricted(house).id)
    tickets.note(own.id, house.eli, "secret", now=NOW)
    everybody = report(house, "Printer", "public")
    tickets.note(everybody.id, house.bo, "secret", now=NOW)
    stranger = house.person("Sam", Role.REPORTER)
    db.session.commit()
    assert found(house.bo, "public") == ["Printer"]
    assert found(house.eli, "secret") == ["Printer", "Salary of mine"]
    assert found(house.ana, "public") == ["Printer", "Salary of mine"]
    assert found(house.ana, "secret") == []
    assert found(house.ana, "public -secret") == ["Printer", "Salary of mine"], "nor by what is missing"
    assert found(stranger, "public") == []
    assert found(stranger, f"HD-{own.id}") == []
    with transaction():
        participants.join(db.session.get_one(Ticket, own.id), house.bo, "copied", now=NOW)
    assert found(house.bo, "public") == ["Printer", "Salary of mine"]
    assert found(house.bo, "secret") == ["Printer"]
    assert found(house.bo, "public -secret") == ["Salary of mine"]
    assert found(house.eli, "public", is_own=True) == []
    with transaction():
        participants.join(db.session.get_one(Ticket, everybody.id), stranger, "affected", now=NOW)
    assert found(stranger, "public") == [], "who has the same fault does not read what others wrote"


def test_a_snippet_shows_nothing_that_the_asker_may_not_read(house: House) -> None:
    ticket = report(house, "Salary", "payslip", service_id=restricted(house).id)
    tickets.note(ticket.id, house.eli, "payslip payroll run", now=NOW)
    for person, kinds in ((house.ana, {"reported"}), (house.eli, {"reported", "noted"})):
        (hit,) = search.look(person.asker, "payslip", zone=BERLIN, now=NOW).hits
        assert hit.snippet is not None
        assert hit.snippet.kind in kinds
    assert search.look(house.ana.asker, "payslip run", zone=BERLIN, now=NOW).hits == []


def test_what_is_voided_is_no_longer_found(house: House) -> None:
    ticket = report(house, "Printer", "jams")
    resolve(ticket, house, "dust", "cleaned")
    closing.reopen(ticket.id, house.ana, "The kettle leaks", now=NOW)
    new = reopenings.not_a_reopening(ticket.id, house.bo, "another matter", subject="Kettle", now=NOW)
    assert found(house.bo, "leaks") == [new.subject]


def test_all_of_two_hundred_are_shown_in_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        report(house, f"Number {n}", "same")
    monkeypatch.setattr(search, "PAGE", 3)
    monkeypatch.setattr(search, "LAST_PAGE", 2)
    first = search.look(house.bo.asker, "same", zone=BERLIN, now=NOW)
    second = search.look(house.bo.asker, "same", zone=BERLIN, now=NOW, page=2)
    assert [hit.ticket.subject for hit in first.hits] == ["Number 6", "Number 5", "Number 4"]
    assert [hit.ticket.subject for hit in second.hits] == ["Number 3", "Number 2", "Number 1"]
    assert (first.has_more, second.has_more) == (True, False)
    assert (first.is_cut, second.is_cut) == (False, True)


def test_people_are_offered_to_staff(house: House) -> None:
    report(house, "Printer")
    assert [p.name for p in search.look(house.bo.asker, "Ana", zone=BERLIN, now=NOW).people] == ["Ana"]
    assert search.look(house.ana.asker, "Ana", zone=BERLIN, now=NOW).people == []


def test_what_is_kept_entry_by_entry_is_what_a_sweep_reads(house: House) -> None:
    bo = house.bo.asker
    ticket = report(house, "Printer jams", "卡纸", files=[Upload("tray.png", io.BytesIO(b"x"))])
    ticket_id = ticket.id
    tickets.reply(ticket.id, house.bo, "Thank you", now=NOW)
    tickets.note(ticket.id, house.bo, "the the the " * 200, now=NOW)
    resolve(ticket, house, "dust", "cleaned the rollers")
    assert [d for batch in check() for d in batch.differences] == []
    db.session.execute(text("DELETE FROM ticket_words"))
    db.session.commit()
    assert [d.number for batch in check() for d in batch.differences] == [f"HD-{ticket_id}"]
    assert found(bo, "rollers") == []
    assert search.rebuild() == ticket_id
    assert [d for batch in check() for d in batch.differences] == [], (
        "what is still to be read is not compared"
    )
    assert search.sweep() == 0
    assert found(bo, "rollers") == ["Printer jams"]
    assert [d for batch in check() for d in batch.differences] == []


def test_a_sweep_goes_on_where_it_was_and_writers_do_not_wait_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = [report(house, f"Old {n}", "kept") for n in range(5)]
    db.session.execute(text("DELETE FROM ticket_words"))
    db.session.add(WordSweep(id=1, left_id=each[-1].id))
    db.session.commit()
    monkeypatch.setattr(search, "BATCH", 2)
    assert search.sweep() == each[2].id
    assert find_words_left() == each[2].id
    assert found(house.bo, "kept") == ["Old 4", "Old 3"]
    tickets.note(each[0].id, house.bo, "spoken of since", now=NOW)
    assert found(house.bo, "kept spoken") == ["Old 0"], "found at once, with all it says"
    while search.sweep():
        pass
    assert found(house.bo, "kept") == ["Old 4", "Old 3", "Old 2", "Old 1", "Old 0"]


def test_what_is_written_while_a_sweep_reads_is_not_lost(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, bo, author = [report(house, f"Old {n}", "kept").id for n in range(12)], house.bo.asker, house.bo
    db.session.execute(text("DELETE FROM ticket_words"))
    db.session.add(WordSweep(id=1, left_id=ids[-1]))
    db.session.commit()
    monkeypatch.setattr(search, "BATCH", 2)

    def write() -> None:
        for n in reversed(ids):
            tickets.note(n, author, "meanwhile", now=NOW)

    def read() -> None:
        while search.sweep():
            pass

    assert at_once(app, write, read, read) == [None, None, None]
    db.session.rollback()
    assert len(found(bo, "kept meanwhile")) == 12
    assert [d for batch in check() for d in batch.differences] == []


def test_a_ticket_takes_no_more_than_fits(house: House) -> None:
    ticket = report(house, "Long one", "first words")
    for n in range(4):
        tickets.note(ticket.id, house.bo, f"mark{n} " + "filler " * 6000, now=NOW)
    assert found(house.bo, "mark0 mark1 first") == ["Long one"]
    assert found(house.bo, "mark2") == found(house.bo, "mark3") == []
    assert [d for batch in check() for d in batch.differences] == []


VOCABULARY = ("alpha", "beta", "gamma", "卡纸", "打印机", "纸", "HD-1", "x1", "Straße")
ASKED = (
    "alpha",
    "alpha beta",
    '"alpha beta"',
    "卡",
    "打印 -纸",
    "纸 alpha",
    "strasse -gamma",
    '"纸 x1"',
    "HD 1",
)


def test_both_databases_find_what_the_rules_find_in_the_same_order(house: House) -> None:
    random, each = Random(6), []

    def words(most: int) -> str:
        return " ".join(random.choice(VOCABULARY) for _ in range(random.randrange(1, most)))

    for _ in range(25):
        ticket = report(house, words(4), words(6))
        texts = [ticket.subject, words(5), words(5)]
        tickets.reply(ticket.id, house.bo, texts[1], now=NOW)
        tickets.note(ticket.id, house.bo, texts[2], now=NOW)
        body = ticket.entries[0].body
        each.append((ticket.id, ticket.subject, [body, texts[1]], [texts[2]]))
    for asked in ASKED:
        query = parse(asked)
        for person, reads_notes in ((house.bo, True), (house.ana, False)):
            ranked = []
            for number, subject, public, desk in each:
                here = [subject, *public, *(desk if reads_notes else [])]
                all_here = all(any(_has(t, [term]) for t in here) for term in query.terms)
                if all_here and not any(_has(t, [term]) for t in here for term in query.without):
                    ranked.append((not _has(subject, query.terms), -number))
            page = search.look(person.asker, asked, zone=BERLIN, now=NOW)
            assert [hit.ticket.id for hit in page.hits] == [-n for _, n in sorted(ranked)], (
                asked,
                reads_notes,
            )


def _has(said: str, terms: object) -> bool:
    return len(marked_spans(list(places(said)), terms)) == len(terms)


def test_common_words_that_go_together_are_found_in_the_same_order_however_far_back_they_stand(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(40):
        body = "nothing changed after the restart" if n % 4 else "the restart changed nothing"
        report(house, f"Case {n}", body)
    report(house, "After the restart", "Nothing changed.")
    db.session.execute(text("ANALYZE"))  # from now on PostgreSQL knows which words are common
    db.session.commit()
    monkeypatch.setattr("helpdesk.store.search.NEWEST", 5)
    wanted = ["After the restart", *(f"Case {n}" for n in reversed(range(40)) if n % 4)]
    assert found(house.bo, '"after the restart"') == wanted
    assert found(house.bo, "restart changed the nothing -after") == [f"Case {n}" for n in range(36, -1, -4)]
