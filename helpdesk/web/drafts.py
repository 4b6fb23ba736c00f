"""What somebody writes on a ticket's page, kept until it is sent: by the script as they type, else by a
button."""

from flask import Blueprint, abort, flash, g, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import drafts as desk
from helpdesk.schemas.drafts import DraftSchema
from helpdesk.web.forms import load
from helpdesk.web.frame import needs
from helpdesk.web.sentences import clock_time
from helpdesk.web.ticket_page import worked_ticket

bp = Blueprint("drafts", __name__, url_prefix="/tickets/<number>/draft")


@bp.post("")
@needs("ticket.see")
def keep(number: str) -> Answer:
    """Keeps what was typed (nothing: no draft) and goes back to it, or on to the answers that can be put in.

    `alone`: for the script, which is told in words when it was kept.
    """
    ticket = worked_ticket(number)
    data, _errors = load(DraftSchema, request.form)
    if data is None:
        abort(400)
    desk.keep(ticket.id, current_user.id, **data, now=g.now)
    is_kept = bool(data["body"])
    if request.args.get("alone"):
        said = _("Draft kept at %(time)s.", time=clock_time(g.now)) if is_kept else ""
        return jsonify(said=said)
    if request.form.get("then") == "answers":
        return redirect(url_for("canned_answers.choose", number=ticket.number), 303)
    flash(_("Your draft is kept. Only you see it.") if is_kept else _("There is nothing to keep yet."))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


@bp.post("/drop")
@needs("ticket.see")
def drop(number: str) -> Answer:
    """Throws it away."""
    ticket = worked_ticket(number)
    desk.drop(ticket.id, current_user.id)
    if request.args.get("alone"):
        return jsonify(said="")
    flash(_("The draft is thrown away."))
    return redirect(url_for("tickets.page", number=ticket.number), 303)
