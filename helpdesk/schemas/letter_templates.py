"""What is typed about letters' texts."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.schemas.fields import Line, Text


class LetterTemplateSchema(Schema):
    subject = Line(missing=_l("Write a subject."), longest=300)
    body = Text(missing=_l("Write what the letter says."), longest=20_000)
