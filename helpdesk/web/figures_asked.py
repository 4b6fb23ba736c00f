"""What a page of figures is asked, read from its address, and the ways to ask it otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import g, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from marshmallow import Schema

from helpdesk import i18n
from helpdesk.desk import figures as desk
from helpdesk.outbound.figure_words import (
    DIMENSIONS,
    GRAINS,
    KINDS,
    PERIODS,
    PROMISES,
    VERDICTS,
    say_as_of,
    say_itself,
    say_key,
)
from helpdesk.rules.figures import Grain, Verdict, days_beside, grains_for
from helpdesk.rules.lifecycle import Kind
from helpdesk.schemas.figures import FiguresSchema
from helpdesk.store.facts import find_tickets_left
from helpdesk.store.organisation import find_organisation
from helpdesk.web.forms import Errors, load

NARROWING = ("target", "verdict", "excused", *DIMENSIONS)
LIST_ONLY = ("target", "verdict", "excused")  # what narrows a list, but no page of figures


@dataclass(frozen=True)
class Page:
    """A valid question: what the address says, and what it means."""

    data: dict[str, Any]
    asked: desk.Asked

    @property
    def words(self) -> dict[str, str]:
        """The question as an address holds it."""
        names = [
            "kind",
            "grain",
            "by",
            *NARROWING,
            "alone",
            *(("since", "until") if self.is_own else ("period",)),
        ]
        given = {name: str(self.data[name]) for name in names if self.data[name] is not None}
        return given | ({"as_of": _utc(self.asked)} if self.asked.question.as_of else {})

    @property
    def is_own(self) -> bool:
        """Whether it is of days of one's own choice."""
        return self.data["since"] is not None

    def url(self, endpoint: str, **other: Any) -> str:
        """The same question elsewhere, or a little otherwise (None: no longer)."""
        asked = {k: v for k, v in {**self.words, **other}.items() if v is not None}
        return url_for(endpoint if "." in endpoint else f"figures.{endpoint}", **asked)

    @property
    def here(self) -> str:
        """The same question as it stands for ever: its days, and as of when it was answered."""
        days = {"period": None, "since": self.asked.first, "until": self.asked.last}
        return self.url(_endpoint(), as_of=_utc(self.asked), **days)


# Views of files, and the page that stands for one which could not be made: it says what to mend.
_PAGE_OF = {
    "export": "index",
    "export_promises": "tickets",
    "export_tickets": "tickets",
    "export_list": "listed",
}


def _endpoint() -> str:
    """That of the page that is shown."""
    pages, _dot, view = (request.endpoint or "figures.index").rpartition(".")
    return f"{pages}.{_PAGE_OF.get(view, view)}"


def _utc(asked: desk.Asked) -> str:
    # To the microsecond: what was entered in this very second is on the page, or it is not.
    return asked.seen_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read(schema: type[Schema] = FiguresSchema) -> tuple[Page, Errors]:
    """The question; where it cannot be read, the plain one, and what to mend."""
    organisation = find_organisation()
    zone = organisation.zone if organisation else "UTC"
    data, errors = load(schema, request.args)
    plain = cast(dict[str, Any], schema().load({}))
    asked = desk.ask(data or plain, zone, g.now)
    if asked.question.as_of is not None and asked.question.as_of > g.now:
        errors, data = {"as_of": [_("Choose an instant that has passed.")]}, None
        asked = desk.ask(plain, zone, g.now)
    return Page(data or plain, asked), errors


def whole(page: Page) -> Page:
    """The question without what narrows a list alone."""
    nothing: Any = dict.fromkeys(LIST_ONLY)
    question = replace(page.asked.question, **nothing)
    return Page(page.data | nothing, replace(page.asked, question=question))


def live(page: Page, dropped: Iterable[str]) -> Page:
    """The question of the same days as things are now known, no longer narrowed by what is `dropped`."""
    gone = ("as_of", *dropped)
    fields: Any = {_FIELDS.get(name, name): None for name in gone}
    data = page.data | dict.fromkeys(gone)
    if page.asked.question.as_of is not None:
        fields["beside"] = None  # what was open and excused then
        data |= {"period": None, "since": page.asked.first, "until": page.asked.last}  # not those of today
    question = replace(page.asked.question, **fields)
    return replace(page, data=data, asked=replace(page.asked, question=question))


_FIELDS = {name: f"{name}_id" for name in ("service", "team", "person", "department")} | {"alone": "is_alone"}


