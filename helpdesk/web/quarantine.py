"""Mail that is on no ticket: set aside, filed, or a duplicate; read it, try it again, make it a ticket."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk import mail as desk
from helpdesk.i18n import say_list, say_size
from helpdesk.store.mail import (
    RawMail,
    count_quarantined,
    find_mail,
    find_raw_mail_by_identity,
    get_bytes,
    get_path,
    list_mail,
)
from helpdesk.store.people import get_person
from helpdesk.web import mail_words
from helpdesk.web.frame import asker, needs
from helpdesk.web.uploads import CSP

bp = Blueprint("quarantine", __name__, url_prefix="/mail")
PAGE = 50
RAW_PREVIEW = 20_000  # bytes
OUTCOMES = {
    "quarantined": _l("Set aside"),
    "filed": _l("Filed quietly"),
    "duplicate": _l("Came twice"),
    "all": _l("All mail"),
}
NAMES = {
    "created": _l("Became a ticket"),
    "entry": _l("Joined a ticket"),
    "filed": _l("Filed quietly"),
    "duplicate": _l("Came twice"),
    "quarantined": _l("Set aside"),
}
EMPTY = {
    "filed": _l(
        "Automatic answers, newsletters and delivery reports that belong to no ticket would stand here."
    ),
    "duplicate": _l("Mail that came to two addresses of the desk, or a second time, would stand here."),
    "all": _l("Every mail that comes in stands here, whatever becomes of it."),
}
DOORS = {
    "smtp": _l("from a mail server, by SMTP"),
    "lmtp": _l("from a mail server, by LMTP"),
    "imap": _l("fetched from a mailbox"),
    "pipe": _l("handed over by a mail server's pipe"),
    "disk": _l("found in the data folder, where it was kept"),
}


@bp.get("")
@needs("mail.see")
def index() -> str:
    """Mail of one outcome, the newest first."""
    chosen = request.args.get("outcome", "quarantined")
    chosen = chosen if chosen in OUTCOMES else "quarantined"
    before = min(request.args.get("before", 0, int), 2**31 - 1)
    found = list_mail(asker(), None if chosen == "all" else chosen, PAGE + 1, before)
    older = url_for(".index", outcome=chosen, before=found[PAGE - 1].id) if len(found) > PAGE else None
    waiting = count_quarantined()
    return render_template(
        "quarantine/index.html",
        mails=[(each, _name(each), mail_words.why(each.cause)) for each in found[:PAGE]],
        tabs=[
            {
                "label": _("%(name)s (%(count)s)", name=label, count=waiting)
                if code == "quarantined" and waiting
                else label,
                "url": url_for(".index", outcome=code),
                "current": code == chosen,
            }
            for code, label in OUTCOMES.items()
        ],
        chosen=chosen,
        waiting=waiting,
        empty_text=EMPTY.get(chosen, ""),
        newer_url=url_for(".index", outcome=chosen) if before else None,
        older_url=older,
    )


@bp.get("/<int:raw_mail_id>")
@needs("mail.see")
def show(raw_mail_id: int) -> str:
    """One message: why it is here, what helps, what it says, and how it came, byte for byte."""
    raw = _found(raw_mail_id)
    return render_template(
        "quarantine/show.html",
        mail=raw,
        name=_name(raw),
        why=mail_words.why(raw.cause),
        remedy=mail_words.remedy(raw.cause) if raw.state == "quarantined" else "",
        first=_first(raw),
        facts=_facts(raw),
        badge=mail_words.SENDERS.get(raw.authentication) if raw.from_address else None,
        raw=_raw_words(raw),
        is_cut=raw.size > RAW_PREVIEW,
        size=say_size(raw.size),
    )


@bp.get("/<int:raw_mail_id>/message.eml")
@needs("mail.see")
def original(raw_mail_id: int) -> Response:
    """The message as it came, to be saved and opened in a mail program."""
    raw = _found(raw_mail_id)
    path = get_path(raw)
    if not path.is_file():
        abort(404)
    name = f"mail-{raw.id}.eml"
    answer = send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=name)
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.post("/<int:raw_mail_id>/retry")
@needs("mail.rescue")
def retry(raw_mail_id: int) -> AnyResponse:
    """Tries a message that was set aside once more."""
    desk.retry(_found(raw_mail_id).id)
    flash(_("It is tried again now. If that fails, it comes back here."))
    return redirect(url_for(".index"), 303)


@bp.post("/retry")
@needs("mail.rescue")
def retry_all() -> AnyResponse:
    """Tries all that was set aside once more: what kept it may be mended."""
    desk.retry_all()
    flash(_("All of it is tried again now. What fails comes back here."))
    return redirect(url_for(".index"), 303)


@bp.post("/<int:raw_mail_id>/ticket")
@needs("mail.rescue")
def make_ticket(raw_mail_id: int) -> AnyResponse:
    """Makes a ticket of it anyway."""
    desk.rescue(_found(raw_mail_id).id, get_person(current_user.id))
    flash(_("It becomes a ticket in a moment."))
    return redirect(url_for(".show", raw_mail_id=raw_mail_id), 303)


def _name(raw: RawMail) -> str:
    return str(NAMES[raw.outcome]) if raw.outcome else _("Waiting to be read")


def _found(raw_mail_id: int) -> RawMail:
    return find_mail(raw_mail_id, asker()) or abort(404)


def _first(raw: RawMail) -> RawMail | None:
    """The message that came before a duplicate, if the asker may see it."""
    first = find_raw_mail_by_identity(raw.identity) if raw.outcome == "duplicate" and raw.identity else None
    return find_mail(first.id, asker()) if first is not None and first.id != raw.id else None


def _facts(raw: RawMail) -> list[tuple[str, str]]:
    """What the envelope says, where it differs from what the letter in it says."""
    sender = _("nobody: a mail server's own message") if raw.sender == "" else raw.sender or ""
    checked = mail_words.SENDERS_AT_LENGTH.get(raw.authentication) if raw.from_address else None
    facts = [
        (_("From"), raw.from_address),
        (_("Sent by"), sender if sender.lower() != raw.from_address else ""),
        (_("To"), say_list(raw.recipients)),
        (_("Came"), str(DOORS.get(raw.door, raw.door))),
        (_("Sender"), str(checked) if checked else ""),
    ]
    return [(name, text) for name, text in facts if text]


def _raw_words(raw: RawMail) -> str:
    """The message's first bytes as text; "" where its file is gone."""
    try:
        found = get_bytes(raw, RAW_PREVIEW)
    except OSError:
        return ""
    return found.decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
