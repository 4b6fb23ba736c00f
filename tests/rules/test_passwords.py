from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.rules.passwords import PasswordRules, fault_of

KNOWN = frozenset({"password", "iloveyou", "constitution", "qwertyuiop"})
DEFAULT = PasswordRules()
CONTEXT = ("Ana Bauer", "ana.bauer@example.org", "ana.bauer", "Musterwerke AG", "helpdesk")


@pytest.mark.parametrize(
    "password",
    [
        "vier muntere Elche",
        "elf flotte kamele",
        "kurz, aber 12",
        "一二三四五六七八九十甲乙",
        "     spaces count    ",
        "🦌🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔",
        "a1b2 " * 20 + "x",
        "x" * 500 + "vier muntere Elche",
    ],
)
def test_any_characters_make_a_good_password(password: str) -> None:
    assert fault_of(password, DEFAULT, KNOWN, CONTEXT) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elf zeichen", "too_short"),
        ("x" * 1025, "too_long"),
        ("aaaaaaaaaaaaaaaa", "too_plain"),
        ("abcabcabcabcabc", "too_plain"),
        ("123456789012", "too_plain"),
        ("098765432109", "too_plain"),
        ("abcdefghijklm", "too_plain"),
        ("constitution", "known"),
        ("Password2026!", "known"),
        ("!!iloveyou1234", "known"),
        ("QWERTYUIOP12", "known"),
        ("anabauer2026", "too_close"),
        ("Ana.Bauer.123", "too_close"),
        ("Musterwerke2026", "too_close"),
        ("2026Helpdesk!", "too_close"),
    ],
)
def test_what_attackers_try_first_is_refused(password: str, code: str) -> None:
    assert fault_of(password, DEFAULT, KNOWN, CONTEXT) == code


def test_length_counts_characters_not_bytes() -> None:
    assert fault_of("日本語文字列", DEFAULT, KNOWN) == "too_short"


def test_the_same_word_on_two_keyboards_is_the_same_password() -> None:
    assert fault_of("ｐａｓｓｗｏｒｄ１２３４", DEFAULT, KNOWN) == "known"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("vier muntere elche", "composition"),
        ("Vier muntere Elche", "composition"),
        ("Vier muntere 4 Elche", None),
        ("Viermuntere4Elche", "composition"),
    ],
)
def test_composition_counts_only_where_it_is_switched_on(password: str, code: str | None) -> None:
    assert fault_of(password, DEFAULT, KNOWN) is None
    assert fault_of(password, PasswordRules.of({"password_composition": True}), KNOWN) == code


def test_a_minimum_is_never_under_eight() -> None:
    assert PasswordRules.of({"password_min_length": 4}).min_length == 8
    assert PasswordRules.of({"password_min_length": 16}).min_length == 16
    assert PasswordRules.of({}).min_length == 12


def test_passwords_expire_only_where_that_is_switched_on() -> None:
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    old = now - timedelta(days=1000)
    assert not PasswordRules.of({}).has_expired(old, now)
    rules = PasswordRules.of({"password_expiry_days": 90})
    assert rules.has_expired(now - timedelta(days=90), now)
    assert not rules.has_expired(now - timedelta(days=89), now)
    assert not rules.has_expired(None, now)
