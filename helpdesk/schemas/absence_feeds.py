"""What is typed about calendars whose events are absences."""

from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from helpdesk.schemas.fields import Line


class AbsenceFeedSchema(Schema):
    """The address of somebody's calendar."""

    url = Line(missing=_l("Paste the address of your calendar."), longest=2000)
