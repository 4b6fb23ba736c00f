"""The words of the SLA clock's specification a second time, as plainly as can be, from JSON to JSON.

Nothing here is shared with the rules or with the other slow reading: a local time is the text that the
wall shows, time is counted tick by tick (every instant of a scenario lies on one), and each cycle is told
on its own from the ticket's whole story.
"""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TARGETS = ["response", "resolution", "update"]
FAR = "far"  # a due date further than is looked for


def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def text(at):
    return at and (at if at == FAR else at.strftime("%Y-%m-%dT%H:%M:%SZ"))


class Plain:
    """One scenario; `seconds` is a tick's length, `far` how many ticks ahead a due date is looked for."""

    def __init__(self, scenario, seconds, far):
        self.scenario, self.seconds, self.far = scenario, seconds, far
        self.tick = timedelta(seconds=seconds)
        self.now = instant(scenario["now"])
        self.policy = scenario["policy"]
        self.zones = {name: ZoneInfo(c["timezone"]) for name, c in scenario.get("calendars", {}).items()}
        self.windows = [
            (instant(w["starts_at"]), instant(w["ends_at"]))
            for w in scenario.get("maintenance", [])
            if w["service"] == scenario.get("service")
        ]
        self.known = {}

    def holds(self, name, at):
        """Whether the calendar of that name holds the instant."""
        if name is None:
            return True
        if (name, at) not in self.known:
            calendar, local = self.scenario["calendars"][name], at.astimezone(self.zones[name])
            wall, on = local.strftime("%H:%M"), local.strftime("%Y-%m-%d")
            hours = calendar.get("week", {}).get(DAYS[local.weekday()], [])
            hours = calendar.get("dates", {}).get(on, hours)
            self.known[name, at] = any(start <= wall < end for start, end in hours)
        return self.known[name, at]

    def reason(self, target, at, severity, is_waiting=False, is_resolved=False):
        """Why the instant counts or does not: the first that holds."""
        if target == "resolution" and is_resolved:
            return "resolved"
        if target == "resolution" and is_waiting:
            return "waiting"
        terms = self.policy[severity]
        if terms.get("maintenance_pauses", False) and any(a <= at < b for a, b in self.windows):
            return "maintenance"
        return "working" if self.holds(terms[target]["calendar"], at) else "closed"

    def length(self, target, severity):
        return self.policy[severity][target]["minutes"] * 60

    def story(self):
        """Every event with what is in force after it, and what each does to which cycle: told once."""
        told, severity, later, waiting, resolved = [], None, None, False, False
        is_open = dict.fromkeys(TARGETS, False)
        listed = sorted(self.scenario["events"], key=lambda e: instant(e["at"]))
        for event in listed:
            kind, does = event["type"], []
            if kind == "reported":
                severity, does = event["severity"], ["start response", "start resolution"]
            elif kind == "responded":
                does = ["stop response", "stop update"]
            elif kind == "reporter_replied":
                if not (is_open["response"] or is_open["update"] or resolved):
                    does = ["start update"] if "update" in self.policy[severity] else []
            elif kind == "waiting":
                waiting = True
            elif kind == "resumed":
                waiting = False
            elif kind == "severity_changed":
                if resolved:
                    later = event["severity"]
                elif event["severity"] != severity:
                    severity, does = event["severity"], ["change"]
            elif kind == "resolved":
                does, waiting, resolved = ["stop resolution", "stop response", "cancel update"], False, True
            elif kind == "reopened":
                change = ["change"] if later not in (None, severity) else []
                severity, later, resolved = later or severity, None, False
                does = [*change, "go on", "start response"]
            elif kind == "cancelled":
                does = ["cancel response", "cancel resolution", "cancel update"]
            if "change" in does and "update" not in self.policy[severity]:
                does.insert(0, "cancel update")
            for what in does:
                verb, _, target = what.partition(" ")
                if target in is_open:
                    is_open[target] = verb == "start"
                elif what == "go on":
                    is_open["resolution"] = True
            told.append((instant(event["at"]), does, severity, waiting, resolved))
        return told

    def explain(self):
        told, cycles = self.story(), []
        for target in TARGETS:
            starts = [n for n, (_, does, *_) in enumerate(told) if f"start {target}" in does]
            for number, start in enumerate(starts, 1):
                cycles.append(self.cycle(target, number, told, start))
        cycles.sort(key=lambda c: (c["started_at"], TARGETS.index(c["target"]), c["cycle"]))
        return {"cycles": cycles}

    def cycle(self, target, number, told, start):
        """One run of a target, told from the event that started it."""
        at, _, severity, waiting, resolved = told[start]
        began, elapsed, allowance = at, 0, self.length(target, severity)
        due = ended = ended_as = due_at_end = None
        reasons, following = [], start + 1
        while True:
            if ended is None and elapsed >= allowance and due is None:
                due = at
            while following < len(told) and told[following][0] == at and ended_as != "cancelled":
                if ended is not None and target != "resolution":
                    break
                _, does, new, new_waiting, new_resolved = told[following]
                following += 1
                if f"cancel {target}" in does and ended is None:
                    ended, ended_as = at, "cancelled"
                    waits = target == "resolution" and waiting
                    due_at_end = due or (
                        None if waits else self.ahead(target, at, severity, allowance - elapsed)
                    )
                elif f"stop {target}" in does and ended is None:
                    ended, ended_as = at, "met"
                    due_at_end = due or self.ahead(target, at, severity, allowance - elapsed)
                elif "change" in does:
                    stopped_late = ended is not None and due is not None and ended > due
                    breached = stopped_late or (ended is None and due is not None and at > due)
                    if not breached:
                        before, after = self.length(target, severity), self.length(target, new)
                        if after < before:
                            allowance = min(allowance, elapsed + after)
                        if after > before:
                            allowance = max(allowance, after)
                        if elapsed < allowance:
                            due = None
                if "go on" in does and target == "resolution":
                    ended = ended_as = due_at_end = None
                severity, waiting, resolved = new, new_waiting, new_resolved
            over = ended is not None and not (target == "resolution" and ended_as == "met")
            if over or at >= self.now:
                break
            reasons.append(self.reason(target, at, severity, waiting, resolved))
            elapsed += self.seconds if reasons[-1] == "working" else 0
            at += self.tick
        end = ended or self.now
        late = due is not None and due < end
        waits = target == "resolution" and waiting and ended is None and elapsed < allowance
        if ended is None:
            due_at_end = due or (None if waits else self.ahead(target, at, severity, allowance - elapsed))
        kept = reasons[: (end - began) // self.tick]
        return {
            "target": target,
            "cycle": number,
            "state": "breached" if late else ended_as or ("paused" if waits else "running"),
            "started_at": text(began),
            "stopped_at": text(ended),
            "due_at": text(due_at_end),
            "breached_at": text(due) if late else None,
            "allowance_seconds": allowance,
            "elapsed_seconds": elapsed,
            "remaining_seconds": max(0, allowance - elapsed),
            "segments": list(self.segments(began, kept)),
        }

    def ahead(self, target, at, severity, missing):
        """The first instant at which nothing is missing, going on as things stand."""
        for _ in range(self.far):
            if missing <= 0:
                return at
            missing -= self.seconds if self.reason(target, at, severity) == "working" else 0
            at += self.tick
        return at if missing <= 0 else FAR

    def segments(self, at, reasons):
        for reason, ticks in groupby(reasons):
            until = at + self.tick * len(list(ticks))
            yield {"from": text(at), "to": text(until), "counted": reason == "working", "reason": reason}
            at = until
