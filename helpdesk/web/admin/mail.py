"""How mail comes in and letters go out: what the settings say, and a letter to try it."""

from flask import current_app, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk.letters import send_trial
from helpdesk.web.admin.frame import bp
from helpdesk.web.frame import needs


@bp.get("/mail")
@needs("admin.see")
def mail() -> str:
    """The settings in force; they stand in the environment or the settings file, not here."""
    settings = current_app.config["SETTINGS"]
    server = settings.smtp_server
    return render_template(
        "admin/mail.html",
        rows=[
            (_("The desk's own address"), settings.mail_address, "HELPDESK_MAIL_ADDRESS"),
            (_("Mail is taken in at"), str(settings.mail_bind), "HELPDESK_MAIL_BIND"),
            (
                _("Largest mail"),
                _("%(size)s MB", size=settings.mail_max_bytes // 1_000_000),
                "HELPDESK_MAIL_MAX_BYTES",
            ),
            (
                _("Letters go to"),
                f"{server.host}:{server.port}" if server else _("nowhere: they are kept to be read here"),
                "HELPDESK_SMTP_URL",
            ),
            (_("Links in letters begin with"), settings.base_url, "HELPDESK_BASE_URL"),
        ],
        is_sending=server is not None,
    )


@bp.post("/mail/trial")
@needs("admin.edit")
def mail_trial() -> Answer:
    """A letter to oneself."""
    try:
        letter = send_trial(current_user.id, g.now)
    except LookupError:
        flash(_("You have no mail address. Add one first."), "error")
        return redirect(url_for(".mail"), 303)
    if letter.state == "kept":
        flash(_("The letter is written. No mail server is set, so it stays here."))
        return redirect(url_for("letters.show", letter_id=letter.id), 303)
    flash(_("A letter to %(address)s is on its way.", address=letter.to_address))
    return redirect(url_for(".mail"), 303)
