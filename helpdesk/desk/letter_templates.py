"""Letters' texts as the organisation words them: published, kept, and taken back to the installed ones."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.outbound import letter_samples
from helpdesk.outbound.letter_texts import KINDS, Unusable
from helpdesk.store.db import db, transaction
from helpdesk.store.letter_templates import LetterTemplate, find_letter_template
from helpdesk.store.organisation import lock_organisation


def state_of(kind: str, locale: str) -> State:
    """The text in force; both "" where it is the installed one."""
    own = find_letter_template(kind, locale)
    return {"subject": own.subject if own else "", "body": own.body if own else ""}


def publish(kind: str, locale: str, subject: str, body: str, by: By, seen: str | None = None) -> None:
    """That text from now on for letters of the kind in the language; both "": the installed one.

    Nothing happens where it is in force already. Raises ChangedMeanwhile; LookupError for a kind that cannot
    be rewritten; Refused (field body or subject) with text_syntax, text_forbidden (`names`: the line),
    text_unknown, text_needs (`names`: the variable), text_empty.
    """
    if kind not in KINDS:
        raise LookupError(f"no letter {kind} to rewrite")
    if subject or body:
        _require_usable(kind, locale, subject, body, by)
    with transaction():
        lock_organisation()  # of two who publish at once, the second finds what the first did
        before = state_of(kind, locale)
        changes.require_unchanged(before, seen)
        after = {"subject": subject, "body": body}
        if after == before:
            return
        db.session.add(
            LetterTemplate(
                kind=kind,
                locale=locale,
                subject=subject,
                body=body,
                published_at=by.now,
                published_by_id=by.actor_id,
            )
        )
        changes.log_change(f"letter:{kind}:{locale}", before, after, by)


def _require_usable(kind: str, locale: str, subject: str, body: str, by: By) -> None:
    """Tried on an invented ticket: the subject by itself first, so that the fault stands at its field."""
    for field, own in (("subject", (subject, "{{ installed }}")), ("body", (subject, body))):
        try:
            letter_samples.look(kind, locale, own, by.now)
        except Unusable as fault:
            raise Refused(field, f"text_{fault.code}", fault.names) from fault
