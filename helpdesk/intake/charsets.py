"""Bytes of a mail to text: as declared, else as detected, else with marks where it cannot be read."""

import binascii
import codecs
import quopri
import re

import charset_normalizer

# What senders say and what they mean: the supersets that their programs really write.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
}
_LIKELY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1251", "koi8_r"]
# Codecs of Python that no mail is written in.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_SAMPLE = 20_000  # bytes; detection is slow
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(=\?)")
_UNREADABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")


def decode(content: bytes, declared: str | None = None) -> str:
    """The content as text, never failing; line ends are \\n, without NULs and control characters."""
    return clean(_decode(content, (declared or "").strip().strip("\"'").lower()))


def clean(text: str) -> str:
    """Text that both databases keep: no NUL, no half characters, \\n at line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return _UNREADABLE.sub("", text).encode("utf-8", "replace").decode("utf-8")


def decode_header(value: str) -> str:
    """A header as people read it, on one line: unfolded, RFC 2047 words and raw bytes decoded."""
    return " ".join(clean(_words(raw_text(value))).split())


def raw_text(value: str) -> str:
    """A header as the parser keeps it (undecodable bytes as lone surrogates), those bytes decoded."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"))


def _words(value: str) -> str:
    """RFC 2047: neighbouring words of one charset are joined as bytes, for senders cut inside a character."""
    value = _BETWEEN_WORDS.sub(r"\1\2", value)
    out: list[str] = []
    pending: tuple[str, bytes] | None = None
    end = 0
    for match in _WORD.finditer(value):
        charset, encoding, text = match.groups()
        charset = charset.partition("*")[0].lower()  # RFC 2231 language
        content = _word_bytes(encoding, text)
        if pending and (match.start() > end or pending[0] != charset):
            out.append(decode(pending[1], pending[0]))
            pending = None
        out.append(value[end : match.start()])
        pending = (charset, (pending[1] if pending else b"") + content)
        end = match.end()
    if pending:
        out.append(decode(pending[1], pending[0]))
    return "".join([*out, value[end:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(content.replace(b"_", b" "), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    whole = len(letters) - (len(letters) % 4 == 1)  # one letter alone holds no byte
    try:
        return binascii.a2b_base64(letters[:whole] + b"==") or content
    except binascii.Error:
        return content


def _decode(content: bytes, declared: str) -> str:
    meant = _MEANT.get(declared, declared)
    if not _is_known(meant):
        return _detect(content)
    if meant == "cp1252":  # what programs say that never looked
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            if declared.endswith("ascii"):
                return _detect(content)
    try:
        return content.decode(meant)
    except (UnicodeDecodeError, ValueError):
        text = content.decode(meant, "replace")
    # A few bad bytes do not make another charset.
    if text.count("\N{REPLACEMENT CHARACTER}") * 50 <= len(text) or meant == "cp1252":
        return text
    return _detect(content)


def _is_known(charset: str) -> bool:
    try:
        found = codecs.lookup(charset)
        return found._is_text_encoding and found.name.replace("_", "-") not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False


def _detect(content: bytes) -> str:
    if b"\x1b$" in content or b"\x1b(" in content:
        try:
            return content.decode("iso2022_jp_ext")
        except UnicodeDecodeError:
            pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        if fault.start > len(content) - 4 or fault.start > _SAMPLE:
            return content.decode("utf-8", "replace")  # utf-8, cut short or damaged late
    if _looks_chinese(content[:_SAMPLE]):
        return content.decode("gb18030", "replace")
    found = charset_normalizer.from_bytes(content[:_SAMPLE], cp_isolation=_LIKELY).best()
    if found is not None:
        return content.decode(found.encoding, "replace")
    return content.decode("utf-8", "replace")


def _looks_chinese(content: bytes) -> bool:
    """Whether nearly all double bytes are common characters of GB 2312 and not all lie where hangul does.

    Detection by frequency needs more text than a short report has.
    """
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", content)
    common = [pair for pair in pairs if pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or pair[0] == 0xA3)]
    known = len(common) + sum(pair[0] in (0xA1, 0xA2) for pair in pairs)
    return len(pairs) > 1 and known * 10 >= len(pairs) * 9 and any(pair[0] > 0xC8 for pair in common)
