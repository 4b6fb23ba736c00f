"""What of a mail its sender wrote now, and what they quoted: folded for the reader, never deleted."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from helpdesk.rules.separators import Separator, is_quoted, separators
from helpdesk.rules.signatures import signature_start
from helpdesk.rules.subjects import is_forward_subject, is_reply_subject

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
    found = [each for each in separators(lines) if is_reply or not each.is_doubtful]
    if is_forward_subject(subject) or (found and found[0].is_forward):
        return Split(whole, "", whole)
    mail = _Mail(lines, {n for each in found for n in range(each.first, each.after)})
    cut = _cut(mail, found[:MOST_SEPARATORS])
    kept = [*range(cut.first), *range(cut.after, len(lines))]
    signed = signature_start([lines[n] for n in kept])
    shown = mail.text(kept[:signed])
    own = mail.own(kept[:signed])
    folded = "\n".join(lines[n] for n in [*kept[signed:], *range(cut.first, cut.after)]).strip("\n")
    if not folded.strip() or _is_little(own, whole, cut.is_certain):
        return Split(whole, "", own)
    return Split(shown, folded, own)


@dataclass(frozen=True)
class _Mail:
    """A mail's lines, and the numbers of those that a program wrote between them."""

    lines: Sequence[str]
    by_program: Collection[int]

    def text(self, numbers: Iterable[int]) -> str:
        return "\n".join(self.lines[n] for n in numbers).strip()

    def own(self, numbers: Iterable[int]) -> str:
        """What of these lines is neither quoted nor a program's."""
        return self.text(n for n in numbers if n not in self.by_program and not is_quoted(self.lines[n]))


def _cut(mail: _Mail, found: Sequence[Separator]) -> _Cut:
    """The quoted history: what the first separator opens that has no answers of the sender's below it."""
    end = len(mail.lines)
    for number, each in enumerate(found):
        if each.is_forward:
            break
        below = _first_filled(mail.lines, each.after)
        points_below = _POINTS_BELOW.search(mail.own(range(each.first)))
        if below < end and is_quoted(mail.lines[below]):
            answer = _answer(mail, below, _unmarked(mail.lines, found[number + 1 :]))
            if answer is None:
                return _Cut(each.first, end)
            if answer and not points_below:
                return _Cut(each.first, answer)
        elif not points_below:
            return _Cut(each.first, end, each.is_certain)
        else:
            break
    first = _quoted_to_the_end(mail.lines)
    return _Cut(end, end) if _POINTS_BELOW.search(mail.own(range(first))) else _Cut(first, end)


def _answer(mail: _Mail, quoted: int, until: int) -> int | None:
    """None where the sender wrote nothing below the first quoted line (up to `until`, where older history
    begins that is not marked); else the number of the line where their only answer begins, below a quotation
    that needs not stay with it; else 0."""
    lines = mail.lines[quoted:until]
    end = quoted + signature_start(lines)
    own = [n for n in range(quoted, end) if mail.own([n])]
    if not own:
        return None
    above = sum(is_quoted(line) for line in mail.lines[quoted : own[0]])
    is_last = until == len(mail.lines) and not any(is_quoted(line) for line in mail.lines[own[0] :])
    return own[0] if is_last and above > MOST_CONTEXT else 0


def _unmarked(lines: Sequence[str], found: Iterable[Separator]) -> int:
    """Where the first of these separators begins whose history is not marked; the end where there is none."""
    for each in found:
        below = _first_filled(lines, each.after)
        if below < len(lines) and not is_quoted(lines[below]):
            return each.first
    return len(lines)


def _first_filled(lines: Sequence[str], start: int) -> int:
    return next((n for n in range(start, len(lines)) if lines[n].strip()), len(lines))


def _quoted_to_the_end(lines: Sequence[str]) -> int:
    """The number of the line from which all is quoted; a signature may stand below."""
    at = first = signature_start(lines)
    while at and (not lines[at - 1].strip() or is_quoted(lines[at - 1])):
        at -= 1
        first = at if lines[at].strip() else first
    return first if first < len(lines) and is_quoted(lines[first]) else len(lines)


def _is_little(own: str, whole: str, is_certain: bool) -> bool:
    if not _WORDS.search(own):
        return True
    cjk = len(_CJK.findall(own))
    words = cjk or len(own.split())
    return len(own) < LEAST_SHARE * len(whole) and not (is_certain and words >= LEAST_WORDS)
