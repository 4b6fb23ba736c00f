"""Mail that is on no ticket: set aside, filed, or a duplicate; read it, try it again, make it a ticket."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk import mail as desk
from helpdesk.store.mail import RawMail, find_mail, get_bytes, list_mail
from helpdesk.store.people import get_person
from helpdesk.web.frame import asker, needs

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
CAUSES = {
    "no_sender": _l("It does not say who sent it."),
    "unparseable": _l("It cannot be read as a mail."),
    "file_missing": _l(
        "Its file is missing from the data folder. Put it back from a backup, then try again."
    ),
    "stopped_us": _l("Reading it stopped the program several times."),
    "too_large": _l("It is larger than the desk takes in."),
    "fault": _l("A fault of ours kept it from becoming a ticket."),
    "own_loop": _l("The desk wrote it itself."),
    "other_desk": _l("Another helpdesk wrote it."),
    "delivery_report": _l("A mail server reports on a letter of ours."),
    "auto_submitted": _l("A program wrote it: it says so itself."),
    "null_return_path": _l("A program wrote it: nobody can be answered."),
    "auto_response_suppress": _l("A program wrote it: it wants no automatic answer."),
    "automatic_reply": _l("It is an automatic answer."),
    "precedence": _l("It is bulk mail."),
    "mailing_list": _l("It came over a mailing list."),
    "same_message": _l("The same message came before."),
    "takes_no_part": _l("Its sender takes no part in the ticket they answered."),
    "had_ended": _l("The ticket it answers had ended."),
    "from_staff": _l("From a colleague's address, so kept as a note."),
    "only_thanks": _l("It only says thanks."),
    "not_proven": _l("Only the number in the subject names this ticket, so it did not reopen."),
    "too_many_on_ticket": _l("More mail than people write came about this ticket."),
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
    return render_template(
        "quarantine/index.html",
        mails=[(each, _name(each), why(each)) for each in found[:PAGE]],
        tabs=[
            {"label": label, "url": url_for(".index", outcome=code), "current": code == chosen}
            for code, label in OUTCOMES.items()
        ],
        chosen=chosen,
        newer_url=url_for(".index", outcome=chosen) if before else None,
        older_url=older,
    )


@bp.get("/<int:raw_mail_id>")
@needs("mail.see")
def show(raw_mail_id: int) -> str:
    """One message: what is known of it, and its words or, where it could not be read, its bytes."""
    raw = _found(raw_mail_id)
    return render_template(
        "quarantine/show.html",
        mail=raw,
        name=_name(raw),
        why=why(raw),
        preview=raw.preview or _raw_words(raw),
    )


@bp.post("/<int:raw_mail_id>/retry")
@needs("mail.rescue")
def retry(raw_mail_id: int) -> AnyResponse:
    """Tries a message that was set aside once more."""
    desk.retry(_found(raw_mail_id).id)
    flash(_("It is tried again now. If that fails, it comes back here."))
    return redirect(url_for(".index"), 303)


@bp.post("/<int:raw_mail_id>/ticket")
@needs("mail.rescue")
def make_ticket(raw_mail_id: int) -> AnyResponse:
    """Makes a ticket of it anyway."""
    desk.rescue(_found(raw_mail_id).id, get_person(current_user.id))
    flash(_("It becomes a ticket in a moment."))
    return redirect(url_for(".show", raw_mail_id=raw_mail_id), 303)


def why(raw: RawMail) -> str:
    """The cause in words; "" where there is none."""
    return str(CAUSES.get(raw.cause.partition(":")[0], raw.cause))


def _name(raw: RawMail) -> str:
    return str(NAMES[raw.outcome]) if raw.outcome else _("Waiting to be read")


def _found(raw_mail_id: int) -> RawMail:
    return find_mail(raw_mail_id, asker()) or abort(404)


def _raw_words(raw: RawMail) -> str:
    try:
        return (
            get_bytes(raw, RAW_PREVIEW).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        )
    except OSError:
        return ""
