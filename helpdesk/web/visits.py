"""Who looks at which report from the reporters' side: by account (/my/HD-12) or by a letter's signed link
(/follow/...)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from flask_login import current_user

from helpdesk.desk import guests
from helpdesk.outbound import links
from helpdesk.rules import access
from helpdesk.rules.lifecycle import is_allowed
from helpdesk.store.organisation import is_shared_with_colleagues
from helpdesk.store.participants import find_participant
from helpdesk.store.people import Person, get_person
from helpdesk.store.portal import find_colleagues_ticket, find_own_ticket
from helpdesk.store.tickets import Ticket, ticket_id_of
from helpdesk.web.frame import may


@dataclass(frozen=True)
class Visit:
    """Who looks at which ticket, and `way`: how they came, for addresses of further pages."""

    ticket: Ticket
    person: Person
    way: dict[str, Any]
    how: str = ""  # how they take part beside its reporter (store/tickets.Participant); "": not (yet)

    @property
    def is_reporter(self) -> bool:
        return self.ticket.reporter_id == self.person.id

    def can(self, verb: str) -> bool:
        """Whether they may do it now: what ends a ticket is for its reporter alone."""
        has_a_say = self.is_reporter or (verb == "reporter_reply" and self.takes_part)
        return self.may_act and has_a_say and is_allowed(verb, self.ticket.state)

    @property
    def takes_part(self) -> bool:
        """Whether they are more than a colleague who looks at what is shared with the department."""
        return self.is_reporter or bool(self.how) or self.ticket.assignee_id == self.person.id

    @property
    def reads_desk_alone(self) -> bool:
        """Whether they joined a known fault: they read what the desk says of it, not what others wrote."""
        return self.how == "affected" and not self.is_reporter

    @property
    def may_act(self) -> bool:
        """Whether their role changes anything at all; an auditor only reads."""
        return access.may(self.person.asker, "ticket.answer_own")


def come_in(number: str | None, token: str | None, purpose: str = "follow") -> Visit:
    """The visit, through the rights of an account or of a link; 404 where there is none.

    Raises links.ExpiredLink.
    """
    visit = _by_account(number or "") if token is None else _by_link(token, purpose)
    if request.method == "POST" and not visit.may_act:
        abort(404)
    return visit


def may_read_colleagues() -> bool:
    """Whether whoever is at the door reads what their department shares, and may share with it."""
    if not current_user.is_authenticated:
        return False
    department_id = current_user.person.department_id
    return access.reads_colleagues(current_user.asker, is_shared_with_colleagues(), department_id)


def _visit(ticket: Ticket, person: Person, way: dict[str, Any]) -> Visit:
    found = find_participant(ticket.id, person.id)
    return Visit(ticket, person, way, found.how if found is not None else "")


def _by_link(token: str, purpose: str) -> Visit:
    try:
        ticket, person = guests.open_link(purpose, token)
    except links.ExpiredLink:
        raise
    except links.BadLink:
        abort(404)
    if person.zone and not current_user.is_authenticated:
        g.zone = person.zone  # the reader's, as on the pages of whoever signs in
    return _visit(ticket, person, {"token": token})


def _by_account(number: str) -> Visit:
    if not current_user.is_authenticated:
        onward = request.path if request.method == "GET" else None
        abort(redirect(url_for("auth.sign_in", next=onward)))
    ticket_id, person = ticket_id_of(number) or 0, get_person(current_user.id)
    found = find_own_ticket(ticket_id, person.id)
    if found is None and may_read_colleagues():
        found = find_colleagues_ticket(ticket_id, person)
    if found is None or not may("ticket.see_own"):
        abort(404)
    return _visit(found, person, {"number": found.number})


def visitors(bp: Blueprint, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view at /my/<number>... and at /follow/<token>... alike."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        for start in ("/my/<number>", "/follow/<token>"):
            bp.add_url_rule(start + path, view.__name__, view, **options)
        return view

    return decorate
