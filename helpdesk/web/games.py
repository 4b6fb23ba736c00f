"""Games beside the figures: how often what can make them look better was done, each with its tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from helpdesk.desk import games as desk
from helpdesk.desk.security import note_export
from helpdesk.i18n import say_duration
from helpdesk.outbound.figure_words import say_tenths
from helpdesk.outbound.game_words import EXPLAINED, GAMES, games_table, name_in, say_of_what, say_played
from helpdesk.rules.games import Game, Played, is_late
from helpdesk.rules.severity import Severity
from helpdesk.schemas.breaches import GameSchema
from helpdesk.store.games import LISTED, count_listed, list_listed
from helpdesk.web.auth import address
from helpdesk.web.figures_asked import Page, frame, live, read
from helpdesk.web.forms import Errors
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.sheets import ANSWERS, Cell
from helpdesk.web.words import SEVERITIES

bp = Blueprint("games", __name__, url_prefix="/figures/games")
PAGE = 50
# What narrows the figures, but no game: what is lowered has another severity afterwards.
OTHERS = ("target", "verdict", "excused", "severity", "department", "alone")


@dataclass(frozen=True)
class _Listed(Page):
    """A question about the tickets behind a game."""

    @property
    def words(self) -> dict[str, str]:
        """With the game."""
        return {**super().words, "game": self.data["game"]}


@bp.app_context_processor
def _context() -> dict[str, Any]:
    # A function, so that only pages which show the strip ask the database.
    return {"games_strip": strip}


def strip(page: Page) -> dict[str, Any]:
    """The games of a page of figures in one line: what, how much, and the way to its tickets; and whether
    they are of more than the page, which is narrowed by what narrows no game."""
    plain = live(page, OTHERS)
    totals = desk.totals_of(asker(), plain.asked.question)
    return {
        "stats": [_stat(plain, game, totals[game]) for game in Game],
        "url": plain.url("games.index"),
        "is_wider": any(page.data[name] is not None for name in (*OTHERS, "as_of")),
    }


@bp.get("")
@needs("figures.see")
def index() -> str | tuple[str, int]:
    """All of them in all, by team and by person."""
    page, errors = read()
    page = live(page, OTHERS)
    found = desk.games_of(asker(), page.asked.question)
    body = render_template(
        "games/index.html",
        **frame(page, errors),
        stats=[_stat(page, game, found.totals[game]) for game in Game],
        columns=[str(name) for name in GAMES.values()],
        tables=[
            {"by": by, "title": title, "rows": _rows(page, found, by, rows)}
            for by, title, rows in (
                ("team", _("By team"), found.teams),
                ("person", _("By person"), found.people),
            )
        ],
        explained=[(str(GAMES[game]), str(EXPLAINED[game])) for game in Game],
        downloads={by: _downloads(page, "export", by=by) for by in ("team", "person")},
    )
    return (body, 422) if errors else body


@bp.get("/list")
@needs("figures.see")
def listed() -> Response | str | tuple[str, int]:
    """The tickets behind a game."""
    page, errors = _read_listed()
    question, game, number = page.asked.question, Game(page.data["game"]), page.data["page"]
    total = count_listed(asker(), question, game)
    rows = list_listed(asker(), question, game, PAGE, (number - 1) * PAGE)
    body = render_template(
        "games/list.html",
        **frame(page, errors),
        title=str(GAMES[game]),
        lead=str(EXPLAINED[game]),
        rows=_lines(game, rows),
        total=total,
        games_url=page.url("games.index", game=None),
        previous_url=page.url("games.listed", page=number - 1) if number > 1 else None,
        next_url=page.url("games.listed", page=number + 1) if number * PAGE < total else None,
        pages=_("%(page)s of %(pages)s", page=number, pages=max(1, -(-total // PAGE))),
        downloads=_downloads(page, "export_list"),
    )
    return (body, 422) if errors else body


@bp.get("/by-<any(team, person):by>.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(by: str, ending: str) -> Response | str | tuple[str, int]:
    """The games by team or by person; the security log keeps who took them."""
    page, errors = read()
    if errors:
        return index()  # type: ignore[return-value]
    page = live(page, OTHERS)
    columns, rows = games_table(desk.games_of(asker(), page.asked.question), by, page.asked)
    return _answer(page, f"games-by-{by}", ending, columns, rows)


@bp.get("/list.<any(csv, xlsx):ending>")
@needs("figures.export")
def export_list(ending: str) -> Response | str | tuple[str, int]:
    """The tickets behind a game, a line each; the security log keeps who took them."""
    page, errors = _read_listed()
    if errors:
        return listed()  # type: ignore[return-value]
    game = Game(page.data["game"])
    rows = list_listed(asker(), page.asked.question, game)
    columns = [_("Ticket"), _("Subject"), _("Severity"), _("Service"), _("Team"), _("Person")]
    zone = page.asked.zone
    lines: list[list[Cell]] = [
        [*_whose(row), row.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0), zone, said]
        for row, (said, _late) in zip(rows, _said(game, rows), strict=True)
    ]
    columns += [_("When"), _("Time zone"), _("What")]
    return _answer(page, f"games-{game.value}", ending, columns, lines)


def _answer(page: Page, what: str, ending: str, columns: list[str], rows: list[list[Cell]]) -> Response:
    note_export(
        f"figures:{what}.{ending}",
        {**page.words, "rows": len(rows)},
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    asked = page.asked
    name = f"helpdesk-{asked.question.kind}-{what}-{asked.first}-{asked.last}"
    note = _("Days begin in %(zone)s.", zone=asked.zone)
    more = {"sheet": _("Games"), "note": note} if ending == "xlsx" else {}
    return ANSWERS[ending](name, columns, rows, **more)


def _read_listed() -> tuple[Page, Errors]:
    page, errors = read(GameSchema)
    page = live(page, OTHERS)
    game = page.data["game"] if page.data["game"] in LISTED else Game.LOWERED.value
    return _Listed(page.data | {"game": game}, page.asked), errors


def _url(page: Page, game: Game, **narrowed: Any) -> str:
    if game is Game.EXCUSED:
        return page.url("figures.tickets", verdict="breached", excused=True, **narrowed)
    return page.url("games.listed", game=game.value, **narrowed)


def _stat(page: Page, game: Game, played: Played) -> dict[str, Any]:
    share = "" if game is Game.WAITING else f"{say_tenths(played.tenths)} "
    return {
        "label": str(GAMES[game]),
        "value": say_played(game, played),
        "note": share + say_of_what(game, played) if played.of else _("nothing to count yet"),
        "url": _url(page, game) if played.count else None,
    }


def _rows(
    page: Page, found: desk.Games, by: str, rows: Mapping[int | None, Mapping[Game, Played]]
) -> list[dict[str, Any]]:
    """The lines of a table; each number with the way to its tickets."""
    return [
        {
            "name": name_in(found, by, key),
            "cells": [
                {
                    "label": str(GAMES[game]),
                    "count": say_played(game, row[game]),
                    "share": say_tenths(row[game].tenths) if game is not Game.WAITING else "",
                    "url": _url(page, game, **{by: key or 0}) if row[game].count else None,
                }
                for game in Game
            ],
        }
        for key, row in rows.items()
    ]


def _lines(game: Game, rows: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "url": url_for("tickets.page", number=f"HD-{row.ticket_id}"),
            "number": f"HD-{row.ticket_id}",
            "row": row,
            "said": said,
            "is_late": late,
        }
        for row, (said, late) in zip(rows, _said(game, rows), strict=True)
    ]


def _whose(row: Any) -> list[Cell]:
    severity = str(SEVERITIES[Severity(row.severity)])
    return [f"HD-{row.ticket_id}", row.subject, severity, row.service or "", row.team, row.person or ""]


def _said(game: Game, rows: list[Any]) -> list[tuple[str, bool]]:
    """What was done, in words, and whether it was done late."""
    used = desk.used_when_lowered(rows) if game is Game.LOWERED else {}
    return [(_SAYS[game](row, used), is_late(used.get(row.entry_id))) for row in rows]


def _say_lowered(row: Any, used: Mapping[int, int | None]) -> str:
    said = _(
        "%(was)s to %(became)s by %(name)s",
        was=SEVERITIES[Severity(row.was)],
        became=SEVERITIES[Severity(row.became)],
        name=row.actor or "–",
    )
    percent = used.get(row.entry_id)
    return said if percent is None else _("%(said)s, %(share)s%% used up", said=said, share=percent)


def _say_waiting(row: Any, _used: Any) -> str:
    waited, whole = say_duration(row.amount), say_duration(row.whole)
    share = say_tenths(row.amount * 1000 // row.whole)
    return _("%(waited)s of %(whole)s, %(share)s", waited=waited, whole=whole, share=share)


def _say_reopened(row: Any, _used: Any) -> str:
    return ngettext("reopened once", "reopened %(num)d times", row.amount)


def _say_cancelled(row: Any, _used: Any) -> str:
    name = row.actor or "–"
    said = {"merged": _("Merged by %(name)s", name=name)}
    return said.get(row.how) or _("Cancelled by %(name)s", name=name)


def _say_silent(_row: Any, _used: Any) -> str:
    return _("An alarm rang: nothing was said after it was accepted")


_SAYS = {
    Game.WAITING: _say_waiting,
    Game.LOWERED: _say_lowered,
    Game.SILENT: _say_silent,
    Game.REOPENED: _say_reopened,
    Game.CANCELLED: _say_cancelled,
}


def _downloads(page: Page, endpoint: str, **given: Any) -> list[tuple[str, str]]:
    """The ways to a table as files, for those who may take it out."""
    if not may("figures.export"):
        return []
    return [(ending.upper(), page.url(f"games.{endpoint}", ending=ending, **given)) for ending in ANSWERS]
