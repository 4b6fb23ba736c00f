"""Which charset bytes are in that say none, or a wrong one."""

import re

import charset_normalizer

from helpdesk.intake.jis import decode_jis

SAMPLE = 20_000  # bytes; detection is slow
_LIKELY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1250", "cp1251", "koi8_r"]
_HIGH = re.compile(rb"[\x80-\xff]+")
_LETTERS = re.compile(rb"[A-Za-z]")
_WESTERN = re.compile(
    rb"[\xc0-\xff]{1,2}|[\x80\x82\x84\x85\x91-\x97\xa0\xa1\xa3\xa7\xa9\xab\xae\xb0\xb4\xbb\xbf]"
)
_THREE_BYTES = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_CYRILLIC = ("cp1251", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic")
_COMMON_CYRILLIC = frozenset("оеаинтсрвл")  # six of ten letters of a Russian text
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def detect(content: bytes, declared: str = "") -> str:
    """The content as text, never failing. `declared`: the codec that it is not in, "" where none was said."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\x1b$" in content and content.isascii():
        return content.decode("iso2022_kr", "replace") if b"\x1b$)C" in content else decode_jis(content)
    if content.count(b"\0") * 4 > len(content):
        return _in_its_order(content, "utf-16")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        if fault.reason == "unexpected end of data" or fault.start > SAMPLE:
            return content.decode("utf-8", "replace")  # utf-8, cut short or damaged late
    found = _guess(content[:SAMPLE], declared)
    if found:
        return content.decode(found, "replace")
    text = content.decode("utf-8", "replace")
    return text if is_damaged(text, "utf-8") else content.decode("cp1252", "replace")


def _guess(sample: bytes, declared: str) -> str:
    """The codec that the bytes are most likely in; "" for none."""
    other = {"gb18030": "big5hkscs", "big5hkscs": "cp950"}.get(declared)
    if other and _can_be(sample, other):
        return other
    if looks_chinese(sample):
        return "gb18030"
    if _looks_western(sample):
        return "cp1252"
    if found := _cyrillic(sample):
        return found
    best = charset_normalizer.from_bytes(sample, cp_isolation=_LIKELY).best()
    return best.encoding if best else ""


def decode_wide(content: bytes, charset: str) -> str:
    """What is called UTF-16 or UTF-32, in whatever order of bytes; or plain text that is only called so."""
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    # In those, spaces and line ends have NULs beside them.
    if not marked and b"\0" not in content and (is_utf8(content, surely=True) or content.isascii()):
        return content.decode("utf-8")
    if not marked and b"\0" not in content and b"\n" in content.strip(b"\r\n"):
        return detect(content)
    text = _in_its_order(content, charset)
    return text if is_damaged(text, charset) else detect(content)


def _in_its_order(content: bytes, charset: str) -> str:
    """UTF-16 without a mark shows the order of its bytes by where the NULs are (RFC 2781 4.3)."""
    if charset == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16-be" if content[::2].count(0) > content[1::2].count(0) else "utf-16-le"
    return content.decode(charset, "replace")


def is_utf8(content: bytes, *, surely: bool = False) -> bool:
    """Whether it is UTF-8 beyond doubt, with characters that are not ASCII: charsets of two bytes hardly ever
    form its characters of three; `surely`: any of its characters proves it."""
    if not surely and len(_THREE_BYTES.findall(content[:SAMPLE])) < 2:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not content.isascii()


def is_damaged(text: str, charset: str) -> bool:
    """Whether it is in that charset but for a few bytes, which do not make another one. Characters of UTF-8
    do not come by chance, so a few of them prove it."""
    bad = text.count("\N{REPLACEMENT CHARACTER}")
    good = sum(each > "\x7f" for each in text[:SAMPLE]) - bad
    if charset.startswith(("utf-16", "utf-32")):
        return bad < 2  # a line end of one byte at the end
    return bad * 50 <= len(text) or (charset in ("utf-8", "utf8") and good >= 2 * bad)


def is_odd_chinese(text: str) -> bool:
    """Whether what was read as GB 18030 has so many characters of nobody's that it is something else."""
    return len(_PRIVATE.findall(text)) * 10 > sum(each > "\x7f" for each in text)


def is_other_script(content: bytes) -> bool:
    """Whether what is called western is Chinese or Cyrillic, from programs that call everything so."""
    sample = content[:SAMPLE]
    return not _looks_western(sample) and (looks_chinese(sample) or bool(_cyrillic(sample)))


def looks_chinese(content: bytes) -> bool:
    """Whether nearly all double bytes are common characters of GB 2312 and not all lie where hangul does.

    Detection by frequency needs more text than a short report has. Two or three are rather Chinese.
    """
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", content)
    common = [pair for pair in pairs if pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or pair[0] == 0xA3)]
    known = len(common) + sum(pair[0] in (0xA1, 0xA2) for pair in pairs)
    runs = _HIGH.findall(content)  # of characters of two bytes: even ones
    return (
        len(pairs) > 1
        and sum(len(run) % 2 for run in runs) * 4 <= len(runs)
        and known * 10 >= len(pairs) * 9
        and (len(pairs) < 4 or any(pair[0] > 0xC8 for pair in common))
    )


def _looks_western(content: bytes) -> bool:
    """Whether the bytes above ASCII stand alone or in twos among plain letters, and are letters themselves or
    the marks that western programs write."""
    high = _HIGH.findall(content)
    count, letters = sum(map(len, high)), len(_LETTERS.findall(content))
    return bool(high) and count <= letters and all(_WESTERN.fullmatch(run) for run in high)


def _cyrillic(content: bytes) -> str:
    """The charset in which most of the bytes above ASCII are the small letters that Russian has most of; ""
    for none. In the others the same bytes are capitals or marks."""
    high = b"".join(_HIGH.findall(content))
    if len(high) < 8:
        return ""
    shares = {each: _share(high.decode(each, "replace")) for each in _CYRILLIC}
    best = max(shares, key=lambda each: shares[each])
    return best if shares[best] > 0.5 else ""


def _share(text: str) -> float:
    return sum(each in _COMMON_CYRILLIC for each in text) / len(text)


def _can_be(content: bytes, charset: str) -> bool:
    """Whether it decodes, but for what the sample's end cuts off."""
    try:
        content[: len(content) - 2].decode(charset)
    except UnicodeDecodeError as fault:
        return fault.reason == "incomplete multibyte sequence"
    return True
