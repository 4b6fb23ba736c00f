import pytest

from helpdesk.rules.mail_commands import Commands, Unclear, read_commands, repeats_any


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is the tray.", Commands("It is the tray.")),
        ("#accept", Commands("", accept=True)),
        ("#accept\nOn my way.", Commands("On my way.", accept=True)),
        (
            "\n#Accept\n#resolve dust in the tray\n\nCleaned it.",
            Commands("Cleaned it.", True, False, "dust in the tray"),
        ),
        ("#resolve\nCleaned it.\nTry again.", Commands("Cleaned it.\nTry again.", resolve="Cleaned it.")),
        ("#wait\nWhich one?", Commands("Which one?", wait=3)),
        ("#wait 5 days\nWhich one?", Commands("Which one?", wait=5)),
        ("#wait 2天\n哪一台？", Commands("哪一台？", wait=2)),
        ("#note\nShe is away.", Commands("She is away.", note=True)),
        ("Look at\n#accept", Commands("Look at\n#accept")),  # below the first words it is no command
        ("> It jams\nSince when?", Commands("Since when?")),
        ("#12 is the one", Commands("#12 is the one")),
    ],
)
def test_commands_stand_at_the_top(text: str, expected: Commands) -> None:
    assert read_commands(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#resovle dust\nCleaned it.", "unknown_command"),
        ("#resolve dust\n#wait 3\nCleaned it.", "several_commands"),
        ("#note\n#wait\nLook", "several_commands"),
        ("#wait soon\nWhich one?", "no_days"),
        ("#wait 0\nWhich one?", "no_days"),
        ("#wait 99\nWhich one?", "no_days"),
        ("#resolve dust", "no_words"),
        ("#note", "no_words"),
        ("> all of it\n> is quoted", "no_words"),
        ("", "no_words"),
    ],
)
def test_what_is_unclear_is_not_guessed(text: str, why: str) -> None:
    with pytest.raises(Unclear) as unclear:
        read_commands(text)
    assert unclear.value.why == why


@pytest.mark.parametrize(
    "words",
    [
        "He reads the boss's mail",
        "as I said: he reads\nthe boss's mail!",
        "| HE READS THE  BOSS’S MAIL |",
        "Hello\n\nhe-reads-the-boss-s-mail",
    ],
)
def test_a_line_of_a_note_is_known_however_it_is_broken_and_quoted(words: str) -> None:
    assert repeats_any(words, ["Careful.\nHe reads the boss's mail."])


def test_a_short_note_is_known_on_a_line_of_its_own() -> None:
    assert repeats_any("Hello\n| Fire him!\nBye", ["Fire him"])
    assert not repeats_any("Do not fire him", ["Fire him"])


def test_short_lines_of_notes_and_other_words_may_be_said() -> None:
    assert not repeats_any("ok, done", ["ok"])
    assert not repeats_any("He reads his own mail", ["He reads the boss's mail"])
    assert not repeats_any("anything", [])


def test_a_chinese_line_is_known_from_six_characters() -> None:
    assert repeats_any("您好，他在看老板的邮件。", ["他在看老板的邮件"])
    assert not repeats_any("您好，打印机好了。", ["打印机"])
