"""What of a mail its sender wrote now, and what they quoted: folded for the reader, never deleted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.rules.separators import (
    Separator,
    is_forward_subject,
    is_quoted,
    is_reply_subject,
    separators,
)
from helpdesk.rules.signatures import signature_start

LEAST_SHARE = 0.1  # of the mail (field.md 5)
LEAST_WORDS = 3  # below it an answer is only understood with what it answers
MOST_CONTEXT = 3  # quoted lines above an answer that stay with it
LONGEST_READ = 200_000  # characters: doors give no more, for a longer text comes as a file as well
MOST_SEPARATORS = 20

_WORDS = re.compile(r"[^\W_]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# "My answers are below, in red": said of answers that nothing marks.
_POINTS_BELOW = re.compile(
    r"[:：]\s*$"
    r"|\b(?:see|my|our|the|answers?|comments?|repl(?:y|ies|ied)|respon\w+|marked|added"
    r"|notes?)\b[^.\n]{0,40}"
    r"\b(?:below|inline|in-line|in(?:to)? the text|in (?:red|blue|green|bold|colou?r))\b"
    r"|\b(?:siehe|s\.|antwort\w*|kommentar\w*|anmerkung\w*)[^.\n]{0,40}\b(?:unten|im text|in (?:rot|blau"
    r"|grün))\b"
    r"|\b(?:ci-dessous|plus bas|dans le texte|en rouge|en bleu|más abajo|en rojo|en azul|abaixo"
    r"|em vermelho|in rosso"
    r"|qui sotto|hieronder|in rood)\b"
    r"|红字|紅字|蓝字|藍字|标红|標紅|红色|紅色|蓝色|藍色|见下|見下|下面(?:的|是|逐)|逐条|逐條|正文中"
    r"|原文中|邮件中(?:回|答)"
    r"|文中|赤字|青字|インライン|(?:以下|下記)(?:に|へ|の通り)?(?:回答|返信)|아래에?\s?(?:답|회신)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Split:
    """`shown` and `folded` hold every word of the mail between them; `own` is what the sender wrote now:
    as `shown`, without what is quoted in it."""

    shown: str
    folded: str
    own: str


@dataclass(frozen=True)
class _Cut:
    """The lines to fold: from `first` up to `after`. `is_certain`: it cannot be the sender's own text."""

    first: int
    after: int
    is_certain: bool = True


def split(text: str, subject: str = "", *, is_reply: bool = False) -> Split:
    """Parts a mail's text (line ends \\n) from the history quoted in it and from its signature.

    `is_reply`: its header says so, whatever its subject.

    A forwarded mail is what its sender wants to say and stays whole, as do answers between quoted lines
    with what they answer. Where little or nothing of the sender's own would be left, everything is shown:
    less than a tenth, and, where the separator is certain, fewer than three words.
    """
    whole, lines = text.strip(), text.split("\n")
    is_reply = is_reply or is_reply_subject(subject)
    found = [each for each in separators(lines) if is_reply or not each.is_doubtful][:MOST_SEPARATORS]
    if is_forward_subject(subject) or (found and found[0].is_forward):
        return Split(whole, "", whole)
    cut = _cut(lines, found)
    kept = lines[: cut.first] + (["", *lines[cut.after :]] if cut.after < len(lines) else [])
    signed = signature_start(kept)
    shown = "\n".join(kept[:signed]).strip()
    own = _own(kept[:signed])
    folded = "\n".join(kept[signed:] + lines[cut.first : cut.after]).strip("\n")
    if not folded.strip() or _is_little(own, whole, cut.is_certain):
        return Split(whole, "", own)
    return Split(shown, folded, own)


def _cut(lines: Sequence[str], found: Sequence[Separator]) -> _Cut:
    """The quoted history: what the first separator opens that has no answers of the sender's below it."""
    end = len(lines)
    for each in found:
        if each.is_forward:
            break
        below = next((n for n in range(each.after, end) if lines[n].strip()), end)
        if below < end and is_quoted(lines[below]):
            answer = _answer(lines, below, found)
            if answer is None:
                return _Cut(each.first, end)
            if answer and not _POINTS_BELOW.search("\n".join(lines[: each.first])):
                return _Cut(each.first, answer)
        elif not _POINTS_BELOW.search(_own(lines[: each.first])):
            return _Cut(each.first, end, each.is_certain)
        else:
            break
    first = _quoted_to_the_end(lines)
    return _Cut(end, end) if _POINTS_BELOW.search(_own(lines[:first])) else _Cut(first, end)


def _answer(lines: Sequence[str], quoted: int, found: Sequence[Separator]) -> int | None:
    """None where the sender wrote nothing below the first quoted line; else the number of the line where
    their only answer begins, below a quotation that needs not stay with it; else 0."""
    written_by_programs = {n for each in found for n in range(each.first, each.after)}
    end = quoted + signature_start(lines[quoted:])
    own = [n for n in range(quoted, end) if lines[n].strip() and not is_quoted(lines[n])]
    own = [n for n in own if n not in written_by_programs]
    if not own:
        return None
    above = sum(is_quoted(line) for line in lines[quoted : own[0]])
    is_last = not any(is_quoted(line) for line in lines[own[0] :])
    return own[0] if is_last and above > MOST_CONTEXT else 0


def _quoted_to_the_end(lines: Sequence[str]) -> int:
    """The number of the line from which all is quoted; a signature may stand below."""
    at = first = signature_start(lines)
    while at and (not lines[at - 1].strip() or is_quoted(lines[at - 1])):
        at -= 1
        first = at if lines[at].strip() else first
    return first if first < len(lines) and is_quoted(lines[first]) else len(lines)


def _own(lines: Sequence[str]) -> str:
    """The lines that are neither quoted nor written by a program."""
    written_by_programs = {n for each in separators(lines) for n in range(each.first, each.after)}
    return "\n".join(
        line for n, line in enumerate(lines) if not is_quoted(line) and n not in written_by_programs
    ).strip()


def _is_little(own: str, whole: str, is_certain: bool) -> bool:
    if not _WORDS.search(own):
        return True
    cjk = len(_CJK.findall(own))
    words = cjk or len(own.split())
    return len(own) < LEAST_SHARE * len(whole) and not (is_certain and words >= LEAST_WORDS)
