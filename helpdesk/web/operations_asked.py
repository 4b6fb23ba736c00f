"""What the page on how the desk works is asked, and where its figures lead."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.outbound.operation_words import BANDS, say_hour
from helpdesk.rules.distribution import quarters_of
from helpdesk.schemas.operations import OperationsSchema, TicketsSchema
from helpdesk.store.operation_lists import Behind
from helpdesk.store.people import get_names
from helpdesk.web import figures_asked
from helpdesk.web.figures_asked import Page, read
from helpdesk.web.forms import Errors

LISTED = ("what", "at", "age", "weekday", "hour", "stars", "actor")  # what chooses and narrows a list alone


@dataclass(frozen=True)
class WorkPage(Page):
    """A question about how the desk works, or about a list behind one of its figures."""

    @property
    def words(self) -> dict[str, str]:
        """The question as an address holds it."""
        given = {name: str(self.data[name]) for name in LISTED if self.data.get(name) is not None}
        if "at" in given:
            given["at"] = self.data["at"].isoformat()
        return super().words | given

    def figures_url(self, **other: Any) -> str:
        """The page of figures with the same question, or a little otherwise."""
        return self.url("operations.index", **dict.fromkeys(LISTED), **other)

    def list_url(self, what: str, **other: Any) -> str:
        """The list behind a figure of the same question."""
        chosen = dict.fromkeys(LISTED) | {"what": what} | other
        return self.url("operations.tickets", **chosen)

    def behind(self) -> Behind:
        """What the list shows."""
        data, asked = self.data, self.asked
        quarters = None
        if data["weekday"] is not None:
            question, cell = asked.question, (data["weekday"], data["hour"])
            until = min(question.until, max(question.since, question.now))
            quarters = quarters_of(*cell, question.since, until, ZoneInfo(asked.zone))
        return Behind(data["what"], data["at"], data["age"], quarters, data["stars"], data["actor"])

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What narrows the list alone, each with the way to it without."""
        data, found = self.data, []
        if data["age"] is not None:
            found.append((str(BANDS[data["age"]]), self.list_url(data["what"])))
        if data["at"] is not None:
            found.append((i18n.say_instant(data["at"], self.asked.zone), self.list_url(data["what"])))
        if data["weekday"] is not None:
            day, hour = i18n.weekday_names()[data["weekday"]], data["hour"]
            said = day if hour is None else _("%(day)s %(hours)s", day=day, hours=say_hour(hour))
            found.append((said, self.list_url(data["what"])))
        if data["stars"] is not None:
            found.append((_("%(count)s stars", count=data["stars"]), self.list_url(data["what"])))
        if data["actor"] is not None:
            name = get_names({data["actor"]}).get(data["actor"], "–")
            found.append((name, self.figures_url()))
        return found


def ask(is_list: bool = False) -> tuple[WorkPage, Errors]:
    """The question; where it cannot be read, the plain one, and what to mend."""
    page, errors = read(TicketsSchema if is_list else OperationsSchema)
    return WorkPage(page.data, page.asked), errors


def frame(page: WorkPage, errors: Errors) -> dict[str, Any]:
    """What the head of each of the pages shows: as that of all figures, but always as of now."""
    return figures_asked.frame(page, errors) | {"is_live": True}
