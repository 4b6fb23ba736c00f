import pytest

from helpdesk.rules.lifecycle import State
from helpdesk.rules.quotes import split
from helpdesk.rules.threading import (
    MOST_ON_TICKET,
    Act,
    Head,
    Hint,
    Thread,
    decide,
    hints,
    is_only_thanks,
    is_ours,
    why_automatic,
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


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"headers": {"x-helpdesk-instance": "ours"}}, "own_loop"),
        ({"headers": {"x-helpdesk-instance": "another"}}, "other_desk"),
        ({"from_address": "desk+1-aaaa@example.org"}, "own_loop"),
        ({"headers": {"auto-submitted": "auto-replied; owner-email=x"}}, "auto_submitted"),
        ({"headers": {"auto-submitted": "no"}}, None),
        ({"headers": {"x-auto-response-suppress": "OOF"}}, "auto_response_suppress"),
        ({"headers": {"precedence": "Bulk"}}, "precedence"),
        ({"headers": {"precedence": "first-class"}}, None),
        ({"headers": {"list-id": "<team.example.org>"}}, "mailing_list"),
        ({"headers": {"x-autoreply": "yes"}}, "automatic_reply"),
        ({"sender": ""}, "null_return_path"),
        ({"sender": None}, None),
        ({"headers": {"return-path": "<>"}}, "null_return_path"),
        ({"is_report": True}, "delivery_report"),
        ({"subject": "自动回复: 出差"}, "automatic_reply"),
        ({"subject": "自动回复坏了"}, None),
        ({}, None),
    ],
)
def test_each_sign_of_automatic_mail_is_known(given: dict[str, object], cause: str | None) -> None:
    assert why_automatic(head(**given), DESK, "ours") == cause


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
    assert decide(None, thread(state), "Again") == decide(None, thread(state), "Thanks")
    assert decide(None, thread(state), "Again").act is Act.CREATE


def test_staff_only_note_whatever_the_state() -> None:
    for state in State:
        assert decide(None, thread(state, is_staff=True), "Still broken?").act is Act.NOTE


def test_a_resolved_ticket_reopens_unless_it_is_only_thanks() -> None:
    assert decide(None, thread(State.RESOLVED), "Still broken").act is Act.REOPEN
    assert decide(None, thread(State.RESOLVED), "").act is Act.REOPEN
    assert decide(None, thread(State.RESOLVED), "Thanks!").act is Act.ENTRY


def test_mail_at_the_pace_of_a_loop_does_not_reopen() -> None:
    verdict = decide(None, thread(State.RESOLVED, mails_this_hour=MOST_ON_TICKET), "Still broken")
    assert (verdict.act, verdict.cause) == (Act.ENTRY, "too_many_on_ticket")


@pytest.mark.parametrize(
    "text", ["Thanks!", "Thank you, Bo. It works now.", "谢谢！", "好的，谢谢，辛苦了", "Danke"]
)
def test_thanks_are_known(text: str) -> None:
    assert is_only_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It works",
        "Thanks, but it still jams",
        "Thanks. When does the other one come?",
        "Thanks, it doesn’t print",
        "谢谢，但是还不行",
        "谢谢，请再看看",
        "Thanks " * 40,
    ],
)
def test_when_unsure_it_is_more_than_thanks(text: str) -> None:
    assert not is_only_thanks(text)


def test_nothing_of_a_text_is_lost_by_folding() -> None:
    text = "It is broken again today.\n\nOn Monday Bo wrote:\n> Try it now.\n\n-- \nAna"
    parts = split(text)
    assert parts.shown == "It is broken again today."
    assert parts.shown + "\n\n" + parts.folded == text


def test_a_short_answer_above_a_long_history_is_shown_with_all_of_it() -> None:
    text = "No.\n\nOn Monday Bo wrote:\n" + "> a long line of history\n" * 30
    parts = split(text)
    assert (parts.shown, parts.folded, parts.own) == (text.strip(), "", "No.")


def test_answers_between_quoted_lines_stay_visible() -> None:
    text = "On Monday Bo wrote:\n> Is it on?\nYes.\n> Is it red?\nNo."
    assert split(text).shown == text


def test_a_forwarded_mail_stays_whole() -> None:
    text = "See below.\n\nFrom: Kim\nSent: Monday\nTo: Ana\n\nThe words that matter."
    assert split(text, "Fwd: help").shown == text
    assert split(text, "help").shown == "See below."
