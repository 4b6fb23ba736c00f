"""What reporters say of a solution: do the words fit the button, which reasons fit the stars, until when may
a rating be given, and which one wants somebody to follow it up.

Source: "Closed-loop feedback" of the issue on figures that cannot be gamed.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from helpdesk.rules.lifecycle import is_allowed

PRAISE = ("quick", "friendly", "clear", "solved")
COMPLAINTS = ("slow", "unclear", "not_solved", "had_to_repeat")
REASONS = (*PRAISE, *COMPLAINTS)
"""What can be ticked beside the stars: praise with four or five, complaints with three or fewer."""

GOOD_FROM, BAD_UP_TO = 4, 2  # stars
CHANGEABLE_FOR = timedelta(days=7)  # after the ticket was closed
ASKED_EVERY_DAYS, REMINDED_AFTER_DAYS = 30, 3

# Whole phrases, so that "no longer broken" and "不再出现" do not count.
_UNSOLVED = re.compile(
    r"\b(?:still|again)\s+(?:\w+\s+){0,2}(?:broken|fail\w*|wrong|down|slow|crash\w*|jam\w*|missing|happen\w*|stuck)\b"
    r"|\bstill\s+(?:can(?:no|')?t|do(?:es)?n['’]?t|is\s?n['’]?t|not)\b"
    r"|\b(?:does|do|did|is|has)(?:\s+not|n['’]?t)\s+(?:\w+\s+){0,2}(?:work\w*|solved|fixed|help\w*|resolved)\b"
    r"|\bnot\s+(?:yet\s+)?(?:solved|fixed|working|resolved)\b"
    r"|\b(?:same|old)\s+(?:problem|error|fault|issue)\b"
    r"|(?:还是|仍然|依然|還是|仍|依旧|依舊)(?:是)?(?:不行|不能|无法|無法|有问题|有問題|没|沒|坏|壞|报错|報錯|失败|失敗|一样|一樣|不)"
    r"|(?:没有|沒有|没|沒|未)(?:完全)?(?:解决|解決|修好|好|恢复|恢復)"
    r"|(?:用不了|不能用|不好用|又坏了|又壞了|又出现|又出現|老问题|老問題)",
    re.IGNORECASE,
)


def sounds_unsolved(words: str) -> bool:
    """Whether words given with "solved" say the opposite, in English or Chinese: then we ask once more."""
    return _UNSOLVED.search(words) is not None


def contradicts(words: str, reasons: Iterable[str]) -> bool:
    """Whether what came with "solved" says that it is not: by its words, or by the reason that was ticked."""
    return "not_solved" in reasons or sounds_unsolved(words)


def fitting(stars: int, reasons: Iterable[str]) -> list[str]:
    """Those of the ticked reasons (codes) that fit so many stars, in the order of REASONS, each once: a page
    without script shows all of them, and whoever changes their mind leaves some ticked."""
    shown = PRAISE if stars >= GOOD_FROM else COMPLAINTS
    ticked = set(reasons)
    return [reason for reason in shown if reason in ticked]


def may_rate(state: str, closed_at: datetime | None, now: datetime) -> bool:
    """Whether a ticket in that state takes a rating, or another one: once it is resolved, and until a week
    after it was closed (None: it is not)."""
    return is_allowed("rate", state) and (closed_at is None or now < closed_at + CHANGEABLE_FOR)


def is_bad(stars: int) -> bool:
    """Whether so few stars want somebody to follow up."""
    return stars <= BAD_UP_TO


def is_occasion(stars: int, before: int | None, is_solved_anew: bool) -> bool:
    """Whether a rating is a new occasion to follow up: a bad one where there was none, or a better one, or
    one of a solution that came before the present (`is_solved_anew`). Other words for the same are none."""
    return is_bad(stars) and (before is None or not is_bad(before) or is_solved_anew)
