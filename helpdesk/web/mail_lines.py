"""A ticket's timeline in words: mail that changed nothing, and what became of letters."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from helpdesk.store.tickets import Entry
from helpdesk.web import mail_words
from helpdesk.web.deliveries import server_words
from helpdesk.web.frame import may
from helpdesk.web.sentences import Names, because, fill, ticket_link


def linked_by_mail(entry: Entry) -> Markup:
    """An answer that could not join the ticket: said on the older one, and on the one that it became."""
    other, cause = entry.detail["ticket"], entry.detail["cause"]
    if other > entry.ticket_id:
        text = {
            "takes_no_part": _("Somebody who takes no part here answered by mail: that became %(ticket)s"),
            "had_ended": _("An answer by mail came after the end: it became %(ticket)s"),
        }.get(cause, _("A mail about this became %(ticket)s"))
    else:
        text = {
            "takes_no_part": _("Came as an answer to %(ticket)s, in which its sender takes no part"),
            "had_ended": _("Came as an answer to %(ticket)s, which had ended"),
        }.get(cause, _("Came as an answer to %(ticket)s"))
    return fill(text, ticket=ticket_link(other))


# What a mail server says became of a letter (RFC 3464).
REPORTED = {
    "failed": _l("The letter to %(to)s did not arrive"),
    "delayed": _l("The letter to %(to)s is delayed; its mail server keeps trying"),
    "delivered": _l("The letter to %(to)s arrived"),
    "relayed": _l("The letter to %(to)s went on to a mail server that sends no receipts"),
    "expanded": _l("The letter to %(to)s went to the people of a list"),
}


def mail_filed(entry: Entry, names: Names) -> Markup:
    """Mail that was filed quietly, or a delivery report."""
    detail = entry.detail
    if detail.get("report"):
        return _reported(detail["report"])
    why = mail_words.why(detail.get("cause", ""))
    sender = Markup("<b>{}</b>").format(detail.get("from") or _("somebody"))
    said = fill(_("Mail from %(sender)s was filed; it changed nothing"), sender=sender)
    return fill(_("%(said)s. %(news)s"), said=said, news=why) if why else said


def _reported(report: Mapping[str, Any]) -> Markup:
    """A delivery report. About a letter of ours it leads there; its message bears the server's words."""
    text = str(REPORTED.get(report.get("kind", ""), _("A mail server reports on the letter to %(to)s")))
    to: str | Markup = report.get("address") or _("somebody")
    if report.get("letter") and may("letters.see"):
        url = url_for("letters.show", letter_id=report["letter"])
        to = Markup('<a href="{}">{}</a>').format(url, to)
    said = [] if report.get("letter") else [report.get("status"), report.get("words")]
    return because(fill(text, to=to), server_words(" ".join(part for part in said if part)))


def letter_failed(entry: Entry, names: Names) -> Markup:
    """A letter that was given up."""
    said = fill(_("A letter to %(to)s could not be delivered"), to=entry.detail.get("to", ""))
    return because(said, entry.detail.get("fault", ""))
