"""What an agent's mail tells the desk to do: lines with "#" at its top, then the words for the reporter.

    #accept                take the ticket
    #resolve the cause     resolve it; what stands below is the solution
    #wait 3                ask the reporter what stands below, and look again after so many working days
    #note                  what stands below is for colleagues alone

Without such a line the words are a public answer. Words that stand in a note are never given to reporters.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

VERBS = ("accept", "resolve", "wait", "note")
WAITS_FOR = 3  # working days
LONGEST_WAIT = 90
_LINE = re.compile(r"#([A-Za-z]+)[ \t]*(.*)")
# Of a line that is known again: letters and figures, a Chinese one counts for two.
_LEAST_WEIGHT, _LEAST_ALONE = 12, 6
_NOT_WORDS = re.compile(r"[\W_]+")


class Unclear(Exception):
    """The mail does not say clearly what to do; `why` is a code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Commands:
    """`words`: what stands below the commands. `note`, `accept`: whether they are asked for. `resolve`: the
    cause (None: not asked for), `wait`: working days (None: likewise)."""

    words: str
    accept: bool = False
    note: bool = False
    resolve: str | None = None
    wait: int | None = None


def read_commands(text: str) -> Commands:
    """Reads the commands at the top of a mail's own words (line ends \\n), quoted lines left out.

    Raises Unclear: unknown_command, several_commands, no_days, no_words.
    """
    lines = [line for line in text.strip().splitlines() if not line.startswith(">")]
    asked: dict[str, str] = {}
    while lines and (not lines[0].strip() or _LINE.fullmatch(lines[0].strip())):
        found = _LINE.fullmatch(lines.pop(0).strip())
        if found:
            asked[found[1].lower()] = found[2].strip()
    words = "\n".join(lines).strip()
    if asked.keys() - set(VERBS):
        raise Unclear("unknown_command")
    if len(asked.keys() & {"resolve", "wait", "note"}) > 1:
        raise Unclear("several_commands")
    if not words and asked.keys() != {"accept"}:
        raise Unclear("no_words")
    return Commands(
        words=words,
        accept="accept" in asked,
        note="note" in asked,
        # Who names no cause has said it in the first line of what was done.
        resolve=(asked["resolve"] or words.partition("\n")[0].strip()) if "resolve" in asked else None,
        wait=_days(asked["wait"]) if "wait" in asked else None,
    )


def _days(said: str) -> int:
    found = re.fullmatch(r"(\d{1,2})(?:\s*(?:d|days?|天|工作日))?", said) if said else None
    days = int(found[1]) if found else WAITS_FOR
    if (said and not found) or not 0 < days <= LONGEST_WAIT:
        raise Unclear("no_days")
    return days


def repeats_any(words: str, notes: Iterable[str]) -> bool:
    """Whether a line of one of the notes stands in the words, however it is broken, quoted or set off (a
    short one: if it has a line of its own there too)."""
    said, said_lines = _bare(words), {_bare(line) for line in words.splitlines()}
    for line in {_bare(line) for note in notes for line in note.splitlines()}:
        weight = _weight(line)
        if (weight >= _LEAST_WEIGHT and line in said) or (weight >= _LEAST_ALONE and line in said_lines):
            return True
    return False


def _bare(text: str) -> str:
    return _NOT_WORDS.sub("", text).lower()


def _weight(line: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in line)
