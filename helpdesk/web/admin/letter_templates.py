"""Letters' texts: what the organisation words itself, looked at before it is published."""

from typing import Any

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import letter_templates as desk
from helpdesk.desk.changes import ChangedMeanwhile
from helpdesk.i18n import LOCALES, html_lang
from helpdesk.outbound import letter_samples
from helpdesk.outbound.letter_texts import KINDS, NEEDED, VARIABLES, Unusable
from helpdesk.schemas.letter_templates import LetterTemplateSchema
from helpdesk.store.letter_templates import (
    LetterTemplate,
    list_letter_templates,
    list_letter_templates_in_force,
)
from helpdesk.web.admin.frame import (
    SAID,
    Page,
    bp,
    by,
    changed_meanwhile,
    chips,
    form_page,
    link,
    list_page,
)
from helpdesk.web.forms import load
from helpdesk.web.frame import CSP, needs
from helpdesk.web.letter_words import NAMES
from helpdesk.web.letters import INNER_CSP


@bp.get("/texts")
@needs("admin.see")
def texts() -> str:
    """Every letter that can be worded anew, in every language."""
    own = {(text.kind, text.locale): text for text in list_letter_templates_in_force()}
    return list_page(
        _("Letters’ texts"),
        [_("Letter"), *LOCALES.values()],
        [
            [NAMES[kind], *(_cell(kind, locale, own.get((kind, locale))) for locale in LOCALES)]
            for kind in KINDS
        ],
        lead=_("Word letters as your organisation speaks. Number, promise and button always stay in them."),
    )


def _cell(kind: str, locale: str, own: LetterTemplate | None) -> Markup:
    url = url_for(".texts_edit", kind=kind, locale=locale)
    if own is None:
        return link(url, _("installed"))
    is_broken = _fault(own) is not None
    chip = chips((not is_broken, _("in force"), "ok"), (is_broken, _("cannot be used"), "late"))
    return Markup("{} {}").format(link(url, _("your own")), chip)


def _fault(own: LetterTemplate) -> str | None:
    """Why the text is not used although it is published; None where it is."""
    try:
        letter_samples.look(own.kind, own.locale, (own.subject, own.body), g.now)
    except Unusable as fault:
        return _say(fault)
    return None


def _say(fault: Unusable) -> str:
    return str(SAID[f"text_{fault.code}"]) % {"names": fault.names}


@bp.route("/texts/<kind>/<locale>", methods=["GET", "POST"])
@needs("admin.see")
def texts_edit(kind: str, locale: str) -> Page:
    """One of them: its words, what may stand in it, and what it said before."""
    _require_known(kind, locale)
    state, history = desk.state_of(kind, locale), list_letter_templates(kind, locale)
    own = history[0] if history and history[0].body else None
    subject, body = (own.subject, own.body) if own else letter_samples.begin(kind, locale, g.now)
    page = form_page(
        "admin/letter_text.html",
        {"subject": subject, "body": body},
        LetterTemplateSchema,
        lambda data, seen: desk.publish(kind, locale, **data, by=by(), seen=seen),
        url_for(".texts_edit", kind=kind, locale=locale),
        state=state,
        title=NAMES[kind],
        kind=kind,
        locale=locale,
        lang=html_lang(locale),
        is_about_ticket="number" in KINDS[kind],
        languages=[
            {"label": name, "url": url_for(".texts_edit", kind=kind, locale=code), "current": code == locale}
            for code, name in LOCALES.items()
        ],
        variables=[(name, VARIABLES[name], name == NEEDED.get(kind)) for name in KINDS[kind]],
        own=own,
        fault=_fault(own) if own else None,
        history=history,
    )
    return _with_frame(page)


@bp.get("/texts/<kind>/<locale>/look")
@needs("admin.see")
def texts_shown(kind: str, locale: str) -> Answer:
    """The letter as it goes out now, for the frame on the page."""
    _require_known(kind, locale)
    state = desk.state_of(kind, locale)
    own = (state["subject"], state["body"]) if state["body"] else letter_samples.begin(kind, locale, g.now)
    return _looked_at(kind, locale, own)


@bp.post("/texts/<kind>/<locale>/look")
@needs("admin.edit")
def texts_look(kind: str, locale: str) -> Answer:
    """The letter with what is typed, for the same frame; nothing is saved."""
    _require_known(kind, locale)
    data, errors = load(LetterTemplateSchema, request.form)
    if data is None:
        return _framed_faults([text for texts in errors.values() for text in texts])
    return _looked_at(kind, locale, (data["subject"], data["body"]))


def _looked_at(kind: str, locale: str, own: tuple[str, str]) -> Answer:
    try:
        return _framed(letter_samples.look(kind, locale, own, g.now)[2])
    except Unusable as fault:
        return _framed_faults([_say(fault)])


@bp.post("/texts/<kind>/<locale>/back")
@needs("admin.edit")
def texts_back(kind: str, locale: str) -> Answer:
    """Back to the installed text."""
    _require_known(kind, locale)
    try:
        desk.publish(kind, locale, "", "", by=by(), seen=request.form.get("marker", ""))
    except ChangedMeanwhile:
        flash(changed_meanwhile(), "error")
    else:
        flash(_("The installed text is in force again. What you wrote stays in the history."))
    return redirect(url_for(".texts_edit", kind=kind, locale=locale), 303)


def _require_known(kind: str, locale: str) -> None:
    if kind not in KINDS or locale not in LOCALES:
        abort(404)


def _with_frame(page: Any) -> Any:
    """The page may hold the frame in which the letter is looked at."""
    body, status = page if isinstance(page, tuple) else (page, 200)
    if isinstance(body, Answer):
        return body
    answer = Response(body, status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


def _framed_faults(said: list[str]) -> Response:
    return _framed(render_template("admin/letter_text_fault.html", said=said))


def _framed(html: str) -> Response:
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = INNER_CSP
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer
