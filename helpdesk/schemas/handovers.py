"""What somebody writes for whoever has the next turn."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

LONGEST = 4000


class WordsSchema(Schema):
    words = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST, error=_l("Please write less: 4000 characters at most.")),
    )
