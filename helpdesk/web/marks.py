"""What happened to a deadline, in words: the marks on its bar, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk.explanation import Explanation
from helpdesk.rules.explanation import Change, target_at
from helpdesk.rules.sla import Cycle
from helpdesk.store.maintenance import Window
from helpdesk.store.tickets import Entry
from helpdesk.web.frame import viewer_zone
from helpdesk.web.sentences import maintenance_step, severity_word

# What can be seen on a bar; whatever else happened moves no deadline.
KINDS = frozenset(
    {
        *("reported", "accepted", "replied", "reporter_replied", "resumed", "waiting", "severity_changed"),
        *("resolved", "reopened", "closed", "cancelled", "merged"),
    }
)
ENDED = {"closed": _l("Closed"), "cancelled": _l("Cancelled"), "merged": _l("Merged into another")}


@dataclass(frozen=True)
class Mark:
    """Something on the bar: when, in words; `was_due`: the deadline that it took away."""

    at: datetime
    words: str
    tone: str = ""
    was_due: datetime | None = None


def marks_of(found: Explanation, cycle: Cycle) -> list[Mark]:
    """Events, changes of the allowance and due instants of a cycle, by time."""
    changes = {
        (c.at, c.event): c for c in found.changes if (c.target, c.cycle) == (cycle.target, cycle.cycle)
    }
    marks = [
        mark
        for entry in found.timeline
        if cycle.started_at <= _second(entry.at) and _concerns(entry, cycle)
        for mark in _mark(found, cycle, entry, changes)
    ]
    marks += [
        Mark(move["at"], _moved(move), was_due=move["from"])
        for move in found.moves
        if (move["target"], move["cycle"]) == (cycle.target, cycle.cycle)
    ]
    marks += [_late(window, cycle) for window in found.late_in(cycle)]
    marks += _due(cycle)
    return sorted(marks, key=lambda mark: mark.at)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _concerns(entry: Entry, cycle: Cycle) -> bool:
    """Whether it belongs to the cycle: what comes after its end tells of others."""
    return cycle.stopped_at is None or _second(entry.at) <= cycle.stopped_at or cycle.target == "resolution"


def _mark(
    found: Explanation, cycle: Cycle, entry: Entry, changes: dict[tuple[datetime, str], Change]
) -> Iterator[Mark]:
    if entry.kind not in KINDS:
        return
    name = entry.actor.name if entry.actor else _("The desk")
    stops = {c.stopped_at for c in found.cycles if c.target != "resolution" and c.state != "cancelled"}
    starts = _second(entry.at) == cycle.started_at
    if entry.kind == "reported":
        yield Mark(entry.at, _reported(found, cycle, entry))
    elif entry.kind == "accepted":
        yield Mark(entry.at, _("%(name)s accepted", name=name))
    elif entry.kind == "replied" and _second(entry.at) in stops:
        yield Mark(entry.at, _("%(name)s replied", name=name))
    elif entry.kind == "reporter_replied" and starts and cycle.target == "update":
        yield Mark(entry.at, _("%(name)s wrote; an answer is due", name=name))
    elif entry.kind in ("resumed", "reporter_replied") and (change := changes.get((entry.at, "resumed"))):
        yield Mark(entry.at, _resumed(entry, change))
    elif entry.kind == "waiting" and (change := changes.get((entry.at, "waiting"))):
        yield Mark(entry.at, _waits(entry, change))
    elif entry.kind == "severity_changed":
        yield _severity(entry, changes.get((entry.at, "severity_changed")))
    elif entry.kind == "resolved":
        yield Mark(entry.at, _("%(name)s resolved", name=name), "ok")
    elif entry.kind == "reopened":
        change = changes.get((entry.at, "reopened"))
        yield Mark(entry.at, _reopened(cycle, change), was_due=change.due_before if change else None)
    elif entry.kind in ENDED:
        yield Mark(entry.at, str(ENDED[entry.kind]))


def _reported(found: Explanation, cycle: Cycle, entry: Entry) -> str:
    target = target_at(found.asked, cycle.target, cycle.started_at)
    return _(
        "Reported as %(severity)s: %(whole)s allowed",
        severity=severity_word(entry.detail["severity"]),
        whole=i18n.say_working_time(target.seconds if target else cycle.allowance_seconds),
    )


def _waits(entry: Entry, change: Change) -> str:
    left = i18n.say_working_time(max(0, change.allowance_after - change.elapsed))
    if entry.detail.get("for") == "supplier":
        return _("Waiting for a supplier, %(left)s left", left=left)
    return _("Waiting for the reporter, %(left)s left", left=left)


def _resumed(entry: Entry, change: Change) -> str:
    if entry.kind == "reporter_replied":
        return _("The reporter answered. Due %(due)s", due=_when(change.due_after))
    return _("The waiting ended. Due %(due)s", due=_when(change.due_after))


def _severity(entry: Entry, change: Change | None) -> Mark:
    said = _(
        "Severity changed from %(before)s to %(after)s",
        before=severity_word(entry.detail["from"]),
        after=severity_word(entry.detail["to"]),
    )
    if change is None:
        return Mark(entry.at, said)
    if change.length_before != change.length_after:
        said = _(
            "%(what)s: %(after)s instead of %(before)s; %(elapsed)s had counted, so %(allowance)s in all",
            what=said,
            before=i18n.say_working_time(change.length_before),
            after=i18n.say_working_time(change.length_after),
            elapsed=i18n.say_working_time(change.elapsed),
            allowance=i18n.say_working_time(change.allowance_after),
        )
    return Mark(entry.at, _due_moved(said, change), was_due=change.due_before)


def _reopened(cycle: Cycle, change: Change | None) -> str:
    if cycle.target == "response":
        return _("Reopened; a new answer is due")
    return _due_moved(_("Reopened"), change) if change else _("Reopened")


def _due_moved(said: str, change: Change) -> str:
    if change.due_before == change.due_after or change.due_after is None:
        return said
    if change.due_before is None:
        return _("%(what)s. Due %(due)s", what=said, due=_when(change.due_after))
    return _(
        "%(what)s. Due %(due)s, was %(was)s",
        what=said,
        due=_when(change.due_after),
        was=_when(change.due_before),
    )


def _moved(move: dict[str, Any]) -> str:
    due, was = _when(move["to"]), _when(move["from"])
    said = _("The calendar changed") if move["window"] is None else maintenance_step(move)
    why = move.get("why") or move["reason"]
    if why:
        said = i18n.say_of(said, why)
    return _("%(what)s. Due %(due)s, was %(was)s", what=said, due=due, was=was)


def _late(window: Window, cycle: Cycle) -> Mark:
    said = _("Maintenance from %(start)s to %(end)s, announced too late to stop the clock")
    said %= {"start": _when(window.starts_at), "end": _when(window.ends_at)}
    return Mark(max(window.announced_at or cycle.started_at, cycle.started_at), said)


def _due(cycle: Cycle) -> Iterator[Mark]:
    if cycle.due_at is None:
        return
    if cycle.breached_at is not None:
        yield Mark(cycle.due_at, _("Due; all that counted since is too late"), "late")
    elif cycle.stopped_at is None:
        whole = i18n.say_working_time(cycle.allowance_seconds)
        yield Mark(cycle.due_at, _("Due: %(whole)s will have counted", whole=whole), "is-due")


def _when(at: datetime | None) -> str:
    return i18n.say_instant(at, viewer_zone()) if at is not None else _("once it goes on")
