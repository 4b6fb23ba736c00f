"""Addresses as they stand in mail."""

import pytest

from helpdesk.intake.parse import parse


@pytest.mark.parametrize(
    ("charset", "name"), [("utf-8", "李雷"), ("gb18030", "李雷"), ("big5", "許功蓋"), ("shift_jis", "表ソ能")]
)
def test_an_address_that_is_no_ascii_stays_whose_it_is(charset: str, name: str) -> None:
    """RFC 6532; the second bytes of Big5 and Shift JIS may look like brackets and backslashes."""
    raw = (
        f"From: {name} <{name}@example.org>\r\nTo: desk@example.org, {name}2@example.org\r\n"
        f"Subject: Printer\r\nContent-Type: text/plain; charset={charset}\r\n\r\n{name}\r\n"
    ).encode(charset)
    found = parse(raw, None, [], "2026-03-02")
    assert (found.from_name, found.head.from_address) == (name, f"{name}@example.org")
    assert f"{name}2@example.org".lower() in found.head.recipients
