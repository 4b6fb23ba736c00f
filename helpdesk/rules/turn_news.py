"""What a change of a roster means to one person: their turns before it and after it, compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from helpdesk.rules.spans import Span

Code = Literal["new", "gone", "stopped", "starts", "ends", "moved", "instead"]


@dataclass(frozen=True)
class News:
    """What became of one turn, or of several that lie within one another.

    new: `after` is one turn that there was not; gone: `before` was one and is none now; stopped: the same of
    one that has begun; starts, ends, moved (both): it has another beginning, end; instead: the turns `before`
    are now those `after`, however many.
    """

    code: Code
    before: tuple[Span, ...]
    after: tuple[Span, ...]


def turn_news(before: Sequence[Span], after: Sequence[Span], now: datetime) -> list[News]:
    """What is new in one person's turns from `now` on, in order of time; [] where nothing is.

    Both are disjoint spans in order, cut off at `now` and at the same horizon.
    """
    news = []
    for was, now_is in _meeting(before, after):
        if was != now_is:
            news.append(News(_code(was, now_is, now), was, now_is))
    return news


def _meeting(
    before: Sequence[Span], after: Sequence[Span]
) -> list[tuple[tuple[Span, ...], tuple[Span, ...]]]:
    """Turns in groups: those of before and after that overlap, directly or through others."""
    groups: list[tuple[list[Span], list[Span]]] = []
    reached: datetime | None = None
    for span, side in sorted([(span, 0) for span in before] + [(span, 1) for span in after]):
        if reached is None or span[0] >= reached:
            groups.append(([], []))
            reached = span[1]
        groups[-1][side].append(span)
        reached = max(reached, span[1])
    return [(tuple(was), tuple(now_is)) for was, now_is in groups]


def _code(was: tuple[Span, ...], now_is: tuple[Span, ...], now: datetime) -> Code:
    if not was and len(now_is) == 1:
        return "new"
    if not now_is and len(was) == 1:
        return "stopped" if was[0][0] <= now else "gone"
    if len(was) != 1 or len(now_is) != 1:
        return "instead"
    if was[0][0] == now_is[0][0]:
        return "ends"
    return "starts" if was[0][1] == now_is[0][1] else "moved"
