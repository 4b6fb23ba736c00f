"""A trouble with the desk's mail (rules/mail_watch) in words: for its ticket, its letter and the pages."""

from datetime import datetime

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk import i18n
from helpdesk.rules.mail_watch import Trouble
from helpdesk.store.organisation import get_organisation

# By code of imap.Failed: why a mailbox cannot be fetched.
FAULTS = {
    "unreachable": _l("The server cannot be reached. Check its name and port."),
    "untrusted": _l("The server's certificate cannot be trusted, or it offers no encryption."),
    "sign_in": _l("The server refuses the user name, password or token."),
    "folder": _l("There is no such folder."),
    "server": _l("The server did not do what was asked."),
    "token": _l("No more access tokens are given: sign in anew and put the new refresh token in."),
    "token_server": _l("The server that gives tokens cannot be reached."),
    "sealed_otherwise": _l("The kept password cannot be read with this HELPDESK_SECRET_KEY. Type it again."),
}


def say_fault(fault: str) -> str:
    """A mailbox's fault ("sign_in: the server's words"), in the language in force."""
    code, _colon, words = fault.partition(": ")
    return i18n.say_sentences([str(FAULTS.get(code, "")), words if code in FAULTS else fault])


def headline(trouble: Trouble, zone: str, now: datetime) -> str:
    """What is wrong, in the language in force."""
    time, city = i18n.say_instant(trouble.since, zone), i18n.zone_city(zone)
    if trouble.code == "mailbox_silent":
        return _(
            "Nothing was heard of mailbox %(name)s since %(time)s (%(zone)s)",
            name=trouble.name,
            time=time,
            zone=city,
        )
    if trouble.code == "sign_in_ends":
        text = (
            _("The sign-in of mailbox %(name)s ends %(time)s (%(zone)s)")
            if trouble.since > now
            else _("The sign-in of mailbox %(name)s ended %(time)s (%(zone)s)")
        )
        return text % {"name": trouble.name, "time": time, "zone": city}
    if trouble.code == "quarantine":
        return ngettext(
            "%(num)d mail is set aside, the oldest since %(time)s (%(zone)s)",
            "%(num)d mails are set aside, the oldest since %(time)s (%(zone)s)",
            trouble.count,
            time=time,
            zone=city,
        )
    return ngettext(
        "No letter leaves: %(num)d address waits, since %(time)s (%(zone)s)",
        "No letter leaves: %(num)d addresses wait, since %(time)s (%(zone)s)",
        trouble.count,
        time=time,
        zone=city,
    )


def advice(trouble: Trouble) -> str:
    """What to do about it, in the language in force."""
    if trouble.code == "mailbox_silent":
        said = _(
            "Open the mailbox in the set-up and try the connection. Until then no mail comes from there."
        )
        return i18n.say_sentences([say_fault(trouble.fault), said])
    return {
        "sign_in_ends": _("Sign in anew and put the new token into the mailbox, before mail stays away."),
        "quarantine": _("Look through what is set aside: make tickets of what is meant for the desk."),
        "backlog": _(
            "Look whether the mail server takes letters: the page of all letters says what it answers."
        ),
    }[trouble.code]


def again(trouble: Trouble, now: datetime) -> str:
    """That a trouble is back whose ticket is still open, as the organisation says it."""
    organisation = get_organisation()
    with force_locale(organisation.locale):
        return _("It is back: %(said)s", said=headline(trouble, organisation.zone, now))


def over(key: str, is_watched: bool) -> str:
    """That the trouble of that key is over, as the organisation says it. `is_watched`: its mailbox is not
    switched off or taken away."""
    with force_locale(get_organisation().locale):
        if not is_watched:
            return _("The mailbox was switched off: it is no longer watched.")
        return {
            "silent": _("The mailbox is heard again."),
            "sign_in": _("The sign-in was renewed."),
            "quarantine": _("What was set aside has been looked through."),
            "backlog": _("Letters leave again."),
        }[key.partition(":")[0]]


def ticket_of(trouble: Trouble, now: datetime) -> tuple[str, str]:
    """Subject and text of the ticket, as the organisation says it."""
    organisation = get_organisation()
    with force_locale(organisation.locale):
        return headline(trouble, organisation.zone, now), advice(trouble)
