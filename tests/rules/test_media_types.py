"""What a file is by its bytes."""

import pytest

from helpdesk.rules.media_types import media_type_of


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("x.txt", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("x.png", b"<script>", "application/octet-stream"),
        ("x.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("invoice.pdf", b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        ("x.txt", b"%PDF-1.7", "application/pdf"),
        (
            "report.docx",
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("report.pdf", b"PK\x03\x04", "application/zip"),
        ("notes.txt", b"hello", "text/plain"),
        ("unknown", b"", "application/octet-stream"),
    ],
)
def test_the_bytes_say_what_a_file_is(name: str, start: bytes, expected: str) -> None:
    assert media_type_of(name, start) == expected
