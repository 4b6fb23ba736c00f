"""Search: tickets by words, phrases, numbers and filters, and the people whom the words may mean."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.desk import search as desk
from helpdesk.i18n import say_list
from helpdesk.rules.search import Problem
from helpdesk.store.people import Person
from helpdesk.web import words
from helpdesk.web.frame import asker, needs, viewer_zone
from helpdesk.web.numbers import page_given

bp = Blueprint("search", __name__, url_prefix="/search")

# What a snippet is of, where it is no message that both sides read.
KINDS = {
    "noted": _l("Note"),
    "resolved": _l("Solution"),
    "cause": _l("Cause"),
    "file": _l("File"),
    "mail_filed": _l("Filed mail"),
}
EXAMPLES = (
    ("printer jam", _l("both words, anywhere in a ticket")),
    ('"paper jam"', _l("the words in this order")),
    ("printer -toner", _l("one word, and not the other")),
    ("HD-12", _l("a ticket by its number, and where it is spoken of")),
    ("is:open", _l("also new, waiting, resolved, closed, unassigned, late, untriaged")),
    ("severity:critical kind:fault", _l("by severity and kind")),
    ('service:erp team:"First line"', _l("by service and team; a part of the name will do")),
    ("assignee:me reporter:ana", _l("by people: a name, an address, me; assignee:nobody")),
    ("after:2026-09 before:2026-11-15", _l("by the day of the report; also on:2026 for a whole year")),
    ("has:file -is:closed", _l("with a file; a minus turns any filter round")),
)


@bp.get("")
@needs("queue.see")
def index() -> str:
    """A page of what is found."""
    question = " ".join(request.args.get("q", "").split())
    page = page_given(desk.LAST_PAGE)
    found = desk.look(asker(), question, zone=ZoneInfo(viewer_zone()), now=g.now, page=page)
    return render_template(
        "search/index.html",
        query=question,
        found=found,
        problems=say_problems(found.problems),
        people=[(person, _reports_of(person)) for person in found.people],
        states=words.STATES,
        kinds=KINDS,
        examples=EXAMPLES,
        page=page,
        previous_url=url_for(".index", q=question, page=page - 1) if page > 1 else None,
        next_url=url_for(".index", q=question, page=page + 1) if found.has_more else None,
    )


def say_problems(problems: Sequence[Problem]) -> list[str]:
    """What is wrong with a question, and what could stand there."""
    return [_said(each) for each in problems]


def _said(problem: Problem) -> str:
    name, value = f"{problem.name}:", problem.value
    if problem.code == "unknown_filter":
        known = say_list(f"{each}:" for each in problem.choices)
        return _(
            "There is no filter “%(name)s”. You can use %(known)s. Words in quotes are no filter.",
            name=name,
            known=known,
        )
    if problem.code == "unknown_value":
        known = say_list(problem.choices)
        return _(
            "“%(name)s” does not know “%(value)s”. It knows %(known)s.", name=name, value=value, known=known
        )
    if problem.code == "no_date":
        return _("“%(value)s” is no date. Write it as 2026, 2026-10 or 2026-10-05.", value=value)
    if problem.name == "service":
        return _("No service is called “%(value)s”.", value=value)
    if problem.name == "team":
        return _("No team is called “%(value)s”.", value=value)
    return _("Nobody is called “%(value)s”.", value=value)


def _reports_of(person: Person) -> str:
    """The search for what the person has reported: by address, which is theirs alone."""
    named = person.email or f'"{person.name}"'
    return url_for(".index", q=f"reporter:{named}")
