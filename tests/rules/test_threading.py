import pytest

from helpdesk.rules.lifecycle import State
from helpdesk.rules.threading import (
    MOST_ON_TICKET,
    Act,
    Head,
    Hint,
    Thread,
    author_address,
    decide,
    hints,
    is_ours,
)

DESK = frozenset({"desk@example.org"})


def head(**given: object) -> Head:
    plain: dict[str, object] = {
        "from_address": "ana@example.org",
        "sender": "ana@example.org",
        "recipients": tuple(DESK),
        "subject": "Printer",
        "headers": {},
    }
    return Head(**(plain | given))  # type: ignore[arg-type]


def thread(state: State = State.IN_WORK, **given: object) -> Thread:
    return Thread(**({"ticket_id": 12, "state": state, "is_proven": True, "takes_part": True} | given))  # type: ignore[arg-type]


def test_hints_come_in_order_of_their_strength() -> None:
    found = hints(
        head(
            in_reply_to=("<reply@x>",),
            references=("<old@x>", "<new@x>"),
            recipients=("DESK+12-ab12cd@Example.org", "kim+9-ab12cd@example.org"),
            subject="Re: [hd-7] Printer",
        ),
        DESK,
    )
    assert found == [
        Hint("letter", "<reply@x>"),
        Hint("letter", "<new@x>"),
        Hint("letter", "<old@x>"),
        Hint("token", "ab12cd", 12),
        Hint("number", "", 7),
    ]


def test_the_desk_knows_its_address_in_any_case_and_with_any_plus_part() -> None:
    assert is_ours("Desk+12-x@EXAMPLE.org", DESK)
    assert not is_ours("desk@elsewhere.example.org", DESK)
    assert not is_ours("helpdesk@example.org", DESK)


def test_automatic_mail_is_filed_and_never_answers_or_reopens() -> None:
    assert decide("precedence", thread(State.RESOLVED), "text").act is Act.FILE
    assert decide("precedence", None, "text").ticket_id is None


def test_automatic_mail_of_a_stranger_who_guessed_a_number_is_on_no_ticket() -> None:
    assert decide("precedence", thread(takes_part=False, is_proven=False), "").ticket_id is None
    assert decide("delivery_report", thread(takes_part=False, is_proven=True), "").ticket_id == 12


def test_a_stranger_gets_a_ticket_of_their_own_that_is_linked() -> None:
    verdict = decide(None, thread(takes_part=False), "Me too")
    assert (verdict.act, verdict.ticket_id, verdict.cause) == (Act.CREATE, 12, "takes_no_part")


@pytest.mark.parametrize("state", [State.CLOSED, State.CANCELLED])
def test_what_has_ended_gets_a_new_linked_ticket(state: State) -> None:
    verdict = decide(None, thread(state), "Again")
    assert (verdict.act, verdict.ticket_id, verdict.cause) == (Act.CREATE, 12, "had_ended")


@pytest.mark.parametrize("state", [State.CLOSED, State.CANCELLED])
def test_thanks_for_what_has_ended_are_filed_on_it_and_make_no_ticket(state: State) -> None:
    verdict = decide(None, thread(state), "Thanks!")
    assert (verdict.act, verdict.ticket_id, verdict.cause) == (Act.FILE, 12, "only_thanks")


ACTS, NOTES, NOTHING = frozenset({"note", "answer"}), frozenset({"note"}), frozenset[str]()


@pytest.mark.parametrize(
    ("powers", "authentication", "act", "cause"),
    [
        (NOTES, "", Act.NOTE, "from_staff"),
        (NOTES, "pass", Act.NOTE, "from_staff"),
        (NOTES, "none", Act.FILE, "not_authenticated"),
        (NOTES, "fail", Act.FILE, "not_authenticated"),
        (ACTS, "pass", Act.ANSWER, ""),
        (ACTS, "", Act.NOTE, "from_staff"),
        (ACTS, "none", Act.FILE, "not_authenticated"),
        (ACTS, "fail", Act.FILE, "not_authenticated"),
        (NOTHING, "pass", Act.FILE, "from_staff"),
    ],
)
def test_staff_act_only_where_it_is_surely_theirs(
    powers: frozenset[str], authentication: str, act: Act, cause: str
) -> None:
    for state in State:
        found = decide(None, thread(state, is_staff=True, powers=powers), "Still broken?", authentication)
        assert (found.act, found.ticket_id, found.cause) == (act, 12, cause)


def test_staff_at_the_pace_of_a_loop_answer_nobody() -> None:
    verdict = decide(None, thread(is_staff=True, powers=ACTS, mails_this_hour=MOST_ON_TICKET), "Away", "pass")
    assert (verdict.act, verdict.cause) == (Act.NOTE, "too_many_on_ticket")


@pytest.mark.parametrize(
    ("is_proven", "authentication", "act"),
    [
        (True, "fail", Act.REOPEN),
        (True, "", Act.REOPEN),
        (False, "", Act.REOPEN),
        (False, "none", Act.REOPEN),
        (False, "pass", Act.REOPEN),
        (False, "fail", Act.ENTRY),
    ],
)
def test_when_unsure_it_reopens(is_proven: bool, authentication: str, act: Act) -> None:
    found = decide(None, thread(State.RESOLVED, is_proven=is_proven), "Still broken", authentication)
    assert found.act is act


@pytest.mark.parametrize("state", [State.NEW, State.IN_WORK, State.WAITING, State.RESOLVED])
def test_beyond_the_cap_of_a_ticket_words_are_kept_and_nothing_else_happens(state: State) -> None:
    verdict = decide(None, thread(state, mails_this_hour=MOST_ON_TICKET), "Still broken")
    assert (verdict.act, verdict.cause) == (Act.ENTRY, "too_many_on_ticket")


@pytest.mark.parametrize(
    ("reply_to", "believed", "authentication", "author"),
    [
        (None, ["example.org"], "pass", "ana@example.org"),
        ("kim@example.org", [], "pass", "ana@example.org"),
        ("kim@example.org", ["example.org"], "pass", "kim@example.org"),
        ("kim@example.org", ["example.org"], "", "kim@example.org"),
        ("kim@example.org", ["example.org"], "fail", "ana@example.org"),
        ("kim@example.org", ["web.example.org"], "pass", "ana@example.org"),
        ("desk+1-abcd@example.org", ["example.org"], "pass", "ana@example.org"),
    ],
)
def test_reply_to_counts_where_the_sender_is_believed(
    reply_to: str | None, believed: list[str], authentication: str, author: str
) -> None:
    assert author_address(head(), reply_to, believed, DESK, authentication) == author


def test_a_resolved_ticket_reopens_unless_it_is_only_thanks() -> None:
    assert decide(None, thread(State.RESOLVED), "Still broken").act is Act.REOPEN
    assert decide(None, thread(State.RESOLVED), "").act is Act.REOPEN
    assert decide(None, thread(State.RESOLVED), "Thanks!").act is Act.ENTRY
