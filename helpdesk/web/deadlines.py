"""A ticket's deadlines as its page draws them: each target's state, and the explained bar."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk.explanation import Explanation
from helpdesk.rules.sla import Cycle
from helpdesk.store.escalations import Alarm
from helpdesk.store.excuses import Excuse
from helpdesk.web import alarm_lines
from helpdesk.web.explanation import explained
from helpdesk.web.frame import viewer_zone
from helpdesk.web.sentences import TARGETS, clock_time

SOON = 80  # percent
A_DAY = timedelta(days=1)
ALARMS = {
    "triage": _l("Nobody has looked at it"),
    "wake": _l("The wait is over"),
    "nudge": _l("The reporter is reminded"),
    "silence_resolve": _l("Resolved without an answer"),
    "supplier": _l("The supplier's time is over"),
    "remind_confirm": _l("The reporter is asked again"),
    "close_silent": _l("Closed without a word"),
    "emergency": _l("Urgent business during maintenance"),
    "silent": _l("Nothing heard since it was accepted"),
    "news": _l("The promised news is due"),
}


def cards(found: Explanation, excuses: Iterable[Excuse] = ()) -> list[dict[str, Any]]:
    """Each target's latest cycle for the deadlines card, and earlier ones that were late: its `due` line and
    why it is due then (web/explanation), its bar drawn while it is open, late, or the resolution; and the
    excuse of its breach, if there is one."""
    excused = {(excuse.target, excuse.cycle): excuse for excuse in excuses}
    latest = {cycle.target: cycle for cycle in found.cycles}
    return [
        {
            "cycle": cycle,
            "excuse": excused.get((cycle.target, cycle.cycle)),
            "due": due_line(cycle) if cycle is latest[cycle.target] else _earlier(cycle),
            "why": explained(found, cycle),
            "is_drawn": cycle.stopped_at is None or cycle.target == "resolution" or cycle.state == "breached",
        }
        for cycle in found.cycles
        if cycle.state == "breached"
        or (cycle is latest[cycle.target] and (cycle.state != "cancelled" or cycle.target == "resolution"))
    ]


def _earlier(cycle: Cycle) -> dict[str, Any]:
    """A cycle before the latest one of its target says when it began."""
    return due_line(cycle) | {"note": _("since %(time)s", time=clock_time(cycle.started_at))}


def due_line(cycle: Cycle) -> dict[str, Any]:
    """A cycle as macros.due takes it."""
    name = str(TARGETS[cycle.target]).capitalize()
    used, whole = _counted(cycle.elapsed_seconds), _counted(cycle.allowance_seconds)
    if cycle.state == "cancelled":
        return {"state": "", "word": _("%(target)s no longer asked", target=name)}
    if cycle.stopped_at is not None:
        word = (
            _("%(target)s met, %(used)s of %(whole)s")
            if cycle.state == "met"
            else _("%(target)s late, %(used)s of %(whole)s")
        )
        state = "met" if cycle.state == "met" else "late"
        return {"state": state, "word": word % {"target": name, "used": used, "whole": whole}}
    share = min(100.0 * cycle.elapsed_seconds / cycle.allowance_seconds, 100.0)
    if cycle.state == "paused":
        left = _counted(max(cycle.remaining_seconds, 0))
        word = _("%(target)s paused, %(left)s left of %(whole)s", target=name, left=left, whole=whole)
        return {"state": "paused", "word": word}
    return _running(cycle, name, share, used, whole)


def _running(cycle: Cycle, name: str, share: float, used: str, whole: str) -> dict[str, Any]:
    note = _("%(target)s, %(used)s of %(whole)s used", target=name, used=used, whole=whole)
    if cycle.due_at is None:
        return {"state": "ok", "word": _("No end in sight"), "note": note}
    left = (cycle.due_at - g.now).total_seconds()
    if left >= A_DAY.total_seconds():
        word = _("Due %(time)s", time=i18n.say_promise_time(cycle.due_at, viewer_zone(), g.now))
    else:
        spelt = _spell(abs(left))
        word = _("Late by %(time)s", time=spelt) if left < 0 else _("%(time)s left", time=spelt)
        note = _("%(note)s, due %(time)s", note=note, time=clock_time(cycle.due_at))
    state = "late" if left < 0 else "soon" if share >= SOON else "ok"
    return {"state": state, "word": word, "share": share, "note": note, "due_at": cycle.due_at}


def ahead(alarms: Iterable[Alarm]) -> list[dict[str, Any]]:
    """What happens if nobody acts: the last that rang, then what is to come, in order; at most eight."""
    rang = sorted((a for a in alarms if a.state == "fired"), key=lambda a: (a.fired_at, a.id))[-3:]
    pending = sorted((a for a in alarms if a.state == "pending"), key=lambda a: (a.due_at, a.id))[:5]
    return [
        {"when": clock_time(a.fired_at or a.due_at), "what": _alarm(a), "done": a.state == "fired"}
        for a in [*rang, *pending]
    ]


def _alarm(alarm: Alarm) -> str:
    to = str(alarm_lines.rung(alarm.kind, alarm.detail.get("to", "")))
    if alarm.kind != "step":
        what = str(ALARMS.get(alarm.kind, alarm.kind))
        return _("%(what)s: %(to)s", what=what, to=to) if to else what
    return _("%(to)s, for the %(target)s", to=to, target=TARGETS.get(alarm.detail.get("target", ""), ""))


_counted = i18n.say_working_time  # a day of counted time would be read as a day of the calendar


def _spell(seconds: float) -> str:
    """To the minute, as the script says it."""
    return i18n.say_duration(seconds // 60 * 60)
