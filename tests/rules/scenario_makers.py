"""Random scenarios for the SLA clock: JSON as `helpdesk sla explain` reads it, well-formed and malformed.

All of a scenario's instants, opening times and windows lie on ticks of one length, so that it can be
counted tick by tick.
"""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.rules.plain_clock import DAYS, FAR, Plain, instant, text

# A zone, the instant at which its clocks change (or just any), and the shortest tick's length in seconds.
ZONES = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("Europe/London", "2026-10-25T01:00:00Z"),
    ("Europe/Dublin", "2026-03-29T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("America/St_Johns", "2006-10-29T02:31:00Z"),  # one minute after midnight, into the day before
    ("America/St_Johns", "2006-04-02T03:31:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # midnight is skipped
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),  # back into the day before
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),  # the 30th does not exist
    ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),  # Ramadan
    ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
    ("Africa/Cairo", "2026-10-29T21:00:00Z"),  # midnight happens twice
    ("Asia/Beirut", "2026-03-28T22:00:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),  # by two hours
    ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),  # by a quarter of an hour
    ("Asia/Tehran", "2022-03-21T20:30:00Z"),
    ("Asia/Shanghai", "2026-02-14T16:00:00Z"),
    ("Asia/Kolkata", "2026-08-14T18:30:00Z"),
    ("Asia/Tokyo", "2024-02-29T15:00:00Z"),
    ("Pacific/Chatham", "2026-04-04T14:00:00Z"),
    ("America/Caracas", "2016-05-01T07:00:00Z"),
    ("UTC", "2026-12-31T12:00:00Z"),
]
TICKS = [1, 1, 60, 60, 60, 300, 900, 900]
ALLOWED = {
    "open": ["responded", "reporter_replied", "severity_changed", "waiting", "resolved", "cancelled"],
    "waiting": ["responded", "reporter_replied", "severity_changed", "resumed", "resolved", "cancelled"],
    "resolved": ["reporter_replied", "severity_changed", "reopened", "reopened", "closed", "cancelled"],
    "ended": [],
}
LEADS_TO = {
    "waiting": "waiting",
    "resumed": "open",
    "resolved": "resolved",
    "reopened": "open",
    "closed": "ended",
    "cancelled": "ended",
}


