"""Which letters somebody gets, in which language and zone: by a link in each letter that they could do
without (RFC 8058)."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import people
from helpdesk.i18n import LOCALES
from helpdesk.outbound import links
from helpdesk.rules.access import Role
from helpdesk.rules.letters import quiet_mode
from helpdesk.schemas.people import ByLinkSchema, zones
from helpdesk.store.people import Person, find_person
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import csrf

bp = Blueprint("quiet", __name__, url_prefix="/quiet")
EVERY = {
    True: ("every", _l("Every message"), _l("Whenever there is news about your reports.")),
    False: ("every", _l("Every letter at once"), _l("Whenever there is news in your tickets.")),
}
QUIET = {
    "milestones": (
        "milestones",
        _l("Only milestones"),
        _l(
            "That we have your report, that it is solved or closed, and whenever we need your answer."
            " All else is on the page of your report. Of maintenance, not that it begins and ends as"
            " announced."
        ),
    ),
    "digest": (
        "digest",
        _l("One letter a day"),
        _l(
            "In the morning, with all that is new in your tickets. Alarms still come at once. Of maintenance,"
            " not that it begins and ends as announced."
        ),
    ),
}


@bp.get("/<token>")
def page(token: str) -> str:
    """The choice; looking changes nothing."""
    return _page(token, _holder(token), {})


@bp.post("/<token>")
@csrf.exempt
def one_click(token: str) -> tuple[str, int]:
    """Fewer letters, as a mail program asks for it without showing a page. The link alone says for whom."""
    person = _holder(token)
    if request.form.get("List-Unsubscribe") != "One-Click":
        abort(400)
    people.choose_mail_mode(person.id, quiet_mode(person.role), now=g.now, address=address())
    return "", 204


@bp.post("/<token>/choice")
def choose(token: str) -> Answer | tuple[str, int]:
    """What the page's form says."""
    person = _holder(token)
    data, errors = load(ByLinkSchema, request.form)
    if data is None:
        return _page(token, person, errors), 422
    mode, locale, zone = data["mail_mode"], data["locale"], data["zone"]
    people.choose_by_link(person.id, mode, locale, zone, now=g.now, address=address())
    flash(_("From now on you get the letters that you chose."))
    return redirect(url_for(".page", token=token), 303)


def mode_options(person: Person) -> list[tuple[str, str, str]]:
    """The modes that somebody may choose between, as tiles (forms.html)."""
    chosen = (EVERY[person.role == Role.REPORTER], QUIET[quiet_mode(person.role)])
    return [(mode, str(label), str(hint)) for mode, label, hint in chosen]


def _holder(token: str) -> Person:
    """Whose link it is; 404 where it is none, or too old: the next letter bears a fresh one."""
    try:
        payload = links.read("quiet", token)
    except links.BadLink:
        abort(404)
    person = find_person(payload["p"])
    return person if person is not None and person.is_active else abort(404)


def _page(token: str, person: Person, errors: Errors) -> str:
    return render_template(
        "quiet/page.html",
        token=token,
        person=person,
        options=mode_options(person),
        typed=request.form if errors else person,
        language_options=list(LOCALES.items()),
        zone_options=[(zone, zone) for zone in zones()],
        errors=errors,
    )
