"""The words of a text, as the search keeps and looks for them: the same on both databases, which take them as
they are made here.

A word is a run of letters and digits, in NFKC and without case. Scripts that set no spaces between words
(Chinese, Japanese, Korean) become pairs of characters, and the last character of a run stands once more by
itself: so each character begins a token, and a single one is found by what it begins.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 64  # characters of a token
# What a text may weigh, and what a document may weigh for another to be added: twice that is 16,000 tokens,
# for PostgreSQL counts positions to 16,383 and holds no larger vector than 1 MiB.
MOST_OF_TEXT = 48_000
LEAST_OF_TOKEN = 6

_UNSPACED = (
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[\u0300-\u036f])*")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Place:
    """A token, and the characters [start, end) of the text it was made of."""

    token: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """What is looked for: tokens that follow each other; with `is_prefix` the last is how one begins."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


def places(text: str) -> Iterator[Place]:
    """The tokens of a text with where they stand, in their order."""
    for run in _RUN.finditer(text):
        found, start = run[0], run.start()
        if found.isascii():
            yield Place(found.lower()[:LONGEST], start, run.end())
            continue
        folded = _folded(found)
        is_exact = len(folded) == len(found)
        for piece in _RUN.finditer(folded):
            for token, at, to in _cut(piece[0], piece.start()):
                yield Place(token, start + at, start + to) if is_exact else Place(token, start, run.end())


def tokens_of(text: str) -> list[str]:
    """The tokens of a text in their order, as many as may be kept of one text."""
    found, room = [], MOST_OF_TEXT - LEAST_OF_TOKEN
    for place in places(text):
        room -= max(len(place.token) + 1, LEAST_OF_TOKEN)
        if room < 0:
            break
        found.append(place.token)
    return found


def weight_of(tokens: Sequence[str]) -> int:
    """What these tokens of one text weigh in a document: their characters, each six at least, and a gap."""
    return LEAST_OF_TOKEN + sum(max(len(token) + 1, LEAST_OF_TOKEN) for token in tokens)


def term_of(text: str) -> Term | None:
    """What a text looks for: its tokens one after the other. None where it holds no word."""
    found = list(places(text))
    if not found:
        return None
    if len(found) > 1 and found[-1].start < found[-2].end:
        return Term(tuple(place.token for place in found[:-1]))  # the last pair holds it
    last = found[-1].token
    is_single = len(last) == 1 and _IS_UNSPACED.match(last) is not None
    return Term(tuple(place.token for place in found), is_single)


def marked_spans(found: Sequence[Place], terms: Sequence[Term]) -> dict[Term, list[tuple[int, int]]]:
    """Where each of the terms stands in a text of these places: [start, end) of its characters."""
    spans: dict[Term, list[tuple[int, int]]] = {}
    by_first: dict[str, list[Term]] = {}
    for term in terms:
        by_first.setdefault(term.tokens[0][:1], []).append(term)
    for n, place in enumerate(found):
        for term in by_first.get(place.token[:1], ()):
            here = found[n : n + len(term.tokens)]
            if _is_here(here, term):
                spans.setdefault(term, []).append((place.start, _end(here[-1], term)))
    return spans


def _is_here(here: Sequence[Place], term: Term) -> bool:
    if len(here) < len(term.tokens):
        return False
    *before, last = (place.token for place in here)
    whole = last.startswith(term.tokens[-1]) if term.is_prefix else last == term.tokens[-1]
    return whole and tuple(before) == term.tokens[:-1]


def _end(last: Place, term: Term) -> int:
    """Of a pair of which only the first character is looked for, that one is marked."""
    is_pair = term.is_prefix and last.end - last.start == len(last.token)
    return last.start + len(term.tokens[-1]) if is_pair else last.end


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _cut(run: str, at: int) -> Iterator[tuple[str, int, int]]:
    """(token, start, end) of a run that begins at `at`."""
    if not _IS_UNSPACED.match(run):
        yield run[:LONGEST], at, at + len(run)
        return
    for n in range(len(run)):
        yield run[n : n + 2], at + n, at + min(n + 2, len(run))
