"""Codes of the rules in plain words, for pages. Reporters read no "incident", "SLA" or "P1"."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_hours, say_of, say_working_time, zone_city
from helpdesk.outbound.standing import STATES as STATES
from helpdesk.outbound.standing import state_for_reporter as state_for_reporter
from helpdesk.rules.lifecycle import Kind, NotAllowed, State
from helpdesk.rules.severity import EMERGENCY, Affected, Severity, Works

SEVERITIES = {Severity.CRITICAL: _l("Critical"), Severity.MAJOR: _l("Major"), Severity.MINOR: _l("Minor")}
KINDS = {Kind.FAULT: _l("Fault"), Kind.REQUEST: _l("Request"), Kind.QUESTION: _l("Question")}
WORKS = {
    Works.NOTHING: _l("Nothing"),
    Works.MAIN_FUNCTION_FAILS: _l("A main function fails"),
    Works.SMALL_FAULT: _l("A small fault"),
}
AFFECTED = {
    Affected.ME: _l("Only me"),
    Affected.SEVERAL: _l("Several people"),
    Affected.DEPARTMENT: _l("A department"),
    Affected.EVERYONE: _l("Everyone"),
}
# Why a ticket has its severity (rules/severity; by_hand: somebody at the desk decided).
SEVERITY_REASONS = {
    "core_service_down_for_many": _l(
        "nothing works on a service that everyone needs, for a department or more"
    ),
    "core_work_stands_still_for_many": _l("core work stands still for a department or more"),
    "nothing_works_for_several": _l("nothing works for several people"),
    "main_function_fails_for_several": _l("a main function fails for several people"),
    "core_work_stands_still": _l("core work stands still"),
    "otherwise": _l("few are affected, and work goes on"),
    "by_hand": _l("decided by our team"),
    EMERGENCY: _l("urgent business during maintenance"),
}
# What is done about urgent business during maintenance.
OUTCOMES = {
    "interrupt": _l("The maintenance is interrupted for it"),
    "work_around": _l("It is done another way"),
    "wait": _l("It waits until the maintenance is over"),
}
_REFUSALS = {
    State.RESOLVED: _l("This is resolved already. Reopen it if it is not."),
    State.CLOSED: _l("This is closed, so nothing was changed. If it happens again, report it anew."),
    State.CANCELLED: _l("This was cancelled, so nothing was changed. If it still matters, report it anew."),
}
# Of reports that are one fault.
_OF_MANY = {
    "adopt_into": _l("That ticket has ended. Choose one that is still open."),
    "adopt_into_child": _l("That ticket is part of a larger fault itself. Choose the one above it."),
    "release": _l("This is no part of a larger fault any more, so nothing was changed."),
    "wait_of_many": _l(
        "Many people have this fault: it does not wait for one of them. Ask one on their own ticket."
    ),
}


def not_allowed(refusal: NotAllowed) -> str:
    """Why the verb was refused, and what to do instead."""
    if refusal.verb in ("confirm", "reopen") and refusal.state in (State.NEW, State.IN_WORK, State.WAITING):
        return _("We are still working on this; there is nothing to confirm yet.")
    if refusal.verb == "resume":
        return _("Nobody waits any more: somebody was faster. Nothing was changed.")
    if refusal.verb == "unreopen":
        return _("This is not reopened, so there is nothing to take back.")
    if refusal.verb == "unreopen_later":
        return _("Work has gone on since it was reopened. Report the other matter anew and link it.")
    if refusal.verb == "promise_update" and refusal.state == State.WAITING:
        return _("We wait for the reporter; news can be promised once they have answered.")
    if refusal.verb == "merge_into_itself":
        return _("Choose another ticket: this one cannot be merged into itself.")
    if refusal.verb == "link_to_itself":
        return _("Choose another ticket: this one cannot be linked with itself.")
    if refusal.verb == "unlink":
        return _("This link tells what was done, so it stays.")
    if refusal.verb == "merge_into":
        return _("That ticket has ended. Merge into one that is still open.")
    if refusal.verb in _OF_MANY:
        return str(_OF_MANY[refusal.verb])
    said = _REFUSALS.get(refusal.state)
    return str(said) if said else _("Somebody was faster. Look at the ticket as it is now.")


def why_severity(code: str) -> str:
    """The reason of a severity in words; empty for one we do not know."""
    return str(SEVERITY_REASONS.get(code, ""))


def why_then(seconds: int, calendar: Any, pauses: frozenset[str], zone: str) -> list[str]:
    """Why an answer comes when it comes, a sentence each: how long it may take, when the team is there
    (`calendar` None: always), and what else does not count (desk/promises)."""
    length = say_working_time(seconds)
    if calendar is None:
        return [_("Within %(length)s, day and night.", length=length)]
    said = [_("Within %(length)s of working time.", length=length)]
    if "closed" in pauses:
        hours = say_hours(calendar.week)
        if calendar.zone.key == zone:
            said.append(_("Our team answers %(hours)s.", hours=hours))
        else:
            city = zone_city(calendar.zone.key)
            said.append(_("Our team answers %(hours)s (%(zone)s).", hours=hours, zone=city))
    if "maintenance" in pauses:
        said.append(_("Announced maintenance lies in between."))
    return said


def event_for_reporter(entry: Any, say_instant: Callable[[datetime], str]) -> str:
    """A public entry that is no message, in one sentence; empty for what reporters need not read."""
    name = entry.actor.name if entry.actor else ""
    detail = entry.detail
    if entry.kind == "waiting":
        until = say_instant(datetime.fromisoformat(detail["until"]))
        return _("We wait for an answer until %(time)s", time=until)
    if entry.kind == "update_promised":
        return _news(detail["update_by"], say_instant)
    if entry.kind == "linked":
        return _linked(detail)
    if entry.kind == "severity_changed":
        severity = SEVERITIES[Severity(detail["to"])]
        return _because(_("Severity is now %(severity)s", severity=severity), detail)
    if entry.kind == "nudged":
        return _("We asked again") if detail["about"] == "question" else _("We asked whether it works")
    if entry.kind == "closed":
        confirmed = detail["because"] == "confirmed"
        return _("Confirmed as solved, and closed") if confirmed else _("Closed, as nobody said otherwise")
    if entry.kind == "cancelled":
        return _because(_("Withdrawn") if detail.get("withdrawn") else _("Cancelled"), detail)
    if entry.kind == "emergency_decided":
        return _because(str(OUTCOMES[detail["outcome"]]), {"reason": entry.body})
    if entry.kind == "merged":
        return _("Goes on as %(number)s", number=f"HD-{detail['into']}")
    if entry.kind == "split":
        return _("A message here goes on as a report of its own, HD-%(id)s", id=detail["ticket"])
    if entry.kind == "rated":
        rated = _("Rated %(stars)s of 5", stars=detail["stars"])
        return say_of(rated, entry.body) if entry.body else rated
    plain = {
        "accepted": _("%(name)s has your report", name=name),
        "adopted": _("Others have it too: it is worked on for all of you at once"),
        "released": _("It is looked at by itself from now on"),
        "shared": _("Shown to the department")
        if detail.get("is_shared")
        else _("No longer shown to the department"),
        "triaged": _("The questions about it were answered"),
        "moved": _because(_("Handed to the team that can help"), detail),
    }
    return plain.get(entry.kind, "")


def _news(update_by: str | None, say_instant: Callable[[datetime], str]) -> str:
    if update_by is None:
        return _("The next news comes without a fixed time")
    return _("Next news by %(time)s", time=say_instant(datetime.fromisoformat(update_by)))


def _linked(detail: dict[str, Any]) -> str:
    number = f"HD-{detail['ticket']}"
    if detail["how"] in ("came_of", "split_from"):
        return _("You wrote this about %(number)s", number=number)
    return _because(_("What you wrote goes on as a report of its own, %(number)s", number=number), detail)


def _because(said: str, detail: dict[str, Any]) -> str:
    return say_of(said, detail["reason"]) if detail.get("reason") else said
