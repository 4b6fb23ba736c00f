"""Figures as a page shows them: tiles, charts, and a table whose every number leads to its tickets."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk.figures import Compliance
from helpdesk.outbound.figure_words import DIMENSIONS, PROMISES, VERDICTS, say_quarter, say_row, say_tenths
from helpdesk.rules.figures import TARGETS, Grain, Tally, Verdict
from helpdesk.web.charts import Line
from helpdesk.web.figures_asked import Page

# Where a row of a table leads: to the same figures of it alone, parted by what one asks next.
NEXT = {
    "severity": "service",
    "service": "severity",
    "team": "person",
    "person": "service",
    "door": "service",
    "department": "department",
}


def stat_of(page: Page, found: Compliance, target: str) -> dict[str, Any]:
    """The share kept of one promise: raw, adjusted where anything is excused, and the goal."""
    tally, goal = found.totals[target], found.goals[target]
    notes = [_("%(met)s of %(decided)s kept", met=tally.met, decided=tally.decided)]
    if tally.excused:
        share = say_tenths(tally.adjusted_tenths)
        notes.append(_("adjusted %(share)s, %(excused)s excused", share=share, excused=tally.excused))
    if tally.running:
        notes.append(_("%(running)s still running", running=tally.running))
    if goal is not None:
        notes.append(_("goal %(share)s", share=say_tenths(goal)))
    return {
        "label": str(PROMISES[target]),
        "value": say_tenths(tally.tenths),
        "note": " · ".join(notes) if tally.decided or tally.running else _("none given"),
        "tone": _tone(tally, goal),
        "url": page.url("tickets", target=target),
    }


def _tone(tally: Tally, goal: int | None) -> str:
    if goal is None or tally.tenths is None:
        return ""
    return "ok" if tally.tenths >= goal else "late"


def chart_of(page: Page, found: Compliance, target: str) -> Line:
    """The share kept of one promise over time, raw and adjusted, and its goal."""
    tallies = [tallies[target] for _day, tallies, _goals in found.parts]
    goals = [_percent(goals[target]) for _day, _tallies, goals in found.parts]
    series = [(_("kept"), [_percent(t.tenths) for t in tallies])]
    if any(t.excused for t in tallies):
        series.append((_("adjusted"), [_percent(t.adjusted_tenths) for t in tallies]))
    name = str(PROMISES[target])
    return Line(
        name=target,
        title=name,
        description=_describe(name, found.totals[target], found.goals[target]),
        labels=[_say_part(day, page.asked.grain) for day, _tallies, _goals in found.parts],
        series=series,
        unit="%",
        goal=goals if any(goal is not None for goal in goals) else None,
        goal_label=_("goal"),
        top=100,
        urls=[page.url("tickets", target=target, **days) for days in _days_of_parts(page)],
        note=_("Share of promises kept, by when they were given"),
    )


def _days_of_parts(page: Page) -> list[dict[str, Any]]:
    """What narrows the question to each part of the period."""
    starts = page.asked.parts
    lasts = [*(start - timedelta(days=1) for start in starts[1:]), page.asked.last]
    return [
        {"period": None, "since": since, "until": until} for since, until in zip(starts, lasts, strict=True)
    ]


def _describe(name: str, tally: Tally, goal: int | None) -> str:
    said = _(
        "%(name)s: of all in these days %(share)s kept, %(met)s of %(decided)s.",
        name=name,
        share=say_tenths(tally.tenths),
        met=tally.met,
        decided=tally.decided,
    )
    if goal is None:
        return said
    aim = _("The goal is %(share)s.", share=say_tenths(goal))
    return f"{said} {aim}"


def _say_part(day: date, grain: Grain) -> str:
    if grain in (Grain.DAY, Grain.WEEK):
        return i18n.say_brief_date(day)
    if grain is Grain.MONTH:
        return i18n.say_month(day)
    if grain is Grain.YEAR:
        return str(day.year)
    return say_quarter(day)


def _percent(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10


def table_of(page: Page, found: Compliance) -> dict[str, Any]:
    """By the dimension asked for: a row each, and their sum."""
    by = page.asked.by
    _title, caption, _none = DIMENSIONS[by]
    rows = [
        {
            "name": say_row(page.asked, key, found.names),
            "code": key,
            "url": page.url("index", **_narrowed(page, key), by=NEXT[by]),
            "cells": [_cell(page, tallies[target], target, _narrowed(page, key)) for target in TARGETS],
        }
        for key, tallies in found.rows.items()
    ]
    total = [_cell(page, found.totals[target], target, {}) for target in TARGETS]
    return {"title": str(caption), "field": by, "rows": rows, "total": total}


def _narrowed(page: Page, key: str | int) -> dict[str, Any]:
    """What narrows the question to a row of the table."""
    by = page.asked.by
    is_itself = by == "department" and key and key == page.asked.question.department_id
    return {by: key, "alone": True} if is_itself else {by: key}


def _cell(page: Page, tally: Tally, target: str, narrowed: dict[str, Any]) -> dict[str, Any]:
    """The figures of one promise in one row, each with the way to its tickets."""
    counts: list[tuple[str, str, dict[str, Any]]] = [
        (verdict.value, str(VERDICTS[verdict]), {"verdict": verdict.value}) for verdict in Verdict
    ]
    counts.append(("excused", _("excused"), {"verdict": "breached", "excused": True}))
    return {
        "share": say_tenths(tally.tenths),
        "width": _percent(tally.tenths),
        "adjusted": _("adjusted %(share)s", share=say_tenths(tally.adjusted_tenths)) if tally.excused else "",
        "promise": str(PROMISES[target]),
        "counts": [
            {
                "verdict": name,
                "label": label,
                "count": getattr(tally, name),
                "url": page.url("tickets", target=target, **asked, **narrowed),
            }
            for name, label, asked in counts
        ],
    }
