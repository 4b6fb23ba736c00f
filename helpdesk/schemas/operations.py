"""What the page on how the desk works is asked, and the lists behind its figures."""

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from helpdesk.rules.distribution import AGES, HOURS, WEEKDAYS
from helpdesk.schemas.fields import Instant, one_of
from helpdesk.schemas.figures import FiguresSchema, ListedSchema, require_in_reach

_SAY_CHOICE = _l("Choose one of the list.")


def _up_to(most: int, least: int = 0) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        validate=validate.Range(least, most, error=_SAY_CHOICE),
        error_messages={"invalid": _SAY_CHOICE, "too_large": _SAY_CHOICE},
    )


class OperationsSchema(FiguresSchema):
    """A question of figures, always as things are now known."""

    as_of = fields.Constant(None)  # type: ignore[assignment]


class TicketsSchema(ListedSchema):
    """Which list of tickets, and what narrows it: the instant at which they were open (none: now) and their
    age then (a band of rules/distribution), the weekday (Monday 0) and hour of arrival, the stars given, who
    has taken or resolved them."""

    as_of = fields.Constant(None)  # type: ignore[assignment]
    what = one_of(
        (
            *("accepted", "answered", "solved", "unaccepted", "unanswered", "unsolved", "open", "arrived"),
            *("finished", "reopened", "rated", "badly_rated", "unhappy", "taken", "resolved"),
        ),
        _SAY_CHOICE,
        load_default="arrived",
    )
    at = Instant(
        load_default=None,
        error_messages={"invalid": _SAY_CHOICE},
        validate=lambda at: require_in_reach(at.date()),
    )
    age = _up_to(len(AGES))
    weekday = _up_to(WEEKDAYS[-1])
    hour = _up_to(HOURS[-1])
    stars = _up_to(5, 1)
    actor = _up_to(2**31 - 1, 1)
