"""What pages say about maintenance windows: states, effects, steps of the timeline, rules, refusals."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from helpdesk.desk.maintenance import WindowRefused
from helpdesk.desk.window_warnings import Warnings
from helpdesk.i18n import say_duration, say_instant
from helpdesk.rules.recurrence import kind_of, last_day
from helpdesk.store.maintenance import Window, WindowEntry
from helpdesk.web.frame import viewer_zone
from helpdesk.web.roster_board import day_locale
from helpdesk.web.sentences import fill, ticket_link
from helpdesk.web.words import OUTCOMES

EFFECTS = {
    "down": _l("not available"),
    "degraded": _l("slower, or with parts missing"),
    "read_only": _l("to be read, not changed"),
}
STATES = {
    "draft": (_l("draft"), ""),
    "approved": (_l("approved"), ""),
    "announced": (_l("announced"), "wait"),
    "running": (_l("running"), "soon"),
    "extended": (_l("running, extended"), "soon"),
    "finished": (_l("finished"), "ok"),
    "cancelled": (_l("called off"), ""),
}
STEPS = {
    "drafted": _l("%(who)s planned it"),
    "changed": _l("%(who)s changed it"),
    "approved": _l("%(who)s approved it"),
    "announced": _l("%(who)s announced it"),
    "moved": _l("%(who)s put it from %(was_starts_at)s to %(starts_at)s"),
    "started": _l("%(who)s began it"),
    "extended": _l("%(who)s extended it from %(was_ends_at)s to %(ends_at)s"),
    "finished": _l("%(who)s ended it"),
    "cancelled": _l("%(who)s called it off"),
    "emergency": _l("%(who)s asked for something urgent"),
    "outcome": _l("%(who)s decided about the urgent request"),
}
BY_ITSELF = {"started": _l("It began as planned"), "finished": _l("It ended as planned")}
FIELDS = {
    "service_ids": _l("services"),
    "starts_at": _l("beginning"),
    "ends_at": _l("end"),
    "reason": _l("what is done"),
    "effect": _l("effect"),
    "owner_id": _l("owner"),
    "rollback_plan": _l("way back"),
}
REFUSED = {
    "past": _l("This is over already. Choose an end that is still to come."),
    "empty": _l("The end must be later than the beginning."),
    "too_long": _l("A window lasts 31 days at most. Plan several."),
    "not_longer": _l("Choose an end that is later than the present one, or end it early."),
    "no_service": _l("Choose at least one service."),
    "own": _l("You planned this yourself, so somebody else has to approve it."),
    "over": _l("This window is over already, so nothing was changed."),
    "not_now": _l("Somebody has taken another step with this window meanwhile. Nothing was changed."),
}
SERIES_REFUSED = {
    "never": _l("This rule names no day that is still to come."),
    "overlaps_itself": _l("A window would not be over when the next one begins. Make it shorter or rarer."),
    "too_long": _l("A window lasts 31 days at most. Plan several."),
    "not_then": _l("No window would begin on %(names)s."),
    "own": _l("You planned this yourself, so somebody else has to approve it."),
    "approved": _l("Somebody has approved it meanwhile, so it stays as it is."),
    "stopped": _l("Somebody has stopped it meanwhile."),
    "made": _l("This window is announced already. Call it off on its own page."),
}


def refusal(fault: WindowRefused) -> dict[str, list[str]]:
    """A form's errors: about its end, or about the whole of it."""
    where = "ends_at" if fault.code in ("past", "empty", "too_long", "not_longer") else ""
    return {where: [str(REFUSED[fault.code])]}


def title_of(window: Window) -> str:
    """Its services, those that were chosen."""
    return names_of([each.service.name for each in window.covered if each.is_named])


def names_of(names: list[str]) -> str:
    """The first three, and how many more."""
    if len(names) <= 3:
        return ", ".join(names)
    return _("%(names)s and %(count)s more", names=", ".join(names[:2]), count=len(names) - 2)


