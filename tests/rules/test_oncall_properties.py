"""The on-call rule against a slow reading of its specification: every minute by itself, turns from k = 0."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules.oncall import Layer, Roster, shifts, who_is_on_call
from helpdesk.rules.oncall_scenario import explain, parse_roster

DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Zones around the days on which their clocks change; the examples lie within nine days of the instant.
PLACES = [
    (zone, datetime.fromisoformat(day))
    for zone, day in [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-10-04"),  # half an hour
        ("Australia/Lord_Howe", "2026-04-05"),
        ("America/St_Johns", "2006-10-29"),  # one minute past midnight, back into the day before
        ("Africa/Cairo", "2026-04-24"),  # midnight itself is skipped
        ("America/Sao_Paulo", "2018-11-04"),
        ("Pacific/Apia", "2011-12-30"),  # the whole day is skipped
        ("Pacific/Kwajalein", "1993-08-21"),
        ("Pacific/Kwajalein", "1969-09-30"),  # nearly a whole day is repeated
        ("Asia/Shanghai", "2026-05-01"),
        ("Asia/Kathmandu", "2026-05-01"),
    ]
]


@cache
def local_clock(zone: str, middle: datetime) -> list[datetime]:
    """What a clock on the wall shows at each minute, from ten days before the middle to ten days after."""
    first = middle.replace(tzinfo=UTC) - timedelta(days=10)
    minutes = (first + timedelta(minutes=n) for n in range(20 * DAY))
    return [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) for at in minutes]


class Oracle:
    """Who is on call at one minute, read straight from the words of the specification."""

    def __init__(self, roster: dict, middle: datetime) -> None:
        self.roster = roster
        self.first = middle.replace(tzinfo=UTC) - timedelta(days=10)
        self.clock = local_clock(roster["timezone"], middle)
        self.turns = [self.turns_of(layer) for layer in roster["layers"]]
        self.ends = [
            self.minute_of_local(datetime.fromisoformat(layer.get("ends_at", "9999-01-01")))
            for layer in roster["layers"]
        ]
        self.absences, self.overrides = (
            [(span["person"], self.minute(span["from"]), self.minute(span["to"])) for span in roster[key]]
            for key in ("absences", "overrides")
        )

    def minute(self, text: str) -> int:
        return (datetime.fromisoformat(text) - self.first) // timedelta(minutes=1)

    def minute_of_local(self, local: datetime) -> int:
        """The first minute at which the wall shows it, or something later if it never does."""
        return next((n for n, shown in enumerate(self.clock) if shown >= local), len(self.clock))

    def turns_of(self, layer: dict) -> list[tuple[int, int]]:
        starts_at = datetime.fromisoformat(layer["starts_at"])
        bounds, k = [self.minute_of_local(starts_at)], 1
        while bounds[-1] < len(self.clock):
            if layer["unit"] == "hours":
                bounds.append(bounds[0] + k * layer["every"] * 60)
            else:
                days = layer["every"] * (7 if layer["unit"] == "weeks" else 1)
                bounds.append(self.minute_of_local(starts_at + timedelta(days=k * days)))
            k += 1
        return list(pairwise(bounds))

    def is_away(self, person: str, at: int) -> bool:
        return any(absent == person and start <= at < end for absent, start, end in self.absences)

    def is_within_hours(self, layer: dict, at: int) -> bool:
        if "hours" not in layer:
            return True
        local = self.clock[at]
        day = local.strftime("%Y-%m-%d")
        week, dates = layer["hours"]["week"], layer["hours"]["dates"]
        intervals = dates[day] if day in dates else week.get(DAYS[local.weekday()], [])
        return any(start <= local.strftime("%H:%M") < end for start, end in intervals)

    def who(self, at: int) -> tuple[str | None, str | None, str | None]:
        for person, start, end in reversed(self.overrides):
            if start <= at < end:
                return person, "override", "absent" if self.is_away(person, at) else None
        for n, layer in reversed(list(enumerate(self.roster["layers"]))):
            if at >= self.ends[n] or not self.is_within_hours(layer, at):
                continue
            for k, (start, end) in enumerate(self.turns[n]):
                if start <= at < end:
                    people = layer["people"]
                    order = [people[(k + step) % len(people)] for step in range(len(people))]
                    present = [person for person in order if not self.is_away(person, at)]
                    if present and present[0] == order[0]:
                        return order[0], f"layer:{layer['name']}", None
                    if present:
                        return present[0], f"cover:{layer['name']}", None
        return None, None, None

    def shifts(self, start: str, end: str) -> list[dict]:
        found: list[dict] = []
        for at in range(self.minute(start), self.minute(end)):
            who = dict(zip(("person", "source", "flag"), self.who(at), strict=True))
            text = [(self.first + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (at, at + 1)]
            if found and {key: found[-1][key] for key in who} == who:
                found[-1]["to"] = text[1]
            else:
                found.append({"from": text[0], "to": text[1], **who})
        return found


def minutes_near_the_change(days: int) -> st.SearchStrategy[int]:
    """Minutes from the local midnight of the change, often where clocks change."""
    clock = st.sampled_from([0, 1, 30, 60, 90, 120, 135, 150, 180, 540, 1080, 1439])
    return st.builds(lambda d, m: d * DAY + m, st.integers(-days, days), clock | st.integers(0, DAY - 1))


@st.composite
def intervals(draw: st.DrawFn) -> list[list[str]]:
    cuts = sorted(draw(st.sets(st.sampled_from(range(0, DAY + 1, 15)), max_size=6)))
    text = [f"{cut // 60:02}:{cut % 60:02}" for cut in cuts]
    return [list(pair) for pair in zip(text[::2], text[1::2], strict=False)]


@st.composite
def layers(draw: st.DrawFn, name: str, middle: datetime) -> dict:
    starts_at = middle + timedelta(minutes=draw(minutes_near_the_change(4)))
    unit = draw(st.sampled_from(["hours", "days", "days", "weeks"]))
    layer = {
        "name": name,
        "people": draw(st.lists(st.sampled_from(["ana", "bo", "chen", "dee"]), min_size=1, max_size=4)),
        "starts_at": starts_at.isoformat(timespec="minutes"),
        "every": draw(st.integers(1, 30 if unit == "hours" else 2)),
        "unit": unit,
    }
    if draw(st.booleans()):
        ends_at = starts_at + timedelta(minutes=draw(st.integers(1, 5 * DAY)))
        layer["ends_at"] = ends_at.isoformat(timespec="minutes")
    if draw(st.booleans()):
        near = [(middle + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(-3, 4)]
        layer["hours"] = {
            "week": draw(st.dictionaries(st.sampled_from(DAYS), intervals(), max_size=7)),
            "dates": draw(st.dictionaries(st.sampled_from(near), intervals(), max_size=2)),
        }
    return layer


@st.composite
def person_spans(draw: st.DrawFn, middle: datetime, people: list[str]) -> dict:
    start = middle + timedelta(minutes=draw(minutes_near_the_change(3)))
    end = start + timedelta(minutes=draw(st.integers(1, 2 * DAY)))
    person = draw(st.sampled_from(people))
    return {"person": person, "from": start.isoformat() + "Z", "to": end.isoformat() + "Z"}


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[dict, datetime]:
    zone, middle = draw(st.sampled_from(PLACES))
    away = person_spans(middle, ["ana", "bo", "chen", "dee", "fay"])
    taken = person_spans(middle, ["ana", "bo", "fay"])
    roster = {
        "timezone": zone,
        "layers": [draw(layers(f"layer {n}", middle)) for n in range(draw(st.integers(0, 3)))],
        "absences": draw(st.lists(away, max_size=5)),
        "overrides": draw(st.lists(taken, max_size=4)),
    }
    start = middle + timedelta(minutes=draw(minutes_near_the_change(2)))
    end = start + timedelta(minutes=draw(st.integers(1, DAY)))
    return {"from": start.isoformat() + "Z", "to": end.isoformat() + "Z", "roster": roster}, middle


@settings(max_examples=60, deadline=None)
@given(scenarios())
def test_the_shifts_are_those_found_minute_by_minute(example: tuple[dict, datetime]) -> None:
    scenario, middle = example
    expected = Oracle(scenario["roster"], middle).shifts(scenario["from"], scenario["to"])
    assert explain(scenario)["shifts"] == expected


@settings(max_examples=100, deadline=None)
@given(scenarios(), st.integers(1, 2 * DAY * 60), st.integers(-5, 5))
def test_the_answer_does_not_depend_on_the_range_asked_for(
    example: tuple[dict, datetime], seconds: int, days: int
) -> None:
    roster = parse_roster(example[0]["roster"], "roster")
    start = example[1].replace(tzinfo=UTC) + timedelta(days=days)
    middle, end = start + timedelta(seconds=seconds), start + timedelta(days=30)
    whole = shifts(roster, start, end)

    assert (whole[0].from_at, whole[-1].to_at) == (start, end)
    assert all(shift.from_at < shift.to_at for shift in whole)
    for one, other in pairwise(whole):
        assert one.to_at == other.from_at
        assert (one.person, one.source, one.flag) != (other.person, other.source, other.flag)

    before = [(s.from_at, min(s.to_at, middle), s.person, s.source, s.flag) for s in whole]
    after = [(max(s.from_at, middle), s.to_at, s.person, s.source, s.flag) for s in whole]
    parts = [
        (s.from_at, s.to_at, s.person, s.source, s.flag)
        for s in (*shifts(roster, start, middle), *shifts(roster, middle, end))
    ]
    assert parts == [span for span in before if span[0] < span[1]] + [
        span for span in after if span[0] < span[1]
    ]

    for shift in whole[:20]:
        for at in (shift.from_at, shift.to_at - timedelta.resolution):
            asked = who_is_on_call(roster, at)
            assert (asked.person, asked.source, asked.flag) == (shift.person, shift.source, shift.flag)
            assert asked.from_at == at


@settings(max_examples=60, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    minutes=minutes_near_the_change(2),
    people=st.lists(st.sampled_from(["ana", "bo", "chen"]), min_size=1, max_size=4),
    every=st.integers(1, 9),
    unit=st.sampled_from(["days", "weeks"]),
    rounds=st.integers(0, 800),
)
def test_a_roster_that_began_whole_rounds_earlier_gives_the_same_shifts(
    place: tuple[str, datetime], minutes: int, people: list[str], every: int, unit: str, rounds: int
) -> None:
    zone, middle = place
    starts_at = middle + timedelta(minutes=minutes)
    earlier = starts_at - timedelta(**{unit: every * len(people) * rounds})
    late = Roster(ZoneInfo(zone), (Layer("main", tuple(people), starts_at, every, unit),))
    early = Roster(ZoneInfo(zone), (Layer("main", tuple(people), earlier, every, unit),))
    start = middle.replace(tzinfo=UTC) + timedelta(days=4)
    end = start + timedelta(days=20)
    assert shifts(early, start, end) == shifts(late, start, end)
