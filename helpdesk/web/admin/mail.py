"""How mail comes in and letters go out: what the settings say, what mail may do, a letter to try it, and the
switch that stops all letters."""

from datetime import datetime
from typing import Any

from flask import current_app, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import letters
from helpdesk.desk import organisation as desk
from helpdesk.schemas.mail import MailSchema, StopLettersSchema
from helpdesk.store.letters import count_letters_by_mail, find_last_deferral
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import find_person
from helpdesk.web.admin.frame import Page, bp, by, form_page
from helpdesk.web.forms import load
from helpdesk.web.frame import needs


@bp.route("/mail", methods=["GET", "POST"])
@needs("admin.see")
def mail() -> Page:
    """What mail may do, beside the settings in force, which stand in the environment or the settings file."""
    settings = current_app.config["SETTINGS"]
    state = desk.state_of(get_organisation())
    return form_page(
        "admin/mail.html",
        state | {"reply_to_domains": ", ".join(state["reply_to_domains"])},
        MailSchema,
        lambda data, seen: desk.change(data, by(), seen),
        url_for(".mail"),
        state=state,
        title=_("Mail and letters"),
        rows=_rows(settings),
        is_sending=settings.smtp_server is not None,
        stopped=stopped(),
        waiting=count_letters_by_mail("waiting"),
        deferral=find_last_deferral(),
    )


def _rows(settings: Any) -> list[tuple[str, str, str]]:
    server = settings.smtp_server
    aliases = ", ".join(settings.mail_aliases)
    return [
        (_("The desk's own address"), settings.mail_address, "HELPDESK_MAIL_ADDRESS"),
        (_("Further addresses"), aliases or _("none"), "HELPDESK_MAIL_ALIASES"),
        (_("Mail is taken in at"), str(settings.mail_bind), "HELPDESK_MAIL_BIND"),
        (_("Over LMTP at"), str(settings.lmtp_bind or _("nowhere")), "HELPDESK_LMTP_BIND"),
        (
            _("Largest mail"),
            _("%(size)s MB", size=settings.mail_max_bytes // 1_000_000),
            "HELPDESK_MAIL_MAX_BYTES",
        ),
        (
            _("Letters go to"),
            f"{server.host}:{server.port}" if server else _("nowhere"),
            "HELPDESK_SMTP_URL",
        ),
        (_("Links in letters begin with"), settings.base_url, "HELPDESK_BASE_URL"),
    ]


def stopped() -> dict[str, Any] | None:
    """Since when, by whom and why no letter leaves; None while they leave."""
    said = get_organisation().options.get("letters_stopped")
    if said is None:
        return None
    person = find_person(said["by"])
    return {"at": datetime.fromisoformat(said["at"]), "by": person.name if person else "", "why": said["why"]}


@bp.post("/mail/trial")
@needs("admin.edit")
def mail_trial() -> Answer:
    """A letter to oneself."""
    try:
        letter = letters.send_trial(current_user.id, g.now)
    except LookupError:
        flash(_("You have no mail address. Add one first."), "error")
        return redirect(url_for(".mail"), 303)
    if letter.state == "kept":
        flash(_("The letter is written. No mail server is set, so it stays here."))
        return redirect(url_for("letters.show", letter_id=letter.id), 303)
    flash(_("A letter to %(address)s is on its way.", address=letter.to_address))
    return redirect(url_for(".mail"), 303)


@bp.post("/mail/stop")
@needs("admin.edit")
def mail_stop() -> Answer:
    """No letter leaves any more."""
    data, errors = load(StopLettersSchema, request.form)
    if data is None:
        flash(errors["why"][0], "error")
    else:
        letters.stop_letters(data["why"], by())
        flash(_("No letter leaves any more. What is written waits."))
    return redirect(url_for(".mail"), 303)


@bp.post("/mail/go")
@needs("admin.edit")
def mail_go() -> Answer:
    """Letters leave again."""
    letters.let_letters_go(by())
    flash(_("Letters leave again, those that waited first."))
    return redirect(url_for(".mail"), 303)


@bp.post("/mail/keep")
@needs("admin.edit")
def mail_keep() -> Answer:
    """What waits is not sent."""
    kept = letters.keep_waiting(by())
    flash(
        ngettext(
            "%(num)d letter is not sent. It stands on the page of all letters.",
            "%(num)d letters are not sent. They stand on the page of all letters.",
            kept,
        )
    )
    return redirect(url_for(".mail"), 303)
