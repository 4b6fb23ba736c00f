"""How well the loop is closed: the figures of follow-ups, and what is behind each."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from helpdesk.desk.grounds import Grounds
from helpdesk.rules import hours
from helpdesk.rules.access import Asker
from helpdesk.rules.follow_ups import Course, Loop, loop_of
from helpdesk.store.follow_ups import Opened, list_opened, list_ratings_since


def courses(
    asker: Asker, kind: str, since: datetime, until: datetime, now: datetime
) -> list[tuple[Opened, Course]]:
    """The follow-ups opened in [since, until) for tickets of that kind that the asker sees, each with what
    figures need of it."""
    found = list_opened(asker, kind, since, until)
    later = _later_ratings(found)
    office = Grounds(now).office
    return [(each, _course(each, office, later.get(each.reporter_id, []))) for each in found]


def loop(asker: Asker, kind: str, since: datetime, until: datetime, now: datetime) -> Loop:
    """The figures of these follow-ups: the share closed in time (of all that are closed or past due), the
    time it took in the desk's working hours, and how their reporters rated next."""
    return loop_of((course for _opened, course in courses(asker, kind, since, until, now)), now)


def _later_ratings(found: Iterable[Opened]) -> dict[int, list[tuple[datetime, int]]]:
    """By reporter: when they have rated anything since the first of these was closed, with how many stars."""
    closed = [each for each in found if each.closed_at is not None]
    ratings: dict[int, list[tuple[datetime, int]]] = {}
    if closed:
        first = min(each.closed_at for each in closed if each.closed_at is not None)
        for person_id, at, stars in list_ratings_since({each.reporter_id for each in closed}, first):
            ratings.setdefault(person_id, []).append((at, stars))
    return ratings


def _course(each: Opened, office: hours.Calendar | None, ratings: list[tuple[datetime, int]]) -> Course:
    if each.closed_at is None:
        return Course(each.due_at, None, stars=each.stars)
    after = bisect_right(ratings, each.closed_at, key=lambda rating: rating[0])
    return Course(
        each.due_at,
        each.closed_at,
        hours.open_seconds(office, each.opened_at, each.closed_at),
        each.stars,
        ratings[after][1] if after < len(ratings) else None,
    )
