"""How the desk works as its page shows it: tables whose numbers lead to their tickets."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import url_for
from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk.operations import Operations, cover_of
from helpdesk.outbound.figure_words import DIMENSIONS, say_key, say_tenths
from helpdesk.outbound.operation_words import TIMES, week_of
from helpdesk.outbound.standing import STATES
from helpdesk.rules.distribution import Liked, Spread, tenths
from helpdesk.rules.lifecycle import State
from helpdesk.store.operations import Timed
from helpdesk.web.operation_charts import say_hours
from helpdesk.web.operations_asked import WorkPage

NOTHING = "–"


def stats_of(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """What one wants to know first: what lies about, how long it takes, whether it holds, how it is liked."""
    now, liked = found.open_now, found.liked
    old = sum(now.bands[-2:])
    solved = next((each for each in found.times if each.what == "solved"), None)
    rated_badly = sum(liked.stars[:2])
    return [
        {
            "label": _("Tickets reported"),
            "value": found.arrivals.total(),
            "note": _("%(count)s of them solved so far", count=liked.solved),
            "url": page.list_url("arrived"),
        },
        {
            "label": _("Open now"),
            "value": now.total,
            "note": _("%(count)s older than a week", count=old),
            "url": page.list_url("open"),
        },
        {
            "label": _("Half solved within"),
            "value": _counted(solved.counted.median) if solved else NOTHING,
            "note": _("nine in ten within %(time)s", time=_counted(solved.counted.ninety))
            if solved
            else _("none solved yet"),
            "url": page.list_url("solved"),
        },
        {
            "label": _("Reopened"),
            "value": say_tenths(tenths(liked.reopened, liked.solved)),
            "note": _("%(count)s of %(all)s solved", count=liked.reopened, all=liked.solved),
            "url": page.list_url("reopened"),
        },
        {
            "label": _("Rated 1 or 2"),
            "value": say_tenths(tenths(rated_badly, liked.rated)),
            "note": _("%(count)s of %(all)s rated", count=rated_badly, all=liked.rated),
            "url": page.list_url("badly_rated"),
        },
    ]


def times_of(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each time, in counted time and by the clock."""
    known = {each.what: each for each in found.times}
    rows = []
    for what, name in TIMES.items():
        timed = known.get(what, Timed(what, "", Spread(), Spread()))
        rows.append(
            {
                "name": str(name),
                "url": page.list_url(what),
                "count": timed.clock.count,
                "counted": [_counted(each) for each in _lengths(timed.counted)],
                "clock": [_clock(each) for each in _lengths(timed.clock)],
                "undone": found.undone[what],
                "undone_url": page.list_url(f"un{what}"),
                "uncounted": timed.clock.count - timed.counted.count,
            }
        )
    return rows


def _lengths(spread: Spread) -> tuple[int | None, int | None, int | None]:
    return spread.median, spread.ninety, spread.mean


def _counted(seconds: int | None) -> str:
    return NOTHING if seconds is None else i18n.say_working_time(max(seconds, 60) if seconds else 0)


def _clock(seconds: int | None) -> str:
    return NOTHING if seconds is None else i18n.say_duration(seconds)


