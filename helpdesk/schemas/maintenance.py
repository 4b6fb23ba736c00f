"""The commands of maintenance windows, as every door validates them."""

from flask_babel import lazy_gettext as _l

from helpdesk.schemas.fields import Line, number
from helpdesk.schemas.spans import SpanSchema


class WindowSchema(SpanSchema):
    """Other times or another reason for a window."""

    reason = Line(missing=_l("Say what is done, so that people understand the wait."), longest=300)


class NewWindowSchema(WindowSchema):
    """A window that is announced."""

    service_id = number(_l("Choose a service from the list."), required=True)
