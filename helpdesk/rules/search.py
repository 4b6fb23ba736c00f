"""What somebody typed into the search box, as a question: words, phrases, numbers, filters.

    printer "paper jam" -toner is:open severity:critical before:2026-10 reporter:"Ana"

Everything has to hold; what is wrong with a filter is said, and the rest is searched all the same.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.rules.spans import Span
from helpdesk.rules.words import Term, term_of

LONGEST = 300  # characters
MOST_TERMS = 16
MOST_FILTERS = 12

# The filters with the values that each may have; none: a name, or a date.
CHOICES: dict[str, tuple[str, ...]] = {
    "is": ("open", "new", "waiting", "resolved", "closed", "unassigned", "late", "untriaged"),
    "severity": tuple(Severity),
    "kind": tuple(Kind),
    "has": ("file",),
}
NAMED = ("service", "team", "assignee", "reporter")
DATED = ("before", "after", "on")
FILTERS = (*CHOICES, *NAMED, *DATED)
# Whoever reads tickets as their reporter does learns nothing of how the desk works.
OF_REPORTERS = ("is", "service", "has", *DATED)
IS_OF_REPORTERS = ("open", "waiting", "resolved", "closed")


@dataclass(frozen=True)
class Filter:
    """`name`:`value` as typed; `is_without`: with a minus before it, so what it holds for is left out."""

    name: str
    value: str
    is_without: bool = False


@dataclass(frozen=True)
class Problem:
    """A filter that was left out: `code` is unknown_filter, unknown_value (`choices`: what could stand there,
    if that is a list), no_date or unknown_name."""

    code: str
    name: str
    value: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """What is asked: every one of `terms`, none of `without`, every filter. `number` is a ticket's id where
    nothing else was typed; `words` are the terms as typed, for people are sought by them too."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()
    number: int | None = None
    words: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not (self.terms or self.without or self.filters or self.number)


# What Chinese keyboards and word processors write for the signs of the grammar.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»「」『』〝〞＂", '"'),
        **dict.fromkeys("－−–—", "-"),
        **dict.fromkeys("，、。；：！？（）【】《》\u3000", " "),
    }
)
_WIDE_COLON = re.compile("(?<=[A-Za-z])：")
_PART = re.compile(
    r'(?P<minus>-?)(?:(?P<name>[A-Za-z]+):(?!//)(?P<value>"[^"]*"?|[^\s"]+)|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))'
)
_NUMBER = re.compile(r"(?:hd-)?(\d{1,10})", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def parse(text: str, allowed: Collection[str] = FILTERS) -> Query:
    """The question that was typed; never raises. `allowed`: the filters that this asker may use."""
    terms: list[Term] = []
    without: list[Term] = []
    filters: list[Filter] = []
    problems: list[Problem] = []
    words: list[str] = []
    for part in _PART.finditer(_WIDE_COLON.sub(":", text[:LONGEST]).translate(_SIGNS)):
        is_without = bool(part["minus"])
        if part["name"]:
            _take_filter(
                part["name"].lower(), part["value"].strip('"'), is_without, allowed, filters, problems
            )
            continue
        said = part["phrase"] if part["word"] is None else part["word"]
        term = term_of(said)
        if term is not None:
            (without if is_without else terms).append(term)
            words += [] if is_without else [said]
    number = _number(words) if not (without or filters) else None
    asked = _first(terms), _first(without), tuple(filters[:MOST_FILTERS]), number
    return Query(*asked, " ".join(words), tuple(problems))


def _first(terms: list[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))[:MOST_TERMS]


def _number(words: list[str]) -> int | None:
    """The ticket's id where its number is all that was typed."""
    found = _NUMBER.fullmatch(words[0]) if len(words) == 1 else None
    number = int(found[1]) if found else None
    return number if number is not None and number < 2**31 else None


def _take_filter(
    name: str,
    value: str,
    is_without: bool,
    allowed: Collection[str],
    filters: list[Filter],
    problems: list[Problem],
) -> None:
    if name not in allowed:
        problems.append(Problem("unknown_filter", name, value, tuple(allowed)))
        return
    choices = IS_OF_REPORTERS if name == "is" and allowed is OF_REPORTERS else CHOICES.get(name, ())
    if name in CHOICES and value.lower() not in choices:
        problems.append(Problem("unknown_value", name, value, choices))
    elif name in DATED and span_of(value, ZoneInfo("UTC")) is None:
        problems.append(Problem("no_date", name, value))
    else:
        filters.append(Filter(name, value.lower() if name in CHOICES else value, is_without))


def span_of(value: str, zone: ZoneInfo) -> Span | None:
    """The year "2026", month "2026-10" or day "2026-10-05" in that zone: [from, to) instants. None for
    anything else."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(each) if each else None for each in found.groups())
    try:
        first = datetime(year or 0, month or 1, day or 1)  # noqa: DTZ001 - local: a zone is put to it below
        if day:
            last = first + timedelta(days=1)
        elif month:
            last = (first + timedelta(days=31)).replace(day=1)
        else:
            last = first.replace(year=first.year + 1)
        return local_to_instant(zone, first), local_to_instant(zone, last)
    except (ValueError, OverflowError):
        return None
