"""What people do about letters that were written, and what mail servers report of them."""

from datetime import datetime

from helpdesk.desk.changes import By
from helpdesk.desk.security import log_event
from helpdesk.outbound import alarms
from helpdesk.outbound.letters import is_sending, write
from helpdesk.rules.reports import DeliveryReport
from helpdesk.store.db import after_commit, transaction
from helpdesk.store.letters import Letter, get_letter, keep_waiting_letters
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import Organisation, is_sending_stopped
from helpdesk.store.people import find_address, get_person


def send_again(letter_id: int, now: datetime) -> bool:
    """Has a letter sent once more, with the same Message-ID and a patience of its own; one that waits, now.

    False where a sender has it just now, or there is no mail server; LookupError if there is none.
    """
    with transaction():
        letter = get_letter(letter_id)
        is_held = letter.claimed_until is not None and letter.claimed_until > now
        if is_held or (letter.channel_id is None and not is_sending()):
            return False
        letter.state, letter.next_try_at, letter.claimed_until = "waiting", now, None
        letter.attempts, letter.tried_since, letter.sent_at = 0, None, None
        letter.fault = letter.report = ""
        letter.reported_at = None
        after_commit("send letters", alarms.send_soon)
    return True


def send_trial(person_id: int, now: datetime) -> Letter:
    """Writes a letter to the person themselves, to see whether letters arrive.

    Raises LookupError where there is no such person, or they have no address.
    """
    with transaction():
        letter = write("trial", get_person(person_id), key=f"trial:{person_id}:{now.timestamp()}", now=now)
        if letter is None:
            raise LookupError(f"person {person_id} has no address")
    return letter


def stop_letters(why: str, by: By) -> None:
    """No letter leaves by mail until `let_letters_go`; each is written and waits. Chat and the bell go on."""
    stopped = {"at": by.now.isoformat(), "by": by.actor_id, "why": why}
    with transaction():
        organisation = get_row_for_change(Organisation, 1)
        if "letters_stopped" not in organisation.options:
            organisation.options = {**organisation.options, "letters_stopped": stopped}
            _log("letters_stopped", {"why": why}, by)


def let_letters_go(by: By) -> None:
    """Letters leave again, those that waited first."""
    with transaction():
        organisation = get_row_for_change(Organisation, 1)
        options = {**organisation.options}
        if options.pop("letters_stopped", None) is not None:
            organisation.options = options
            _log("letters_let_go", {}, by)
            after_commit("send letters", alarms.send_soon)


def keep_waiting(by: By) -> int:
    """What waits while letters are stopped is not sent: it is kept to be read, and can be sent one by one.

    Returns how many these are; 0 while letters leave.
    """
    with transaction():
        kept = keep_waiting_letters() if is_sending_stopped() else 0
        if kept:
            _log("letters_kept", {"count": kept}, by)
    return kept


def _log(what: str, detail: dict[str, object], by: By) -> None:
    log_event(what, now=by.now, actor_id=by.actor_id, subject="letters", detail=detail, address=by.address)


def take_report(letter: Letter, report: DeliveryReport, now: datetime) -> None:
    """Keeps what a mail server reports of a letter, and of its address what lasts. Inside a transaction.

    Failed: it has bounced; only a permanent failure marks the address. Delayed: it may arrive yet. Delivered:
    it did, so the address works.
    """
    if letter.state == "bounced" and report.kind not in ("failed", "delivered"):
        return  # older news
    letter.report = " ".join(f"{report.status} {report.words}".split())
    letter.reported_at = now
    if report.kind == "failed":
        letter.state = "bounced"
    elif report.kind == "delivered" and letter.state == "bounced":
        letter.state = "sent"
    address = find_address(letter.to_address)
    if address is None:
        return
    if report.is_permanent:
        address.failing_since, address.fault = address.failing_since or now, letter.report
    elif report.kind == "delivered":
        address.failing_since, address.fault = None, ""
