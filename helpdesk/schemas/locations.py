"""Locations, as every door validates them."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from helpdesk.schemas.fields import Line


class LocationSchema(Schema):
    """A place where people sit."""

    name = Line(missing=_l("Give the location a name, as people call it."), longest=120)
    address = Line(longest=300)
    is_active = fields.Boolean(load_default=False)
