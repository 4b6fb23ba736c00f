"""The skills that people have and services ask for."""

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.skills import Skill, delete_skill


def state_of(skill: Skill) -> State:
    """What the form shows."""
    return {"name": skill.name}


def save(skill_id: int | None, values: State, by: By, seen: str | None = None) -> Skill:
    """A new skill (None), or another name of one.

    Raises Refused (name_taken), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Skill, values["name"], skill_id)
        subject = f"skill:{values['name']}"
        if skill_id is None:
            skill = Skill(**values)
            db.session.add(skill)
            changes.log_change(subject, None, state_of(skill), by)
        else:
            skill = get_row_for_change(Skill, skill_id)
            changes.apply(skill, values, state_of, subject, by, seen)
        db.session.flush()
    return skill


def remove(skill_id: int, by: By) -> None:
    """Nobody has the skill any more, and no service asks for it. LookupError where there is none."""
    with transaction():
        skill = get_row_for_change(Skill, skill_id)
        changes.log_change(f"skill:{skill.name}", state_of(skill), {}, by)
        delete_skill(skill)
