"""Words in each charset, and in another one than their program says."""

import pytest

from helpdesk.intake.charsets import decode

GERMAN = "Grüße aus Köln, der Drucker ist kaputt"
RUSSIAN = "Принтер сломался, помогите нам пожалуйста скорее"
CHINESE = "打印机坏了，请马上派人来看一下，谢谢大家"
TAIWAN = "三樓的印表機壞了，請派人來看一下好嗎"
JAPANESE = "プリンターが壊れました。至急対応をお願いします。"
KOREAN = "프린터가 고장났습니다. 빨리 고쳐 주세요."


@pytest.mark.parametrize(
    ("said", "real", "words"),
    [
        ("utf-16", "utf-16-le", GERMAN),
        ("utf-16", "utf-16-be", GERMAN),
        ("utf-16", "utf-8", GERMAN),
        ("utf-16le", "utf-8", GERMAN),
        ("utf-16", "ascii", "The printer is broken"),
        ("utf-32", "ascii", "The printer is broken"),
        ("ucs-2", "utf-16-be", GERMAN),
        ("ucs-2", "gbk", f"{CHINESE}\nBo"),
        ("", "utf-16-le", GERMAN),
        ("cp037", "ascii", "No mail is written in EBCDIC"),
        ("l1", "cp1252", "“quoted” – 5 €"),
        ("cp819", "cp1252", "“quoted” – 5 €"),
        ("iso_8859-1:1987", "cp1252", "“quoted” – 5 €"),
        ("iso-8859-15", "iso8859-15", "5 € Œuvre"),
        ("dos-866", "cp866", RUSSIAN),
        ("us-ascii", "koi8-r", RUSSIAN),
        ("", "cp866", RUSSIAN),
        ("iso-8859-1", "cp1251", RUSSIAN),
        ("koi8-r", "utf-8", RUSSIAN),
        ("windows-1251", "utf-8", RUSSIAN),
        ("windows-1250", "utf-8", "Příliš žluťoučký kůň úpěl"),
        ("x-mac-ce", "mac-latin2", "žluťoučký kůň"),
        ("x-mac-greek", "mac-greek", "Ο εκτυπωτής δεν λειτουργεί"),
        ("iso-8859-1", "gbk", CHINESE),
        ("gb2312", "gbk", "打印机壞了，朱镕基，喆"),
        ("gb2312", "big5", TAIWAN),
        ("big5", "cp950", "印表機壞了，修理要 5 €"),
        ("big5", "big5hkscs", "係咁樣㗎，喺度"),
        ("cswindows31j", "cp932", "①プリンターが壊れ"),
        ("utf-8", "iso2022_jp", JAPANESE),
        ("", "iso2022_kr", KOREAN),
        ("iso-2022-kr", "iso2022_kr", KOREAN),
        ("iso-2022-jp", "cp932", JAPANESE),
        ("utf-8", "euc_jp", JAPANESE),
        ("utf-8", "cp949", KOREAN),
        ("hz-gb-2312", "hz", CHINESE),
        ("utf-7", "utf-7", CHINESE),
    ],
)
def test_words_are_read_whatever_their_program_says(said: str, real: str, words: str) -> None:
    assert decode(words.encode(real), said) == words


def test_utf_16_that_is_damaged_throughout_is_read_all_the_same() -> None:
    assert "ok" in decode(b"\xd8\x01\x00o\x00k" * 40, "utf-16")