def say_step(entry: WindowEntry) -> Markup:
    """A line of the timeline."""
    if entry.actor is None and entry.kind in BY_ITSELF:
        return fill(str(BY_ITSELF[entry.kind]))
    who = Markup("<b>{}</b>").format(entry.actor.name if entry.actor else _("somebody"))
    times = {name: _at(entry.detail.get(name)) for name in _TIMES}
    said = fill(str(STEPS[entry.kind]), who=who, **times)
    more = Markup(" · ").join(_more(entry))
    return Markup("{} <small>{}</small>").format(said, more) if more else said


_TIMES = ("starts_at", "was_starts_at", "ends_at", "was_ends_at")


def _more(entry: WindowEntry) -> Iterator[str | Markup]:
    if ticket_id := entry.detail.get("ticket"):
        yield ticket_link(ticket_id)
    if entry.kind == "outcome":
        yield str(OUTCOMES[entry.detail["outcome"]])
    if entry.kind == "changed":
        yield ", ".join(str(FIELDS[name]) for name in entry.detail.get("fields", []) if name in FIELDS)
    if entry.kind == "moved":
        yield _("until %(time)s", time=_at(entry.detail["ends_at"]))
    if entry.detail.get("why"):
        yield entry.detail["why"]


def _at(text: str | None) -> str:
    return say_instant(datetime.fromisoformat(text), viewer_zone()) if text else ""


def say_warnings(found: Warnings, link: Any) -> list[Markup]:
    """What speaks against a window, a sentence each; `link` makes a link to another window."""
    said = []
    for window in found.beside:
        start, end = (say_instant(at, viewer_zone()) for at in (window.starts_at, window.ends_at))
        sentence = _("At the same time: %(window)s, %(start)s to %(end)s.")
        said.append(fill(sentence, window=link(window), start=start, end=end))
    for frozen in found.frozen:
        last = frozen.until - timedelta(days=1)
        sentence = _("Nothing should be changed from %(first)s to %(last)s: %(name)s.")
        said.append(fill(sentence, first=say_day(frozen.first_on), last=say_day(last), name=frozen.name))
    if found.lead is not None:
        sentence = _("It is announced less than %(lead)s ahead, so deadlines do not wait for it.")
        said.append(fill(sentence, lead=say_duration(found.lead)))
    return said


def say_day(day: date) -> str:
    """ "1 March 2026"."""
    return format_date(day, "long", day_locale())


OF_A_MONTH = (
    _l("every month on the first %(weekday)s at %(time)s"),
    _l("every month on the second %(weekday)s at %(time)s"),
    _l("every month on the third %(weekday)s at %(time)s"),
    _l("every month on the fourth %(weekday)s at %(time)s"),
    _l("every month on the last %(weekday)s at %(time)s"),
)
RULES = {
    "daily": _l("every day at %(time)s"),
    "weekly": _l("every week on %(weekday)s at %(time)s"),
    "two_weeks": _l("every two weeks on %(weekday)s at %(time)s"),
    "monthly_day": _l("every month on day %(day)s at %(time)s"),
}


def say_rule(rule: str, local_start: str, zone: str) -> str:
    """A rule in words where it is a common one, else as it is written."""
    start = datetime.fromisoformat(local_start)
    kind, time = kind_of(rule, start), start.strftime("%H:%M")
    if kind is None:
        return _("by the rule %(rule)s at %(time)s", rule=rule, time=time)
    sentence = OF_A_MONTH[(start.day - 1) // 7] if kind == "monthly_weekday" else RULES[kind]
    weekday = get_day_names("wide", locale=day_locale())[start.weekday()]
    said = str(sentence) % {"weekday": weekday, "day": start.day, "time": time}
    last = last_day(rule, ZoneInfo(zone))
    return _("%(rule)s until %(day)s", rule=said, day=say_day(last)) if last else said
