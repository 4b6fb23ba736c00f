"""What a mail is to us: a new report, an answer on a ticket, or noise that is filed quietly.

Hints lead to a ticket in this order: our Message-ID in In-Reply-To, then References from the right, the
reply token in the address, last the number in the subject; and only for somebody who takes part.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.rules.lifecycle import OPEN, State
from helpdesk.rules.thanks import is_only_thanks

INSTANCE_HEADER = "X-Helpdesk-Instance"
MOST_REFERENCES = 50
# In an hour, by one sender or on one ticket: more than people write, so no letters answer it.
MOST_FROM_SENDER = 20
MOST_ON_TICKET = 20
MOST_FROM_STRANGER = 5  # their address may be forged: receipts to it would flood somebody else
DOUBTFUL = frozenset({"fail", "none"})  # our own MX says so; staff have no powers by such mail
# Causes for which the words of a person are filed: the same message once more is filed no second time.
FILED_WORDS = frozenset({"only_thanks", "not_authenticated", "from_staff"})

_SUBJECT_NUMBER = re.compile(r"\[HD-(\d{1,9})\]", re.IGNORECASE)
_TOKEN = re.compile(r"(\d{1,9})-([0-9a-z]{4,40})")


@dataclass(frozen=True)
class Head:
    """What a mail's envelope and header say. Addresses in lower case; Message-IDs with their brackets.

    `from_address` None: no usable From. `sender` of the envelope: "" is the null return path, None unknown
    to the door. `headers`: the names that matter here in lower case, each with its (first) value.
    """

    from_address: str | None
    sender: str | None
    recipients: tuple[str, ...]  # of the envelope, then those of To and Cc
    subject: str
    headers: dict[str, str]
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    is_report: bool = False  # multipart/report: a bounce or a receipt


@dataclass(frozen=True)
class Hint:
    """One thing that may name a ticket. `kind`: "letter" (`value` a Message-ID), "token" (`ticket_id` and
    its `value`, the salt), "number" (`ticket_id` alone, which anybody can guess)."""

    kind: str
    value: str = ""
    ticket_id: int | None = None


@dataclass(frozen=True)
class Thread:
    """The ticket (a merged one's survivor) that a hint led to.

    `is_proven`: the hint could not be guessed. `takes_part`: the sender is one of the ticket's people, or a
    colleague whom one of them copied in; `is_staff`: they read it as the desk does, and did not report it;
    `powers`: what staff may do to it by this mail, if it is truly theirs (note, answer). `mails_this_hour`:
    how many mails became entries of it within the hour.
    """

    ticket_id: int
    state: State
    is_proven: bool
    takes_part: bool
    is_staff: bool = False
    powers: frozenset[str] = frozenset({"note"})
    mails_this_hour: int = 0


class Act(StrEnum):
    """What becomes of a mail."""

    CREATE = "create"
    ENTRY = "entry"
    NOTE = "note"
    ANSWER = "answer"
    REOPEN = "reopen"
    FILE = "file"


@dataclass(frozen=True)
class Verdict:
    """What to do. `ticket_id`: for ENTRY, NOTE, ANSWER and REOPEN the ticket, for CREATE the older one to
    link (or None), for FILE the one it belongs to (or None). `cause` is a code."""

    act: Act
    ticket_id: int | None = None
    cause: str = ""


def is_ours(address: str, own: Collection[str]) -> bool:
    """Whether the address is one of the desk's own (in lower case), in any case and with any plus part."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in own


def hints(head: Head, own: Collection[str]) -> list[Hint]:
    """What may name a ticket, the strongest first."""
    found = [Hint("letter", each) for each in head.in_reply_to[:MOST_REFERENCES]]
    found += [Hint("letter", each) for each in reversed(head.references[-MOST_REFERENCES:])]
    for address in head.recipients:
        if is_ours(address, own):
            token = _TOKEN.fullmatch(address.lower().rpartition("@")[0].partition("+")[2])
            if token:
                found.append(Hint("token", token[2], int(token[1])))
    number = _SUBJECT_NUMBER.search(head.subject)
    if number:
        found.append(Hint("number", "", int(number[1])))
    return list(dict.fromkeys(found))


def author_address(
    head: Head, reply_to: str | None, believed: Collection[str], own: Collection[str], authentication: str
) -> str | None:
    """Whose words a mail bears: From's, unless a domain that is `believed` for others (a web form's, say)
    names somebody in Reply-To and is not known to be forged. None where nobody is named."""
    domain = (head.from_address or "").rpartition("@")[2]
    if reply_to and domain and domain in believed and authentication != "fail" and not is_ours(reply_to, own):
        return reply_to
    return head.from_address


def decide(automatic: str | None, thread: Thread | None, own_words: str, authentication: str = "") -> Verdict:
    """What becomes of a mail. `automatic` is `why_automatic`'s answer, `thread` what its hints led to,
    `authentication` what our own MX found of the sender ("" where none is trusted).

    Nothing automatic creates, answers or reopens. Who takes no part, and who answers what has ended, opens
    a ticket linked to it. A resolved ticket reopens unless the answer is only thanks, mail comes at the pace
    of a loop, or only a number that anybody can guess leads to it and the sender is forged.
    """
    if automatic:
        belongs = thread is not None and (thread.is_proven or thread.takes_part)
        return Verdict(Act.FILE, thread.ticket_id if thread and belongs else None, automatic)
    if thread is None:
        return Verdict(Act.CREATE)
    if not thread.takes_part:
        return Verdict(Act.CREATE, thread.ticket_id, "takes_no_part")
    if thread.is_staff:
        return _of_staff(thread, authentication)
    if thread.state not in OPEN and thread.state is not State.RESOLVED:
        if is_only_thanks(own_words):
            return Verdict(Act.FILE, thread.ticket_id, "only_thanks")
        return Verdict(Act.CREATE, thread.ticket_id, "had_ended")
    if thread.mails_this_hour >= MOST_ON_TICKET:
        return Verdict(Act.ENTRY, thread.ticket_id, "too_many_on_ticket")
    if thread.state in OPEN:
        return Verdict(Act.ENTRY, thread.ticket_id)
    if is_only_thanks(own_words):
        return Verdict(Act.ENTRY, thread.ticket_id, "only_thanks")
    if not thread.is_proven and authentication == "fail":
        return Verdict(Act.ENTRY, thread.ticket_id, "not_proven")
    return Verdict(Act.REOPEN, thread.ticket_id)


def _of_staff(thread: Thread, authentication: str) -> Verdict:
    """Staff act by mail only where it is surely theirs and that is switched on; else they note, for From is
    easily forged, and so at the pace of a loop. The doubtful is not even a note: that breaks a silence."""
    if authentication in DOUBTFUL:
        return Verdict(Act.FILE, thread.ticket_id, "not_authenticated")
    act = Act.NOTE if "note" in thread.powers else Act.FILE
    if thread.mails_this_hour >= MOST_ON_TICKET:
        return Verdict(act, thread.ticket_id, "too_many_on_ticket")
    if "answer" in thread.powers and authentication == "pass":
        return Verdict(Act.ANSWER, thread.ticket_id)
    return Verdict(act, thread.ticket_id, "from_staff")
