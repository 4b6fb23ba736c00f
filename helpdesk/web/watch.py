"""Whether alarms ring in time and mail comes and goes: what comes, what rang and how late, what failed."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from helpdesk.desk import watch as desk
from helpdesk.i18n import say_duration, say_list, say_weekday
from helpdesk.outbound.alarms import FailedJob
from helpdesk.rules.lateness import Lateness
from helpdesk.store.escalations import Alarm
from helpdesk.store.search import find_words_left
from helpdesk.web import mail_watch
from helpdesk.web.frame import may, needs, viewer_zone
from helpdesk.web.ladder_words import TARGETS, TO

bp = Blueprint("watch", __name__, url_prefix="/watch")

LATE = 60  # seconds: what is later than that is marked
KINDS = {
    "step": _l("a step of a ladder"),
    "triage": _l("nobody has looked at it"),
    "supplier": _l("the supplier's time is over"),
    "wake": _l("the end of a waiting"),
    "nudge": _l("a reminder of our question"),
    "silence_resolve": _l("no answer to our question"),
    "remind_confirm": _l("a reminder to say whether it is solved"),
    "close_silent": _l("nobody said whether it is solved"),
    "emergency": _l("urgent during maintenance"),
    "silent": _l("accepted, then silence"),
    "news": _l("news for the reporter"),
}
BECAUSE = {
    "over": _l("done or ended before"),
    "waiting": _l("it waits"),
    "accepted": _l("somebody has accepted"),
    "adopted": _l("it is part of a larger fault"),
    "changed": _l("the severity, ladder or calendar changed"),
}
ERRANDS = {
    "ring": _l("ring alarms"),
    "send": _l("send letters"),
    "parse": _l("read mail"),
    "recompute": _l("compute deadlines anew"),
    "bulk": _l("carry out what was ordered for many tickets"),
    "pass_on": _l("pass on what was done to reports of the same fault"),
}


@bp.get("")
@needs("watch.see")
def index() -> str:
    """Everything as it stands."""
    found = desk.look(g.now)
    late = (g.now - found.oldest_due_at).total_seconds() if found.oldest_due_at is not None else 0.0
    return render_template(
        "watch/index.html",
        late=_seconds(late) if late else None,
        is_late=late >= LATE,
        stats=[
            (_("Last hour"), _percentiles(found.last_hour)),
            (_("Last day"), _percentiles(found.last_day)),
        ],
        is_sampled=found.is_sampled,
        most=desk.MEASURED,
        upcoming=[_line(alarm, alarm.due_at) for alarm in found.upcoming],
        fired=[_line(alarm, alarm.fired_at) for alarm in found.fired],
        skipped=[_line(alarm, alarm.fired_at) for alarm in found.skipped],
        jobs_queued=found.jobs_queued,
        failed=None if found.failed_jobs is None else [_job(job) for job in found.failed_jobs],
        may_retry=may("job.retry"),
        mail=mail_watch.shown(),
        words_left=format_decimal(left) if (left := find_words_left()) else None,
    )


def _line(alarm: Alarm, at: datetime | None) -> dict[str, Any]:
    rang = alarm.fired_at if alarm.state != "pending" else g.now
    late = max(0.0, (rang - alarm.due_at).total_seconds()) if rang is not None else 0.0
    return {
        "at": at,
        "ticket": alarm.ticket,
        "what": _what(alarm),
        "late": _seconds(late),
        "is_late": late >= LATE,
        "again": _again(alarm),
        "because": BECAUSE.get(alarm.detail.get("because", ""), _("nothing was left to do")),
    }


def _again(alarm: Alarm) -> str:
    """When one that could not ring is tried again; "" of any other."""
    if alarm.retry_at is None or not alarm.due_at <= g.now < alarm.retry_at:
        return ""
    return _("Could not ring, tried again at %(time)s", time=say_weekday(alarm.retry_at, viewer_zone()))


def _what(alarm: Alarm) -> str:
    detail = alarm.detail
    target, to = TARGETS.get(detail.get("target") or ""), TO.get(detail.get("to") or "")
    kind = str(KINDS.get(alarm.kind, alarm.kind)) if alarm.kind != "step" or target is None else ""
    return say_list(str(each) for each in (kind, target, to) if each)


def _percentiles(found: Lateness) -> dict[str, str] | None:
    if not found.count:
        return None
    return {
        "count": format_decimal(found.count),
        "p50": _seconds(found.p50),
        "p95": _seconds(found.p95),
        "p99": _seconds(found.p99),
    }


def _seconds(seconds: float) -> str:
    """A lateness: to the tenth below a minute, for that is what matters here."""
    if seconds < 60:
        return _("%(seconds)s s", seconds=format_decimal(round(seconds, 1)))
    return say_duration(seconds)


def _job(job: FailedJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "errand": ERRANDS.get(job.errand, job.errand),
        "at": job.failed_at,
        "fault": job.fault,
    }


@bp.post("/jobs/retry")
@needs("job.retry")
def retry() -> Response:
    """One failed job (`job`), or all of them."""
    done = desk.retry(request.form.get("job") or None)
    return _done(done, ngettext("%(num)d job is tried again.", "%(num)d jobs are tried again.", done or 0))


@bp.post("/jobs/forget")
@needs("job.retry")
def forget() -> Response:
    """One failed job leaves the list; what it had to do is found anew by the clock's sweep."""
    done = desk.forget(request.form.get("job", ""))
    return _done(done, _("Forgotten."))


def _done(done: int | None, said: str) -> Response:
    if done is None:
        flash(_("The queue server cannot be reached. Nothing was changed."), "error")
    elif done == 0:
        flash(_("This job is gone already."), "warning")
    else:
        flash(said)
    return redirect(url_for("watch.index"), 303)
