"""Canned answers: kept by whoever administers them or leads their team."""

from typing import Any

from helpdesk.desk import changes
from helpdesk.desk.changes import By, Refused, State
from helpdesk.rules.canned_answers import unknown_in
from helpdesk.store.canned_answers import CannedAnswer, find_canned_answer_named
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change


def state_of(answer: CannedAnswer) -> State:
    """What its form shows."""
    return {"name": answer.name, "team_id": answer.team_id, "texts": dict(answer.texts)}


def save(answer_id: int | None, values: dict[str, Any], by: By, seen: str | None = None) -> CannedAnswer:
    """Writes the answer with `name`, `team_id` (None: of all teams) and `texts` (Markdown by locale, "" for
    none); `answer_id` None makes a new one. The door has asked for the rights to both teams.

    Raises ChangedMeanwhile; LookupError; Refused: name_taken, texts_none (no text at all) and, at the field
    of its language ("text_en"), variable_unknown with what is no variable in `names`.
    """
    texts = {locale: text for locale, text in values["texts"].items() if text}
    if not texts:
        raise Refused(f"text_{next(iter(values['texts']))}", "texts_none")
    for locale, text in texts.items():
        if unknown := unknown_in(text):
            raise Refused(f"text_{locale}", "variable_unknown", ", ".join(unknown))
    after = {**values, "texts": texts}
    with transaction():
        same = find_canned_answer_named(values["team_id"], values["name"])
        if same is not None and same.id != answer_id:
            raise Refused("name", "name_taken")
        if answer_id is None:
            answer = CannedAnswer(**after)
            db.session.add(answer)
            db.session.flush()
            changes.log_change(f"canned_answer:{answer.id}", None, state_of(answer), by)
        else:
            answer = get_row_for_change(CannedAnswer, answer_id)
            changes.apply(answer, after, state_of, f"canned_answer:{answer.id}", by, seen)
    return answer


def delete(answer_id: int, by: By) -> None:
    """There is no such answer any more; what was sent with it stays. LookupError if there is none."""
    with transaction():
        answer = get_row_for_change(CannedAnswer, answer_id)
        changes.log_change(f"canned_answer:{answer.id}", state_of(answer), {}, by)
        db.session.delete(answer)
