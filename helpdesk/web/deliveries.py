"""Letters that did not arrive, said on the message that they are about, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from helpdesk.i18n import say_instant, say_of
from helpdesk.store.letters import Letter
from helpdesk.store.people import Address, Person
from helpdesk.web.frame import may, viewer_zone

LONGEST_REPORT = 300  # characters: servers write essays; the letter's page has all of it


@dataclass(frozen=True)
class Trouble:
    """What became of one letter: in words, late (it will not arrive) or soon (not yet), its page."""

    words: str
    tone: str
    url: str


def troubles(letters: Iterable[Letter]) -> dict[int, list[Trouble]]:
    """What did not arrive, by the id of the entry that it is about."""
    found: dict[int, list[Trouble]] = {}
    for letter in letters:
        if letter.entry_id is not None:
            found.setdefault(letter.entry_id, []).append(_trouble(letter))
    return found


def failing_address(person: Person) -> Address | None:
    """Where letters to the person go, if a mail server has said that they do not arrive there; else None."""
    return next((a for a in person.addresses if a.email == person.email and a.failing_since), None)


def say_failing(person: Person, is_why_said: bool = False) -> str:
    """That letters to the person come back, since when, why (unless the page says it beside a message), and
    how else to reach them; "" where none do."""
    address = failing_address(person)
    if address is None or address.failing_since is None:
        return ""
    since = say_instant(address.failing_since, viewer_zone())
    said = _("Letters to %(address)s have come back since %(since)s", address=address.email, since=since)
    why = "" if is_why_said else server_words(address.fault)
    said = say_of(said, why) if why else said
    if person.phone:
        return _(
            "%(said)s Call %(name)s: %(phone)s.", said=_ended(said), name=person.name, phone=person.phone
        )
    return _("%(said)s Reach %(name)s another way.", said=_ended(said), name=person.name)


def server_words(report: str) -> str:
    """What a mail server says, as short as a line; a status that its words repeat is left out."""
    status, _space, words = report.partition(" ")
    is_repeated = status[:1].isdigit() and status in words
    return (words if is_repeated else report)[:LONGEST_REPORT]


def _ended(said: str) -> str:
    return said if said.endswith((".", "!", "。")) else _("%(said)s.", said=said)


def _trouble(letter: Letter) -> Trouble:
    to, why = letter.to_address, server_words(letter.report or letter.fault)
    if letter.state == "bounced":
        said, tone = _("The letter to %(to)s came back", to=to), "late"
    elif letter.state == "failed":
        said, tone = _("The letter to %(to)s could not be sent", to=to), "late"
    elif letter.state == "sent":
        said, tone = _("The letter to %(to)s is delayed", to=to), "soon"
    else:
        said, tone = _("The letter to %(to)s waits and is tried again", to=to), "soon"
    url = url_for("letters.show", letter_id=letter.id) if may("letters.see") else ""
    return Trouble(say_of(said, why) if why else said, tone, url)
