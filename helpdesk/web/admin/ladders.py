"""Ladders: who is told, and when, while nobody meets a target."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from helpdesk.desk import ladders as desk
from helpdesk.desk.changes import ChangedMeanwhile, marker_of
from helpdesk.desk.ladders import LadderRefused
from helpdesk.i18n import say_list
from helpdesk.rules.escalation import LONGEST, Step
from helpdesk.rules.severity import Severity
from helpdesk.schemas.ladders import RECIPIENTS, StepSchema
from helpdesk.schemas.policies import TARGETS
from helpdesk.web import words
from helpdesk.web.admin.frame import Page, bp, by, changed_meanwhile, link, list_page
from helpdesk.web.admin.policies import NAMES
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import may, needs

FIELDS = ("number", "at", "unit", "to", "repeat_minutes", "repeat_most")
TO = {
    "on_call": _l("whoever is on call"),
    "backup": _l("the backup"),
    "team": _l("the team"),
    "assignee": _l("whoever has the ticket"),
    "lead": _l("the lead"),
    "manager": _l("the manager"),
}
REFUSED = {
    "empty": _l("Somebody must hear of a report. Keep at least one step."),
    "too_long": _l("A ladder has at most twelve steps."),
    "when": _l("Choose minutes or percent."),
    "percent": _l("Enter a share from 0 to 100 percent."),
    "minutes": _l("Enter at most 10080 minutes, which is a week."),
    "repeat_minutes": _l("Enter at least one minute, and at most a week."),
    "repeat_most": _l("Enter a whole number from 0 to 1000."),
}
AT_FAULT = {"percent": "at", "minutes": "at", "when": "unit"}
Typed = dict[str, Any]


@bp.get("/ladders")
@needs("admin.see")
def ladders() -> str:
    """One for each severity and target."""
    rows = [
        [
            link(url_for(".ladders_edit", severity=severity, target=target), _title(severity, target)),
            say_list(map(_brief, desk.ladder_of(severity, target))) or _("nobody is told"),
        ]
        for severity in Severity
        for target in TARGETS
    ]
    lead = _(
        "Who is told, and when, while nobody has answered or solved. Time that does not count rings nobody."
    )
    return list_page(_("Ladders"), [_("For"), _("Steps")], rows, lead=lead)


def _title(severity: str, target: str) -> str:
    return f"{words.SEVERITIES[Severity(severity)]}: {NAMES[target]}"


def _brief(step: Step) -> str:
    to = TO.get(step.to, step.to)
    if step.percent is not None:
        return _("%(to)s at %(percent)s%%", to=to, percent=step.percent)
    if step.repeat_minutes and not step.minutes:
        return _("%(to)s at once and every %(again)s min", to=to, again=step.repeat_minutes)
    if step.repeat_minutes:
        return _(
            "%(to)s after %(minutes)s min and every %(again)s min",
            to=to,
            minutes=step.minutes,
            again=step.repeat_minutes,
        )
    return (
        _("%(to)s after %(minutes)s min", to=to, minutes=step.minutes)
        if step.minutes
        else _("%(to)s at once", to=to)
    )


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
        steps=typed,
        marker=marker,
        errors=errors or {},
        to_options=[(to, str(TO[to])) for to in RECIPIENTS],
        unit_options=[("minutes", _("minutes")), ("percent", _("percent"))],
        most=LONGEST,
        can_edit=may("admin.edit"),
    )


def _require_known(severity: str, target: str) -> None:
    if severity not in tuple(Severity) or target not in TARGETS:
        abort(404)


def _typed_of(step: Step) -> Typed:
    return {
        "number": "" if step.number is None else step.number,
        "at": step.minutes if step.percent is None else step.percent,
        "unit": "minutes" if step.percent is None else "percent",
        "to": step.to,
        "repeat_minutes": step.repeat_minutes or "",
        "repeat_most": step.repeat_most or "",
    }


def _rearranged(typed: list[Typed], do: str, place: int) -> list[Typed]:
    if do == "add":
        return [*typed, {**dict.fromkeys(FIELDS, ""), "unit": "minutes", "to": "lead"}][:LONGEST]
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
