"""What of a mail its sender wrote now, and what they quoted: folded for the reader, never deleted."""

import re
from dataclasses import dataclass

# "On Monday Ana wrote:" in the languages that mail programs speak, over at most three lines.
_INTRODUCES = re.compile(
    r"^(?:on|am|le|el|il|op|em)\b[^\n]{0,200}(?:\n[^\n]{0,200}){0,2}?"
    r"(?:wrote|schrieb[^\n:]{0,200}|a écrit|escribió|ha scritto|schreef[^\n:]{0,200}|escreveu)\s*:\s*$"
    r"|^[^\n]{0,200}(?:写道|寫道|编写|撰写)\s*[:：]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_RULED_OFF = re.compile(
    r"^[-_ \t]{2,100}(?:original message|original appointment|ursprüngliche nachricht|message d'origine"
    r"|原始邮件|原始郵件|邮件原件|回复的原邮件)[-_ \t]{2,100}$",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARDED = re.compile(
    r"^[-_ ]*(?:forwarded message|begin forwarded message:?|weitergeleitete nachricht"
    r"|转发的邮件|轉寄郵件|转发邮件信息)",
    re.IGNORECASE | re.MULTILINE,
)
# Outlook's block: a sender's line followed by one of the others.
_HEADER_BLOCK = re.compile(
    r"^(?:_{5,}\s*\n)?[*]?(?:from|von|de|发件人|寄件者|發件人)\s*[:：][^\n]*\n"
    r"(?:[^\n]*\n){0,2}?[*]?(?:sent|to|date|gesendet|an|datum|envoyé|à|发送时间|寄件日期|收件人|发送日期|日期|發送時間)\s*[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|wg|tr|转发|轉寄|转)\s*[:：]", re.IGNORECASE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LONGEST_SIGNATURE = 12  # lines
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Split:
    """`shown` and `folded` hold every word of the mail between them; `own` is what the sender wrote now
    (as `shown`, unless nearly nothing was left and everything is shown)."""

    shown: str
    folded: str
    own: str


def split(text: str, subject: str = "") -> Split:
    """Parts a mail's text (line ends \\n) from the history quoted below it and from its signature.

    A forwarded mail is what its sender wants to say and stays whole. Answers between quoted lines stay
    with what they answer. Where less than a tenth would be left, everything is shown (field.md 5).
    """
    if _FORWARD_SUBJECT.match(subject) or _FORWARDED.search(text):
        return Split(text.strip(), "", text.strip())
    at = _history_starts(text)
    at = min(at, _signature_starts(text[:at], len(text[:at])))
    own, folded = text[:at].strip(), text[at:].strip("\n")
    if not own or len(own) < LEAST_SHARE * len(text.strip()):
        return Split(text.strip(), "", own)
    return Split(own, folded, own)


def _history_starts(text: str) -> int:
    """Where the quoted history begins; the text's length where there is none."""
    starts = [_quoted_end(text)]
    for pattern in (_RULED_OFF, _HEADER_BLOCK, _INTRODUCES):
        found = pattern.search(text)
        if found and not _answers_between(text[found.end() :]):
            starts.append(found.start())
    return min(starts)


def _quoted_end(text: str) -> int:
    """Where the lines begin that are quoted to the very end; a signature may stand below them."""
    at = end = len(text)
    for line in reversed(text[: _signature_starts(text, end)].splitlines(keepends=True)):
        end -= len(line)
        if line.startswith(">"):
            at = end
        elif line.strip():
            break
    return at


def _answers_between(rest: str) -> bool:
    """Whether the sender wrote between lines quoted with ">" (a signature does not count)."""
    lines = [line for line in rest[: _signature_starts(rest, len(rest))].splitlines() if line.strip()]
    quoted = [index for index, line in enumerate(lines) if line.startswith(">")]
    return bool(quoted) and any(not line.startswith(">") for line in lines[quoted[0] :])


def _signature_starts(text: str, default: int) -> int:
    """Where a short signature at the end begins, else `default` (RFC 3676 4.3: a line of "-- ")."""
    found = list(_SIGNATURE.finditer(text))
    if found and text[found[-1].start() :].count("\n") <= _LONGEST_SIGNATURE:
        return found[-1].start()
    return default
