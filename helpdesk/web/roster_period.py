"""The week or month that a roster's page shows, and the ways to others."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel.dates import format_interval, format_skeleton
from flask import url_for
from flask_babel import gettext as _

from helpdesk.web.roster_board import WEEK, day_locale, monday_of


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return next_month(day) - timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The week or month (`view`) of a roster in which `day` lies, in whole weeks."""

    roster_id: int
    view: str
    day: date

    @property
    def first(self) -> date:
        """The Monday with which it begins."""
        return monday_of(self.day.replace(day=1) if self.view == "month" else self.day)

    @property
    def weeks(self) -> int:
        return ((next_month(self.day) - self.first).days + 6) // 7 if self.view == "month" else 1

    @property
    def title(self) -> str:
        if self.view == "month":
            return format_skeleton("yMMMM", self.day, locale=day_locale())
        return format_interval(self.first, self.first + timedelta(days=6), "yMMMd", locale=day_locale())

    def tabs(self) -> list[dict[str, Any]]:
        """Week and month, for the macro `tabs`."""
        names = {"week": _("Week"), "month": _("Month")}
        return [
            {"label": label, "url": self._url(name, self.day), "current": name == self.view}
            for name, label in names.items()
        ]

    def around(self) -> dict[str, str]:
        """Addresses of the time before and after, and of today's."""
        before, after = self.day - WEEK, self.day + WEEK
        if self.view == "month":
            before, after = (self.day.replace(day=1) - timedelta(days=1)).replace(day=1), next_month(self.day)
        today = url_for("rosters.show", roster_id=self.roster_id, view=self.view)
        return {"before": self._url(self.view, before), "after": self._url(self.view, after), "today": today}

    def _url(self, view: str, day: date) -> str:
        return url_for("rosters.show", roster_id=self.roster_id, view=view, day=day.isoformat())
