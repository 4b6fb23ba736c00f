"""Who is on call: a stored roster as rules/oncall takes it, and its answer."""

from datetime import datetime, timedelta

from helpdesk.rules import oncall
from helpdesk.rules.hours import parse_week_and_dates, parse_zone
from helpdesk.store.people import Person, find_person
from helpdesk.store.rosters import Layer, Roster, find_roster, list_absences, list_overrides


def who_is_on_call(roster_id: int | None, at: datetime) -> Person | None:
    """The person on call in that roster at the instant; None in a gap, or where there is no such roster.

    The turn of somebody who has left is a gap.
    """
    stored = find_roster(roster_id) if roster_id is not None else None
    if stored is None:
        return None
    found = oncall.who_is_on_call(roster_of(stored, at, at + timedelta.resolution), at).person
    person = find_person(found) if isinstance(found, int) else None
    return person if person is not None and person.is_active else None


def roster_of(stored: Roster, start: datetime, end: datetime) -> oncall.Roster:
    """The roster for questions about [start, end): its layers, and what overrides and absences touch it.

    People are their ids.
    """
    zone = parse_zone(stored.zone, "zone")
    people = sorted({person for layer in stored.layers for person in layer.people})
    return oncall.Roster(
        zone,
        tuple(_layer(layer, stored.zone) for layer in stored.layers),
        tuple(oncall.Absence(a.person_id, a.starts_at, a.ends_at) for a in list_absences(people, start, end)),
        tuple(
            oncall.Override(o.person_id, o.starts_at, o.ends_at)
            for o in list_overrides(stored.id, start, end)
        ),
    )


def _layer(layer: Layer, zone: str) -> oncall.Layer:
    return oncall.Layer(
        layer.name,
        tuple(layer.people),
        datetime.fromisoformat(layer.starts_at),
        layer.every,
        layer.unit,
        datetime.fromisoformat(layer.ends_at) if layer.ends_at else None,
        parse_week_and_dates(layer.hours, parse_zone(zone, "zone"), "hours") if layer.hours else None,
    )
