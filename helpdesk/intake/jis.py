"""ISO-2022-JP as mail programs write it: with characters of Windows-31J that the standard does not have."""

import re

_ESCAPE = re.compile(rb"(\x1b(?:\$\([A-D]|\$[@AB]|\([A-Z]))")
_KANJI = (b"\x1b$@", b"\x1b$B")
_KANA, _SUPPLEMENT, _CHINESE, _KOREAN = b"\x1b(I", b"\x1b$(D", b"\x1b$A", b"\x1b$(C"


def decode_jis(content: bytes) -> str:
    """The text between the escape sequences, each by the set that they name; never fails."""
    mode, out = b"", []
    for piece in _ESCAPE.split(content):
        if piece.startswith(b"\x1b") and _ESCAPE.fullmatch(piece):
            mode = piece
            continue
        # A line that ends without going back to ASCII does so by itself.
        for number, line in enumerate(re.split(rb"(?=\r?\n)", piece)):
            out.append(_decode(line, mode if number == 0 else b""))
    return "".join(out)


def _decode(piece: bytes, mode: bytes) -> str:
    high = bytes(each | 0x80 if each > 0x20 else each for each in piece)
    if mode in _KANJI:
        return _shifted(piece).decode("cp932", "replace")
    if mode == _KANA:
        return high.decode("cp932", "replace")
    if mode == _SUPPLEMENT:
        return re.sub(rb"([\xa1-\xfe]{2})", rb"\x8f\1", high).decode("euc_jp", "replace")
    if mode == _CHINESE:
        return high.decode("gb18030", "replace")
    if mode == _KOREAN:
        return high.decode("cp949", "replace")
    return piece.decode("cp932", "replace")


def _shifted(piece: bytes) -> bytes:
    """Two bytes of JIS X 0208 as the two of Shift_JIS."""
    out = bytearray()
    for at in range(0, len(piece) - 1, 2):
        row, cell = piece[at], piece[at + 1]
        first = ((row - 0x21) >> 1) + (0x81 if row < 0x5F else 0xC1)
        second = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
        out += bytes((first & 0xFF, second & 0xFF))
    return bytes(out)
