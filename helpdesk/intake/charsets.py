"""Bytes of a mail to text: as declared, else as detected, else with marks where it cannot be read."""

import codecs
import quopri
import re

import charset_normalizer

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
}
_LIKELY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1250", "cp1251", "koi8_r"]
# Codecs of Python that no mail is written in.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_SAMPLE = 20_000  # bytes; detection is slow
# Also a word with a "?" in it, and one that was cut off at the field's end.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*)*)(?:\?=|$)")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(=\?)")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTERS = re.compile(rb"[A-Za-z]")
_WESTERN = re.compile(
    rb"[\xc0-\xff]{1,2}|[\x80\x82\x84\x85\x91-\x97\xa0\xa1\xa3\xa7\xa9\xab\xae\xb0\xb4\xbb\xbf]"
)
_THREE_BYTES = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
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
    meant = _MEANT.get(declared, declared)
    if not _is_known(meant) or _is_ascii_called_wide(content, meant):
        return _detect(content)
    if meant == "cp1252":  # what programs say that never looked
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            if declared.endswith("ascii") or declared.startswith("ansi"):
                return _detect(content)
    if not meant.startswith("utf") and _is_utf8(content):  # declared by habit
        return content.decode("utf-8")
    try:
        return content.decode(meant)
    except (UnicodeDecodeError, ValueError):
        text = content.decode(meant, "replace")
    if meant == "iso2022_jp_ext":
        return decode_jis(content)
    return text if meant == "cp1252" or _is_damaged(text, meant) else _detect(content)


def _is_ascii_called_wide(content: bytes, charset: str) -> bool:
    """Whether plain text is called UTF-16, whose line ends and spaces would have NULs beside them."""
    return (
        charset.startswith(("utf-16", "utf-32"))
        and content.isascii()
        and b"\0" not in content
        and (b" " in content or b"\n" in content)
    )


def _is_damaged(text: str, charset: str) -> bool:
    """Whether it is in that charset but for a few bytes, which do not make another one. Characters of UTF-8
    do not come by chance, so a few of them prove it."""
    bad = text.count("\N{REPLACEMENT CHARACTER}")
    good = sum(each > "\x7f" for each in text[:_SAMPLE]) - bad
    if charset.startswith(("utf-16", "utf16", "utf-32")):
        return bad < 2  # a line end of one byte at the end
    return bad * 50 <= len(text) or (charset in ("utf-8", "utf8") and good >= 2 * bad)


def _is_utf8(content: bytes) -> bool:
    """Whether it is UTF-8 beyond doubt: other charsets hardly ever form its characters of three bytes."""
    if len(_THREE_BYTES.findall(content[:_SAMPLE])) < 2:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_known(charset: str) -> bool:
    try:
        found = codecs.lookup(charset)
        return found._is_text_encoding and found.name.replace("_", "-") not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False


def _detect(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\x1b$" in content and content.isascii():
        return decode_jis(content)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        if fault.reason == "unexpected end of data" or fault.start > _SAMPLE:
            return content.decode("utf-8", "replace")  # utf-8, cut short or damaged late
    if _looks_chinese(content[:_SAMPLE]):
        return content.decode("gb18030", "replace")
    if _looks_western(content[:_SAMPLE]):
        return content.decode("cp1252", "replace")
    found = charset_normalizer.from_bytes(content[:_SAMPLE], cp_isolation=_LIKELY).best()
    if found is not None:
        return content.decode(found.encoding, "replace")
    text = content.decode("utf-8", "replace")
    return text if _is_damaged(text, "utf-8") else content.decode("cp1252", "replace")


def _looks_chinese(content: bytes) -> bool:
    """Whether nearly all double bytes are common characters of GB 2312 and not all lie where hangul does.

    Detection by frequency needs more text than a short report has. Two or three are rather Chinese.
    """
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", content)
    common = [pair for pair in pairs if pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or pair[0] == 0xA3)]
    known = len(common) + sum(pair[0] in (0xA1, 0xA2) for pair in pairs)
    return (
        len(pairs) > 1
        and known * 10 >= len(pairs) * 9
        and (len(pairs) < 4 or any(pair[0] > 0xC8 for pair in common))
    )


def _looks_western(content: bytes) -> bool:
    """Whether the bytes above ASCII stand alone or in twos among plain letters, and are letters themselves or
    the marks that western programs write."""
    high = _HIGH.findall(content)
    count, letters = sum(map(len, high)), len(_LETTERS.findall(content))
    return bool(high) and count <= letters and all(_WESTERN.fullmatch(run) for run in high)
