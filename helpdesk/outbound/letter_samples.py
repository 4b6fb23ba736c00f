"""Letters about an invented ticket: to look at a text before it is published, and to begin one."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import reduce
from types import SimpleNamespace
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.outbound import letter_texts, letters
from helpdesk.rules.access import Role
from helpdesk.rules.letters import MAINTENANCE
from helpdesk.rules.lifecycle import OPEN, State

Say = Callable[[str], str]
# Letters to those who work at the desk.
_TO_STAFF = frozenset({"assigned", "reporter_wrote", "reopened", "woken"})
# How the ticket stands when they are written; in work if nothing is said here.
_STATES = {
    "received": State.NEW,
    "asked": State.WAITING,
    "nudged": State.WAITING,
    "resolved": State.RESOLVED,
    "remind_confirm": State.RESOLVED,
    "thanks_kept": State.RESOLVED,
    "closed": State.CLOSED,
    "rating_request": State.CLOSED,
    "rating_reminder": State.CLOSED,
    "followed_up": State.CLOSED,
    "cancelled": State.CANCELLED,
}
_OF_NO_TICKET = frozenset({"invitation", "password_reset", "password_changed", *MAINTENANCE})


def look(kind: str, locale: str, own: tuple[str, str], now: datetime) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter with that subject and body, to an invented person. Raises
    letter_texts.Unusable."""
    with force_locale(locale):
        words = _words(kind, _invented().__getitem__, now)
        return letters.preview(kind, words.pop("to"), own, now=now, **words)


def begin(kind: str, locale: str, now: datetime) -> tuple[str, str]:
    """Subject and body to begin a text of one's own with: what the installed one says, with variables."""
    with force_locale(locale):
        subject, body = _installed(kind, now)
        names = ("hotline", "reason", "why") if kind in MAINTENANCE else ("hotline",)
        paragraphs = [reduce(_if, names, each) for each in body.split("\n\n")]
        if kind == "received":  # there the reporter is asked for what is not known yet
            _subject, asking = _installed(kind, now, is_triaged=False)
            known = {each.strip() for each in body.split("\n\n")}
            more = "\n\n".join(each.strip() for each in asking.split("\n\n") if each.strip() not in known)
            paragraphs.append(f"{{% if questions %}}{more}{{% endif %}}")
    return subject, "\n\n".join(each.strip() for each in paragraphs if each.strip())


def _if(paragraph: str, name: str) -> str:
    """A paragraph that makes no sense without the variable, so that it is left out where that is empty."""
    if f"{{{{ {name} }}}}" not in paragraph:
        return paragraph
    return f"{{% if {name} %}}{paragraph.strip()}{{% endif %}}"


def _installed(kind: str, now: datetime, is_triaged: bool = True) -> tuple[str, str]:
    """What the installed template says of variables in place of values; without the ticket's number in
    front, which the desk puts there."""

    def variable(name: str) -> str:
        return f"{{{{ {name} }}}}"

    words = _words(kind, variable, now, is_triaged)
    context = letters.context_of(words["to"], words["ticket"], _organisation(variable), now) | words
    window = words["window"]
    ends = {window.starts_at: "starts", window.ends_at: "ends"} if kind in MAINTENANCE else {}
    context |= {
        "say_instant": lambda at: variable(ends.get(at, "time")),
        "say_zone": lambda: variable("zone"),
    }
    _module, subject, body = letters.written(f"mail/{kind}.txt", context)
    return letter_texts.without_number(subject), body


def _words(kind: str, say: Say, now: datetime, is_triaged: bool = True) -> dict[str, Any]:
    """All that the templates of KINDS are given, with the variables' values as `say` has them."""
    agent, state = SimpleNamespace(name=say("agent")), _STATES.get(kind, State.IN_WORK)
    to = SimpleNamespace(
        id=0,
        name=say("name"),
        role=Role.AGENT if kind in _TO_STAFF else Role.REPORTER,
        zone=None,
        locale=None,
    )
    ticket = SimpleNamespace(
        id=0,
        number=say("number"),
        subject=say("subject"),
        service=SimpleNamespace(name=say("service")),
        reporter=SimpleNamespace(name=say("reporter")),
        assignee=agent,
        link_salt="",
        state=state,
        is_open=state in OPEN,
        is_triaged=is_triaged,
        reopen_count=0,
        waiting_for="reporter" if state is State.WAITING else None,
        update_by=None,
        next_target="response",
        next_due_at=now + timedelta(hours=4),
    )
    entry = SimpleNamespace(body=say("message"), is_public=True, detail={})
    other = SimpleNamespace(number=say("old"))
    return {
        "to": to,
        "ticket": None if kind in _OF_NO_TICKET else ticket,
        "entry": entry,
        "agent": agent,
        "author": SimpleNamespace(name=say("author")),
        "old": other,
        "duplicate": other,
        "reason": say("reason"),
        "question": say("message") if kind == "nudged" else "",
        "silence_decides": False,
        "promised": SimpleNamespace(due_at=now + timedelta(hours=4), calendar=None, pauses=()),
        "confirm_url": "https://desk.example.org/confirm",
        "url": "https://desk.example.org/follow",
        "link": "https://desk.example.org/follow",
        "valid_until": None if kind == "password_changed" else now + timedelta(days=7),
        "until": now + timedelta(days=7),
        "outcome": say("outcome"),
        **_of_window(say, now),
    }


def _of_window(say: Say, now: datetime) -> dict[str, Any]:
    window = SimpleNamespace(
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1, hours=3),
        ended_at=None,
        effect="down",
        reason=say("reason"),
    )
    return {"window": window, "services": (say("services"),), "was": None, "why": say("why")}


def _organisation(say: Say) -> Any:
    return SimpleNamespace(name=say("organisation"), hotline=say("hotline"), zone="UTC")


def _invented() -> Mapping[str, str]:
    return {
        "name": "Ana",
        "number": "HD-12",
        "subject": _("The label printer prints nothing"),
        "service": _("Printing"),
        "reporter": "Ana",
        "agent": "Bo",
        "author": "Ana",
        "message": _("Please switch the printer off and on again. Does it print now?"),
        "reason": _("It was reported twice."),
        "old": "HD-11",
        "services": _("Printing"),
        "outcome": "work_around",
        "why": _("The new release is not ready yet."),
    }
