"""The line in the top bar: who is on call, until when, and who is next."""

from datetime import datetime, timedelta

from flask import current_app

from helpdesk.desk.rosters import OnCall, on_call_for
from helpdesk.i18n import say_promise_time
from helpdesk.rules.access import Asker

# Names, not rows: what is kept outlives the session that read it.
Known = tuple[str, datetime | None, str] | None

FRESH_FOR = timedelta(seconds=5)


def on_call_line(asker: Asker, zone: str, now: datetime) -> dict[str, str] | None:
    """{"person", "until", "next"} for base_shell.html ("" where there is none); None without a roster.

    It stands on every page of the desk, so each process asks the database once in five seconds.
    """
    kept: dict[frozenset[int], tuple[datetime, Known]] = current_app.extensions.setdefault("on_call", {})
    asked_at, known = kept.get(asker.team_ids, (None, None))
    if asked_at is None or not timedelta() <= now - asked_at < FRESH_FOR:
        known = _known(on_call_for(asker.team_ids, now))
        kept[asker.team_ids] = (now, known)
    if known is None:
        return None
    person, until, following = known
    return {
        "person": person,
        "until": say_promise_time(until, zone, now) if until else "",
        "next": following,
    }


def ask_anew() -> None:
    """Forgets the answers: a roster was just changed at this door."""
    current_app.extensions.pop("on_call", None)


def _known(found: OnCall | None) -> Known:
    if found is None:
        return None
    return (
        found.person.name if found.person else "",
        found.until,
        found.next.name if found.next else "",
    )
