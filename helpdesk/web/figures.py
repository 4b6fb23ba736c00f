"""Figures: what was promised and kept, each figure with the tickets behind it."""

import io
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, request, send_file, url_for
from flask_babel import format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.desk import figures as desk
from helpdesk.outbound import links
from helpdesk.rules.figures import Period, Tally, Verdict, days_of, parts_of, tally_by
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity
from helpdesk.schemas.figures import FiguresSchema
from helpdesk.store.figures import TARGETS, Counted, Promises, count_listed, count_promises, list_promises
from helpdesk.store.organisation import find_organisation
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import words
from helpdesk.web.forms import load
from helpdesk.web.frame import asker, may, needs

bp = Blueprint("figures", __name__, url_prefix="/figures")
PAGE = 50
LATEST = 10  # breaches shown on the first page
PERIODS = {
    Period.DAYS_30: _l("Last 30 days"),
    Period.MONTH: _l("This month"),
    Period.LAST_MONTH: _l("Last month"),
    Period.QUARTER: _l("This quarter"),
    Period.LAST_QUARTER: _l("Last quarter"),
    Period.YEAR: _l("This year"),
    Period.LAST_YEAR: _l("Last year"),
}
KINDS = {Kind.FAULT: _l("Faults"), Kind.REQUEST: _l("Requests"), Kind.QUESTION: _l("Questions")}
PROMISES = {"response": _l("First answer"), "resolution": _l("Solution")}
VERDICTS = {Verdict.MET: _l("Kept"), Verdict.BREACHED: _l("Broken"), Verdict.RUNNING: _l("Still running")}
NARROWING = ("target", "verdict", "excused", "severity", "team", "service")


@dataclass(frozen=True)
class _Asked:
    """A valid question: its days, what narrows it, and the zone in which its days begin."""

    data: dict[str, Any]
    first: date
    last: date
    zone: str

    @property
    def promises(self) -> Promises:
        data = self.data
        return Promises(
            kind=data["kind"],
            since=self.begins(self.first),
            until=self.begins(self.last + timedelta(days=1)),
            now=g.now,
            target=data["target"],
            verdict=data["verdict"],
            excused=data["excused"],
            severity=data["severity"],
            team_id=data["team"],
            service_id=data["service"],
        )

    def begins(self, day: date) -> datetime:
        return local_to_instant(ZoneInfo(self.zone), datetime.combine(day, time()))

    @property
    def words(self) -> dict[str, str]:
        """The question as an address holds it."""
        given = {name: self.data[name] for name in ("kind", *NARROWING) if self.data[name] is not None}
        days = ("since", "until") if self.data["since"] else ("period",)
        return {name: str(value) for name, value in (given | {n: self.data[n] for n in days}).items()}

    def url(self, endpoint: str, **other: Any) -> str:
        """The same question elsewhere, or a little otherwise (None: no longer)."""
        return url_for(
            f"figures.{endpoint}", **{k: v for k, v in {**self.words, **other}.items() if v is not None}
        )


@bp.get("")
@needs("figures.see")
def index() -> str | tuple[str, int]:
    """Shares kept, by time, severity, team and service, and the latest promises broken."""
    asked, errors = _read()
    parts = parts_of(asked.first, asked.last)
    counted = count_promises(asker(), asked.promises, [asked.begins(day) for day in parts])
    totals = tally_by(counted, lambda row: row.target, _tally)
    broken = list_promises(asker(), replace(asked.promises, verdict=Verdict.BREACHED), LATEST)
    page = render_template(
        "figures/index.html",
        **_frame(asked, errors),
        kind_tabs=[
            {
                "label": label,
                "url": asked.url("index", kind=kind.value),
                "current": asked.data["kind"] == kind,
            }
            for kind, label in KINDS.items()
        ],
        stats=[_stat(asked, name, totals.get(name, Tally())) for name in TARGETS],
        open_figures=[_running(asked, totals), _broken(asked, totals)],
        chart=_chart(counted, parts, asked),
        tables=_tables(asked, counted),
        breaches=_rows(broken),
        breaches_url=asked.url("tickets", verdict=Verdict.BREACHED.value),
        breach_count=sum(tally.breached for tally in totals.values()),
    )
    return (page, 422) if errors else page


