"""The look of an organisation, as every door validates it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError, fields, validates

from helpdesk.rules.colours import STANDARD, colour_of
from helpdesk.schemas.fields import Line


class BrandSchema(Schema):
    """Name and colour; the logo comes beside it as a file."""

    brand_name = Line(longest=30)
    accent = fields.String(load_default=STANDARD)
    without_logo = fields.Boolean(load_default=False)

    @validates("accent")
    def _is_colour(self, value: str, **_kwargs: Any) -> None:
        if colour_of(value) is None:
            raise ValidationError([_l("Write the colour like #2a5bd7.")])