def times_by(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each key of the dimension: its name, and of each time in counted time median, ninety, how
    many, and the way to its tickets."""
    by = page.asked.by
    cells = {(each.key or 0, each.what): each for each in found.times_by}
    rows = []
    for key, name in _named(found, {key for key, _what in cells}):
        times = [cells.get((key, what), Timed(what, key, Spread(), Spread())) for what in TIMES]
        rows.append(
            {
                "name": name,
                "code": key,
                "cells": [
                    {
                        "name": str(TIMES[timed.what]),
                        "median": _counted(timed.counted.median),
                        "ninety": _counted(timed.counted.ninety),
                        "count": timed.clock.count,
                        "url": page.list_url(timed.what, **{by: key}),
                    }
                    for timed in times
                ],
            }
        )
    return rows


def _named(found: Operations, keys: Iterable[Any]) -> list[tuple[Any, str]]:
    """Keys of the dimension with their names, in the order in which they are shown."""
    known = found.ordered(list(keys))
    return [(key, say_key(found.asked.by, key, known)) for key in known]


def cover_rows(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """By weekday how many tickets were reported, and how long each person was on call."""
    reported = [
        (str(count), page.list_url("arrived", weekday=day) if count else None)
        for day, count in enumerate(week_of(found.arrivals))
    ]
    total = str(found.arrivals.total()), page.list_url("arrived")
    rows: list[dict[str, Any]] = [{"name": _("Tickets reported"), "cells": [*reported, total]}]
    for each in found.cover:
        week = [say_hours(seconds) if seconds else NOTHING for seconds in week_of(each.cells)]
        cells = [(said, None) for said in (*week, say_hours(each.seconds))]
        rows.append({"name": each.name or _("Nobody"), "cells": cells})
    return rows


def cover_then(found: Operations, weekday: int, hour: int) -> str:
    """Who was on call in an hour of the week, in words."""
    cover = cover_of(found.cover, (weekday, hour))
    return i18n.say_list(f"{name or _('nobody')} {say_hours(seconds)}" for name, seconds in cover)


def liked_rows(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each key of the dimension, and their sum last."""
    by = page.asked.by
    rows = [
        _liked(page, name, key, found.liked_by[key], {by: key}) for key, name in _named(found, found.liked_by)
    ]
    return [*rows, _liked(page, _("All"), None, found.liked, {})]


def _liked(page: WorkPage, name: str, code: Any, liked: Liked, narrowed: dict[str, Any]) -> dict[str, Any]:
    mean = liked.hundredths
    return {
        "name": name,
        "code": code,
        "solved": liked.solved,
        "solved_url": page.list_url("finished", **narrowed),
        "reopened": (liked.reopened, say_tenths(tenths(liked.reopened, liked.solved))),
        "reopened_url": page.list_url("reopened", **narrowed) if liked.reopened else None,
        "rated": (liked.rated, say_tenths(tenths(liked.rated, liked.solved))),
        "rated_url": page.list_url("rated", **narrowed) if liked.rated else None,
        "stars": [
            (
                stars,
                liked.stars[stars - 1],
                say_tenths(tenths(liked.stars[stars - 1], liked.rated)),
                page.list_url("rated", stars=stars, **narrowed),
            )
            for stars in range(5, 0, -1)
        ],
        "mean": NOTHING if mean is None else format_decimal(mean / 100, "0.00"),
    }


def load_rows(page: WorkPage, found: Operations) -> list[dict[str, Any]]:
    """A row for each person, by name."""
    return [
        {
            "name": name,
            "cells": [
                (_("Open now"), load.open, page.list_url("open", person=person_id)),
                (_("Taken"), load.taken, page.list_url("taken", actor=person_id)),
                (_("Resolved"), load.resolved, page.list_url("resolved", actor=person_id)),
            ],
        }
        for person_id, name, load in found.loads
    ]


def tickets_of(rows: Sequence[Any], what: str) -> list[dict[str, Any]]:
    """Tickets as a list of that sort shows them; what was counted leads to its clock."""
    target = "resolution" if what == "solved" else "response"
    return [
        {
            "url": url_for("tickets.page", number=f"HD-{row.ticket_id}"),
            "number": f"HD-{row.ticket_id}",
            "subject": row.subject,
            "severity": row.severity,
            "service": row.service or str(DIMENSIONS["service"][2]),
            "team": row.team,
            "person": row.person or str(DIMENSIONS["person"][2]),
            "state": str(STATES[State(row.state)]),
            "reported_at": row.reported_at,
            "counted": _counted(row.counted) if row.counted is not None else "",
            "why_url": url_for(
                "tickets.page",
                number=f"HD-{row.ticket_id}",
                why=f"{target}-{row.cycle}",
                _anchor="why",
            ),
            "clock": _clock(row.clock) if row.clock is not None else "",
            "stars": row.stars,
            "words": row.words or "",
            "reopened": row.reopen_count,
        }
        for row in rows
    ]
