"""What is shown of a text that was found: its best piece, with what was looked for marked."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.rules.words import Term, marked_spans, places

SHOWN = 220  # characters
BEFORE = 60  # of them before the first that is marked
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, marked or not."""

    text: str
    is_marked: bool


def marked(text: str, terms: Sequence[Term]) -> list[Part]:
    """The whole text in parts, where the terms stand marked."""
    spans = [span for found in marked_spans(list(places(text)), terms).values() for span in found]
    return _parts(text, spans, 0, len(text))


def count_likely(text: str, terms: Sequence[Term]) -> int:
    """How many of the terms may stand in the text: quick, for choosing among many."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return sum(all(token in folded for token in term.tokens) for term in terms)


def snippet(text: str, terms: Sequence[Term]) -> list[Part]:
    """The piece of the text around the first place where the terms stand; empty where none does."""
    plain = " ".join(text[:LONGEST].split())
    found = marked_spans(list(places(plain)), terms)
    if not found:
        return []
    spans = sorted(span for each in found.values() for span in each)
    start = _word_start(plain, max(0, spans[0][0] - BEFORE), spans[0][0])
    end = start + SHOWN
    if end < len(plain):
        gap = plain.rfind(" ", max(spans[0][1], end - 20), end)
        end = gap if gap > 0 else end
    parts = _parts(plain, spans, start, min(end, len(plain)))
    return [Part("… ", False)] * (start > 0) + parts + [Part(" …", False)] * (end < len(plain))


def _word_start(text: str, start: int, latest: int) -> int:
    """Where a word begins at or soon after `start`."""
    gap = text.find(" ", start, min(start + 20, latest)) if start else -1
    return gap + 1 if gap >= 0 else start


def _parts(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> list[Part]:
    found, at = [], start
    for begins, ends in sorted(spans):
        begins, ends = max(begins, at), min(ends, end)
        if begins >= ends:
            continue
        found += [Part(text[at:begins], False), Part(text[begins:ends], True)]
        at = ends
    return [part for part in (*found, Part(text[at:end], False)) if part.text]
