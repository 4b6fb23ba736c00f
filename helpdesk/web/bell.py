"""The bell in the top bar: how many alarms, messages on tickets one follows, follow-ups and news of
maintenance somebody has not seen, and the latest.

Reporters hear of no alarm: theirs tells of maintenance alone.
"""

from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import bell as desk
from helpdesk.desk.window_audience import count_steps, steps_for
from helpdesk.i18n import say_list, say_of
from helpdesk.outbound.review_words import say_promise
from helpdesk.rules.severity import Severity
from helpdesk.store.breaches import BreachReview, count_review_news, list_review_news
from helpdesk.store.follow_ups import count_follow_up_news, list_follow_up_news
from helpdesk.store.news import MOST_COUNTED
from helpdesk.store.notices import RINGS_FOR, Notice, list_latest
from helpdesk.store.participants import list_words_followed
from helpdesk.web.frame import asker, may, needs, news_of_page, seen_at
from helpdesk.web.windows import say_step
from helpdesk.web.words import SEVERITIES

bp = Blueprint("bell", __name__)
LISTED = 50
SHOWN_AT_ONCE = 5  # notifications of a browser


@bp.app_context_processor
def _context() -> dict[str, Any]:
    # A function, so that only pages which draw the bell ask the database.
    return {"unseen_news": _unseen, "say_unseen": say_unseen}


@bp.get("/bell")
@needs("bell.see")
def index() -> str:
    """The latest alarms and news of maintenance. What is new stays new until it is posted as seen."""
    return render_template(
        "bell/index.html",
        notices=_latest(LISTED),
        say=_said,
        followed=list_words_followed(asker(), g.now - RINGS_FOR, LISTED) if may("ticket.see") else [],
        follow_ups=list_follow_up_news(asker(), g.now - RINGS_FOR, LISTED) if may("followup.see") else [],
        steps=steps_for(current_user.person, g.now - RINGS_FOR),
        say_step=say_step,
        reviews=_reviews(),
        say_promise=say_promise,
        seen_at=seen_at(),
    )


@bp.post("/bell/seen")
@needs("bell.see")
def see() -> Answer:
    """Everything up to what the page showed is seen."""
    up_to = request.form.get("up_to", 0, int)
    looked_at = request.form.get("looked_at", g.now, _instant)
    desk.see(current_user.id, min(max(up_to, 0), 2**31 - 1), looked_at, now=g.now)
    return redirect(url_for(".index"), 303)


@bp.get("/bell/news")
@needs("bell.see")
def news() -> Response:
    """For the script: the count in words, and the newest unseen alarms; 304 where nothing changed."""
    unseen = _unseen()
    latest = [each for each in _latest(SHOWN_AT_ONCE) if each.seen_at is None]
    answer: Response = jsonify(
        count=unseen.total,
        said=say_unseen(unseen),
        latest=[
            {"id": each.id, "title": _title(each), "text": _said(each), "url": _url(each)} for each in latest
        ],
    )
    newest = latest[0].id if latest else 0
    counts = "-".join(str(count) for count in unseen)
    answer.set_etag(f"{counts}-{newest}-{get_locale()}", weak=True)
    return answer.make_conditional(request)  # type: ignore[return-value]


class Unseen(NamedTuple):
    """What somebody has not looked at yet: how many alarms, messages on tickets they follow, steps of
    maintenance, follow-ups and reviews of broken promises that became theirs, or overdue in a team that they
    manage."""

    alarms: int
    words: int
    steps: int
    follow_ups: int = 0
    reviews: int = 0

    @property
    def total(self) -> int:
        """Of all together."""
        return sum(self)


def _unseen() -> Unseen:
    waiting, since = news_of_page(), seen_at()
    follow_ups = count_follow_up_news(asker(), since) if may("followup.see") else 0
    reviews = count_review_news(asker(), since, g.now) if may("review.write") else 0
    steps = count_steps(current_user.person, since)
    return Unseen(waiting.alarms, waiting.words, steps, follow_ups, reviews)


def _reviews() -> list[BreachReview]:
    since: datetime = g.now - RINGS_FOR
    return list_review_news(asker(), since, g.now, LISTED) if may("review.write") else []


def _latest(most: int) -> list[Notice]:
    """The newest alarms; none for whoever hears of no alarm, though they once did."""
    return list_latest(asker(), g.now, most) if may("alarm.hear") else []


def _instant(text: str) -> datetime:
    """For a form's field. ValueError for what is none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def say_unseen(unseen: Unseen) -> str:
    """The counts in words."""
    said = []
    if unseen.alarms >= MOST_COUNTED:
        said.append(_("%(num)d or more alarms you have not seen", num=MOST_COUNTED))
    elif unseen.alarms or (may("alarm.hear") and not unseen.total):
        said.append(
            ngettext("%(num)d alarm you have not seen", "%(num)d alarms you have not seen", unseen.alarms)
        )
    if unseen.words:
        said.append(
            ngettext(
                "%(num)d new message on tickets you follow",
                "%(num)d new messages on tickets you follow",
                unseen.words,
            )
        )
    if unseen.follow_ups:
        said.append(
            ngettext("%(num)d follow-up to look at", "%(num)d follow-ups to look at", unseen.follow_ups)
        )
    if unseen.reviews:
        said.append(
            ngettext(
                "%(num)d broken promise to explain", "%(num)d broken promises to explain", unseen.reviews
            )
        )
    if unseen.steps or not said:
        said.append(
            ngettext(
                "%(num)d step of maintenance you have not seen",
                "%(num)d steps of maintenance you have not seen",
                unseen.steps,
            )
        )
    return say_list(said)


def _title(notice: Notice) -> str:
    ticket = notice.ticket
    severity = str(SEVERITIES[Severity(ticket.severity)])
    return f"[{ticket.number}] {say_of(severity, ticket.subject)}"


def _url(notice: Notice) -> str:
    return url_for("tickets.page", number=notice.ticket.number)


def _said(notice: Notice) -> str:
    """What the alarm is about, in a sentence."""
    if notice.kind == "uncovered":
        return _("Nobody was there who should have been told.")
    detail = notice.entry.detail
    about = {
        "triage": _("Nobody has looked yet how severe it is."),
        "supplier": _("The supplier should have answered by now."),
        "emergency": _("It cannot wait for the maintenance to end."),
        "silent": _("It was accepted, and nothing has happened since."),
        "news": _("The reporter was promised news by now."),
    }
    targets = {
        "response": _("It has no answer yet."),
        "update": _("A message waits for an answer."),
        "acceptance": _("It was raised or passed on, and nobody has accepted it since."),
    }
    return about.get(detail["about"]) or targets.get(detail.get("target") or "") or _("It is not solved yet.")
