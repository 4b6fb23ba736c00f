"""Every letter that was written: to whom, what it said, whether it went out."""

from operator import itemgetter
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk import letters as desk
from helpdesk.outbound.letters import is_sending
from helpdesk.outbound.links import without_signed
from helpdesk.store.letters import Letter, find_seen_letter, list_letter_kinds, list_seen_letters
from helpdesk.store.organisation import is_sending_stopped
from helpdesk.store.tickets import ticket_id_of
from helpdesk.web.frame import CSP, asker, may, needs
from helpdesk.web.letter_words import NAMES
from helpdesk.web.numbers import page_given

bp = Blueprint("letters", __name__, url_prefix="/letters")
PAGE = 50
LAST_PAGE = 1000
STATES = {
    "failed": _l("Given up"),
    "bounced": _l("Came back"),
    "deferred": _l("Put off, tried again"),
    "waiting": _l("Waiting to be sent"),
    "sent": _l("Sent"),
    "kept": _l("Only kept here"),
    "held": _l("For the daily letter"),
    "gathered": _l("In a daily letter"),
}
TONES = {"failed": "late", "bounced": "late", "deferred": "soon", "waiting": "wait", "sent": "ok"}
INNER_CSP = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self';"
    " base-uri 'none'; form-action 'none'"
)


@bp.get("")
@needs("letters.see")
def index() -> str:
    """Letters about what one may see, by state, kind and ticket; those given up on top."""
    asked: dict[str, Any] = {
        name: request.args.get(name, "") for name in ("state", "kind", "ticket", "address")
    }
    page = page_given(LAST_PAGE)
    found = list_seen_letters(
        asker(),
        state=asked["state"],
        kind=asked["kind"],
        ticket_id=_ticket_id(asked["ticket"]),
        address=asked["address"].strip(),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )
    return render_template(
        "letters/index.html",
        letters=found[:PAGE],
        asked=asked,
        chip_of=chip_of,
        is_sending=is_sending(),
        are_stopped=is_sending_stopped(),
        state_options=[(state, str(name)) for state, name in STATES.items()],
        kind_options=sorted(
            ((kind, str(NAMES.get(kind, kind))) for kind in list_letter_kinds()), key=itemgetter(1)
        ),
        previous_url=url_for(".index", **asked, page=page - 1) if page > 1 else None,
        next_url=url_for(".index", **asked, page=page + 1) if len(found) > PAGE else None,
    )


@bp.get("/<int:letter_id>")
@needs("letters.see")
def show(letter_id: int) -> AnyResponse:
    """One letter as text and as its HTML in a frame that can do nothing."""
    letter = _found(letter_id)
    opens = _opens(letter)
    page = render_template(
        "letters/show.html",
        letter=letter,
        text=letter.text if opens else without_signed(letter.text),
        links_hidden=not opens and without_signed(letter.text) != letter.text,
        chip_of=chip_of,
        state=state_of(letter),
        resend=_resend(letter),
    )
    return _framing(page, f"{CSP}; frame-src 'self'")


@bp.get("/<int:letter_id>/html")
@needs("letters.see")
def html(letter_id: int) -> AnyResponse:
    """The letter's HTML for that frame."""
    letter = _found(letter_id)
    answer = _framing(letter.html if _opens(letter) else without_signed(letter.html), INNER_CSP)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@bp.post("/<int:letter_id>/send-again")
@needs("mail.rescue")
def send_again(letter_id: int) -> AnyResponse:
    """It leaves once more, under the same Message-ID; one that was put off leaves now."""
    letter = _found(letter_id)
    if _resend(letter) and desk.send_again(letter.id, g.now):
        flash(_("This letter is sent now."))
    else:
        flash(_("This letter cannot be sent just now."), "error")
    return redirect(url_for(".show", letter_id=letter_id), 303)


def state_of(letter: Letter) -> str:
    """A key of STATES: who was put off is no longer just waiting."""
    return "deferred" if letter.state == "waiting" and letter.fault else letter.state


def chip_of(letter: Letter) -> tuple[str, str]:
    """What became of it in words, and the tone of its chip (macros.html)."""
    state = state_of(letter)
    return str(STATES[state]), TONES.get(state, "")


def _resend(letter: Letter) -> str:
    """What the button says that sends it once more; "" where there is none."""
    state = state_of(letter)
    if not may("mail.rescue") or state == "waiting" or (letter.channel_id is None and not is_sending()):
        return ""
    return _("Try it now") if state == "deferred" else _("Send it again")


def _found(letter_id: int) -> Letter:
    return find_seen_letter(letter_id, asker()) or abort(404)


def _opens(letter: Letter) -> bool:
    """Whether the viewer may use the letter's links: it is theirs, or an administrator hands it on where
    no mail server takes it."""
    return letter.person_id == current_user.id or (letter.state == "kept" and may("admin.edit"))


def _framing(body: str, policy: str) -> Response:
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = policy
    return answer


def _ticket_id(number: str) -> int | None:
    """The ticket asked for; 0, which none has, for what is no number."""
    found: Any = ticket_id_of(number) if number else None
    return min(found or 0, 2**31 - 1) if number else None
