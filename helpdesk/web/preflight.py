"""Preflight: what is wrong with who is on call in the next sixty days, and what a change newly breaks."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from helpdesk.desk import handovers, preflight, rosters
from helpdesk.i18n import say_of, say_sentences
from helpdesk.outbound import findings as words
from helpdesk.rules.access import ticket_reach
from helpdesk.rules.preflight import AHEAD, CODES, TO_KNOW, Finding
from helpdesk.store.rosters import (
    HolidayArrangement,
    Roster,
    Swap,
    find_arrangement,
    list_rosters,
)
from helpdesk.store.swaps import find_swap
from helpdesk.store.teams import list_teams
from helpdesk.web.frame import asker, may, needs, viewer_zone

bp = Blueprint("preflight", __name__, url_prefix="/preflight")
PAGE = 50  # rosters
SAID = 3  # of what a change has broken
GRAVE = frozenset({"gap", "left", "holiday_unfilled", "absent_override"})


@bp.get("")
@needs("roster.see")
def index() -> str:
    """What was found, by roster: of one's own teams, of all, or of one roster."""
    everything = list_rosters()
    own = [roster for roster in everything if roster.id in _own_roster_ids()]
    wanted = request.args.get("roster", type=int)
    shows_all = not own or "all" in request.args
    chosen = [r for r in everything if r.id == wanted] or (everything if shows_all else own)
    page = max(request.args.get("page", 1, int), 1)
    shown = chosen[(page - 1) * PAGE : page * PAGE]
    found = preflight.find(shown, g.now, g.now + AHEAD)
    of_calendars = preflight.find_of_calendars(g.now)
    names = preflight.names_in([*found, *of_calendars])
    return render_template(
        "rosters/preflight.html",
        groups=[_group(roster, [f for f in found if f.roster == roster.id], names) for roster in shown],
        of_calendars=[_row(finding, names) for finding in of_calendars],
        views=_views(wanted, shows_all) if (own and len(own) < len(everything)) or wanted else [],
        previous_url=_page_url(page - 1) if page > 1 else None,
        next_url=_page_url(page + 1) if len(chosen) > page * PAGE else None,
        calendars_url=url_for("admin.calendars") if may("admin.see") else None,
    )


def _page_url(page: int) -> str:
    return f"{url_for('.index')}?{urlencode({**request.args.to_dict(), 'page': page})}"


def _own_roster_ids() -> set[int | None]:
    """Those of the asker's teams; none for whoever looks after all."""
    if ticket_reach(asker()).everything:
        return set()
    return {
        slot
        for team in list_teams()
        if team.id in asker().team_ids
        for slot in (team.roster_id, team.backup_roster_id)
    }


def _views(wanted: int | None, shows_all: bool) -> list[dict[str, Any]]:
    mine, everything = url_for(".index"), url_for(".index", all="1")
    return [
        {"label": _("Your teams"), "url": mine, "current": wanted is None and not shows_all},
        {"label": _("All rosters"), "url": everything, "current": wanted is None and shows_all},
    ]


def _group(roster: Roster, found: list[Finding], names: words.Names) -> dict[str, Any]:
    """A roster with its findings, the gravest first."""
    may_edit = may("roster.edit") and rosters.may_edit(asker(), roster)
    ordered = sorted(found, key=lambda finding: (CODES.index(finding.code), finding.from_at))
    return {
        "roster": roster,
        "rows": [{**_row(finding, names), **_deed(finding, roster, may_edit)} for finding in ordered],
        "grave": sum(finding.code in GRAVE for finding in found),
    }


def _deed(finding: Finding, roster: Roster, may_edit: bool) -> dict[str, Any]:
    """Where to mend it, or at least to see it."""
    if finding.code == "holiday_unfilled":
        return {"url": url_for("rosters.holidays.index"), "verb": _("Fill")}
    if may_edit and finding.code in GRAVE and finding.params["times"] == 1:
        asked: Any = {"from": max(finding.from_at, g.now).isoformat(), "to": finding.to_at.isoformat()}
        return {"url": url_for("rosters.add_override", roster_id=roster.id, **asked), "verb": _("Cover")}
    day = max(finding.from_at, g.now).astimezone(ZoneInfo(roster.zone)).date().isoformat()
    return {"url": url_for("rosters.show", roster_id=roster.id, day=day), "verb": _("Look")}


def _row(finding: Finding, names: words.Names) -> dict[str, Any]:
    tone = "late" if finding.code in GRAVE else "" if finding.code in TO_KNOW else "soon"
    return {
        "heading": words.HEADINGS[finding.code],
        "tone": tone,
        "said": words.say(finding, viewer_zone(), names),
        "advice": words.ADVICE[finding.code],
    }


def look_before() -> None:
    """Remembers what is wrong before a change, for `say_what_broke`. Before each request of the pages about
    who is on call."""
    changes_nothing = (request.blueprint or "").endswith((".handovers", ".feeds", ".fairness"))
    if request.method == "POST" and may("roster.see") and not changes_nothing:
        g.broken_before = {finding.key for finding in _found()}


def say_what_broke(response: Response) -> Response:
    """After a change that went through: flashes what it newly broke."""
    if response.status_code != 303 or "broken_before" not in g:
        return response
    # Whoever notes an absence is told there which of those turns nobody takes.
    known = TO_KNOW | {"gap"} if request.endpoint == "rosters.absences.add" else TO_KNOW
    fresh = [f for f in _found() if f.key not in g.broken_before and f.code not in known]
    if fresh:
        names = preflight.names_in(fresh)
        said = [
            say_of(names[1].get(finding.roster or 0, ""), words.say(finding, viewer_zone(), names))
            for finding in fresh[:SAID]
        ]
        if len(fresh) > SAID:
            more = len(fresh) - SAID
            said.append(ngettext("%(num)d more thing: see Preflight.", "%(num)d more: see Preflight.", more))
        flash(say_sentences(said), "warning")
    return response


def _found() -> list[Finding]:
    touched = [roster for roster in list_rosters() if roster.id in _touched_ids()]
    return preflight.find(touched, g.now, g.now + AHEAD)


def _touched_ids() -> set[int | None]:
    """The rosters that the request may change, with those whose first or backup they are: the one it names,
    else those in which the person takes turns whom it is about."""
    named = _named_roster_id()
    if named is not None:
        ids: set[int | None] = {named}
    else:
        person = request.form.get("person_id", type=int) or current_user.id
        ids = {roster.id for roster in handovers.rosters_with(person, g.now)}
    siblings = {team.roster_id for team in list_teams() if team.backup_roster_id in ids}
    return ids | siblings


def _named_roster_id() -> int | None:
    """That of the address: by its own id, its swap's or its holidays'."""
    named = request.view_args or {}
    thing: Swap | HolidayArrangement | None = None
    if "swap_id" in named:
        thing = find_swap(named["swap_id"])
    elif "arrangement_id" in named:
        thing = find_arrangement(named["arrangement_id"])
    return thing.roster_id if thing is not None else named.get("roster_id")
