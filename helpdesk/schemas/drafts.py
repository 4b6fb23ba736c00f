"""Words that are kept while they are written."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.schemas.fields import Text, one_of


class DraftSchema(Schema):
    mode = one_of(
        ("reply", "note"),
        _l("Say whether it is an answer or a note."),
        data_key="as",
        load_default="reply",
    )
    body = Text()
