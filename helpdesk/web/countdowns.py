"""How long is left for something that is due, as macros.due takes it."""

from datetime import datetime, timedelta
from typing import Any

from flask import g
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.web.frame import viewer_zone

SOON = 80  # percent
A_DAY = timedelta(days=1)


def due_of(due_at: datetime, share: float) -> dict[str, Any]:
    """What is still open: the word first, then the bar (`share`: percent of its time that is used up), then
    when it is due."""
    left = (due_at - g.now).total_seconds()
    when = i18n.say_promise_time(due_at, viewer_zone(), g.now)
    if left >= A_DAY.total_seconds():
        word, note = _("Due %(time)s", time=when), ""
    else:
        spelt = i18n.say_duration(abs(left) // 60 * 60)
        word = _("Late by %(time)s", time=spelt) if left < 0 else _("%(time)s left", time=spelt)
        note = _("due %(time)s", time=when)
    state = "late" if left < 0 else "soon" if share >= SOON else "ok"
    return {"state": state, "word": word, "share": min(share, 100.0), "note": note, "due_at": due_at}


def done_of(closed_at: datetime, due_at: datetime) -> dict[str, Any]:
    """What is closed: in time or not, and when."""
    is_late = closed_at > due_at
    at = i18n.say_instant(closed_at, viewer_zone())
    return {
        "state": "late" if is_late else "met",
        "word": _("Closed late") if is_late else _("Closed in time"),
        "share": None,
        "note": at,
        "due_at": None,
    }
