"""Writes letters: a template in the recipient's language and zone becomes a stored row.

Called inside desk's transactions; sending happens after the commit (outbound/smtp). A template
(templates/mail/KIND.txt) is the subject on its first line and paragraphs below it; beside them it may
`set` what stands in a place of its own, in the text and in the HTML alike:

    promise, promise_why   the promise box: by when, and why then
    items                  several things, each (heading, lines, label, url)
    button                 (label, url): the one thing to do
    quoted                 what somebody wrote, below all else

An organisation may word subject and paragraphs anew (outbound/letter_texts); those places stay.

To a channel goes the short form instead, templates/chat/KIND.txt, which has no such places.

In the template stand `to`, `ticket`, `entry`, `organisation`, `zone`, `now`, `base_url`, `link` (the ticket's
page for this recipient: a follow link for reporters, the ticket page for staff), `say_instant(at)` (with its
day: a letter may be read on another), `say_zone()`, `say_duration(seconds)`, and the caller's words.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any

from flask import current_app
from flask_babel import force_locale, get_locale

from helpdesk import i18n
from helpdesk.outbound import alarms, letter_texts, links
from helpdesk.outbound.standing import STATES, state_for_reporter
from helpdesk.rules import colours
from helpdesk.rules.access import Role
from helpdesk.rules.letters import can_be_quiet, delivery
from helpdesk.rules.lifecycle import State
from helpdesk.store import db
from helpdesk.store.branding import get_brand
from helpdesk.store.channels import Channel
from helpdesk.store.db import after_commit
from helpdesk.store.letters import Letter
from helpdesk.store.mail import find_raw_mail
from helpdesk.store.organisation import Organisation, find_organisation
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, find_entry

PLACES = ("promise", "promise_why", "items", "button", "quoted")


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
    """Writes the letter `kind` to a person; `words` reach its template. None: no address, or they have left,
    or do not want letters of that kind (rules/letters).

    `key` names it once and for all: writing the same key again raises IntegrityError at flush, so callers
    claim what they announce first. Inside a transaction.
    """
    letter = draft(kind, to, key=key, now=now, ticket=ticket, entry=entry, **words)
    if letter is not None:
        post(letter)
    return letter


def draft(
    kind: str, to: Person, *, key: str, now: datetime, has_asked: bool = False, **words: Any
) -> Letter | None:
    """As `write`, for `post`: letters to many are composed before the transaction that keeps them. Whoever
    `has_asked` for the news gets it, whichever letters they do without else."""
    how = "now" if has_asked else delivery(kind, to.mail_mode)
    if to.email is None or not to.is_active or how == "never":
        return None
    letter = compose(kind, to, None, key=key, now=now, **words)
    if how == "daily":
        letter.state = "held"
    return letter


def keep(
    kind: str, to: Person | None, channel: Channel | None, *, key: str, now: datetime, **words: Any
) -> Letter:
    """Composes a letter and posts it. Inside a transaction."""
    letter = compose(kind, to, channel, key=key, now=now, **words)
    post(letter)
    return letter


def compose(
    kind: str,
    to: Person | None,
    channel: Channel | None,
    *,
    key: str,
    now: datetime,
    ticket: Ticket | None = None,
    entry: Entry | None = None,
    **words: Any,
) -> Letter:
    """The letter `kind`, for `post`: in any case, for what cannot be delivered is given up when it is sent.

    `channel`: the short form (templates/chat) goes there, in the language of its person `to`, for a team's
    (`to` None) the organisation's.
    """
    organisation = find_organisation()
    locale = (to.locale if to else None) or (organisation.locale if organisation else "en")
    context = context_of(to, ticket, organisation, now) | {"entry": entry, **words}
    with force_locale(locale):
        if channel is None:
            reword = partial(letter_texts.reworded, kind, locale, context)
            subject, text, html = _render(kind, to, context, i18n.html_lang(locale), reword)
        else:
            subject, text, html = *written(f"chat/{kind}.txt", context)[1:], ""
    return Letter(
        key=key,
        kind=kind,
        to_address=channel.name if channel else (to.email if to and to.is_active else None) or "",
        channel_id=channel.id if channel else None,
        person_id=to.id if to else None,
        ticket_id=ticket.id if ticket else None,
        entry_id=entry.id if entry else None,
        locale=locale,
        subject=subject,
        text=text,
        html=html,
        message_id=links.message_id(key),
        in_reply_to=_answered_mail(ticket, entry) if ticket else None,
        reply_to=links.reply_address(ticket) if ticket else None,
        created_at=now,
        next_try_at=now,
        state="waiting" if channel or is_sending() else "kept",
    )


def is_sending() -> bool:
    """Whether letters leave at all: there is a mail server."""
    return current_app.config["SETTINGS"].smtp_server is not None


def post(letter: Letter) -> None:
    """Keeps a letter that was composed; it leaves after the commit. Inside a transaction."""
    db.session.add(letter)
    if letter.state == "waiting":
        after_commit("send letters", alarms.send_soon)


def context_of(
    to: Person | None, ticket: Ticket | None, organisation: Organisation | None, now: datetime
) -> dict[str, Any]:
    """What every template is given."""
    zone = (to.zone if to else None) or (organisation.zone if organisation else "UTC")
    return {
        "to": to,
        "ticket": ticket,
        "organisation": organisation,
        "zone": zone,
        "now": now,
        "base_url": current_app.config["SETTINGS"].base_url,
        "link": _link(to, ticket) if ticket else None,
        "say_instant": lambda at: i18n.say_instant(at, zone),
        "say_zone": cache(lambda: i18n.zone_city(zone)),  # a letter may list thousands of instants
        "say_duration": i18n.say_duration,
    }


def _link(to: Person | None, ticket: Ticket) -> str:
    return links.follow_url(ticket, to.id) if to and to.role == Role.REPORTER else links.ticket_url(ticket)


def preview(
    kind: str, to: Person, own: tuple[str, str], *, ticket: Ticket | None, now: datetime, **words: Any
) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter in the language in force, with that subject and body in place of the
    installed ones. Raises letter_texts.Unusable. Nothing is kept."""
    context = context_of(to, ticket, find_organisation(), now) | words

    def reword(installed: Any, subject: str, body: str) -> tuple[str, str]:
        values = letter_texts.values_of(kind, context, installed, body)
        return letter_texts.fill(kind, *own, values, subject)

    return _render(kind, to, context, i18n.html_lang(str(get_locale())), reword)


