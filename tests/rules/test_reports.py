"""What delivery reports say: of standards (RFC 3464) and of none."""

import pytest

from helpdesk.rules.reports import LONGEST_WORDS, guess_report, read_report

STATUS = """\
Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 2 Mar 2026 09:00:00 +0100

Final-Recipient: rfc822; Gone@Example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.org>:
    Recipient address rejected: User unknown
"""


def test_a_failure_names_address_status_and_words() -> None:
    found = read_report(STATUS, ["<letter@example.org>"])
    assert found is not None
    assert (found.kind, found.status, found.address) == ("failed", "5.1.1", "gone@example.org")
    assert found.words == "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown"
    assert found.message_ids == ("<letter@example.org>",)
    assert found.is_permanent


def test_a_report_that_returns_nothing_still_names_the_letter_by_its_envelope() -> None:
    found = read_report(f"Original-Envelope-Id: hd.1a.2b@example.org\n{STATUS}")
    assert found is not None
    assert found.message_ids == ("<hd.1a.2b@example.org>",)


@pytest.mark.parametrize(
    ("action", "status", "is_permanent"),
    [
        ("failed", "5.2.2", True),
        ("failed", "4.4.1", False),
        ("delayed", "4.4.1", False),
        ("delayed", "5.0.0", False),
        ("delivered", "2.0.0", False),
        ("relayed", "2.0.0", False),
        ("expanded", "2.0.0", False),
    ],
)
def test_temporary_and_permanent_are_told_apart(action: str, status: str, is_permanent: bool) -> None:
    found = read_report(f"Final-Recipient: rfc822;a@example.org\nAction: {action}\nStatus: {status}\n")
    assert found is not None
    assert (found.kind, found.is_permanent) == (action, is_permanent)


def test_a_status_that_says_nothing_gives_way_to_the_servers_own_words() -> None:
    text = "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.0.0\n"
    found = read_report(text + "Diagnostic-Code: smtp;552 5.2.2 mailbox full\n")
    assert found is not None
    assert found.status == "5.2.2"
    found = read_report(text.replace("Status: 5.0.0\n", "Diagnostic-Code: smtp; 451 try later\n"))
    assert found is not None
    assert (found.status, found.is_permanent) == ("4.0.0", False)


def test_of_several_recipients_the_one_it_went_worst_for_counts() -> None:
    fine = "Final-Recipient: rfc822;a@example.org\nAction: delivered\nStatus: 2.0.0\n"
    bad = "Final-Recipient: rfc822;b@example.org\nAction: failed\nStatus: 5.1.1\n"
    found = read_report(f"Reporting-MTA: dns; x\n\n{fine}\n{bad}")
    assert found is not None
    assert (found.kind, found.address) == ("failed", "b@example.org")


def test_the_address_we_wrote_to_comes_before_the_one_it_was_forwarded_to() -> None:
    text = "Original-Recipient: rfc822;ana@example.org\nFinal-Recipient: rfc822;x@elsewhere.example\n"
    found = read_report(f"{text}Action: failed")
    assert found is not None
    assert found.address == "ana@example.org"


@pytest.mark.parametrize(
    "text", ["", "nothing of the kind", "Action: sneezed", "Final-Recipient: rfc822;a@b.c"]
)
def test_what_names_no_action_is_no_report(text: str) -> None:
    assert read_report(text) is None


QMAIL = """\
Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)
"""


@pytest.mark.parametrize(
    ("author", "subject", "text", "kind", "status", "address"),
    [
        ("mailer-daemon@example.org", "failure notice", QMAIL, "failed", "5.1.1", "gone@example.org"),
        (
            "mailer-daemon@example.org",
            "Mail delivery failed: returning message to sender",
            "A message that you sent could not be delivered.\n  gone@example.org\n    host: 550 unknown user",
            *("failed", "5.0.0", "gone@example.org"),
        ),
        (
            "postmaster@example.org",
            "系统退信",
            "您的邮件无法投递：gone@example.org\n该用户不存在",
            *("failed", "5.0.0", "gone@example.org"),
        ),
        (
            "postmaster@example.org",
            "Warning: could not send message for past 4 hours",
            "gone@example.org\nDeferred: connection timed out. It will be retried.",
            *("delayed", "", "gone@example.org"),
        ),
    ],
)
def test_bounces_of_no_standard_are_understood(
    author: str, subject: str, text: str, kind: str, status: str, address: str
) -> None:
    found = guess_report(author, subject, text)
    assert found is not None
    assert (found.kind, found.status, found.address) == (kind, status, address)


def test_failed_recipients_of_the_header_come_first() -> None:
    found = guess_report("x@example.org", "Mail delivery failed", "host said 550 no", ["gone@example.org"])
    assert found is not None
    assert (found.address, found.is_permanent) == ("gone@example.org", True)


@pytest.mark.parametrize(
    ("author", "subject"),
    [
        ("ana@example.org", "My mail was not delivered"),
        ("postmaster@example.org", "The printer is broken"),
        (None, "Hello"),
    ],
)
def test_what_people_write_is_no_report(author: str | None, subject: str) -> None:
    assert guess_report(author, subject, "It says that the mail could not be sent yesterday.") is None


def test_words_are_cut() -> None:
    found = guess_report("mailer-daemon@example.org", "Undelivered mail", "x" * 5000)
    assert found is not None
    assert len(found.words) == LONGEST_WORDS
