"""Bytes of a mail to text: as declared, else as detected, else with marks where it cannot be read."""

import codecs
import quopri
import re

from helpdesk.intake.detection import (
    decode_wide,
    detect,
    is_damaged,
    is_odd_chinese,
    is_other_script,
    is_utf8,
)
from helpdesk.intake.jis import decode_jis
from helpdesk.intake.transfer import base64

# What senders say and what they mean: the supersets that their programs really write.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "gb-2312": "gb18030",
    "gbk2312": "gb18030",
    "euc-cn": "gb18030",
    "x-euc-cn": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "chinese": "gb18030",
    "cn-gb": "gb18030",
    "csgb2312": "gb18030",
    "hz-gb-2312": "hz",
    "big5-hkscs": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "csbig5": "big5hkscs",
    "windows-950": "cp950",
    "x-windows-950": "cp950",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "x-user-defined": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "x-euc-jp": "euc-jp",
    "cp51932": "euc-jp",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "windows-949": "cp949",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "iso-2022-cn": "iso2022_jp_2",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "iso-10646": "utf-16",
    "cswindows31j": "cp932",
    "x-mac-japanese": "cp932",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-chinesetrad": "big5hkscs",
    "x-mac-korean": "cp949",
    "x-mac-ce": "mac-latin2",
    "x-mac-centraleurroman": "mac-latin2",
    "x-mac-greek": "mac-greek",
    "x-mac-turkish": "mac-turkish",
    "x-mac-icelandic": "mac-iceland",
    "dos-866": "cp866",
    "dos-850": "cp850",
    "dos-437": "cp437",
    "dos-852": "cp852",
    "koi8-ru": "koi8-u",
}
# Where letters of UTF-8 cannot come about by chance.
_OF_ONE_BYTE = ("iso8859", "iso-8859", "cp12", "cp4", "cp8", "koi8", "mac")
# Codecs of Python that no mail is written in.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
# Also a word with a "?" in it, and one that was cut off at the field's end.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*)*)(?:\?=|$)")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(=\?)")
_UNREADABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")


def decode(content: bytes, declared: str | None = None) -> str:
    """The content as text, never failing; line ends are \\n, without NULs and control characters."""
    # "utf-8; format=flowed" within quotes, "gb2312 (Chinese)", a bare language after "*" (RFC 2231)
    said = re.split(r"[\s;,(*]", (declared or "").strip(" \"'\t").lower(), maxsplit=1)[0].strip("\"'")
    return clean(_decode(content, said))


def clean(text: str) -> str:
    """Text that both databases keep: no NUL, no half characters, \\n at line ends."""
    text = (
        text.replace("\r\r\n", "\n")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    return _UNREADABLE.sub("", text).encode("utf-8", "replace").decode("utf-8")


def decode_header(value: str, charset: str = "") -> str:
    """A header as people read it, on one line: unfolded, RFC 2047 words and raw bytes decoded.

    `charset`: the one that the mail's text is in, which raw bytes are likely to be in as well.
    """
    return " ".join(clean(_words(raw_text(value, charset))).split())


def raw_text(value: str, charset: str = "") -> str:
    """A header as the parser keeps it (raw bytes as lone surrogates), those bytes decoded."""
    if "\x1b$" in value:  # ISO-2022-JP as it stands, from before RFC 2047
        return decode(value.encode("utf-8", "surrogateescape"), "iso-2022-jp")
    if value.isascii():
        return value
    content = value.encode("utf-8", "surrogateescape")
    return decode(content, charset if any("\udc80" <= each <= "\udcff" for each in value) else "utf-8")


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
    return base64(content) or content


def _decode(content: bytes, declared: str) -> str:
    meant = _meant(declared)
    if not meant:
        return detect(content)
    if content.isascii() and _is_plain(content, meant):  # whatever it is called, and be it EBCDIC
        return content.decode("ascii")
    if meant == "iso2022_jp_ext" and (b"\x1b" in content or content.isascii()):
        return decode_jis(content)
    if b"\x1b$" in content and content.isascii() and "2022" not in meant:
        return detect(content)
    if meant.startswith(("utf-16", "utf-32")):
        return decode_wide(content, meant)
    if is_utf8(content, surely=meant.startswith(_OF_ONE_BYTE)):  # declared by habit
        return content.decode("utf-8")
    if meant == "cp1252":  # what programs say that never looked
        return _decode_western(content, declared)
    try:
        text = content.decode(meant)
    except (UnicodeDecodeError, ValueError):
        text = content.decode(meant, "replace")
        return text if is_damaged(text, meant) else detect(content, meant)
    return detect(content, meant) if meant == "gb18030" and is_odd_chinese(text) else text


def _meant(declared: str) -> str:
    """The codec of what the sender wrote; "" where it names none that mail is written in."""
    if declared in _MEANT:
        return _MEANT[declared]
    try:
        found = codecs.lookup(declared)
    except (LookupError, ValueError):
        return ""
    name = found.name.replace("_", "-")
    if not found._is_text_encoding or name in _NO_CHARSETS:
        return ""
    return _MEANT.get(name.replace("iso", "iso-", 1), found.name)


def _is_plain(content: bytes, charset: str) -> bool:
    """Whether bytes of ASCII are no more than that: some charsets write other letters with them."""
    if charset == "utf-7" or charset.startswith(("utf-16", "utf-32")):
        return False
    return b"\x1b" not in content and b"\x0e" not in content and not (charset == "hz" and b"~" in content)


def _decode_western(content: bytes, declared: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        is_said = not declared.endswith("ascii") and not declared.startswith("ansi")
        return (
            content.decode("cp1252", "replace")
            if is_said and not is_other_script(content)
            else detect(content)
        )
