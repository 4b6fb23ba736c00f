"""What is typed about canned answers."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.schemas.fields import Line, Text, number

LONGEST = 20_000


class CannedAnswerSchema(Schema):
    """A name, a team (none: for all) and a text for each language; which of them may stay empty the desk
    knows."""

    name = Line(missing=_l("Give it a name by which it is found."), longest=120)
    team_id = number(_l("Choose a team from the list."), load_default=None)
    text_en = Text(longest=LONGEST)
    text_zh_Hans = Text(longest=LONGEST)
    text_zh_Hant = Text(longest=LONGEST)


def texts_of(data: dict[str, Any]) -> dict[str, str]:
    """Takes the texts out of what the schema loaded: by locale."""
    names = [name for name in data if name.startswith("text_")]
    return {name.removeprefix("text_"): data.pop(name) for name in names}
