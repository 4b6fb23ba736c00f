"""The security log."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_list, say_of, say_second
from helpdesk.store.people import get_names, list_people
from helpdesk.store.security import SecurityEvent, list_event_kinds, list_events
from helpdesk.web.frame import needs, viewer_zone

bp = Blueprint("security", __name__)
PAGE = 50
STAFF = ("agent", "lead", "manager", "administrator", "auditor")
KINDS = {
    "signed_in": _l("Signed in"),
    "sign_in_refused": _l("Sign-in refused"),
    "signed_out": _l("Signed out"),
    "signed_out_everywhere": _l("Signed out everywhere"),
    "password_changed": _l("Password changed"),
    "reset_asked": _l("New password asked for"),
    "set_up": _l("Helpdesk set up"),
    "person_added": _l("Person added"),
    "person_changed": _l("Person changed"),
    "table_taken_in": _l("Table taken in"),
    "person_left": _l("Person left"),
    "person_returned": _l("Person came back"),
    "invited": _l("Invited"),
    "profile_changed": _l("Profile changed"),
    "role_changed": _l("Role changed"),
    "setting_added": _l("Setting added"),
    "setting_changed": _l("Setting changed"),
    "letters_stopped": _l("Letters stopped"),
    "letters_let_go": _l("Letters leave again"),
    "letters_kept": _l("Waiting letters kept unsent"),
    "mailbox_secrets_changed": _l("Password or token of a mailbox changed"),
    "channel_added": _l("Channel added"),
    "channel_verified": _l("Channel verified"),
    "channel_removed": _l("Channel removed"),
    "token_added": _l("Access token made"),
    "token_revoked": _l("Access token revoked"),
    "feed_added": _l("Feed link made"),
    "feed_revoked": _l("Feed link revoked"),
    "exported": _l("Exported"),
    "roster_added": _l("Roster made"),
    "roster_changed": _l("Roster changed"),
    "holidays_arranged": _l("Holidays of a roster arranged"),
    "roster_layers_changed": _l("Layers of a roster changed"),
    "override_added": _l("Swap put in a roster"),
    "override_removed": _l("Swap taken back"),
    "rota_taken_in": _l("Rota taken in"),
    "rota_taken_back": _l("Rota taken back"),
    "absence_added": _l("Absence noted"),
    "absence_removed": _l("Absence taken back"),
    "maintenance_drafted": _l("Maintenance drafted"),
    "maintenance_changed": _l("Maintenance changed"),
    "maintenance_approved": _l("Maintenance approved"),
    "maintenance_announced": _l("Maintenance announced"),
    "maintenance_moved": _l("Maintenance moved"),
    "maintenance_started": _l("Maintenance began early"),
    "maintenance_extended": _l("Maintenance extended"),
    "maintenance_finished": _l("Maintenance ended early"),
    "maintenance_cancelled": _l("Maintenance called off"),
    "breach_excused": _l("Breach excused"),
    "excuse_withdrawn": _l("Excuse withdrawn"),
}
# What a detail tells; a key that is not here stands as it is.
DETAILS = {
    "as": _l("as"),
    "by": _l("by"),
    "cycle": _l("cycle"),
    "evidence": _l("evidence"),
    "filter": _l("filter"),
    "from": _l("from"),
    "from day": _l("holds from"),
    "name": _l("name"),
    "person": _l("person"),
    "reason": _l("reason"),
    "role": _l("role"),
    "rows": _l("rows"),
    "service": _l("service"),
    "span": _l("time"),
    "target": _l("target"),
    "to": _l("to"),
    "version": _l("version"),
    "zone": _l("time zone"),
}


@bp.get("/security")
@needs("security.see")
def index() -> str:
    """Newest first, by kind, person and day."""
    asked: dict[str, Any] = {name: request.args.get(name, "") for name in ("what", "actor", "since", "until")}
    since, until = _midnight(asked["since"]), _midnight(asked["until"])
    before = request.args.get("before", "")
    events = list_events(
        what=asked["what"],
        actor_id=int(asked["actor"]) if _is_id(asked["actor"]) else None,
        since=since,
        until=until + timedelta(days=1) if until else None,
        before_id=int(before) if _is_id(before) else None,
        limit=PAGE + 1,
    )
    older = url_for("security.index", **asked, before=events[PAGE - 1].id) if len(events) > PAGE else None
    return render_template(
        "security.html",
        rows=_rows(events[:PAGE]),
        asked=asked,
        kind_options=[(kind, str(KINDS.get(kind, kind))) for kind in list_event_kinds()],
        people_options=[(person.id, person.name) for person in list_people(roles=STAFF, limit=500)],
        newer_url=url_for("security.index", **asked) if before else None,
        older_url=older,
    )


def _rows(events: list[SecurityEvent]) -> list[dict[str, Any]]:
    """The events in words."""
    ids = {int(event.subject[7:]) for event in events if event.subject.startswith("person:")}
    names = {f"person:{person_id}": name for person_id, name in get_names(ids).items()}
    return [
        {
            "at": event.at,
            "when": say_second(event.at, viewer_zone()),
            "what": KINDS.get(event.what, event.what),
            "who": event.actor.name if event.actor else "",
            "about": " · ".join(
                [names.get(event.subject, event.subject)] * bool(event.subject)
                + [say_of(str(DETAILS.get(key, key)), _said(value)) for key, value in event.detail.items()]
            ),
            "address": event.address,
        }
        for event in events
    ]


def _said(value: Any) -> str:
    """A value of a detail; what changed may be several things, and a thing a list."""
    if isinstance(value, dict):
        return say_list(say_of(str(key), _said(each)) for key, each in value.items())
    return say_list(map(str, value)) if isinstance(value, list) else str(value)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _midnight(text: str) -> datetime | None:
    """The beginning of a day in the viewer's zone; None for what is no day."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1970 <= day.year <= 9998:  # at the ends of the calendar a zone leads out of it
        return None
    return day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=ZoneInfo(viewer_zone()))
