"""The SLA clock against a slow reading of its specification, and what must hold for every scenario."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import compress, pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules.hours import Calendar, ScenarioError, add_open, open_seconds, open_spans
from helpdesk.rules.sla import Event, SeverityTargets, Target, Window, explain
from tests.rules.clock_oracle import FAR, Oracle, holds

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

# A zone, and midnight UTC shortly before its clocks change there.
CLOCK_CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC)),  # skips 30 December
    ("Pacific/Kwajalein", datetime(1993, 8, 20, tzinfo=UTC)),  # skips 21 August
    ("Asia/Shanghai", datetime(1991, 9, 14, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 14, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 3, 21, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 17, tzinfo=UTC)),  # back at midnight into the day before
    ("America/Sao_Paulo", datetime(2018, 11, 3, tzinfo=UTC)),  # forward at midnight
    ("Antarctica/Troll", datetime(2026, 3, 28, tzinfo=UTC)),  # by two hours
    ("America/St_Johns", datetime(2006, 10, 28, tzinfo=UTC)),  # one minute after midnight
    ("America/St_Johns", datetime(2006, 4, 1, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(1985, 12, 31, tzinfo=UTC)),  # by a quarter of an hour
]
ON_QUARTERS = [c for c in CLOCK_CHANGES if c[0] != "America/St_Johns"]


def intervals(grid):
    """Opening intervals of a day on a grid of minutes, some of them touching."""
    edges = st.lists(st.integers(0, 1440 // grid), unique=True, min_size=0, max_size=6)
    return edges.map(sorted).map(
        lambda found: tuple((a * grid, b * grid) for a, b in zip(found[::2], found[1::2], strict=False))
    )


@st.composite
def calendars(draw, zone, start, grid=15):
    week = tuple(draw(st.lists(intervals(grid), min_size=7, max_size=7)))
    dates = st.dictionaries(st.integers(-1, 4), intervals(grid), max_size=3)
    return Calendar(
        ZoneInfo(zone), week, {(start + timedelta(days=n)).date(): i for n, i in draw(dates).items()}
    )


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_open_time_is_what_the_wall_clock_shows_minute_by_minute(data):
    zone, start = data.draw(st.sampled_from(CLOCK_CHANGES))
    calendar = data.draw(calendars(zone, start, grid=data.draw(st.sampled_from([1, 15, 60]))))
    start += data.draw(st.integers(0, 1500)) * MINUTE
    end = start + data.draw(st.integers(0, 2400)) * MINUTE
    minutes = [start + n * MINUTE for n in range((end - start) // MINUTE)]
    spans = list(open_spans(calendar, start, end))
    inside = [any(a <= minute < b for a, b in spans) for minute in minutes]
    assert inside == [holds(calendar, minute) for minute in minutes]
    assert open_seconds(calendar, start, end) == 60 * sum(inside)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))  # in order, none empty, none touching


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_years_of_open_time_are_what_the_wall_clock_shows_every_quarter_of_an_hour(data):
    zone, change = data.draw(st.sampled_from(ON_QUARTERS))
    earlier, later = data.draw(calendars(zone, change)), data.draw(calendars(zone, change))
    calendar = replace(later, since=(change + data.draw(st.integers(-9, 9)) * DAY).date(), before=earlier)
    start = change - data.draw(st.integers(0, 300)) * DAY
    end = start + data.draw(st.integers(1, 500)) * DAY
    quarters = [start + n * 15 * MINUTE for n in range((end - start) // (15 * MINUTE))]
    known = {True: earlier, False: later}
    local = [q.astimezone(calendar.zone).date() for q in quarters]
    inside = [holds(known[day < calendar.since], q) for day, q in zip(local, quarters, strict=True)]
    assert open_seconds(calendar, start, end) == 900 * sum(inside)
    if any(inside):
        counted = data.draw(st.integers(1, sum(inside)))
        nth = list(compress(quarters, inside))[counted - 1]
        assert add_open(calendar, start, 900 * counted, end) == nth + 15 * MINUTE
    assert add_open(calendar, start, 900 * sum(inside) + 1, end) is None


NEXT = {
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


def history(chance, severities, start, tick):
    """Events that the state allows, at ticks after `start`, often several at one instant; and a now."""
    at, state = chance.randrange(20), "open"
    events = [Event(start + at * tick, "reported", chance.choice(severities))]
    for _ in range(chance.randrange(14)):
        # Endings are rare, or most histories would be short.
        kinds = [kind for kind in NEXT[state] if LEADS_TO.get(kind) != "ended" or chance.random() < 0.2]
        if not kinds:
            break
        at += chance.choice([0, 0, 1, 2, 4, 8, 20, 50])
        kind = chance.choice(kinds)
        severity = chance.choice(severities) if kind == "severity_changed" else None
        events.append(Event(start + at * tick, kind, severity))
        state = LEADS_TO.get(kind, state)
    return events, events[-1].at + chance.choice([0, 1, 3, 10, 60, 200]) * tick


def promises(chance, calendars):
    def target():
        return Target(chance.choice([1, 2, 4, 4, 8, 12, 20, 40]) * 900, chance.choice(calendars))

    update = target() if chance.random() < 0.7 else None
    return SeverityTargets(target(), target(), update, chance.random() < 0.5)


@st.composite
def scenarios(draw):
    zone, start = draw(st.sampled_from(ON_QUARTERS))
    hours = [None, draw(calendars(zone, start))]
    # One number decides the rest: drawn piece by piece, most histories would end after two events.
    chance = Random(draw(st.integers(0, 2**32)))
    policy = {name: promises(chance, hours) for name in ("minor", "major", "critical")}
    tick = 15 * MINUTE
    windows = []
    for _ in range(chance.randrange(4)):
        opens = start + chance.randrange(200) * tick
        windows.append(Window(opens, opens + chance.randrange(1, 30) * tick))
    events, now = history(chance, list(policy), start, tick)
    return policy, windows, events, now, tick


def as_oracle_says(cycle):
    shown = {name: getattr(cycle, name) for name in cycle.__dataclass_fields__ if name != "count"}
    shown["segments"] = [(s.from_at, s.to_at, s.counted, s.reason) for s in cycle.segments]
    return shown


@given(scenarios())
@settings(max_examples=250, deadline=None)
def test_the_clock_agrees_with_a_reading_tick_by_tick(scenario):
    policy, windows, events, now, tick = scenario
    found = [as_oracle_says(cycle) for cycle in explain(policy, windows, events, now)]
    expected = Oracle(policy, windows, tick).run(events, now)
    for ours, theirs in zip(found, expected, strict=True):
        if theirs["due_at"] == "far":  # further than the slow reading looks
            latest = ours["stopped_at"] or now
            assert ours["due_at"] is None or ours["due_at"] >= latest + FAR
            theirs["due_at"] = ours["due_at"]
    assert found == expected


@given(scenarios(), st.integers(0, 400_000), st.integers(0, 400_000))
@settings(max_examples=100, deadline=None)
def test_time_alone_adds_to_elapsed_and_moves_no_due_date(scenario, seconds, more):
    policy, windows, events, now, _ = scenario
    sooner = now + seconds * SECOND
    for before, after in zip(
        explain(policy, windows, events, sooner),
        explain(policy, windows, events, sooner + more * SECOND),
        strict=True,
    ):
        assert after.due_at == before.due_at
        assert after.elapsed_seconds >= before.elapsed_seconds
        assert after.allowance_seconds == before.allowance_seconds


@given(scenarios())
@settings(max_examples=100, deadline=None)
def test_segments_cover_the_cycle_and_add_up(scenario):
    policy, windows, events, now, _ = scenario
    for cycle in explain(policy, windows, events, now):
        edges = [cycle.started_at, *(s.to_at for s in cycle.segments)]
        assert [s.from_at for s in cycle.segments] == edges[:-1]
        assert edges[-1] == (cycle.stopped_at or now)
        assert all(s.from_at < s.to_at for s in cycle.segments)
        reasons = [s.reason for s in cycle.segments]
        assert all(a != b for a, b in pairwise(reasons))
        counted = sum((s.to_at - s.from_at) // SECOND for s in cycle.segments if s.counted)
        assert counted == cycle.elapsed_seconds
        if cycle.breached_at is None:
            assert cycle.elapsed_seconds + cycle.remaining_seconds == cycle.allowance_seconds
        else:
            assert cycle.remaining_seconds == 0


@given(scenarios(), st.integers(1, 40_000))
@settings(max_examples=100, deadline=None)
def test_so_much_is_counted_when_the_segments_say_so(scenario, seconds):
    policy, windows, events, now, _ = scenario
    for cycle in explain(policy, windows, events, now):
        if cycle.stopped_at is None:
            assert cycle.reaches_at(cycle.allowance_seconds) == cycle.due_at
        reached = cycle.reaches_at(seconds)
        if seconds > cycle.elapsed_seconds:
            assert reached is None or reached > (cycle.stopped_at or now)
        else:
            until = [(s.from_at, min(s.to_at, reached)) for s in cycle.segments if s.counted]
            assert sum((b - a) // SECOND for a, b in until if a < b) == seconds
            assert any(s.counted and s.from_at < reached <= s.to_at for s in cycle.segments)


@given(scenarios(), st.integers(-100_000, 400_000))
@settings(max_examples=100, deadline=None)
def test_it_counts_next_where_the_next_counted_segment_is(scenario, seconds):
    policy, windows, events, now, _ = scenario
    instant, later = now + seconds * SECOND, now + 9 * DAY
    ahead = {(cycle.target, cycle.cycle): cycle for cycle in explain(policy, windows, events, later)}
    for cycle in explain(policy, windows, events, now):
        if cycle.state != "running" or not cycle.remaining_seconds:
            continue  # ended or waiting, or it may be
        segments = ahead[cycle.target, cycle.cycle].segments
        counted = [max(s.from_at, instant) for s in segments if s.counted and s.to_at > instant]
        if counted:
            assert cycle.counts_at(instant) == counted[0]
        else:
            assert (cycle.counts_at(instant) or later) >= later


@given(scenarios(), st.sampled_from([900, 1800, 3600, 7200, 36000]), st.integers(0, 90_000))
@settings(max_examples=150, deadline=None)
def test_tighter_never_makes_due_later_and_looser_never_earlier(scenario, length, later):
    policy, windows, events, now, _ = scenario
    # The severity in force becomes one that differs in its lengths alone.
    in_force = [e.severity for e in events if e.severity is not None][-1]
    old = policy[in_force]
    as_long = SeverityTargets(
        Target(length, old.response.calendar),
        Target(length, old.resolution.calendar),
        old.update and Target(length, old.update.calendar),
        old.maintenance_pauses,
    )
    if events[-1].type in ("closed", "cancelled"):
        return  # no change is allowed, or none takes effect
    at = now + later * SECOND
    before = explain(policy, windows, events, at)
    changed = [*events, Event(at, "severity_changed", "other")]
    after = explain({**policy, "other": as_long}, windows, changed, at)
    for was, new in zip(before, after, strict=True):
        target = old.get(was.target)
        if was.due_at is None or new.due_at is None or target is None:
            continue
        assert new.due_at <= was.due_at or length > target.seconds
        assert new.due_at >= was.due_at or length < target.seconds


@given(
    st.lists(
        st.builds(
            Event,
            st.integers(0, 5).map(lambda n: datetime(2026, 3, 2, 8, n, tzinfo=UTC)),
            st.sampled_from([*LEADS_TO, "reported", "responded", "reporter_replied", "severity_changed"]),
            st.sampled_from(["minor", "minor", "nowhere", None]),
        ),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_events_are_refused_exactly_where_the_state_does_not_allow_them(events):
    policy = {"minor": SeverityTargets(Target(60, None), Target(60, None))}
    now = datetime(2026, 3, 2, 8, 4, tzinfo=UTC)
    state = None
    fits = bool(events)
    for event in sorted(events, key=lambda e: e.at):
        allowed = ["reported"] if state is None else NEXT[state]
        known = event.severity == "minor" or event.type not in ("reported", "severity_changed")
        fits = fits and event.type in allowed and known and event.at <= now
        state = LEADS_TO.get(event.type, state or "open")
    if fits:
        assert explain(policy, [], events, now)
    else:
        with pytest.raises(ScenarioError):
            explain(policy, [], events, now)