@bp.get("/tickets")
@needs("figures.see")
def tickets() -> str | tuple[str, int]:
    """The promises behind a figure."""
    asked, errors = _read()
    number = asked.data["page"]
    total = count_listed(asker(), asked.promises)
    rows = list_promises(asker(), asked.promises, PAGE, (number - 1) * PAGE)
    page = render_template(
        "figures/tickets.html",
        **_frame(asked, errors),
        rows=_rows(rows),
        total=total,
        chips=_chips(asked),
        previous_url=asked.url("tickets", page=number - 1) if number > 1 else None,
        next_url=asked.url("tickets", page=number + 1) if number * PAGE < total else None,
        pages=_("%(page)s of %(pages)s", page=number, pages=max(1, -(-total // PAGE))),
        figures_url=asked.url("index", **dict.fromkeys(NARROWING)),
    )
    return (page, 422) if errors else page


@bp.get("/figures.csv")
@needs("figures.export")
def export() -> Response | tuple[str, int]:
    """Every promise behind the figures as a line of CSV; the security log keeps who took it."""
    asked, errors = _read()
    if errors:
        return cast(tuple[str, int], index())
    file = tempfile.SpooledTemporaryFile(2**22)  # noqa: SIM115 - closed with the response
    text = io.TextIOWrapper(cast(Any, file), encoding="utf-8", newline="")
    desk.export(
        asker(),
        asked.promises,
        text,
        zone=asked.zone,
        filters=asked.words,
        link=lambda ticket_id: links.url(f"/tickets/HD-{ticket_id}"),
        now=g.now,
        address=request.remote_addr or "",
    )
    text.flush()
    text.detach()
    file.seek(0)
    name = f"helpdesk-{asked.data['kind']}-{asked.first}-{asked.last}.csv"
    return send_file(cast(Any, file), "text/csv", as_attachment=True, download_name=name)


def _read() -> tuple[_Asked, dict[str, list[str]]]:
    """The question; where it cannot be read, the plain one, and what to mend."""
    organisation = find_organisation()
    zone = organisation.zone if organisation else "UTC"
    data, errors = load(FiguresSchema, request.args)
    plain = cast(dict[str, Any], FiguresSchema().load({}))
    data = data or plain
    if data["since"]:
        first, last = data["since"], data["until"]
    else:
        first, last = days_of(Period(data["period"]), g.now.astimezone(ZoneInfo(zone)).date())
    return _Asked(data, first, last, zone), errors


def _frame(asked: _Asked, errors: dict[str, list[str]]) -> dict[str, Any]:
    own = asked.data["since"] is not None
    here = "tickets" if request.endpoint == "figures.tickets" else "index"
    typed = request.args if errors else {"since": asked.first, "until": asked.last}
    return {
        "asked": asked,
        "errors": errors,
        "typed": typed,
        "period_tabs": [
            {
                "label": label,
                "url": asked.url(here, period=period.value, since=None, until=None),
                "current": not own and not errors and asked.data["period"] == period,
            }
            for period, label in PERIODS.items()
        ],
        "days": _("%(first)s to %(last)s", first=i18n.say_date(asked.first), last=i18n.say_date(asked.last)),
        "zone": i18n.zone_city(asked.zone),
        "kind": str(KINDS[Kind(asked.data["kind"])]),
        "export_url": asked.url("export") if may("figures.export") else None,
    }


def _tally(row: Counted) -> Tally:
    return row.tally


def _say_share(tally: Tally) -> str:
    """The share kept, or a dash where nothing is decided."""
    return _say_tenths(tally.tenths)


def _say_tenths(tenths: int | None) -> str:
    if tenths is None:
        return "–"
    return str(format_percent(tenths / 1000, "0%" if tenths == 1000 else "0.0%"))


def _say_adjusted(tally: Tally) -> str:
    """The adjusted share, said beside the raw one alone; empty where nothing is excused."""
    if not tally.excused:
        return ""
    share = _say_tenths(tally.adjusted_tenths)
    return _("adjusted %(share)s", share=share)


def _stat(asked: _Asked, target: str, tally: Tally) -> dict[str, Any]:
    note = _("%(met)s of %(decided)s kept", met=tally.met, decided=tally.decided)
    if tally.excused:
        share = _say_tenths(tally.adjusted_tenths)
        note = _(
            "%(note)s; adjusted %(share)s, %(excused)s excused", note=note, share=share, excused=tally.excused
        )
    return {
        "label": str(PROMISES[target]),
        "value": _say_share(tally),
        "note": note if tally.decided else _("nothing decided yet"),
        "url": asked.url("tickets", target=target),
    }


def _running(asked: _Asked, totals: dict[str, Tally]) -> dict[str, Any]:
    return {
        "label": str(VERDICTS[Verdict.RUNNING]),
        "value": sum(tally.running for tally in totals.values()),
        "note": _("not counted yet"),
        "url": asked.url("tickets", verdict=Verdict.RUNNING.value),
    }


def _broken(asked: _Asked, totals: dict[str, Tally]) -> dict[str, Any]:
    count = sum(tally.breached for tally in totals.values())
    excused = sum(tally.excused for tally in totals.values())
    note = _("late, or open and past due")
    return {
        "label": str(VERDICTS[Verdict.BREACHED]),
        "value": count,
        "note": _("%(note)s; %(excused)s of them excused", note=note, excused=excused) if excused else note,
        "tone": "late" if count else "ok",
        "url": asked.url("tickets", verdict=Verdict.BREACHED.value),
    }


def _chart(counted: list[Counted], parts: list[date], asked: _Asked) -> dict[str, Any]:
    """Share kept of each promise, week by week or month by month."""
    found = tally_by(counted, lambda row: (row.target, row.part), _tally)
    weekly = len(parts) < 2 or (parts[1] - parts[0]).days <= 7
    tallies = {t: [found.get((t, part), Tally()) for part in range(len(parts))] for t in TARGETS}
    series = [
        line
        for target, tone in zip(TARGETS, ("", "major"), strict=True)
        for line in _lines(str(PROMISES[target]), tone, tallies[target])
    ]
    return {
        "title": _("Kept, week by week") if weekly else _("Kept, month by month"),
        "labels": [(i18n.say_brief_date if weekly else i18n.say_month)(day) for day in parts],
        "series": series,
    }


def _lines(name: str, tone: str, tallies: list[Tally]) -> list[dict[str, Any]]:
    """The raw shares as a line, and the adjusted ones as another where anything is excused."""
    raw = {"name": name, "values": [_percent(t.tenths) for t in tallies], "tone": tone}
    if not any(t.excused for t in tallies):
        return [raw]
    adjusted = [_percent(t.adjusted_tenths) for t in tallies]
    return [raw, {"name": _("adjusted"), "values": adjusted, "tone": f"{tone} adjusted"}]


def _percent(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10


def _tables(asked: _Asked, counted: list[Counted]) -> list[dict[str, Any]]:
    """One by severity, one by team, one by service; each adds up to the same totals."""
    teams = {team.id: team.name for team in list_teams(active_only=False)}
    services = {service.id: service.name for service in list_services(active_only=False)}
    severities = {severity.value: str(name) for severity, name in words.SEVERITIES.items()}
    return [
        _table(asked, counted, _("By severity"), "severity", lambda row: row.severity, severities),
        _table(asked, counted, _("By team"), "team", lambda row: row.team_id, teams),
        _table(
            asked,
            counted,
            _("By service"),
            "service",
            lambda row: row.service_id or 0,
            services | {0: _("No service")},
        ),
    ]


def _table(
    asked: _Asked,
    counted: list[Counted],
    title: str,
    field: str,
    key: Callable[[Counted], Any],
    names: dict[Any, str],
) -> dict[str, Any]:
    cells = tally_by(counted, lambda row: (key(row), row.target), _tally)
    present = [each for each in names if any((each, target) in cells for target in TARGETS)]
    rows = [
        {
            "name": names[each],
            "code": each,
            "cells": [_cell(asked, cells.get((each, t), Tally()), t, {field: each}) for t in TARGETS],
        }
        for each in present
    ]
    totals = tally_by(counted, lambda row: row.target, _tally)
    total = [_cell(asked, totals.get(target, Tally()), target, {}) for target in TARGETS]
    return {"title": title, "field": field, "rows": rows, "total": total}


def _cell(asked: _Asked, tally: Tally, target: str, narrowed: dict[str, Any]) -> dict[str, Any]:
    """The figures of one promise in one row, each with the way to its tickets."""
    return {
        "share": _say_share(tally),
        "width": _percent(tally.tenths),
        "adjusted": _say_adjusted(tally),
        "promise": str(PROMISES[target]),
        "counts": [
            {
                "verdict": verdict.value,
                "label": str(VERDICTS[verdict]),
                "count": getattr(tally, verdict.value),
                "url": asked.url("tickets", target=target, verdict=verdict.value, **narrowed),
            }
            for verdict in Verdict
        ]
        + [
            {
                "verdict": "excused",
                "label": _("excused"),
                "count": tally.excused,
                "url": asked.url("tickets", target=target, verdict="breached", excused=True, **narrowed),
            }
        ],
    }


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Promises as a list shows them."""
    listed = list(rows)
    return [
        {
            "url": url_for("tickets.page", number=f"HD-{row.ticket_id}"),
            "number": f"HD-{row.ticket_id}",
            "subject": row.subject,
            "severity": row.severity,
            "promise": str(PROMISES[row.target]) + (f" ({row.cycle})" if row.cycle > 1 else ""),
            "service": row.service or _("No service"),
            "team": row.team,
            "person": row.person or _("nobody"),
            "due_at": row.due_at,
            "verdict": row.verdict,
            "outcome": _outcome(row, late),
            "excuse": _("Excused by %(name)s: %(reason)s", name=row.excused_by, reason=row.excuse)
            if row.excused_by
            else "",
        }
        for row, late in zip(listed, desk.late_seconds(listed, g.now), strict=True)
    ]


def _outcome(row: Any, late: int | None) -> str:
    if late is None:
        return str(VERDICTS[Verdict(row.verdict)])
    said = _("%(time)s late", time=i18n.say_working_time(max(60, late)))
    return said if row.stopped_at else _("%(late)s, still open", late=said)


def _chips(asked: _Asked) -> list[tuple[str, str]]:
    """What narrows the list, each with the way to the list without it."""
    data = asked.data
    names = {
        "target": lambda: str(PROMISES[data["target"]]),
        "verdict": lambda: str(VERDICTS[Verdict(data["verdict"])]),
        "excused": lambda: _("Excused") if data["excused"] else _("Not excused"),
        "severity": lambda: str(words.SEVERITIES[Severity(data["severity"])]),
        "team": lambda: next((t.name for t in list_teams(False) if t.id == data["team"]), "–"),
        "service": lambda: next(
            (s.name for s in list_services(False) if s.id == data["service"]), _("No service")
        ),
    }
    return [(names[n](), asked.url("tickets", **{n: None})) for n in NARROWING if data[n] is not None]
