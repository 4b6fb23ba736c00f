"""S/MIME envelopes (RFC 8551): those that are only signed are opened for their words; nothing is verified."""

from collections.abc import Iterator

_SIGNED = bytes.fromhex("06092a864886f70d010702")
_LOCKED = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_DATA = bytes.fromhex("06092a864886f70d010701")
_OCTETS, _OCTETS_IN_PIECES = 0x04, 0x24
_DEEPEST = 8


def opened(content: bytes, said: str) -> tuple[str, bytes | None]:
    """(signed_smime or encrypted_smime, the mail within it or None where there is none to be read).

    `content`: the CMS structure in BER; `said`: the part's smime-type. Never fails.
    """
    start = content[:40]
    if _SIGNED not in start:
        is_signed = said.lower() == "signed-data" and not any(each in start for each in _LOCKED)
        return ("signed_smime" if is_signed else "encrypted_smime"), None
    at = content.find(_DATA, 20)
    try:
        inner = b"".join(_octets(content, at + len(_DATA), len(content), 0)) if at > 0 else b""
    except (ValueError, IndexError):
        inner = b""
    return "signed_smime", inner or None


def _octets(content: bytes, start: int, end: int, depth: int) -> Iterator[bytes]:
    """The bytes of the first element there: [0] { OCTET STRING }, in one piece or several."""
    tag, first, last = _element(content, start, end)
    if tag == _OCTETS:
        yield content[first:last]
    elif tag in (0xA0, _OCTETS_IN_PIECES) and depth < _DEEPEST:
        while first < last and content[first : first + 2] != b"\0\0":
            yield from _octets(content, first, last, depth + 1)
            first = _after(content, first, last, depth)


def _element(content: bytes, at: int, end: int) -> tuple[int, int, int]:
    """(tag, start, end) of the element at `at`; without a stated length (BER) it goes on to `end`."""
    tag, length = content[at], content[at + 1]
    at += 2
    if length == 0x80:
        return tag, at, end
    if length > 0x80:
        size = length - 0x80
        if size > 5:
            raise ValueError("a length of more than five bytes")
        length, at = int.from_bytes(content[at : at + size], "big"), at + size
    return tag, at, min(at + length, end)


def _after(content: bytes, at: int, end: int, depth: int) -> int:
    """Where the element after the one at `at` begins."""
    _tag, first, last = _element(content, at, end)
    if content[at + 1] != 0x80:
        return last
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    while first < last and content[first : first + 2] != b"\0\0":
        first = _after(content, first, last, depth + 1)
    return first + 2
