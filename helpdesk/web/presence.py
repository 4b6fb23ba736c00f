"""Who else is at a ticket: each open page says every few seconds that it is looked at."""

from flask import Blueprint, g, render_template, request
from flask_login import current_user

from helpdesk.desk import presence as desk
from helpdesk.web.frame import needs
from helpdesk.web.ticket_page import worked_ticket

bp = Blueprint("presence", __name__)


@bp.post("/tickets/<number>/presence")
@needs("ticket.see")
def beat(number: str) -> str:
    """The asker is here, and perhaps `writes`; answers who else is. Whoever only reads is not shown to
    others, and does not ask."""
    ticket = worked_ticket(number)
    desk.beat(ticket.id, current_user.id, writes=request.form.get("writes") == "1", now=g.now)
    return render_template("tickets/others.html", others=desk.others(ticket.id, current_user.id, now=g.now))
