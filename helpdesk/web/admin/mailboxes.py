"""Mailboxes that the desk fetches: how they are reached, whether they are heard."""

from datetime import timedelta
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import mail_watch, organisation
from helpdesk.desk import mailboxes as desk
from helpdesk.i18n import say_instant, say_sentences
from helpdesk.outbound import mail_trouble
from helpdesk.outbound.imap import Failed
from helpdesk.rules.mail_watch import ENDS_SOON, is_silent
from helpdesk.schemas.mailboxes import SECRETS, MailboxSchema, SilenceSchema, secrets_of
from helpdesk.store.mail_watch import find_trouble
from helpdesk.store.mailboxes import Mailbox, find_mailbox, list_mailboxes
from helpdesk.store.organisation import get_organisation
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.forms import load
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.sentences import ticket_link

NEW = {"port": 993, "privacy": "tls", "auth": "password", "folder": "INBOX", "is_active": True}


@bp.get("/mailboxes")
@needs("admin.see")
def mailboxes() -> str:
    """All of them, and for how long one may be silent."""
    return list_page(
        _("Mailboxes"),
        [_("Mailbox"), _("Server"), _("Last heard"), ""],
        [_row(box) for box in list_mailboxes()],
        lead=_("Mail that the desk fetches from mailboxes elsewhere (IMAP). Nothing is deleted there."),
        new=(url_for(".mailboxes_new"), _("Add a mailbox")),
        template="admin/mailboxes.html",
        silent_minutes=organisation.state_of(get_organisation())["mailbox_silent_minutes"],
    )


def _row(box: Mailbox) -> list[Any]:
    return [
        link(url_for(".mailboxes_edit", mailbox_id=box.id), box.name, box.address),
        f"{box.host}:{box.port}",
        say_instant(box.succeeded_at, viewer_zone()) if box.succeeded_at else _("never"),
        standing(box, mail_watch.silent_after(get_organisation())),
    ]


def standing(box: Mailbox, silent_after: timedelta) -> Markup:
    """Whether the mailbox is heard, as chips."""
    is_off, silent = not box.is_active, is_silent(mail_watch.heard_at(box), silent_after, g.now)
    failing, is_new = bool(box.fault), box.succeeded_at is None
    ends = box.refresh_expires_at is not None and box.refresh_expires_at - g.now < ENDS_SOON
    return chips(
        (is_off, _("switched off"), ""),
        (not is_off and silent, _("silent"), "late"),
        (not is_off and failing, _("cannot be fetched"), "soon"),
        (not is_off and ends, _("sign-in ends soon"), "soon"),
        (
            not (is_off or silent or failing),
            _("not heard yet") if is_new else _("heard"),
            "" if is_new else "ok",
        ),
    )


@bp.route("/mailboxes/new", methods=["GET", "POST"])
@needs("admin.edit")
def mailboxes_new() -> Page:
    """Adds one."""
    return _form(None)


@bp.route("/mailboxes/<int:mailbox_id>", methods=["GET", "POST"])
@needs("admin.see")
def mailboxes_edit(mailbox_id: int) -> Page:
    """All about one, but its secrets."""
    return _form(find_mailbox(mailbox_id) or abort(404))


def _form(box: Mailbox | None) -> Page:
    state = desk.state_of(box) if box else None
    return form_page(
        "admin/mailbox.html",
        state or NEW,
        MailboxSchema,
        lambda data, seen: desk.save(
            box.id if box else None, secrets=secrets_of(data), values=data, by=by(), seen=seen
        ),
        lambda saved: url_for(".mailboxes_edit", mailbox_id=saved.id),
        state=state,
        title=box.name if box else _("Add a mailbox"),
        box=box,
        is_typed_again=any(request.form.get(name) for name in SECRETS),
        about=_about(box) if box else [],
        fault=mail_trouble.say_fault(box.fault) if box else "",
        ticket=_ticket_of(box) if box else None,
    )


def _about(box: Mailbox) -> list[tuple[str, str]]:
    """What is known of it beside the form."""
    zone = viewer_zone()
    instants = [
        (_("Last heard"), box.succeeded_at),
        (_("Last tried"), box.tried_at),
        (_("Access token lasts until"), box.token_expires_at),
        (_("Sign-in lasts until"), box.refresh_expires_at),
    ]
    return [(name, say_instant(at, zone)) for name, at in instants if at is not None]


def _ticket_of(box: Mailbox) -> Any:
    """A link to the ticket that tells of its silence; None where it is heard."""
    known = find_trouble(f"silent:{box.id}")
    return ticket_link(known.ticket_id) if known is not None and known.over_at is None else None


@bp.post("/mailboxes/<int:mailbox_id>/try")
@needs("admin.edit")
def mailboxes_try(mailbox_id: int) -> Answer:
    """Signs in there now, and says what came of it."""
    try:
        tried = desk.try_connection(mailbox_id, g.now)
    except LookupError:
        abort(404)
    except Failed as fault:
        flash(mail_trouble.say_fault(f"{fault.code}: {fault.words}"), "error")
    else:
        flash(_say_tried(tried))
    return redirect(url_for(".mailboxes_edit", mailbox_id=mailbox_id), 303)


def _say_tried(tried: desk.Tried) -> str:
    there = ngettext("It works: %(num)d mail is there.", "It works: %(num)d mails are there.", tried.messages)
    unseen = ngettext(
        "%(num)d of them is unread and meant for the desk.",
        "%(num)d of them are unread and meant for the desk.",
        tried.unseen,
    )
    asked = _("The server does not tell of new mail, so it is asked again and again.")
    return say_sentences([there, unseen if tried.unseen else "", "" if tried.has_idle else asked])


@bp.post("/mailboxes/silence")
@needs("admin.edit")
def mailboxes_silence() -> Answer:
    """For how long a mailbox may be silent before the administrators are told."""
    data, errors = load(SilenceSchema, request.form)
    if data is None:
        flash(" ".join(text for texts in errors.values() for text in texts), "error")
    else:
        organisation.change(data, by())
        flash(_("Saved."))
    return redirect(url_for(".mailboxes"), 303)
