"""From a ticket's timeline to the events of the SLA clock."""

from datetime import UTC, datetime
from random import Random

import pytest

from helpdesk.rules.sla import SeverityTargets, Target, Window, explain
from helpdesk.rules.timeline import HEARD, Happening, clip_window, events_of, service_stays

REPORTED = ("08:00", "reported", {"severity": "minor", "service": 1})


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def timeline(*told: tuple) -> list[Happening]:
    return [Happening(kind, at(clock), detail[0] if detail else {}) for clock, kind, *detail in told]


def events(*told: tuple, supplier_pauses: bool = False) -> list[str]:
    found = events_of(timeline(REPORTED, *told), supplier_pauses)
    assert found[0].severity == "minor"
    return [f"{e.at:%H:%M} {e.type}" + (f" {e.severity}" if e.severity else "") for e in found[1:]]


def waits(clock: str, whom: str) -> tuple:
    return (clock, "waiting", {"for": whom})


def test_accepting_is_a_response_where_one_is_open() -> None:
    assert events(("08:10", "accepted")) == ["08:10 responded"]
    assert events(("08:10", "accepted"), ("08:20", "accepted")) == ["08:10 responded"]
    assert events(("08:10", "replied"), ("08:20", "accepted")) == ["08:10 responded"]
    again = [("09:00", "resolved"), ("10:00", "reopened"), ("10:05", "accepted")]
    assert events(("08:10", "accepted"), *again)[-1] == "10:05 responded"


def test_accepting_answers_no_message_of_the_reporter() -> None:
    told = [("08:10", "accepted"), ("08:20", "reporter_replied"), ("08:30", "accepted")]
    assert events(*told) == ["08:10 responded", "08:20 reporter_replied"]


def test_every_public_reply_of_staff_is_a_response_unless_resolved() -> None:
    told = [("08:10", "replied"), ("08:20", "replied"), ("09:00", "resolved"), ("09:10", "replied")]
    assert events(*told) == ["08:10 responded", "08:20 responded", "09:00 resolved"]


def test_a_reply_that_also_accepts_is_the_same_whichever_is_written_first() -> None:
    said = ("08:20", "reporter_replied")
    first = events(("08:10", "replied"), said, ("08:30", "accepted"), ("08:30", "replied"))
    assert first == events(("08:10", "replied"), said, ("08:30", "replied"), ("08:30", "accepted"))
    assert first == ["08:10 responded", "08:20 reporter_replied", "08:30 responded"]


def test_notes_and_letters_are_no_events() -> None:
    kinds = [
        "noted",
        "assigned",
        "moved",
        "triaged",
        "linked",
        "escalated",
        "nudged",
        "rated",
        "deadline_moved",
    ]
    assert events(*[("08:10", kind) for kind in kinds]) == []


def test_a_message_of_the_reporter_ends_the_waiting_for_the_reporter() -> None:
    told = [waits("08:10", "reporter"), ("08:20", "reporter_replied"), ("08:30", "reporter_replied")]
    assert events(*told) == [
        "08:10 waiting",
        "08:20 resumed",
        "08:20 reporter_replied",
        "08:30 reporter_replied",
    ]


def test_a_message_of_the_reporter_after_the_end_is_no_event() -> None:
    assert events(("09:00", "resolved"), ("09:10", "reporter_replied")) == ["09:00 resolved"]
    assert events(("09:00", "cancelled"), ("09:10", "reporter_replied")) == ["09:00 cancelled"]


def test_waiting_for_a_supplier_pauses_only_where_the_policy_says_so() -> None:
    told = [waits("08:10", "supplier"), ("08:20", "reporter_replied"), ("08:30", "resumed")]
    assert events(*told) == ["08:20 reporter_replied"]
    pausing = ["08:10 waiting", "08:20 reporter_replied", "08:30 resumed"]
    assert events(*told, supplier_pauses=True) == pausing


def test_waiting_for_the_reporter_then_for_a_supplier() -> None:
    told = [waits("08:10", "reporter"), waits("08:20", "supplier"), ("08:30", "resumed")]
    assert events(*told) == ["08:10 waiting", "08:20 resumed"]
    goes_on = ["08:10 waiting", "08:20 resumed", "08:20 waiting", "08:30 resumed"]
    assert events(*told, supplier_pauses=True) == goes_on
    told = [waits("08:10", "supplier"), waits("08:20", "reporter"), ("08:30", "resumed")]
    assert events(*told) == ["08:20 waiting", "08:30 resumed"]


