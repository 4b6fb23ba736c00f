"""Letters' words as the organisation has rewritten them.

A text is a subject and a body for one kind of letter in one language, written in a small part of Jinja: text,
{{ variable }} and {% if variable %}...{% else %}...{% endif %}. Variables are plain strings (VARIABLES says
which, and of which kind); nothing can be called, looped over or looked into. What must not be lost stays the
desk's: the ticket's number in the subject, its state, the promise, the button, what somebody wrote.

A text that fails, or that would leave out what an agent wrote, is not used: the installed one is, and the
log and the set-up pages say so.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from helpdesk import i18n
from helpdesk.rules.letters import MAINTENANCE
from helpdesk.store.letter_templates import list_letter_templates_in_force
from helpdesk.store.organisation import Organisation

log = logging.getLogger(__name__)

ALWAYS = ("name", "organisation", "hotline", "installed")
OF_TICKET = (*ALWAYS, "number", "subject", "service", "reporter", "agent", "promise", "link")
OF_WINDOW = (*ALWAYS, "services", "starts", "ends", "zone", "reason", "why", "link")
# Which letters can be rewritten, and what may stand in them. Those about alarms are made of lists.
KINDS: dict[str, tuple[str, ...]] = {
    "received": (*OF_TICKET, "questions"),
    "accepted": OF_TICKET,
    "replied": (*OF_TICKET, "message"),
    "asked": (*OF_TICKET, "message"),
    "nudged": (*OF_TICKET, "message"),
    "resolved": (*OF_TICKET, "message"),
    "emergency_decided": (*OF_TICKET, "outcome", "message"),
    "remind_confirm": OF_TICKET,
    "thanks_kept": OF_TICKET,
    "closed": OF_TICKET,
    "cancelled": (*OF_TICKET, "reason"),
    "merged": (*OF_TICKET, "old"),
    "not_reopened": (*OF_TICKET, "old", "reason"),
    "split": (*OF_TICKET, "old"),
    "fresh_link": OF_TICKET,
    "assigned": (*OF_TICKET, "reason"),
    "reporter_wrote": (*OF_TICKET, "author"),
    "reopened": OF_TICKET,
    "woken": OF_TICKET,
    "invitation": (*ALWAYS, "link", "time", "zone"),
    "password_reset": (*ALWAYS, "link", "time", "zone"),
    "password_changed": (*ALWAYS, "time", "zone"),
    **dict.fromkeys(MAINTENANCE, OF_WINDOW),
}
# What the letter is about: a text without it would keep somebody's words from whoever they are for.
NEEDED = {"replied": "message", "asked": "message", "resolved": "message", "cancelled": "reason"}
VARIABLES = {
    "name": _l("who gets the letter"),
    "organisation": _l("the name of your organisation"),
    "hotline": _l("the number to call; empty where there is none"),
    "installed": _l("all that the installed text says"),
    "number": _l("the ticket's number"),
    "subject": _l("the ticket's subject"),
    "service": _l("the service; empty where it is about none"),
    "reporter": _l("who reported it"),
    "agent": _l("who has it or has written; empty where nobody has"),
    "promise": _l("what is promised; it also stands in its own box"),
    "link": _l("where the button leads"),
    "questions": _l("not empty where the reporter still has to answer the two questions"),
    "message": _l("what was written; empty where nothing was"),
    "reason": _l("the reason that was given"),
    "old": _l("the number of the ticket that this came from"),
    "author": _l("who has written"),
    "time": _l("until when the link works, or when it happened"),
    "zone": _l("the time zone of that time"),
    "services": _l("the services under maintenance that the reader uses"),
    "starts": _l("when the maintenance begins"),
    "ends": _l("when the maintenance ends"),
    "outcome": _l("what is done about the urgent business"),
    "why": _l("why it is moved, takes longer, is over or does not take place; empty where nothing was said"),
}

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
)
_NUMBER = re.compile(r"^\[[^\]]+\] ")


class Unusable(Exception):
    """A text that cannot be used; `code`: syntax, forbidden, unknown (a variable), needs (a variable), empty.
    `names`: which variable, or the line of the fault."""

    def __init__(self, code: str, names: str = "") -> None:
        super().__init__(f"{code} {names}")
        self.code = code
        self.names = names


@lru_cache(maxsize=512)  # the same few texts are in every letter
def check(kind: str, text: str) -> frozenset[str]:
    """The variables that the text uses. Raises Unusable (syntax, forbidden, unknown)."""
    try:
        parsed = _environment.parse(text)
        found = list(_walk(parsed))
    except (TemplateError, RecursionError) as fault:
        raise Unusable("syntax", str(getattr(fault, "lineno", None) or 1)) from fault
    for node in found:
        if not isinstance(node, _ALLOWED):
            raise Unusable("forbidden", str(node.lineno))
    used = frozenset(node.name for node in found if isinstance(node, nodes.Name))
    for name in sorted(used - frozenset(KINDS[kind])):
        raise Unusable("unknown", name)
    return used


def check_letter(kind: str, subject: str, body: str) -> None:
    """Raises Unusable where a subject and a body cannot be the kind's text."""
    check(kind, subject)
    used, needed = check(kind, body), NEEDED.get(kind)
    if needed and not used & {needed, "installed"}:
        raise Unusable("needs", needed)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Template:
    return _environment.from_string(text)