class Maker:
    """Makes one scenario from a random number generator; `looked_at` is what the slow reading needs of it."""

    def __init__(self, chance):
        self.chance = chance
        self.zone, change = chance.choice(ZONES)
        self.seconds = chance.choice(TICKS if "St_Johns" not in self.zone else [1, 60])
        self.tick = timedelta(seconds=self.seconds)
        self.change = instant(change)
        self.start = self.change - chance.randrange(0, 250) * self.tick
        self.looked_at = (self.seconds, 2500)

    def scenario(self):
        chance = self.chance
        calendars = {
            name: self.calendar() for name in ("office", "night", "closed")[: chance.randrange(1, 4)]
        }
        names = [None, *calendars]
        severities = ["minor", "major", "critical"][: chance.choice([1, 2, 3, 3])]
        self.made = {
            "now": text(self.start),
            "calendars": calendars,
            "policy": {name: self.promises(names) for name in severities},
            "service": chance.choice(["erp", "erp", "erp", None]),
            "maintenance": [self.window() for _ in range(chance.randrange(5))],
            "events": [],
        }
        if self.made["service"] is None and chance.random() < 0.5:
            del self.made["service"]
        self.tell(severities)
        return self.made

    def wall_times(self):
        """Some times of day on ticks, often near what the wall shows at the change of the clocks."""
        step, local = max(self.seconds // 60, 1), self.change.astimezone(ZoneInfo(self.zone))
        near = (local.hour * 60 + local.minute) // step
        count = 1440 // step
        picks = (
            [near + self.chance.randrange(-90, 90) for _ in range(4)] if self.chance.random() < 0.7 else []
        )
        picks += [self.chance.randrange(count + 1) for _ in range(2)]
        picks += self.chance.choice([[], [0], [count], [0, count]])
        return sorted({min(max(pick, 0), count) * step for pick in picks})

    def hours(self):
        edges = self.wall_times()
        if self.chance.random() < 0.2:
            return []
        if self.chance.random() < 0.3:  # touching ones
            found = [(a, b) for a, b in pairwise(edges) if self.chance.random() < 0.8]
        else:
            found = list(zip(edges[::2], edges[1::2], strict=False))
        self.chance.shuffle(found)
        return [[f"{m // 60:02}:{m % 60:02}" for m in interval] for interval in found]

    def calendar(self):
        zone = self.zone if self.chance.random() < 0.8 else self.chance.choice(ZONES)[0]
        if self.seconds > 60 and "St_Johns" in zone:
            zone = self.zone
        found = {"timezone": zone, "week": {}, "dates": {}}
        kind = self.chance.random()
        if kind < 0.9:
            found["week"] = {day: self.hours() for day in DAYS if self.chance.random() < 0.8}
        for _ in range(self.chance.randrange(4)):
            day = (self.change + timedelta(days=self.chance.randrange(-3, 6))).strftime("%Y-%m-%d")
            found["dates"][day] = self.hours()
        return {key: value for key, value in found.items() if value or self.chance.random() < 0.5}

    def promises(self, names):
        def target():
            ticks = self.chance.choice([1, 2, 3, 5, 8, 20, 40, 90, 200, 400])
            minutes = max(1, ticks * self.seconds // 60)
            return {"minutes": minutes, "calendar": self.chance.choice(names)}

        found = {"response": target(), "resolution": target()}
        if self.chance.random() < 0.7:
            found["update"] = target()
        if self.chance.random() < 0.8:
            found["maintenance_pauses"] = self.chance.random() < 0.6
        return found

    def window(self):
        opens = self.start + self.chance.randrange(-50, 500) * self.tick
        closes = opens + self.chance.randrange(1, 80) * self.tick
        service = self.chance.choice(["erp", "erp", "erp", "mail"])
        return {"service": service, "starts_at": text(opens), "ends_at": text(closes)}

    def tell(self, severities):
        at, state, kind = self.start, "open", "reported"
        for _ in range(self.chance.choice([1, 2, 4, 6, 9, 12, 16])):
            event = {"at": text(at), "type": kind}
            if kind in ("reported", "severity_changed"):
                event["severity"] = self.chance.choice(severities)
            self.made["events"].append(event)
            self.made["now"] = text(at)
            state = LEADS_TO.get(kind, state)
            kinds = [k for k in ALLOWED[state] if LEADS_TO.get(k) != "ended" or self.chance.random() < 0.15]
            if not kinds:
                break
            kind, at = self.chance.choice(kinds), self.later(at)
        self.made["now"] = text(self.later(self.later(at)) if self.chance.random() < 0.5 else at)
        if self.chance.random() < 0.3:  # any order, but for those of one instant
            order = {id(e): self.chance.random() for e in self.made["events"]}
            at_once = {e["at"]: order[id(e)] for e in self.made["events"]}
            self.made["events"].sort(key=lambda e: at_once[e["at"]])

    def later(self, at):
        """An instant at or after `at`: often just where something is due."""
        if self.chance.random() < 0.45:
            cycles = Plain(self.made, *self.looked_at).explain()["cycles"]
            dues = [instant(c["due_at"]) for c in cycles if c["due_at"] not in (None, FAR)]
            near = [due + self.chance.choice([-1, 0, 0, 0, 1]) * self.tick for due in dues]
            near = [due for due in near if at <= due <= at + 600 * self.tick]
            if near:
                return self.chance.choice(near)
        return at + self.chance.choice([0, 0, 1, 2, 5, 10, 30, 100]) * self.tick


def _first_severity(scenario):
    return next(iter(scenario["policy"].values()))


def _add(scenario, kind, after=timedelta()):
    at = instant(scenario["events"][-1]["at"]) + after
    event = {"at": text(at), "type": kind, "severity": scenario["events"][0]["severity"]}
    scenario["events"].append(event)
    scenario["now"] = max(scenario["now"], event["at"])


def _in(path, value):
    """Puts a value somewhere in the first calendar, promise, event or window of a scenario."""

    def spoil(scenario):
        name = next(iter(scenario["calendars"]))
        place = {
            "scenario": scenario,
            "calendar": scenario["calendars"][name],
            "severity": _first_severity(scenario),
            "target": _first_severity(scenario)["resolution"],
            "event": scenario["events"][0],
        }
        scenario["maintenance"].insert(0, {"service": "erp", "starts_at": WINDOW[0], "ends_at": WINDOW[1]})
        place["window"] = scenario["maintenance"][0]
        where, key = path.split(".")
        if value is MISSING:
            place[where].pop(key, None)
        else:
            place[where][key] = value

    return spoil


MISSING = object()
WINDOW = ("2026-03-02T18:00:00Z", "2026-03-02T20:00:00Z")
NO_INSTANTS = [
    None,
    7,
    True,
    1.5,
    "",
    "now",
    "2026-03-02",
    "2026-03-02T08:00:00",
    "2026-03-02T08:00:00+01:00",
]
NO_INSTANTS += ["2026-02-30T08:00:00Z", "2026-03-02T25:00:00Z", "20260302T080000Z", [], {}]
NO_HOURS = [
    None,
    7,
    "09:00-18:00",
    {},
    ["09:00", "18:00"],
    [["09:00"]],
    [["18:00", "09:00"]],
    [["09:00", "09:00"]],
]
NO_HOURS += [[["9:00", "18:00"]], [["09:00", "24:01"]], [["09:60", "18:00"]], [[9, 18]], [["24:00", "24:00"]]]
NO_HOURS += [[["09:00", "12:00"], ["11:59", "13:00"]], [["09:00", "12:00"], ["09:00", "12:00"]]]

# Each makes any well-formed scenario one that has to be refused.
SPOILERS = [
    *(_in(f"scenario.{key}", MISSING) for key in ("now", "policy", "events")),
    *(
        _in(f"scenario.{key}", wrong)
        for key in ("policy", "events")
        for wrong in (None, 7, "x", True, [7], {"a": 1})
    ),
    *(
        _in(f"scenario.{key}", wrong)
        for key in ("calendars", "maintenance")
        for wrong in (7, "x", True, [7], {"a": 1})
    ),
    *(_in("scenario.service", wrong) for wrong in (7, True, ["erp"], {})),
    *(_in("scenario.now", wrong) for wrong in NO_INSTANTS),
    _in("scenario.now", "1990-01-01T00:00:00Z"),
    _in("scenario.events", []),
    *(_in("calendar.timezone", wrong) for wrong in (MISSING, None, 7, "", "Mars/Base", "../UTC", ["UTC"])),
    *(_in("calendar.week", wrong) for wrong in (7, "mon", [[]], {"monday": []}, {"Mon": []}, {"": []})),
    *(_in("calendar.week", {"tue": wrong}) for wrong in NO_HOURS),
    *(_in("calendar.dates", wrong) for wrong in (7, [], {"2026-02-30": []}, {"1 May": []}, {"20260501": []})),
    *(_in("calendar.dates", {"2026-05-01": wrong}) for wrong in NO_HOURS),
    *(
        _in(f"severity.{key}", wrong)
        for key in ("response", "resolution")
        for wrong in (MISSING, None, 7, [], {})
    ),
    *(_in("severity.update", wrong) for wrong in (7, [], {}, {"minutes": 5}, {"calendar": None})),
    *(_in("severity.maintenance_pauses", wrong) for wrong in (7, 0, "yes", [], None)),
    *(
        _in("target.minutes", wrong)
        for wrong in (MISSING, None, 0, -1, True, False, "60", [60], 10**30, 0.0, -0.5)
    ),
    *(_in("target.calendar", wrong) for wrong in (MISSING, 7, False, "unknown", [], {})),
    *(_in("window.service", wrong) for wrong in (MISSING, None, 7, [])),
    *(_in(f"window.{key}", wrong) for key in ("starts_at", "ends_at") for wrong in (MISSING, *NO_INSTANTS)),
    *(_in("window.ends_at", wrong) for wrong in (WINDOW[0], "2026-03-02T17:59:59Z")),
    *(_in("event.at", wrong) for wrong in (MISSING, "2099-01-01T00:00:00Z", *NO_INSTANTS)),
    *(
        _in("event.type", wrong)
        for wrong in (MISSING, None, 7, "", "answered", "Reported", ["reported"], "closed")
    ),
    *(_in("event.severity", wrong) for wrong in (MISSING, None, 7, "", "unknown", ["minor"])),
    lambda scenario: _add(scenario, "reported"),
    lambda scenario: _add(scenario, "responded", -timedelta(days=9000)),
    lambda scenario: [_add(scenario, "cancelled"), _add(scenario, "cancelled")],
    lambda scenario: [_add(scenario, "waiting"), _add(scenario, "waiting")],
    lambda scenario: [_add(scenario, "resumed"), _add(scenario, "resumed")],
    lambda scenario: [_add(scenario, "resolved"), _add(scenario, "resolved")],
    lambda scenario: [_add(scenario, "reopened"), _add(scenario, "reopened")],
    lambda scenario: [_add(scenario, "closed"), _add(scenario, "reporter_replied")],
    lambda scenario: [_add(scenario, "closed"), _add(scenario, "severity_changed")],
    lambda scenario: scenario["events"].insert(0, None),
    lambda scenario: scenario["events"].append([]),
    lambda scenario: scenario["maintenance"].append("night"),
]
