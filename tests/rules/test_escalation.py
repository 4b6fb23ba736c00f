"""When steps ring and whom they tell; Berlin is UTC+1 until 29 March 2026."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.rules import sla
from helpdesk.rules.escalation import (
    DEFAULT_LADDERS,
    Around,
    Ladder,
    Rung,
    Step,
    firings,
    whom,
)
from helpdesk.rules.hours import after_working_days, parse_calendar
from helpdesk.rules.sla_cycles import Cycle, SeverityTargets, Target

OFFICE = parse_calendar(
    {
        "timezone": "Europe/Berlin",
        "week": {
            day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
        },
        "dates": {"2026-03-06": []},
    },
    "office",
)
ALWAYS = SeverityTargets(Target(3600, None), Target(4 * 3600, None))
IN_HOURS = SeverityTargets(Target(4 * 3600, OFFICE), Target(24 * 3600, OFFICE), None, True)


def at(day: int, clock: str) -> datetime:
    """A local time of March 2026 in Berlin; the 2nd is a Monday."""
    hour, minute = clock.split(":")
    return datetime(2026, 3, day, int(hour), int(minute), tzinfo=UTC) - timedelta(hours=1)


def cycle(
    targets: SeverityTargets,
    reported: datetime,
    *events: sla.Event,
    now: datetime,
    windows=(),
    name="response",
) -> Cycle:
    policy = {"minor": targets, "critical": ALWAYS}
    found = sla.explain(policy, windows, [sla.Event(reported, "reported", "minor"), *events], now)
    return [c for c in found if c.target == name][-1]


def due(ladder: Ladder, of: Cycle, rung: dict[str, Rung] | None = None) -> list[str]:
    return [
        f"{f.step.to} {f.due_at + timedelta(hours=1):%a %H:%M}"
        for f in firings(ladder, of, "minor", rung or {})
    ]


@pytest.mark.parametrize(
    ("reported", "step", "expected"),
    [
        # shares of four office hours
        (at(2, "09:00"), Step("lead", percent=50), "lead Mon 11:00"),
        (at(2, "09:00"), Step("lead", percent=100), "lead Mon 14:00"),
        (at(2, "11:00"), Step("lead", percent=50), "lead Mon 14:00"),
        (at(2, "22:00"), Step("lead", percent=0), "lead Tue 09:00"),
        # used up exactly at closing time it is due then; whoever is told is told at the next opening
        (at(2, "10:00"), Step("lead", percent=50), "lead Mon 13:00"),
        (at(5, "14:00"), Step("lead", percent=100), "lead Mon 09:00"),  # Friday is a holiday
        # minutes stand still while the desk is closed
        (at(2, "11:50"), Step("lead", minutes=5), "lead Mon 11:55"),
        (at(2, "11:50"), Step("lead", minutes=10), "lead Mon 13:00"),
        (at(2, "17:00"), Step("lead", minutes=90), "lead Tue 09:30"),
        (at(2, "22:00"), Step("lead", minutes=15), "lead Tue 09:15"),
    ],
)
def test_a_target_in_office_hours_rings_nobody_outside_them(
    reported: datetime, step: Step, expected: str
) -> None:
    assert due([step], cycle(IN_HOURS, reported, now=reported)) == [expected]


def test_a_maintenance_window_that_pauses_the_target_keeps_its_ladder_quiet() -> None:
    window = sla.Window(at(2, "10:00"), at(2, "11:30"))
    found = cycle(IN_HOURS, at(2, "09:00"), now=at(2, "09:00"), windows=[window])
    assert due([Step("lead", minutes=60), Step("manager", percent=50)], found) == [
        "lead Mon 11:30",
        "manager Mon 13:30",
    ]


def test_nothing_rings_once_the_cycle_has_stopped() -> None:
    answered = sla.Event(at(2, "09:30"), "responded")
    found = cycle(ALWAYS, at(2, "09:00"), answered, now=at(2, "10:00"))
    assert due(DEFAULT_LADDERS["critical", "response"], found) == []


def test_while_waiting_nothing_is_planned_and_afterwards_the_rest_of_the_share_is() -> None:
    waits = sla.Event(at(2, "10:00"), "waiting")
    found = cycle(ALWAYS, at(2, "09:00"), waits, now=at(2, "11:00"), name="resolution")
    assert due([Step("lead", percent=50), Step("lead", minutes=240)], found) == []
    goes_on = sla.Event(at(2, "15:00"), "resumed")
    found = cycle(ALWAYS, at(2, "09:00"), waits, goes_on, now=at(2, "15:00"), name="resolution")
    assert due([Step("lead", percent=50)], found) == ["lead Mon 16:00"]


def test_planning_later_gives_the_same_instants() -> None:
    ladder = DEFAULT_LADDERS["major", "response"]
    early = due(ladder, cycle(IN_HOURS, at(2, "16:00"), now=at(2, "16:00")))
    for now in (at(2, "17:30"), at(2, "20:00"), at(3, "10:15"), at(9, "08:00")):
        assert due(ladder, cycle(IN_HOURS, at(2, "16:00"), now=now)) == early


def test_a_step_that_has_rung_rings_again_only_if_it_repeats() -> None:
    found = cycle(ALWAYS, at(2, "09:00"), now=at(2, "09:00"))
    rung = {f"response:1:minor:{n}": Rung(0, at(2, "09:00")) for n in (0, 1)}
    ladder = [Step("on_call", minutes=0, repeat_minutes=5), Step("lead", minutes=0)]
    assert due(ladder, found, rung) == ["on_call Mon 09:05"]


@pytest.mark.parametrize(
    ("last", "fired_at", "expected"),
    [
        (0, "09:00", ["on_call Mon 09:05"]),
        (3, "09:15", ["on_call Mon 09:20"]),
        (0, "09:04", ["on_call Mon 09:05"]),  # late, but in time for the next
        (0, "09:52", ["on_call Mon 09:55"]),  # nothing ran for an hour: what was missed is not made up
        (12, "10:00", []),  # twelve times, no more
    ],
)
def test_repeats_keep_to_their_grid(last: int, fired_at: str, expected: list[str]) -> None:
    step = Step("on_call", minutes=0, repeat_minutes=5, repeat_most=12)
    found = cycle(ALWAYS, at(2, "09:00"), now=at(2, "09:00"))
    assert due([step], found, {"response:1:minor:0": Rung(last, at(2, fired_at))}) == expected


def test_a_ladder_begins_where_its_severity_does() -> None:
    change = sla.Event(at(2, "10:30"), "severity_changed", "critical")
    found = cycle(IN_HOURS, at(2, "09:00"), change, now=at(2, "10:30"))
    assert due(DEFAULT_LADDERS["critical", "response"], found) == [
        "on_call Mon 10:30",
        "backup Mon 10:45",
        "lead Mon 11:00",
        "manager Mon 11:15",
        "manager Mon 11:30",
    ]


def test_a_report_of_the_night_does_not_bring_every_step_at_the_opening() -> None:
    found = cycle(IN_HOURS, at(2, "22:00"), now=at(2, "22:00"))
    assert due(DEFAULT_LADDERS["critical", "response"], found) == [
        "on_call Tue 09:00",
        "backup Tue 09:15",
        "lead Tue 09:30",
        "manager Tue 09:45",
        "manager Tue 14:00",
    ]


def test_minutes_count_from_where_the_severity_began() -> None:
    change = sla.Event(at(2, "17:50"), "severity_changed", "major")
    policy = {"minor": ALWAYS, "major": IN_HOURS}
    events = [sla.Event(at(2, "17:00"), "reported", "minor"), change]
    found = sla.explain(policy, [], events, at(2, "17:50"))[0]
    assert due([Step("lead", minutes=15)], found) == ["lead Tue 09:05"]


def test_a_reopened_ticket_tells_one_step_more_at_once() -> None:
    events = [sla.Event(at(2, "09:10"), "resolved"), sla.Event(at(2, "10:00"), "reopened")]
    found = cycle(ALWAYS, at(2, "09:00"), *events, now=at(2, "10:00"))
    assert due(DEFAULT_LADDERS["critical", "response"], found)[:3] == [
        "on_call Mon 10:00",
        "backup Mon 10:00",
        "lead Mon 10:30",
    ]


BO, CHEN, DEE, ELI, GIL = 1, 2, 3, 4, 5
FULL = Around(team=(BO, CHEN, GIL), leads=(CHEN,), manager=DEE, administrators=(ELI,), on_call=BO, backup=GIL)


@pytest.mark.parametrize(
    ("to", "around", "assignee", "people", "passed_over"),
    [
        ("on_call", FULL, None, (BO,), ()),
        ("backup", FULL, None, (GIL,), ()),
        ("team", FULL, None, (BO, CHEN, GIL), ()),
        ("assignee", FULL, GIL, (GIL,), ()),
        ("lead", FULL, None, (CHEN,), ()),
        ("manager", FULL, None, (DEE,), ()),
        ("assignee", FULL, None, (BO,), (("assignee", "nobody"),)),
        ("assignee", Around(on_call=BO, away=frozenset({GIL})), GIL, (BO,), (("assignee", "absent"),)),
        ("assignee", Around(on_call=BO, is_open=False), GIL, (BO,), (("assignee", "off_duty"),)),
        ("assignee", Around(on_call=BO, backup=GIL, is_open=False), GIL, (GIL,), ()),
        (
            "backup",
            Around(on_call=BO, backup=BO, leads=(CHEN,)),
            None,
            (CHEN,),
            (("backup", "same_as_on_call"),),
        ),
        (
            "backup",
            Around(on_call=CHEN, backup=CHEN, leads=(CHEN,), manager=DEE),
            None,
            (DEE,),
            (("backup", "same_as_on_call"), ("lead", "same_as_on_call")),
        ),
        (
            "backup",
            Around(on_call=ELI, backup=ELI, leads=(ELI, CHEN), administrators=(ELI,)),
            None,
            (CHEN,),
            (("backup", "same_as_on_call"),),
        ),
        (
            "backup",
            Around(on_call=ELI, backup=ELI, manager=ELI, administrators=(ELI,)),
            None,
            (ELI,),
            (("backup", "same_as_on_call"), ("lead", "nobody"), ("manager", "same_as_on_call")),
        ),
        (
            "lead",
            Around(leads=(CHEN,), away=frozenset({CHEN}), manager=DEE),
            None,
            (DEE,),
            (("lead", "absent"),),
        ),
        ("manager", Around(administrators=(ELI,)), None, (ELI,), (("manager", "nobody"),)),
        (
            "on_call",
            Around(manager=DEE),
            None,
            (DEE,),
            (("on_call", "nobody"), ("backup", "nobody"), ("lead", "nobody")),
        ),
    ],
)
def test_whom_a_step_tells(to, around, assignee, people, passed_over) -> None:
    told = whom(to, around, assignee)
    assert (told.people, told.passed_over) == (people, passed_over)


def test_where_nobody_is_left_nobody_is_told_and_the_reasons_are_kept() -> None:
    assert whom("manager", Around(), None).people == ()


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (at(2, "09:30"), 1, at(3, "09:30")),
        (at(5, "16:00"), 1, at(9, "16:00")),  # Friday is a holiday
        (at(2, "22:00"), 1, at(4, "09:00")),  # Tuesday 22:00 is closed
        (at(2, "12:30"), 3, at(5, "13:00")),
        (at(7, "10:00"), 1, at(9, "10:00")),  # from a Saturday
        (at(27, "10:00"), 1, at(30, "09:00")),  # summer time from the 29th: 10:00 there is 08:00 UTC
    ],
)
def test_working_days_later(start: datetime, days: int, expected: datetime) -> None:
    assert after_working_days(OFFICE, start, days) == expected


def test_a_calendar_that_never_opens_has_no_working_day() -> None:
    assert after_working_days(parse_calendar({"timezone": "UTC"}, "never"), at(2, "09:00"), 1) is None
