"""What the set-up pages share: tabs, one list, one way to save a form, rights at every door."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from marshmallow import Schema
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import changes
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.people import Person, list_people
from helpdesk.web.auth import address
from helpdesk.web.forms import load
from helpdesk.web.frame import may

bp = Blueprint("admin", __name__, url_prefix="/admin")

Page = Answer | str | tuple[str, int]
Options = list[tuple[Any, Any]]
TABS = (
    ("index", _l("First steps")),
    ("organisation", _l("Organisation")),
    ("look", _l("Look")),
    ("people", _l("People")),
    ("departments", _l("Departments")),
    ("locations", _l("Locations")),
    ("teams", _l("Teams")),
    ("services", _l("Services")),
    ("imports", _l("Tables")),
    ("skills", _l("Skills")),
    ("calendars", _l("Calendars")),
    ("policies", _l("Targets")),
    ("ladders", _l("Ladders")),
    ("mail", _l("Mail")),
    ("mailboxes", _l("Mailboxes")),
    ("texts", _l("Letters’ texts")),
    ("answers", _l("Answers")),
)
STAFF = tuple(role for role in Role if may_be_in_team(role))
SAID: Mapping[str, Any] = {
    "name_taken": _l("Another one has this name already. Choose a different name."),
    "own_parent": _l("A department cannot belong to itself. Choose another one."),
    "needs_roster": _l("Give the team a roster first, or nobody would ever be on call for it."),
    "above_itself": _l("A team cannot hand up to itself, nor to one that hands up to it. Choose another."),
    "same_roster": _l("The backup must be another roster, or nobody stands in when nobody answers."),
    "circle": _l("%(names)s cannot be chosen: it is this service, or does not work without it itself."),
    "team_in_use": _l("Services or tickets still come to this team. Give them to another team first."),
    "not_staff": _l("Only agents, leads, managers and administrators can be in a team."),
    "address_taken": _l("Somebody else has this mail address already."),
    "number_taken": _l("Somebody else has this number already."),
    "needs_address": _l("An invitation needs a mail address."),
    "too_early": _l("Choose a time that is still to come: what has been counted stays counted."),
    "too_far": _l("Choose a day within the next ten years."),
    "rule_for_all": _l("Choose a kind, a service or a department: the last rule is for all the rest."),
    "last_rule": _l("The last rule stays: every ticket needs targets."),
    "not_in_list": _l("Choose one from the list."),
    "uncovered": _l(
        "Nobody is on call for all that is promised in: %(names)s. Say why you promise it all the same."
    ),
    "no_such_calendar": _l("Choose when it counts."),
    "no_picture": _l("This is no picture that can be shown. Choose a PNG, JPEG or WebP."),
    "too_large": _l("This picture is too large. Use one of at most 64 kB and 2000 pixels a side."),
    "last_administrator": _l("Nobody else could set anything up. Make somebody else an administrator first."),
    "no_such_hours": _l("Write hours from 00:00 to 24:00, each end after its beginning, none over another."),
    "required": _l("Fill this in."),
    "token_url_required": _l("Enter the address at which the provider gives tokens."),
    "client_id_required": _l("Enter the client ID that the provider gave you."),
    "password_required": _l("Enter the password of the mailbox."),
    "client_secret_required": _l("Enter the client secret or the refresh token that the provider gave you."),
    "type_again": _l("Type this again: it was meant for another server, or cannot be read any more."),
    "not_encrypted": _l("Choose an encrypted way; only a server on this machine may go without."),
    "another_mailbox": _l(
        "This would be another mailbox. Switch this one off and add the other, so that no mail is missed."
    ),
    "already_fetched": _l("%(names)s fetches this folder of this account already."),
    "text_syntax": _l(
        "Look at line %(names)s: each opening mark needs its closing one, each “if” its “endif”."
    ),
    "text_forbidden": _l(
        "Look at line %(names)s: only the variables of the list are possible, and “if” with them."
    ),
    "text_unknown": _l("There is no variable %(names)s in this letter. Choose one from the list."),
    "text_needs": _l(
        "Put {{ %(names)s }} into it: else whoever gets the letter does not read what was written."
    ),
    "text_empty": _l("Nothing would be left of it. Write something outside of “if”."),
    "texts_none": _l("Write the answer in at least one language."),
    "variable_unknown": _l("There is no variable %(names)s. Choose one from the list below."),
    "no_such_date": _l("Write dates that exist, with hours from 00:00 to 24:00, none over another."),
}


@bp.context_processor
def _tabs() -> dict[str, Any]:
    here = (request.endpoint or "").removeprefix("admin.").split("_")[0]
    return {
        "admin_tabs": [
            {"label": label, "url": url_for(f"admin.{name}"), "current": here == name}
            for name, label in TABS
            if may("admin.see") or name == "answers"  # a lead keeps those of their team
        ]
    }


def by() -> By:
    """Whoever is at the door, now."""
    return By(g.now, current_user.id, address())


def form_page(
    template: str,
    typed: Mapping[str, Any],
    schema: Schema | type[Schema],
    save: Callable[[dict[str, Any], str | None], object],
    done: str | Callable[[Any], str],
    *,
    state: Mapping[str, Any] | None = None,
    look: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    right: str = "admin.edit",
    **shown: Any,
) -> Page:
    """A form as it is now (GET), or saved (POST): back to `done`, or shown again with what was typed.

    `look` is given what the schema loaded where the button pressed was "look": it saves nothing, and returns
    what the form shows besides.

    `typed` is what it shows; `state` what the desk compares with (None: a new thing). `save` is given what
    the schema loaded and the marker of what the form was opened with. `right`: who may save.
    """
    shown["right"] = right
    marker = changes.marker_of(state) if state is not None else ""
    if request.method == "GET":
        return render_template(template, typed=typed, marker=marker, errors={}, **shown)
    if not may(right):
        abort(404)
    data, errors = load(schema, request.form)
    if data is not None:
        try:
            if look is not None and request.form.get("do") == "look":
                marker = request.form.get("marker", "")
                shown |= look(data)
                return render_template(template, typed=request.form, marker=marker, errors={}, **shown)
            saved = save(data, request.form.get("marker", ""))
            flash(_("Saved."))
            return redirect(done if isinstance(done, str) else done(saved), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except Refused as fault:
            said = SAID.get(f"{fault.field}_{fault.code}") or SAID[fault.code]
            errors = {fault.field: [str(said) % {"names": fault.names}]}
    marker = request.form.get("marker", "")
    return render_template(template, typed=request.form, marker=marker, errors=errors, **shown), 422


def changed_meanwhile() -> Markup:
    """Somebody was faster: what to do."""
    said = _("Somebody else has changed this since you opened it. Nothing was saved.")
    link = Markup('<a href="{}">{}</a>').format(request.path, _("Open it as it is now"))
    return Markup("{} {}").format(said, link)


def list_page(
    title: str,
    columns: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    *,
    lead: str = "",
    new: tuple[str, str] | None = None,
    right: str = "admin.edit",
    **shown: Any,
) -> str:
    """A list of things; `columns` are labels, `new` the address and words of the button that adds one, for
    whoever has the `right`."""
    return render_template(
        shown.pop("template", "admin/list.html"),
        title=title,
        columns=[{"label": label} for label in columns],
        rows=rows,
        lead=lead,
        new=new if may(right) else None,
        **shown,
    )


def link(url: str, text: str, note: str = "") -> Markup:
    """A name that leads to its page, a small line below it."""
    small = Markup('<small class="under">{}</small>').format(note) if note else ""
    return Markup('<a href="{}">{}</a>{}').format(url, text, small)


def chips(*found: tuple[bool, Any, str]) -> Markup:
    """The words of those that hold, each with its tone."""
    chip = Markup('<span class="chip {}">{}</span>')
    return Markup(" ").join(chip.format(tone, text) for holds, text, tone in found if holds)


def staff_options(*, also: Person | None = None) -> Options:
    """Everybody who can be in a team, and whoever is chosen already."""
    found = [(person.id, person.name) for person in list_people(roles=STAFF, limit=1000)]
    if also is not None and also.id not in [person_id for person_id, _name in found]:
        found.append((also.id, _("%(name)s (has left)", name=also.name)))
    return found
