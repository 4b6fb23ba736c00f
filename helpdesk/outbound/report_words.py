"""Reports in words, for letters: in the language in force when a letter is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.outbound.figure_words import KINDS
from helpdesk.outbound.report_tables import TABLES, Table

if TYPE_CHECKING:
    from helpdesk.desk.reports import Report

NAMES = {
    "compliance": _l("Promises kept"),
    "work": _l("How the desk works"),
    "games": _l("Games beside the figures"),
    "reviews": _l("Reviews of broken promises"),
    "follow_ups": _l("Follow-ups"),
    "kpis": _l("Key figures"),
}


@dataclass(frozen=True)
class Said:
    """A report in words: what it is of, which days, as of when, and its tables."""

    title: str
    days: str
    about: str
    tables: Sequence[Table]


def say(report: "Report", zone: str) -> Said:
    """The report in the language in force, for a reader in that zone."""
    question, name = report.question, str(NAMES[report.code])
    first, last = i18n.say_date(question.first), i18n.say_date(question.last)
    about = _(
        "Days begin in %(zone)s. As of %(time)s (%(own)s).",
        zone=i18n.zone_city(question.zone),
        time=i18n.say_instant(question.now, zone),
        own=i18n.zone_city(zone),
    )
    return Said(
        title=i18n.say_of(name, str(KINDS[question.asked["kind"]])) if report.has_kind else name,
        days=first if first == last else _("%(first)s to %(last)s", first=first, last=last),
        about=about,
        tables=TABLES[report.code](report.found, zone),
    )
