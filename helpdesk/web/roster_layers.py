"""The page on which a roster's layers are defined and looked at before they are kept."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from helpdesk.desk.roster_plans import save_layers
from helpdesk.desk.rosters import LayerDraft, draft_of
from helpdesk.i18n import say_date, say_time
from helpdesk.rules.scenario import ScenarioError
from helpdesk.schemas.hours import WEEKDAYS, hours_form
from helpdesk.schemas.rosters import ALWAYS, OWN, LayerSchema, VersionSchema
from helpdesk.store.policies import list_calendars
from helpdesk.store.rosters import Roster
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.roster_board import Boards, local_text, monday_of, parse_day
from helpdesk.web.roster_doors import people_options, roster_to_edit

bp = Blueprint("layers", __name__)
Typed = dict[str, Any]

MOST = 12  # layers
SINCE_EVER = 2000  # the year of the first version of rosters that are older than versions
PREVIEW_WEEKS = 4
FIELDS = ("name", "starts_at", "ends_at", "every", "unit", "when", *WEEKDAYS, "dates")
_HOURS = _l("Write hours from 00:00 to 24:00, each end after its beginning, none over another.")
# What the rule refuses, by the field at fault.
REFUSED: dict[str, Any] = {
    "name": _l("Another layer has this name already."),
    "people": _l("Choose at least one person."),
    "starts_at": _l("There is no such day or time."),
    "ends_at": _l("The end must exist and be later than the first turn."),
    "dates": _l("Write dates that exist, with hours from 00:00 to 24:00, none over another."),
    **dict.fromkeys(WEEKDAYS, _HOURS),
}
_PLACE = re.compile(r"roster\.layers\[(\d+)\]\.(?:hours\.week\.)?(?:hours\.)?(\w+)")


@bp.get("/<int:roster_id>/layers")
@needs("roster.edit")
def edit(roster_id: int) -> str:
    """The layers of the newest version, or of the one that is asked for, from when it is planned; a first
    one to fill in where there is none."""
    roster = roster_to_edit(roster_id)
    number = request.args.get("version", len(roster.versions), int)
    chosen = [version for version in roster.versions if version.number == number]
    typed = [_typed_of(draft_of(layer)) for version in chosen for layer in version.layers]
    planned = next((local_text(v.effective_at, roster.zone) for v in chosen if v.effective_at > g.now), "")
    return _page(roster, typed or [_blank(roster)], since=planned)


@bp.post("/<int:roster_id>/layers")
@needs("roster.edit")
def save(roster_id: int) -> Answer | str | tuple[str, int]:
    """`do`: save or preview them all, add one, or remove-N, up-N, down-N one."""
    roster = roster_to_edit(roster_id)
    count = min(request.form.get("count", 0, int), MOST)
    typed = [_typed(f"layers-{n}-") for n in range(count)]
    do, _dash, place = request.form.get("do", "preview").partition("-")
    if do in ("add", "remove", "up", "down"):
        return _page(roster, _rearranged(typed, do, int(place) if place.isdigit() else 0, roster))
    drafts, errors = _load(typed)
    version, wrong = load(VersionSchema(zone=roster.zone), request.form)
    if version is not None and version["since"] is not None and version["since"] < g.now:
        wrong = {"since": [_("What was stays as it was. Choose a time to come, or leave this empty.")]}
    errors |= wrong
    if version is not None and not errors:
        since, reason = version["since"], version["reason"]
        try:
            if do == "save":
                save_layers(roster_id, drafts, effective_at=since, reason=reason, **_by())
                flash(_("The layers are saved."))
                return redirect(_shown_from(roster, since), 303)
            return _page(roster, typed, preview=_preview(roster, drafts, since or g.now))
        except ScenarioError as fault:
            errors = _refused(str(fault))
    return _page(roster, typed, errors), 422


def _by() -> dict[str, Any]:
    return {"now": g.now, "actor_id": current_user.id, "address": address()}


def _shown_from(roster: Roster, since: datetime | None) -> str:
    """The roster's page, where the layers hold."""
    day = None if since is None else since.astimezone(ZoneInfo(roster.zone)).date().isoformat()
    return url_for("rosters.show", roster_id=roster.id, day=day)


def _preview(roster: Roster, drafts: list[LayerDraft], since: datetime) -> Boards:
    """The weeks from the one in which the drafts begin to hold, and what was before that."""
    first = monday_of(since.astimezone(ZoneInfo(roster.zone)).date())
    viewer = (current_user.id, viewer_zone())
    return Boards(roster, first, PREVIEW_WEEKS, viewer, g.now, drafts, since)


