"""Ladders: who is told, and when, while nobody meets a target."""

from collections.abc import Iterable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from helpdesk.desk import ladders as desk
from helpdesk.desk.changes import ChangedMeanwhile, marker_of
from helpdesk.desk.ladders import LadderRefused
from helpdesk.i18n import say_list, say_of
from helpdesk.rules.escalation import LONGEST, Step
from helpdesk.rules.severity import Severity
from helpdesk.schemas.ladders import StepSchema
from helpdesk.schemas.policies import TARGETS
from helpdesk.store.rosters import list_rosters
from helpdesk.web import words
from helpdesk.web.admin.frame import Options, Page, bp, by, changed_meanwhile, link, list_page, staff_options
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import may, needs
from helpdesk.web.ladder_words import CHANNELS, TO, say_step
from helpdesk.web.ladder_words import TARGETS as TARGET_NAMES

FIELDS = ("number", "at", "unit", "clock", "to", "channel", "repeat_minutes", "repeat_most")
NEW = {"unit": "minutes", "clock": "counted", "channel": "all", "to": "lead"}
UNITS = (
    ("minutes", _l("minutes after the start")),
    ("before_due", _l("minutes before it is due")),
    ("after_due", _l("minutes after it was due")),
    ("percent", _l("percent of the time allowed")),
)
CLOCKS = (("counted", _l("like the target")), ("wall", _l("by the wall clock")))
REFUSED = {
    "empty": _l("Somebody must hear of a report. Keep at least one step."),
    "too_long": _l("A ladder has at most twelve steps."),
    "when": _l("Choose minutes or percent."),
    "percent": _l("Enter a share from 0 to 100 percent."),
    "minutes": _l("Enter at most 10080 minutes, which is a week."),
    "wall_clock": _l("A share of the time allowed is counted like the target: choose that, or minutes."),
    "person": _l("This person is gone. Choose somebody who is there."),
    "roster": _l("This roster is gone. Choose another one."),
    "repeat_minutes": _l("Enter at least one minute, and at most a week."),
    "repeat_most": _l("Enter a whole number from 0 to 1000."),
}
AT_FAULT = {
    "percent": "at",
    "minutes": "at",
    "when": "unit",
    "wall_clock": "clock",
    "person": "to",
    "roster": "to",
}
Typed = dict[str, Any]


@bp.get("/ladders")
@needs("admin.see")
def ladders() -> str:
    """One for each severity and target."""
    known = {
        (severity, target): desk.ladder_of(severity, target) for severity in Severity for target in TARGETS
    }
    names = desk.names_in(step for steps in known.values() for step in steps)
    rows = [
        [
            link(url_for(".ladders_edit", severity=severity, target=target), _title(severity, target)),
            say_list(say_step(step, *names) for step in steps) or _("nobody is told"),
        ]
        for (severity, target), steps in known.items()
    ]
    lead = _(
        "Who is told, and when, while nobody has answered or solved. Time that does not count rings nobody."
    )
    return list_page(_("Ladders"), [_("For"), _("Steps")], rows, lead=lead, template="admin/ladders.html")


def _title(severity: str, target: str) -> str:
    return say_of(str(words.SEVERITIES[Severity(severity)]), str(TARGET_NAMES[target]))


@bp.get("/ladders/<severity>/<target>")
@needs("admin.see")
def ladders_edit(severity: str, target: str) -> Page:
    """The steps as they are."""
    _require_known(severity, target)
    steps = desk.ladder_of(severity, target)
    return _page(severity, target, [_typed_of(step) for step in steps], marker_of(desk.state_of(steps)))


