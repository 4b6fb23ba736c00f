"""What a mail is to us: a new report, an answer on a ticket, or noise that is filed quietly.

Hints lead to a ticket in this order: our Message-ID in In-Reply-To, then References from the right, the
reply token in the address, last the number in the subject; and only for somebody who takes part.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.rules.lifecycle import OPEN, State

INSTANCE_HEADER = "X-Helpdesk-Instance"
MOST_REFERENCES = 50
# In an hour, by one sender or on one ticket: more than people write, so no letters answer it.
MOST_FROM_SENDER = 20
MOST_ON_TICKET = 20
MOST_FROM_STRANGER = 5  # their address may be forged: receipts to it would flood somebody else

_SUBJECT_NUMBER = re.compile(r"\[HD-(\d{1,9})\]", re.IGNORECASE)
_TOKEN = re.compile(r"(\d{1,9})-([0-9a-z]{4,40})")
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|out of office|abwesenheitsnotiz|automatische antwort"
    r"|自动回复|自動回覆|自動回復)\s*[:：]",
    re.IGNORECASE,
)
_VENDOR_HEADERS = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply")
_THANKS = re.compile(
    r"\b(?:thank|thanks|thx|ty|cheers|perfect|great|danke|merci|gracias)\b|谢|謝|感谢|感謝|辛苦|收到|好的",
    re.IGNORECASE,
)
# A question, a request, a doubt or a complaint: whatever makes a short answer more than thanks.
_MORE_THAN_THANKS = re.compile(
    r"[?？]|n['’]t\b|\b(?:not|no|still|again|but|however|except|yet|broken?|fails?|failed|errors?|wrong|problems?"
    r"|issues?|unfortunately|please|can|could|would|when|why|how|what|nicht|noch|aber|wieder|bitte|pas|mais)\b"
    r"|不|没|沒|未|还|還|仍|又|再|但|可是|问题|問題|错|錯|失败|失敗|坏|壞|请|請|麻烦|麻煩|能否|吗|嗎|呢|怎|为什么|什么",
    re.IGNORECASE,
)
_LONGEST_THANKS = 160  # characters


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

    `is_proven`: the hint could not be guessed. `takes_part`: the sender is one of the ticket's people;
    `is_staff`: as staff, not as its reporter. `mails_this_hour`: how many mails became entries of it
    within the hour.
    """

    ticket_id: int
    state: State
    is_proven: bool
    takes_part: bool
    is_staff: bool = False
    mails_this_hour: int = 0


class Act(StrEnum):
    """What becomes of a mail."""

    CREATE = "create"
    ENTRY = "entry"
    NOTE = "note"
    REOPEN = "reopen"
    FILE = "file"


@dataclass(frozen=True)
class Verdict:
    """What to do. `ticket_id`: for ENTRY, NOTE and REOPEN the ticket, for CREATE the older one to link
    (or None), for FILE the one it belongs to (or None). `cause` is a code."""

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


def why_automatic(head: Head, own: Collection[str], instance: str) -> str | None:
    """The code of the first sign that no person wrote it, or None (RFC 3834 and the vendors' headers).

    "own_loop": it is ours, by our instance header or our address.
    """
    said = {name: value.strip().lower() for name, value in head.headers.items()}
    if said.get(INSTANCE_HEADER.lower()) == instance.lower():
        return "own_loop"
    if head.from_address and is_ours(head.from_address, own):
        return "own_loop"
    if head.is_report:
        return "delivery_report"
    if said.get("auto-submitted", "no").partition(";")[0].strip() != "no":
        return "auto_submitted"
    if head.sender == "" or said.get("return-path") == "<>":
        return "null_return_path"
    if said.get("x-auto-response-suppress", "none") != "none":
        return "auto_response_suppress"
    if said.get("precedence") in ("bulk", "list", "junk", "auto_reply"):
        return "precedence"
    if "list-id" in said:
        return "mailing_list"
    if any(said.get(name, "no") not in ("no", "false", "") for name in _VENDOR_HEADERS):
        return "automatic_reply"
    if INSTANCE_HEADER.lower() in said:  # another desk like this one
        return "other_desk"
    return "automatic_reply" if _AUTOMATIC_SUBJECT.match(head.subject) else None


def is_only_thanks(text: str) -> bool:
    """Whether a reply to a resolved ticket says thanks and nothing that might need us; False when unsure."""
    said = text.strip()
    return (
        0 < len(said) <= _LONGEST_THANKS
        and _THANKS.search(said) is not None
        and _MORE_THAN_THANKS.search(said) is None
    )


def decide(automatic: str | None, thread: Thread | None, own_words: str) -> Verdict:
    """What becomes of a mail. `automatic` is `why_automatic`'s answer, `thread` what its hints led to.

    Nothing automatic creates, answers or reopens. Who takes no part, and who answers what has ended, opens
    a ticket linked to it. Staff only note: From is easily forged, and a note can neither reach the
    reporter nor move a clock. A resolved ticket reopens unless only a number that anybody can guess leads
    to it, the answer is only thanks, or mail comes at the pace of a loop.
    """
    if automatic:
        belongs = thread is not None and (thread.is_proven or thread.takes_part)
        return Verdict(Act.FILE, thread.ticket_id if thread and belongs else None, automatic)
    if thread is None:
        return Verdict(Act.CREATE)
    if not thread.takes_part:
        return Verdict(Act.CREATE, thread.ticket_id, "takes_no_part")
    if thread.is_staff:
        return Verdict(Act.NOTE, thread.ticket_id, "from_staff")
    if thread.state in OPEN:
        return Verdict(Act.ENTRY, thread.ticket_id)
    if thread.state is not State.RESOLVED:
        return Verdict(Act.CREATE, thread.ticket_id, "had_ended")
    if not thread.is_proven:
        return Verdict(Act.ENTRY, thread.ticket_id, "not_proven")
    if is_only_thanks(own_words):
        return Verdict(Act.ENTRY, thread.ticket_id, "only_thanks")
    if thread.mails_this_hour >= MOST_ON_TICKET:
        return Verdict(Act.ENTRY, thread.ticket_id, "too_many_on_ticket")
    return Verdict(Act.REOPEN, thread.ticket_id)
