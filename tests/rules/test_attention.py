"""What a timeline leaves open between people, with literal instants; Berlin is UTC+1 in March 2026."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.rules import attention, sla
from helpdesk.rules.attention import Asking, Attention, Silence
from helpdesk.rules.escalation import firings
from helpdesk.rules.hours import parse_calendar
from helpdesk.rules.sla import SeverityTargets, Target
from helpdesk.rules.timeline import Happening, events_of

OFFICE = parse_calendar(
    {
        "timezone": "Europe/Berlin",
        "week": {
            day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
        },
    },
    "office",
)
HOUR = 3600
POLICY = {
    "critical": SeverityTargets(Target(HOUR, None), Target(4 * HOUR, None)),
    "major": SeverityTargets(Target(2 * HOUR, OFFICE), Target(8 * HOUR, OFFICE)),
    "minor": SeverityTargets(Target(4 * HOUR, OFFICE), Target(24 * HOUR, OFFICE)),
}
BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A day of March 2026 (the 2nd is a Monday), Berlin time."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def did(kind: str, when: datetime, **detail: object) -> Happening:
    return Happening(kind, when, detail)


REPORTED = did("reported", at(2, 9), severity="minor")
ACCEPTED = did("accepted", at(2, 10))
HANDED = did("assigned", at(2, 11), to=2, accept="handed")
RAISED = did("severity_changed", at(2, 11), to="critical", accept="raised")
NOTHING = Attention((), None)


def cycles_of(*timeline: Happening) -> tuple[sla.Cycle, ...]:
    return sla.explain(POLICY, [], events_of(timeline, False), max(h.at for h in timeline))


@pytest.mark.parametrize(
    ("timeline", "left"),
    [
        ([], NOTHING),
        ([ACCEPTED], Attention((), Silence(1, at(2, 10)))),
        ([ACCEPTED, did("replied", at(2, 10, 5))], NOTHING),
        ([ACCEPTED, did("noted", at(2, 10, 5))], NOTHING),
        ([ACCEPTED, did("moved", at(2, 10, 5), to_team=1)], NOTHING),
        ([ACCEPTED, did("update_promised", at(2, 10, 5))], NOTHING),
        ([ACCEPTED, did("severity_changed", at(2, 10, 5), to="minor", rule="by_hand")], NOTHING),
        # What no staff say, or nobody sees.
        ([ACCEPTED, did("triaged", at(2, 10, 5))], Attention((), Silence(1, at(2, 10)))),
        ([ACCEPTED, did("linked", at(2, 10, 5))], Attention((), Silence(1, at(2, 10)))),
        ([ACCEPTED, did("escalated", at(2, 10, 5))], Attention((), Silence(1, at(2, 10)))),
        ([ACCEPTED, did("reporter_replied", at(2, 10, 5))], Attention((), Silence(1, at(2, 10)))),
        (
            [ACCEPTED, did("severity_changed", at(2, 10, 5), to="minor", rule="otherwise")],
            Attention((), Silence(1, at(2, 10))),
        ),
        # Accepted twice.
        ([ACCEPTED, did("accepted", at(2, 12))], Attention((), Silence(2, at(2, 12)))),
        # Handed over, raised, and accepted again.
        ([ACCEPTED, HANDED], Attention((Asking(1, at(2, 11), "handed"),), None)),
        ([ACCEPTED, RAISED], Attention((Asking(1, at(2, 11), "raised"),), None)),
        (
            [ACCEPTED, HANDED, did("moved", at(2, 12), accept="handed")],
            Attention((Asking(2, at(2, 12), "handed"),), None),
        ),
        (
            [ACCEPTED, RAISED, did("assigned", at(2, 12), accept="handed")],
            Attention((Asking(1, at(2, 11), "raised"), Asking(2, at(2, 12), "handed")), None),
        ),
        (
            [ACCEPTED, HANDED, did("severity_changed", at(2, 12), to="critical", accept="raised")],
            Attention((Asking(2, at(2, 12), "raised"),), None),
        ),
        ([ACCEPTED, HANDED, did("replied", at(2, 12))], Attention((Asking(1, at(2, 11), "handed"),), None)),
        ([ACCEPTED, HANDED, did("accepted", at(2, 12))], Attention((), Silence(2, at(2, 12)))),
        # What has ended is nobody's any more.
        ([ACCEPTED, HANDED, did("resolved", at(2, 12))], NOTHING),
        ([ACCEPTED, did("resolved", at(2, 12)), did("reopened", at(2, 13))], NOTHING),
        ([ACCEPTED, did("merged", at(2, 12))], NOTHING),
        # A reopening that was voided: what was done for it was done to a resolved ticket.
        ([did("resolved", at(2, 10)), did("accepted", at(2, 11)), HANDED], NOTHING),
    ],
)
def test_what_a_timeline_leaves_open(timeline: list[Happening], left: Attention) -> None:
    assert attention.read([REPORTED, *timeline]) == left


def test_who_accepts_while_somebody_is_waited_for_may_be_silent_until_then() -> None:
    waiting = did("waiting", at(2, 10), **{"for": "reporter"})
    accepted, answered = did("accepted", at(2, 11)), did("reporter_replied", at(3, 9))
    assert attention.read([REPORTED, waiting, accepted, answered]).silence == Silence(1, at(3, 9))


@pytest.mark.parametrize(
    ("holder", "accepted_at", "escalated_at", "has"),
    [
        (1, at(2, 10), None, True),
        (1, at(2, 10), at(2, 9), True),
        (1, at(2, 10), at(2, 11), False),  # told since
        (1, None, None, False),
        (2, at(2, 10), None, False),
        (None, None, None, False),
    ],
)
def test_who_has_accepted(
    holder: int | None, accepted_at: datetime | None, escalated_at: datetime | None, has: bool
) -> None:
    assert attention.is_accepted_by(1, holder, accepted_at, escalated_at) is has


def acceptance_of(*timeline: Happening) -> sla.Cycle | None:
    whole = (REPORTED, *timeline)
    (asking,) = attention.read(whole).askings
    return attention.acceptance(asking, whole, cycles_of(*whole), POLICY)


def test_the_time_to_accept_is_that_of_an_answer_at_the_severity_in_force() -> None:
    cycle = acceptance_of(ACCEPTED, HANDED)
    assert cycle is not None
    assert (cycle.target, cycle.cycle, cycle.started_at) == ("acceptance", 1, at(2, 11))
    assert cycle.due_at == at(2, 16)  # four working hours, lunch left out
    raised = acceptance_of(ACCEPTED, RAISED)
    assert raised is not None
    assert (raised.due_at, raised.allowance_seconds) == (at(2, 12), HOUR)


def test_a_ladder_is_told_in_the_time_to_accept() -> None:
    cycle = acceptance_of(ACCEPTED, HANDED)
    assert cycle is not None
    told = {f.key: (f.due_at, f.step.to) for f in firings(attention.HANDED, cycle, "minor", {})}
    assert told == {
        "acceptance:1:minor:0:0": (at(2, 11), "assignee"),
        "acceptance:1:minor:1:0": (at(2, 14), "assignee"),
        "acceptance:1:minor:2:0": (at(2, 16), "lead"),
    }


def test_a_severity_lowered_meanwhile_gives_more_time_to_accept() -> None:
    cycle = acceptance_of(ACCEPTED, RAISED, did("severity_changed", at(2, 11, 30), to="major"))
    assert cycle is not None
    assert cycle.due_at == at(2, 14)  # two working hours from 11:00, lunch left out


def test_while_an_answer_is_owed_its_own_ladder_asks() -> None:
    assert acceptance_of(did("assigned", at(2, 9, 30), to=2, accept="handed")) is None


def test_once_another_has_answered_it_is_to_be_accepted_from_then_on() -> None:
    cycle = acceptance_of(did("assigned", at(2, 9, 30), to=2, accept="handed"), did("replied", at(2, 10)))
    assert cycle is not None
    assert (cycle.started_at, cycle.due_at) == (at(2, 10), at(2, 15))


@pytest.mark.parametrize(
    ("severity", "accepted_at", "told"),
    [
        ("critical", at(2, 23), [("assignee", at(2, 23, 30)), ("lead", at(3, 0))]),
        ("major", at(2, 17), [("assignee", at(3, 10)), ("lead", at(3, 12))]),
        ("minor", at(2, 10), []),
    ],
)
def test_after_how_long_a_silence_who_is_told(
    severity: str, accepted_at: datetime, told: list[tuple[str, datetime]]
) -> None:
    timeline = [did("reported", at(2, 9), severity=severity), did("accepted", accepted_at)]
    silence = attention.read(timeline).silence
    assert silence is not None
    alarms = attention.silence_alarms(silence, timeline, cycles_of(*timeline), POLICY, severity)
    assert list(alarms) == told


def test_news_that_did_not_come_is_told_and_a_quarter_of_an_hour_later_the_lead() -> None:
    assert list(attention.news_alarms(at(2, 15, 20))) == [
        ("assignee", at(2, 15, 20)),
        ("lead", at(2, 15, 35)),
    ]