def fill(kind: str, subject: str, body: str, values: Mapping[str, str], installed: str) -> tuple[str, str]:
    """Subject and body with the variables' values; the subject keeps the number of the `installed` one.

    Raises Unusable; whatever a check at publishing could not foresee is found here.
    """
    check_letter(kind, subject, body)
    try:
        said, text = (_compiled(each).render(values) for each in (subject, body))
    except TemplateError as fault:
        raise Unusable("syntax") from fault
    if not said.strip() or not text.strip():
        raise Unusable("empty")
    needed = values.get(NEEDED.get(kind, ""), "").strip()
    if needed not in text:
        raise Unusable("needs", NEEDED[kind])
    number = _NUMBER.match(installed)
    return (number.group() if number else "") + " ".join(said.split()), text.strip()


def without_number(subject: str) -> str:
    """The subject without a ticket's number in front, which the desk puts there."""
    return _NUMBER.sub("", subject, count=1)


def reworded(
    kind: str, locale: str, context: Mapping[str, Any], written: Any, subject: str, body: str
) -> tuple[str, str]:
    """Subject and body as the organisation words them, else as they are: `written`, `subject` and `body` as
    the installed template says them (outbound/letters)."""
    own = _in_force(context["organisation"]).get((kind, locale)) if kind in KINDS else None
    if own is None:
        return subject, body
    try:
        return fill(kind, *own, values_of(kind, context, written, body), subject)
    except Unusable as fault:
        log.warning("the text of %s in %s cannot be used (%s): the installed one is", kind, locale, fault)
        return subject, body


_remembered: dict[str, dict[tuple[str, str], tuple[str, str]]] = {}


def _in_force(organisation: Organisation | None) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Subject and body by kind and language, read once a revision of the set-up (store/revision): a receipt
    is written while its reporter waits."""
    if organisation is None:
        return {}
    found = _remembered.get(organisation.revision)
    if found is None:
        found = {(own.kind, own.locale): (own.subject, own.body) for own in list_letter_templates_in_force()}
        _remembered.clear()
        _remembered[organisation.revision] = found
    return found


def values_of(kind: str, context: Mapping[str, Any], written: Any, body: str) -> dict[str, str]:
    """What the kind's variables say in a letter."""
    found = {
        "name": context["to"].name if context["to"] else "",
        "organisation": _name(context["organisation"]) or "Helpdesk",
        "hotline": context["organisation"].hotline if context["organisation"] else "",
        "installed": body,
        "promise": getattr(written, "promise", "") or "",
        "link": (getattr(written, "button", None) or ("", context.get("link")))[1] or "",
        "message": _message(context),
        "outcome": getattr(written, "outcome_said", "") or "",
        "reason": context.get("reason", ""),
        "old": _number(context.get("duplicate") or context.get("old")),
        "author": _name(context.get("author")),
        "time": i18n.say_instant(context.get("valid_until") or context["now"], context["zone"]),
        "zone": i18n.zone_city(context["zone"]),
        **_of_ticket(context),
        **_of_window(context),
    }
    return {name: str(found.get(name) or "").replace("\r\n", "\n") for name in KINDS[kind]}


def _of_ticket(context: Mapping[str, Any]) -> dict[str, str]:
    ticket = context["ticket"]
    if ticket is None:
        return {}
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "service": _name(ticket.service),
        "reporter": ticket.reporter.name,
        "agent": _name(context.get("agent") or ticket.assignee),
        "questions": "" if ticket.is_triaged else ticket.number,
    }


def _of_window(context: Mapping[str, Any]) -> dict[str, str]:
    window = context.get("window")
    if window is None:
        return {}
    return {
        "services": i18n.say_list(context["services"]),
        "starts": i18n.say_instant(window.starts_at, context["zone"]),
        "ends": i18n.say_instant(window.ended_at or window.ends_at, context["zone"]),
        "reason": window.reason,
        "why": context["why"],
        "link": context["url"],
    }


def _message(context: Mapping[str, Any]) -> str:
    """What a public entry says, or the question that waits for its answer."""
    entry = context.get("entry")
    return context.get("question") or (entry.body if entry is not None and entry.is_public else "")


def _name(thing: Any) -> str:
    return thing.name if thing is not None else ""


def _number(ticket: Any) -> str:
    return ticket.number if ticket is not None else ""
