"""The SLA clock: the specification's example cases, its finer points, and what is refused."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.rules.hours import ScenarioError
from helpdesk.rules.sla import Event, SeverityTargets, Target, Window, cycles_as_json, explain
from helpdesk.rules.sla_scenario import explain_scenario

CASES = [json.loads(line) for line in Path(__file__).with_name("sla_cases.jsonl").read_text().splitlines()]

# Every instant counts, so that due dates can be read off: response, resolution and update in minutes.
POLICY = {
    "high": SeverityTargets(Target(6000, None), Target(12000, None)),
    "mid": SeverityTargets(Target(18000, None), Target(30000, None), Target(1800, None)),
    "mild": SeverityTargets(Target(18000, None), Target(30000, None), Target(7200, None)),
    "low": SeverityTargets(
        Target(36000, None), Target(60000, None), Target(3600, None), maintenance_pauses=True
    ),
}


def utc(clock):
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def happened(*told):
    """Events from words like "08:00 reported mid"."""
    events = []
    for line in told:
        clock, kind, *severity = line.split()
        events.append(Event(utc(clock), kind, *severity))
    return events


def at(now, *told, windows=()):
    """The cycles at `now` by name, such as "response 1"."""
    cycles = explain(POLICY, [Window(utc(a), utc(b)) for a, b in windows], happened(*told), utc(now))
    return {f"{cycle.target} {cycle.cycle}": cycle for cycle in cycles}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_example_cases(case):
    if case["expected"] == {"error": True}:
        with pytest.raises(ScenarioError):
            explain_scenario(case["scenario"])
    else:
        assert explain_scenario(case["scenario"]) == case["expected"]


def test_resolved_while_waiting_is_due_as_if_the_waiting_had_ended_there():
    resolution = at("03:00", "00:00 reported high", "01:00 waiting", "02:00 resolved")["resolution 1"]
    assert (resolution.state, resolution.stopped_at, resolution.due_at) == ("met", utc("02:00"), utc("04:20"))


def test_cancelled_while_waiting_has_no_due_date():
    resolution = at("03:00", "00:00 reported high", "01:00 waiting", "02:00 cancelled")["resolution 1"]
    assert (resolution.state, resolution.stopped_at, resolution.due_at) == ("cancelled", utc("02:00"), None)


def test_cancelled_while_waiting_that_began_at_due_keeps_its_due_date():
    told = ["00:00 reported high", "03:20 waiting"]
    on_time = at("05:00", *told, "03:20 cancelled")["resolution 1"]
    assert (on_time.state, on_time.due_at, on_time.breached_at) == ("cancelled", utc("03:20"), None)
    late = at("05:00", *told, "03:21 cancelled")["resolution 1"]
    assert (late.state, late.due_at, late.stopped_at) == ("breached", utc("03:20"), utc("03:21"))


def test_waiting_does_not_stop_the_response_and_update_clocks():
    cycles = at("03:00", "00:00 reported mid", "00:10 responded", "00:20 waiting", "00:30 reporter_replied")
    assert cycles["resolution 1"].state == "paused"
    assert (cycles["update 1"].state, cycles["update 1"].breached_at) == ("breached", utc("01:00"))
    assert at("06:00", "00:00 reported mid", "00:20 waiting")["response 1"].breached_at == utc("05:00")


def test_resolved_at_due_and_reopened_later_is_breached_at_the_reopening():
    told = ["00:00 reported high", "03:20 resolved"]
    assert at("09:00", *told)["resolution 1"].state == "met"
    reopened = at("06:00", *told, "06:00 reopened")["resolution 1"]
    assert (reopened.state, reopened.due_at, reopened.breached_at) == ("breached", utc("03:20"), utc("03:20"))
    assert reopened.stopped_at is None


def test_reopened_at_the_due_instant_itself_is_not_yet_breached():
    told = ["00:00 reported high", "03:20 resolved", "03:20 reopened"]
    assert at("03:20", *told)["resolution 1"].state == "running"
    assert at("03:21", *told)["resolution 1"].state == "breached"
    assert at("03:21", *told, "03:20 severity_changed mid")["resolution 1"].due_at == utc("08:20")


def test_resolved_at_due_and_reopened_at_a_looser_severity_goes_on():
    told = ["00:00 reported high", "03:20 resolved", "05:00 severity_changed mid", "06:00 reopened"]
    resolution = at("06:30", *told)["resolution 1"]
    assert (resolution.state, resolution.allowance_seconds) == ("running", 30000)
    assert (resolution.due_at, resolution.elapsed_seconds) == (utc("11:00"), 13800)


def test_a_change_while_resolved_does_not_touch_a_breached_resolution():
    told = ["00:00 reported high", "03:21 resolved", "05:00 severity_changed low", "06:00 reopened"]
    cycles = at("06:30", *told)
    resolution = cycles["resolution 1"]
    assert (resolution.state, resolution.allowance_seconds, resolution.due_at) == (
        "breached",
        12000,
        utc("03:20"),
    )
    assert cycles["response 2"].allowance_seconds == 36000


def test_a_change_back_while_resolved_replaces_the_earlier_one():
    told = [
        "00:00 reported mid",
        "01:00 resolved",
        "02:00 severity_changed high",
        "03:00 severity_changed mid",
    ]
    cycles = at("04:00", *told, "04:00 reopened")
    assert cycles["resolution 1"].allowance_seconds == 30000
    assert cycles["response 2"].allowance_seconds == 18000


def test_a_change_while_resolved_is_used_up_by_one_reopening():
    told = ["00:00 reported mid", "01:00 resolved", "02:00 severity_changed high", "03:00 reopened"]
    again = ["03:30 severity_changed mid", "04:00 resolved", "05:00 reopened"]
    assert at("05:00", *told, *again)["response 3"].allowance_seconds == 18000


def test_later_events_do_not_alter_the_due_date_of_a_stopped_cycle():
    told = ["00:00 reported mid", "01:00 responded"]
    due_at = at("01:00", *told)["response 1"].due_at
    assert due_at == utc("05:00")
    assert at("06:00", *told, "02:00 severity_changed high")["response 1"].due_at == due_at


def test_a_looser_severity_never_takes_away_what_a_tighter_one_left():
    told = ["00:00 reported low", "05:00 severity_changed high", "06:00 severity_changed mid"]
    response = at("06:00", *told)["response 1"]
    assert (response.allowance_seconds, response.due_at) == (24000, utc("06:40"))


def test_waiting_at_the_due_instant_is_running_with_nothing_left():
    resolution = at("03:20", "00:00 reported high", "03:20 waiting")["resolution 1"]
    assert (resolution.state, resolution.due_at, resolution.remaining_seconds) == ("running", utc("03:20"), 0)


def test_a_breach_keeps_its_allowance_but_time_is_counted_on():
    response = at("04:00", "00:00 reported high", "02:00 severity_changed low")["response 1"]
    assert (response.state, response.allowance_seconds, response.elapsed_seconds) == ("breached", 6000, 14400)
    assert response.remaining_seconds == 0


def test_a_breached_resolution_that_is_resolved_and_reopened_stays_breached():
    resolution = at("06:00", "00:00 reported high", "04:00 resolved", "05:00 reopened")["resolution 1"]
    assert (resolution.state, resolution.stopped_at, resolution.elapsed_seconds) == ("breached", None, 18000)
    assert [s.reason for s in resolution.segments] == ["working", "resolved", "working"]


def test_an_update_past_due_stays_breached_when_the_new_severity_has_none():
    told = ["00:00 reported mid", "00:10 responded", "00:20 reporter_replied", "02:00 severity_changed high"]
    update = at("03:00", *told)["update 1"]
    assert (update.state, update.stopped_at, update.breached_at) == ("breached", utc("02:00"), utc("00:50"))


def test_an_update_follows_the_severity():
    told = ["00:00 reported low", "00:10 responded", "00:20 reporter_replied"]
    tighter = at("00:40", *told, "00:30 severity_changed mid")["update 1"]
    assert (tighter.allowance_seconds, tighter.due_at) == (2400, utc("01:00"))
    looser = at("00:40", *told, "00:30 severity_changed mild")["update 1"]
    assert (looser.allowance_seconds, looser.due_at) == (7200, utc("02:20"))


def test_a_change_to_a_severity_with_update_starts_none():
    told = ["00:00 reported high", "00:10 responded", "00:20 reporter_replied", "00:30 severity_changed mid"]
    assert "update 1" not in at("01:00", *told)
    assert "update 1" in at("01:00", *told, "00:40 reporter_replied")


def test_resolving_cancels_an_open_update():
    told = ["00:00 reported mid", "00:10 responded", "00:20 reporter_replied", "00:30 resolved"]
    update = at("03:00", *told)["update 1"]
    assert (update.state, update.stopped_at, update.due_at) == ("cancelled", utc("00:30"), utc("00:50"))


def test_a_window_ahead_moves_the_due_date():
    told = ["00:00 reported low"]
    assert at("01:00", *told, windows=[("09:00", "11:00")])["response 1"].due_at == utc("12:00")
    assert at("01:00", *told, windows=[("10:00", "11:00")])["response 1"].due_at == utc("10:00")


def test_maintenance_is_named_before_closed_and_waiting_before_maintenance():
    told = ["00:00 reported low", "02:00 waiting", "04:00 resumed"]
    cycles = at("06:00", *told, windows=[("01:00", "03:00"), ("02:30", "05:00")])
    shown = [(s.from_at.hour, s.to_at.hour, s.reason, s.counted) for s in cycles["resolution 1"].segments]
    assert shown == [
        (0, 1, "working", True),
        (1, 2, "maintenance", False),
        (2, 4, "waiting", False),
        (4, 5, "maintenance", False),
        (5, 6, "working", True),
    ]


def test_cycles_of_one_instant_stand_in_order():
    told = [
        "00:00 reported mid",
        "00:00 responded",
        "00:00 reporter_replied",
        "00:00 resolved",
        "00:00 reopened",
    ]
    assert list(at("00:00", *told)) == ["response 1", "response 2", "resolution 1", "update 1"]


def test_a_cancelled_resolved_ticket_stays_met():
    resolution = at("03:00", "00:00 reported mid", "01:00 resolved", "02:00 cancelled")["resolution 1"]
    assert (resolution.state, resolution.stopped_at) == ("met", utc("01:00"))


def test_due_dates_are_looked_for_in_ten_years():
    scenario = copy.deepcopy(SCENARIO)
    office = scenario["calendars"]["office"]
    office.update(week={}, dates={"2036-03-01": [["09:00", "17:00"]]})
    cycles = explain_scenario(scenario)["cycles"]
    assert cycles[0]["due_at"] == "2036-03-01T12:00:00Z"
    office["dates"] = {"2036-03-03": [["09:00", "17:00"]]}
    assert explain_scenario(scenario)["cycles"][0]["due_at"] is None


def test_what_is_counted_after_ten_years_makes_no_due_date():
    scenario = copy.deepcopy(SCENARIO)
    scenario["events"] = scenario["events"][:1]
    scenario["calendars"]["office"].update(week={}, dates={"2036-03-03": [["09:00", "17:00"]]})
    for now, elapsed in (
        ("2036-03-01T00:00:00Z", 0),
        ("2036-03-03T12:00:00Z", 14400),
        ("2037-01-01T00:00:00Z", 28800),
    ):
        response = explain_scenario({**scenario, "now": now})["cycles"][0]
        assert (response["state"], response["due_at"], response["elapsed_seconds"]) == (
            "running",
            None,
            elapsed,
        )


def test_a_ticket_of_29_february_is_looked_at_for_ten_years_too():
    scenario = copy.deepcopy(SCENARIO)
    scenario["events"] = [{"at": "2028-02-29T08:00:00Z", "type": "reported", "severity": "minor"}]
    scenario["now"] = "2028-02-29T08:00:00Z"
    scenario["calendars"]["office"].update(week={}, dates={"2038-02-28": [["09:00", "17:00"]]})
    assert explain_scenario(scenario)["cycles"][0]["due_at"] == "2038-02-28T12:00:00Z"


def test_fractions_of_a_second_are_cut_off():
    reported = Event(utc("08:00").replace(microsecond=700_000), "reported", "high")
    [response, _] = cycles_as_json(explain(POLICY, [], [reported], utc("08:00:01")))["cycles"]
    assert (response["started_at"], response["elapsed_seconds"]) == ("2026-03-02T08:00:00Z", 1)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            ["08:00 responded"],
            "events[0] (responded at 2026-03-02T08:00:00Z): the first event must be reported",
        ),
        (["08:00 reported mid", "08:01 reported mid"], "events[1] (reported at 2026-03-02T08:01:00Z): "),
        (
            ["08:00 reported mid", "12:01 responded"],
            "events[1] (responded at 2026-03-02T12:01:00Z): it is later",
        ),
        (
            ["08:00 reported nowhere"],
            "events[0] (reported at 2026-03-02T08:00:00Z): unknown severity 'nowhere'",
        ),
        (["08:00 reported"], "unknown severity None"),
        (
            ["08:00 reported mid", "08:01 exploded"],
            "events[1] ('exploded' at 2026-03-02T08:01:00Z): unknown type",
        ),
        (
            ["08:00 reported mid", "08:01 resumed"],
            "(resumed at 2026-03-02T08:01:00Z): the ticket is not waiting",
        ),
        (["08:00 reported mid", "08:01 reopened"], "the ticket is not resolved"),
        (["08:00 reported mid", "08:01 closed"], "the ticket is not resolved"),
        (["08:00 reported mid", "08:01 waiting", "08:02 waiting"], "the ticket is already waiting"),
        (["08:00 reported mid", "08:01 resolved", "08:02 responded"], "the ticket is resolved"),
        (["08:00 reported mid", "08:01 resolved", "08:02 waiting"], "the ticket is resolved"),
        (["08:00 reported mid", "08:01 resolved", "08:02 resolved"], "the ticket is resolved"),
        (
            ["08:00 reported mid", "08:01 waiting", "08:02 resolved", "08:03 resumed"],
            "the ticket is resolved",
        ),
        (["08:00 reported mid", "08:01 resolved", "08:02 closed", "08:03 reopened"], "is already closed"),
        (["08:00 reported mid", "08:01 resolved", "08:02 closed", "08:03 cancelled"], "is already closed"),
        (["08:00 reported mid", "08:01 cancelled", "08:02 severity_changed mid"], "is already cancelled"),
        (["08:02 responded", "08:01 resolved", "08:00 reported mid"], "events[0] (responded at"),
    ],
)
def test_an_event_that_does_not_fit_is_named(told, message):
    with pytest.raises(ScenarioError) as refused:
        at("12:00", *told)
    assert message in str(refused.value)


SCENARIO = {
    "now": "2026-03-02T12:00:00Z",
    "calendars": {
        "office": {"timezone": "Europe/Berlin", "week": {"mon": [["09:00", "18:00"]]}, "dates": {}}
    },
    "policy": {
        "minor": {
            "response": {"minutes": 240, "calendar": "office"},
            "resolution": {"minutes": 1440, "calendar": None},
            "update": {"minutes": 480, "calendar": "office"},
            "maintenance_pauses": True,
        }
    },
    "service": "erp",
    "maintenance": [
        {"service": "erp", "starts_at": "2026-03-02T18:00:00Z", "ends_at": "2026-03-02T20:00:00Z"}
    ],
    "events": [
        {"at": "2026-03-02T08:10:00Z", "type": "reported", "severity": "minor"},
        {"at": "2026-03-02T09:00:00Z", "type": "responded"},
    ],
}
MISSING = object()


def changed(path, value):
    scenario = copy.deepcopy(SCENARIO)
    *way, last = path
    place = scenario
    for step in way:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return scenario


MINUTES = ("policy", "minor", "response", "minutes")
CALENDAR = ("policy", "minor", "response", "calendar")


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        *[((key,), MISSING, f"{key}: missing") for key in ("now", "policy", "events")],
        *[((key,), None, f"{key}: ") for key in ("now", "policy", "events", "calendars", "maintenance")],
        *[
            ((key,), 7, f"{key}: ")
            for key in ("now", "policy", "events", "calendars", "maintenance", "service")
        ],
        (("events",), [], "events: "),
        (("events",), {}, "events: "),
        (("calendars",), {}, "policy.minor.response.calendar: there is no calendar 'office'"),
        (("calendars", "unused"), {"timezone": "Mars/Base"}, "calendars.unused.timezone: unknown time zone"),
        (("policy",), {}, "events[0] (reported at 2026-03-02T08:10:00Z): unknown severity"),
        (("policy", "minor"), [], "policy.minor: expected an object"),
        (("policy", "minor", "response"), MISSING, "policy.minor.response: missing"),
        (("policy", "minor", "resolution"), MISSING, "policy.minor.resolution: missing"),
        (("policy", "minor", "resolution"), None, "policy.minor.resolution: expected an object"),
        (("policy", "minor", "update"), None, "policy.minor.update: expected an object"),
        (("policy", "minor", "upadte"), {"minutes": 5, "calendar": None}, "policy.minor.upadte: unknown"),
        (("policy", "minor", "maintenance_pauses"), "yes", "policy.minor.maintenance_pauses: "),
        (("policy", "minor", "maintenance_pauses"), 1, "policy.minor.maintenance_pauses: "),
        (
            ("policy", "unused"),
            {"response": {"minutes": 1, "calendar": None}},
            "policy.unused.resolution: missing",
        ),
        (MINUTES, MISSING, "policy.minor.response.minutes: missing"),
        *[
            (MINUTES, n, "policy.minor.response.minutes: ")
            for n in (0, -5, True, "60", None, [60], 1e-3, 10**4000)
        ],
        *[(MINUTES, float(n), "policy.minor.response.minutes: ") for n in ("nan", "inf", "-inf", "1e300")],
        (CALENDAR, MISSING, "policy.minor.response.calendar: missing"),
        *[(CALENDAR, c, "policy.minor.response.calendar: ") for c in ("night", 7, False, ["office"])],
        (("maintenance", 0), None, "maintenance[0]: expected an object"),
        (("maintenance", 0, "service"), MISSING, "maintenance[0].service: missing"),
        (("maintenance", 0, "service"), None, "maintenance[0].service: "),
        (("maintenance", 0, "starts_at"), MISSING, "maintenance[0].starts_at: missing"),
        (("maintenance", 0, "ends_at"), MISSING, "maintenance[0].ends_at: missing"),
        (("maintenance", 0, "ends_at"), "2026-03-02T18:00:00Z", "maintenance[0]: the end must be after"),
        (("events", 0), "reported", "events[0]: expected an object"),
        (("events", 0, "severity"), MISSING, "events[0].severity: missing"),
        (("events", 0, "severity"), 3, "events[0].severity: expected a string"),
        (
            ("events", 0, "severity"),
            "major",
            "events[0] (reported at 2026-03-02T08:10:00Z): unknown severity",
        ),
        (("events", 1, "at"), MISSING, "events[1].at: missing"),
        (("events", 1, "type"), MISSING, "events[1].type: missing"),
        (("events", 1, "type"), None, "events[1].type: "),
        (("events", 1, "type"), "answered", "events[1] ('answered' at 2026-03-02T09:00:00Z): unknown type"),
        (("service",), ["erp"], "service: expected a string"),
    ],
)
def test_malformed_scenarios_are_refused(path, value, where):
    with pytest.raises(ScenarioError) as refused:
        explain_scenario(changed(path, value))
    assert str(refused.value).startswith(where)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("raw", [None, [], "scenario", 5, True, {}])
def test_what_is_no_scenario_at_all_is_refused(raw):
    with pytest.raises(ScenarioError):
        explain_scenario(raw)


@pytest.mark.parametrize(
    "instant",
    [
        "",
        "now",
        "2026-03-02",
        "2026-03-02T12:00:00",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00z",
        "2026-03-02 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-02T24:30:00Z",
        "2026-03-02T12:00:60Z",
        "2026-03-02T12:00:00Z\n",
        "٢٠٢٦-03-02T12:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        1772452800,
        1772452800.5,
        None,
        True,
    ],
)
def test_what_is_no_instant_is_refused(instant):
    with pytest.raises(ScenarioError, match=r"^now: "):
        explain_scenario(changed(("now",), instant))


def test_what_may_be_left_out_may_be_left_out():
    reported = {"at": "2026-03-02T08:10Z", "type": "reported", "severity": "minor", "note": "by phone"}
    target = {"minutes": 0.5, "calendar": None}
    scenario = {
        "now": "2026-03-02T08:10:10.250Z",
        "policy": {"minor": {"response": target, "resolution": target}},
        "events": [reported],
    }
    response = explain_scenario(scenario)["cycles"][0]
    assert (response["allowance_seconds"], response["remaining_seconds"]) == (30, 20)
    assert (
        explain_scenario({**scenario, "service": None, "calendars": {}, "maintenance": []})["cycles"][0]
        == response
    )
    calendar = {"calendars": {"never": {"timezone": "Europe/Berlin"}}}
    assert explain_scenario({**scenario, **calendar})["cycles"][0] == response


def test_without_a_service_there_is_no_maintenance():
    elsewhere = changed(("service",), None)
    elsewhere["maintenance"][0].update(starts_at="2026-03-02T08:30:00Z", ends_at="2026-03-02T08:50:00Z")
    assert explain_scenario(elsewhere)["cycles"][0]["elapsed_seconds"] == 3000
    assert explain_scenario({**elsewhere, "service": "erp"})["cycles"][0]["elapsed_seconds"] == 1800