def test_resolving_ends_a_waiting() -> None:
    told = [waits("08:10", "reporter"), ("08:20", "resolved"), ("08:30", "reopened"), ("08:40", "resumed")]
    assert events(*told) == ["08:10 waiting", "08:20 resolved", "08:30 reopened"]


def test_a_change_of_severity_bears_the_new_one_also_while_resolved() -> None:
    told = [("08:10", "severity_changed", {"from": "minor", "to": "major"}), ("08:20", "resolved")]
    told += [("08:30", "severity_changed", {"from": "major", "to": "critical"})]
    assert events(*told) == [
        "08:10 severity_changed major",
        "08:20 resolved",
        "08:30 severity_changed critical",
    ]


@pytest.mark.parametrize("kind", ["cancelled", "merged"])
def test_cancelled_and_merged_end_the_clock(kind: str) -> None:
    assert events(("08:10", kind)) == ["08:10 cancelled"]
    assert events(("08:10", "resolved"), ("08:20", kind)) == ["08:10 resolved", "08:20 cancelled"]


def test_of_two_requests_at_once_the_order_written_holds() -> None:
    told = [("08:10", "resolved"), ("08:09", "reopened"), ("08:11", "accepted")]
    assert events(*told) == ["08:10 resolved", "08:10 reopened", "08:11 responded"]


def test_what_the_clock_does_not_hear_moves_nothing() -> None:
    assert events(("08:30", "noted"), ("08:20", "replied")) == ["08:20 responded"]


def test_what_a_service_was_told_of_is_cut_where_the_ticket_moved() -> None:
    moves = timeline(REPORTED, ("09:00", "moved", {"to_service": 2}), ("10:00", "moved", {"to_service": 1}))
    assert service_stays(moves, 1) == [
        (1, None, at("09:00")),
        (2, at("09:00"), at("10:00")),
        (1, at("10:00"), None),
    ]
    to_another_team = timeline(REPORTED, ("09:00", "moved", {"to_service": 1}))
    assert service_stays(to_another_team, 1) == [(1, None, None)]


def test_a_window_is_clipped_to_the_time_with_its_service() -> None:
    window = Window(at("08:30"), at("09:30"))
    assert clip_window(window, None, None) == window
    assert clip_window(window, None, at("09:00")) == Window(at("08:30"), at("09:00"))
    assert clip_window(window, at("09:00"), None) == Window(at("09:00"), at("09:30"))
    assert clip_window(window, at("09:30"), None) is None


# What the desk allows in each state: rules/lifecycle, in the words of the timeline.
ALLOWED = {
    "open": [
        "accepted",
        "replied",
        "reporter_replied",
        "waiting",
        "severity_changed",
        "resolved",
        "cancelled",
    ],
    "resolved": ["replied", "reporter_replied", "severity_changed", "reopened", "closed", "merged"],
    "over": [],
}
ALLOWED["waiting"] = [*ALLOWED["open"], "resumed"]
LEADS_TO = {
    "waiting": "waiting",
    "resumed": "open",
    "resolved": "resolved",
    "reopened": "open",
    "closed": "over",
    "cancelled": "over",
    "merged": "over",
}


@pytest.mark.parametrize("supplier_pauses", [False, True])
def test_whatever_the_desk_allows_is_a_story_that_the_clock_takes(supplier_pauses: bool) -> None:
    targets = SeverityTargets(Target(3600, None), Target(7200, None), Target(1800, None))
    for seed in range(300):
        chance, told, state = Random(seed), [REPORTED], "open"
        for n in range(20):
            kind = chance.choice([*ALLOWED[state], "noted"])
            detail = {"for": chance.choice(["reporter", "supplier"]), "to": chance.choice(["minor", "major"])}
            told.append((f"08:{n + 1:02}", kind, detail))
            if kind == "reporter_replied" and state == "waiting" and chance.random() < 0.5:
                told.append((f"08:{n + 1:02}", "resumed", {}))
                state = "open"
            state = LEADS_TO.get(kind, state)
        found = events_of(timeline(*told), supplier_pauses)
        assert explain({"minor": targets, "major": targets}, [], found, at("10:00"))


def test_every_kind_that_makes_an_event_is_heard() -> None:
    assert {"reported", *LEADS_TO, *ALLOWED["open"], "moved"} == HEARD
