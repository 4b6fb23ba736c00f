from helpdesk.rules.quotes import split


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
    text = "It came today.\n\nFrom: Kim\nSent: Monday\nTo: Ana\n\nThe words that matter."
    assert split(text, "Fwd: help").shown == text
    assert split(text, "help").shown == "It came today."
