"""What a link of a feed is for."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.schemas.fields import Line


class FeedSchema(Schema):
    """`what`: a kind of link, with a roster's id behind a colon where it is about one: "roster:3"."""

    what = Line(missing=_l("Choose one of the list."))
