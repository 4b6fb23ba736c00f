"""What is shown of a mail and what is folded; more messages stand in tests/mail/corpus/quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.quotes import split

OWN = "The projector in room 204 still shows only a blue picture."
HISTORY = "Dear Ana,\n\nwe have replaced the cable. Please try it again.\n\nBo"
QUOTED = "\n".join(f"> {line}" for line in HISTORY.split("\n"))
OUTLOOK = "From: Bo\nSent: Monday\nTo: Ana\nSubject: Projector"


def test_nothing_of_a_text_is_lost_by_folding() -> None:
    text = "It is broken again today.\n\nOn Monday Bo wrote:\n> Try it now.\n\n-- \nAna"
    parts = split(text)
    assert parts.shown == "It is broken again today."
    assert parts.shown + "\n\n" + parts.folded == text


def test_a_short_answer_above_a_long_history_is_shown_with_all_of_it() -> None:
    text = "No.\n\nOn Monday Bo wrote:\n" + "> a long line of history\n" * 30
    parts = split(text)
    assert (parts.shown, parts.folded, parts.own) == (text.strip(), "", "No.")


def test_a_sentence_above_a_long_history_that_is_marked_stands_alone() -> None:
    text = "It still jams.\n\nOn Monday Bo wrote:\n" + "> a long line of history\n" * 30
    assert split(text).shown == "It still jams."


def test_answers_between_quoted_lines_stay_visible() -> None:
    text = "On Monday Bo wrote:\n> Is it on?\nYes.\n> Is it red?\nNo."
    assert split(text).shown == text
    assert split(text).own == "Yes.\nNo."


def test_an_answer_below_the_history_is_shown_without_it() -> None:
    parts = split(f"On Monday Bo wrote:\n{QUOTED}\n\n{OWN}")
    assert (parts.shown, parts.folded) == (OWN, f"On Monday Bo wrote:\n{QUOTED}")


def test_a_forwarded_mail_stays_whole() -> None:
    text = "It came today.\n\nFrom: Kim\nSent: Monday\nTo: Ana\n\nThe words that matter."
    assert split(text, "Fwd: help").shown == text
    assert split(text, "[EXTERNAL] WG: help").shown == text
    assert split(text, "help").shown == "It came today."
    assert split(text, "Re: Fwd: help").shown == "It came today."


def test_what_a_form_on_the_web_fills_in_is_no_history() -> None:
    text = "You have a message.\n\nFrom: Ana <ana@example.org>\nSubject: Printer\n\nIt jams.\nSince Monday."
    assert split(text, "Message from the website").shown == text
    assert split(text, "Message from the website", is_reply=True).shown == "You have a message."
    assert split(text, "回复：Printer").shown == "You have a message."


def test_who_says_that_answers_stand_below_is_shown_whole() -> None:
    text = f"Hello Bo, my answers are below in red.\n\n{OUTLOOK}\n\nIs it on? Yes."
    assert split(text, "Re: Projector").shown == text


def test_a_signature_between_text_and_history_is_folded_with_it() -> None:
    parts = split(f"{OWN}\n\n-- \nAna\nRoom 204\n\n{OUTLOOK}\n\n{HISTORY}", "Re: Projector")
    assert parts.shown == OWN
    assert parts.folded == f"-- \nAna\nRoom 204\n\n{OUTLOOK}\n\n{HISTORY}"


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone",
        "Sent from my Galaxy, please excuse typos",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Sent with Proton Mail <https://proton.example.org/> secure email.",
        "Von meinem iPhone gesendet",
        "Gesendet von Outlook für Android",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Отправлено с iPhone",
        "iPhoneから送信",
        "나의 iPhone에서 보냄",
        "发自我的iPhone",
        "發自我的 iPhone",
        "来自我的华为手机",
        "从我的手机发送",
        "发自 网易邮箱大师",
        "从 Windows 版邮件发送",
        "Virus-free. www.scanner.example.org",
    ],
)
def test_what_phones_and_scanners_add_is_folded(footer: str) -> None:
    assert split(f"{OWN}\n\n{footer}\n").shown == OWN


@pytest.mark.parametrize(
    "line",
    [
        "It was sent from the new phone, and it is still broken.",
        "从邮件里看到还是不行",
        "来自手机的问题还没有解决",
        "Please get Outlook working again.",
        "-- and then it stopped",
    ],
)
def test_what_only_resembles_a_footer_stays(line: str) -> None:
    assert split(f"{OWN}\n\n{line}\n").shown == f"{OWN}\n\n{line}"


@pytest.mark.parametrize(
    "text",
    [
        "Der Drucker ist kaputt.\n\nGruß\nAna\n\nTel. 1234567\n\nNoch etwas: der Scanner geht auch nicht.",
        "The office is closed, call 030 1234567.\nThanks\n\nThe printer is broken too, tel. 12345678.",
        "Please give my\nregards\nto the team and tell them that the fax is broken: 030 1234567",
        "Part one of my text is here.\n--\nPart two of my text is here, and it matters.",
        "打印机坏了。\n\n此致\n张三\n电话：12345678\n\n另外，扫描仪也坏了",
    ],
)
def test_whoever_writes_on_below_a_greeting_is_not_folded(text: str) -> None:
    assert split(text).shown == text


def test_what_a_mailing_list_adds_is_folded() -> None:
    footer = "_" * 47 + "\ndesk mailing list\nhttps://lists.example.org/listinfo/desk"
    assert split(f"{OWN}\n\n{footer}\n").folded == footer


def test_two_hyphens_between_two_questions_are_no_signature() -> None:
    text = "Where is tray two?\n--\nAnd what does the red light mean?"
    assert split(text).shown == text


LINES = st.sampled_from(
    [
        *(
            OWN,
            HISTORY,
            QUOTED,
            OUTLOOK,
            "",
            "> x",
            "-- ",
            "--",
            "Kind regards",
            "ana@example.org",
            "Tel. 123456789",
        ),
        *(
            "On 2 March at 08:00 Bo wrote:",
            "-----Original Message-----",
            "---- 原始邮件 ----",
            "Sent from my iPhone",
        ),
        *("Begin forwarded message:", "        To", "        cc", "        Subject", "发件人：Bo", "主题：x"),
        "Yes, see below",
    ]
)


@given(st.lists(LINES | st.text(max_size=40), max_size=14), st.sampled_from(["", "Re: x", "Fwd: x"]))
def test_every_word_is_either_shown_or_folded(lines: list[str], subject: str) -> None:
    text = "\n".join(lines)
    parts = split(text, subject)
    assert sorted(f"{parts.shown}\n{parts.folded}".split()) == sorted(text.split())
    assert set(parts.own.split()) <= set(text.split())
    assert parts.shown.strip() or not text.strip()
