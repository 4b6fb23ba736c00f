"""A step of a ladder, as every door validates it."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, post_load

from helpdesk.rules.escalation import LATEST, MOST_REPEATS, Step
from helpdesk.schemas.fields import one_of, whole

UNITS = ("minutes", "before_due", "after_due", "percent")
CLOCKS = ("counted", "wall")
CHANNELS = ("all", "mail", "chat")
# A recipient by role, that of a named roster ("on_call:7"), or a named person ("person:12").
_TO = re.compile(
    r"team|assignee|lead|manager|administrators|person:[1-9][0-9]{0,8}"
    r"|(?:on_call|backup|next_turn)(?::[1-9][0-9]{0,8})?"
)


class Recipient(fields.String):
    """Whom a step tells, loaded as {"to", "person_id", "roster_id"}."""

    def __init__(self, **kwargs: Any) -> None:
        said = _l("Choose whom to tell.")
        super().__init__(error_messages={"required": said, "null": said, "invalid": said}, **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(*args, **kwargs)
        if text is None or not _TO.fullmatch(text):
            raise self.make_error("invalid")
        to, _colon, named = text.partition(":")
        found: dict[str, Any] = {"to": to, "person_id": None, "roster_id": None}
        if named:
            found["person_id" if to == "person" else "roster_id"] = int(named)
        return found


class StepSchema(Schema):
    """When, to whom, over which channel and how often again; loaded as rules/escalation.Step.

    `at` in `unit`: percent of the allowance, or minutes after the start, before or after the due instant, by
    `clock`: counted like the target, or by the wall. What it means in its ladder is judged by the rule.
    """

    number = fields.Integer(load_default=None)
    at = whole(0, LATEST)
    unit = one_of(UNITS, _l("Choose minutes or percent."), required=True)
    clock = one_of(CLOCKS, _l("Choose which clock."), load_default="counted")
    to = Recipient(required=True)
    channel = one_of(CHANNELS, _l("Choose how they are told."), load_default="all")
    repeat_minutes = whole(1, LATEST, load_default=None)
    repeat_most = whole(0, MOST_REPEATS, load_default=0)

    @post_load
    def _as_step(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        at, unit = data.pop("at"), data.pop("unit")
        when: dict[str, Any] = {"percent": at} if unit == "percent" else {"minutes": at}
        when["anchor"] = unit if unit in ("before_due", "after_due") else "start"
        when["is_wall_clock"] = data.pop("clock") == "wall"
        return {"step": Step(**when, **data.pop("to"), **data)}
