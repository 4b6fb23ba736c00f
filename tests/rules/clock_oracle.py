"""A slow reading of the SLA clock's specification, tick by tick, to compare the rule with.

It knows nothing of spans: every tick asks what the wall clock shows. All instants of a scenario,
its opening times and the clock changes of its zones must lie on ticks.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

FAR = timedelta(days=25)


def holds(calendar, instant):
    if calendar is None:
        return True
    local = instant.astimezone(calendar.zone)
    intervals = calendar.dates.get(local.date(), calendar.week[local.weekday()])
    return any(start <= local.hour * 60 + local.minute < end for start, end in intervals)


@dataclass
class Tally:
    target: str
    cycle: int
    started_at: datetime
    length: int
    elapsed: int = 0
    due_at: datetime | None = None
    breached: bool = False
    stopped_at: datetime | None = None
    cancelled: bool = False
    due_at_stop: object = None
    reasons: list = field(default_factory=list)


@dataclass
class Oracle:
    policy: dict
    windows: list
    step: timedelta
    tallies: list = field(default_factory=list)
    severity: str = ""
    later_severity: str | None = None
    waiting: bool = False
    resolved: bool = False
    known: dict = field(default_factory=dict)

    def run(self, events, now):
        queue = sorted(events, key=lambda event: event.at)
        at = queue[0].at
        while True:
            self.look(at)
            while queue and queue[0].at == at:
                self.happen(queue.pop(0), at)
                self.look(at)
            if at == now:
                return [self.summary(t, now) for t in sorted(self.tallies, key=self.rank)]
            for tally in self.tallies:
                if tally.stopped_at is None or (tally.target == "resolution" and not tally.cancelled):
                    reason = self.reason(tally.target, at)
                    tally.reasons.append(reason)
                    tally.elapsed += self.seconds if reason == "working" else 0
            at += self.step

    @property
    def seconds(self):
        return int(self.step.total_seconds())

    def rank(self, tally):
        return tally.started_at, ["response", "resolution", "update"].index(tally.target), tally.cycle

    def promise(self, target):
        return getattr(self.policy[self.severity], target)

    def reason(self, target, at):
        if target == "resolution" and self.resolved:
            return "resolved"
        if target == "resolution" and self.waiting:
            return "waiting"
        return self.hours_reason(target, at)

    def hours_reason(self, target, at):
        key = (self.severity, target, at)
        if key not in self.known:
            covered = any(w.starts_at <= at < w.ends_at for w in self.windows)
            if self.policy[self.severity].maintenance_pauses and covered:
                self.known[key] = "maintenance"
            else:
                self.known[key] = "working" if holds(self.promise(target).calendar, at) else "closed"
        return self.known[key]

    def open(self, target):
        return [t for t in self.tallies if t.target == target and t.stopped_at is None]

    def look(self, at):
        for tally in self.tallies:
            if tally.stopped_at is None:
                if tally.elapsed >= tally.length and tally.due_at is None:
                    tally.due_at = at
                tally.breached |= tally.due_at is not None and at > tally.due_at

    def begin(self, target, at):
        number = 1 + len([t for t in self.tallies if t.target == target])
        self.tallies.append(Tally(target, number, at, self.promise(target).seconds))

    def would_be_due(self, tally, at):
        if tally.due_at is not None:
            return tally.due_at
        missing, end = tally.length - tally.elapsed, at + FAR
        while missing > 0 and at < end:
            missing -= self.seconds if self.hours_reason(tally.target, at) == "working" else 0
            at += self.step
        return at if missing <= 0 else "far"

    def end(self, target, at, cancelled=False):
        for tally in self.open(target):
            paused = cancelled and target == "resolution" and self.waiting and tally.due_at is None
            tally.due_at_stop = None if paused else self.would_be_due(tally, at)
            tally.stopped_at, tally.cancelled = at, cancelled

    def shift(self, severity, at):
        if severity == self.severity:
            return
        if self.policy[severity].update is None:
            self.end("update", at, cancelled=True)
        before = {t: self.promise(t).seconds for t in ("response", "resolution", "update") if self.promise(t)}
        self.severity = severity
        for tally in self.tallies:
            if tally.stopped_at is None and not tally.breached:
                old, new = before[tally.target], self.promise(tally.target).seconds
                if new < old:
                    tally.length = min(tally.length, tally.elapsed + new)
                if new > old and new > tally.length:
                    tally.length, tally.due_at = new, None

    def happen(self, event, at):
        match event.type:
            case "reported":
                self.severity = event.severity
                self.begin("response", at)
                self.begin("resolution", at)
            case "responded":
                self.end("response", at)
                self.end("update", at)
            case "reporter_replied":
                quiet = not self.open("response") and not self.open("update") and not self.resolved
                if quiet and self.policy[self.severity].update is not None:
                    self.begin("update", at)
            case "waiting":
                self.waiting = True
            case "resumed":
                self.waiting = False
            case "severity_changed" if self.resolved:
                self.later_severity = event.severity
            case "severity_changed":
                self.shift(event.severity, at)
            case "resolved":
                self.waiting = False
                self.end("resolution", at)
                self.resolved = True
                self.end("response", at)
                self.end("update", at, cancelled=True)
            case "reopened":
                self.resolved = False
                [resolution] = [t for t in self.tallies if t.target == "resolution"]
                resolution.stopped_at = None
                self.shift(self.later_severity or self.severity, at)
                self.later_severity = None
                self.begin("response", at)
            case "cancelled":
                for target in ("response", "resolution", "update"):
                    self.end(target, at, cancelled=True)

    def state(self, tally):
        if tally.breached:
            return "breached"
        if tally.stopped_at is not None:
            return "cancelled" if tally.cancelled else "met"
        paused = tally.target == "resolution" and self.waiting and tally.elapsed < tally.length
        return "paused" if paused else "running"

    def summary(self, tally, now):
        state = self.state(tally)
        if tally.stopped_at is not None:
            due_at = tally.due_at_stop
        else:
            due_at = None if state == "paused" else self.would_be_due(tally, now)
        end = tally.stopped_at or now
        reasons = tally.reasons[: (end - tally.started_at) // self.step]
        segments, at = [], tally.started_at
        for reason, run in groupby(reasons):
            until = at + self.step * len(list(run))
            segments.append((at, until, reason == "working", reason))
            at = until
        return {
            "target": tally.target,
            "cycle": tally.cycle,
            "state": state,
            "started_at": tally.started_at,
            "stopped_at": tally.stopped_at,
            "due_at": due_at,
            "breached_at": due_at if tally.breached else None,
            "allowance_seconds": tally.length,
            "elapsed_seconds": sum(
                (b - a) // timedelta(seconds=1) for a, b, counted, _ in segments if counted
            ),
            "remaining_seconds": max(0, tally.length - tally.elapsed),
            "segments": segments,
        }
