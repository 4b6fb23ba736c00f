"""A mail's bytes to its parts, as ranges of those bytes: nothing is copied, and nothing makes it fail.

(The standard library's parser needs nine times a message's size and rewrites forwarded messages.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import Compat32

LONGEST_HEADER = 256 * 1024  # bytes; what follows is read as text
_MOST_BROKEN = 20  # lines in a header
_MOST_MARKS = 2000  # semicolons and quotes in a value
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]*")
# What tells a header from a text whose first line has a colon.
_KNOWN = re.compile(
    rb"^(?:from|to|cc|subject|date|sender|reply-to|return-path|received|message-id|references|in-reply-to"
    rb"|mime-version|content-[a-z-]+|x-[a-z0-9-]+|delivered-to|importance|thread-[a-z]+|dkim-signature)$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    rb"^(?:from|received|message-id|mime-version|content-type|content-transfer-encoding)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(rb"\n\r*\n")
_GUESSED = re.compile(rb"^--(\S[^\r\n]{0,100}?)[ \t]*\r*$", re.MULTILINE)


class _AsWritten(Compat32):
    """Headers with raw bytes in them stay so, as lone surrogates, where compat32 gives question marks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_MAIN_TYPES = (
    *("text/", "multipart/", "message/", "application/", "image/", "audio/", "video/", "font/", "model/"),
    *("chemical/", "x-"),
)
_POLICY = _AsWritten()


@dataclass
class Part:
    """A part: its header, and its body as raw[start:end]. `loose`: ranges of a multipart's body that belong
    to none of its parts (filled by `children`)."""

    raw: bytes
    header: Message
    start: int
    end: int
    loose: list[tuple[int, int]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The content type in lower case; text/plain where none is said, or nonsense that names no file."""
        said = self.header.get_content_type().strip("\"' \t").split()
        kind = said[0] if said else "text/plain"
        is_file = self.header.get_content_disposition() or self.header.get_param("name")
        return kind if is_file or kind.startswith(_MAIN_TYPES) else "text/plain"

    @property
    def is_parted(self) -> bool:
        """Whether its boundary stands anywhere in it."""
        boundary = self._boundary()
        return bool(boundary) and any(self._lines_of(boundary))

    @property
    def body(self) -> bytes:
        """The body as it was sent."""
        return self.raw[self.start : self.end]

    def children(self) -> Iterator["Part"]:
        """The parts of a multipart, in order; none where its boundary is nowhere."""
        default = "message/rfc822" if self.kind == "multipart/digest" else "text/plain"
        for start, end in self._ranges():
            yield _read(self.raw, start, end, default, is_part=True)

    def _ranges(self) -> Iterator[tuple[int, int]]:
        boundary = self._boundary()
        at = self.start
        inside = False
        for start, end, is_last in self._delimiters(boundary):
            if inside:
                yield at, _before(self.raw, at, start)
            elif start > at:
                self.loose.append((at, start))
            at, inside = end, not is_last
        if inside:
            yield at, self.end
        elif self.end > at:
            self.loose.append((at, self.end))

    def _boundary(self) -> bytes:
        return (self.header.get_boundary("") or "").encode("utf-8", "surrogateescape").strip()

    def _delimiters(self, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
        """(start, end, whether it closes) of each line that parts the body."""
        found = False
        for each in self._lines_of(boundary) if boundary else ():
            found = True
            yield each
        if not found and (guess := _GUESSED.search(self.raw, self.start, self.end)):
            yield from self._lines_of(guess[1].removesuffix(b"--"))

    def _lines_of(self, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
        line = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]*\r*(?:\n|\Z)")
        for each in line.finditer(self.raw, self.start, self.end):
            if each.start() == self.start or self.raw[each.start() - 1] == 10:
                yield each.start(), each.end(), each[1] is not None


def read(raw: bytes) -> Part:
    """The message that the bytes hold, whatever they are."""
    return _read(raw, _first_line(raw), len(raw), "text/plain", is_part=False)


def normal(raw: bytes) -> bytes:
    """The bytes as they were meant: no UTF-16, and line feeds where only carriage returns end the lines."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = raw.decode("utf-16", "replace").encode()
    start = raw[:LONGEST_HEADER]
    return raw.replace(b"\r", b"\n") if b"\r" in start and b"\n" not in start else raw


def _first_line(raw: bytes) -> int:
    """Where the header begins: behind a mark of UTF-8, empty lines and the line that a mailbox file adds."""
    at = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    empty = re.compile(rb"[\r\n]*").match(raw, at)
    if empty and _NAME.match(raw, empty.end()):
        at = empty.end()
    if re.compile(rb">?From ").match(raw, at):
        at = raw.find(b"\n", at) + 1 or len(raw)
    return at


def _read(raw: bytes, start: int, end: int, default: str, *, is_part: bool) -> Part:
    fields, body = _fields(raw, start, end)
    names = [name for name, _lines in fields]
    if is_part:  # a text without a header may begin with a word and a colon
        known = any(name.lower().startswith((b"content-", b"x-")) for name in names)
    else:
        known = any(_KNOWN.match(name) for name in names)
    if not known:
        fields, body = [], (body if body > start and not names else start)
    header = Message(policy=_POLICY)
    header.set_default_type(default)
    for name, lines in fields:
        header.set_raw(_text(name), _bounded(_text(b"\n".join(lines))))
    return Part(raw, header, body, end)


def _fields(raw: bytes, start: int, end: int) -> tuple[list[tuple[bytes, list[bytes]]], int]:
    """The header's fields, each with its lines, and where the body begins."""
    fields: list[tuple[bytes, list[bytes]]] = []
    at, broken = start, 0
    most = min(end, start + LONGEST_HEADER)
    while at < most:
        stop = raw.find(b"\n", at, most) + 1 or most
        line = raw[at:stop].rstrip(b"\r\n")
        name = _NAME.match(line)
        if not line:
            return fields, stop
        if line[0] in b" \t" and fields:
            fields[-1][1].append(line)
        elif name:
            fields.append((name[1], [line[name.end() :]]))
        elif fields and broken < _MOST_BROKEN and _goes_on(raw, stop, end):
            fields[-1][1].append(b" " + line)
            broken += 1
        else:
            return fields, at
        at = stop
    return fields, at


def _bounded(value: str) -> str:
    """The standard library takes the square of a value's semicolons and quotes to find its parameters."""
    return value if value.count(";") + value.count('"') <= _MOST_MARKS else value[:1000]


def _goes_on(raw: bytes, at: int, end: int) -> bool:
    """Whether after a line that is none of a header's the header goes on: a subject with a bare line end."""
    most = min(end, at + 4096)
    blank = _BLANK.search(raw, at, most)
    rest = raw[at : blank.start() if blank else most]
    lines = [line for line in rest.splitlines() if line[:1] not in (b" ", b"\t")]
    return (
        blank is not None
        and _GOES_ON.search(rest) is not None
        and sum(_NAME.match(line) is None for line in lines) < 3
    )


def _before(raw: bytes, start: int, end: int) -> int:
    """Where a part ends whose delimiter begins at `end`: the line end before that is the delimiter's."""
    if end > start and raw[end - 1] == 10:
        end -= 1
        while end > start and raw[end - 1] == 13:
            end -= 1
    return end


def _text(content: bytes) -> str:
    return content.decode("ascii", "surrogateescape")
