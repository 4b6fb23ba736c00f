"""Canned answers: an administrator keeps those of all teams, a lead those of the teams they lead."""

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import canned_answers as desk
from helpdesk.desk.changes import Refused
from helpdesk.i18n import LOCALES, html_lang, say_list
from helpdesk.rules.access import Role, may_for_team
from helpdesk.rules.canned_answers import VARIABLES
from helpdesk.schemas.canned_answers import CannedAnswerSchema, texts_of
from helpdesk.store.canned_answers import CannedAnswer, find_canned_answer, list_canned_answers
from helpdesk.store.teams import list_teams
from helpdesk.web.admin.frame import Options, Page, bp, by, form_page, link, list_page
from helpdesk.web.frame import asker, needs

EDIT = "canned_answer.edit"
MEANINGS = {
    "ticket.number": _l("the ticket's number"),
    "ticket.subject": _l("the ticket's subject"),
    "reporter.name": _l("who reported it"),
    "service": _l("the service; empty where it is about none"),
    "team": _l("the team that has the ticket"),
    "agent.name": _l("who puts the answer in"),
    "promise": _l("by when the reporter hears from us; empty where nothing is promised"),
    "organisation": _l("the name of your organisation"),
    "hotline": _l("the number to call; empty where there is none"),
}


@bp.get("/answers")
@needs("canned_answer.see")
def answers() -> str:
    """Those that whoever is at the door keeps, or reads."""
    return list_page(
        _("Answers"),
        [_("Name"), _("Team"), _("Languages")],
        [_row(each) for each in list_canned_answers(*_within())],
        lead=_("What is answered often, ready to be put into a reply, with the ticket's own values in it."),
        new=(url_for(".answers_new"), _("Add an answer")),
        right=EDIT,
    )


def _row(answer: CannedAnswer) -> list[Any]:
    url = url_for(".answers_edit", answer_id=answer.id)
    languages = say_list(name for locale, name in LOCALES.items() if answer.texts.get(locale))
    return [link(url, answer.name), answer.team.name if answer.team else _("all teams"), languages]


def _within() -> tuple[frozenset[int] | None, bool]:
    """Of which teams the asker sees the answers (None: of all), and whether those of no team."""
    return (asker().lead_of, False) if asker().role is Role.LEAD else (None, True)


@bp.route("/answers/new", methods=["GET", "POST"])
@needs(EDIT)
def answers_new() -> Page:
    """Adds one."""
    return _form(None)


@bp.route("/answers/<int:answer_id>", methods=["GET", "POST"])
@needs("canned_answer.see")
def answers_edit(answer_id: int) -> Page:
    """Its words in each language."""
    return _form(_answer(answer_id, "canned_answer.see"))


@bp.post("/answers/<int:answer_id>/delete")
@needs(EDIT)
def answers_delete(answer_id: int) -> Answer:
    """Takes it out of the list."""
    answer = _answer(answer_id, EDIT)
    desk.delete(answer.id, by())
    flash(_("“%(name)s” is deleted. What was sent with it stays.", name=answer.name))
    return redirect(url_for(".answers"), 303)


def _answer(answer_id: int, action: str) -> CannedAnswer:
    found = find_canned_answer(answer_id)
    if found is None or not may_for_team(asker(), action, found.team_id):
        abort(404)
    return found


def _form(answer: CannedAnswer | None) -> Page:
    state = desk.state_of(answer) if answer else None
    texts = {f"text_{locale}": text for locale, text in (answer.texts if answer else {}).items()}
    teams = _teams()
    begun = {"team_id": teams[0][0]} if len(teams) == 1 and not _keeps_general() else {}
    return form_page(
        "admin/canned_answer.html",
        {**state, **texts} if state else begun,
        CannedAnswerSchema,
        lambda data, seen: _save(answer, data, seen),
        url_for(".answers"),
        state=state,
        right=EDIT,
        title=answer.name if answer else _("Add an answer"),
        answer=answer,
        keeps_general=_keeps_general(),
        team_options=teams,
        languages=[(locale, name, html_lang(locale)) for locale, name in LOCALES.items()],
        variables=[(name, MEANINGS[name]) for name in VARIABLES],
    )


def _save(answer: CannedAnswer | None, data: dict[str, Any], seen: str | None) -> CannedAnswer:
    texts = texts_of(data)
    if not may_for_team(asker(), EDIT, data["team_id"]):
        raise Refused("team_id", "not_in_list")
    if data["team_id"] not in {None, *(team_id for team_id, _name in _teams(active_only=False))}:
        raise Refused("team_id", "not_in_list")
    return desk.save(answer.id if answer else None, {**data, "texts": texts}, by(), seen)


def _keeps_general() -> bool:
    """Whether the asker keeps what is for all teams."""
    return may_for_team(asker(), EDIT, None)


def _teams(active_only: bool = True) -> Options:
    """The teams whose answers the asker keeps."""
    return [(t.id, t.name) for t in list_teams(active_only) if may_for_team(asker(), EDIT, t.id)]
