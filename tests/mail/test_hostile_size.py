"""A small mail must not keep the desk busy for minutes, whatever it is made of."""

import base64
import random
import time
import tracemalloc

import pytest

from helpdesk.intake.html_text import html_to_text
from helpdesk.intake.parse import parse
from helpdesk.outbound.links import without_signed
from helpdesk.rules import quotes

AT_ONCE = 3.0  # seconds of this process alone; the linear way takes hundredths, the quadratic one minutes


def _seconds(work: object) -> float:
    started = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - started


@pytest.mark.parametrize("piece", ["<a href='", "<a '", "<!--", "<![CDATA[", "</", "<?", "<"])
def test_html_that_never_ends_its_tags_is_read_at_once(piece: str) -> None:
    assert _seconds(lambda: html_to_text(piece * 10_000)) < AT_ONCE


def test_words_after_a_tag_that_never_ends_are_kept() -> None:
    assert html_to_text("<p>Printer</p><p>is on fire &amp; smoking <a href='x") == (
        "Printer\n\nis on fire & smoking <a href='x"
    )


@pytest.mark.parametrize("piece", [" ", "-", "_ ", "\n", "am schrieb "])
def test_long_runs_of_one_character_are_split_at_once(piece: str) -> None:
    assert _seconds(lambda: quotes.split("am schrieb" + piece * 50_000)) < AT_ONCE


def test_long_dotted_words_in_a_letter_are_searched_for_links_at_once() -> None:
    assert _seconds(lambda: without_signed("a." * 50_000)) < AT_ONCE


HEAD = b"From: ana@example.org\r\n"
PAGE = HEAD + b"Content-Type: text/html\r\n\r\n"
ZONE = b"BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0000\nRRULE:FREQ=SECONDLY\n"
HOSTILE = {
    "deep html": PAGE + b"<div>" * 100_000,
    "long style": PAGE + b"<p style='" + b"color:red;" * 50_000 + b"'>x",
    "scripts that never end": PAGE + b"<script>" * 50_000,
    "quoted semicolons": HEAD + b'Content-Type: multipart/mixed; a="' + b";" * 100_000 + b"\r\n\r\nx",
    "open brackets": b"From: " + b"(" * 100_000 + b"\r\n\r\nx",
    "flowed lines": HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \n" * 200_000,
    "open parameters": HEAD + b"Content-Type: text/enriched\r\n\r\n" + b"<param>" * 100_000,
    "a zone of seconds": HEAD
    + b"Content-Type: text/calendar\r\n\r\nBEGIN:VTIMEZONE\nTZID:x\n"
    + ZONE
    + b"END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=x:20260302T090000\nEND:VEVENT\n",
    "delimiters": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_made_to_keep_the_desk_busy_is_read_at_once(name: str) -> None:
    assert _seconds(lambda: parse(HOSTILE[name], None, ["desk@example.org"], "2026-03-02")) < AT_ONCE


def test_reading_a_message_of_25_mib_takes_less_than_100_mib() -> None:
    content = random.Random(1).randbytes(18 * 1024**2)
    raw = HEAD + b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw += base64.encodebytes(content).replace(b"\n", b"\r\n")
    tracemalloc.start()
    found = parse(raw, None, ["desk@example.org"], "2026-03-02")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.files[0].stream.read() == content
    assert peak < 100 * 1024**2
