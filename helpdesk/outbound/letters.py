"""Writes letters: a template in the recipient's language and zone becomes a stored row.

Called inside desk's transactions; sending happens after the commit (outbound/smtp).
"""

from datetime import datetime
from email.utils import make_msgid
from typing import Any

from flask import current_app
from flask_babel import force_locale

from helpdesk import i18n
from helpdesk.outbound import alarms
from helpdesk.outbound.links import reply_address
from helpdesk.store import db
from helpdesk.store.db import after_commit
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket


def write(
    kind: str,
    to: Person,
    *,
    key: str,
    now: datetime,
    ticket: Ticket | None = None,
    entry: Entry | None = None,
    **words: Any,
) -> Letter | None:
    """Writes the letter `kind` (templates/mail/KIND.txt, first line the subject) to a person.

    `key` names it once and for all: writing the same key again raises IntegrityError at flush, so callers
    claim what they announce first. None where the person has no address or has left. `words` reach the
    template beside `to`, `ticket`, `entry`, `organisation`, `zone`, `now`, `base_url`.
    """
    address = to.email
    if address is None or not to.is_active:
        return None
    organisation = find_organisation()
    settings = current_app.config["SETTINGS"]
    locale = to.locale or (organisation.locale if organisation else "en")
    zone = to.zone or (organisation.zone if organisation else "UTC")
    with force_locale(locale):
        context = {
            "to": to,
            "ticket": ticket,
            "entry": entry,
            "organisation": organisation,
            "zone": zone,
            "now": now,
            "base_url": settings.base_url,
            "say_instant": lambda at: i18n.say_instant(at, zone),
            "say_promise": lambda at: i18n.say_promise_time(at, zone, now),
            "say_zone": lambda: i18n.zone_city(zone),
            "say_duration": i18n.say_duration,
            **words,
        }
        subject, _, text = _render(f"mail/{kind}.txt", context).strip().partition("\n")
        html = _render("mail/letter.html", {**context, "text": text.strip(), "subject": subject})
    letter = Letter(
        key=key,
        kind=kind,
        to_address=address,
        person_id=to.id,
        ticket_id=ticket.id if ticket else None,
        entry_id=entry.id if entry else None,
        locale=locale,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
        message_id=make_msgid(idstring="helpdesk", domain=settings.mail_address.rpartition("@")[2]),
        reply_to=reply_address(ticket) if ticket else None,
        created_at=now,
        next_try_at=now,
        state="waiting" if settings.smtp_url else "kept",
    )
    db.session.add(letter)
    after_commit("send letters", alarms.send_soon)
    return letter


def _render(template: str, context: dict[str, Any]) -> str:
    """Without the pages' context: a letter knows its recipient, not who is at the door."""
    return current_app.jinja_env.get_template(template).render(context)
