"""Every way to say when a step rings, with literal instants; whom it tells by name, roster and channel."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules import sla
from helpdesk.rules.escalation import Rung, Step, faults_of, firings, first_at, still_asks
from helpdesk.rules.hours import parse_calendar
from helpdesk.rules.recipients import Around, Turns, whom
from helpdesk.rules.sla_cycles import Cycle, SeverityTargets, Target
from tests.rules.test_escalation import ALWAYS, BO, CHEN, DEE, ELI, FULL, GIL, IN_HOURS, at, cycle, due

BEFORE, AFTER = "before_due", "after_due"


@pytest.mark.parametrize(
    ("reported", "step", "expected"),
    [
        # Four office hours (09-12, 13-18, no Friday 6 March) from Monday 16:00 are due Tuesday 11:00.
        (at(2, "16:00"), Step("lead", minutes=0), "Mon 16:00"),
        (at(2, "16:00"), Step("lead", minutes=180), "Tue 10:00"),
        (at(2, "16:00"), Step("lead", minutes=180, is_wall_clock=True), "Tue 09:00"),  # 19:00 is closed
        (at(2, "16:00"), Step("lead", minutes=90, is_wall_clock=True), "Mon 17:30"),
        (at(2, "16:00"), Step("lead", minutes=0, is_wall_clock=True), "Mon 16:00"),
        (at(2, "16:00"), Step("lead", minutes=60, anchor=BEFORE), "Tue 10:00"),
        (at(2, "16:00"), Step("lead", minutes=180, anchor=BEFORE), "Mon 17:00"),
        (at(2, "16:00"), Step("lead", minutes=180, anchor=BEFORE, is_wall_clock=True), "Tue 09:00"),  # 08:00
        (at(2, "16:00"), Step("lead", minutes=60, anchor=BEFORE, is_wall_clock=True), "Tue 10:00"),
        (at(2, "16:00"), Step("lead", minutes=0, anchor=BEFORE), "Tue 11:00"),
        (at(2, "16:00"), Step("lead", minutes=0, anchor=AFTER), "Tue 11:00"),
        (at(2, "16:00"), Step("lead", minutes=120, anchor=AFTER), "Tue 14:00"),  # over the lunch break
        (at(2, "16:00"), Step("lead", minutes=90, anchor=AFTER, is_wall_clock=True), "Tue 13:00"),  # 12:30
        (at(2, "16:00"), Step("lead", minutes=600, anchor=AFTER, is_wall_clock=True), "Wed 09:00"),  # 21:00
        # more than the whole allowance before it is due: at once, not before the ticket was there
        (at(2, "16:00"), Step("lead", minutes=600, anchor=BEFORE), "Mon 16:00"),
        (at(2, "16:00"), Step("lead", minutes=3000, anchor=BEFORE, is_wall_clock=True), "Mon 16:00"),
        # Thursday 14:00 is used up exactly at closing time: due Thursday 18:00, told on Monday
        (at(5, "14:00"), Step("lead", minutes=0, anchor=AFTER), "Mon 09:00"),
        (at(5, "14:00"), Step("lead", minutes=30, anchor=AFTER), "Mon 09:30"),
        (at(5, "14:00"), Step("lead", minutes=30, anchor=AFTER, is_wall_clock=True), "Mon 09:00"),
        (at(5, "14:00"), Step("lead", minutes=30, anchor=BEFORE, is_wall_clock=True), "Thu 17:30"),
        # reported at night, counted from the opening; the wall's minutes have passed by then
        (at(2, "22:00"), Step("lead", minutes=30), "Tue 09:30"),
        (at(2, "22:00"), Step("lead", minutes=30, is_wall_clock=True), "Tue 09:00"),
    ],
)
def test_when_a_step_in_office_hours_rings(reported: datetime, step: Step, expected: str) -> None:
    assert due([step], cycle(IN_HOURS, reported, now=reported)) == [f"lead {expected}"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("lead", minutes=30), "Sun 01:30"),
        (Step("lead", minutes=30, is_wall_clock=True), "Sun 01:30"),
        (Step("lead", minutes=15, anchor=BEFORE), "Sun 01:45"),
        (Step("lead", minutes=15, anchor=BEFORE, is_wall_clock=True), "Sun 01:45"),
        (Step("lead", minutes=15, anchor=AFTER), "Sun 02:15"),
        (Step("lead", minutes=15, anchor=AFTER, is_wall_clock=True), "Sun 02:15"),
    ],
)
def test_round_the_clock_both_ways_of_counting_agree_at_night(step: Step, expected: str) -> None:
    assert due([step], cycle(ALWAYS, at(1, "01:00"), now=at(1, "01:00"))) == [f"lead {expected}"]


# The night in which Berlin's clocks go from 02:00 to 03:00: 29 March 2026; and back from 03:00: 25 October.
NIGHTS = parse_calendar({"timezone": "Europe/Berlin", "week": {"sun": [["00:00", "06:00"]]}}, "nights")
AT_NIGHT = SeverityTargets(Target(3 * 3600, NIGHTS), Target(5 * 3600, NIGHTS))


@pytest.mark.parametrize(
    ("reported", "step", "expected"),
    [
        # 01:00 in winter; three hours later it is 05:00 in summer
        ("2026-03-29T00:00", Step("lead", minutes=120), "2026-03-29T02:00"),
        ("2026-03-29T00:00", Step("lead", minutes=120, is_wall_clock=True), "2026-03-29T02:00"),
        ("2026-03-29T00:00", Step("lead", minutes=30, anchor=BEFORE), "2026-03-29T02:30"),
        (
            "2026-03-29T00:00",
            Step("lead", minutes=60, anchor=AFTER, is_wall_clock=True),
            None,
        ),
        # 01:00 in summer; the hour from two to three comes twice
        ("2026-10-24T23:00", Step("lead", minutes=120), "2026-10-25T01:00"),
        ("2026-10-24T23:00", Step("lead", minutes=120, is_wall_clock=True), "2026-10-25T01:00"),
        ("2026-10-24T23:00", Step("lead", minutes=60, anchor=AFTER), "2026-10-25T03:00"),
        ("2026-10-24T23:00", Step("lead", minutes=60, anchor=BEFORE, is_wall_clock=True), "2026-10-25T01:00"),
    ],
)
def test_a_changed_clock_neither_skips_nor_adds_an_hour(
    reported: str, step: Step, expected: str | None
) -> None:
    started = datetime.fromisoformat(reported).replace(tzinfo=UTC)
    found = [f.due_at for f in firings([step], cycle(AT_NIGHT, started, now=started), "minor", {})]
    if expected is None:  # 06:00 in summer is closing time: the next night is a week later
        assert found == [datetime(2026, 4, 4, 22, tzinfo=UTC)]
    else:
        assert found == [datetime.fromisoformat(expected).replace(tzinfo=UTC)]


def test_a_breached_target_still_tells_whom_its_steps_after_the_breach_name() -> None:
    found = cycle(ALWAYS, at(2, "09:00"), now=at(2, "12:00"))
    assert found.state == "breached"
    assert due([Step("manager", minutes=240, anchor=AFTER)], found) == ["manager Mon 14:00"]


def test_while_waiting_no_step_is_planned_and_the_wall_goes_on_until_it_counts_again() -> None:
    steps = [
        Step("lead", minutes=90, is_wall_clock=True),
        Step("lead", minutes=30, anchor=AFTER, is_wall_clock=True),
        Step("lead", minutes=60, anchor=BEFORE),
    ]
    waits = sla.Event(at(2, "10:00"), "waiting")
    found = cycle(ALWAYS, at(2, "09:00"), waits, now=at(2, "11:00"), name="resolution")
    assert due(steps, found) == []
    goes_on = sla.Event(at(2, "15:00"), "resumed")
    found = cycle(ALWAYS, at(2, "09:00"), waits, goes_on, now=at(2, "15:00"), name="resolution")
    # Three of four hours are left: due at 18:00. What the wall reached at 10:30 rings once it counts.
    assert due(steps, found) == ["lead Mon 15:00", "lead Mon 18:30", "lead Mon 17:00"]


def test_another_severity_begins_its_ladder_anew_by_the_wall_too() -> None:
    change = sla.Event(at(2, "10:30"), "severity_changed", "critical")
    found = cycle(IN_HOURS, at(2, "09:00"), change, now=at(2, "10:30"))
    steps = [Step("lead", minutes=20, is_wall_clock=True), Step("lead", minutes=50, anchor=BEFORE)]
    assert due(steps, found) == ["lead Mon 10:50", "lead Mon 10:40"]


REPEATED = Step("on_call", percent=50, repeat_minutes=10, repeat_most=3)


@pytest.mark.parametrize(
    ("rung", "accepted", "expected"),
    [
        (None, None, "Mon 11:00"),
        ((0, "11:00"), None, "Mon 11:10"),
        ((2, "11:20"), None, "Mon 11:30"),
        ((3, "11:30"), None, None),  # three times again
        ((0, "11:34"), None, "Mon 11:40"),  # rings missed are not made up
        ((2, "11:59"), None, "Mon 13:00"),  # nor is the lunch break rung through
        ((0, "11:00"), "09:30", "Mon 11:10"),  # accepted before it rang: somebody must say so again
        ((0, "11:03"), "11:02", "Mon 11:10"),  # it rang late, and nobody had heard it yet
        ((0, "11:03"), "11:04", None),
        ((0, "11:00"), "11:00", None),
        ((1, "11:10"), "11:12", None),
        (None, "09:30", "Mon 11:00"),  # the first ring warns whoever has it
        (None, "12:30", "Mon 11:00"),
    ],
)
def test_a_repeat_goes_on_until_somebody_accepts(rung, accepted, expected) -> None:
    found = cycle(IN_HOURS, at(2, "09:00"), now=at(2, "09:00"))
    known = {"response:1:minor:0": Rung(rung[0], at(2, rung[1]))} if rung else {}
    rings = list(firings([REPEATED], found, "minor", known, at(2, accepted) if accepted else None))
    assert [f"{f.due_at + timedelta(hours=1):%a %H:%M}" for f in rings] == ([expected] if expected else [])


def test_a_night_does_not_use_up_the_times_that_are_allowed() -> None:
    step = Step("on_call", minutes=0, repeat_minutes=5, repeat_most=4)
    found, rung, rang = cycle(IN_HOURS, at(2, "17:50"), now=at(2, "17:50")), {}, []
    while following := list(firings([step], found, "minor", rung)):
        rang.append(f"{following[0].due_at + timedelta(hours=1):%a %H:%M}")
        rung = {"response:1:minor:0": Rung(following[0].occurrence, following[0].due_at)}
    assert rang == ["Mon 17:50", "Mon 17:55", "Tue 09:00", "Tue 09:05", "Tue 09:10"]


def test_an_alarm_keeps_what_its_step_names_and_nothing_that_it_does_not() -> None:
    found = cycle(ALWAYS, at(2, "09:00"), now=at(2, "09:00"))
    ladder = [
        Step("on_call", minutes=0),
        Step("person", minutes=0, person_id=GIL, channel="chat"),
        Step("next_turn", minutes=5, roster_id=7, repeat_minutes=5, number=9),
    ]
    assert [(f.key, f.detail) for f in firings(ladder, found, "minor", {})] == [
        (
            "response:1:minor:0:0",
            {"target": "response", "cycle": 1, "step": 0, "occurrence": 0, "to": "on_call", "repeats": False},
        ),
        (
            "response:1:minor:1:0",
            {"target": "response", "cycle": 1, "step": 1, "occurrence": 0, "to": "person", "repeats": False}
            | {"person": GIL, "channel": "chat"},
        ),
        (
            "response:1:minor:9:0",
            {"target": "response", "cycle": 1, "step": 9, "occurrence": 0, "to": "next_turn", "repeats": True}
            | {"roster": 7},
        ),
    ]


@pytest.mark.parametrize(
    ("step", "faults"),
    [
        (Step("lead", minutes=10, anchor=AFTER, is_wall_clock=True), []),
        (Step("lead"), ["when"]),
        (Step("lead", percent=50, minutes=5), ["when"]),
        (Step("lead", percent=101), ["percent"]),
        (Step("lead", percent=50, is_wall_clock=True), ["wall_clock"]),
        (Step("lead", percent=50, anchor=AFTER), ["wall_clock"]),
        (Step("lead", minutes=10_081), ["minutes"]),
        (Step("person", minutes=1), ["person"]),
        (Step("lead", minutes=1, person_id=BO), ["person"]),
        (Step("lead", minutes=1, roster_id=1), ["roster"]),
        (Step("backup", minutes=1, roster_id=1), []),
        (Step("lead", minutes=1, repeat_minutes=0), ["repeat_minutes"]),
        (Step("lead", minutes=1, repeat_minutes=1, repeat_most=1001), ["repeat_most"]),
    ],
)
def test_what_a_step_may_not_say(step: Step, faults: list[str]) -> None:
    assert [fault for _place, fault in faults_of([step], "response")] == faults


@pytest.mark.parametrize(
    ("step", "around", "people", "to", "passed_over", "gaps"),
    [
        (Step("person", person_id=GIL), FULL, (GIL,), "person", (), ()),
        (
            Step("person", person_id=GIL),
            Around(leads=(CHEN,), away=frozenset({GIL})),
            (CHEN,),
            "lead",
            (("person", "absent"),),
            (),
        ),
        (
            Step("person", person_id=GIL),
            Around(leads=(CHEN,), left=frozenset({GIL})),
            (CHEN,),
            "lead",
            (("person", "left"),),
            ("person",),
        ),
        (Step("next_turn"), Around(on_call=BO, next_turn=GIL), (GIL,), "next_turn", (), ()),
        (
            Step("next_turn"),
            Around(on_call=BO, next_turn=BO, backup=DEE),
            (DEE,),
            "backup",
            (("next_turn", "same_as_on_call"),),
            (),
        ),
        (
            Step("next_turn"),
            Around(on_call=BO, backup=DEE),
            (DEE,),
            "backup",
            (("next_turn", "nobody"),),
            ("next_turn",),
        ),
        (
            Step("next_turn"),
            Around(on_call=BO, next_turn=GIL, away=frozenset({GIL}), backup=DEE),
            (DEE,),
            "backup",
            (("next_turn", "absent"),),
            (),
        ),
        (
            Step("on_call", roster_id=7),
            Around(on_call=BO, rosters={7: Turns(GIL, DEE)}),
            (GIL,),
            "on_call",
            (),
            (),
        ),
        (
            Step("next_turn", roster_id=7),
            Around(on_call=BO, rosters={7: Turns(GIL, DEE)}),
            (DEE,),
            "next_turn",
            (),
            (),
        ),
        (
            Step("on_call", roster_id=7),
            Around(on_call=BO, backup=GIL, rosters={7: Turns()}),
            (GIL,),
            "backup",
            (("on_call", "nobody"),),
            ("on_call",),
        ),
        # unreachable: neither mail nor channel
        (
            Step("on_call"),
            Around(on_call=BO, backup=GIL, without_mail=frozenset({BO}), without_chat=frozenset({BO, GIL})),
            (GIL,),
            "backup",
            (("on_call", "unreachable"),),
            ("on_call",),
        ),
        # who may not read a restricted ticket is passed over, unless they have it
        (
            Step("on_call"),
            Around(on_call=BO, backup=GIL, outsiders=frozenset({BO})).about(True, None),
            (GIL,),
            "backup",
            (("on_call", "barred"),),
            ("on_call",),
        ),
        (
            Step("on_call"),
            Around(on_call=BO, outsiders=frozenset({BO})).about(True, BO),
            (BO,),
            "on_call",
            (),
            (),
        ),
        (
            Step("on_call"),
            Around(on_call=BO, outsiders=frozenset({BO})).about(False, None),
            (BO,),
            "on_call",
            (),
            (),
        ),
        # a step by chat passes over whoever has none; who stands in is told in whatever way there is
        (
            Step("on_call", channel="chat"),
            Around(on_call=BO, backup=GIL, without_chat=frozenset({BO, GIL})),
            (GIL,),
            "backup",
            (("on_call", "unreachable"),),
            ("on_call",),
        ),
        (
            Step("lead", channel="mail"),
            Around(leads=(CHEN, BO), without_mail=frozenset({CHEN})),
            (BO,),
            "lead",
            (),
            (),
        ),
        (
            Step("manager"),
            Around(
                manager=DEE,
                administrators=(ELI,),
                without_mail=frozenset({DEE, ELI}),
                without_chat=frozenset({DEE, ELI}),
            ),
            (),
            "manager",
            (("manager", "unreachable"), ("administrators", "unreachable")),
            ("manager", "administrators"),
        ),
    ],
)
def test_whom_a_step_tells_by_name_roster_and_channel(step, around, people, to, passed_over, gaps) -> None:
    told = whom(step.to, around, None, person=step.person_id, roster=step.roster_id, channel=step.channel)
    assert (told.people, told.to, told.passed_over, told.gaps) == (people, to, passed_over, gaps)
    assert told.channel == (step.channel if to == step.to else "all")


@given(
    minutes=st.integers(0, 3000),
    anchor=st.sampled_from(("start", "before_due", "after_due")),
    is_wall_clock=st.booleans(),
    reported=st.integers(0, 7 * 24 * 60),
    later=st.integers(0, 7 * 24 * 60),
)
def test_no_step_rings_outside_its_targets_hours_nor_moves_as_time_goes_by(
    minutes: int, anchor, is_wall_clock: bool, reported: int, later: int
) -> None:
    started = at(1, "00:00") + timedelta(minutes=reported)
    step = Step("lead", minutes=minutes, anchor=anchor, is_wall_clock=is_wall_clock)
    early = _ring(step, cycle(IN_HOURS, started, now=started))
    assert early == _ring(step, cycle(IN_HOURS, started, now=started + timedelta(minutes=later)))
    assert early >= started
    found = cycle(IN_HOURS, started, now=early + timedelta(minutes=1))
    assert next(s for s in found.segments if s.from_at <= early < s.to_at).counted


def _ring(step: Step, of: Cycle) -> datetime:
    (ring,) = firings([step], of, "minor", {})
    first = first_at(step, of)
    assert first is not None
    assert ring.due_at >= first
    return ring.due_at


@pytest.mark.parametrize(
    ("repeats", "rang", "accepted", "asks"),
    [
        (False, "11:00", None, True),
        (True, "11:00", None, True),
        (False, "11:00", "09:30", False),
        (True, "11:00", "09:30", True),
        (True, "11:00", "11:00", False),
        (True, "11:00", "11:01", False),
        (True, None, "11:01", False),  # not rung yet
    ],
)
def test_what_repeats_asks_again_whoever_has_accepted_before(repeats, rang, accepted, asks) -> None:
    instants = [at(2, clock) if clock else None for clock in (rang, accepted)]
    assert still_asks(repeats, *instants) is asks
