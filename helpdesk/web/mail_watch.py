"""How mail stands, on the watch page: what is wrong with it, each mailbox, and what waits."""

from datetime import timedelta
from typing import Any

from flask import g, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk.desk import mail_watch as desk
from helpdesk.i18n import say_duration
from helpdesk.outbound import mail_trouble
from helpdesk.rules.mail_watch import Pile
from helpdesk.store.mail_watch import list_lasting_troubles
from helpdesk.store.mailboxes import Mailbox
from helpdesk.web.admin.frame import link
from helpdesk.web.admin.mailboxes import standing
from helpdesk.web.frame import viewer_zone


def shown() -> dict[str, Any]:
    """What templates/watch/mail.html is given."""
    state = desk.look(g.now)
    tickets = {known.key: known.ticket for known in list_lasting_troubles()}
    return {
        "troubles": [
            {
                "said": mail_trouble.headline(trouble, viewer_zone(), g.now),
                "advice": mail_trouble.advice(trouble),
                "ticket": tickets.get(trouble.key),
            }
            for trouble in state.troubles
        ],
        "stopped": state.stopped is not None,
        "mailboxes": [_row(box, state.silent_after) for box in state.mailboxes],
        "stats": [
            (_("Mail set aside"), *_pile(state.quarantine), url_for("quarantine.index")),
            (_("Letters that wait"), *_pile(state.unsent), url_for("letters.index", state="waiting")),
        ],
    }


def _row(box: Mailbox, silent_after: timedelta) -> list[Any]:
    heard = say_duration(g.now - box.succeeded_at) if box.succeeded_at else None
    return [
        link(url_for("admin.mailboxes_edit", mailbox_id=box.id), box.name, box.address),
        _("%(time)s ago", time=heard) if heard else _("never"),
        standing(box, silent_after),
        mail_trouble.say_fault(box.fault) if box.fault else "–",
    ]


def _pile(pile: Pile) -> tuple[str, str]:
    """How many, and since when the oldest waits."""
    oldest = _("the oldest for %(time)s", time=say_duration(g.now - pile.since)) if pile.since else ""
    return format_decimal(pile.count), oldest
