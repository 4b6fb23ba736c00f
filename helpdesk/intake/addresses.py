"""Addresses of a header's field (RFC 5322 3.4), and what programs write instead."""

import re

from helpdesk.intake.charsets import clean, decode_header, raw_text

LONGEST_ADDRESS = 254  # RFC 5321
LONGEST_NAME = 120
MOST_ADDRESSES = 500
# An apostrophe is part of a name (o'brien@), though not its first sign: that one quotes.
ADDRESS = re.compile(r"[^\s<>@\"',;:()\[\]\\][^\s<>@\",;:()\[\]\\]*@[^\s<>@\"',;:()\[\]\\]+")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064]")
_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.)*")|\((?P<comment>(?:[^()\\]|\\.|\([^()]*\))*)\)|<(?P<angle>[^<>]*)(?:>|$)'
    r"|(?P<end>[,;])|(?P<words>[^\",;<(]+)|(?P<stray>.)",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)")


def addresses(value: str, charset: str = "") -> list[tuple[str, str]]:
    """(name, address in lower case) of those in a field's value that can be written to, each once.

    The value as it stands in the header: names are decoded after the list is taken apart, for an encoded
    comma separates nothing. Where the whole is encoded, or has no address as it stands, it is decoded first.
    Raw bytes are read at once: half a sign of Chinese may look like a comma, and addresses have them too
    (RFC 6532).
    """
    value = raw_text(value, charset).replace("&lt;", "<").replace("&gt;", ">")
    found = _read(value, charset)
    if not found:
        decoded = decode_header(value, charset)
        found = _read(decoded, charset) or [("", each) for each in ADDRESS.findall(decoded)]
    once: dict[str, str] = {}
    for name, address in found[:MOST_ADDRESSES]:
        written = _UNSEEN.sub("", clean(address)).strip(".").lower()
        if len(written) <= LONGEST_ADDRESS:
            once.setdefault(written, name)
    return [(name, address) for address, name in once.items()]


def _read(value: str, charset: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    words: list[str] = []
    comments: list[str] = []
    angle = ""
    for token in [*_TOKEN.finditer(value), None]:
        kind = token.lastgroup if token else "end"
        text = token[kind] if token and kind else ""
        if kind == "end":
            if one := _one(words, comments, angle, charset):
                found.append(one)
            words, comments, angle = [], [], ""
        elif kind == "angle":
            angle = angle or text
        elif kind == "comment":
            comments.append(text)
        elif kind == "quoted":
            # A quoted local part that no plain address can be stays quoted, so that half of it is none.
            is_local = value[token.end() : token.end() + 1] == "@" if token else False
            plain = _QUOTED_PAIR.sub(r"\1", text[1:-1])
            words.append(text if is_local and not ADDRESS.fullmatch(f"{plain}@x") else plain)
        else:
            words.append(text)
    return found


def _one(words: list[str], comments: list[str], angle: str, charset: str) -> tuple[str, str] | None:
    """The angle brackets hold the address; what stands before them is a name, whatever it looks like."""
    said = " ".join("".join(words).split())
    address = ADDRESS.search(angle) or ADDRESS.search(said)
    if address is None:
        return None
    name = said if ADDRESS.search(angle) else said.replace(address[0], "")
    decoded = decode_header(name, charset).strip("\"' :") or decode_header(" ".join(comments), charset)
    return decoded[:LONGEST_NAME], address[0]
