"""Content-Transfer-Encoding undone as far as it can be: real senders break each of them."""

import binascii
import re

# Words between the lines of base64: a footer that a gateway added, or a text that never was base64.
_WORDS = re.compile(
    rb"(?<![A-Za-z0-9+/=])[A-Za-z]?[a-z]{1,15}[,.:;]? [A-Za-z]?[a-z]{1,15}(?![A-Za-z0-9+/=])|[\x80-\xff]{2}"
)
_SUSPECT = re.compile(rb"[ \x80-\xff]")
_BLOCK = 1 << 20  # bytes
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_ALPHABET)))
_SOFT_END = re.compile(rb"=[ \t]+\r?\n")  # white space that was added on the way
_UU_START = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def undone(body: bytes, encoding: str) -> tuple[bytes, bytes]:
    """(the content, plain words that stand among the encoded lines); never fails.

    `encoding`: the header's value, "" for none. What is declared but is not so stays as it came.
    """
    said = re.sub(r"[^a-z0-9-]", "", encoding.lower().partition(";")[0].partition("(")[0])
    if said in ("base64", "b64", "base-64"):
        found = _WORDS.search(body) if _SUSPECT.search(body) else None
        at = body.rfind(b"\n", 0, found.start()) + 1 if found else len(body)
        return base64(body[:at]), body[at:]
    if said in ("quoted-printable", "qp", "quotedprintable", "quoted"):
        return binascii.a2b_qp(_SOFT_END.sub(b"=\n", body)), b""
    if said in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uu(body), b""
    return body, b""


def base64(body: bytes) -> bytes:
    """What base64 holds, without what is no letter of it; also where several ended ones follow each other."""
    out: list[bytes] = []
    rest = b""
    for at in range(0, len(body), _BLOCK):  # a whole one at once would take four times its size
        letters = rest + body[at : at + _BLOCK].translate(None, _NOT_BASE64)
        *ended, rest = letters.split(b"=")
        out += [_quads(each) for each in ended]
        whole = len(rest) - len(rest) % 4
        out.append(binascii.a2b_base64(rest[:whole]))
        rest = rest[whole:]
    return b"".join([*out, _quads(rest)])


def _quads(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:  # one letter alone holds no byte
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"==") if letters else b""


def _uu(body: bytes) -> bytes:
    start = _UU_START.search(body)
    if start is None:
        return body
    out = []
    for line in body[start.end() :].splitlines():
        if line.strip() in (b"end", b""):
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:  # some programs pad their lines
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                return body
    return b"".join(out)
