"""Reviews of broken promises, their causes, and what lists of them and of games are asked for."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from helpdesk.rules.games import Game
from helpdesk.schemas.fields import Line, Text, number, one_of, whole
from helpdesk.schemas.figures import ListedSchema

_SAY_CHOICE = _l("Choose one of the list.")


class ReviewSchema(Schema):
    """What is known so far; what closing asks for beyond it the desk says."""

    cause_id = number(_SAY_CHOICE, load_default=None)
    owner_id = number(_SAY_CHOICE, load_default=None)
    words = Text(longest=2000)
    action = Text(longest=2000)


class ReviewsSchema(Schema):
    """Which reviews a list shows."""

    state = one_of(("open", "overdue", "closed"), _SAY_CHOICE, load_default="open")
    team = number(_SAY_CHOICE, load_default=None)
    mine = fields.Boolean(load_default=False, error_messages={"invalid": _SAY_CHOICE})
    page = whole(1, 10**6, load_default=1)


class CauseSchema(Schema):
    name = Line(missing=_l("Give the cause a name."), longest=80)
    position = whole(0, 1000, load_default=0)
    is_active = fields.Boolean(load_default=False)


class OfCauseSchema(ListedSchema):
    """The reviews behind a cause; 0: not said yet, none: all."""

    cause = whole(0, 2**31 - 1, load_default=None)


class GameSchema(ListedSchema):
    """The tickets behind a game."""

    game = one_of(tuple(Game), _SAY_CHOICE, load_default=Game.LOWERED.value)