def _page(
    roster: Roster,
    typed: list[Typed],
    errors: Errors | None = None,
    preview: Boards | None = None,
    since: str = "",
) -> str:
    chosen = {int(p) for layer in typed for p in layer["people"] if str(p).isdigit()}
    return render_template(
        "rosters/layers.html",
        roster=roster,
        typed=typed,
        version={"since": request.form.get("since", since), "reason": request.form.get("reason", "")},
        errors=errors or {},
        people=people_options(roster, chosen),
        hours=_hours(),
        preview=preview,
        most=MOST,
        versions=_versions(roster),
    )


def _hours() -> list[tuple[str, str]]:
    """When a layer puts somebody: always, in a calendar's hours, or in its own."""
    calendars = [
        (str(calendar.id), _("In the hours of %(name)s", name=calendar.name)) for calendar in list_calendars()
    ]
    return [(ALWAYS, _("At all hours")), *calendars, (OWN, _("Only at certain hours, below"))]


def _versions(roster: Roster) -> list[Typed]:
    """The roster's versions, the newest first, without those that never hold: since when, and until when
    where another replaced them."""
    found: list[Typed] = []
    until: datetime | None = None
    for version in reversed(roster.versions):
        since = version.effective_at
        if until is None or since < until:
            is_planned = since > g.now
            holds = not is_planned and (until is None or g.now < until)
            found.append(
                {
                    "version": version,
                    "since": _say_in(roster, since) if since.year > SINCE_EVER else None,
                    "until": until and _say_in(roster, until),
                    "holds": holds,
                    "is_planned": is_planned,
                }
            )
            until = since
    return found


def _say_in(roster: Roster, at: datetime) -> str:
    """A date with its year, and the time, in the roster's zone."""
    return f"{say_date(at.astimezone(ZoneInfo(roster.zone)).date())}, {say_time(at, roster.zone)}"


def _typed(prefix: str) -> Typed:
    """A layer as the form brought it."""
    values: Typed = {name: request.form.get(prefix + name, "") for name in FIELDS}
    return {**values, "people": [p for p in request.form.getlist(prefix + "people") if p]}


def _typed_of(draft: LayerDraft) -> Typed:
    """A stored layer as the form shows it."""
    return {
        "name": draft["name"],
        "people": draft["people"],
        "starts_at": draft["starts_at"][:16],
        "ends_at": (draft["ends_at"] or "")[:16],
        "every": draft["every"],
        "unit": draft["unit"],
        "when": _when(draft),
        **hours_form(draft["hours"]),
    }


def _when(draft: LayerDraft) -> str:
    if draft.get("calendar_id") is not None:
        return str(draft["calendar_id"])
    return ALWAYS if draft["hours"] is None else OWN


def _blank(roster: Roster) -> Typed:
    """A layer to fill in: weekly turns from this Monday on."""
    monday = monday_of(parse_day("", roster.zone, g.now))
    starts_at = f"{monday.isoformat()}T09:00"
    empty: Typed = dict.fromkeys(FIELDS, "")
    return {**empty, "people": [], "starts_at": starts_at, "every": 1, "unit": "weeks", "when": ALWAYS}


def _rearranged(typed: list[Typed], do: str, place: int, roster: Roster) -> list[Typed]:
    if do == "add":
        return [*typed, _blank(roster)] if len(typed) < MOST else typed
    if place >= len(typed):
        return typed
    layer = typed.pop(place)
    if do != "remove":
        # The page shows the topmost first; "up" is towards it, the end of the list.
        typed.insert(max(place + (1 if do == "up" else -1), 0), layer)
    return typed


def _load(typed: list[Typed]) -> tuple[list[LayerDraft], Errors]:
    drafts: list[LayerDraft] = []
    errors: Errors = {}
    calendars = {value for value, _label in _hours()}
    for n, layer in enumerate(typed):
        pairs = [(name, str(layer[name])) for name in FIELDS]
        pairs += [("people", str(person)) for person in layer["people"]]
        data, wrong = load(LayerSchema, MultiDict(pairs))
        if layer["when"] not in calendars:
            wrong["when"] = [_("Choose hours from the list.")]
        errors.update({f"layers-{n}-{name}": said for name, said in wrong.items()})
        if data is not None:
            drafts.append(data)  # type: ignore[arg-type]
    return drafts, errors


def _refused(fault: str) -> Errors:
    """The rule's refusal at its field, in the reader's language."""
    place = _PLACE.match(fault)
    if place is None or place[2] not in REFUSED:
        return {"": [_("These layers do not fit together. Look at each of them again.")]}
    return {f"layers-{place[1]}-{place[2]}": [str(REFUSED[place[2]])]}
