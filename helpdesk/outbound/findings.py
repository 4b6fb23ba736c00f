"""What preflight found (rules/preflight) in words: for its page, its letter and a line after a change."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk import i18n
from helpdesk.rules.preflight import Finding

Names = tuple[Mapping[int, str], Mapping[int, str]]
"""Of people and of rosters, by id."""

# What is wrong in a word or two, and what to do about it.
HEADINGS = {
    "gap": _l("Gap"),
    "left": _l("Has left"),
    "holiday_unfilled": _l("Holidays to fill"),
    "absent_override": _l("Away"),
    "same_person": _l("One person twice"),
    "no_channel": _l("By mail only"),
    "too_long": _l("Too long"),
    "team_size": _l("Team size"),
    "holidays_missing": _l("Holidays missing"),
    "make_up_days": _l("Make-up days"),
    "absent": _l("Covered"),
    "clock_change": _l("Clock change"),
}
ADVICE = {
    "gap": _l("Ask somebody to cover, or change the layers."),
    "left": _l("Take them out of the layers, or ask somebody to cover."),
    "holiday_unfilled": _l("Say who takes these days. Until then nobody does."),
    "absent_override": _l("Ask somebody else to cover."),
    "same_person": _l(
        "Put the two in another order, or ask somebody to cover. Alarms go on to the next person."
    ),
    "no_channel": _l("Ask them to add a channel beside mail and to enter its code: mail wakes nobody."),
    "too_long": _l("Let somebody else take a day, or add people to the layer."),
    "team_size": _l("Three to five people can share being on call well."),
    "holidays_missing": _l("Ask an administrator to import next year's holidays into the calendar."),
    "make_up_days": _l("They are published late in the year. Import the holidays again when they are."),
    "absent": _l("Nothing to do, if the one who covers knows."),
    "clock_change": _l("Nothing to do: handovers stay at the same local time."),
}


def say(finding: Finding, zone: str, names: Names) -> str:
    """What is wrong, when and with whom, in one sentence; times in `zone`."""
    people, rosters = names
    who = [people.get(person, "?") for person in finding.people]
    words = {
        "name": who[0] if who else "",
        "other": who[1] if len(who) > 1 else "",
        "from": i18n.say_instant(finding.from_at, zone),
        "to": i18n.say_instant(finding.to_at, zone),
        "time": i18n.say_duration(finding.params.get("seconds", 0)),
    }
    if finding.code in ("team_size", "holidays_missing", "make_up_days", "too_long", "clock_change"):
        return _said_by_params(finding, zone, words)
    if finding.code == "no_channel":
        return ngettext(
            "%(names)s has turns to come and hears of alarms only by mail.",
            "%(names)s have turns to come and hear of alarms only by mail.",
            len(who),
            names=i18n.say_list(who),
        )
    if finding.code == "same_person":
        words["other"] = rosters.get(finding.params["other"], "?")
    if finding.code == "holiday_unfilled":
        words["name"] = finding.params["name"]
    return (_MANY if finding.params.get("times", 1) > 1 else _ONE)[finding.code] % words


_ONE = {
    "gap": _l("Nobody is on call from %(from)s to %(to)s."),
    "left": _l("%(name)s has left; the turn from %(from)s to %(to)s is nobody's."),
    "holiday_unfilled": _l("Nobody takes %(name)s, from %(from)s to %(to)s."),
    "absent_override": _l("%(name)s takes the turn from %(from)s to %(to)s, but is away."),
    "same_person": _l("%(name)s is on call here and in %(other)s from %(from)s to %(to)s."),
    "absent": _l("%(name)s is away from %(from)s to %(to)s; %(other)s covers."),
}
_MANY = {
    "gap": _l("Nobody is on call again and again from %(from)s to %(to)s, %(time)s in all."),
    "left": _l("%(name)s has left; turns from %(from)s to %(to)s, %(time)s in all, are nobody's."),
    "absent_override": _l("%(name)s takes turns from %(from)s to %(to)s, but is away for %(time)s of them."),
    "same_person": _l("%(name)s is on call here and in %(other)s for %(time)s from %(from)s to %(to)s."),
    "absent": _l("%(name)s is away in turns from %(from)s to %(to)s; %(other)s covers."),
}


def _said_by_params(finding: Finding, zone: str, words: dict[str, str]) -> str:
    params = finding.params
    if finding.code == "team_size":
        return ngettext(
            "%(team)s has %(num)d agent; %(least)s to %(most)s are a good size.",
            "%(team)s has %(num)d agents; %(least)s to %(most)s are a good size.",
            params["count"],
            team=params["team"],
            least=params["least"],
            most=params["most"],
        )
    if finding.code == "too_long":
        return ngettext(
            "%(name)s is on call for %(num)d day without a day off, from %(from)s to %(to)s.",
            "%(name)s is on call for %(num)d days without a day off, from %(from)s to %(to)s.",
            params["days"],
            **words,
        )
    if finding.code == "clock_change":
        at = i18n.say_instant(params["at"], zone)
        if params["minutes"] > 0:
            return _("The clocks are put forward in %(name)s's turn, %(time)s.", name=words["name"], time=at)
        return _("The clocks are put back in %(name)s's turn, %(time)s.", name=words["name"], time=at)
    if finding.code == "make_up_days":
        return _(
            "%(calendar)s knows no days worked in return for holidays in %(year)s.",
            calendar=params["calendar"],
            year=params["year"],
        )
    return ngettext(
        "%(num)d official holiday of %(year)s is missing in %(calendar)s: %(day)s.",
        "%(num)d official holidays of %(year)s are missing in %(calendar)s, the first: %(day)s.",
        len(params["dates"]),
        calendar=params["calendar"],
        year=params["year"],
        day=i18n.say_weekday_and_date(params["dates"][0]),
    )