def _render(
    kind: str,
    to: Person | None,
    context: dict[str, Any],
    html_lang: str,
    reword: Callable[[Any, str, str], tuple[str, str]],
) -> tuple[str, str, str]:
    """Subject, text and HTML. Without the pages' context: a letter knows nobody but its recipient. `reword`
    is given what the installed template says, and returns the subject and body to take."""
    environment = current_app.jinja_env
    ticket = context["ticket"]
    installed, subject, body = written(f"mail/{kind}.txt", context)
    subject, body = reword(installed, subject, body)
    parts = {name: getattr(installed, name, None) for name in PLACES} | {
        "subject": subject,
        "headline": headline(subject, ticket),
        "state": _state(to, ticket) if ticket else "",
        "paragraphs": [p.strip() for p in body.split("\n\n") if p.strip()],
        "organisation": context["organisation"],
        "brand": (brand := get_brand(context["organisation"])),
        "accent": colours.light(brand.accent) if brand.has_own_colour else None,
        "logo_url": links.url(f"/brand/logo?v={brand.logo[:12]}") if brand.logo else None,
        "ticket": ticket,
        "quiet_url": links.quiet_url(to.id) if to and can_be_quiet(kind, to.role) else None,
        "html_lang": html_lang,
    }
    text = environment.get_template("mail/letter.txt").render(parts)
    html = environment.get_template("mail/letter.html").render(parts)
    return subject, text.strip() + "\n", html


def headline(subject: str, ticket: Ticket | None) -> str:
    """What a letter's subject says beyond the number; of a ticket that was merged it bears the old one."""
    return re.sub(r"^\[HD-\d+\] ", "", subject) if ticket else subject


def _state(to: Person | None, ticket: Ticket) -> str:
    if to and to.role == Role.REPORTER:
        return state_for_reporter(ticket)[0]
    return str(STATES[State(ticket.state)])


def written(template: str, context: dict[str, Any]) -> tuple[Any, str, str]:
    """The installed template's module, its first line and the rest."""
    module = current_app.jinja_env.get_template(template).make_module(context)
    # What people typed may have come from a form, with a carriage return to each line.
    first, _, body = str(module).replace("\r\n", "\n").strip().partition("\n")
    return module, " ".join(first.split()), body.strip()


def _answered_mail(ticket: Ticket, entry: Entry | None) -> str | None:
    """The Message-ID of the mail that the letter answers: its entry's, else the one with the report."""
    if entry is None or entry.raw_mail_id is None:
        entry = find_entry(ticket.id, "reported") if ticket.door == "mail" else None
    raw = find_raw_mail(entry.raw_mail_id) if entry and entry.raw_mail_id else None
    return raw.identity if raw and raw.identity and raw.identity.startswith("<") else None