def settled(page: Page) -> Page:
    """The question made ready to be asked."""
    return replace(page, asked=desk.settled(page.asked))


def frame(page: Page, errors: Errors) -> dict[str, Any]:
    """What the head of every page of figures shows: kinds, periods, as of when, and what narrows it."""
    asked, here = page.asked, _endpoint()
    as_of = asked.question.as_of
    return {
        "asked": page,
        "errors": errors,
        "typed": request.args if errors else _typed(page),
        "kind_tabs": [
            _tab(str(label), page.url(here, kind=kind.value), asked.question.kind == kind)
            for kind, label in KINDS.items()
        ],
        "period_tabs": _period_tabs(page, errors, here),
        "beside": _beside(page, here),
        "days": say_days(asked),
        "zone": i18n.zone_city(asked.zone),
        "as_of": i18n.say_second(asked.seen_at, asked.zone),
        "now_url": page.url(here, as_of=None) if as_of else None,
        "kind": str(KINDS[Kind(asked.question.kind)]),
        "facts_left": format_decimal(left) if (left := find_tickets_left()) else None,
        "chips": _chips(page, here),
        "form_words": {k: v for k, v in page.words.items() if k not in ("period", "since", "until", "as_of")},
    }


def say_days(asked: desk.Asked) -> str:
    """The days of the question."""
    if asked.first == asked.last:
        return i18n.say_weekday_and_date(asked.first)
    return _("%(first)s to %(last)s", first=i18n.say_date(asked.first), last=i18n.say_date(asked.last))


def _typed(page: Page) -> dict[str, Any]:
    local = say_as_of(page.asked)[:19] if page.asked.question.as_of else ""
    return {"since": page.asked.first, "until": page.asked.last, "as_of": local}


def _tab(label: str, url: str, is_current: bool) -> dict[str, Any]:
    return {"label": label, "url": url, "current": is_current}


def _period_tabs(page: Page, errors: Errors, here: str) -> list[dict[str, Any]]:
    is_named = not page.is_own and not errors
    return [
        _tab(
            str(label),
            page.url(here, period=period.value, since=None, until=None, grain=None),
            is_named and page.data["period"] == period,
        )
        for period, label in PERIODS.items()
    ]


def _beside(page: Page, here: str) -> list[tuple[str, str]]:
    """The ways to the like days before and after."""
    asked = page.asked
    today = asked.seen_at.astimezone(ZoneInfo(asked.zone)).date()
    found = []
    for forth, said in ((False, _("Earlier")), (True, _("Later"))):
        days = days_beside(asked.first, asked.last, today, forth)
        if days:
            url = page.url(here, period=None, since=days[0], until=days[1])
            found.append((said, url))
    return found


def grain_tabs(page: Page) -> list[dict[str, Any]]:
    """How the charts can be parted."""
    asked = page.asked
    return [
        _tab(str(GRAINS[grain]), page.url("index", grain=grain.value), asked.grain == grain)
        for grain in grains_for(asked.first, asked.last)
        if grain is Grain.DAY or (asked.last - asked.first).days >= _SHORTEST[grain]
    ]


_SHORTEST = {Grain.WEEK: 6, Grain.MONTH: 27, Grain.QUARTER: 88, Grain.YEAR: 364}


def by_tabs(page: Page) -> list[dict[str, Any]]:
    """By what the table can be parted."""
    return [
        _tab(str(title), page.url("index", by=by), page.asked.by == by)
        for by, (title, _table, _none) in DIMENSIONS.items()
    ]


def _chips(page: Page, here: str) -> list[tuple[str, str]]:
    """What narrows the question, each with the way to it without."""
    data = page.data
    said = {
        "target": lambda: str(PROMISES[data["target"]]),
        "verdict": lambda: str(VERDICTS[Verdict(data["verdict"])]),
        "excused": lambda: _("Excused") if data["excused"] else _("Not excused"),
    }
    return [
        (said[name]() if name in said else _say(page, name), page.url(here, **_without(name)))
        for name in NARROWING
        if data[name] is not None
    ]


def _say(page: Page, by: str) -> str:
    key = page.data[by]
    said = say_key(by, key, desk.names_of(by, [key]))
    return say_itself(said) if by == "department" and page.data["alone"] else said


def _without(name: str) -> dict[str, None]:
    return {name: None, "alone": None} if name == "department" else {name: None}
