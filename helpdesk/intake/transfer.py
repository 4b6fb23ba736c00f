"""Content-Transfer-Encoding undone as far as it can be: real senders break each of them."""

import binascii
import re
from collections.abc import Sequence

# Words between the lines of base64: a footer that a gateway added, or a text that never was base64.
_WORDS = re.compile(
    rb"(?<![A-Za-z0-9+/=])[A-Za-z]?[a-z]{1,15}[,.:;]? [A-Za-z]?[a-z]{1,15}(?![A-Za-z0-9+/=])|[\x80-\xff]{2}"
)
_SUSPECT = re.compile(rb"[ \x80-\xff]")
_BASE64 = ("base64", "b64", "base-64")
_PRINTABLE = ("quoted-printable", "qp", "quotedprintable", "quoted")
_UUENCODED = ("x-uuencode", "uuencode", "x-uue", "uue")
_BLOCK = 1 << 20  # bytes
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_ALPHABET)))
_SAFE_FOR_ADDRESSES = re.compile(rb"[A-Za-z0-9][-_]+[A-Za-z0-9]")  # RFC 4648 5
# What no text holds, in whatever charset but UTF-16; and what stands between words, not in base64.
_CONTROL = re.compile(rb"[\x01-\x08\x10-\x1a\x1c-\x1f\x7f]")
_GAP = re.compile(rb"[A-Za-z0-9][,.:;]?[ -][A-Za-z0-9]")
_SOFT_END = re.compile(rb"=[ \t]+\r?\n")  # white space that was added on the way
_UU_START = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def undone(body: bytes, encoding: str) -> tuple[bytes, bytes]:
    """(the content, plain words that stand among the encoded lines); never fails.

    `encoding`: the header's value, "" for none. What is declared but is not so stays as it came.
    """
    said = _said(encoding)
    if said in _BASE64:
        found = _WORDS.search(body) if _SUSPECT.search(body) else None
        at = body.rfind(b"\n", 0, found.start()) + 1 if found else len(body)
        return base64(body[:at]), body[at:]
    if said in _PRINTABLE:
        return binascii.a2b_qp(_SOFT_END.sub(b"=\n", body)), b""
    if said in _UUENCODED:
        return _uu(body), b""
    return body, b""


def encoding_of(values: Sequence[str]) -> str:
    """Of several Content-Transfer-Encoding fields the one that changes anything; "" for none."""
    return next((each for each in values if _said(each) in _BASE64 + _PRINTABLE), next(iter(values), ""))


def undone_text(body: bytes, encoding: str) -> tuple[bytes, bytes]:
    """As `undone`; a text that is called base64 and never was stays as it came."""
    content, words = undone(body, encoding)
    if _said(encoding) in _BASE64 and not words.strip() and not _was_encoded(content, body[:1000].strip()):
        return body, b""
    return content, words


def _was_encoded(content: bytes, said: bytes) -> bool:
    if _GAP.search(said):
        return not _is_rubbish(content)
    return len(said) > 40 or not _CONTROL.search(content)


def _is_rubbish(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return _CONTROL.search(content[:32]) is not None


def _said(encoding: str) -> str:
    return re.sub(r"[^a-z0-9-]", "", encoding.lower().partition(";")[0].partition("(")[0])


def base64(body: bytes) -> bytes:
    """What base64 holds, without what is no letter of it; also where several ended ones follow each other."""
    out: list[bytes] = []
    rest = b""
    if _SAFE_FOR_ADDRESSES.search(body) and b"+" not in body and b"/" not in body:
        body = body.translate(bytes.maketrans(b"-_", b"+/"))
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
