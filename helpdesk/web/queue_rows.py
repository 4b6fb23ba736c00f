"""A row of the queue: what stands in it, said to one viewer. There are fifty on a page, so what is the
same in each of them is looked up once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.rules.lifecycle import Kind, State
from helpdesk.web import words
from helpdesk.web.frame import viewer_zone
from helpdesk.web.sentences import DOORS, TARGETS

SOON = 80  # percent used up; helpdesk.js says the same
A_DAY = 86400  # seconds: nearer than that a deadline is a countdown


class Rows:
    """Draws rows of store.list_queue as queue/rows.html takes them, in the viewer's words and zone, now."""

    def __init__(self) -> None:
        self.now: datetime = g.now
        self.zone = ZoneInfo(viewer_zone())
        self.today = self.now.astimezone(self.zone).date()
        self.pages = url_for("tickets.page", number="HD-")
        self.kinds, self.affected = _said(words.KINDS), _said(words.AFFECTED)
        self.states, self.targets, self.doors = _said(words.STATES), _said(TARGETS), _said(DOORS)
        self.late, self.left = _("Late by %(time)s"), _("%(time)s left")
        self.note, self.reported = _("%(target)s, due %(time)s"), _("reported %(time)s %(how)s")

    def draw(self, row: Any, share: float | None) -> dict[str, Any]:
        """One row; `share` of its allowance is used up, in percent (None: it has no open target)."""
        return {
            "id": row.id,
            "url": f"{self.pages}{row.id}",
            "title": row.subject,
            "meta": " · ".join(self._meta(row)),
            "children": row.children,
            "team": row.team,
            "reporter": row.reporter,
            "changed": self._clock_time(row.changed_at),
            "sev": row.severity,
            "deadline": self._deadline(row, share),
            "state": self._state(row),
            "name": row.assignee,
            "initials": _initials(row.assignee),
        }

    def _meta(self, row: Any) -> list[str]:
        said = [f"HD-{row.id}", row.service or _("No service")]
        if row.kind != Kind.FAULT:
            said.append(self.kinds[row.kind].lower())
        affected = self.affected.get((row.answers or {}).get("affected"))
        if affected:
            said.append(affected.lower())
        how = self.doors.get(row.door, "")
        said.append(self.reported % {"time": self._clock_time(row.reported_at), "how": how})
        return said

    def _state(self, row: Any) -> str:
        if row.state == State.RESOLVED:
            return _("To be confirmed")
        state = self.states[row.state]
        return state if row.is_triaged or not row.is_open else _("%(state)s, to triage", state=state)

    def _deadline(self, row: Any, share: float | None) -> dict[str, Any]:
        """The deadline as macros.due takes it, all of it: the word first."""
        said = {"share": None, "note": "", "due_at": None} | self._said_of(row, share)
        if said["share"] is not None:
            said["share"] = round(min(max(said["share"], 0), 100), 1)
        return said

    def _said_of(self, row: Any, share: float | None) -> dict[str, Any]:
        if row.state == State.WAITING and row.waiting_for == "reporter" and row.next_due_at is None:
            return {
                "state": "paused",
                "word": _("Waiting for reporter"),
                "share": share,
                "note": self._kept(row),
            }
        if not row.is_open:
            return {"state": "met" if row.state == State.RESOLVED else "", "word": self.states[row.state]}
        if row.next_due_at is None:
            return {"state": "", "word": _("No deadline")}
        return self._countdown(row.next_due_at, row.next_target, share)

    def _kept(self, row: Any) -> str:
        """Until when it waits, and how much of its time is kept for afterwards."""
        until = _("until %(time)s", time=i18n.say_instant(row.wake_at, self.zone.key)) if row.wake_at else ""
        if not row.allowance_seconds or row.allowance_seconds <= row.elapsed_seconds:
            return until
        kept = i18n.say_working_time(row.allowance_seconds - row.elapsed_seconds)
        if until:
            return _("%(until)s; %(kept)s kept", until=until, kept=kept)
        return _("%(kept)s kept", kept=kept)

    def _countdown(self, due_at: datetime, target: str, share: float | None) -> dict[str, Any]:
        left = (due_at - self.now).total_seconds()
        named = self.targets.get(target, target)
        if left >= A_DAY:
            word = i18n.say_promise_time(due_at, self.zone.key, self.now)
        else:
            spelt = i18n.say_duration(abs(left) // 60 * 60)
            word = (self.late if left < 0 else self.left) % {"time": spelt}
        near = abs(left) < A_DAY
        note = self.note % {"target": named, "time": self._clock_time(due_at)} if near else named
        state = "late" if left < 0 else "soon" if share is not None and share >= SOON else "ok"
        return {"state": state, "word": word, "share": share, "note": note, "due_at": due_at}

    def _clock_time(self, at: datetime) -> str:
        """As sentences.clock_time."""
        local = at.astimezone(self.zone)
        if local.date() == self.today:
            return f"{local:%H:%M}"
        return i18n.say_promise_time(at, self.zone.key, self.now)


def _said(words_of: Mapping[Any, Any]) -> dict[Any, str]:
    return {code: str(said) for code, said in words_of.items()}


def _initials(name: str | None) -> str | None:
    parts = (name or "").split()
    if not parts:
        return None
    return (parts[0][0] + parts[-1][0] if len(parts) > 1 else parts[0][:2]).upper()