@bp.post("/ladders/<severity>/<target>")
@needs("admin.edit")
def ladders_save(severity: str, target: str) -> Page:
    """`do`: save them all, add one, or remove-N, up-N, down-N one; only saving writes."""
    _require_known(severity, target)
    marker = request.form.get("marker", "")
    count = min(request.form.get("count", 0, int), LONGEST)
    typed: list[Typed] = [
        {name: request.form.get(f"{n}-{name}", "") for name in FIELDS} for n in range(count)
    ]
    do, _dash, place = request.form.get("do", "save").partition("-")
    if do != "save":
        return _page(severity, target, _rearranged(typed, do, int(place) if place.isdigit() else 0), marker)
    steps, errors = _load(typed)
    if not errors:
        try:
            desk.save_ladder(severity, target, steps, by(), marker)
            flash(_("Saved. Open tickets follow in a moment."))
            return redirect(url_for(".ladders"), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except LadderRefused as fault:
            errors = {
                "" if code in ("empty", "too_long") else f"{n}-{AT_FAULT.get(code, code)}": [
                    str(REFUSED[code])
                ]
                for n, code in fault.faults
            }
    return _page(severity, target, typed, marker, errors), 422


def _page(severity: str, target: str, typed: list[Typed], marker: str, errors: Errors | None = None) -> str:
    return render_template(
        "admin/ladder.html",
        title=_title(severity, target),
        preview_url=url_for("previews.show", severity=severity),
        steps=typed,
        marker=marker,
        errors=errors or {},
        to_options=_to_options([step["to"] for step in typed]),
        unit_options=[(unit, str(said)) for unit, said in UNITS],
        clock_options=[(clock, str(said)) for clock, said in CLOCKS],
        channel_options=[(channel, str(said)) for channel, said in CHANNELS.items()],
        most=LONGEST,
        can_edit=may("admin.edit"),
    )


def _require_known(severity: str, target: str) -> None:
    if severity not in tuple(Severity) or target not in TARGETS:
        abort(404)


def _to_options(chosen: Iterable[str]) -> Options:
    """By role, of each roster, by name; also who or what is chosen but gone, so that it is seen."""
    found = list_rosters()
    turns: Options = [
        (f"{to}:{roster.id}", _("%(to)s in %(roster)s", to=TO[to], roster=roster.name))
        for roster in found
        for to in ("on_call", "next_turn")
    ]
    people: Options = [(f"person:{person_id}", name) for person_id, name in staff_options()]
    known = {value for value, _label in (*turns, *people)}
    gone: Options = [(to, _("somebody who is gone")) for to in chosen if ":" in to and to not in known]
    by_role: Options = [(to, str(said)) for to, said in TO.items() if to != "person"]
    groups = [
        (_("By what they do"), by_role),
        (_("Of a roster"), turns),
        (_("By name"), people + gone),
    ]
    return [group for group in groups if group[1]]


def _typed_of(step: Step) -> Typed:
    named = step.person_id if step.roster_id is None else step.roster_id
    anchored = "minutes" if step.anchor == "start" else step.anchor
    return {
        "number": "" if step.number is None else step.number,
        "at": step.minutes if step.percent is None else step.percent,
        "unit": anchored if step.percent is None else "percent",
        "clock": "wall" if step.is_wall_clock else "counted",
        "to": step.to if named is None else f"{step.to}:{named}",
        "channel": step.channel,
        "repeat_minutes": step.repeat_minutes or "",
        "repeat_most": step.repeat_most or "",
    }


def _rearranged(typed: list[Typed], do: str, place: int) -> list[Typed]:
    if do == "add":
        return [*typed, {**dict.fromkeys(FIELDS, ""), **NEW}][:LONGEST]
    if place < len(typed) and do in ("remove", "up", "down"):
        step = typed.pop(place)
        if do != "remove":
            typed.insert(max(place - 1, 0) if do == "up" else place + 1, step)
    return typed


def _load(typed: list[Typed]) -> tuple[list[Step], Errors]:
    steps: list[Step] = []
    errors: Errors = {}
    for n, step in enumerate(typed):
        data, wrong = load(StepSchema, MultiDict({name: str(value) for name, value in step.items()}))
        errors.update({f"{n}-{name}": said for name, said in wrong.items()})
        if data is not None:
            steps.append(data["step"])
    return steps, errors
